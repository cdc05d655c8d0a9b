//! Whether every format of the registry reads its fixtures, and gives every line back.

use std::fmt::Write;
use std::sync::Arc;

use chrono_tz::Tz;
use dwell_ingest::detect::{Detected, Sample, detect, framed};
use dwell_ingest::format::{
    FORMATS, Format, FormatError, LineContext, Parser, Reason, find, logformat, open,
};
use proptest::prelude::*;
use storage::extent::LineEnd;

use crate::parsed::{NOW_US, Parsed, context, parse};

/// Rows and odd lines, as a reviewer wants to see them.
fn show(parsed: &Parsed) -> String {
    let mut out = String::new();
    for (line, row) in &parsed.rows {
        writeln!(out, "line {line}").unwrap();
        for (column, value) in row {
            if !matches!(*column, "line_no" | "source_id") {
                writeln!(out, "  {column} = {value:?}").unwrap();
            }
        }
    }
    for odd in &parsed.odd {
        let reason = odd.reason.map_or("", |reason| reason.name());
        let text = String::from_utf8_lossy(&odd.bytes);
        writeln!(out, "line {} is {} {reason}: {text:?}", odd.line_no, odd.kind.name()).unwrap();
    }
    out
}

pub(crate) fn fixture(format: &str, name: &str) -> Vec<u8> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    std::fs::read(format!("{dir}/{format}/{name}.log")).unwrap()
}

/// The parser of a format for a source that begins with this text.
pub(crate) fn learned(format: &dyn Format, text: &[u8]) -> Option<Box<dyn Parser>> {
    let sample = Sample::new(text, true);
    // Formats whose lines have no time need the envelopes around them.
    let within = || match detect(&sample, &[], NOW_US) {
        Detected::Format(parser, _) if parser.id() == format.id() => {
            open(parser.id(), parser.spec()).ok()
        }
        _ => None,
    };
    let parser = match format.learn(&sample.lines) {
        Some(parser) => framed(Arc::from(parser), sample.framing),
        None => Arc::from(within()?),
    };
    // What the ledger keeps of it must give the same parser.
    let again = open(parser.id(), parser.spec()).unwrap();
    assert_eq!((again.id(), again.spec()), (parser.id(), parser.spec()));
    Some(again)
}

#[test]
fn every_format_reads_its_fixtures() {
    for format in FORMATS {
        let ok = fixture(format.id(), "ok");
        let parser = learned(*format, &ok).unwrap_or_else(|| panic!("{}", format.id()));
        let parsed = parse(parser.as_ref(), &ok, 1 << 20, &context());
        let counts = parsed.counts;
        assert_eq!(counts.rows + counts.headers, counts.lines, "{}", format.id());
        insta::assert_snapshot!(format!("{}_ok", format.id()), show(&parsed));
        let bad = fixture(format.id(), "bad");
        let parsed = parse(parser.as_ref(), &bad, 1 << 20, &context());
        insta::assert_snapshot!(format!("{}_bad", format.id()), show(&parsed));
    }
}

#[test]
fn every_format_knows_its_own_lines_best() {
    let named = FORMATS.iter().filter(|format| format.by_name_only());
    let named: Vec<&str> = named.map(|format| format.id()).collect();
    for format in FORMATS {
        let text = fixture(format.id(), "ok");
        let lines = Sample::new(&text, true).lines;
        let own = learned(*format, &text).unwrap().score(&lines);
        assert!(own.fit > 0.8, "{} {own:?}", format.id());
        for other in FORMATS.iter().filter(|other| other.id() != format.id()) {
            let Some(other) = other.learn(&lines) else { continue };
            let score = other.score(&lines);
            let near = score.fit >= own.fit - 0.2;
            assert!(
                !near
                    || format.by_name_only()
                    || named.contains(&other.id())
                    || score.rank < own.rank,
                "{} {own:?} {} {score:?}",
                format.id(),
                other.id()
            );
        }
        if format.by_name_only() {
            continue;
        }
        match detect(&Sample::new(&text, true), &[], NOW_US) {
            Detected::Format(parser, _) => assert_eq!(parser.id(), format.id()),
            other => panic!("{}: {other:?}", format.id()),
        }
    }
}

#[test]
fn chunks_of_any_size_give_the_same_rows() {
    for format in FORMATS {
        let parser = learned(*format, &fixture(format.id(), "ok")).unwrap();
        let text = [fixture(format.id(), "ok"), fixture(format.id(), "bad")].concat();
        let whole = show(&parse(parser.as_ref(), &text, 1 << 20, &context()));
        for size in [1, 100, 700] {
            assert_eq!(show(&parse(parser.as_ref(), &text, size, &context())), whole);
        }
    }
}

