//! How Caddy's access logs are read.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Caddy access log, JSON.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "caddy",
    title: "Caddy access log, JSON",
    doc: "One JSON object a line, with the request as an object within. `ts` is the end of the request; `duration` is in \
seconds. Headers are lists; one with one value is that value.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::json()
        .marks(&["request.uri", "request.method", "resp_headers or size", "status"])
        .only(&["request.uri"])
        .time("ts", &["epoch.f", "iso"])
        .fields(&[
            ("request.client_ip", "client_ip"),
            ("request.remote_ip", "client_ip"),
            ("request.remote_addr", "client_ip:port"),
            ("request.remote_port", "client_port"),
            ("user_id", "user"),
            ("request.method", "method"),
            ("request.uri", "url:target"),
            ("request.host", "host:port"),
            ("request.proto", "http_version"),
            ("status", "status"),
            ("size", "response_bytes"),
            ("bytes_read", "request_bytes"),
            ("duration", "duration_ms:s"),
            ("request.headers.User-Agent", "user_agent"),
            ("request.headers.Referer", "referer"),
            ("request.headers.Cookie", "cookie"),
            ("request.headers.Content-Type", "request_content_type"),
            ("resp_headers.Content-Type", "content_type"),
            ("request.tls.server_name", "sni"),
        ])
        .null("user_id", "")
}
