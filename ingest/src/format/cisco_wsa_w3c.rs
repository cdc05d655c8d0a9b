//! How the W3C logs of Cisco's Secure Web Appliance are read.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Cisco Secure Web Appliance (WSA), W3C.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "cisco_wsa_w3c",
    title: "Cisco Secure Web Appliance (WSA), W3C",
    doc: "A W3C log subscription, by its `#Fields`. The ACL tag is the rule, and its beginning gives the verdict, with the result code. Times \
are UTC, the end of the transaction; `x-elapsed-time` is in milliseconds.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::elff()
        .marks(&["x-acltag or x-resultcode-httpstatus or x-hierarchy-origin or x-wbrs-score"])
        .time("timestamp", &["epoch", "epoch.3"])
        .date_time("date", "time", &["utc:%Y-%m-%d %H:%M:%S"])
        .fields(&[
            ("c-ip", "client_ip"),
            ("c-port", "client_port"),
            ("c-dns", "computer"),
            ("cs-username", "user"),
            ("cs-auth-group", "-"),
            ("cs-method", "method"),
            ("cs-version", "http_version"),
            ("cs-url", "url"),
            ("cs-uri", "url"),
            ("x-req-first-line", "request"),
            ("s-ip", "server_ip"),
            ("s-hostname", "peer"),
            ("s-computerName", "proxy_name"),
            ("x-resultcode-httpstatus", "action/status"),
            ("sc-result-code", "action:squid"),
            ("sc-http-status", "status"),
            ("sc-status", "status"),
            ("x-hierarchy-origin", "hierarchy/peer"),
            ("x-acltag", "rule:verdict"),
            ("sc-bytes", "response_bytes"),
            ("cs-bytes", "request_bytes"),
            ("x-elapsed-time", "duration_ms"),
            ("cs-mime-type", "content_type"),
            ("cs(User-Agent)", "user_agent"),
            ("cs-useragent", "user_agent"),
            ("cs(Referer)", "referer"),
            ("cs(Cookie)", "cookie"),
            ("x-webcat-code-full", "categories"),
            ("x-webcat-code-abbr", "categories"),
            ("x-mcafee-virus-name", "threat"),
            ("x-webroot-threat-name", "threat"),
        ])
        .verdicts(&[
            ("BLOCK*", "denied"),
            ("DENY*", "denied"),
            ("DROP*", "denied"),
            ("NO_AUTHORIZATION*", "denied"),
            ("REDIRECT*", "redirected"),
            ("ALLOW*", "allowed"),
            ("MONITOR*", "allowed"),
            ("DEFAULT*", "allowed"),
            ("DECRYPT*", "allowed"),
            ("PASSTHRU*", "allowed"),
            ("SCAN*", "allowed"),
        ])
}
