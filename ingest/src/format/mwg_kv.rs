//! How McAfee (Skyhigh, Trellix) Web Gateway is read where its syslog handler writes key=value pairs.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::{Dialect, Ends};

/// Web Gateway, key=value.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "mwg_kv",
    title: "McAfee / Skyhigh / Trellix Web Gateway, key=value",
    doc: "`mwg: status=\"403/80\" srcip=\"..\" .. bytes=\"458/509/2813889/3001\"`: the status comes with the number of the block reason (0: \
not blocked), bytes are those from the client, to the server, from the server and to the client. The record has no time of its own: that of the syslog header \
before it counts.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::pairs(" ", Ends::Quotes)
        .marks(&["status", "srcip", "urlp", "mtd", "rule"])
        .outer_time()
        .nulls(&["-"])
        .fields(&[
            ("srcip", "client_ip"),
            ("user", "user"),
            ("url", "url"),
            ("dhost", "host"),
            ("urlp", "port"),
            ("destip", "server_ip"),
            ("dstip", "server_ip"),
            ("dst_ip", "server_ip"),
            ("srcp", "client_port"),
            ("mtd", "method"),
            ("status", "status:block"),
            ("urlc", "categories"),
            ("mt", "content_type"),
            ("mlwr", "threat"),
            ("bytes", "bytes:four"),
            ("ua", "user_agent"),
            ("http_referrer", "referer"),
            ("rule", "rule"),
        ])
        .verdicts(&[("0", "allowed"), ("*", "denied")])
}
