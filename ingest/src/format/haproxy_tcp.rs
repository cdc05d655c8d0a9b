//! How HAProxy's `option tcplog` writes.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// HAProxy `tcplog`.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "haproxy_tcp",
    "HAProxy tcplog",
    Language::Haproxy,
    "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq",
    "HAProxy's TCP log (option tcplog), as tunnels are logged by it. Times print no zone and are when the connection was accepted, in milliseconds; duration_ms is the whole session.",
)
.at_start();
