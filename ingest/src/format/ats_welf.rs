//! How WebTrends' log format is read, as Apache Traffic Server writes it.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::{Dialect, Ends};

/// Apache Traffic Server WELF (WebTrends Enhanced Log Format).
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "ats_welf",
    title: "Apache Traffic Server WELF (WebTrends Enhanced Log Format)",
    doc: "key=value pairs as the custom format `welf` of Traffic Server and firewalls write them: `id=firewall \
time=\"2026-11-20 10:00:01\" fw=proxy pri=6 proto=http ..`. Times are local and have no zone, and are the start of the \
request; `duration` is in seconds.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::pairs(" ", Ends::Quotes)
        .marks(&["id=firewall", "time", "op", "arg"])
        .time("time", &["%Y-%m-%d %H:%M:%S"])
        .starts()
        .nulls(&["-"])
        .fields(&[
            ("src", "client_ip"),
            ("user", "user"),
            ("op", "method"),
            ("dstname", "host:port"),
            ("arg", "url:target"),
            ("proto", "scheme"),
            ("dst", "server_ip"),
            ("result", "status"),
            ("sent", "response_bytes"),
            ("rcvd", "request_bytes"),
            ("duration", "duration_ms:s"),
            ("ref", "referer"),
            ("agent", "user_agent"),
            ("fw", "proxy_name"),
            ("cache", "action:squid"),
        ])
}
