//! How ModSecurity's serial audit log is read.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// ModSecurity, serial audit log.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "modsecurity",
    title: "ModSecurity audit log, serial",
    doc: "Records of sections between `--id-A--` and `--id-Z--`; a record counts as one line. Request bodies (section C) go to \
`request_body`; they may hold passwords. Bodies of replies and rules stay in `raw`. Times print their offset and are the start of \
the transaction.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::sections()
        .marks(&["unique_id", "request.line"])
        .time("time", &["%d/%b/%Y:%H:%M:%S %z", "%d/%b/%Y:%H:%M:%S%.6f %z"])
        .starts()
        .nulls(&["-"])
        .fields(&[
            ("client_ip", "client_ip"),
            ("client_port", "client_port"),
            ("request.line", "request:target"),
            ("request.headers.Host", "host:port"),
            ("request.headers.User-Agent", "user_agent"),
            ("request.headers.Referer", "referer"),
            ("request.headers.Cookie", "cookie"),
            ("request.headers.Content-Type", "request_content_type"),
            ("request.body", "request_body"),
            ("response.status", "status"),
            ("response.headers.Content-Type", "content_type"),
            ("response.headers.Content-Length", "response_bytes"),
            ("audit.Message", "reason"),
            ("audit.Action", "action"),
        ])
        .verdicts(&[("Intercepted*", "denied")])
}
