//! How the W3C logs of Imperva Incapsula (Cloud WAF) are read.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Imperva Cloud WAF, once Incapsula, W3C.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "incapsula",
    title: "Imperva Incapsula / Cloud WAF (W3C)",
    doc: "Every value stands in quotes. A reverse proxy: `cs-uri` is the target without scheme, `s-ip` and `s-port` are the origin. Times are \
taken for UTC, as W3C says.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::elff()
        .marks(&["sc-action", "s-suid or s-caip or cs-clapp"])
        .date_time("date", "time", super::w3c::UTC)
        .time("cs-start", &["epoch_ms"])
        .nulls(&["", "N/A"])
        .fields(&[
            ("c-ip", "client_ip"),
            ("cs-method", "method"),
            ("cs-version", "http_version"),
            ("cs-uri", "url:schemeless"),
            ("s-port", "port"),
            ("s-ip", "server_ip"),
            ("s-computername", "proxy_name"),
            ("sc-status", "status"),
            ("sc-action", "action"),
            ("cs-rule", "rule"),
            ("cs-attacktype", "threat"),
            ("cs-bytes", "request_bytes"),
            ("cs(User-Agent)", "user_agent"),
            ("cs(Referrer)", "referer"),
            ("cs(Referer)", "referer"),
        ])
        .verdicts(&[
            ("REQ_PASSED", "allowed"),
            ("REQ_CACHED*", "allowed+hit"),
            ("REQ_BLOCKED*", "denied+none"),
            ("REQ_CHALLENGE*", "redirected+none"),
            ("REQ_BAD*", "error"),
            ("REQ_UNRESOLVED*", "error"),
            ("REQ_HTTP*", "error"),
        ])
}
