//! How the `main` format of nginx's shipped configuration is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// nginx `main`.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "nginx_main",
    "nginx main (combined with X-Forwarded-For)",
    Language::Nginx,
    r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_x_forwarded_for""#,
    "The format main of the configuration nginx is shipped with. Times print their offset and are the end of the request, in whole seconds. The size is that of the body; X-Forwarded-For goes to extra.",
);
