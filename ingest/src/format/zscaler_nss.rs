//! What do the fields of Zscaler's NSS feeds mean, whatever they are written in? The names that Zscaler's own templates give
//! them, and the specifiers that they stand for.

use crate::lexer::shaped::dialect::Dialect;

/// How NSS spells times.
pub(super) const TIMES: &[&str] =
    &["%Y-%m-%d %H:%M:%S", "%a %b %e %H:%M:%S %Y", "%a %b %d %H:%M:%S %Y", "epoch"];

/// Null words, fields and verdicts of the web feed.
pub(super) fn dialect(dialect: Dialect) -> Dialect {
    dialect
        .zone("tz")
        .nulls(&["None", "NA", "N/A"])
        .null("devicehostname", " ")
        .null("serverip", "0.0.0.0")
        .null("sip", "0.0.0.0")
        .null("clt_sport", "0")
        .null("srv_dport", "0")
        .null("protocol", "Unknown")
        .null("proto", "Unknown")
        .null("contenttype", "Other")
        .fields(FIELDS)
        .verdicts(&[("Allowed*", "allowed"), ("Blocked*", "denied"), ("Cautioned", "denied")])
}

/// The names of the templates for Splunk, JSON and others, then the specifiers themselves.
const FIELDS: &[(&str, &str)] = &[
    ("ClientIP", "client_ip"),
    ("cip", "client_ip"),
    ("cintip", "client_ip"),
    ("clt_sport", "client_port"),
    ("devicehostname", "computer"),
    ("devicename", "computer"),
    ("user", "user"),
    ("login", "user"),
    ("requestmethod", "method"),
    ("reqmethod", "method"),
    ("reqversion", "http_version"),
    ("url", "url:schemeless"),
    ("eurl", "url:schemeless"),
    ("hostname", "host:port"),
    ("host", "host:port"),
    ("ehost", "host:port"),
    ("protocol", "scheme"),
    ("proto", "scheme"),
    ("serverip", "server_ip"),
    ("sip", "server_ip"),
    ("srv_dport", "port"),
    ("status", "status"),
    ("respcode", "status"),
    ("action", "action"),
    ("reason", "reason"),
    ("rulelabel", "rule"),
    ("urlcategory", "categories"),
    ("urlcat", "categories"),
    ("threatname", "threat"),
    ("responsesize", "response_bytes"),
    ("respsize", "response_bytes"),
    ("requestsize", "request_bytes"),
    ("reqsize", "request_bytes"),
    ("contenttype", "content_type"),
    ("useragent", "user_agent"),
    ("ua", "user_agent"),
    ("eua", "user_agent:percent"),
    ("refererURL", "referer"),
    ("referer", "referer"),
    ("ereferer", "referer:percent"),
    ("clienttlsversion", "tls_version"),
];
