//! How Zscaler's NSS web feed is read as CSV.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Zscaler NSS web feed, CSV.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "zscaler_csv",
    title: "Zscaler NSS web feed (CSV)",
    doc: "The feed's usual CSV output, without a header, in the order of Zscaler's own sample; or with a first line that names the fields by \
their specifiers. A feed with an order of its own is read by `--logformat` with its template. Times are of the feed's zone, which only \
a field `tz` tells: without it use `--tz`.",
    dialect,
};

fn dialect() -> Dialect {
    words(Dialect::delimited(","))
}

/// The fields of the feed.
pub(super) fn words(dialect: Dialect) -> Dialect {
    dialect
        .columns(
            "time login proto url action appname appclass reqsize respsize stime ctime urlclass urlsupercat urlcat malwarecat \
             threatname riskscore dlpeng dlpdict location dept cip sip reqmethod respcode ua ereferer ruletype rulelabel \
             contenttype unscannabletype deviceowner devicehostname keyprotectiontype",
        )
        .marks(&["action=Allowed|Blocked"])
        .time("epochtime", &["epoch"])
        .time("time", &["%a %b %e %H:%M:%S %Y", "%a %b %d %H:%M:%S %Y", "%Y-%m-%d %H:%M:%S"])
        .time("datetime", &["%a %b %e %H:%M:%S %Y", "%Y-%m-%d %H:%M:%S"])
        .zone("tz")
        .nulls(&["None", "NA", "N/A", "", "Unknown"])
        .null("sip", "0.0.0.0")
        .null("contenttype", "Other")
        .fields(FIELDS)
        .verdicts(&[("Allowed", "allowed"), ("Blocked", "denied")])
}

const FIELDS: &[(&str, &str)] = &[
    ("cintip", "client_ip"),
    ("cip", "client_ip"),
    ("cpubip", "client_ip"),
    ("clt_sport", "client_port"),
    ("devicehostname", "computer"),
    ("login", "user"),
    ("elogin", "user:percent"),
    ("reqmethod", "method"),
    ("reqversion", "http_version"),
    ("url", "url:schemeless"),
    ("eurl", "url:schemeless"),
    ("srv_dport", "port"),
    ("host", "host"),
    ("ehost", "host"),
    ("sip", "server_ip"),
    ("respcode", "status"),
    ("action", "action"),
    ("reason", "reason"),
    ("rulelabel", "rule"),
    ("urlcat", "categories"),
    ("urlsupercat", "categories"),
    ("urlclass", "categories"),
    ("threatname", "threat"),
    ("malwarecat", "threat"),
    ("respsize", "response_bytes"),
    ("reqsize", "request_bytes"),
    ("clienttranstime", "duration_ms"),
    ("ctime", "duration_ms"),
    ("stime", "duration_ms"),
    ("contenttype", "content_type"),
    ("ua", "user_agent"),
    ("eua", "user_agent:percent"),
    ("referer", "referer"),
    ("ereferer", "referer:percent"),
    ("clienttlsversion", "tls_version"),
];
