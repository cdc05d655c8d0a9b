//! Does a row depend on the lines that were read before it, or on where chunks begin?

use std::fmt::Write as _;

use dwell_ingest::detect::{Detected, Sample, detect};
use dwell_ingest::format::open;

use crate::formats::{fixture, learned};
use crate::parsed::{NOW_US, Parsed, context, parse};

const FIELDS: &str = "#Fields: date time c-ip cs-method cs-host cs-uri-path sc-status sc-bytes";
const SWAPPED: &str = "#Fields: date time c-ip cs-method cs-host cs-uri-path sc-bytes sc-status";

/// Reads a text whose beginning is the sample, in large and small chunks.
#[track_caller]
fn read(text: &str, format: &str) -> Parsed {
    let sample = &text.as_bytes()[..text.len().min(3000)];
    let Detected::Format(parser, choice) = detect(&Sample::new(sample, true), &[], NOW_US) else {
        panic!("no format found");
    };
    assert_eq!(parser.id(), format, "{choice:?}");
    let again = open(parser.id(), parser.spec()).unwrap();
    let small = parse(again.as_ref(), text.as_bytes(), 300, &context());
    let large = parse(parser.as_ref(), text.as_bytes(), 1 << 20, &context());
    assert_eq!(small.rows, large.rows);
    large
}

/// Rows whose last two columns change places in the middle; each is written by `line`.
fn swapped(line: impl Fn(usize, &str) -> String) -> String {
    let rows = (0..120).map(|nth| {
        let (header, end) = match nth {
            0 => (line(nth, FIELDS), "200 404"),
            1..60 => (String::new(), "200 404"),
            60 => (line(nth, SWAPPED), "404 200"),
            _ => (String::new(), "404 200"),
        };
        let time = format!("2026-11-20 10:00:{:02}", nth % 60);
        header + &line(nth, &format!("{time} 10.1.2.3 GET a.example.org /p {end}"))
    });
    rows.collect()
}

#[test]
fn headers_among_lines_of_another_format() {
    let squid = "1795169425.918    321 10.1.2.3 TCP_MISS/200 4512 GET http://files.example.org/a - HIER_DIRECT/192.0.2.7 text/html\n";
    let text = swapped(|nth, line| {
        let other = if nth % 3 == 1 { squid } else { "" };
        format!("{line}\n{other}")
    });
    let parsed = read(&text, "w3c+squid");
    assert_eq!((parsed.rows.len(), parsed.counts.headers), (160, 2));
    assert!(parsed.rows.values().all(|row| row["status"] == "200"));
}

#[test]
fn members_behind_the_last_of_the_line_before() {
    let line = |behind: &str| {
        format!(
            "{{\"ts\":1795169425.5,\"uid\":\"C1\",\"id.orig_h\":\"10.1.2.3\",\"method\":\"GET\",\"host\":\"a.example.org\",\"status_code\":200{behind}}}\n"
        )
    };
    let more = [line(",\"username\":\"anna\""), line(",\"x\":1"), line("")].concat();
    let text = line("").repeat(30) + &more;
    let parsed = read(&text, "zeek_json");
    assert_eq!(parsed.rows.len(), 33);
    for row in parsed.rows.values() {
        assert_eq!((row["status"].as_str(), row["parse"].as_str()), ("200", "ok"));
    }
    assert_eq!(parsed.rows[&31]["user"], "anna");
}

#[test]
fn values_behind_the_last_column() {
    let text = fixture("zscaler_caret", "ok");
    let format = dwell_ingest::format::find("zscaler_caret").unwrap();
    let parser = learned(format, &text).unwrap();
    let line = text.split(|&byte| byte == b'\n').find(|line| !line.starts_with(b"#")).unwrap();
    let text = [line, b"\n", line, b"^^more\n"].concat();
    let parsed = parse(parser.as_ref(), &text, 1 << 20, &context());
    assert_eq!(
        (parsed.rows[&1]["parse"].as_str(), parsed.rows[&2]["parse"].as_str()),
        ("ok", "partial")
    );
}

#[test]
fn two_spaces_are_no_empty_value() {
    let mut text = format!("{FIELDS}\n");
    for nth in 0..40 {
        writeln!(text, "2026-11-20 10:00:{nth:02} 10.1.2.3 GET a.example.org /p 200 404").unwrap();
    }
    // The method is missing, and a space too many stands before the host.
    text += "2026-11-20 10:01:00 10.1.2.3  a.example.org /p 200 404\n";
    let parsed = read(&text, "w3c");
    let row = &parsed.rows[&42];
    assert_eq!((row["parse"].as_str(), row["status"].as_str()), ("partial", "200"));
    assert!(!row.contains_key("method"));
}

#[test]
fn header_lines_behind_a_relay_hold_over_chunks() {
    let text = swapped(|_, line| format!("Nov 20 10:00:01 10.9.9.9 {line}\n"));
    let parsed = read(&text, "w3c");
    assert_eq!((parsed.rows.len(), parsed.counts.headers), (120, 2));
    assert!(
        parsed.rows.values().all(|row| row["status"] == "200" && row["response_bytes"] == "404")
    );
}
