//! How nginx's predefined `combined` is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// nginx `combined`.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "nginx_combined",
    "nginx combined",
    Language::Nginx,
    r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent""#,
    "nginx's predefined format. Times print their offset and are the end of the request, in whole seconds. Quotes, backslashes and what is not printable are written as \\xHH in upper case: by that it is told from Apache's combined, whose lines are else the same (ncsa_combined). The size is that of the body.",
)
.known_by(&[r"\x22", r"\x5C", r"\x16", r"\x00", r"\x0D", r"\xD0", r"\xC3", r"\xE2"]);
