//! How the log of Apache combinedio is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// Apache combinedio.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "apache_combinedio",
    "Apache combinedio",
    Language::Apache,
    r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %I %O"#,
    "The combinedio of Apache's shipped configuration (mod_logio): combined, and all bytes received and sent. Times are the start of the request, in whole seconds with the printed offset.",
)
.at_start();
