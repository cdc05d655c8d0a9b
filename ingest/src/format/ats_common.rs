//! How the log of Apache Traffic Server common is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// Apache Traffic Server common.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "ats_common",
    "Apache Traffic Server common",
    Language::Ats,
    r#"%<chi> - %<caun> [%<cqtn>] "%<cqtx>" %<pssc> %<pscl>"#,
    "Traffic Server's Netscape Common format. Its lines are those of ncsa_common, so it is taken only where it is named. Times are the start of the request.",
)
.by_name_only()
.at_start();
