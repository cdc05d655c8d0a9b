//! How the JSON audit log of ModSecurity 3 (and Coraza) is read.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// ModSecurity 3 and Coraza audit log, JSON.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "modsecurity_json",
    title: "ModSecurity 3 and Coraza audit log, JSON",
    doc: "One JSON object a line with `transaction`. `time_stamp` is local and has no zone (Coraza: `unix_timestamp` in \
nanoseconds). The request's body goes to `request_body`, cut at 64 KiB with its length and SHA-256 in `extra`; bodies may hold \
passwords.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::json()
        .marks(&["transaction.client_ip", "transaction.request.uri"])
        .only(&["transaction.request.uri"])
        .time("transaction.unix_timestamp", &["epoch_ns", "epoch_ms", "epoch"])
        .time("transaction.time_stamp", &["%a %b %e %H:%M:%S %Y", "%a %b %d %H:%M:%S %Y"])
        .time("transaction.timestamp", &["%Y/%m/%d %H:%M:%S", "iso"])
        .starts()
        .fields(&[
            ("transaction.client_ip", "client_ip"),
            ("transaction.client_port", "client_port"),
            ("transaction.request.method", "method"),
            ("transaction.request.uri", "url:target"),
            ("transaction.request.http_version", "http_version"),
            ("transaction.request.protocol", "http_version"),
            ("transaction.request.body", "request_body"),
            ("transaction.request.headers.Host", "host:port"),
            ("transaction.request.headers.host", "host:port"),
            ("transaction.request.headers.User-Agent", "user_agent"),
            ("transaction.request.headers.user-agent", "user_agent"),
            ("transaction.request.headers.Referer", "referer"),
            ("transaction.request.headers.referer", "referer"),
            ("transaction.request.headers.Cookie", "cookie"),
            ("transaction.request.headers.cookie", "cookie"),
            ("transaction.request.headers.Content-Type", "request_content_type"),
            ("transaction.request.headers.content-type", "request_content_type"),
            ("transaction.request.hostname", "host"),
            ("transaction.response.http_code", "status"),
            ("transaction.response.status", "status"),
            ("transaction.response.headers.Content-Type", "content_type"),
            ("transaction.response.headers.content-type", "content_type"),
            ("transaction.response.headers.Content-Length", "response_bytes"),
            ("transaction.response.headers.content-length", "response_bytes"),
            ("transaction.is_interrupted", "action"),
        ])
        .verdicts(&[("true", "denied"), ("false", "allowed")])
}
