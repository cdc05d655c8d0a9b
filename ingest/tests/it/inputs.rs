//! What becomes of each kind of input: refused, empty, unknown, unreadable, many at once?

use dwell_ingest::raw::{self, RawRequest};
use dwell_ingest::{IngestOptions, Outcome, quarantine};
use storage::error::ErrorKind;

use crate::support::{Bench, assert_same, log, options, squid};

#[test]
fn a_squid_file_becomes_rows() {
    let bench = Bench::new();
    let path = bench.write("access.log", &log(0, 1000));
    let report = bench.take(&path);
    assert_eq!(report.outcome, Outcome::Stored);
    assert_eq!((report.counts.lines, report.counts.rows), (1000, 1000));
    assert_eq!(report.raw_rows, 0);
    let choice = report.format.unwrap();
    assert_eq!(choice.id, "squid");
    assert!(choice.margin().unwrap() > 0.5);
    let day = bench.store.state().days.keys().next().copied().unwrap();
    let mut bytes = Vec::new();
    raw::write(&bench.store, RawRequest::Day(day), &mut bytes).unwrap();
    assert_same(&bytes, &log(0, 1000));
}

#[test]
fn foreign_lines_do_not_unmake_a_format() {
    let bench = Bench::new();
    let lines = (0..1000u64).map(|at| match at % 10 {
        0..3 => format!("a line of something else, number {at}\n"),
        _ => squid(at, "http://a.example.com/") + "\n",
    });
    let path = bench.write("access.log", lines.collect::<String>().as_bytes());
    let report = bench.take(&path);
    assert_eq!((report.counts.rows, report.counts.quarantined), (700, 300));
    assert!(report.needs_attention());
    let listed = quarantine::list(&bench.store, None).unwrap();
    assert_eq!(listed.iter().map(|entry| entry.lines).sum::<u64>(), 300);
    let mut shown = Vec::new();
    let count = quarantine::show(&bench.store, report.source_id, &mut |line| {
        shown.push(line);
        Ok(())
    });
    assert_eq!((count.unwrap(), shown.len()), (300, 300));
    assert_eq!(shown[1].line_no, 2);
    assert_eq!(shown[1].bytes, b"a line of something else, number 1");
    assert_eq!(shown[0].byte_offset, 0);
}

#[test]
fn unknown_text_goes_to_quarantine_whole() {
    let bench = Bench::new();
    let text = b"once upon a time\n\nthere was a log\nthat no one could read";
    let path = bench.write("tale.txt", text);
    let report = bench.take(&path);
    assert_eq!(report.outcome, Outcome::Quarantined);
    assert_eq!((report.counts.rows, report.counts.quarantined, report.counts.blank), (0, 3, 1));
    assert_eq!(report.reasons, [("unknown_format".to_owned(), 3)]);
    let id = report.source_id.unwrap();
    assert!(report.next.unwrap().contains(&format!("quarantine retry --source {id} --format")));
    assert_same(&bench.raw(id), text);
}

#[test]
fn what_is_no_text_is_refused() {
    let bench = Bench::new();
    for (name, bytes) in [
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice()),
        ("a.elf", b"\x7fELF\x02\x01\x01\0\0\0\0"),
        ("a.pcap", b"\xd4\xc3\xb2\xa1\x02\0\x04\0"),
        ("a.bin", &[0; 1000]),
    ] {
        let report = bench.take(&bench.write(name, bytes));
        assert_eq!((report.outcome, report.source_id), (Outcome::Refused, None), "{name}");
        assert!(report.message.unwrap().contains("no log but"));
    }
    assert!(bench.store.state().sources.is_empty());
}

