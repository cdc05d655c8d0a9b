//! How the logs of Microsoft's web and FTP server IIS are read.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// IIS in its W3C format.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "iis",
    title: "Microsoft IIS, W3C format (also FTP and Advanced Logging)",
    doc: "A web server's log, not a proxy's: `s-ip` and `s-port` are the origin itself. Times are UTC, but `date-local` and `time-local` of \
Advanced Logging are not; where there is only `time` (FTP), the date is that of the last `#Date` line. IIS writes `+` for a space in \
agents, referers and cookies; it is decoded. `time-taken` is in milliseconds.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::elff()
        .marks(&["#Software=Microsoft Internet Information*|IIS*|Microsoft HTTP Server API*"])
        .date_time("date", "time", UTC)
        .date_time("date-UTC", "time-UTC", UTC)
        .date_time("date-utc", "time-utc", UTC)
        .date_time("date-local", "time-local", &["%Y-%m-%d %H:%M:%S%.3f", "%Y-%m-%d %H:%M:%S"])
        .time("time", &["utc:%H:%M:%S"])
        .fields(FIELDS)
}

const UTC: &[&str] = &["utc:%Y-%m-%d %H:%M:%S", "utc:%Y-%m-%d %H:%M:%S%.3f"];

/// The fields of IIS and of its siblings.
pub(super) const FIELDS: &[(&str, &str)] = &[
    ("c-ip", "client_ip"),
    ("c-port", "client_port"),
    ("cs-username", "user"),
    ("cs-method", "method"),
    ("cs-version", "http_version"),
    ("cs-host", "host:port"),
    ("cs(Host)", "host:port"),
    ("s-ip", "server_ip"),
    ("s-port", "port"),
    ("cs-uri-stem", "path"),
    ("cs-uri-query", "query"),
    ("s-computername", "proxy_name"),
    ("sc-status", "status"),
    ("sc-bytes", "response_bytes"),
    ("cs-bytes", "request_bytes"),
    ("time-taken", "duration_ms"),
    ("TimeTakenMS", "duration_ms"),
    ("sc-content-type", "content_type"),
    ("RS(Content-Type)", "content_type"),
    ("cs(User-Agent)", "user_agent:plus"),
    ("cs(Referer)", "referer:plus"),
    ("cs(Cookie)", "cookie:plus"),
];
