//! How Netskope's transaction events are read as a W3C log.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Netskope transaction events, W3C.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "netskope",
    title: "Netskope transaction events (W3C)",
    doc: "As a W3C log with `#Fields`, whatever its version. `date` and `time` are UTC. `c-ip` is the address that the service saw, \
`x-cs-userip` the client's own where its network tells it.",
    dialect,
};

fn dialect() -> Dialect {
    words(Dialect::elff())
        .date_time("date", "time", super::w3c::UTC)
        .time("x-cs-timestamp", &["epoch"])
}

/// The fields of all versions.
pub(super) fn words(dialect: Dialect) -> Dialect {
    dialect
        .marks(&["x-cs-session-id or x-cs-access-method or x-transaction-id", "cs-method"])
        .nulls(&["-", "", "NotAvailable", "N/A", "NoSSL", "NotChecked"])
        .fields(&[
            ("x-cs-userip", "client_ip"),
            ("x-cs-src-ip", "client_ip"),
            ("c-ip", "client_ip"),
            ("x-cs-src-port", "client_port"),
            ("x-c-device-name", "computer"),
            ("cs-username", "user"),
            ("cs-method", "method"),
            ("x-cs-http-version", "http_version"),
            ("cs-uri-scheme", "scheme"),
            ("cs-host", "host:port"),
            ("cs-dns", "host:port"),
            ("cs-uri-port", "port"),
            ("x-cs-dst-port", "port"),
            ("cs-uri", "path"),
            ("x-cs-uri-path", "path"),
            ("cs-uri-query", "query"),
            ("s-ip", "server_ip"),
            ("x-cs-dst-ip", "server_ip"),
            ("sc-status", "status"),
            ("x-policy-action", "action"),
            ("x-policy-name", "rule"),
            ("x-error", "reason"),
            ("sc-bytes", "response_bytes"),
            ("cs-bytes", "request_bytes"),
            ("time-taken", "duration_ms"),
            ("sc-content-type", "content_type"),
            ("cs-content-type", "request_content_type"),
            ("cs-user-agent", "user_agent"),
            ("cs-referer", "referer"),
            ("x-category", "categories"),
            ("x-cs-sni", "sni"),
            ("x-cs-ssl-version", "tls_version"),
        ])
        .verdicts(&[
            ("allow", "allowed"),
            ("alert", "allowed"),
            ("bypass", "allowed"),
            ("useralert", "allowed"),
            ("none", "allowed"),
            ("block*", "denied"),
            ("quarantine", "denied"),
            ("isolate", "redirected"),
            ("redirect", "redirected"),
        ])
}
