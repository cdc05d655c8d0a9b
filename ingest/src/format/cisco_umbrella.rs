//! How Cisco Umbrella's proxy logs are read.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Cisco Umbrella secure web gateway.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "cisco_umbrella",
    title: "Cisco Umbrella secure web gateway (proxy logs)",
    doc: "CSV with every value in quotes, times in UTC; newer schemas have columns more at the end (those behind the last known one are named \
`column_49` and so on), and perhaps a first line with the names. The client is the internal address; the external one stays in `extra`.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::delimited(",")
        .columns(
            "timestamp identity internal_ip external_ip destination_ip content_type verdict url referer user_agent \
             status request_size response_size response_body_size sha categories av_detections puas \
             amp_disposition amp_malware amp_score identity_type blocked_categories identities identity_types \
             request_method dlp_status certificate_errors file_name ruleset_id rule_id destination_list_ids \
             isolate_action file_action warn_status forwarding_method producer msp_organization_id geo_location \
             application_ids hostname data_center egress server_name time_based_rule security_overridden \
             detected_response_file_type warn_categories organization_id",
        )
        .marks(&["verdict=ALLOWED|BLOCKED|PROXIED|WARNED|ISOLATED or action=ALLOWED|BLOCKED|PROXIED|WARNED|ISOLATED or Verdict=ALLOWED|BLOCKED"])
        .time("timestamp", &["utc:%Y-%m-%d %H:%M:%S"])
        .time("Timestamp", &["utc:%Y-%m-%d %H:%M:%S"])
        .nulls(&[""])
        .fields(&[
            ("identity", "user"),
            ("policy identity label", "user"),
            ("Identities", "user"),
            ("internal_ip", "client_ip"),
            ("internal client ip", "client_ip"),
            ("Internal IP", "client_ip"),
            ("external_ip", "client_ip"),
            ("external client ip", "client_ip"),
            ("External IP", "client_ip"),
            ("destination_ip", "server_ip"),
            ("destination ip", "server_ip"),
            ("Destination IP", "server_ip"),
            ("content_type", "content_type"),
            ("content type", "content_type"),
            ("Content Type", "content_type"),
            ("verdict", "action"),
            ("action", "action"),
            ("Verdict", "action"),
            ("url", "url"),
            ("URL", "url"),
            ("referer", "referer"),
            ("Referer", "referer"),
            ("user_agent", "user_agent"),
            ("user agent", "user_agent"),
            ("userAgent", "user_agent"),
            ("status", "status"),
            ("status code", "status"),
            ("statusCode", "status"),
            ("request_size", "request_bytes"),
            ("request size", "request_bytes"),
            ("requestSize", "request_bytes"),
            ("response_size", "response_bytes"),
            ("response size", "response_bytes"),
            ("responseSize", "response_bytes"),
            ("categories", "categories"),
            ("Categories", "categories"),
            ("amp_malware", "threat"),
            ("amp malware name", "threat"),
            ("AMP Malware Name", "threat"),
            ("request_method", "method"),
            ("request method", "method"),
            ("rule_id", "rule"),
            ("rule id", "rule"),
            ("data_center", "proxy_name"),
            ("data center", "proxy_name"),
        ])
        .verdicts(&[
            ("ALLOWED", "allowed"),
            ("PROXIED", "allowed"),
            ("WARNED", "allowed"),
            ("ISOLATED", "redirected"),
            ("BLOCKED", "denied"),
        ])
}
