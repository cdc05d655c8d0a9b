//! How a W3C extended log of any product is read, by its `#Fields`.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// W3C Extended Log File Format.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "w3c",
    title: "W3C Extended Log File Format",
    doc: "Any log with a `#Fields` line in the words of the W3C draft of 1996. Times are UTC by the draft, unless the `#Date` line names \
another zone or the field says `local`; where there is only `time`, the date is that of the last `#Date` line. Fields that have no \
column go to `extra` under their own names. `time-taken` is taken for milliseconds, as all makers write it; the draft says seconds.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::elff()
        .date_time("date", "time", UTC)
        .date_time("date-utc", "time-utc", UTC)
        .date_time("date-local", "time-local", LOCAL)
        .time("timestamp", &["epoch", "epoch.3", "epoch.f"])
        .time("x-timestamp", &["epoch", "epoch.3", "epoch.f"])
        .time("time", &["utc:%H:%M:%S", "utc:%H:%M:%S%.f"])
        .fields(FIELDS)
}

/// Dates and times of day in UTC.
pub(super) const UTC: &[&str] = &[
    "utc:%Y-%m-%d %H:%M:%S",
    "utc:%Y-%m-%d %H:%M:%S%.f",
    "utc:%d/%b/%Y %H:%M:%S",
    "utc:%d-%b-%Y %H:%M:%S",
];

/// Dates and times of day of a zone that is not told.
pub(super) const LOCAL: &[&str] =
    &["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S%.3f", "%Y-%m-%d %H:%M:%S%.f"];

/// The fields of the draft, and what makers have added to them.
pub(super) const FIELDS: &[(&str, &str)] = &[
    ("c-ip", "client_ip"),
    ("cs-ip", "client_ip"),
    ("c-port", "client_port"),
    ("c-dns", "computer"),
    ("cs-username", "user"),
    ("cs-user", "user"),
    ("c-auth-id", "user"),
    ("cs-method", "method"),
    ("cs-version", "http_version"),
    ("cs-protocol-version", "http_version"),
    ("cs-uri", "url"),
    ("cs-url", "url"),
    ("c-uri", "url"),
    ("cs-uri-scheme", "scheme"),
    ("cs-host", "host:port"),
    ("cs(Host)", "host:port"),
    ("r-dns", "host:port"),
    ("r-host", "host:port"),
    ("cs-uri-port", "port"),
    ("r-port", "port"),
    ("cs-uri-stem", "path"),
    ("c-uri-stem", "path"),
    ("cs-uri-path", "path"),
    ("cs-uri-query", "query"),
    ("c-uri-query", "query"),
    ("cs-uri-extension", "extension"),
    ("r-ip", "server_ip"),
    ("s-computername", "proxy_name"),
    ("sc-status", "status"),
    ("sc-bytes", "response_bytes"),
    ("cs-bytes", "request_bytes"),
    ("bytes", "response_bytes"),
    ("time-taken", "duration_ms"),
    ("TimeTakenMS", "duration_ms"),
    ("cs(User-Agent)", "user_agent"),
    ("c-agent", "user_agent"),
    ("cs-user-agent", "user_agent"),
    ("cs(Referer)", "referer"),
    ("cs(Referrer)", "referer"),
    ("cs-referer", "referer"),
    ("cs-referred", "referer"),
    ("cs(Cookie)", "cookie"),
    ("rs(Content-Type)", "content_type"),
    ("sc(Content-Type)", "content_type"),
    ("sc-content-type", "content_type"),
    ("cs-mime-type", "content_type"),
    ("cs(Content-Type)", "request_content_type"),
    ("cs-categories", "categories"),
    ("sc-filter-category", "categories"),
    ("rule", "rule"),
    ("x-virus-id", "threat"),
];
