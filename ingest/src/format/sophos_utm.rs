//! How the web filter of Sophos UTM is read.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::{Dialect, Ends};

/// Sophos UTM, httpproxy.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "sophos_utm",
    title: "Sophos UTM (Astaro) web filter: httpproxy",
    doc: "Time, host, `httpproxy[pid]:`, then key=\"value\" pairs. Times are local and have no zone. `fullreqtime` counts microseconds; \
`method` is empty or the HTTP method. `srcip` is the client, `dstip` the server.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::pairs(" ", Ends::Quotes)
        .head("logtime loghost program")
        .marks(&["sub=http", "fullreqtime", "srcip", "statuscode"])
        .only(&["sub=http", "statuscode"])
        .time("logtime", &["%Y:%m:%d-%H:%M:%S", "%b %e %H:%M:%S", "iso"])
        .nulls(&[""])
        .null("exceptions", "-")
        .fields(&[
            ("srcip", "client_ip"),
            ("user", "user"),
            ("method", "method"),
            ("url", "url"),
            ("dstip", "server_ip"),
            ("statuscode", "status"),
            ("action", "action"),
            ("name", "verdict"),
            ("reason", "reason"),
            ("filteraction", "rule"),
            ("profile", "rule"),
            ("categoryname", "categories"),
            ("virus", "threat"),
            ("content-type", "content_type"),
            ("size", "response_bytes"),
            ("ua", "user_agent"),
            ("referer", "referer"),
            ("fullreqtime", "duration_ms:us"),
            ("loghost", "proxy_name"),
        ])
        .verdicts(&[
            ("pass", "allowed"),
            ("http access", "allowed"),
            ("web request blocked*", "denied"),
            ("web request warned*", "denied"),
            ("block*", "denied"),
            ("drop", "denied"),
            ("warn", "denied"),
        ])
}
