//! Whether lines are read that stand in envelopes, or share a file with lines of another format.

use dwell_ingest::detect::{Detected, Sample, detect};
use dwell_ingest::format::{LineContext, open};

use crate::parsed::{NOW_US, Parsed, context, parse};

const SQUID: &str = "1795169425.918    321 10.1.2.3 TCP_MISS/200 4512 GET http://files.example.org/a?x=1 anna HIER_DIRECT/192.0.2.7 text/html";
const FORTIGATE: &str = r#"date=2026-11-20 time=10:00:01 devname="edge-1" devid="F1" type="utm" subtype="webfilter" srcip=10.1.2.4 dstip=192.0.2.9 hostname="bad.example.net" action="blocked" url="/x""#;

/// Finds the format of a text, reads all of it, and reads it again as the ledger would have it.
#[track_caller]
fn read(text: &str, format: &str) -> Parsed {
    let Detected::Format(parser, choice) = detect(&Sample::new(text.as_bytes(), true), &[], NOW_US)
    else {
        panic!("no format found");
    };
    assert_eq!(parser.id(), format, "{choice:?}");
    let again = open(parser.id(), parser.spec()).unwrap();
    let cx = LineContext { ..context() };
    let parsed = parse(again.as_ref(), text.as_bytes(), 300, &cx);
    assert_eq!(parsed.rows, parse(parser.as_ref(), text.as_bytes(), 1 << 20, &cx).rows);
    parsed
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(|nth| line(nth) + "\n").collect()
}

