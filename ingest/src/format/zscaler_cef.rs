//! How Zscaler's web logs are read where NSS writes CEF.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Zscaler NSS web log, CEF.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "zscaler_cef",
    title: "Zscaler NSS web log, CEF",
    doc: "`CEF:0|Zscaler|NSSWeblog|..` as the NSS feeds for ArcSight and Sentinel write it: the first seven pipes, then \
key=value pairs, each value up to the next key. `rt` has no zone, or counts milliseconds. `cs1` to `cs6` are named by \
`cs1Label` and so on; by Zscaler's template `cs5` is the threat.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::cef()
        .marks(&["device_vendor=Zscaler", "device_product=NSSWeblog|NSSWebLog", "act"])
        .only(&["device_vendor=Zscaler", "request|dhost"])
        .time("rt", &["%b %d %Y %H:%M:%S", "epoch_ms", "%b %d %Y %H:%M:%S %Z", "epoch"])
        .outer_time()
        .nulls(&["None", "NA", "N/A"])
        .null("dst", "0.0.0.0")
        .null("contenttype", "Other")
        .fields(&[
            ("src", "client_ip"),
            ("sourceTranslatedAddress", "client_ip"),
            ("spt", "client_port"),
            ("dvchost", "computer"),
            ("suser", "user"),
            ("requestMethod", "method"),
            ("request", "url:schemeless"),
            ("dhost", "host:port"),
            ("destinationHostName", "host:port"),
            ("app", "scheme"),
            ("dst", "server_ip"),
            ("dpt", "port"),
            ("outcome", "status"),
            ("act", "action"),
            ("reason", "reason"),
            ("rulelabel", "rule"),
            ("cat", "categories"),
            ("cs5", "threat"),
            ("in", "response_bytes"),
            ("out", "request_bytes"),
            ("contenttype", "content_type"),
            ("requestClientApplication", "user_agent"),
            ("requestContext", "referer"),
        ])
        .verdicts(&[("Allowed*", "allowed"), ("Blocked*", "denied"), ("Cautioned", "denied")])
}
