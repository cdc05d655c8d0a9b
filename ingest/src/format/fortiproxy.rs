//! How FortiProxy's HTTP transactions are read.

use super::dialect::DialectFormat;
use super::fortigate::VERDICTS;
use crate::lexer::shaped::dialect::{Dialect, Ends};

/// FortiProxy, HTTP transactions.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "fortiproxy",
    title: "Fortinet FortiProxy HTTP transactions",
    doc: "`type=traffic subtype=http-transaction` in key=value pairs: one record for each request, with its whole URL, status, sizes \
and agent. `duration` is in seconds. `eventtime` counts nanoseconds; what is beyond microseconds is kept as `_nanos` in `extra`.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::pairs(" ", Ends::Quotes)
        .marks(&["type=traffic", "subtype=http-transaction"])
        .only(&["type=traffic", "subtype=http-transaction"])
        .time("eventtime", &["epoch_ns", "epoch", "epoch_auto"])
        .date_time("date", "time", &["%Y-%m-%d %H:%M:%S"])
        .zone("tz")
        .nulls(&["N/A", "n/a"])
        .fields(&[
            ("clientip", "client_ip"),
            ("srcip", "client_ip"),
            ("srcport", "client_port"),
            ("srcname", "computer"),
            ("user", "user"),
            ("unauthuser", "user"),
            ("url", "url"),
            ("scheme", "scheme"),
            ("hostname", "host:port"),
            ("dstip", "server_ip"),
            ("dstport", "port"),
            ("httpmethod", "method"),
            ("statuscode", "status"),
            ("referralurl", "referer"),
            ("agent", "user_agent"),
            ("contenttype", "content_type"),
            ("httpversion", "http_version"),
            ("devname", "proxy_name"),
            ("utmaction", "action"),
            ("action", "verdict"),
            ("msg", "reason"),
            ("policyname", "rule"),
            ("catdesc", "categories"),
            ("reqlength", "request_bytes"),
            ("sentbyte", "request_bytes"),
            ("resplength", "response_bytes"),
            ("rcvdbyte", "response_bytes"),
            ("duration", "duration_ms:s"),
        ])
        .verdicts(VERDICTS)
}
