//! How CEF is read whose product has no format of its own.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// CEF of any proxy.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "cef_web",
    title: "CEF of any proxy",
    doc: "CEF with `request`: the first seven pipes, then key=value pairs, each value up to the next key; pipes and `=` within \
URLs need no backslash. Times are `rt`, `end` or `start`, else that of the syslog header. The vendor's own formats come first; \
this one takes what they leave.",
    dialect,
};

/// How CEF spells times.
const CEF_TIMES: &[&str] =
    &["epoch_ms", "%b %d %Y %H:%M:%S", "%b %d %Y %H:%M:%S%.3f", "iso", "epoch"];

fn dialect() -> Dialect {
    Dialect::cef()
        .only(&["request"])
        .time("rt", CEF_TIMES)
        .time("end", CEF_TIMES)
        .time("start", CEF_TIMES)
        .outer_time()
        .nulls(&["-", ""])
        .fields(&[
            ("src", "client_ip"),
            ("spt", "client_port"),
            ("shost", "computer"),
            ("suser", "user"),
            ("requestMethod", "method"),
            ("request", "url"),
            ("dhost", "host:port"),
            ("dst", "server_ip"),
            ("dpt", "port"),
            ("outcome", "status"),
            ("act", "action"),
            ("reason", "reason"),
            ("cat", "categories"),
            ("in", "response_bytes"),
            ("out", "request_bytes"),
            ("requestClientApplication", "user_agent"),
            ("requestContext", "referer"),
            ("requestCookies", "cookie"),
            ("dvchost", "proxy_name"),
        ])
        .verdicts(&[
            ("allow*", "allowed"),
            ("permit*", "allowed"),
            ("accept*", "allowed"),
            ("pass*", "allowed"),
            ("block*", "denied"),
            ("den*", "denied"),
            ("drop*", "denied"),
            ("reject*", "denied"),
            ("redirect*", "redirected"),
        ])
}
