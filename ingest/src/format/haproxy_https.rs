//! How HAProxy's `option httpslog` writes.

use super::compiled::Dialect;
use crate::lexer::language::Language;

/// HAProxy `httpslog`.
pub(super) static FORMAT: Dialect = Dialect::plain(
    "haproxy_https",
    "HAProxy httpslog",
    Language::Haproxy,
    "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc",
    "HAProxy's HTTPS log (option httpslog): httplog, and errors of the TLS connection, SNI, version and cipher. Times print no zone and are the start of the request, in milliseconds.",
)
.at_start();
