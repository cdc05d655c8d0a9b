//! How Zscaler's web logs are read where NSS writes LEEF.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Zscaler NSS web log, LEEF.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "zscaler_leef",
    title: "Zscaler NSS web log, LEEF",
    doc: "`LEEF:1.0|Zscaler|NSS|..` as the NSS feed for QRadar writes it: five pipes, then key=value pairs with TABs between \
them. `devTime` names its zone.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::leef()
        .marks(&["device_vendor=Zscaler", "url or hostname", "usrName"])
        .only(&["device_vendor=Zscaler", "url|hostname"])
        .time(
            "devTime",
            &[
                "utc:%b %d %Y %H:%M:%S GMT",
                "utc:%b %d %Y %H:%M:%S UTC",
                "%b %d %Y %H:%M:%S %Z",
                "%b %d %Y %H:%M:%S",
            ],
        )
        .outer_time()
        .nulls(&["None", "NA", "N/A"])
        .null("dst", "0.0.0.0")
        .null("contenttype", "Other")
        .fields(&[
            ("src", "client_ip"),
            ("srcPostNAT", "client_ip"),
            ("srcPort", "client_port"),
            ("usrName", "user"),
            ("reqmethod", "method"),
            ("url", "url:schemeless"),
            ("hostname", "host:port"),
            ("appproto", "scheme"),
            ("dst", "server_ip"),
            ("dstPort", "port"),
            ("respcode", "status"),
            ("cat", "action"),
            ("action", "action"),
            ("policy", "reason"),
            ("rulelabel", "rule"),
            ("urlcategory", "categories"),
            ("threatname", "threat"),
            ("srcBytes", "request_bytes"),
            ("dstBytes", "response_bytes"),
            ("contenttype", "content_type"),
            ("useragent", "user_agent"),
            ("referer", "referer"),
        ])
        .verdicts(&[("Allowed*", "allowed"), ("Blocked*", "denied"), ("Cautioned", "denied")])
}
