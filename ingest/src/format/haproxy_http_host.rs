//! How the log of HAProxy httplog with the host is made.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// HAProxy httplog with the host.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "haproxy_http_host",
    "HAProxy httplog with the host",
    Language::Haproxy,
    r#"%ci:%cp [%tr] %ft %b/%s %[req.hdr(host)] %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r"#,
    "httplog with the Host header behind the server, as administrators of many sites set it. Times print no zone and are the start of the request, in milliseconds.",
)
.at_start();
