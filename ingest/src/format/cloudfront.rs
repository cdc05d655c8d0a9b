//! How the access logs of Amazon CloudFront are read.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// CloudFront standard (access) logs.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "cloudfront",
    title: "Amazon CloudFront standard logs",
    doc: "TABs between values, `#Fields` at the beginning, times in UTC. A reverse proxy: `x-host-header` is the name that was asked for, \
`cs(Host)` that of the distribution. Agents, referers and cookies are %-encoded, twice in older logs; they are decoded. \
`time-taken` is in seconds.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::elff()
        .marks(&["x-edge-result-type", "x-edge-location"])
        .date_time("date", "time", &["utc:%Y-%m-%d %H:%M:%S"])
        .fields(&[
            ("c-ip", "client_ip"),
            ("c-port", "client_port"),
            ("cs-method", "method"),
            ("cs-protocol-version", "http_version"),
            ("cs-protocol", "scheme"),
            ("x-host-header", "host:port"),
            ("cs(Host)", "host:port"),
            ("cs-uri-stem", "path"),
            ("cs-uri-query", "query"),
            ("x-edge-location", "proxy_name"),
            ("sc-status", "status"),
            ("x-edge-result-type", "action"),
            ("x-edge-detailed-result-type", "reason"),
            ("sc-bytes", "response_bytes"),
            ("cs-bytes", "request_bytes"),
            ("time-taken", "duration_ms:s"),
            ("sc-content-type", "content_type"),
            ("cs(User-Agent)", "user_agent:percent"),
            ("cs(Referer)", "referer:percent"),
            ("cs(Cookie)", "cookie:percent"),
            ("ssl-protocol", "tls_version"),
        ])
        .verdicts(&[
            ("Hit", "allowed+hit"),
            ("OriginShieldHit", "allowed+hit"),
            ("RefreshHit", "allowed+refresh"),
            ("Miss", "allowed+miss"),
            ("LimitExceeded", "denied+none"),
            ("CapacityExceeded", "error+none"),
            ("Error", "error"),
            ("Redirect", "redirected+none"),
            ("FunctionGeneratedResponse", "allowed+none"),
            ("FunctionExecutionError", "error+none"),
            ("FunctionThrottledError", "error+none"),
            ("LambdaExecutionError", "error+none"),
        ])
}
