//! How Forcepoint's (Websense) web logs are read where they are written as LEEF.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Forcepoint (Websense) Web Security, LEEF.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "forcepoint_leef",
    title: "Forcepoint (Websense) Web Security, LEEF",
    doc: "`LEEF:1.0|Websense|Security|..` as the SIEM integration for QRadar writes it: five pipes, then key=value pairs with \
TABs between them. The record has no time of its own: that of the syslog header before it counts. `duration` is in \
milliseconds.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::leef()
        .marks(&["device_vendor=Forcepoint|Websense", "url", "proxyStatus-code or disposition"])
        .only(&["device_vendor=Forcepoint|Websense", "url"])
        .time("devTime", &["%b %d %Y %H:%M:%S", "epoch_ms", "epoch"])
        .outer_time()
        .nulls(&["-"])
        .null("srcPort", "0")
        .null("dstPort", "0")
        .null("proxyStatus-code", "0")
        .null("serverStatus-code", "0")
        .fields(&[
            ("src", "client_ip"),
            ("srcPort", "client_port"),
            ("usrName", "user"),
            ("method", "method"),
            ("url", "url"),
            ("dst", "server_ip"),
            ("dstPort", "port"),
            ("proxyStatus-code", "status"),
            ("serverStatus-code", "status"),
            ("contentType", "content_type"),
            ("userAgent", "user_agent"),
            ("srcBytes", "request_bytes"),
            ("dstBytes", "response_bytes"),
            ("duration", "duration_ms"),
            ("action", "action"),
            ("event_id", "verdict"),
            ("reason", "reason"),
            ("policy", "rule"),
            ("cat", "categories"),
        ])
        .verdicts(&[
            ("permitted", "allowed"),
            ("*permitted", "allowed"),
            ("blocked", "denied"),
            ("transaction:permitted*", "allowed"),
            ("transaction:blocked*", "denied"),
        ])
}
