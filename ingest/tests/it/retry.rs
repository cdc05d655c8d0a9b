//! What becomes of single quarantined lines that are read anew?

use dwell_ingest::quarantine::{self, retry, retry_all};
use dwell_ingest::{IngestOptions, Outcome};
use storage::fs::{self, FaultKind, FaultyFs};
use storage::recover::{RecoverOptions, from_files};
use storage::store::Store;
use storage::verify::{VerifyOptions, verify};

use crate::support::{Bench, NOW_US, assert_same, init, open, options, raw_of, squid};

/// Half a day of lines, some stamped three days ahead, some in another format, odd line ends, no newline at the end.
fn mixed() -> Vec<u8> {
    let mut text = Vec::new();
    for at in 0..400_u64 {
        let url = format!("http://h{}.example.com/{at}", at % 7);
        let line = squid(at * 100, &url);
        match at % 20 {
            3 => text.extend(line.replacen("17950", "17955", 1).bytes()),
            7 | 8 => text.extend(format!("{}\t10.1.0.9\tPOST\t{url}", 1_795_046_400 + at).bytes()),
            11 => text.extend(b"\xffno line of any kind"),
            _ => text.extend(line.bytes()),
        }
        text.extend(if at % 20 == 7 || at % 50 == 3 { "\r\n" } else { "\n" }.bytes());
    }
    text.extend(b"1795046400\t10.1.0.9\tGET\thttp://last.example.com/");
    text
}

fn later() -> IngestOptions {
    IngestOptions { clock: || NOW_US + 400_000_000_000, ..options() }
}

fn tabs() -> IngestOptions {
    IngestOptions { logformat: Some("%ts\t%>a\t%rm\t%ru".into()), ..options() }
}

fn deep(bench_dir: &std::path::Path) -> Vec<storage::verify::Problem> {
    let options = VerifyOptions {
        deep: true,
        trusted: None,
        since_us: None,
        pinned_key: None,
        key_dir: Some(bench_dir.join("keys")),
        fallback_dir: None,
        standing: storage::store::Standing::Live,
        fs: fs::real(),
        now_us: NOW_US,
    };
    verify(&bench_dir.join("store"), &options).unwrap().problems
}

fn counts(store: &Store) -> (u64, u64) {
    let state = store.state();
    let counts = state.sources[&1].counts;
    assert!(counts.balance(), "{counts:?}");
    (counts.rows, counts.quarantined)
}

/// Takes the mixed text in as Squid's, whatever a sample says.
fn bench() -> (Bench, Vec<u8>) {
    let bench = Bench::new();
    let text = mixed();
    let path = bench.write("mixed.log", &text);
    let options = IngestOptions { format: Some("squid".into()), ..options() };
    let report = bench.run(&[&path], &options);
    assert_eq!(report.sources[0].source_id, Some(1));
    assert_eq!(counts(&bench.store), (320, 81));
    (bench, text)
}

#[test]
fn lines_become_rows_in_one_commit() {
    let (bench, text) = bench();
    let before = bench.store.state().version;
    // The clock has moved on: stamps that lay ahead are no longer impossible.
    let report = retry(&bench.store, 1, &later(), &()).unwrap();
    assert_eq!(
        (report.outcome, report.counts.rows, report.counts.quarantined),
        (Outcome::Retried, 20, 61)
    );
    assert_eq!((report.raw_rows, report.extents), (0, 1));
    assert!(report.needs_attention());
    assert_same(&bench.raw(1), &text);
    assert_eq!((counts(&bench.store), bench.store.state().version), ((340, 61), before + 1));
    // Another format reads others; their rows keep the line.
    let report = retry(&bench.store, 1, &tabs(), &()).unwrap();
    assert_eq!((report.counts.rows, report.counts.quarantined, report.raw_rows), (41, 20, 41));
    assert_same(&bench.raw(1), &text);
    assert_eq!(counts(&bench.store), (381, 20));
    assert_eq!(bench.store.state().sources[&1].format, "squid");
    assert_eq!(deep(bench.dir.path()), []);
    let listed: u64 = quarantine::list(&bench.store, None).unwrap().iter().map(|it| it.lines).sum();
    assert_eq!(listed, 20);
    // The last line had no newline; it goes on, and the text grows as before.
    let grown =
        [&text[..], b"more\n", squid(77, "http://new.example.com/").as_bytes(), b"\n"].concat();
    let report = bench.take(&bench.write("mixed.log", &grown));
    assert_eq!(report.outcome, Outcome::Grown);
    assert_same(&bench.raw(1), &grown);
    assert_eq!(deep(bench.dir.path()), []);
}

