//! How Zeek's http.log is read where it is written as JSON.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// Zeek http.log, JSON.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "zeek_json",
    title: "Zeek http.log, JSON",
    doc: "One JSON object a line; fields that were not set are left out. Times are the start of the request, UTC, as an epoch or in \
ISO form. With an explicit proxy `id.resp_h` is the proxy, so it stays in `extra`. Also with `_path` or `@stream`, with flat names \
(`id_orig_h`), and as `{\"http\":{..}}`. Records of Zeek's other logs in the same file are no rows.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::json()
        .within(&["http"])
        .marks(&["uid", "id.orig_h or id_orig_h", "trans_depth or method or uri"])
        .only(&[
            "_path=http",
            "@stream=http",
            "request_body_len|response_body_len|status_code|uri|host",
            "!call_id",
            "!qtype",
            "!proto",
        ])
        .time("ts", &["epoch.f", "utc:%Y-%m-%dT%H:%M:%S%.6fZ", "iso"])
        .starts()
        .fields(&[
            ("id.orig_h", "client_ip"),
            ("id_orig_h", "client_ip"),
            ("id.orig_p", "client_port"),
            ("id_orig_p", "client_port"),
            ("username", "user"),
            ("method", "method"),
            ("host", "host:port"),
            ("uri", "url:target"),
            ("version", "http_version"),
            ("status_code", "status"),
            ("user_agent", "user_agent"),
            ("referrer", "referer"),
            ("request_body_len", "request_bytes"),
            ("response_body_len", "response_bytes"),
            ("cookie", "cookie"),
            // Fields that the first lines of a file may lack.
            ("origin", "-"),
            ("status_msg", "-"),
            ("info_code", "-"),
            ("info_msg", "-"),
            ("password", "-"),
            ("proxied", "-"),
            ("orig_fuids", "-"),
            ("orig_filenames", "-"),
            ("orig_mime_types", "-"),
            ("resp_fuids", "-"),
            ("resp_filenames", "-"),
            ("resp_mime_types", "-"),
        ])
}
