//! How the log of Privoxy log (requests and blocks) is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// Privoxy log (requests and blocks).
pub(super) static FORMAT: Dialect = Dialect::plain(
    "privoxy",
    "Privoxy log (requests and blocks)",
    Language::Own,
    r#"{ts=%Y-%m-%d %H:%M:%S%.3f} {-thread} {action=Request:allowed,Crunch: Blocked:denied,Crunch: Redirected:redirected,Crunch: *:error}: {url:schemeless}"#,
    "Privoxy's log with debug 1 and 1024: a line for each request, and one for each it blocked. Times print no zone and are the start of the request. Requests logged by debug 512 are in the Common Log Format: ncsa_common.",
)
.at_start();
