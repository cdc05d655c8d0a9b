//! How the log of Squid of an agent firewall (ports, version, agent) is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// Squid of an agent firewall (ports, version, agent).
pub(super) static FORMAT: Dialect = Dialect::plain(
    "squid_firewall",
    "Squid of an agent firewall (ports, version, agent)",
    Language::Squid,
    r#"%ts.%03tu %>a:%>p %{Host}>h %<a:%<p %rv %rm %>Hs %Ss:%Sh %ru "%{User-Agent}>h""#,
    "A logformat of Squid with the ports of both ends, used by egress firewalls around containers. Times are UTC, the end of the transaction. The next hop stands apart from its port.",
);
