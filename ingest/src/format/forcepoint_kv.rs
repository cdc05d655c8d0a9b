//! How Forcepoint's (Websense) SIEM integration is read where it writes key=value pairs.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::{Dialect, Ends};

/// Forcepoint SIEM integration, key=value.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "forcepoint_kv",
    title: "Forcepoint (Websense) Web Security SIEM integration, key=value",
    doc: "`vendor=Websense product=Security ...`: values hold spaces and `=` and stand in no quotes, so each goes on to the next key. \
The record has no time of its own: that of the syslog header before it counts. `category` and `disposition` are numbers; `duration` \
is in milliseconds. `user` is as logged, often an LDAP path.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::pairs(" ", Ends::NextWord)
        .marks(&["vendor", "product_version", "disposition", "http_proxy_status_code"])
        .outer_time()
        .nulls(&["-"])
        .null("src_port", "0")
        .null("dst_port", "0")
        .null("http_response", "0")
        .null("http_proxy_status_code", "0")
        .fields(&[
            ("src_host", "client_ip"),
            ("src_port", "client_port"),
            ("user", "user"),
            ("http_method", "method"),
            ("url", "url"),
            ("dst_host", "host"),
            ("dst_ip", "server_ip"),
            ("dst_port", "port"),
            ("http_proxy_status_code", "status"),
            ("http_response", "status"),
            ("http_content_type", "content_type"),
            ("http_user_agent", "user_agent"),
            ("bytes_out", "request_bytes"),
            ("bytes_in", "response_bytes"),
            ("duration", "duration_ms"),
            ("action", "action"),
            ("reason", "reason"),
            ("policy", "rule"),
            ("category", "categories"),
        ])
        .verdicts(&[("permitted", "allowed"), ("blocked", "denied")])
}
