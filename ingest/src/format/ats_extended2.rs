//! How the log of Apache Traffic Server extended2 is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// Apache Traffic Server extended2.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "ats_extended2",
    "Apache Traffic Server extended2",
    Language::Ats,
    r#"%<chi> - %<caun> [%<cqtn>] "%<cqtx>" %<pssc> %<pscl> %<sssc> %<sscl> %<cqcl> %<pqcl> %<cqhl> %<pshl> %<pqhl> %<sshl> %<tts> %<phr> %<cfsc> %<pfsc> %<crc>"#,
    "Traffic Server's Netscape Extended-2 format: extended, and the route, how both ends finished and the result code of the cache. Times are the start of the request, durations whole seconds.",
)
.at_start();
