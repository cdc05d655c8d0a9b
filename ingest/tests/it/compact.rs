//! Are the rows the same after their files were put together, whatever happens on the way?

mod faults;
mod kept;

use std::collections::BTreeMap;
use std::sync::Arc;

use dwell_ingest::IngestOptions;
use dwell_ingest::raw::{self, Lines, RawRequest};
use storage::compact::{self, CompactOptions, Policy, Report, Why};
use storage::error::Result;
use storage::ledger::record::Table;
use storage::store::{CommitOptions, Store};

use crate::support::{Bench, NOW_US, assert_same, log, options, squid};

pub(crate) fn compact(store: &Arc<Store>, policy: Policy) -> Result<Report> {
    let options = CompactOptions {
        policy,
        commit: commit_options(),
        lines: &Lines,
        check: &|| Ok(()),
        done: &|_| (),
    };
    compact::run(store, &options)
}

fn commit_options() -> CommitOptions {
    CommitOptions { now_us: NOW_US, wait_ms: 1000, by: "tests".into() }
}

/// Rows of a day as they come out of `raw`.
fn raw_day(store: &Store, day: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    raw::write(store, RawRequest::Day(day.parse().unwrap()), &mut bytes).unwrap();
    bytes
}

/// A store with many small sources over two days, with lines that are no rows and a last line that goes on.
fn many(bench: &Bench) -> BTreeMap<i32, Vec<u8>> {
    let mut sources = BTreeMap::new();
    let options = IngestOptions { extent_bytes: 8_000, ..options() };
    for nth in 0..6_u64 {
        let name = format!("proxy{nth}.log");
        // Two of them cross midnight, all of them interleave in time.
        let mut text = log(86_350 - 60 * nth, 200 + 100 * nth);
        text.extend_from_slice(b"what is this line?\n\n");
        text.extend_from_slice(squid(80_000 + nth, "http://late.example/half").as_bytes());
        let half = text.len() - 20;
        for end in [half, text.len()] {
            let path = bench.write(&name, &text[..end]);
            bench.run(&[&path], &options);
        }
        let path = bench.write(&name, &[&text[..], b"\r\n"].concat());
        bench.run(&[&path], &options);
        text.extend_from_slice(b"\r\n");
        sources.insert(nth as i32 + 1, text);
    }
    sources
}

fn files(store: &Store) -> (usize, usize) {
    let state = store.refresh().unwrap();
    (state.segments().count(), state.lines.len())
}

fn assert_all(store: &Store, sources: &BTreeMap<i32, Vec<u8>>) {
    let state = store.refresh().unwrap();
    assert_eq!(state.sources.len(), sources.len());
    for (id, text) in sources {
        assert_same(&crate::support::raw_of(store, *id).unwrap(), text);
    }
}

#[test]
fn rows_stay_the_same_and_a_day_is_not_due_again() {
    stay_the_same(&Bench::new());
}

#[test]
fn rows_of_an_encrypted_store_stay_the_same_and_survive_its_ledger() {
    let bench = Bench::encrypted();
    stay_the_same(&bench);
    let done = recover(&bench);
    assert_eq!(done.skipped, []);
    let store = bench.reopen().unwrap();
    assert!(store.vault().is_some());
    for (id, source) in &store.state().sources {
        assert_eq!(crate::support::raw_of(&store, *id).unwrap().len() as u64, source.bytes);
    }
}

fn stay_the_same(bench: &Bench) {
    let sources = many(bench);
    assert_all(&bench.store, &sources);
    let days = ["2026-11-19", "2026-11-20"];
    let before = days.map(|day| raw_day(&bench.store, day));
    let state = bench.store.refresh().unwrap();
    let (segments, lines) = files(&bench.store);
    assert!(segments > 12 && lines >= 12 && !state.hidden.is_empty());
    let shown: u64 = state.sources.values().map(|source| source.counts.rows).sum();

    let report = compact(&bench.store, Policy::default()).unwrap();
    assert_eq!(files(&bench.store), (2, 1), "{report:?}");
    let state = bench.store.refresh().unwrap();
    assert!(state.hidden.is_empty(), "{:?}", state.hidden);
    let rows: u64 = state.segments().map(|(_, segment)| segment.meta.rows).sum();
    assert_eq!(rows, shown);
    let dropped: u64 = report.groups.iter().map(|group| group.dropped).sum();
    assert!(dropped >= 6, "{report:?}");
    assert_all(&bench.store, &sources);
    assert_eq!(days.map(|day| raw_day(&bench.store, day)), before);
    let again = compact(&bench.store, Policy::default()).unwrap();
    assert_eq!(again, Report::default());

    // What comes later is put together with it.
    let path = bench.write("more.log", &log(86_300, 50));
    bench.run(&[&path], &options());
    let report = compact(&bench.store, Policy::default()).unwrap();
    assert_eq!(report.groups.len(), 1);
    assert_eq!((report.groups[0].files_before, report.groups[0].why), (2, Why::Many));
    assert_all(&bench.reopen().unwrap(), &{
        let mut sources = sources;
        sources.insert(7, log(86_300, 50));
        sources
    });
}

#[test]
fn large_files_stay_and_siblings_stay_together() {
    let bench = Bench::new();
    let sources = many(&bench);
    let policy = Policy { file_rows: 400, ..Policy::default() };
    let report = compact(&bench.store, policy.clone()).unwrap();
    let first = report.groups.iter().find(|group| group.table == Table::Requests).unwrap();
    assert!(first.files_after > 1 && first.rows > 400, "{report:?}");
    assert_eq!(compact(&bench.store, policy.clone()).unwrap(), Report::default());
    assert_all(&bench.store, &sources);
    let path = bench.write("more.log", &log(80_000, 50));
    bench.run(&[&path], &options());
    // One new file beside those that were written as one: nothing gains.
    assert_eq!(compact(&bench.store, policy.clone()).unwrap(), Report::default());
}