#[test]
fn line_ends_are_noted_where_they_are_unusual() {
    let parser = find("squid").unwrap().compile("").unwrap();
    let text = String::from_utf8(fixture("squid", "ok")).unwrap().replace('\n', "\r\n");
    let cx = LineContext { line_end: LineEnd::Crlf, ..context() };
    assert!(parse(parser.as_ref(), text.as_bytes(), 500, &cx).odd.is_empty());
    let mixed = text.replacen("\r\n", "\n", 3) + "\n\r\n";
    let parsed = parse(parser.as_ref(), mixed.as_bytes(), 500, &cx);
    assert_eq!(parsed.odd.iter().filter(|odd| odd.kind.name() == "eol").count(), 4);
    parse(parser.as_ref(), mixed.as_bytes(), 500, &context());
}

#[test]
fn times_without_a_zone_take_the_given_one() {
    let parser = logformat("%{%d/%m/%Y %H:%M:%S}tl %>a %rm %ru").unwrap();
    let text = b"25/10/2025 12:00:00 10.0.0.1 GET http://a.example/\n\
                 26/10/2025 02:30:00 10.0.0.1 GET http://a.example/\n";
    let row = |zone: Option<Tz>, line: i64| {
        let cx = LineContext { zone, ..context() };
        let parsed = parse(parser.as_ref(), text, 1 << 20, &cx);
        assert_eq!(parsed.raw_rows, 0);
        (parsed.rows[&line]["ts"].clone(), parsed.rows[&line]["ts_quality"].clone())
    };
    let berlin = Some(chrono_tz::Europe::Berlin);
    assert_eq!(row(None, 1), ("1761393600000000".into(), "assumed_zone".into()));
    assert_eq!(row(berlin, 1), ("1761386400000000".into(), "assumed_zone".into()));
    assert_eq!(row(berlin, 2), ("1761438600000000".into(), "ambiguous".into()));
}

#[test]
fn many_days_in_one_chunk_go_to_their_own() {
    let parser = find("squid").unwrap().compile("").unwrap();
    let mut text = String::new();
    for n in 0..5000_u64 {
        let ts = 1_700_000_000 + n * 7919 % 400 * 86_400;
        writeln!(
            text,
            "{ts}.{:03} {:6} 10.0.0.{} TCP_MISS/200 {n} GET http://h{}.example/ - HIER_NONE/- -",
            n % 1000,
            n % 77,
            n % 250,
            n % 91
        )
        .unwrap();
    }
    let cx = LineContext { ingest_us: i64::MAX / 2, ..context() };
    let parsed = parse(parser.as_ref(), text.as_bytes(), 40_000, &cx);
    assert_eq!((parsed.counts.rows, parsed.raw_rows), (5000, 0));
}

#[test]
fn format_strings_that_are_wrong_point_at_the_place() {
    let at = |text: &str| match logformat(text) {
        Err(FormatError::Syntax { at, .. }) => Some(at),
        _ => None,
    };
    assert_eq!(at("%ts %>a %{Referer>h"), Some(9));
    assert_eq!(at("%ts %>a %"), Some(8));
    assert_eq!(at("%ts %>a%ru"), Some(7));
    assert_eq!(at("%>a %ru"), Some(0));
    assert_eq!(at("%{%Q}tl %>a"), Some(0));
    let message = logformat("%ts %>a%ru").unwrap_err().to_string();
    assert!(message.ends_with("\n  %ts %>a%ru\n         ^"), "{message}");
    assert!(matches!(open("nonsense", ""), Err(FormatError::Unknown { .. })));
    assert_eq!(open("squid-common", "").unwrap().id(), "squid_common");
    let spec = "%ts.%03tu %>a %ru";
    assert_eq!(open("logformat", spec).unwrap().spec(), spec);
}

