//! How the web filter of Sophos Firewall (XG) is read.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::{Dialect, Ends};

/// Sophos Firewall, content filtering.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "sophos_xg",
    title: "Sophos Firewall (XG, SFOS) content filtering",
    doc: "`log_type=\"Content Filtering\" log_component=\"HTTP\"` in key=value pairs. Times stand as `date` and `time` with `timezone`, \
or as `timestamp` with an offset. Records of other types in the same file are no rows.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::pairs(" ", Ends::Quotes)
        .marks(&["log_type=Content Filtering", "log_subtype", "src_ip"])
        .only(&["log_type=Content Filtering", "url|domain"])
        .time("timestamp", &["%Y-%m-%dT%H:%M:%S%z", "iso"])
        .date_time("date", "time", &["%Y-%m-%d %H:%M:%S"])
        .nulls(&[""])
        .fields(&[
            ("src_ip", "client_ip"),
            ("src_port", "client_port"),
            ("user_name", "user"),
            ("user", "user"),
            ("url", "url"),
            ("http_user_agent", "user_agent"),
            ("user_agent", "user_agent"),
            ("http_method", "method"),
            ("domain", "host"),
            ("dst_ip", "server_ip"),
            ("dst_port", "port"),
            ("http_status", "status"),
            ("status_code", "status"),
            ("statuscode", "status"),
            ("log_subtype", "action"),
            ("status", "verdict"),
            ("reason", "reason"),
            ("override_name", "rule"),
            ("web_policy_name", "rule"),
            ("category", "categories"),
            ("contenttype", "content_type"),
            ("content_type", "content_type"),
            ("referer", "referer"),
            ("recv_bytes", "response_bytes"),
            ("bytes_received", "response_bytes"),
            ("sent_bytes", "request_bytes"),
            ("bytes_sent", "request_bytes"),
            ("device_name", "proxy_name"),
        ])
        .verdicts(&[
            ("Allowed", "allowed"),
            ("Allow", "allowed"),
            ("Denied", "denied"),
            ("Deny", "denied"),
            ("Blocked", "denied"),
            ("Warned", "denied"),
            ("Warn", "denied"),
        ])
}
