//! `ocsf`: the rows as HTTP Activity (class 4002) of the Open Cybersecurity Schema Framework.

use super::{ViewColumn, ViewDoc, full_url, same, told};

pub(super) static VIEW: ViewDoc = ViewDoc {
    name: "ocsf",
    summary: "OCSF HTTP Activity, `class_uid` 4002, with the profiles network_proxy and security_control. `time` is a number of milliseconds; \
        comparisons of it are turned into comparisons of `ts` and prune as those do, also behind `to_timestamp_millis(time)`. \
        `time_dt` is the same as a timestamp. The direction of bytes is that of the client: `traffic.bytes_in` went to the client, `traffic.bytes_out` came \
        from it. Lists and objects of OCSF are the text that was logged. Methods of WebDAV are 99 (Other) under their own name.",
    source: "query/src/views/ocsf.rs",
    columns: COLUMNS,
};

/// The activity of a method, as number or as name.
macro_rules! activity {
    ($connect:literal $delete:literal $get:literal $head:literal $options:literal $post:literal $put:literal $trace:literal
        $patch:literal, $none:literal, $other:literal) => {
        concat!(
            "CASE method WHEN 'GET' THEN ",
            $get,
            " WHEN 'POST' THEN ",
            $post,
            " WHEN 'CONNECT' THEN ",
            $connect,
            " WHEN 'HEAD' THEN ",
            $head,
            " WHEN 'PUT' THEN ",
            $put,
            " WHEN 'OPTIONS' THEN ",
            $options,
            " WHEN 'DELETE' THEN ",
            $delete,
            " WHEN 'TRACE' THEN ",
            $trace,
            " WHEN 'PATCH' THEN ",
            $patch,
            " ELSE CASE WHEN method IS NULL THEN ",
            $none,
            " ELSE ",
            $other,
            " END END"
        )
    };
}

