//! Do header lines and records that are no lines come through the whole way: chunks, workers, growth?

use std::fmt::Write as _;

use dwell_ingest::IngestOptions;

use crate::support::{Bench, options};

const FIELDS: &str = "#Fields: date time c-ip cs-method cs-host cs-uri-path sc-status sc-bytes";

/// Lines of a W3C log, `from..to`; another order of columns from line `switch` on.
fn log(from: usize, to: usize, switch: usize) -> String {
    let mut text = String::new();
    for nth in from..to {
        if nth == 0 {
            writeln!(text, "#Software: Gateway 1\n{FIELDS}").unwrap();
        }
        if nth == switch {
            writeln!(text, "#Fields: date time sc-status c-ip cs-method cs-host cs-uri-path")
                .unwrap();
        }
        let (minute, second) = (nth / 60 % 60, nth % 60);
        let time = format!("2026-11-20 08:{minute:02}:{second:02}");
        let client = format!("10.1.{}.{}", nth % 7, nth % 200);
        if nth < switch {
            writeln!(text, "{time} {client} GET h{}.example.org /p/{nth} 200 {nth}", nth % 50)
                .unwrap();
        } else {
            writeln!(text, "{time} 404 {client} GET h{}.example.org /p/{nth}", nth % 50).unwrap();
        }
    }
    text
}

#[test]
fn headers_hold_over_chunks_and_growth() {
    let bench = Bench::new();
    let path = bench.write("gateway.log", log(0, 9_000, 6_000).as_bytes());
    let small = IngestOptions { chunk_bytes: 2_000, extent_bytes: 100_000, jobs: 2, ..options() };
    let report = bench.run(&[&path], &small);
    let source = &report.sources[0];
    assert_eq!(
        (source.counts.rows, source.counts.headers, source.counts.quarantined),
        (9_000, 3, 0)
    );
    // The second order of columns lies beyond the sample, so these lines are kept whole; the first needs none.
    assert!(source.raw_rows <= 3_000, "{}", source.raw_rows);
    let grown = log(0, 9_000, 6_000) + &log(9_000, 9_500, 6_000);
    bench.write("gateway.log", grown.as_bytes());
    let report = bench.run(&[&path], &small);
    assert_eq!((report.sources[0].counts.rows, report.sources[0].counts.quarantined), (500, 0));
    let id = report.sources[0].source_id.unwrap();
    assert_eq!(bench.raw(id), grown.as_bytes());
}

#[test]
fn documents_come_through_whole() {
    let bench = Bench::new();
    let entry = |nth: usize| {
        format!(
            "{{\"startedDateTime\":\"2026-11-20T08:00:{:02}.000Z\",\"time\":{nth},\"request\":{{\"method\":\"GET\",\"url\":\"http://a{nth}.example.org/x\",\"httpVersion\":\"HTTP/1.1\",\"headers\":[{{\"name\":\"User-Agent\",\"value\":\"curl/8\"}}]}},\"response\":{{\"status\":200}}}}",
            nth % 60
        )
    };
    let entries = (0..3_000).map(entry).collect::<Vec<_>>();
    let text =
        format!("{{\"log\":{{\"version\":\"1.2\",\"entries\":[{}]}}}}\n", entries.join(",\n"));
    let path = bench.write("flows.har", text.as_bytes());
    let small = IngestOptions { chunk_bytes: 5_000, jobs: 2, ..options() };
    let report = bench.run(&[&path], &small);
    let source = &report.sources[0];
    assert_eq!((source.counts.rows, source.counts.headers, source.counts.lines), (3_000, 2, 3_002));
    // The last entry has no comma behind it.
    assert!(source.raw_rows <= 1);
    let id = source.source_id.unwrap();
    assert_eq!(bench.raw(id), text.as_bytes());
    assert_eq!(bench.run(&[&path], &small).sources[0].counts.rows, 0);
}
