//! How the web proxy logs of Microsoft ISA Server and Forefront TMG are read.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// ISA Server and TMG web proxy, W3C.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "isa_tmg",
    title: "Microsoft ISA Server / Forefront TMG web proxy (W3C)",
    doc: "TABs between values, `#Fields` lines that may change within a file, times in UTC (the native format, which is another, has local \
times). `sc-status` may be a code of Windows (12202: denied), which stays in `extra`. `s-object-source` tells what the cache did.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::elff()
        .marks(&["#Software=Microsoft(R) Internet Security*|Microsoft Internet Security*|Microsoft ISA*|Microsoft Forefront* or s-object-source or s-svcname"])
        .date_time("date", "time", &["utc:%Y-%m-%d %H:%M:%S"])
        .date_time("GMTdate", "GMTtime", &["utc:%Y-%m-%d %H:%M:%S"])
        .fields(&[
            ("c-ip", "client_ip"),
            ("cs-username", "user"),
            ("s-operation", "method"),
            ("cs-uri", "url"),
            ("r-host", "host:port"),
            ("r-port", "port"),
            ("r-ip", "server_ip"),
            ("s-computername", "proxy_name"),
            ("sc-status", "status"),
            ("action", "action"),
            ("s-object-source", "verdict"),
            ("rule", "rule"),
            ("error-info", "reason"),
            ("sc-bytes", "response_bytes"),
            ("cs-bytes", "request_bytes"),
            ("time-taken", "duration_ms"),
            ("cs-mime-type", "content_type"),
            ("c-agent", "user_agent"),
            ("cs-referred", "referer"),
            ("UrlCategory", "categories"),
            ("ThreatName", "threat"),
        ])
        .verdicts(&[
            ("Allowed", "allowed"),
            ("Denied", "denied"),
            ("Failed", "error"),
            ("Inet", "miss"),
            ("Internet", "miss"),
            ("Cache", "hit"),
            ("VCache", "hit"),
            ("NVCache", "hit"),
            ("NotModified", "refresh"),
            ("VFInet", "refresh"),
            ("Member", "miss"),
            ("Array", "miss"),
            ("Upstream", "miss"),
            ("Unknown", "none"),
        ])
}
