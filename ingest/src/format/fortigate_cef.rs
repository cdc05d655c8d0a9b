//! How FortiGate's web filter logs are read where they are written as CEF.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Fortinet FortiGate web filter, CEF.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "fortigate_cef",
    title: "Fortinet FortiGate web filter, CEF",
    doc: "`CEF:0|Fortinet|Fortigate|..|utm:webfilter ..`: the fields of the web filter log under the names of CEF, others with \
`FTNTFGT` or `ad.` before them. `FTNTFGTeventtime` counts seconds or nanoseconds. Records of other types in the same file are \
no rows.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::cef()
        .marks(&["device_vendor=Fortinet", "cat=utm:webfilter", "act"])
        .only(&["device_vendor=Fortinet", "cat=utm:webfilter"])
        .time("FTNTFGTeventtime", &["epoch_ns", "epoch", "epoch_auto"])
        .time("rt", &["epoch_ms", "epoch"])
        .time("start", &["%b %d %Y %H:%M:%S", "epoch_ms"])
        .outer_time()
        .zone("FTNTFGTtz")
        .nulls(&["N/A", "n/a"])
        .fields(&[
            ("src", "client_ip"),
            ("spt", "client_port"),
            ("shost", "computer"),
            ("duser", "user"),
            ("suser", "user"),
            ("dst", "server_ip"),
            ("dpt", "port"),
            ("dhost", "host:port"),
            ("request", "url:target"),
            ("requestMethod", "method"),
            ("FTNTFGThttpmethod", "method"),
            ("FTNTFGTreferralurl", "referer"),
            ("FTNTFGTagent", "user_agent"),
            ("requestClientApplication", "user_agent"),
            ("act", "action"),
            ("msg", "reason"),
            ("FTNTFGTprofile", "rule"),
            ("requestContext", "categories"),
            ("out", "request_bytes"),
            ("in", "response_bytes"),
            ("dvchost", "proxy_name"),
        ])
        .verdicts(super::fortigate::VERDICTS)
}
