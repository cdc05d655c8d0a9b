//! `ecs`: the rows under the names of the Elastic Common Schema.

use super::{ViewColumn, ViewDoc, full_url, same, told};

pub(super) static VIEW: ViewDoc = ViewDoc {
    name: "ecs",
    summary: "The Elastic Common Schema (9.x) for web events. The direction of bytes is that of the client: `source.bytes` and \
        `http.request.bytes` came from the client, `destination.bytes` and `http.response.bytes` went to it. \
        `event.category` and `event.type` are lists in Elasticsearch; here they are their one word.",
    source: "query/src/views/ecs.rs",
    columns: COLUMNS,
};

static COLUMNS: &[ViewColumn] = &[
    told("@timestamp", "ts", "UTC"),
    same("event.kind", "'event'"),
    same("event.category", "'web'"),
    told(
        "event.type",
        "CASE verdict WHEN 'denied' THEN 'denied' WHEN 'error' THEN 'error' ELSE 'access' END",
        "access, denied or error",
    ),
    told(
        "event.outcome",
        "CASE WHEN verdict IN ('allowed', 'redirected') THEN 'success' WHEN verdict = 'unknown' THEN 'unknown' ELSE 'failure' END",
        "success, failure (denied, auth_required, error) or unknown",
    ),
    told("event.action", "action", "the proxy's own code"),
    same("event.reason", "reason"),
    told("event.duration", "duration_ms * 1000000", "nanoseconds"),
    told(
        "event.original",
        "raw",
        "bytes; NULL where the columns give the line back: `dwell raw` has every line",
    ),
    same("source.ip", "client_ip"),
    same("source.port", "client_port"),
    told("source.domain", "computer", "the client's device name"),
    told("source.bytes", "request_bytes", "from the client"),
    same("source.user.name", "\"user\""),
    same("user.name", "\"user\""),
    told("destination.ip", "server_ip", "the origin only, never a parent proxy"),
    same("destination.domain", "host"),
    same("destination.port", "port"),
    told("destination.bytes", "response_bytes", "to the client"),
    told("url.original", "url", "as logged"),
    told("url.full", full_url!(), "with scheme and host also where only the path was logged"),
    told("url.scheme", "scheme", "tunnel for CONNECT"),
    same("url.domain", "host"),
    same("url.registered_domain", "domain"),
    told(
        "url.top_level_domain",
        "CASE WHEN domain LIKE '%.%' THEN substr(domain, strpos(domain, '.') + 1) END",
        "the public suffix",
    ),
    told(
        "url.subdomain",
        "CASE WHEN length(host) > length(domain) THEN substr(host, 1, length(host) - length(domain) - 1) END",
        "what stands before the registered domain",
    ),
    same("url.port", "port"),
    same("url.path", "path"),
    same("url.query", "query"),
    same("url.extension", "extension"),
    told(
        "url.fragment",
        "CASE WHEN strpos(url, '#') > 0 THEN substr(url, strpos(url, '#') + 1) END",
        "seldom logged",
    ),
    told(
        "url.username",
        "CASE WHEN url LIKE '%://%@%' THEN (regexp_match(url, '^[^/?#]*://([^/?#@:]+)(:[^/?#]*)?@'))[1] END",
        "the name before `@` in the URL",
    ),
    same("http.version", "http_version"),
    same("http.request.method", "method"),
    same("http.request.referrer", "referer"),
    same("http.request.mime_type", "request_content_type"),
    told("http.request.bytes", "request_bytes", "from the client"),
    told("http.request.body.content", "request_body", "bytes, capped"),
    same("http.response.status_code", "status"),
    same("http.response.mime_type", "content_type"),
    told("http.response.bytes", "response_bytes", "to the client"),
    same("user_agent.original", "user_agent"),
    same("tls.client.server_name", "sni"),
    same("tls.version", "tls_version"),
    same("observer.type", "'proxy'"),
    same("observer.name", "proxy_name"),
    same("rule.name", "rule"),
    told("rule.category", "categories", "of the URL, joined with a semicolon"),
    told("threat.software.name", "threat", "what was found in the transfer"),
];
