//! Are real logs of keys and JSON members read, and do they agree with what others read in them?

use std::collections::BTreeMap;

use dwell_ingest::detect::{Detected, Sample, detect};
use dwell_ingest::format::open;
use serde_json::Value;

use crate::parsed::{NOW_US, Parsed, context, parse};
use crate::samples::sample;

/// Detects, reads, tells the accounts; every line must come back (`parse` checks it).
fn read(name: &str, text: &[u8]) -> Option<Parsed> {
    let Detected::Format(parser, choice) = detect(&Sample::new(text, true), &[], NOW_US) else {
        println!("{name}: of no format that is known");
        return None;
    };
    // As the ledger would open it again.
    let parser = open(parser.id(), parser.spec()).unwrap();
    let parsed = parse(parser.as_ref(), text, 100_000, &context());
    let counts = parsed.counts;
    let partial = parsed.rows.values().filter(|row| row["parse"] == "partial").count();
    println!(
        "{name}: {} lines {} rows {} quarantined {} partial {partial} raw {} {}",
        parser.id(),
        counts.lines,
        counts.rows,
        counts.quarantined,
        parsed.raw_rows,
        choice.note.unwrap_or_default()
    );
    for odd in parsed.odd.iter().filter(|odd| odd.reason.is_some()) {
        let text = String::from_utf8_lossy(&odd.bytes);
        let text: String = text.chars().take(110).collect();
        println!("  line {} {}: {text}", odd.line_no, odd.reason.unwrap().name());
    }
    for (line, row) in parsed.rows.iter().filter(|(_, row)| row["parse"] == "partial") {
        println!("  line {line} partial: {row:?}");
    }
    Some(parsed)
}

fn file(name: &str) -> Option<Parsed> {
    read(name, &sample(name)?)
}

#[test]
fn samples_of_keys_and_members_are_read() {
    for name in [
        "zeek_http/OTRF__Security-Datasets__SCRANTON_http.log",
        "zeek_http/SuperCowPowers__zat__json_http.log",
        "zeek_http/apache__metron__BroExampleOutput",
        "zscaler_nss/splunk__splunk-connect-for-syslog__test_zscaler_proxy.log",
        "forcepoint/splunk__splunk-connect-for-syslog__test_forcepoint_web.log",
        "skyhigh_mwg/splunk__splunk-connect-for-syslog__test_mcafee_web_gateway.log",
        "sophos/splunk__splunk-connect-for-syslog__test_sophos_webappliance.log",
    ] {
        file(name);
    }
}

/// The lines of a sample of which this holds: those that one product sent, of a collection of test messages.
fn some(name: &str, wanted: fn(&[u8]) -> bool) -> Option<Parsed> {
    let text = sample(name)?;
    let lines = text.split_inclusive(|&byte| byte == b'\n').filter(|line| wanted(line));
    read(name, &lines.flatten().copied().collect::<Vec<u8>>())
}

#[test]
fn samples_of_single_products_are_read() {
    let tests =
        |of: &str, name: &str| format!("{of}/splunk__splunk-connect-for-syslog__test_{name}.log");
    let has_tabs = |line: &[u8]| line.contains(&b'\t');
    let bare = some(&tests("zscaler_nss", "zscaler_proxy"), has_tabs);
    if let Some(parsed) = bare {
        assert_eq!((parsed.counts.rows, parsed.counts.quarantined), (3, 0));
    }
    // The others are the same messages with quotes escaped for Python.
    let plain = |line: &[u8]| line.starts_with(b"<");
    if let Some(parsed) = some(&tests("skyhigh_mwg", "mcafee_web_gateway"), plain) {
        assert_eq!((parsed.counts.rows, parsed.raw_rows), (2, 0));
    }
    let pairs = |line: &[u8]| holds(line, b"c-ip=");
    if let Some(parsed) = some(&tests("bluecoat_elff", "symantec_proxy"), pairs) {
        assert_eq!((parsed.counts.rows, parsed.raw_rows), (2, 0));
    }
}

fn holds(line: &[u8], wanted: &[u8]) -> bool {
    line.windows(wanted.len()).any(|found| found == wanted)
}

