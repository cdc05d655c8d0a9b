//! How the logs of Microsoft's FTP server in IIS are read.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// IIS FTP in its W3C format.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "iis_ftp",
    title: "Microsoft IIS FTP, W3C format",
    doc: "Commands of FTP sessions: the method is the command (`[3]USER`: that of session 3), the path its argument, the status FTP's reply. \
Times are UTC; where there is only `time`, the date is that of the last `#Date` line.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::elff()
        .marks(&[
            "#Software=Microsoft Internet Information*",
            "cs-method=[* or x-session or x-fullpath",
        ])
        .date_time("date", "time", super::w3c::UTC)
        .time("time", &["utc:%H:%M:%S"])
        .fields(&[
            ("c-ip", "client_ip"),
            ("c-port", "client_port"),
            ("cs-username", "user"),
            ("cs-method", "method"),
            ("cs-host", "host:port"),
            ("s-ip", "server_ip"),
            ("s-port", "port"),
            ("cs-uri-stem", "path:only"),
            ("s-computername", "proxy_name"),
            ("sc-status", "status"),
            ("sc-bytes", "response_bytes"),
            ("cs-bytes", "request_bytes"),
            ("time-taken", "duration_ms"),
        ])
}
