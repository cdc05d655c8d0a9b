//! How the JSON audit log of ModSecurity 2 is read.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// ModSecurity 2 audit log, JSON.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "modsecurity_json2",
    title: "ModSecurity 2 audit log, JSON",
    doc: "One JSON object a line with `transaction`, `request`, `response` and `audit_data`. Times print their offset and are \
the start of the transaction. The request's body goes to `request_body`, cut at 64 KiB with its length and SHA-256 in `extra`; \
bodies may hold passwords.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::json()
        .marks(&[
            "transaction.transaction_id",
            "transaction.remote_address",
            "request.request_line",
        ])
        .only(&["request.request_line"])
        .time("transaction.time", &["%d/%b/%Y:%H:%M:%S%.6f %z", "%d/%b/%Y:%H:%M:%S %z"])
        .starts()
        .fields(&[
            ("transaction.remote_address", "client_ip"),
            ("transaction.remote_port", "client_port"),
            ("request.request_line", "request:target"),
            ("request.body", "request_body"),
            ("request.headers.Host", "host:port"),
            ("request.headers.host", "host:port"),
            ("request.headers.User-Agent", "user_agent"),
            ("request.headers.user-agent", "user_agent"),
            ("request.headers.Referer", "referer"),
            ("request.headers.referer", "referer"),
            ("request.headers.Cookie", "cookie"),
            ("request.headers.cookie", "cookie"),
            ("request.headers.Content-Type", "request_content_type"),
            ("request.headers.content-type", "request_content_type"),
            ("response.status", "status"),
            ("response.headers.Content-Type", "content_type"),
            ("response.headers.Content-Length", "response_bytes"),
            ("audit_data.action.message", "reason"),
            ("audit_data.action.intercepted", "action"),
        ])
        .verdicts(&[("true", "denied"), ("false", "allowed")])
}
