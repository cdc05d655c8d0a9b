//! How the log of Traefik CLF is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// Traefik CLF.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "traefik",
    "Traefik CLF",
    Language::Own,
    r#"{client_ip} - {user} [{ts=%d/%b/%Y:%H:%M:%S %z}] "{request}" {status} {response_bytes} "{referer}" "{user_agent}" {-requests} "{rule}" "{peer}" {duration_ms}ms"#,
    "Traefik's default access log: combined, a running number, the router (rule), the server's URL (peer) and milliseconds. Times print their offset and are the start of the request.",
)
.at_start();
