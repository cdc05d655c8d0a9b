//! How Zeek's http.log is read where it is written as TSV.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Zeek http.log, TSV.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "zeek_tsv",
    title: "Zeek http.log, TSV",
    doc: "Columns as the `#fields` line lists them; `-` is unset, `(empty)` an empty set. Times are the start of the request, UTC. Bytes are \
those of the bodies. With an explicit proxy `id.resp_h` is the proxy, so it stays in `extra`, and so do all lists (`tags`, \
`resp_mime_types`).",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::tabs()
        .marks(&["uid", "id.orig_h", "#path=http"])
        .time("ts", &["epoch.6", "utc:%Y-%m-%dT%H:%M:%S%.6fZ"])
        .starts()
        .nulls(&["-", "(empty)"])
        .fields(&[
            ("id.orig_h", "client_ip"),
            ("id.orig_p", "client_port"),
            ("username", "user"),
            ("method", "method"),
            ("host", "host:port"),
            ("uri", "url:target"),
            ("version", "http_version"),
            ("status_code", "status"),
            ("user_agent", "user_agent:hex"),
            ("referrer", "referer:hex"),
            ("request_body_len", "request_bytes"),
            ("response_body_len", "response_bytes"),
        ])
}
