//! How the logs of Microsoft's web and FTP server IIS are read.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// IIS in its W3C format.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "iis",
    title: "Microsoft IIS, W3C format (also FTP and Advanced Logging)",
    doc: "A web server's log, not a proxy's: `s-ip` and `s-port` are the origin itself. Times are UTC, but `date-local` and `time-local` of \
Advanced Logging are not; where there is only `time` (FTP), the date is that of the last `#Date` line. IIS writes `+` for a space in \
agents, referers and cookies; it is decoded. `time-taken` is in milliseconds. Without `#Fields` (cut or shipped files) the columns \
are told by their number: the defaults, or all, with `X-Forwarded-For` behind them or not.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::elff()
        .marks(&["#Software=Microsoft Internet Information*|IIS*|Microsoft HTTP Server API* or no #Fields"])
        .columns(DEFAULT)
        .columns(FORWARDED)
        .columns(IIS_7)
        .columns(ALL)
        .columns(ALL_FORWARDED)
        .date_time("date", "time", UTC)
        .date_time("date-UTC", "time-UTC", UTC)
        .date_time("date-utc", "time-utc", UTC)
        .date_time("date-local", "time-local", &["%Y-%m-%d %H:%M:%S%.3f", "%Y-%m-%d %H:%M:%S"])
        .time("time", &["utc:%H:%M:%S"])
        .fields(FIELDS)
}

/// The fields of IIS 8 and later, if nobody chose others.
const DEFAULT: &str = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) \
    sc-status sc-substatus sc-win32-status time-taken";

/// The same with the usual custom field behind them.
const FORWARDED: &str = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) \
    sc-status sc-substatus sc-win32-status time-taken X-Forwarded-For";

/// The fields of IIS 7, if nobody chose others.
const IIS_7: &str = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status \
    sc-substatus sc-win32-status time-taken";

/// All fields there are.
const ALL: &str = "date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs-version \
    cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken";

/// The same with the usual custom field behind them.
const ALL_FORWARDED: &str = "date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip \
    cs-version cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes \
    time-taken X-Forwarded-For";

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
