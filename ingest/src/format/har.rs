//! How HTTP archives are read, as mitmproxy and browsers save them.

use super::dialect::DialectFormat;
use crate::lexer::shaped::dialect::Dialect;

/// HTTP Archive 1.2.
pub(super) static FORMAT: DialectFormat = DialectFormat {
    id: "har",
    title: "HTTP Archive (HAR) 1.2: mitmproxy, browsers",
    doc: "One JSON document; each of its `entries` counts as a line, what stands around them as a header. Headers are members such \
as `request.headers.User-Agent`. Request bodies go to `request_body`; they may hold passwords. Times print their offset and are \
the start of the request.",
    dialect,
};

fn dialect() -> Dialect {
    Dialect::json()
        .marks(&["startedDateTime", "request.method", "request.url"])
        .time("startedDateTime", &["iso"])
        .starts()
        .nulls(&["-1", "\"\""])
        .fields(&[
            ("time", "duration_ms:ms"),
            ("request.method", "method"),
            ("request.url", "url"),
            ("request.httpVersion", "http_version"),
            ("request.headers.User-Agent", "user_agent"),
            ("request.headers.user-agent", "user_agent"),
            ("request.headers.Referer", "referer"),
            ("request.headers.referer", "referer"),
            ("request.headers.Cookie", "cookie"),
            ("request.headers.cookie", "cookie"),
            ("request.postData.mimeType", "request_content_type"),
            ("request.postData.text", "request_body"),
            ("request.bodySize", "request_bytes"),
            ("response.status", "status"),
            ("response.content.mimeType", "content_type"),
            ("response.bodySize", "response_bytes"),
            ("serverIPAddress", "server_ip"),
        ])
}
