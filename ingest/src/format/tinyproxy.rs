//! How the log of Tinyproxy (its requests) is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// Tinyproxy (its requests).
pub(super) static FORMAT: Dialect = Dialect::plain(
    "tinyproxy",
    "Tinyproxy (its requests)",
    Language::Own,
    r#"CONNECT   {ts=%b %e %H:%M:%S%.3f} [{-pid}]: Request (file descriptor {-fd}): {request}"#,
    "Tinyproxy logs events, not requests: only the line with the request has a target, and no line has both target and client. The lines of other events go to quarantine. Times print neither year nor zone, and are those of the request's arrival.",
)
.at_start();
