//! `sigma_proxy`: the rows under the field names of Sigma's proxy rules.

use super::{ViewColumn, ViewDoc, full_url, same, told};

pub(super) static VIEW: ViewDoc = ViewDoc {
    name: "sigma_proxy",
    summary: "The fields of Sigma rules with `category: proxy`, and those of `category: webserver`. The prefixes are those of W3C: c the client, s the \
        server, cs from client to server, sc from server to client; Sigma's own text has `cs-bytes` and `sc-bytes` the wrong way round. \
        `c-uri` is the full URL; rules that compare it with a bare path for equality mean `c-uri-path-query`, so \
        test both. An agent that was not logged is NULL, one that was logged empty is `''`; a rule on `''` that should also find the absent one tests \
        `coalesce(\"c-useragent\", '')`. Sigma has no name for the time: it is `ts`.",
    source: "query/src/views/sigma_proxy.rs",
    columns: COLUMNS,
};

static COLUMNS: &[ViewColumn] = &[
    told("ts", "ts", "UTC"),
    told("c-uri", full_url!(), "the full URL where scheme and host are known, else as logged"),
    told("cs-uri", full_url!(), "the same, as older rules call it"),
    told(
        "c-uri-path-query",
        "CASE WHEN query IS NULL THEN path ELSE concat(path, '?', query) END",
        "path and query, for rules that compare these for equality",
    ),
    same("c-uri-stem", "path"),
    same("cs-uri-stem", "path"),
    same("c-uri-query", "query"),
    same("cs-uri-query", "query"),
    same("c-uri-extension", "extension"),
    same("cs-uri-scheme", "scheme"),
    same("cs-host", "host"),
    told("r-dns", "host", "the target's name"),
    same("cs-method", "method"),
    same("cs-version", "http_version"),
    same("c-useragent", "user_agent"),
    same("cs-user-agent", "user_agent"),
    same("cs-referrer", "referer"),
    same("cs-referer", "referer"),
    same("cs-cookie", "cookie"),
    told("cs-bytes", "request_bytes", "from the client"),
    told("sc-bytes", "response_bytes", "to the client"),
    same("sc-status", "status"),
    told("s-action", "action", "the proxy's own code"),
    told(
        "sc-filter-result",
        "coalesce(extra_get(extra, 'sc-filter-result'), CASE verdict WHEN 'denied' THEN 'DENIED' WHEN 'allowed' THEN 'OBSERVED' END)",
        "as logged, else from the verdict",
    ),
    same("src_ip", "client_ip"),
    same("c-ip", "client_ip"),
    same("src_port", "client_port"),
    told("dst_ip", "server_ip", "the origin only, never a parent proxy"),
    told("r-ip", "server_ip", "the same"),
    same("dst_port", "port"),
    same("cs-username", "\"user\""),
    same("c-dns", "computer"),
    same("rs-content-type", "content_type"),
    same("cs-categories", "categories"),
    told("time-taken", "duration_ms", "milliseconds"),
];
