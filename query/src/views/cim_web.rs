//! `cim_web`: the rows under the names of Splunk's Common Information Model, data model Web, dataset Proxy.

use super::{ViewColumn, ViewDoc, full_url, same, told};

pub(super) static VIEW: ViewDoc = ViewDoc {
    name: "cim_web",
    summary: "Splunk's CIM, data model Web, dataset Proxy. `_time` is a timestamp (in Splunk a number of seconds that is shown as one). Add-ons differ \
        in the direction of bytes; here it is that of the client: `bytes_in` went to the client, `bytes_out` came from it. `dest` is the host that was asked \
        for, `dest_ip` the address of the origin. `app`, `operation` and `vendor_product` follow from no column and are left out.",
    source: "query/src/views/cim_web.rs",
    columns: COLUMNS,
};

static COLUMNS: &[ViewColumn] = &[
    told("_time", "ts", "UTC"),
    told(
        "_raw",
        "raw",
        "bytes; NULL where the columns give the line back: `dwell raw` has every line",
    ),
    told(
        "action",
        "CASE WHEN verdict IN ('allowed', 'redirected') THEN 'allowed' WHEN verdict = 'denied' THEN 'blocked' ELSE verdict END",
        "allowed, blocked; auth_required, error and unknown are neither",
    ),
    told("vendor_action", "action", "the proxy's own code"),
    told(
        "bytes",
        "CASE WHEN response_bytes IS NULL AND request_bytes IS NULL THEN NULL ELSE coalesce(response_bytes, 0) + coalesce(request_bytes, 0) END",
        "both together, or the one that is logged",
    ),
    told("bytes_in", "response_bytes", "to the client"),
    told("bytes_out", "request_bytes", "from the client"),
    told(
        "cached",
        "CASE WHEN cache = 'refresh' THEN coalesce(action NOT LIKE '%REFRESH_MODIFIED%' AND action NOT LIKE '%REFRESH_MISS%', true) ELSE cache = 'hit' END",
        "whether the reply came from the cache; NULL where the log does not say",
    ),
    told("category", "categories", "joined with a semicolon"),
    same("cookie", "cookie"),
    same("dest", "host"),
    told("dest_ip", "server_ip", "the origin only, never a parent proxy"),
    same("dest_port", "port"),
    told("duration", "duration_ms", "milliseconds"),
    told("response_time", "duration_ms", "milliseconds"),
    told("dvc", "proxy_name", "the proxy"),
    same("error_code", "reason"),
    same("http_content_type", "content_type"),
    same("http_method", "method"),
    same("http_referrer", "referer"),
    told(
        "http_referrer_domain",
        "CASE WHEN referer LIKE '%://%' THEN lower((regexp_match(referer, '^[^/?#]*://(?:[^/?#]*@)?(\\[[^\\]/?#]*\\]|[^/?#:]+)'))[1]) END",
        "the host in the referer",
    ),
    same("http_user_agent", "user_agent"),
    told("http_user_agent_length", "length(user_agent)", "characters"),
    same("rule", "rule"),
    told("signature", "threat", "what was found in the transfer"),
    same("site", "host"),
    same("src", "client_ip"),
    told("src_host", "computer", "the client's device name"),
    same("src_port", "client_port"),
    same("status", "status"),
    same("uri_path", "path"),
    same("uri_query", "query"),
    told("url", full_url!(), "with scheme and host also where only the path was logged"),
    same("url_domain", "host"),
    told("url_length", "length(url)", "characters, as logged"),
    same("user", "\"user\""),
];
