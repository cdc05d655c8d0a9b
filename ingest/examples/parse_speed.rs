//! How fast does a file parse on one core? `parse_speed FILE [FORMAT | auto | LOGFORMAT] [RUNS]`
#![expect(clippy::print_stdout, reason = "a measuring tool")]

use std::sync::Arc;
use std::time::Instant;

use dwell_ingest::detect::{Detected, Sample, detect};
use dwell_ingest::format::{ChunkSink, LineContext, Parser, find, logformat};
use storage::extent::LineEnd;

/// The bytes a worker takes at a time.
const CHUNK: usize = 19 << 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let path = args.next().ok_or("parse_speed FILE [FORMAT | LOGFORMAT] [RUNS]")?;
    let format = args.next().unwrap_or_else(|| "squid".into());
    let runs: usize = args.next().map_or(Ok(5), |runs| runs.parse())?;
    let text = std::fs::read(path)?;
    let sample = Sample::new(&text[..text.len().min(256 << 10)], false);
    let parser: Arc<dyn Parser> = match find(&format) {
        Some(format) => match format.learn(&sample.lines) {
            Some(parser) => parser.into(),
            None => format.compile("")?.into(),
        },
        None if format == "auto" => match detect(&sample, &[], storage::clock::now_us()) {
            Detected::Format(parser, choice) => {
                println!("{choice:?}");
                parser
            }
            other => return Err(format!("{other:?}").into()),
        },
        None => logformat(&format)?.into(),
    };
    let cx = LineContext {
        source_id: 1,
        first_line: 1,
        first_offset: 0,
        ingest_us: storage::clock::now_us(),
        line_end: LineEnd::Lf,
        zone: None,
        line_bytes_max: 1 << 20,
        headers: None,
        cuts: None,
        near_us: i64::MAX / 2,
    };
    for _ in 0..runs {
        let mut cx = cx.clone();
        let mut sink = ChunkSink::default();
        let mut parser = parser.chunk_parser();
        let (mut groups, mut rest) = (0, text.as_slice());
        let (start, start_core) = (Instant::now(), core_seconds());
        while !rest.is_empty() {
            let end = match rest.get(..CHUNK) {
                Some(head) => head.iter().rposition(|&b| b == b'\n').map_or(CHUNK, |at| at + 1),
                None => rest.len(),
            };
            parser.parse(&rest[..end], &cx, &mut sink);
            cx.first_offset += end as u64;
            cx.first_line = 1 + i64::try_from(sink.counts.lines)?;
            rest = &rest[end..];
            groups += sink.take_groups().len();
        }
        parser.flush(&mut sink);
        groups += sink.take_groups().len();
        let elapsed = start.elapsed().as_secs_f64();
        // On a busy machine only the core's own time tells anything.
        let seconds = core_seconds().zip(start_core).map_or(elapsed, |(now, then)| now - then);
        let counts = sink.counts;
        println!(
            "{elapsed:.3} s, on the core {seconds:.3} s, {:.0} MB/s, {:.0} ns a line, {} lines, {} rows, {} quarantined, {} partial, \
             {} with raw, {groups} row groups",
            text.len() as f64 / seconds / 1e6,
            seconds * 1e9 / counts.lines as f64,
            counts.lines,
            counts.rows,
            counts.quarantined,
            sink.partial_rows,
            sink.raw_rows,
        );
    }
    Ok(())
}

/// What this thread has used of its core so far, in seconds (Linux).
fn core_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos: u64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanos as f64 / 1e9)
}
