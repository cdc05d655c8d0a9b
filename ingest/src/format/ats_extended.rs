//! How the log of Apache Traffic Server extended is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// Apache Traffic Server extended.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "ats_extended",
    "Apache Traffic Server extended",
    Language::Ats,
    r#"%<chi> - %<caun> [%<cqtn>] "%<cqtx>" %<pssc> %<pscl> %<sssc> %<sscl> %<cqcl> %<pqcl> %<cqhl> %<pshl> %<pqhl> %<sshl> %<tts>"#,
    "Traffic Server's Netscape Extended format: common, the origin's status, and lengths of bodies and headers. Times are the start of the request, durations whole seconds.",
)
.at_start();
