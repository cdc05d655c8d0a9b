//! How the log of 3proxy without a logformat is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// 3proxy without a logformat.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "threeproxy_default",
    "3proxy without a logformat",
    Language::Own,
    r#"{ts=utc:%y%m%d%H%M%S%.3f} {-p} {reason=00000:allowed,00001:denied,00002:denied,00003:denied,00004:auth_required,00005:auth_required,00006:auth_required,00007:auth_required,00008:auth_required,00009:auth_required,00010:denied,*:error} {user} {client_ip}:{client_port} {server_ip?0.0.0.0}:{-r} {request_bytes} {response_bytes} {-h} {request}"#,
    "3proxy's own default, `G%y%m%d%H%M%S.%. %p %E %U %C:%c %R:%r %O %I %h %T`. Times are UTC, the end of the connection. The error code is the reason: 1 to 3 and 10 are refusals, 4 to 9 failed logins, others failures.",
);
