//! Do rows of real logs say what others read in them? Golden results lie beside the project, as the logs do.

use std::collections::BTreeMap;

use dwell_ingest::format::find;
use serde_json::Value;

use crate::parsed::{context, parse};
use crate::samples::sample;

/// Logs with golden results: file, format, words of the syslog header before each line.
const LOGS: &[(&str, &str, usize)] = &[
    ("apache_clf/leehinman__beats__darwin-2.4.23.log", "ncsa_common", 0),
    ("apache_clf/leehinman__beats__ssl-request.log", "apache_ssl_request", 0),
    ("apache_clf/leehinman__beats__test-vhost.log", "apache_vhost", 0),
    ("apache_clf/leehinman__beats__test.log", "ncsa_combined", 0),
    ("apache_clf/leehinman__beats__ubuntu-2.2.22.log", "ncsa_combined", 0),
    ("nginx/leehinman__beats__access.log", "nginx_combined", 0),
    ("nginx/leehinman__beats__test.log", "nginx_combined", 0),
    ("nginx/leehinman__beats__test-with-host.log", "apache_vhost", 0),
    ("haproxy/leehinman__beats__httplog-no-headers.log", "haproxy_http", 5),
    ("haproxy/leehinman__beats__haproxy.log", "haproxy_http_host", 5),
];

/// Keys of the golden results and the columns they must be equal to.
const KEYS: &[(&str, &str)] = &[
    ("source.ip", "client_ip"),
    ("source.port", "client_port"),
    ("http.request.method", "method"),
    ("http.version", "http_version"),
    ("http.response.status_code", "status"),
    ("http.response.body.bytes", "response_bytes"),
    ("http.response.bytes", "response_bytes"),
    ("http.request.referrer", "referer"),
    ("user.name", "user"),
    ("user_agent.original", "user_agent"),
    ("url.original", "url"),
    ("haproxy.termination_state", "action"),
    ("haproxy.frontend_name", "proxy_name"),
    ("haproxy.server_name", "peer"),
];

/// Any line of a file.
const ANY: i64 = 0;

/// Where rows differ, and who is right: file, line, column.
///
/// * Lines of another format in the file (a size where a referer should follow; hosts before the client; two lists of
///   addresses) are partial rows: what could not be told is NULL.
/// * With a host of its own, the target is put together from host and path, where the golden result has the path alone.
/// * Of a list of clients the golden results take the first public one, rows the first: the client itself.
const DIFFERENT: &[(&str, i64, &str)] = &[
    ("beats__test.log", 1, "response_bytes"),
    ("beats__access.log", 13, "client_ip"),
    ("beats__access.log", 14, "client_ip"),
    ("nginx/leehinman__beats__test.log", 3, "client_ip"),
    ("nginx/leehinman__beats__test.log", 5, "client_ip"),
    ("nginx/leehinman__beats__test.log", 6, "client_ip"),
    ("nginx/leehinman__beats__test.log", 10, "row"),
    ("beats__test-with-host.log", 3, "client_ip"),
    ("beats__test-with-host.log", 5, "client_ip"),
    ("beats__test-with-host.log", 6, "client_ip"),
    ("beats__test-with-host.log", 10, "row"),
    ("beats__haproxy.log", 1, ""),
    ("beats__haproxy.log", ANY, "url"),
];

/// The text without the first words of each line, and where each line began in it.
fn stripped(text: &str, words: usize) -> (String, BTreeMap<usize, i64>) {
    let (mut out, mut starts, mut offset) = (String::new(), BTreeMap::new(), 0);
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        starts.insert(offset, number);
        offset += line.len();
        let mut rest = line;
        for _ in 0..words {
            rest = rest.trim_start_matches(|c: char| c != ' ').trim_start_matches(' ');
        }
        out += rest;
        if !rest.ends_with('\n') {
            out.push('\n');
        }
    }
    (out, starts)
}

#[test]
fn rows_say_what_others_read() {
    for &(name, format, words) in LOGS {
        let (Some(text), Some(golden)) = (sample(name), sample(&format!("{name}-expected.json")))
        else {
            return;
        };
        let (text, starts) = stripped(std::str::from_utf8(&text).unwrap(), words);
        let parser = find(format).unwrap().compile("").unwrap();
        let parsed = parse(parser.as_ref(), text.as_bytes(), 1 << 20, &context());
        let events: Vec<BTreeMap<String, Value>> = serde_json::from_slice(&golden).unwrap();
        for event in events {
            let offset = event["log.offset"].as_u64().unwrap() as usize;
            let line = *starts.range(..=offset).next_back().unwrap().1;
            for difference in differences(&event, parsed.rows.get(&line)) {
                let known = |(file, number, column): &(&str, i64, &str)| {
                    name.ends_with(file)
                        && [line, ANY].contains(number)
                        && difference.starts_with(column)
                };
                assert!(DIFFERENT.iter().any(known), "{name} line {line}: {difference}");
            }
        }
    }
}

type Row = BTreeMap<&'static str, String>;

/// The columns of a row that are not what the golden result says, with both values.
fn differences(event: &BTreeMap<String, Value>, row: Option<&Row>) -> Vec<String> {
    let Some(row) = row else { return vec!["row is missing".into()] };
    let mut found = Vec::new();
    for (key, column) in KEYS {
        let Some(value) = event.get(*key) else { continue };
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let value = Some(value).filter(|value| value != "-" && value != "<NOSRV>");
        if row.get(column) != value.as_ref() {
            found.push(format!("{column}: {:?}, not {value:?}", row.get(column)));
        }
    }
    let ts: i64 = row["ts"].parse().unwrap();
    let time = chrono::DateTime::from_timestamp_micros(ts).unwrap();
    let shown = time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    if event.get("@timestamp").is_some_and(|golden| *golden != shown) {
        found.push(format!("ts: {shown}, not {}", event["@timestamp"]));
    }
    if let Some(nanos) = event.get("event.duration").and_then(Value::as_i64) {
        let millis = (nanos / 1_000_000).to_string();
        if row.get("duration_ms") != Some(&millis) {
            found.push(format!("duration_ms: {:?}, not {millis}", row.get("duration_ms")));
        }
    }
    found
}
