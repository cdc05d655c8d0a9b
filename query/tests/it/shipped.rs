//! A store of three days in which rows came in more than once: rotated copies, double shipping, replays.

use storage::extent::Counts;

use crate::store::{Row, TestStore, row};

fn of(source: i32, line_no: i64, ts: &str, client: &str, host: &str, path: &str) -> Row {
    row(ts, line_no)
        .set("source_id", &source.to_string())
        .set("client_ip", client)
        .set("method", "GET")
        .set("scheme", "http")
        .set("host", host)
        .set("port", "80")
        .set("path", path)
        .set("status", "200")
        .set("action", "TCP_MISS")
        .set("cache", "miss")
        .set("response_bytes", "1000")
}

fn zscaler(source: i32, line_no: i64, ts: &str, path: &str, extra: &str) -> Row {
    of(source, line_no, ts, "10.0.0.9", "saas.example", path).set("extra", extra)
}

/// One row with a value in every column, on the 20th.
fn full() -> Row {
    of(1, 1, "2026-11-20T08:00:00.123456Z", "10.0.0.1", "www.shop.example", "/cart/pay.php")
        .set("client_port", "50123")
        .set("computer", "pc-07")
        .set("user", "ann")
        .set("method", "POST")
        .set("http_version", "1.1")
        .set("url", "https://bob:pw@www.shop.example:8443/cart/pay.php?id=7#top")
        .set("scheme", "https")
        .set("domain", "shop.example")
        .set("port", "8443")
        .set("query", "id=7")
        .set("extension", "php")
        .set("server_ip", "192.0.2.7")
        .set("peer", "192.0.2.7")
        .set("hierarchy", "HIER_DIRECT")
        .set("proxy_name", "edge-1")
        .set("status", "407")
        .set("action", "TCP_DENIED")
        .set("verdict", "auth_required")
        .set("cache", "none")
        .set("reason", "ERR_CACHE_ACCESS_DENIED")
        .set("rule", "staff")
        .set("categories", "Shopping;Finance")
        .set("threat", "EICAR")
        .set("duration_ms", "25")
        .set("response_bytes", "5000")
        .set("request_bytes", "700")
        .set("content_type", "text/html")
        .set("request_content_type", "application/json")
        .set("user_agent", "curl/8.5")
        .set("referer", "https://Start.example:8080/x?y=z")
        .set("cookie", "a=b")
        .set("sni", "www.shop.example")
        .set("tls_version", "TLSv1.3")
        .set("request_body", "{}")
        .set("extra", r#"{"cs(X-Forwarded-For)":"198.51.100.4","sc-filter-result":"PROXIED"}"#)
        .set("raw", "the line")
}

fn squid() -> Vec<Row> {
    vec![
        full(),
        // Two that are alike in one source, and may both be genuine.
        of(1, 2, "2026-11-20T09:00:00Z", "10.0.0.2", "news.example", "/a.png"),
        of(1, 3, "2026-11-20T09:00:00Z", "10.0.0.2", "news.example", "/a.png"),
        of(1, 4, "2026-11-20T09:00:01Z", "10.0.0.2", "news.example", "/b.png")
            .set("url", "/b.png")
            .set("action", "TCP_REFRESH_MODIFIED")
            .set("cache", "refresh"),
        of(1, 5, "2026-11-20T09:00:02Z", "2001:db8::5", "2001:db8::80", "/v6")
            .set("url", "/v6")
            .set("port", "8080")
            .set("verdict", "denied")
            .set("action", "TCP_DENIED")
            .set("status", "403"),
    ]
}

/// Source 1 is a log; 2 its rotated copy, cut at both ends, with a row of its own; 3 a replaying feed with record ids; 4 the
/// same feed without; 5 a log of another day.
pub(crate) fn shipped() -> TestStore {
    let copy = squid().into_iter().skip(1).take(3).zip(1..);
    let mut copied: Vec<_> =
        copy.map(|(row, at)| row.set("source_id", "2").set("line_no", &at.to_string())).collect();
    copied.push(of(2, 4, "2026-11-20T09:30:00Z", "10.0.0.2", "news.example", "/late"));
    let mut store = TestStore::default();
    let counts = |rows| Counts { lines: rows, rows, ..Counts::default() };
    store
        .segment(&squid())
        .segment(&copied)
        .segment(&[
            zscaler(3, 1, "2026-11-21T10:00:00Z", "/one", r#"{"recordid":71}"#),
            zscaler(3, 2, "2026-11-21T10:00:00Z", "/one", r#"{"recordid":72}"#),
            // The replay: later in the source, from another node.
            zscaler(3, 3, "2026-11-21T10:00:00Z", "/one", r#"{"recordid":71,"node":"b"}"#),
        ])
        .segment(&[
            zscaler(4, 1, "2026-11-21T10:00:05Z", "/two", r#"{"node":"a"}"#),
            zscaler(4, 2, "2026-11-21T10:00:06Z", "/three", r#"{"node":"a"}"#),
            zscaler(4, 3, "2026-11-21T10:00:05Z", "/two", r#"{"node":"a"}"#),
            zscaler(4, 4, "2026-11-21T10:00:00Z", "/one", r#"{"recordid":"72","node":"b"}"#),
        ])
        .segment(&[of(5, 1, "2026-11-22T23:59:59.999999Z", "10.0.0.1", "cdn.example", "/")
            .set("cache", "hit")
            .set("action", "TCP_MEM_HIT")])
        .source(1, "/var/log/squid/access.log", counts(5))
        .source(2, "/var/log/squid/access.log.1", counts(4))
        .source(3, "nss-a.log", counts(3))
        .source(4, "nss-b.log", counts(4))
        .source(5, "old.log", counts(1))
        .format(3, "zscaler_csv")
        .format(4, "zscaler_csv");
    store
}
