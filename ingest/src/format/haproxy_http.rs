//! How HAProxy's `option httplog` writes.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// HAProxy `httplog`.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "haproxy_http",
    "HAProxy httplog",
    Language::Haproxy,
    "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r",
    "HAProxy's HTTP log (option httplog), without the syslog header. Times print no zone and are the start of the request, in milliseconds. The blocks of captured headers are absent where none is configured. The verdict comes from the termination state, which is the action: P* is denied; R*, I*, D*, K* and a server that did not answer are errors.",
)
.at_start();
