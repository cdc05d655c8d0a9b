//! How the log of Kerio Control http log is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// Kerio Control http log.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "kerio_http",
    "Kerio Control http log",
    Language::Own,
    r#"{client_ip} - {user} [{ts=%d/%b/%Y:%H:%M:%S %z}] "{request}" {status} {response_bytes} +{-requests}"#,
    "The http log of Kerio Control (WinRoute) in the format of Apache, with the count of requests of the connection at its end. Only requests that were allowed are in it. Times print their offset. Its Squid format is read as squid.",
);