#[test]
fn an_empty_file_is_a_source_that_may_grow() {
    let bench = Bench::new();
    let path = bench.write("empty.log", b"");
    let report = bench.take(&path);
    assert_eq!((report.outcome, report.counts.lines), (Outcome::Empty, 0));
    assert!(!report.needs_attention());
    let id = report.source_id.unwrap();
    assert_eq!(bench.take(&path).outcome, Outcome::AlreadyStored);
    let text = log(0, 10);
    bench.write("empty.log", &text);
    let report = bench.take(&path);
    assert_eq!((report.outcome, report.source_id), (Outcome::Grown, Some(id)));
    assert_eq!(report.counts.rows, 10);
    assert_same(&bench.raw(id), &text);
}

#[test]
fn inputs_that_cannot_be_read_are_told() {
    let bench = Bench::new();
    let good = bench.write("good.log", &log(0, 5));
    let report = bench.run(&[&bench.path("none.log"), &good], &options());
    assert_eq!(report.sources[0].outcome, Outcome::Unreadable);
    assert!(report.sources[0].message.as_ref().unwrap().contains("none.log"));
    assert_eq!(report.sources[1].outcome, Outcome::Stored);
    assert!(report.needs_attention() && !report.none_stored());
    assert!(bench.run(&[&bench.path("none.log")], &options()).none_stored());
}

#[test]
fn many_small_files_at_once() {
    let bench = Bench::new();
    for at in 0..60 {
        bench.write(&format!("logs/{at:03}.log"), &log(at * 100, 50));
    }
    let report = bench.run(&[&bench.path("logs")], &IngestOptions { jobs: 4, ..options() });
    assert_eq!(report.sources.len(), 60);
    assert_eq!((report.counts().rows, report.sources[7].counts.rows), (3000, 50));
    assert!(report.sources[7].path.ends_with("logs/007.log"));
    for source in &report.sources {
        let at: u64 = source.path.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        assert_same(&bench.raw(source.source_id.unwrap()), &log(at * 100, 50));
    }
}

#[test]
fn a_wrong_format_name_ends_the_run() {
    let bench = Bench::new();
    let path = bench.write("access.log", &log(0, 5));
    let options = IngestOptions { format: Some("nonsense".into()), ..options() };
    let error = dwell_ingest::run(&bench.store, &[path.into()], &options, &()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("nonsense"));
}

#[test]
#[cfg(unix)]
fn a_pipe_is_read_once() {
    let bench = Bench::new();
    let path = bench.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let text = log(0, 3000);
    let writer = {
        let (path, text) = (path.clone(), text.clone());
        std::thread::spawn(move || std::fs::write(path, text).unwrap())
    };
    let report =
        bench.run(&[&path], &IngestOptions { source_name: Some("tap".into()), ..options() });
    writer.join().unwrap();
    let source = &report.sources[0];
    assert_eq!((source.outcome, source.counts.rows), (Outcome::Stored, 3000));
    assert_eq!(source.path, std::path::Path::new("tap"));
    assert_same(&bench.raw(source.source_id.unwrap()), &text);
    // It has grown when it comes by again, with nothing to open a second time.
    let longer = log(0, 3500);
    let writer = {
        let (path, text) = (path.clone(), longer.clone());
        std::thread::spawn(move || std::fs::write(path, text).unwrap())
    };
    let report =
        bench.run(&[&path], &IngestOptions { source_name: Some("tap".into()), ..options() });
    writer.join().unwrap();
    assert_eq!((report.sources[0].outcome, report.counts().rows), (Outcome::Grown, 500));
    assert_same(&bench.raw(source.source_id.unwrap()), &longer);
}

#[test]
fn a_line_is_kept_however_late_its_time() {
    let bench = Bench::new();
    let line = squid(0, "http://a.example.com/");
    let late = line.replacen("1795046400", "253402210800", 1);
    let early = line.replacen("1795046400", "31536000", 1);
    let text = format!("{line}\n{late}\n{early}\n");
    let report = bench.take(&bench.write("access.log", text.as_bytes()));
    assert_eq!((report.counts.rows, report.counts.quarantined), (1, 2));
    let mut reasons: Vec<_> = report.reasons.iter().map(|(reason, _)| reason.as_str()).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["time_before_1990", "time_in_future"]);
    assert_same(&bench.raw(report.source_id.unwrap()), text.as_bytes());
}

