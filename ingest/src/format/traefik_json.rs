//! How Traefik's access logs are read where they are written as JSON.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Traefik, JSON.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "traefik_json",
    title: "Traefik, JSON",
    doc: "One JSON object a line. `StartUTC` is the start of the request; `Duration` counts nanoseconds. Headers are there if \
they were set to be kept.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::json()
        .marks(&["ClientAddr or ClientHost", "DownstreamStatus", "RequestMethod"])
        .time("StartUTC", &["%Y-%m-%dT%H:%M:%S%.-fZ", "iso"])
        .time("StartLocal", &["iso"])
        .time("time", &["iso"])
        .starts()
        .nulls(&["-"])
        .fields(&[
            ("ClientAddr", "client_ip:port"),
            ("ClientHost", "client_ip"),
            ("ClientPort", "client_port"),
            ("ClientUsername", "user"),
            ("RequestMethod", "method"),
            ("RequestPath", "url:target"),
            ("RequestAddr", "host:port"),
            ("RequestHost", "host"),
            ("RequestPort", "port"),
            ("RequestScheme", "scheme"),
            ("RequestProtocol", "http_version"),
            ("DownstreamStatus", "status"),
            ("DownstreamContentSize", "response_bytes"),
            ("RequestContentSize", "request_bytes"),
            ("Duration", "duration_ms:ns"),
            ("request_User-Agent", "user_agent"),
            ("request_Referer", "referer"),
            ("request_Cookie", "cookie"),
            ("downstream_Content-Type", "content_type"),
            ("ServiceAddr", "peer"),
            ("RouterName", "rule"),
            ("TLSVersion", "tls_version"),
        ])
}
