//! Are the lines of a sealed day those that came in, and do they stay it through compaction, growth and corrected clocks?

use std::collections::BTreeSet;
use std::sync::Arc;

use dwell_ingest::pipeline::shift;
use dwell_ingest::raw::Lines;
use dwell_ingest::{IngestOptions, Outcome};
use storage::Day;
use storage::compact::{self, CompactOptions, Policy, Report};
use storage::config::Config;
use storage::seal::{self, RowProof};
use storage::store::{CommitOptions, Store};

use crate::support::{Bench, NOW_US, log, options, squid};

fn commit() -> CommitOptions {
    CommitOptions { now_us: NOW_US, wait_ms: 1000, by: "tests".into() }
}

/// Seals what is open of every day; tells how many seals that were.
fn seal_all(store: &Arc<Store>) -> usize {
    let days: Vec<Day> = store.refresh().unwrap().days.keys().copied().collect();
    let one = |day: &Day| seal::apply(store, *day, &Lines, &commit()).unwrap();
    days.iter().filter_map(one).count()
}

/// Checks every seal; tells how many lines stand under them, and how many of these left the files.
fn check_all(store: &Store) -> (u64, u64) {
    let state = store.refresh().unwrap();
    let (mut leaves, mut gone) = (0, 0);
    for sealed in state.days.values().flat_map(|held| &held.seals) {
        seal::check(store, &state, sealed, &Lines).unwrap();
        leaves += sealed.seal.leaves;
        gone += seal::salts(store, &sealed.seal.salts).unwrap().num_gone();
    }
    (leaves, gone)
}

fn compact_all(store: &Arc<Store>) -> Report {
    let policy = Policy { file_rows: 1_000, sort_rows: 10, ..Policy::default() };
    let options = CompactOptions {
        policy,
        commit: commit(),
        lines: &Lines,
        check: &|| Ok(()),
        done: &|_| (),
    };
    compact::run(store, &options).unwrap()
}

/// The proofs of lines of a source.
fn proofs(store: &Store, source_id: i32, lines: impl Iterator<Item = i64>) -> Vec<RowProof> {
    let wanted: BTreeSet<(i32, i64)> = lines.map(|line| (source_id, line)).collect();
    seal::prove(store, &wanted, &Lines).unwrap().rows
}

#[test]
fn what_is_proven_are_the_bytes_that_came_in() {
    let bench = Bench::new();
    let mut text = b"no row\r\n".to_vec();
    for at in 0..600_u64 {
        text.extend(squid(86_100 + at, &format!("http://h{}.example/{at}", at % 7)).bytes());
        text.extend(if at % 50 == 3 { "\r\n" } else { "\n" }.bytes());
    }
    let path = bench.write("a.log", &text);
    let options = IngestOptions { extent_bytes: 20_000, chunk_bytes: 6_000, ..options() };
    bench.run(&[&path], &options);
    assert_eq!(seal_all(&bench.store), 2);
    assert_eq!(check_all(&bench.store), (600, 0));
    let found = proofs(&bench.store, 1, 1..=601);
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    assert_eq!(found.len(), 600);
    for row in &found {
        let line = lines[row.line_no as usize - 1];
        assert_eq!(row.line, line.strip_suffix(b"\r").unwrap_or(line), "line {}", row.line_no);
    }
}

#[test]
fn a_seal_outlives_compaction() {
    let bench = Bench::new();
    for nth in 0..5_u64 {
        let path = bench.write(&format!("{nth}.log"), &log(86_300 - 10 * nth, 200));
        bench.run(&[&path], &options());
    }
    assert_eq!(seal_all(&bench.store), 2);
    let before = proofs(&bench.store, 3, 1..=200);
    let report = compact_all(&bench.store);
    assert_eq!((report.groups.len(), bench.store.state().segments().count()), (2, 2));
    assert_eq!(check_all(&bench.store), (1_000, 0));
    assert_eq!(proofs(&bench.store, 3, 1..=200), before);
    // What comes later stays apart, in files and seals.
    let path = bench.write("late.log", &log(86_000, 300));
    bench.run(&[&path], &options());
    compact_all(&bench.store);
    assert_eq!(check_all(&bench.store), (1_000, 0));
    assert_eq!(seal_all(&bench.store), 1);
    compact_all(&bench.store);
    assert_eq!(check_all(&bench.store), (1_300, 0));
    assert_eq!(bench.store.state().segments().count(), 3);
}