#[test]
fn an_extent_may_end_by_the_clock() {
    use std::sync::atomic::{AtomicI64, Ordering};
    static TIME: AtomicI64 = AtomicI64::new(crate::support::NOW_US);
    let bench = Bench::new();
    let text = log(0, 5000);
    let path = bench.write("access.log", &text);
    let options = IngestOptions {
        clock: || TIME.fetch_add(3_000_000, Ordering::Relaxed),
        extent_us: 5_000_000,
        jobs: 1,
        chunk_bytes: 50_000,
        ..options()
    };
    let report = bench.run(&[&path], &options);
    assert!(report.sources[0].extents > 1, "{}", report.sources[0].extents);
    assert_same(&bench.raw(report.sources[0].source_id.unwrap()), &text);
}

#[test]
fn the_settings_name_formats_for_paths() {
    let bench = Bench::new();
    let settings = "[logformat]\nshort = '%ts.%03tu %>a %rm %ru'\n\n[[source]]\npath = \"**/short*\"\nformat = \"short\"\n";
    std::fs::write(bench.path("store/dwell.toml"), settings).unwrap();
    let store = bench.reopen().unwrap();
    let path = bench.write("short.log", b"1795046400.123 10.0.0.1 GET http://a.example.com/\n");
    let report = dwell_ingest::run(&store, &[path.into()], &options(), &()).unwrap();
    assert_eq!((report.sources[0].outcome, report.counts().rows), (Outcome::Stored, 1));
    assert_eq!(report.sources[0].format.as_ref().unwrap().id, "logformat");
}

#[test]
fn a_quarantined_source_is_read_anew() {
    let bench = Bench::new();
    let line = |at: u64| {
        format!("{}\t10.0.0.{}\tGET\thttp://a.example.com/{at}\n", 1_795_046_400 + at, at % 9)
    };
    let text = (0..500).map(line).collect::<String>() + "\nnothing of the kind\nand a last one";
    let report = bench.take(&bench.write("odd.log", text.as_bytes()));
    assert_eq!((report.outcome, report.counts.quarantined), (Outcome::Quarantined, 502));
    let id = report.source_id.unwrap();
    // Without a name it is looked at again; with a wrong one no line is read. Neither writes anything.
    let wrong = IngestOptions { format: Some("squid".into()), ..options() };
    for options in [&options(), &wrong] {
        let report = quarantine::retry(&bench.store, id, options, &()).unwrap();
        assert_eq!((report.outcome, report.counts.quarantined), (Outcome::Unchanged, 502));
        assert!(report.next.unwrap().contains("--format NAME"));
    }
    let options = IngestOptions { logformat: Some("%ts\t%>a\t%rm\t%ru".into()), ..options() };
    let report = quarantine::retry(&bench.store, id, &options, &()).unwrap();
    assert_eq!((report.counts.rows, report.counts.quarantined, report.counts.blank), (500, 2, 1));
    assert_same(&bench.raw(id), text.as_bytes());
    let listed = quarantine::list(&bench.store, None).unwrap();
    assert_eq!(listed.iter().map(|entry| entry.lines).sum::<u64>(), 2);
    let state = bench.reopen().unwrap().state();
    assert_eq!(
        (state.sources[&id].counts, state.sources[&id].format.as_str()),
        (report.counts, "logformat")
    );
    // What is left is no line of it still; it grows as what it is now.
    let again = quarantine::retry(&bench.store, id, &options, &()).unwrap();
    assert_eq!(again.outcome, Outcome::Unchanged);
    let grown = text + "\n" + &line(501);
    let report = bench.take(&bench.write("odd.log", grown.as_bytes()));
    assert_eq!((report.outcome, report.counts.rows), (Outcome::Grown, 1));
    assert_same(&bench.raw(id), grown.as_bytes());
}
