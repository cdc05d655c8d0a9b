//! How the log of Apache vhost_combined is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// Apache vhost_combined.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "apache_vhost_combined",
    "Apache vhost_combined",
    Language::Apache,
    r#"%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i""#,
    "Debian's vhost_combined: virtual host and port before combined, and all bytes that were sent. Times are the start of the request, in whole seconds with the printed offset.",
)
.at_start();