#[test]
fn a_last_line_that_goes_on_is_a_leaf_of_each_seal() {
    let bench = Bench::new();
    let text = log(1_000, 50);
    // The last line is cut within its last word: it is a row all the same.
    for (cut, after) in [(3, 1), (0, 2)] {
        let path = bench.write("a.log", &text[..text.len() - 1 - cut]);
        bench.run(&[&path], &options());
        if after == 1 {
            assert_eq!(seal_all(&bench.store), 1);
        }
    }
    let path = bench.write("a.log", &[&text[..], &log(1_050, 10)[..]].concat());
    let report = bench.take(&path);
    assert_eq!(report.outcome, Outcome::Grown);
    // Two of the versions stand under the second seal; one of them is hidden.
    assert_eq!(seal_all(&bench.store), 1);
    let leaves =
        bench.store.state().days.values().map(|held| held.seals[1].seal.leaves).sum::<u64>();
    assert_eq!((leaves, check_all(&bench.store)), (12, (62, 0)));
    let shown = proofs(&bench.store, 1, 50..=50);
    assert_eq!((shown.len(), shown[0].line.ends_with(b"text/html")), (1, true));
    compact_all(&bench.store);
    assert_eq!(check_all(&bench.store), (62, 2));
    assert_eq!(proofs(&bench.store, 1, 50..=50), shown);
    assert_eq!(proofs(&bench.store, 1, 1..=60).len(), 60);
}

#[test]
fn a_corrected_clock_changes_no_seal() {
    let bench = Bench::new();
    let path = bench.write("a.log", &log(86_300, 200));
    bench.run(&[&path], &options());
    let path = bench.write("b.log", &log(86_350, 100));
    bench.run(&[&path], &options());
    assert_eq!(seal_all(&bench.store), 2);
    let before = proofs(&bench.store, 1, 1..=200);
    assert_eq!(before.len(), 200);
    let hour_us = 3_600_000_000;
    shift::apply(&bench.store, 1, -hour_us, "an hour fast", &options(), &()).unwrap();
    // The rows that were moved away are still what was sealed, those in their place are not sealed yet.
    assert_eq!(check_all(&bench.store), (300, 0));
    assert!(proofs(&bench.store, 1, 1..=200).is_empty());
    assert_eq!(seal_all(&bench.store), 1);
    assert_eq!(check_all(&bench.store), (500, 0));
    let after = proofs(&bench.store, 1, 1..=200);
    let lines = |rows: &[RowProof]| rows.iter().map(|row| row.line.clone()).collect::<Vec<_>>();
    assert_eq!(lines(&after), lines(&before));
    compact_all(&bench.store);
    assert_eq!(check_all(&bench.store), (500, 200));
    assert_eq!(proofs(&bench.store, 1, 1..=200), after);
    assert_eq!(proofs(&bench.store, 2, 1..=100).len(), 100);
    // Once more, now over files that compaction has written.
    shift::apply(&bench.store, 1, 0, "it was right", &options(), &()).unwrap();
    assert_eq!(check_all(&bench.store), (500, 200));
    assert_eq!(seal_all(&bench.store), 2);
    compact_all(&bench.store);
    check_all(&bench.store);
    assert_eq!(lines(&proofs(&bench.store, 1, 1..=200)), lines(&before));
}

#[test]
fn of_a_source_under_a_privacy_rule_is_sealed_what_was_kept() {
    let bench = Bench::new();
    let rule = "[[source]]\npath = \"*/branch/*\"\nprivacy.cut_query = true\n";
    let settings = Some(Config::parse(rule.as_bytes()).unwrap());
    let path = bench.write("branch/a.log", &log(1_000, 40));
    bench.run(&[&path], &IngestOptions { settings, ..options() });
    assert_eq!(seal_all(&bench.store), 1);
    assert_eq!(check_all(&bench.store), (40, 0));
    let mut kept = Vec::new();
    let request = dwell_ingest::raw::RawRequest::Kept(1);
    dwell_ingest::raw::write(&bench.store, request, &mut kept).unwrap();
    let found = proofs(&bench.store, 1, 1..=40);
    assert_eq!(found.len(), 40);
    for (row, line) in found.iter().zip(kept.split(|byte| *byte == b'\n')) {
        assert_eq!(row.line, line);
        assert!(!row.line.contains(&b'?'));
    }
}
