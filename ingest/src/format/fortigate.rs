//! How FortiGate's web filter logs are read.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::{Dialect, Ends};

/// FortiGate, web filter.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "fortigate",
    title: "Fortinet FortiGate web filter",
    doc: "`type=utm subtype=webfilter` in key=value pairs. `eventtime` counts seconds in FortiOS 6.0 and nanoseconds since; \
without it date and time are local. `method` is how the category was found, not the HTTP method.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::pairs(" ", Ends::Quotes)
        .marks(&["type=utm", "subtype=webfilter", "devid"])
        .date_time("date", "time", &["%Y-%m-%d %H:%M:%S"])
        .zone("tz")
        .nulls(&["N/A", "n/a"])
        .fields(&[
            ("srcip", "client_ip"),
            ("srcport", "client_port"),
            ("srcname", "computer"),
            ("user", "user"),
            ("dstip", "server_ip"),
            ("dstport", "port"),
            ("hostname", "host:port"),
            ("url", "url:target"),
            ("httpmethod", "method"),
            ("referralurl", "referer"),
            ("agent", "user_agent"),
            ("devname", "proxy_name"),
            ("action", "action"),
            ("msg", "reason"),
            ("profile", "rule"),
            ("catdesc", "categories"),
            ("sentbyte", "request_bytes"),
            ("rcvdbyte", "response_bytes"),
        ])
        .verdicts(&[("passthrough", "allowed"), ("blocked", "denied")])
}