fn recover(bench: &Bench) -> storage::recover::Recovered {
    let options = storage::recover::RecoverOptions {
        key_dir: Some(bench.path("keys")),
        fallback_dir: None,
        fs: storage::fs::real(),
        now_us: NOW_US,
        by: "tests".into(),
        reason: "lost".into(),
        new_key: false,
        accept_head: true,
    };
    std::fs::remove_dir_all(bench.path("store/ledger")).unwrap();
    storage::recover::from_files(&bench.path("store"), &options).unwrap()
}

/// Sources without what differs by the order of the records.
fn facts(store: &Store) -> Vec<String> {
    let state = store.state();
    let facts = state.sources.values().map(|source| {
        let extents = source.extents.iter().map(|it| (it.from, it.to, it.first_line, it.lines));
        let extents: Vec<_> = extents.collect();
        format!(
            "{} {:?} {} {:?} {:?} {:?} {:?} {}",
            source.id,
            source.path,
            source.sha256,
            source.counts,
            source.state,
            extents,
            source.first_ts,
            source.retired
        )
    });
    facts.collect()
}

#[test]
fn a_lost_ledger_is_rebuilt_from_compacted_files() {
    let bench = Bench::new();
    let mut sources = many(&bench);
    compact(&bench.store, Policy { file_rows: 500, ..Policy::default() }).unwrap();
    // Two generations: a file of the first goes into the second, beside new ones, and one new file stays.
    for nth in 7..9_u64 {
        let text = log(86_300 + 100 * nth, 30 + nth);
        let path = bench.write(&format!("later{nth}.log"), &text);
        bench.run(&[&path], &options());
        sources.insert(nth as i32, text);
    }
    compact(&bench.store, Policy::default()).unwrap();
    let text = log(100, 20);
    let path = bench.write("last.log", &text);
    bench.run(&[&path], &options());
    sources.insert(9, text);
    let before = (facts(&bench.reopen().unwrap()), raw_day(&bench.store, "2026-11-20"));
    let state = bench.store.refresh().unwrap();
    let rows: u64 = state.segments().map(|(_, segment)| segment.meta.rows).sum();

    let done = recover(&bench);
    assert_eq!((done.skipped.as_slice(), done.sources, done.rows), (&[][..], 9, rows));
    let store = bench.reopen().unwrap();
    assert_all(&store, &sources);
    assert_eq!((facts(&store), raw_day(&store, "2026-11-20")), before);
    assert_eq!(store.state().hidden, []);
    // It goes on as any other: content that was stored is known, days are put together.
    let path = bench.write("copy.log", &sources[&3]);
    dwell_ingest::run(&store, &[path.into()], &options(), &()).unwrap();
    assert_eq!(store.state().sources.len(), 9);
    compact(&store, Policy::default()).unwrap();
    assert_all(&store, &sources);
}

#[test]
fn files_of_which_nothing_is_shown_leave_their_footers_to_others() {
    let bench = Bench::new();
    let text = log(86_000, 300);
    let path = bench.write("proxy.log", &text);
    bench.take(&path);
    // Both days of it come anew with other times; the old files show nothing.
    let apply = |by_us| {
        let progress = &();
        dwell_ingest::pipeline::shift::apply(&bench.store, 1, by_us, "slow", &options(), progress)
    };
    assert!(apply(-86_400_000_000).unwrap());
    assert_eq!(files(&bench.store).0, 2);
    let shown = bench.store.state().segments().map(|(day, _)| day.to_string()).collect::<Vec<_>>();
    let report = compact(&bench.store, Policy::default()).unwrap();
    assert!(report.groups.iter().any(|group| group.files_after == 0), "{shown:?} {report:?}");
    assert!(report.groups.iter().any(|group| group.why == Why::Heir), "{report:?}");
    assert_eq!(bench.store.state().hidden, []);
    assert_same(&bench.raw(1), &text);
    assert_eq!(compact(&bench.store, Policy::default()).unwrap(), Report::default());
    let before = facts(&bench.reopen().unwrap());

    let done = recover(&bench);
    assert_eq!((done.skipped.as_slice(), done.sources, done.rows), (&[][..], 1, 300));
    let store = bench.reopen().unwrap();
    assert_same(&crate::support::raw_of(&store, 1).unwrap(), &text);
    assert_eq!(facts(&store), before);
    assert_eq!(store.state().sources[&1].shift_us, -86_400_000_000);
}

#[test]
fn of_a_commit_that_is_not_all_there_the_rest_comes_back() {
    let bench = Bench::new();
    let text = log(86_000, 900);
    for nth in 0..2 {
        let path = bench.write(&format!("{nth}.log"), &log(86_000 - nth, 900));
        bench.take(&path);
    }
    compact(&bench.store, Policy::default()).unwrap();
    let second = bench.path("store/requests/day=2026-11-20");
    std::fs::remove_dir_all(second).unwrap();
    let done = recover(&bench);
    assert_eq!((done.skipped.as_slice(), done.sources, done.rows), (&[][..], 2, 801));
    let store = bench.reopen().unwrap();
    let source = &store.state().sources[&1];
    assert_eq!((source.counts.rows, source.retired), (900, 500));
    assert_same(&raw_day(&store, "2026-11-19")[..1000], &text[..1000]);
}