#[test]
fn nothing_read_is_nothing_written() {
    let (bench, text) = bench();
    let before = bench.store.state();
    for options in [options(), IngestOptions { format: Some("ncsa_common".into()), ..options() }] {
        let report = retry(&bench.store, 1, &options, &()).unwrap();
        assert_eq!((report.outcome, report.counts.quarantined), (Outcome::Unchanged, 81));
        assert!(!report.needs_attention());
        assert_eq!(*bench.store.refresh().unwrap(), *before);
    }
    assert_same(&bench.raw(1), &text);
    let report = retry_all(&bench.store, &later(), &()).unwrap();
    assert_eq!((report.sources.len(), report.counts().rows), (1, 20));
    // A source without such lines has none to read.
    let path = bench.write("good.log", (squid(5, "http://a.example.com/") + "\n").as_bytes());
    let id = bench.take(&path).source_id.unwrap();
    let report = retry(&bench.store, id, &options(), &()).unwrap();
    assert!(report.message.unwrap().contains("no line of it is in quarantine"));
    assert_eq!(retry_all(&bench.store, &options(), &()).unwrap().sources.len(), 1);
}

#[test]
fn another_zone_is_another_reading() {
    let bench = Bench::new();
    let line = |at: &str| format!("10.0.0.1 - - [{at}] \"GET / HTTP/1.1\" 200 5\n");
    let local = "%>a [%tl] %rm %ru".to_owned();
    let text = format!(
        "{}10.0.0.2 [20/Nov/2026:01:00:00 +0100] GET http://b.example.com/\n",
        line("20/Nov/2026:00:00:00 +0000")
    );
    let path = bench.write("a.log", text.as_bytes());
    bench.run(&[&path], &IngestOptions { format: Some("ncsa_common".into()), ..options() });
    assert_eq!(counts(&bench.store), (1, 1));
    let berlin = Some(chrono_tz::Europe::Berlin);
    let options = IngestOptions { logformat: Some(local), zone: berlin, ..options() };
    let report = retry(&bench.store, 1, &options, &()).unwrap();
    assert_eq!((report.counts.rows, report.raw_rows), (1, 1));
    assert_same(&bench.raw(1), text.as_bytes());
}

#[test]
fn a_line_is_read_by_the_header_before_it() {
    let bench = Bench::new();
    let text = "#Software: SGOS\n#Fields: date time c-ip cs-method cs-host cs-uri-path sc-status\n\
                2026-11-19 10:00:00 10.0.0.1 GET a.example.com /1 200\n\
                2026-11-23 10:00:00 10.0.0.2 GET b.example.com /2 200\n\
                #Fields: date time cs-host cs-uri-path sc-status c-ip cs-method\n\
                2026-11-23 10:00:01 c.example.com /3 200 10.0.0.3 GET\n\
                2026-11-19 10:00:02 d.example.com /4 200 10.0.0.4 GET\n";
    let path = bench.write("sg.log", text.as_bytes());
    bench.run(&[&path], &IngestOptions { format: Some("w3c".into()), ..options() });
    assert_eq!(counts(&bench.store), (2, 2));
    let report = retry(&bench.store, 1, &later(), &()).unwrap();
    assert_eq!((report.counts.rows, report.raw_rows), (2, 0));
    assert_same(&bench.raw(1), text.as_bytes());
    let mut day = Vec::new();
    let request = dwell_ingest::raw::RawRequest::Day("2026-11-23".parse().unwrap());
    dwell_ingest::raw::write(&bench.store, request, &mut day).unwrap();
    let expected: String = text
        .lines()
        .filter(|line| line.starts_with("2026-11-23"))
        .map(|l| format!("{l}\n"))
        .collect();
    assert_same(&day, expected.as_bytes());
    assert_eq!(deep(bench.dir.path()), []);
}

