//! How a W3C extended log of any product is read, by its `#Fields`.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// W3C Extended Log File Format.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "w3c",
    title: "W3C Extended Log File Format",
    doc: "Any log with a `#Fields` line in the words of the W3C draft of 1996. Times are UTC by the draft; fields that have no \
column go to `extra` under their own names.",
    dialect,
};

const UTC: &[&str] = &["utc:%Y-%m-%d %H:%M:%S", "utc:%Y-%m-%d %H:%M:%S%.f"];

fn dialect() -> Dialect {
    Dialect::elff()
        .date_time("date", "time", UTC)
        .date_time("date-utc", "time-utc", UTC)
        .date_time("date-local", "time-local", &["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S%.f"])
        .time("timestamp", &["epoch", "epoch.3", "epoch.f"])
        .time("time", &["utc:%H:%M:%S"])
        .fields(&[
            ("c-ip", "client_ip"),
            ("c-port", "client_port"),
            ("c-dns", "computer"),
            ("cs-username", "user"),
            ("cs-method", "method"),
            ("cs-version", "http_version"),
            ("cs-uri", "url"),
            ("cs-uri-scheme", "scheme"),
            ("cs-host", "host:port"),
            ("cs-uri-port", "port"),
            ("cs-uri-stem", "path"),
            ("cs-uri-path", "path"),
            ("cs-uri-query", "query"),
            ("cs-uri-extension", "extension"),
            ("r-ip", "server_ip"),
            ("sc-status", "status"),
            ("sc-bytes", "response_bytes"),
            ("cs-bytes", "request_bytes"),
            ("time-taken", "duration_ms"),
            ("cs(User-Agent)", "user_agent"),
            ("cs(Referer)", "referer"),
            ("cs(Cookie)", "cookie"),
            ("rs(Content-Type)", "content_type"),
            ("s-computername", "proxy_name"),
        ])
}
