//! What becomes of a source whose clock was wrong?

use dwell_ingest::pipeline::shift::{apply, plan};
use dwell_ingest::raw::{self, RawRequest};
use dwell_ingest::{IngestOptions, Outcome, quarantine};
use storage::ErrorKind;
use storage::clock::Micros;
use storage::fs::{self, FaultKind, FaultyFs, RecordingFs};
use storage::recover::{RecoverOptions, from_files};
use storage::schema::Col;
use storage::segment::VerifiedFile;
use storage::segment::reader::{self, ReadOptions};
use storage::store::{HiddenIndex, Store};

use crate::support::{Bench, assert_same, init, log, open, options, raw_of, squid};

const HOUR_US: Micros = 3_600_000_000;

/// 19 November 2026, 00:00:00 UTC: the first second of the lines.
const BEGIN_US: Micros = 1_795_046_400_000_000;

/// Two days of Squid's lines with odd line ends, odd lines and no newline at the end.
fn text() -> Vec<u8> {
    let mut text = b"what is this\r\n\n".to_vec();
    for at in 0..1000_u64 {
        text.extend(squid(at * 150, &format!("http://h{}.example.com/{at}", at % 7)).bytes());
        text.extend(if at % 90 == 3 { "\r\n" } else { "\n" }.bytes());
    }
    text.extend(b"and this");
    text
}

/// Line and time of each row, and how many rows each day has.
type Shown = (Vec<(i64, i64)>, Vec<(String, u64)>);

/// What is shown of the rows of a store: time and line, sorted by line; and the rows by day.
fn shown(store: &Store) -> Shown {
    let state = store.state();
    let index = HiddenIndex::new(&state);
    let (mut rows, mut days) = Shown::default();
    for (day, segment) in state.segments() {
        let hidden = index.in_segment(&segment.meta, segment.seq);
        let file = VerifiedFile::open(store.locate(&segment.meta.path), &segment.meta).unwrap();
        for batch in reader::rows(&file, &[Col::LineNo, Col::Ts], &ReadOptions::default()).unwrap()
        {
            let batch = batch.unwrap();
            use arrow::array::AsArray as _;
            use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
            let lines = batch.column(0).as_primitive::<Int64Type>();
            let times = batch.column(1).as_primitive::<TimestampMicrosecondType>();
            for (line, ts) in lines.values().iter().zip(times.values()) {
                if hidden.covers(1, *line) {
                    continue;
                }
                rows.push((*line, *ts));
                match days.iter_mut().find(|(known, _)| *known == day.to_string()) {
                    Some((_, rows)) => *rows += 1,
                    None => days.push((day.to_string(), 1)),
                }
            }
        }
    }
    rows.sort_unstable();
    (rows, days)
}

fn taken(shift_us: Micros) -> (Bench, Vec<u8>) {
    let bench = Bench::new();
    let text = text();
    let path = bench.write("a.log", &text);
    let options = IngestOptions {
        format: Some("squid".into()),
        shift_us,
        extent_bytes: 20_000,
        chunk_bytes: 8_000,
        ..options()
    };
    let report = bench.run(&[&path], &options);
    assert_eq!(report.counts().rows, 1000);
    (bench, text)
}

#[test]
fn a_stated_shift_is_added_to_every_time() {
    let (plain, text) = taken(0);
    let (bench, _) = taken(-90_000_000);
    let (rows, days) = shown(&bench.store);
    let (expected, _) = shown(&plain.store);
    assert_eq!(rows, expected.iter().map(|(l, ts)| (*l, ts - 90_000_000)).collect::<Vec<_>>());
    assert_eq!(
        days.iter().map(|(day, _)| day.as_str()).collect::<Vec<_>>(),
        ["2026-11-18", "2026-11-19", "2026-11-20"]
    );
    assert_eq!(days.iter().map(|(_, rows)| rows).sum::<u64>(), 1000);
    assert_same(&bench.raw(1), &text);
    let source = bench.store.state().sources[&1].clone();
    assert_eq!((source.shift_us, source.first_ts), (-90_000_000, Some(BEGIN_US - 90_000_000)));
    // It grows with the shift it has, whatever is asked for, and says so.
    let grown = [&text[..], b"\n", &log(160_000, 5)].concat();
    let path = bench.write("a.log", &grown);
    let report = bench.run(&[&path], &IngestOptions { shift_us: HOUR_US, ..options() });
    assert_eq!((report.sources[0].outcome, report.counts().rows), (Outcome::Grown, 5));
    assert!(report.sources[0].message.as_ref().unwrap().contains("-00:01:30"));
    assert_eq!(shown(&bench.store).0.last().unwrap().1, BEGIN_US + 160_004_004_000 - 90_000_000);
    assert_same(&bench.raw(1), &grown);
    let mut day = Vec::new();
    raw::write(&bench.store, RawRequest::Day("2026-11-18".parse().unwrap()), &mut day).unwrap();
    assert!(text.windows(day.len()).any(|part| part == day) && !day.is_empty());
}

