//! Whether a matcher says the same as looking at each indicator in turn.

use std::sync::LazyLock;

use super::*;
use crate::intel::reader;
use crate::intel::table::Builder;
use crate::intel::time;
use crate::intel::warning::{Form, Warninglist, Warnings};
use proptest::prelude::*;

fn matcher_of(texts: &[&str], warnings: &Warnings) -> (Matcher, Vec<String>) {
    let mut builder = Builder::new(0, Vec::new());
    for text in texts {
        builder.source("list", "test");
        reader::read(text.as_bytes(), &mut builder).unwrap();
    }
    let batches = builder.finish();
    let values = batches.iter().flat_map(|batch| {
        let values = crate::intel::table::text(batch, "value").unwrap();
        values.iter().map(|value| value.unwrap().to_owned()).collect::<Vec<_>>()
    });
    (Matcher::new(&batches, warnings), values.collect())
}

const LIST: &str = "evil.example
host.other.example:8443
192.0.2.7
192.0.2.9:8080
198.51.100.0/24
2001:db8:bad::/48
http://files.example/a/b?c=1
https://secret.example/x
bare.example/only/path
";

const STIX: &str = r#"{"type":"bundle","objects":[
{"type":"indicator","id":"indicator--1","pattern":"[domain-name:value='windowed.example']","valid_from":"2026-03-01T00:00:00Z","valid_until":"2026-04-01T00:00:00Z"},
{"type":"indicator","id":"indicator--2","pattern":"[network-traffic:extensions.'http-request-ext'.request_method = 'POST' AND network-traffic:extensions.'http-request-ext'.request_value = '/gate.php' AND network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'Bot/1']"},
{"type":"indicator","id":"indicator--3","pattern":"[domain-name:value='shop.example' AND domain-name:resolves_to_refs[*].value='192.0.2.15']","confidence":50},
{"type":"indicator","id":"indicator--4","pattern":"[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'Loader/2']"},
{"type":"indicator","id":"indicator--5","pattern":"[url:value='/panel/in.php?id=']"},
{"type":"indicator","id":"indicator--6","pattern":"[network-traffic:extensions.'http-request-ext'.request_method = 'PUT']"}
]}"#;

fn request<'a>(host: &'a str, url: &'a str) -> Request<'a> {
    Request { host: Some(host), url: Some(url), ..Request::default() }
}

