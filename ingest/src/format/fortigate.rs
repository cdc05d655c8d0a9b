//! How FortiGate's web filter logs are read.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::{Dialect, Ends};

/// FortiGate, web filter.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "fortigate",
    title: "Fortinet FortiGate web filter",
    doc: "`type=utm subtype=webfilter` in key=value pairs. `eventtime` counts seconds in FortiOS 6.0 and nanoseconds since; what is \
beyond microseconds is kept as `_nanos` in `extra`. Without it date and time are local, in the zone that `tz` names. `method` is how \
the category was found, not the HTTP method; `rcvdbyte` is 0 for what was blocked. Records of other types and subtypes in the same \
file are no rows.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::pairs(" ", Ends::Quotes)
        .marks(&["type=utm", "subtype=webfilter", "devid or devname"])
        .only(&["type=utm", "subtype=webfilter"])
        .time("eventtime", &["epoch_ns", "epoch", "epoch_auto"])
        .date_time("date", "time", &["%Y-%m-%d %H:%M:%S"])
        .zone("tz")
        .nulls(&["N/A", "n/a"])
        .fields(&[
            ("srcip", "client_ip"),
            ("srcport", "client_port"),
            ("srcname", "computer"),
            ("user", "user"),
            ("unauthuser", "user"),
            ("dstip", "server_ip"),
            ("dstport", "port"),
            ("hostname", "host:port"),
            ("url", "url:target"),
            ("httpmethod", "method"),
            ("referralurl", "referer"),
            ("agent", "user_agent"),
            ("contenttype", "content_type"),
            ("devname", "proxy_name"),
            ("action", "action"),
            ("msg", "reason"),
            ("profile", "rule"),
            ("catdesc", "categories"),
            ("sentbyte", "request_bytes"),
            ("rcvdbyte", "response_bytes"),
        ])
        .verdicts(VERDICTS)
}

/// What the words of FortiOS and FortiProxy mean.
pub(super) const VERDICTS: &[(&str, &str)] = &[
    ("passthrough", "allowed"),
    ("allow*", "allowed"),
    ("accept", "allowed"),
    ("pass", "allowed"),
    ("monitored", "allowed"),
    ("filtered", "allowed"),
    ("exempted", "allowed"),
    ("exempt", "allowed"),
    ("block*", "denied"),
    ("deny", "denied"),
    ("denied", "denied"),
    ("dropped", "denied"),
    ("override", "denied"),
    ("warning", "denied"),
    ("authenticate*", "auth_required"),
    ("redirect*", "redirected"),
    ("isolate*", "redirected"),
];
