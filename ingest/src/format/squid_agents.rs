//! How the log of Squid native with referer and agent is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// Squid native with referer and agent.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "squid_agents",
    "Squid native with referer and agent",
    Language::Squid,
    r#"%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt "%{Referer}>h" "%{User-Agent}>h""#,
    "Squid native with the two headers that it lacks, as many administrators set it. Times are UTC, the end of the transaction.",
);
