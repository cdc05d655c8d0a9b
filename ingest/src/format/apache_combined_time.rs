//! How the log of Apache combined with the time taken is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// Apache combined with the time taken.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "apache_combined_time",
    "Apache combined with the time taken",
    Language::Apache,
    r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %D"#,
    "Combined with %D, the time taken in microseconds. A number at the end could be another one, so it is taken only where it is named. Times are the start of the request.",
)
.by_name_only()
.at_start();