#[test]
fn codes_without_a_column_go_to_extra() {
    let spec = r#"%ts.%03tu|%-8tr|%>a:%>p|%Ss/%03>Hs|%<a:%<p|%Sh|%rm|%>ru|%la|%xyz|%sn|%note{k}|"%{Host}>h"|%#{Cookie}>h"#;
    let parser = logformat(spec).unwrap();
    let text = b"1763631296.123|12      |2001:db8::1:4711|TCP_MISS/200|192.0.2.1:443|HIER_DIRECT|GET|http://a.example/|10.0.0.1|what|5|v|\"h \\\" x\"|a=b%20c%25\n\
                 1763631296.124|123456789|10.0.0.1:4711|TCP_MISS/200|192.0.2.1:443|DEFAULT_PARENT|GET|http://a.example/|-|-|6|-|\"-\"|-\n";
    let parsed = parse(parser.as_ref(), text, 1 << 20, &context());
    assert_eq!((parsed.counts.rows, parsed.raw_rows), (2, 0));
    insta::assert_snapshot!("logformat", show(&parsed));
}

fn parsers() -> Vec<Box<dyn Parser>> {
    let named = FORMATS.iter().map(|format| format.compile("").unwrap());
    named
        .chain([logformat(crate::samples::FULL).unwrap(), logformat(crate::samples::ISO).unwrap()])
        .collect()
}

/// Lines of all formats, with bytes changed, removed, doubled and spliced.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let all: Vec<Vec<u8>> = FORMATS
        .iter()
        .flat_map(|format| ["ok", "bad"].map(|name| fixture(format.id(), name)))
        .flat_map(|text| {
            text.split_inclusive(|&b| b == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>()
        })
        .collect();
    let bytes = prop::sample::select(b" \t\"\\-[]/:.|\0\r\n0123456789aZ\xff%".to_vec());
    let edit = (any::<prop::sample::Index>(), bytes, 0..4_u8);
    let line = (prop::sample::select(all), prop::collection::vec(edit, 0..5));
    let line = line.prop_map(|(mut line, edits)| {
        for (at, byte, how) in edits {
            if line.is_empty() {
                break;
            }
            let at = at.index(line.len());
            match how {
                0 => line[at] = byte,
                1 => line.insert(at, byte),
                2 => drop(line.remove(at)),
                _ => line.truncate(at),
            }
        }
        line
    });
    prop::collection::vec(line, 0..12).prop_map(|lines| lines.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn damaged_lines_are_accounted_for_and_given_back(text in damaged()) {
        for parser in parsers() {
            parse(parser.as_ref(), &text, 300, &context());
        }
    }

    #[test]
    fn any_bytes_are_accounted_for_and_given_back(
        text in prop::collection::vec(any::<u8>(), 0..400),
        zone in any::<bool>(),
    ) {
        let zone = zone.then_some(chrono_tz::Europe::Berlin);
        for parser in parsers() {
            parse(parser.as_ref(), &text, 100, &LineContext { zone, ..context() });
        }
    }

    #[test]
    fn any_format_string_compiles_or_says_why(spec in "[%a-z<>0-9{}\\[\"'#/ .|:-]{0,30}") {
        let spec = format!("%ts {spec}");
        if let Ok(parser) = logformat(&spec) {
            let text = b"1763631296 a b c\n1763631296 - - -\n\n";
            parse(parser.as_ref(), text, 100, &context());
        }
    }
}

/// Compares a generated text with its file; with `INSTA_UPDATE=always` the file is written, as snapshots are.
#[allow(clippy::disallowed_methods, reason = "snapshots are updated by this variable, too")]
pub(crate) fn generated(path: &str, text: &str) {
    let path = format!("{}/../docs/{path}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var("INSTA_UPDATE").is_ok_and(|how| how == "always") {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), text, "{path}");
}

#[test]
fn every_format_and_reason_has_its_page() {
    let docs = |name: &str| {
        let path = format!("{}/../docs/formats/{name}.md", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    };
    let index = docs("README");
    let list = FORMATS.iter().map(|format| {
        let (id, title) = (format.id(), format.title());
        format!("| [`{id}`]({id}.md) | {title} |\n")
    });
    let (head, rest) = index.split_once("<!-- formats -->\n").unwrap();
    let (_, tail) = rest.split_once("<!-- end -->\n").unwrap();
    let list = list.collect::<String>();
    let table = format!("| format | product |\n|---|---|\n{list}");
    generated("formats/README.md", &format!("{head}<!-- formats -->\n{table}<!-- end -->\n{tail}"));
    for format in FORMATS {
        if let Some(page) = format.page() {
            generated(&format!("formats/{}.md", format.id()), &page);
        }
        assert!(docs(format.id()).contains(format.definition()), "{}", format.id());
        assert!(!format.doc().is_empty() && !format.title().is_empty());
    }
    for reason in Reason::ALL {
        assert!(index.contains(&format!("`{}`", reason.name())), "{}", reason.name());
        assert!(!reason.doc().is_empty());
    }
}
