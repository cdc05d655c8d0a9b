//! How the access logs of Blue Coat's ProxySG are read, whatever fields they were set to.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Blue Coat, Symantec or Broadcom ProxySG with a `#Fields` line.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "proxysg",
    title: "Blue Coat / Symantec / Broadcom ProxySG, Edge SWG and Cloud SWG (W3C log with `#Fields`)",
    doc: "The format `main` and every custom one, as the header line lists it; also Cloud SWG (`#Software: EAR`). `date` and `time` are \
UTC, unless the `#Date` line names another zone. `time-taken` is in milliseconds. `s-action`, `sc-filter-result` and \
`x-exception-id` together give the verdict; an isolated request (`ISOLATION_INITIATED`) counts as redirected. What the `#Remark` line says (serial number, \
name and address of the proxy) is the member `remark` of `extra`.",
    dialect,
};

fn dialect() -> Dialect {
    words(Dialect::elff())
        .marks(&["#Software=SGOS*|EAR* or x-bluecoat-* or s-action or sc-filter-result or x-exception-id"])
        .date_time("date", "time", &["utc:%Y-%m-%d %H:%M:%S"])
        .time("gmttime", &["utc:[%d/%m/%Y:%H:%M:%S GMT]", "utc:[%d/%b/%Y:%H:%M:%S GMT]"])
        .time("x-timestamp-unix-utc", &["epoch"])
        .time("timestamp", &["epoch", "epoch.3"])
        .time("localtime", &["[%d/%b/%Y:%H:%M:%S %z]"])
        .time("x-timestamp-unix", &["epoch"])
}

/// What the fields of a ProxySG mean, and its words for what it decided.
pub(super) fn words(dialect: Dialect) -> Dialect {
    dialect
        .fields(&[
            ("c-ip", "client_ip"),
            ("x-client-address", "client_ip"),
            ("c-port", "client_port"),
            ("x-client-name", "computer"),
            ("x-client-agent-device-name", "computer"),
            ("c-dns", "computer"),
            ("cs-username", "user"),
            ("cs-user", "user"),
            ("cs-userdn", "user"),
            ("x-cs-auth-user", "user"),
            ("x-client-agent-user", "user"),
            ("cs-method", "method"),
            ("cs-version", "http_version"),
            ("c-url", "url"),
            ("cs-uri", "url"),
            ("cs-uri-scheme", "scheme"),
            ("cs-host", "host:port"),
            ("cs-uri-host", "host"),
            ("r-dns", "host"),
            ("cs-uri-port", "port"),
            ("r-port", "port"),
            ("cs-uri-path", "path"),
            ("cs-uri-stem", "path"),
            ("cs-uri-query", "query"),
            ("cs-uri-extension", "extension"),
            ("r-ip", "server_ip"),
            ("s-supplier-ip", "server_ip"),
            ("s-supplier-name", "peer"),
            ("s-hierarchy", "hierarchy"),
            ("s-computername", "proxy_name"),
            ("s-sitename", "proxy_name"),
            ("x-bluecoat-appliance-name", "proxy_name"),
            ("s-dns", "proxy_name"),
            ("sc-status", "status"),
            ("s-action", "action"),
            ("sc-filter-result", "verdict"),
            ("x-exception-id", "reason:verdict"),
            ("sc-bytes", "response_bytes"),
            ("cs-bytes", "request_bytes"),
            ("time-taken", "duration_ms"),
            ("rs(Content-Type)", "content_type"),
            ("cs(Content-Type)", "request_content_type"),
            ("cs(User-Agent)", "user_agent"),
            ("cs(Referer)", "referer"),
            ("cs(Cookie)", "cookie"),
            ("cs-categories", "categories"),
            ("sc-filter-category", "categories"),
            ("cs-category", "categories"),
            ("x-bluecoat-access-security-policy-reason", "rule"),
            ("x-policy-rule-name", "rule"),
            ("x-virus-id", "threat"),
            ("x-cs-connection-negotiated-ssl-version", "tls_version"),
            ("x-cs-client-hello-server-name", "sni"),
        ])
        .null("x-virus-id", "none")
        .verdicts(VERDICTS)
}

/// Words of `s-action`, `sc-filter-result` and `x-exception-id`.
const VERDICTS: &[(&str, &str)] = &[
    ("OBSERVED", "allowed"),
    ("PROXIED", "allowed"),
    ("ALLOWED", "allowed"),
    ("DENIED", "denied"),
    ("TCP_DENIED", "denied+none"),
    ("TCP_AUTH_HIT", "allowed+hit"),
    ("TCP_AUTH_MISS", "allowed+miss"),
    ("TCP_AUTH_*", "auth_required+none"),
    ("TCP_ERR_MISS", "error+miss"),
    ("TCP_HIT", "allowed+hit"),
    ("TCP_MEM_HIT", "allowed+hit"),
    ("TCP_RESCAN_HIT", "allowed+hit"),
    ("TCP_LOOP", "error+none"),
    ("TCP_SPLASHED", "redirected+none"),
    ("TCP_POLICY_REDIRECT", "redirected+none"),
    ("TCP_TUNNELED", "allowed+tunnel"),
    ("TUNNELED", "allowed+tunnel"),
    ("TCP_ACCELERATED", "allowed+tunnel"),
    ("TCP_SSL_*", "allowed+tunnel"),
    ("TCP_BYPASSED", "allowed+tunnel"),
    ("TCP_NC_MISS*", "allowed+miss"),
    ("TCP_PARTIAL_*", "allowed+miss"),
    ("TCP_CLIENT_REFRESH", "allowed+miss"),
    ("TCP_MISS*", "allowed+miss"),
    ("TCP_SWAPFAIL", "allowed+miss"),
    ("TCP_WEBSOCKET", "allowed+tunnel"),
    ("TCP_REFRESH_*", "allowed+refresh"),
    ("UDP_*", "allowed"),
    ("FAILED", "error"),
    ("SUCCESS", "allowed"),
    ("ISOLATION_INITIATED", "redirected+none"),
    ("authentication_*", "auth_required"),
    ("policy_denied", "denied"),
    ("policy_redirect", "redirected"),
    ("content_filter_denied", "denied"),
    ("content_filter_unavailable", "denied"),
    ("silent_denied", "denied"),
    ("user-defined.*", "denied"),
    ("virus_detected", "denied"),
    ("method_denied", "denied"),
    ("forbidden", "denied"),
    ("redirected_*", "redirected"),
    ("notify*", "redirected"),
    ("dns_*", "error"),
    ("tcp_error", "error"),
    ("ssl_*", "error"),
    ("icap_*", "error"),
    ("invalid_*", "error"),
    ("bad_*", "error"),
    ("internal_error", "error"),
    ("server_*", "error"),
    ("client_failure*", "error"),
    ("gateway_error", "error"),
    ("unsupported_*", "error"),
    ("configuration_error", "error"),
    ("connect_method_denied", "denied"),
];