static COLUMNS: &[ViewColumn] = &[
    told(
        "time",
        "CAST(arrow_cast(ts, 'Timestamp(Millisecond, None)') AS BIGINT)",
        "milliseconds since 1970 UTC",
    ),
    told("time_dt", "ts", "UTC"),
    told("timezone_offset", "0", "minutes; `ts` is UTC whatever was logged"),
    same("category_uid", "4"),
    same("category_name", "'Network Activity'"),
    same("class_uid", "4002"),
    same("class_name", "'HTTP Activity'"),
    told(
        "activity_id",
        activity!("1" "2" "3" "4" "5" "6" "7" "8" "9", "0", "99"),
        "0 without a method, 99 for methods without a number",
    ),
    same(
        "activity_name",
        activity!("'Connect'" "'Delete'" "'Get'" "'Head'" "'Options'" "'Post'" "'Put'" "'Trace'" "'Patch'", "'Unknown'", "method"),
    ),
    told(
        "type_uid",
        activity!("400201" "400202" "400203" "400204" "400205" "400206" "400207" "400208" "400209", "400200", "400299"),
        "class_uid * 100 + activity_id",
    ),
    told("severity_id", "1", "Informational: a line of log accuses nobody"),
    same("severity", "'Informational'"),
    told(
        "status_id",
        "CASE WHEN verdict IN ('allowed', 'redirected') THEN 1 WHEN verdict = 'unknown' THEN 0 ELSE 2 END",
        "1 Success; 2 Failure (denied, auth_required, error); 0 Unknown",
    ),
    same(
        "status",
        "CASE WHEN verdict IN ('allowed', 'redirected') THEN 'Success' WHEN verdict = 'unknown' THEN 'Unknown' ELSE 'Failure' END",
    ),
    same("status_code", "CAST(status AS VARCHAR)"),
    same("status_detail", "reason"),
    told(
        "action_id",
        "CASE WHEN verdict IN ('allowed', 'redirected') THEN 1 WHEN verdict IN ('denied', 'auth_required') THEN 2 ELSE 0 END",
        "1 Allowed, 2 Denied, 0 Unknown; a 407 is denied here, `disposition_id` tells it apart",
    ),
    same(
        "action",
        "CASE WHEN verdict IN ('allowed', 'redirected') THEN 'Allowed' WHEN verdict IN ('denied', 'auth_required') THEN 'Denied' ELSE 'Unknown' END",
    ),
    told(
        "disposition_id",
        "CASE verdict WHEN 'allowed' THEN 1 WHEN 'denied' THEN 2 WHEN 'auth_required' THEN 26 WHEN 'error' THEN 27 WHEN 'redirected' THEN 99 ELSE 0 END",
        "1 Allowed, 2 Blocked, 26 Unauthorized, 27 Error, 99 redirected, 0 Unknown",
    ),
    same(
        "disposition",
        "CASE verdict WHEN 'allowed' THEN 'Allowed' WHEN 'denied' THEN 'Blocked' WHEN 'auth_required' THEN 'Unauthorized' WHEN 'error' THEN 'Error' WHEN 'redirected' THEN 'Redirected' ELSE 'Unknown' END",
    ),
    same("metadata.version", "'1.9.0-dev'"),
    told(
        "metadata.uid",
        "concat(CAST(source_id AS VARCHAR), ':', CAST(line_no AS VARCHAR))",
        "source and line",
    ),
    same("duration", "duration_ms"),
    same("src_endpoint.ip", "client_ip"),
    same("src_endpoint.port", "client_port"),
    told("src_endpoint.hostname", "computer", "the client's device name"),
    same("actor.user.name", "\"user\""),
    told("dst_endpoint.ip", "server_ip", "the origin only, never a parent proxy"),
    same("dst_endpoint.port", "port"),
    same("dst_endpoint.hostname", "host"),
    same("dst_endpoint.domain", "domain"),
    same("proxy_endpoint.name", "proxy_name"),
    same("http_request.http_method", "method"),
    same("http_request.version", "http_version"),
    told(
        "http_request.url.url_string",
        full_url!(),
        "with scheme and host also where only the path was logged",
    ),
    told("http_request.url.scheme", "scheme", "tunnel for CONNECT"),
    same("http_request.url.hostname", "host"),
    same("http_request.url.domain", "domain"),
    told(
        "http_request.url.subdomain",
        "CASE WHEN length(host) > length(domain) THEN substr(host, 1, length(host) - length(domain) - 1) END",
        "what stands before the registered domain",
    ),
    same("http_request.url.port", "port"),
    same("http_request.url.path", "path"),
    same("http_request.url.query_string", "query"),
    told("http_request.url.categories", "categories", "joined with a semicolon"),
    same("http_request.user_agent", "user_agent"),
    same("http_request.referrer", "referer"),
    told(
        "http_request.x_forwarded_for",
        "coalesce(extra_get(extra, 'cs(X-Forwarded-For)'), extra_get(extra, 'X-Forwarded-For'), extra_get(extra, 'x-forwarded-for'), extra_get(extra, 'x_forwarded_for'))",
        "where a format keeps it in `extra` under one of these names",
    ),
    told("http_request.length", "request_bytes", "from the client"),
    told("http_request.body", "request_body", "bytes, capped"),
    told("http_cookies", "cookie", "the request's header as logged"),
    same("http_response.code", "status"),
    same("http_response.content_type", "content_type"),
    told("http_response.length", "response_bytes", "to the client"),
    told("http_response.latency", "duration_ms", "milliseconds"),
    told("traffic.bytes_in", "response_bytes", "to the client"),
    told("traffic.bytes_out", "request_bytes", "from the client"),
    told(
        "traffic.bytes",
        "CASE WHEN response_bytes IS NULL AND request_bytes IS NULL THEN NULL ELSE coalesce(response_bytes, 0) + coalesce(request_bytes, 0) END",
        "both together, or the one that is logged",
    ),
    same("tls.sni", "sni"),
    same("tls.version", "tls_version"),
    same("firewall_rule.name", "rule"),
    same("malware.name", "threat"),
    told(
        "raw_data",
        "raw",
        "bytes; NULL where the columns give the line back: `dwell raw` has every line",
    ),
    told("unmapped.action", "action", "the proxy's own code"),
    same("unmapped.cache", "cache"),
    same("unmapped.hierarchy", "hierarchy"),
    same("unmapped.peer", "peer"),
    same("unmapped.request_content_type", "request_content_type"),
];