#[test]
fn requests_meet_what_they_should() {
    let (matcher, values) = matcher_of(&[LIST, STIX], &Warnings::default());
    let ts = |text: &str| time::parse(text);
    let all = [
        request("www.evil.example", "http://www.evil.example/"),
        request("notevil.example", "http://notevil.example/"),
        Request { port: Some(8443), ..request("host.other.example", "host.other.example:8443") },
        Request { port: Some(443), ..request("host.other.example", "host.other.example:443") },
        Request { server_ip: Some("192.0.2.7"), ..request("a.example", "http://a.example/") },
        request("192.0.2.7", "http://192.0.2.7/"),
        Request { port: Some(8080), ..request("192.0.2.9", "http://192.0.2.9:8080/") },
        Request { port: Some(80), ..request("192.0.2.9", "http://192.0.2.9/") },
        Request { server_ip: Some("198.51.100.200"), ..Request::default() },
        Request { server_ip: Some("2001:db8:bad::9"), ..Request::default() },
        Request { port: Some(80), ..request("files.example", "HTTP://Files.example:80/a/b?c=1#f") },
        Request { port: Some(80), ..request("files.example", "http://files.example/a/b") },
        Request { port: Some(443), ..request("secret.example", "secret.example:443") },
        Request { port: Some(80), ..request("secret.example", "secret.example:80") },
        Request { port: Some(443), ..request("bare.example", "https://bare.example/only/path") },
        Request { port: Some(443), ..request("bare.example", "bare.example:443") },
        Request { ts: ts("2026-03-15"), ..request("windowed.example", "/") },
        Request { ts: ts("2026-04-01"), ..request("windowed.example", "/") },
        Request { ts: ts("2026-02-15"), ..request("windowed.example", "/") },
        Request {
            user_agent: Some("Bot/1"),
            method: Some("post"),
            ..request("x.example", "http://x.example/gate.php")
        },
        Request {
            user_agent: Some("Bot/1"),
            method: Some("GET"),
            ..request("x.example", "http://x.example/gate.php")
        },
        Request {
            user_agent: Some("Bot/2"),
            method: Some("POST"),
            ..request("x.example", "http://x.example/gate.php")
        },
        Request { server_ip: Some("192.0.2.15"), ..request("shop.example", "/") },
        request("shop.example", "/"),
        Request { user_agent: Some("Loader/2"), ..Request::default() },
        Request { user_agent: Some("loader/2"), ..Request::default() },
        request("y.example", "http://y.example/panel/in.php?id=77"),
        Request { method: Some("PUT"), ..request("y.example", "http://y.example/") },
    ];
    let mut shown = String::new();
    let mut hits = Vec::new();
    for asked in all {
        let by_agent_or_path = |hit: &Hit| {
            matches!(
                hit.how,
                How::UserAgent | How::UriPrefix | How::ServerIp | How::Network | How::Request
            )
        };
        matcher.best(&asked, &mut hits);
        if let Some(host) = asked.host
            && !hits.iter().all(by_agent_or_path)
        {
            assert!(matcher.may_meet_host(host), "{host}");
        }
        let best = matcher.best(&asked, &mut hits).map_or("nothing".to_owned(), |hit| {
            let degraded = if hit.degraded { " degraded" } else { "" };
            format!("{} {} {}{degraded}", values[hit.row as usize], hit.how.name(), hit.confidence)
        });
        let parts = [asked.url, asked.server_ip, asked.user_agent, asked.method];
        let what = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        shown.push_str(&format!("{what}: {best}\n"));
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn most_hosts_meet_nothing() {
    let (matcher, _) = matcher_of(&[LIST, STIX], &Warnings::default());
    for host in ["www.example", "notevil.example", "a.host.other.example", "192.0.2.8", "example"] {
        assert!(!matcher.may_meet_host(host), "{host}");
    }
    assert!(matcher.may_meet_host("198.51.100.9") && matcher.may_meet_host("files.example"));
}

#[test]
fn warned_values_are_no_hits() {
    let list = Warninglist {
        name: "sites".to_owned(),
        form: Form::Hostname,
        types: Vec::new(),
        entries: vec!["evil.example".to_owned()],
        version: None,
    };
    let (matcher, _) = matcher_of(&[LIST], &Warnings::new(&[list]));
    assert_eq!(matcher.best(&request("evil.example", "/"), &mut Vec::new()), None);
    assert_eq!(matcher.len(), 8);
}

proptest! {
    #[test]
    fn a_domain_is_met_below_itself_alone(host in "([ab]{1,2}\\.){1,4}example", listed in prop::collection::vec("([ab]{1,2}\\.){1,3}example", 1..20)) {
        let (matcher, values) = matcher_of(&[&listed.join("\n")], &Warnings::default());
        let mut hits = Vec::new();
        matcher.find(&Request { host: Some(&host), ..Request::default() }, &mut hits);
        let mut found: Vec<_> = hits.iter().map(|hit| hit.row).collect();
        found.sort_unstable();
        let below = |value: &str| host == value || host.ends_with(&format!(".{value}"));
        let expected: Vec<_> = (0..).zip(&values).filter(|(_, v)| below(v)).map(|(i, _)| i).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn no_request_is_too_odd(text in "\\PC{0,60}") {
        static KNOWN: LazyLock<Matcher> =
            LazyLock::new(|| matcher_of(&[LIST, STIX], &Warnings::default()).0);
        let asked = Request { host: Some(&text), url: Some(&text), server_ip: Some(&text), user_agent: Some(&text), ..Request::default() };
        let _ = KNOWN.best(&asked, &mut Vec::new());
    }
}
