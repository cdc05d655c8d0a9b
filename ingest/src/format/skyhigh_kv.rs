//! How the cloud service of Skyhigh (McAfee) is read where it writes key=value pairs.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::{Dialect, Ends};

/// Skyhigh (McAfee) Web Gateway Cloud Service, key=value.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "skyhigh_kv",
    title: "Skyhigh (McAfee) Web Gateway Cloud Service, key=value",
    doc: "The fields of the cloud service's reports as `name=value`; values hold spaces and stand in no quotes, so each goes \
on to the next key. `request_timestamp_epoch` is UTC.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::pairs(" ", Ends::NextWord)
        .marks(&["user_id", "source_ip or client_ip", "http_action", "requested_host"])
        .time("request_timestamp_epoch", &["epoch"])
        .time("request_timestamp", &["utc:%Y-%m-%d %H:%M:%S"])
        .nulls(&["", "-"])
        .fields(&[
            ("source_ip", "client_ip"),
            ("client_ip", "client_ip"),
            ("username", "user"),
            ("http_action", "method"),
            ("uri_scheme", "scheme"),
            ("requested_host", "host:port"),
            ("requested_path", "url:target"),
            ("destination_ip", "server_ip"),
            ("destination_port", "port"),
            ("http_status_code", "status"),
            ("result", "action"),
            ("block_reason", "reason"),
            ("last_rule", "rule"),
            ("category", "categories"),
            ("virus", "threat"),
            ("media_type", "content_type"),
            ("server_to_client_bytes", "response_bytes"),
            ("client_to_server_bytes", "request_bytes"),
            ("referer", "referer"),
            ("location", "proxy_name"),
        ])
        .verdicts(&[
            ("OBSERVED", "allowed"),
            ("ALLOWED", "allowed"),
            ("DENIED", "denied"),
            ("BLOCKED", "denied"),
        ])
}
