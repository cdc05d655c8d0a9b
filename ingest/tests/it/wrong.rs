//! What becomes of lines that are read as another format than theirs? They are refused, or their fields are those they have.

use dwell_ingest::detect::{Sample, framed};
use dwell_ingest::format::FORMATS;

use crate::formats::fixture;
use crate::parsed::{context, parse};

/// Columns by which a shift would show: typed ones, which both formats name.
const TELLING: &[&str] = &["ts", "client_ip", "status", "method", "host", "response_bytes"];

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
        for other in FORMATS.iter().filter(|other| other.id() != format.id()) {
            let named = other.learn(&sample.lines).or_else(|| other.compile("").ok());
            let Some(named) = named else { continue };
            let named = framed(named.into(), sample.framing);
            let read = parse(named.as_ref(), &text, 1 << 20, &context());
            tried += 1;
            for (line, row) in &read.rows {
                let Some(truth) = right.rows.get(line) else { continue };
                let differs = |column: &&&str| {
                    row.get(**column).zip(truth.get(**column)).is_some_and(|(a, b)| a != b)
                };
                let shifted: Vec<_> = TELLING.iter().filter(differs).collect();
                if !shifted.is_empty() {
                    wrong.push(format!("{} as {}: line {line} {shifted:?}", format.id(), other.id()));
                }
            }
        }
    }
    println!("{tried} wrong guesses, {} rows that differ", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