/// What another program read in a file of several Zeek logs: only the HTTP records are rows here.
#[test]
fn zeek_records_agree_with_those_of_another_reader() {
    let Some(parsed) = file("zeek_http/apache__metron__BroExampleOutput") else { return };
    let Some(golden) = sample("zeek_http/apache__metron__BroExampleParsed") else { return };
    let mut compared = 0;
    let golden = String::from_utf8(golden).unwrap();
    for (nth, line) in golden.lines().enumerate() {
        let wanted: Value = serde_json::from_str(line).unwrap();
        let row = parsed.rows.get(&(nth as i64 + 1));
        if wanted["protocol"] != "http" {
            assert!(row.is_none(), "line {}", nth + 1);
            continue;
        }
        let Some(row) = row else { panic!("line {} is no row", nth + 1) };
        let text = |name: &str| match &wanted[name] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let pairs = [
            ("client_ip", "ip_src_addr"),
            ("client_port", "ip_src_port"),
            ("method", "method"),
            ("host", "host"),
            ("path", "uri"),
            ("status", "status_code"),
            ("user_agent", "user_agent"),
            ("response_bytes", "response_body_len"),
            ("request_bytes", "request_body_len"),
        ];
        for (column, theirs) in pairs {
            assert_eq!(row[column], text(theirs), "line {} {column}", nth + 1);
        }
        let millis = row["ts"].parse::<i64>().unwrap() / 1000;
        assert_eq!(millis.to_string(), text("timestamp"));
        compared += 1;
    }
    println!("{compared} records of HTTP agree");
}

/// The samples of a YAML file of tests, each on one line, and the attributes that are expected of it.
fn yaml_samples(text: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let mut found = Vec::new();
    for test in text.split("\n -\n").skip(1) {
        let Some((_, rest)) = test.split_once("sample: |-\n") else { continue };
        let (lines, result) = rest.split_once("\n  result:").unwrap_or((rest, ""));
        let line: String = lines.lines().map(str::trim).collect::<Vec<_>>().join("");
        let attributes = result.lines().filter_map(|line| {
            let (name, value) = line.trim().split_once(": ")?;
            Some((name.to_owned(), value.trim_matches(['"', '\'']).to_owned()))
        });
        // Of several with one name the first: those of the record stand before the others.
        let mut all = BTreeMap::new();
        for (name, value) in attributes {
            all.entry(name).or_insert(value);
        }
        found.push((line, all));
    }
    found
}

#[test]
fn zscaler_records_agree_with_those_of_another_reader() {
    let Some(text) = sample("zscaler_nss/DataDog__integrations-extras__zscaler_tests.yaml") else {
        return;
    };
    let samples = yaml_samples(&String::from_utf8(text).unwrap());
    let text: String = samples.iter().map(|(line, _)| format!("{line}\n")).collect();
    let Some(parsed) = read("zscaler_tests.yaml", text.as_bytes()) else { return };
    assert_eq!((parsed.counts.rows, parsed.raw_rows), (1, 0));
    let (row, wanted) = (&parsed.rows[&1], &samples[0].1);
    println!("{row:?}");
    for (column, theirs) in [
        ("action", "outcome"),
        ("status", "status_code"),
        ("referer", "referer"),
        ("user_agent", "useragent"),
        ("http_version", "version"),
        ("host", "host"),
        ("client_ip", "ip"),
        ("user", "id"),
    ] {
        assert_eq!(row.get(column), wanted.get(theirs), "{column}");
    }
    assert_eq!(row["ts"], "1754150969000000");
}

/// Fields that are there or not make more orders than the first lines can show: none of them needs `raw`.
#[test]
fn optional_members_need_no_raw() {
    let optional =
        ["referrer", "user_agent", "status_msg", "info_msg", "origin", "cookie", "x-a", "x-b"];
    let quoted = ["filename", "virus", "group", "ref"];
    let (mut json, mut pairs) = (String::new(), String::new());
    for nth in 0..3000_usize {
        // The first lines show every field, few of their combinations.
        let bits = if nth < 500 { 1 << (nth % 8) } else { nth * 7919 };
        let there = |at: &usize| bits >> at & 1 == 1;
        let ts = 1_795_169_425 + nth;
        json +=
            &format!(r#"{{"ts":{ts}.5,"uid":"C{nth}","id.orig_h":"10.1.2.3","host":"a.example","#);
        for at in (0..optional.len()).filter(there) {
            json += &format!(r#""{}":"v{}","#, optional[at], nth % 9);
        }
        json += &format!(r#""uri":"/x{nth}","trans_depth":1}}"#);
        json.push('\n');
        pairs += &format!(
            r#"date=2026-11-20 time=10:{:02}:{:02} devid="F1" type="utm" subtype="webfilter""#,
            nth / 60,
            nth % 60
        );
        for at in (0..quoted.len()).filter(there) {
            pairs += &format!(r#" {}="v {}""#, quoted[at], nth % 9);
        }
        pairs += &format!(" srcip=10.1.2.3 hostname=\"a.example\" url=\"/x{nth}\"\n");
    }
    for (name, text) in [("members", json), ("pairs", pairs)] {
        let parsed = read(name, text.as_bytes()).unwrap();
        assert_eq!((parsed.counts.rows, parsed.counts.quarantined), (3000, 0));
        assert_eq!(parsed.raw_rows, 0, "{name}");
    }
}
