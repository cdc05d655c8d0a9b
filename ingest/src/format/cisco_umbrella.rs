//! How Cisco Umbrella's proxy logs are read.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Cisco Umbrella secure web gateway.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "cisco_umbrella",
    title: "Cisco Umbrella secure web gateway (proxy logs)",
    doc: "CSV without a header, every value in quotes, times in UTC.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::delimited(",")
        .columns("timestamp identity internal_ip external_ip destination_ip content_type verdict url referer user_agent \
                  status request_size response_size response_body_size sha categories av_detections puas \
                  amp_disposition amp_malware amp_score identity_type blocked_categories")
        .time("timestamp", &["utc:%Y-%m-%d %H:%M:%S"])
        .nulls(&[""])
        .fields(&[
            ("identity", "user"),
            ("internal_ip", "client_ip"),
            ("destination_ip", "server_ip"),
            ("content_type", "content_type"),
            ("verdict", "action"),
            ("url", "url"),
            ("referer", "referer"),
            ("user_agent", "user_agent"),
            ("status", "status"),
            ("request_size", "request_bytes"),
            ("response_size", "response_bytes"),
            ("categories", "categories"),
            ("amp_malware", "threat"),
        ])
        .verdicts(&[("ALLOWED", "allowed"), ("BLOCKED", "denied")])
}
