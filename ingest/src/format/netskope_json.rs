//! How Netskope's events are read where they are written as JSON.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Netskope page and connection events, JSON.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "netskope_json",
    title: "Netskope page and connection events, JSON",
    doc: "One JSON object a line, as the events API and the log shippers for it write. Times are seconds since 1970. URLs have \
no scheme.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::json()
        .marks(&["srcip or userip", "url or site", "traffic_type or access_method", "timestamp"])
        .only(&["url|site"])
        .time("timestamp", &["epoch"])
        .nulls(&["", "NotAvailable", "N/A", "unknown"])
        .fields(&[
            ("srcip", "client_ip"),
            ("userip", "client_ip"),
            ("srcport", "client_port"),
            ("hostname", "computer"),
            ("user", "user"),
            ("userkey", "user"),
            ("url", "url:schemeless"),
            ("domain", "host"),
            ("site", "host"),
            ("dsthost", "host"),
            ("dstip", "server_ip"),
            ("dstport", "port"),
            ("protocol", "scheme"),
            ("http_method", "method"),
            ("http_status", "status"),
            ("resp_code", "status"),
            ("action", "action"),
            ("policy", "rule"),
            ("category", "categories"),
            ("malware_name", "threat"),
            ("server_bytes", "response_bytes"),
            ("client_bytes", "request_bytes"),
            ("resp_content_type", "content_type"),
            ("useragent", "user_agent"),
            ("user_agent", "user_agent"),
            ("referer", "referer"),
        ])
        .verdicts(&[
            ("allow", "allowed"),
            ("alert", "allowed"),
            ("useralert", "allowed"),
            ("bypass", "allowed"),
            ("proceed", "allowed"),
            ("block", "denied"),
            ("cancel", "denied"),
            ("quarantine", "denied"),
        ])
}
