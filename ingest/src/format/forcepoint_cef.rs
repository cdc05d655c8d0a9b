//! How Forcepoint's web logs are read where they are written as CEF.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Forcepoint (Websense) Web Security, CEF.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "forcepoint_cef",
    title: "Forcepoint (Websense) Web Security, CEF",
    doc: "`CEF:0|Forcepoint|Security|..` (Websense before): the first seven pipes, then key=value pairs, each value up to the \
next key. The signature is the number of the category. `rt` counts milliseconds; without it the time of the syslog header \
counts. `cs1` is the policy, `cs3` the content type by the product's template.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::cef()
        .marks(&["device_vendor=Forcepoint|Websense", "device_product=Security|Web", "act"])
        .only(&["device_vendor=Forcepoint|Websense", "request|dhost"])
        .time("rt", &["epoch_ms", "%b %d %Y %H:%M:%S", "epoch"])
        .outer_time()
        .nulls(&["-"])
        .null("spt", "0")
        .null("dpt", "0")
        .fields(&[
            ("src", "client_ip"),
            ("spt", "client_port"),
            ("suser", "user"),
            ("requestMethod", "method"),
            ("request", "url"),
            ("app", "scheme"),
            ("dhost", "host"),
            ("dst", "server_ip"),
            ("dpt", "port"),
            ("act", "action"),
            ("reason", "reason"),
            ("cs1", "rule"),
            ("signature_id", "categories"),
            ("cs3", "content_type"),
            ("in", "response_bytes"),
            ("out", "request_bytes"),
            ("requestClientApplication", "user_agent"),
            ("dvc", "proxy_name"),
        ])
        .verdicts(&[
            ("permitted", "allowed"),
            ("allowed", "allowed"),
            ("blocked", "denied"),
            ("Authentication Required", "auth_required"),
        ])
}
