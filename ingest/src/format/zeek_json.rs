//! How Zeek's http.log is read where it is written as JSON.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Zeek http.log, JSON.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "zeek_json",
    title: "Zeek http.log, JSON",
    doc: "One JSON object a line; fields that were not set are left out. Times are the start of the request, UTC. With an explicit \
proxy `id.resp_h` is the proxy, so it stays in `extra`.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::json()
        .marks(&["uid", "id.orig_h"])
        .time("ts", &["epoch.6", "utc:%Y-%m-%dT%H:%M:%SZ"])
        .starts()
        .fields(&[
            ("id.orig_h", "client_ip"),
            ("id.orig_p", "client_port"),
            ("username", "user"),
            ("method", "method"),
            ("host", "host:port"),
            ("uri", "url:target"),
            ("version", "http_version"),
            ("status_code", "status"),
            ("user_agent", "user_agent"),
            ("referrer", "referer"),
            ("request_body_len", "request_bytes"),
            ("response_body_len", "response_bytes"),
        ])
}