#[test]
fn a_long_line_is_read_when_the_limit_allows() {
    let bench = Bench::new();
    let long = squid(1, &format!("http://a.example.com/{}", "x".repeat(3 << 20)));
    let text = format!(
        "{}\n{long}\n{}\n",
        squid(0, "http://a.example.com/"),
        squid(2, "http://b.example.com/")
    );
    let path = bench.write("long.log", text.as_bytes());
    bench.take(&path);
    assert_eq!(counts(&bench.store), (2, 1));
    assert_eq!(retry(&bench.store, 1, &options(), &()).unwrap().outcome, Outcome::Unchanged);
    let options = IngestOptions { line_bytes_max: 4 << 20, ..options() };
    let report = retry(&bench.store, 1, &options, &()).unwrap();
    assert_eq!((report.outcome, report.counts.rows), (Outcome::Retried, 1));
    assert_eq!(counts(&bench.store), (3, 0));
    assert_same(&bench.raw(1), text.as_bytes());
}

#[test]
fn every_call_of_a_retry_fails_once() {
    let text = mixed();
    let mut fired = 0;
    for n in 1.. {
        let kind = [FaultKind::Error, FaultKind::Torn, FaultKind::Dead][n as usize % 3];
        let dir = tempfile::tempdir().unwrap();
        let store = init(dir.path(), fs::real()).unwrap();
        let path = dir.path().join("mixed.log");
        std::fs::write(&path, &text).unwrap();
        let squid = IngestOptions { format: Some("squid".into()), jobs: 1, ..options() };
        dwell_ingest::run(&store, &[path.into()], &squid, &()).unwrap();
        drop(store);
        let faulty = FaultyFs::new(fs::real(), n, kind);
        let done = open(dir.path(), std::sync::Arc::new(faulty.clone()))
            .and_then(|store| retry(&store, 1, &tabs(), &()));
        let store = open(dir.path(), fs::real()).unwrap();
        let (rows, left) = counts(&store);
        assert!([(320, 81), (361, 40)].contains(&(rows, left)), "{n}: {rows} {left}");
        assert_same(&raw_of(&store, 1).unwrap(), &text);
        if faulty.fired() == 0 {
            done.unwrap();
            break;
        }
        fired += 1;
        if n % 3 == 0 {
            retry(&store, 1, &tabs(), &()).unwrap();
            assert_eq!(counts(&store), (361, 40));
            assert_same(&raw_of(&store, 1).unwrap(), &text);
            assert_eq!(deep(dir.path()), []);
        }
    }
    assert!(fired > 20, "only {fired} faults fired");
}

#[test]
fn a_lost_ledger_finds_its_retries_again() {
    let (bench, text) = bench();
    retry(&bench.store, 1, &later(), &()).unwrap();
    retry(&bench.store, 1, &tabs(), &()).unwrap();
    let expected = counts(&bench.store);
    std::fs::remove_dir_all(bench.path("store/ledger")).unwrap();
    let options = RecoverOptions {
        key_dir: Some(bench.path("keys")),
        fallback_dir: None,
        fs: fs::real(),
        now_us: NOW_US,
        by: "tests".into(),
        reason: String::new(),
        new_key: false,
        accept_head: true,
    };
    let done = from_files(&bench.path("store"), &options).unwrap();
    assert!(done.skipped.is_empty(), "{:?}", done.skipped);
    let store = bench.reopen().unwrap();
    assert_eq!(counts(&store), expected);
    assert_same(&raw_of(&store, 1).unwrap(), &text);
}
