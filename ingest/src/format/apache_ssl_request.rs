//! How the log of Apache ssl_request_log is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// Apache ssl_request_log.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "apache_ssl_request",
    "Apache ssl_request_log",
    Language::Apache,
    r#"%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x "%r" %b"#,
    "The ssl_request_log of mod_ssl's shipped configuration: protocol and cipher, but no status. Times are the start of the request, in whole seconds with the printed offset.",
)
.at_start();
