//! How Envoy's and Istio's access logs are read where they are written as JSON.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Envoy and Istio, JSON.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "envoy_json",
    title: "Envoy and Istio, JSON",
    doc: "One JSON object a line with the names of Envoy's and Istio's default JSON log. Times are UTC, the start of the \
request, in milliseconds. Sizes are those of the bodies. `response_flags` is the action.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::json()
        .marks(&["start_time", "response_code", "response_flags", "bytes_sent"])
        .time("start_time", &["iso", "%Y-%m-%dT%H:%M:%S%.3fZ"])
        .starts()
        .nulls(&["-"])
        .null("response_code", "0")
        .fields(&[
            ("downstream_remote_address", "client_ip:port"),
            ("x_forwarded_for", "client_ip"),
            ("method", "method"),
            ("path", "url:target"),
            ("authority", "host:port"),
            ("protocol", "http_version"),
            ("response_code", "status"),
            ("response_flags", "action"),
            ("response_code_details", "reason"),
            ("route_name", "rule"),
            ("bytes_received", "request_bytes"),
            ("bytes_sent", "response_bytes"),
            ("duration", "duration_ms"),
            ("user_agent", "user_agent"),
            ("referer", "referer"),
            ("upstream_host", "server_ip:port"),
            ("requested_server_name", "sni"),
            ("downstream_tls_version", "tls_version"),
        ])
        .verdicts(&[
            ("UAEX*", "denied"),
            ("RL*", "denied"),
            ("U*", "error"),
            ("N*", "error"),
            ("DC*", "error"),
            ("L*", "error"),
            ("-", "allowed"),
        ])
}
