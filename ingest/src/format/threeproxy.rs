//! How the log of 3proxy, as its sample configuration logs is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// 3proxy, as its sample configuration logs.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "threeproxy",
    "3proxy, as its sample configuration logs",
    Language::Own,
    r#"{ts=epoch.3} {proxy_name}.{-p} {reason=00000:allowed,00001:denied,00002:denied,00003:denied,00004:auth_required,00005:auth_required,00006:auth_required,00007:auth_required,00008:auth_required,00009:auth_required,00010:denied,*:error} {user} {client_ip}:{client_port} {server_ip?0.0.0.0}:{-r} {request_bytes} {response_bytes} {-h} {method}_{url}_HTTP/{http_version:bare}"#,
    "The logformat of 3proxy's sample configuration, `- +_L%t.%. %N.%p %E %U %C:%c %R:%r %O %I %h %T`, with blanks in the request written as _. Times are UTC, the end of the connection. The error code is the reason: 1 to 3 and 10 are refusals, 4 to 9 failed logins, others failures.",
);
