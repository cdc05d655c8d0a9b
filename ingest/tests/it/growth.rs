//! Is a file that grew, was rotated, copied, compressed or replaced taken for what it is?

use std::io::Write;

use dwell_ingest::{IngestOptions, Outcome};
use storage::extent::SourceState;

use crate::support::{Bench, assert_same, log, options};

#[test]
fn only_what_is_new_is_stored() {
    let bench = Bench::new();
    let path = bench.write("access.log", &log(0, 100));
    let id = bench.take(&path).source_id.unwrap();
    let all = log(0, 250);
    bench.write("access.log", &all);
    let report = bench.take(&path);
    assert_eq!((report.outcome, report.source_id), (Outcome::Grown, Some(id)));
    assert_eq!((report.counts.lines, report.counts.rows), (150, 150));
    assert_same(&bench.raw(id), &all);
    let source = &bench.store.state().sources[&id];
    assert_eq!((source.counts.rows, source.extents.len()), (250, 2));
    assert_eq!(source.state, SourceState::Complete);
}

#[test]
fn a_half_line_is_stored_and_superseded() {
    let bench = Bench::new();
    let all = log(0, 200);
    for (round, cut) in [40, 400, 5000, 5001, 5090, 9000, 9100].into_iter().enumerate() {
        let path = bench.write("access.log", &all[..cut]);
        let report = bench.take(&path);
        let id = report.source_id.unwrap();
        assert_eq!(id, bench.store.state().sources.keys().copied().next().unwrap());
        assert_same(&bench.raw(id), &all[..cut]);
        let source = &bench.store.state().sources[&id];
        let lines = all[..cut].split_inclusive(|&byte| byte == b'\n').count() as u64;
        assert_eq!(source.counts.lines, lines, "round {round}");
        assert!(source.counts.balance());
    }
    let path = bench.write("access.log", &all);
    let report = bench.take(&path);
    assert_same(&bench.raw(report.source_id.unwrap()), &all);
    assert_eq!(bench.store.state().sources.len(), 1);
    assert_eq!(bench.store.state().sources[&1].counts.rows, 200);
}

#[test]
fn a_large_file_is_known_by_its_beginning() {
    let bench = Bench::new();
    let all = log(0, 3000);
    let half = bench.write("access.log", &all[..200_000]);
    let id = bench.take(&half).source_id.unwrap();
    // Rotated and compressed since: another name, another inode.
    let mut packed = niffler::send::get_writer(
        Box::new(std::fs::File::create(bench.path("access.log.1.gz")).unwrap()),
        niffler::send::compression::Format::Gzip,
        niffler::Level::One,
    )
    .unwrap();
    packed.write_all(&all).unwrap();
    drop(packed);
    let report = bench.take(&bench.path("access.log.1.gz"));
    assert_eq!((report.outcome, report.source_id), (Outcome::Grown, Some(id)));
    assert_same(&bench.raw(id), &all);
    // The older copy is known, too.
    assert_eq!(bench.take(&half).outcome, Outcome::AlreadyStored);
    assert_eq!(bench.store.state().sources[&id].counts.rows, 3000);
    // And so is one from before the first ingest, under any name.
    let older = bench.write("older.log", &all[..150_000]);
    assert_eq!(bench.take(&older).outcome, Outcome::AlreadyStored);
    let mut other = all[..150_000].to_vec();
    other[149_000] ^= 1;
    let other = bench.write("other.log", &other);
    assert_eq!(bench.take(&other).outcome, Outcome::Stored);
}

#[test]
fn copies_in_one_run_are_stored_once() {
    let bench = Bench::new();
    let all = log(0, 4000);
    let paths: Vec<_> = (0..5).map(|at| bench.write(&format!("{at}.log"), &all)).collect();
    let paths: Vec<&std::path::Path> = paths.iter().map(|path| path.as_path()).collect();
    let options = IngestOptions { extent_bytes: 100_000, jobs: 4, ..options() };
    let report = bench.run(&paths, &options);
    let known = |source: &&dwell_ingest::SourceReport| source.outcome == Outcome::AlreadyStored;
    let outcomes: Vec<_> = report.sources.iter().map(|source| source.outcome).collect();
    assert_eq!(report.sources.iter().filter(known).count(), 4, "{outcomes:?}");
    assert_eq!((report.counts().rows, bench.store.state().sources.len()), (4000, 1));
}

#[test]
fn other_content_under_the_same_name_is_another_source() {
    let bench = Bench::new();
    let path = bench.write("access.log", &log(0, 100));
    let first = bench.take(&path);
    bench.write("access.log", &log(5000, 120));
    let second = bench.take(&path);
    assert_eq!(second.outcome, Outcome::Stored);
    assert_ne!(first.source_id, second.source_id);
    // A large one that begins alike and then differs.
    let mut one = log(0, 2000);
    let two = bench.write("two.log", &one);
    let id = bench.take(&two).source_id.unwrap();
    let at = one.len() - 10;
    one[at] ^= 1;
    one.extend(log(2000, 5));
    let report = bench.take(&bench.write("three.log", &one));
    assert_eq!(report.outcome, Outcome::Stored);
    assert_ne!(report.source_id, Some(id));
    assert_same(&bench.raw(report.source_id.unwrap()), &one);
}

#[test]
fn an_interrupted_run_goes_on_where_it_stopped() {
    struct StopAt(std::sync::atomic::AtomicU64);
    impl dwell_ingest::Progress for StopAt {
        fn advance(&self, bytes: u64, _: u64) {
            self.0.fetch_add(bytes, std::sync::atomic::Ordering::Relaxed);
        }
        fn cancelled(&self) -> bool {
            self.0.load(std::sync::atomic::Ordering::Relaxed) > 500_000
        }
    }
    let bench = Bench::new();
    let all = log(0, 10_000);
    let path = bench.write("access.log", &all);
    let options = IngestOptions { extent_bytes: 200_000, ..options() };
    let stop = StopAt(0.into());
    let error =
        dwell_ingest::run(&bench.store, &[path.clone().into()], &options, &stop).unwrap_err();
    assert_eq!(error.kind(), storage::ErrorKind::Interrupted);
    let state = bench.store.refresh().unwrap();
    let source = &state.sources[&1];
    assert_eq!(source.state, SourceState::Open);
    assert!(source.bytes >= 200_000 && source.bytes < all.len() as u64);
    assert_same(&bench.raw(1), &all[..source.bytes as usize]);
    let report = bench.run(&[&path], &options);
    assert_eq!(report.sources[0].outcome, Outcome::Continued);
    assert_eq!(report.bytes(), all.len() as u64 - source.bytes);
    assert_same(&bench.raw(1), &all);
    assert_eq!(bench.store.state().sources[&1].counts.rows, 10_000);
}