#[test]
fn syslog_headers() {
    let text = lines(8, |nth| format!("<134>Nov 20 10:00:0{nth} px{} squid[77]: {SQUID}", nth % 2));
    let parsed = read(&text, "squid");
    assert_eq!((parsed.rows.len(), parsed.raw_rows), (8, 0));
    let row = &parsed.rows[&2];
    assert_eq!((row["proxy_name"].as_str(), row["client_ip"].as_str()), ("px1", "10.1.2.3"));
    assert!(row["extra"].contains(r#""syslog_time":"Nov 20 10:00:01""#), "{}", row["extra"]);
    assert_eq!(row["duration_ms"], "321");
}

#[test]
fn members_of_json_objects() {
    let squid = serde_json::to_string(&format!("{SQUID} \"q\"")).unwrap();
    let text = lines(6, |nth| {
        format!(r#"{{"time":{nth},"host":"px{nth}","sourcetype":"squid","event":{squid}}}"#)
    });
    let parsed = read(&text, "squid");
    assert_eq!((parsed.rows.len(), parsed.raw_rows), (6, 0));
    assert_eq!(parsed.rows[&3]["proxy_name"], "px2");
    let docker = lines(6, |nth| {
        format!(r#"{{"log":"{SQUID}\n","stream":"stdout","time":"2026-11-20T10:00:0{nth}Z"}}"#)
    });
    let parsed = read(&docker, "squid");
    assert_eq!((parsed.rows.len(), parsed.raw_rows), (6, 0));
    // A header within an object, and an escape that its writer need not have used.
    let both = lines(6, |nth| match nth {
        3 => format!(r#"{{"MESSAGE":"<13>Nov 20 10:00:01 px9 squid: \u0031{}"}}"#, &SQUID[1..]),
        _ => format!(r#"{{"MESSAGE":"<13>Nov 20 10:00:01 px9 squid: {SQUID}"}}"#),
    });
    let parsed = read(&both, "squid");
    assert_eq!((parsed.rows.len(), parsed.raw_rows), (6, 1));
    assert_eq!(parsed.rows[&4]["proxy_name"], "px9");
}

#[test]
fn two_proxies_in_one_file() {
    let text = lines(30, |nth| match nth % 3 {
        0 => format!("Nov 20 10:00:01 fw {FORTIGATE}"),
        2 if nth == 20 => "what is this".into(),
        _ => format!("Nov 20 10:00:01 px1 squid[77]: {SQUID}"),
    });
    let parsed = read(&text, "squid+fortigate");
    assert_eq!((parsed.rows.len(), parsed.odd.len(), parsed.raw_rows), (29, 1, 0));
    assert_eq!(parsed.rows[&1]["verdict"], "denied");
    assert!(parsed.rows[&1]["extra"].contains(r#""_format":"1""#));
    assert_eq!(parsed.rows[&2]["action"], "TCP_MISS");
}

#[test]
fn headers_within_syslog() {
    let fields = "#Fields: date time c-ip cs-method cs-host cs-uri-path sc-status";
    let text = lines(12, |nth| match nth {
        0 => format!("Nov 20 10:00:01 10.9.9.9 {fields}"),
        7 => format!("Nov 20 10:00:01 10.9.9.9 {fields} sc-bytes"),
        8.. => format!(
            "Nov 20 10:00:01 10.9.9.9 2026-11-20 10:00:0{} 10.1.2.3 GET a.example.org / 200 77",
            nth % 10
        ),
        _ => format!(
            "Nov 20 10:00:01 10.9.9.9 2026-11-20 10:00:0{nth} 10.1.2.3 GET a.example.org / 200"
        ),
    });
    let parsed = read(&text, "w3c");
    assert_eq!((parsed.rows.len(), parsed.counts.headers, parsed.raw_rows), (10, 2, 0));
    assert_eq!(parsed.rows[&9]["response_bytes"], "77");
    assert_eq!(parsed.rows[&2]["status"], "200");
}

#[test]
fn documents_and_items() {
    let item = |nth: usize, end: &str| {
        format!(
            "  {{\n    \"ts\": 1795169425.5{nth}, \"uid\": \"C{nth}\",\n    \"id.orig_h\": \"10.1.2.3\", \"method\": \"GET\", \"host\": \"a.example.org\", \"uri\": \"/{nth}\"\n  }}{end}"
        )
    };
    let items = (1..8).map(|nth| item(nth, ",\n")).collect::<String>();
    let parsed = read(&format!("[\n{items}{}]\n", item(8, "\n")), "zeek_json");
    assert_eq!((parsed.rows.len(), parsed.counts.headers), (8, 2));
    assert_eq!(parsed.rows[&3]["path"], "/2");
    // One line, many items.
    let items = (0..9).map(|nth| format!(r#"{{"ts":179516942{nth}.5,"uid":"C{nth}","id.orig_h":"10.1.2.3","method":"GET","host":"a.example.org"}}"#));
    let text = format!("[{}]", items.collect::<Vec<_>>().join(","));
    let parsed = read(&text, "zeek_json");
    assert_eq!((parsed.rows.len(), parsed.counts.headers, parsed.counts.lines), (9, 2, 11));
}

#[test]
fn three_proxies_behind_one_relay() {
    let zeek = r#"{"ts":1795169425.5,"uid":"C1","id.orig_h":"10.1.2.3","method":"GET","host":"a.example.org"}"#;
    let text = lines(60, |nth| match nth % 4 {
        0 => format!("Nov 20 10:00:01 fw {FORTIGATE}"),
        1 => format!("Nov 20 10:00:01 px1 squid[77]: {SQUID}"),
        2 => format!("Nov 20 10:00:01 sensor {zeek}"),
        _ => format!("Nov 20 10:00:01 sensor chatter {nth}"),
    });
    let Detected::Format(parser, choice) = detect(&Sample::new(text.as_bytes(), true), &[], NOW_US)
    else {
        panic!("no format found");
    };
    let mut formats: Vec<&str> = parser.id().split('+').collect();
    formats.sort_unstable();
    assert_eq!(formats, ["fortigate", "squid", "zeek_json"], "{choice:?}");
    let parsed = parse(parser.as_ref(), text.as_bytes(), 1 << 20, &context());
    assert_eq!((parsed.rows.len(), parsed.counts.quarantined), (45, 15));
}
