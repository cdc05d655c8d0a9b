//! What becomes of lines that are read as another format than theirs? They are refused, or their fields are those they have.

use dwell_ingest::detect::{Sample, framed};
use dwell_ingest::format::{FORMATS, Format};

use crate::formats::fixture;
use crate::parsed::{context, parse};

/// Columns by which a shift would show: typed ones, which both formats name.
const TELLING: &[&str] = &["ts", "client_ip", "status", "method", "host", "response_bytes"];

/// Formats of a few untyped words, which can't be told from others with as many: these are not found by content, and who
/// names them must be right.
const KNOWN: &[(&str, &str)] = &[
    ("haproxy_http", "haproxy_tcp"),
    ("haproxy_https", "haproxy_tcp"),
    ("threeproxy", "squid_referrer"),
    ("zeek_tsv", "e2guardian_flags"),
];

#[test]
fn wrong_guesses_shift_no_fields() {
    let mut tried = 0;
    let mut wrong = Vec::new();
    for format in FORMATS {
        let text = fixture(format.id(), "ok");
        let sample = Sample::new(&text, true);
        let Some(own) = format.learn(&sample.lines) else { continue };
        let own = framed(own.into(), sample.framing);
        let right = parse(own.as_ref(), &text, 1 << 20, &context());
        // Whose fields a header names are told by these names: dialects differ in the choice among them alone.
        let headed = |format: &dyn Format| {
            format.description().is_some_and(|description| description.syntax().contains("#Fields"))
        };
        let known =
            |other: &str| KNOWN.iter().any(|(own, read)| format.id() == *own && other == *read);
        for other in FORMATS.iter().filter(|other| other.id() != format.id()) {
            if known(other.id()) || headed(*format) && headed(*other) {
                continue;
            }
            let named = other.learn(&sample.lines).or_else(|| other.compile("").ok());
            let Some(named) = named else { continue };
            let named = framed(named.into(), sample.framing);
            let read = parse(named.as_ref(), &text, 1 << 20, &context());
            tried += 1;
            for (line, row) in &read.rows {
                let Some(truth) = right.rows.get(line) else { continue };
                // A size of the body where the other format takes the total is no shift.
                let body = |value: &String| {
                    truth.get("extra").is_some_and(|extra| extra.contains(&format!("\"{value}\"")))
                };
                let differs = |column: &&&str| {
                    let both = row.get(**column).zip(truth.get(**column));
                    both.is_some_and(|(a, b)| a != b && !(**column == "response_bytes" && body(a)))
                };
                let shifted: Vec<_> = TELLING.iter().filter(differs).collect();
                if !shifted.is_empty() {
                    let values = shifted.iter().map(|c| (**c, &row[**c], &truth[**c]));
                    let values: Vec<_> = values.collect();
                    let (read, own) = (other.id(), format.id());
                    wrong.push(format!("{own} as {read}: {line} {} {values:?}", row["parse"]));
                }
            }
        }
    }
    println!("{tried} wrong guesses, {} rows that differ", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