#[test]
fn a_stored_source_is_corrected_in_one_commit() {
    let (bench, text) = taken(0);
    let before = shown(&bench.store).0;
    let planned = plan(&bench.store, 1, -6 * HOUR_US).unwrap();
    assert_eq!((planned.rows, planned.old_us, planned.days.len()), (1000, 0, 4));
    assert_eq!(planned.moved(), 288);
    let version = bench.store.state().version;
    assert!(apply(&bench.store, 1, -6 * HOUR_US, "NTP", &options(), &()).unwrap());
    assert!(!apply(&bench.store, 1, -6 * HOUR_US, "NTP", &options(), &()).unwrap());
    assert_eq!(bench.store.refresh().unwrap().version, version + 1);
    let (rows, days) = shown(&bench.store);
    assert_eq!(rows, before.iter().map(|(l, ts)| (*l, ts - 6 * HOUR_US)).collect::<Vec<_>>());
    assert_eq!(days[0], ("2026-11-18".to_owned(), 144));
    assert_same(&bench.raw(1), &text);
    let state = bench.reopen().unwrap().state();
    let source = &state.sources[&1];
    assert_eq!((source.counts.rows, source.counts.quarantined, source.counts.blank), (1000, 2, 1));
    assert_eq!((source.shift_us, source.first_ts), (-6 * HOUR_US, Some(before[0].1 - 6 * HOUR_US)));
    let listed: u64 = quarantine::list(&bench.store, None).unwrap().iter().map(|it| it.lines).sum();
    assert_eq!(listed, 2);
    let last = bench.store.ledger_entries().unwrap().pop().unwrap();
    assert_eq!((last.kind.as_str(), last.detail.contains("-06:00:00")), ("shift", true));
    // Back again: the rows are what they were.
    assert!(apply(&bench.store, 1, 0, "a mistake", &options(), &()).unwrap());
    assert_eq!(shown(&bench.store).0, before);
    assert_same(&bench.raw(1), &text);
}

#[test]
fn a_shift_keeps_rows_that_were_read_otherwise() {
    let bench = Bench::new();
    let tabs = "1795046400\t10.1.0.9\tGET\thttp://last.example.com/\n";
    let text = format!("{}\n{tabs}", squid(0, "http://a.example.com/"));
    let path = bench.write("a.log", text.as_bytes());
    bench.run(&[&path], &IngestOptions { format: Some("squid".into()), ..options() });
    let options = IngestOptions { logformat: Some("%ts\t%>a\t%rm\t%ru".into()), ..options() };
    apply(&bench.store, 1, HOUR_US, "r", &options, &()).unwrap();
    // A line read later has the corrected time at once.
    assert_eq!(quarantine::retry(&bench.store, 1, &options, &()).unwrap().counts.rows, 1);
    assert_eq!(shown(&bench.store).0, [(1, BEGIN_US + HOUR_US), (2, BEGIN_US + HOUR_US)]);
    apply(&bench.store, 1, 2 * HOUR_US, "r", &options, &()).unwrap();
    assert_eq!(shown(&bench.store).0, [(1, BEGIN_US + 2 * HOUR_US), (2, BEGIN_US + 2 * HOUR_US)]);
    assert_same(&bench.raw(1), text.as_bytes());
}

