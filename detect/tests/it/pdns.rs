//! Whether passive DNS is read as a second reader read it: the files of `shared/intel/pdns`.

use dwell_detect::pdns;
use dwell_detect::pdns::record::{Kept, Tuple};
use serde_json::{Value, json};

use crate::intel::{json_of, shared};

const SOURCES: [&str; 7] = [
    "cof.ndjson",
    "cof_crlf.ndjson",
    "dnsdb_saf.jsonl",
    "dnsdb_saf_limited.jsonl",
    "dnsdb_saf_failed.jsonl",
    "dnsdb_saf_truncated.jsonl",
    "zeek_dns.log",
];

fn seconds(micros: i64) -> Value {
    if micros % 1_000_000 == 0 { json!(micros / 1_000_000) } else { json!(micros as f64 / 1e6) }
}

fn shown(source: &str, tuple: &Tuple) -> Value {
    let mut shown = json!({
        "source": source,
        "rrname": tuple.rrname,
        "rrtype": tuple.rrtype,
        "rdata": tuple.rdata,
        "time_first": seconds(tuple.time_first),
        "time_last": seconds(tuple.time_last),
    });
    let members = shown.as_object_mut().unwrap();
    if source == "zeek_dns.log" {
        members.insert("lines".to_owned(), json!(tuple.lines));
        members.insert("valid_until".to_owned(), seconds(tuple.valid_until.unwrap()));
    } else {
        members.insert("line".to_owned(), json!(tuple.lines[0]));
    }
    members.extend(tuple.count.map(|count| ("count".to_owned(), json!(count))));
    members.extend(tuple.from_zone.then(|| ("from_zone".to_owned(), json!(true))));
    shown
}

fn sorted(mut all: Vec<Value>) -> Vec<String> {
    let mut all: Vec<_> = all.drain(..).map(|value| value.to_string()).collect();
    all.sort();
    all
}

#[test]
fn passive_dns_is_read() {
    let Some(intel) = shared("intel") else { return };
    let dir = intel.join("pdns");
    let expected = json_of(&dir.join("expected.json"));
    let skipped = json_of(&dir.join("skipped.json"));
    for source in SOURCES {
        let of_source = |all: &[Value]| -> Vec<Value> {
            all.iter().filter(|v| v["source"] == source).cloned().collect()
        };
        let mut kept = Kept::default();
        let form = pdns::read(&std::fs::read(dir.join(source)).unwrap(), &mut kept);
        assert!(form.is_some(), "{source}");
        let found = kept.tuples.iter().map(|tuple| shown(source, tuple)).collect();
        assert_eq!(sorted(found), sorted(of_source(&expected)), "{source}");
        let found = kept.troubles.iter();
        let found =
            found.map(|t| json!({"source": source, "line": t.line, "why": t.why})).collect();
        assert_eq!(sorted(found), sorted(of_source(&skipped)), "{source}");
    }
}
