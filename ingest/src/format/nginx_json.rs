//! How nginx's access logs are read where they are written as JSON.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// nginx with escape=json.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "nginx_json",
    title: "nginx with escape=json",
    doc: "One JSON object a line whose members are named after nginx's variables, as most `log_format .. escape=json` have it. \
Times are the end of the request. `request_time` is in seconds; `body_bytes_sent` is the body alone, `bytes_sent` all.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::json()
        .marks(&[
            "remote_addr or http_x_forwarded_for or client_ip",
            "status",
            "body_bytes_sent or bytes_sent",
            "request or request_uri or uri",
        ])
        .time("msec", &["epoch.3"])
        .time("time_iso8601", &["iso"])
        .time("time_local", &["%d/%b/%Y:%H:%M:%S %z", "iso"])
        .time("time", &["iso", "%d/%b/%Y:%H:%M:%S %z", "epoch.3"])
        .time("timestamp", &["iso", "%d/%b/%Y:%H:%M:%S %z", "epoch.3"])
        .time("@timestamp", &["iso", "%d/%b/%Y:%H:%M:%S %z", "epoch.3"])
        .nulls(&["-", ""])
        .fields(&[
            ("remote_addr", "client_ip"),
            ("client_ip", "client_ip"),
            ("remote_port", "client_port"),
            ("remote_user", "user"),
            ("request_method", "method"),
            ("method", "method"),
            ("request_uri", "url:target"),
            ("uri", "url:target"),
            ("request", "request:target"),
            ("http_host", "host:port"),
            ("host", "host:port"),
            ("server_name", "host"),
            ("scheme", "scheme"),
            ("server_protocol", "http_version"),
            ("status", "status"),
            ("bytes_sent", "response_bytes"),
            ("body_bytes_sent", "response_bytes"),
            ("request_length", "request_bytes"),
            ("request_time", "duration_ms:s"),
            ("http_referer", "referer"),
            ("http_referrer", "referer"),
            ("http_user_agent", "user_agent"),
            ("http_cookie", "cookie"),
            ("sent_http_content_type", "content_type"),
            ("content_type", "request_content_type"),
            ("upstream_addr", "peer"),
            ("upstream_cache_status", "action:squid"),
            ("ssl_protocol", "tls_version"),
            ("ssl_server_name", "sni"),
            ("hostname", "proxy_name"),
        ])
        .verdicts(&[
            ("HIT", "hit"),
            ("MISS", "miss"),
            ("BYPASS", "miss"),
            ("EXPIRED", "refresh"),
            ("STALE", "hit"),
            ("UPDATING", "hit"),
            ("REVALIDATED", "refresh"),
        ])
}