#[test]
fn what_cannot_be_is_refused() {
    let (bench, _) = taken(0);
    for shift_us in [i64::MAX, i64::MIN, -60 * 8766 * HOUR_US] {
        let error = apply(&bench.store, 1, shift_us, "r", &options(), &()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    }
    assert_eq!(plan(&bench.store, 7, 0).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(bench.store.state().sources[&1].shift_us, 0);
}

#[test]
fn every_call_of_a_shift_fails_once() {
    let text = text();
    let mut fired = 0;
    for n in 1.. {
        let kind = [FaultKind::Error, FaultKind::Torn, FaultKind::Dead][n as usize % 3];
        let dir = tempfile::tempdir().unwrap();
        let store = init(dir.path(), fs::real()).unwrap();
        let path = dir.path().join("a.log");
        std::fs::write(&path, &text).unwrap();
        let squid = IngestOptions { format: Some("squid".into()), jobs: 1, ..options() };
        dwell_ingest::run(&store, &[path.into()], &squid, &()).unwrap();
        drop(store);
        let faulty = FaultyFs::new(fs::real(), n, kind);
        let done = open(dir.path(), std::sync::Arc::new(faulty.clone()))
            .and_then(|store| apply(&store, 1, HOUR_US, "r", &options(), &()));
        let store = open(dir.path(), fs::real()).unwrap();
        let shift_us = store.state().sources[&1].shift_us;
        let (rows, _) = shown(&store);
        assert_eq!((rows.len(), rows[0].1), (1000, BEGIN_US + shift_us), "{n}");
        assert_same(&raw_of(&store, 1).unwrap(), &text);
        if faulty.fired() == 0 {
            done.unwrap();
            break;
        }
        fired += 1;
        apply(&store, 1, HOUR_US, "r", &options(), &()).unwrap();
        assert_eq!(shown(&store).0[0].1, BEGIN_US + HOUR_US);
        assert_same(&raw_of(&store, 1).unwrap(), &text);
    }
    assert!(fired > 20, "only {fired} faults fired");
}

#[test]
fn a_power_loss_leaves_before_or_after() {
    let dir = tempfile::tempdir().unwrap();
    let inputs = tempfile::tempdir().unwrap();
    let tabs = (0..9).map(|at| {
        format!("{}\t10.1.0.9\tGET\thttp://b.example.com/\n", 1_795_046_400 + at * 20_000)
    });
    let all = [log(0, 40), tabs.collect::<String>().into_bytes()].concat();
    let path = inputs.path().join("a.log");
    std::fs::write(&path, &all).unwrap();
    let store = init(dir.path(), fs::real()).unwrap();
    let squid = IngestOptions { format: Some("squid".into()), jobs: 1, ..options() };
    dwell_ingest::run(&store, &[path.into()], &squid, &()).unwrap();
    drop(store);
    let recording = RecordingFs::new(dir.path()).unwrap();
    let store = open(dir.path(), std::sync::Arc::new(recording.clone())).unwrap();
    let options = IngestOptions { logformat: Some("%ts\t%>a\t%rm\t%ru".into()), ..options() };
    apply(&store, 1, HOUR_US, "r", &options, &()).unwrap();
    quarantine::retry(&store, 1, &options, &()).unwrap();
    apply(&store, 1, -HOUR_US, "r", &options, &()).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    let mut states = 0;
    for changes in (0..=recording.len()).step_by(5) {
        for state in recording.crash_states(changes) {
            let after = tempfile::tempdir().unwrap();
            state.write_to(after.path()).unwrap();
            let store = open(after.path(), fs::real()).unwrap();
            let source = store.state().sources[&1].clone();
            let (rows, _) = shown(&store);
            assert_eq!(rows.len() as u64, source.counts.rows);
            assert_eq!(rows[0].1, BEGIN_US + source.shift_us);
            assert_same(&raw_of(&store, 1).unwrap(), &all);
            seen.insert((source.counts.rows, source.shift_us));
            states += 1;
        }
    }
    let expected = [(40, 0), (40, HOUR_US), (49, -HOUR_US), (49, HOUR_US)];
    assert!(seen.iter().eq(&expected), "{seen:?}");
    assert!(states > 50, "{states}");
}

#[test]
fn a_lost_ledger_finds_its_shifts_again() {
    let (bench, text) = taken(-90_000_000);
    apply(&bench.store, 1, HOUR_US, "r", &options(), &()).unwrap();
    let expected = shown(&bench.store);
    std::fs::remove_dir_all(bench.path("store/ledger")).unwrap();
    let options = RecoverOptions {
        key_dir: Some(bench.path("keys")),
        fallback_dir: None,
        fs: fs::real(),
        now_us: crate::support::NOW_US,
        by: "tests".into(),
        reason: String::new(),
        new_key: false,
        accept_head: true,
    };
    let done = from_files(&bench.path("store"), &options).unwrap();
    assert!(done.skipped.is_empty(), "{:?}", done.skipped);
    let store = bench.reopen().unwrap();
    assert_eq!((store.state().sources[&1].shift_us, shown(&store)), (HOUR_US, expected));
    assert_same(&raw_of(&store, 1).unwrap(), &text);
}
