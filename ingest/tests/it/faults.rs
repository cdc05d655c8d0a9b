//! Whatever call into the file system fails: is the store before or after, never between?

use std::sync::Arc;

use dwell_ingest::IngestOptions;
use storage::ErrorKind;
use storage::fs::{self, FaultKind, FaultyFs, RecordingFs};

use crate::support::{Bench, assert_same, init, log, open, options, raw_of};

#[test]
fn two_writers_store_a_file_once() {
    let bench = Bench::new();
    let all = log(0, 5000);
    let path = bench.write("access.log", &all);
    let options = IngestOptions { extent_bytes: 100_000, ..options() };
    let reports: Vec<_> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..2)
            .map(|_| {
                let store = bench.reopen().unwrap();
                let (path, options) = (path.clone(), &options);
                scope
                    .spawn(move || dwell_ingest::run(&store, &[path.into()], options, &()).unwrap())
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    let state = bench.store.refresh().unwrap();
    assert_eq!(state.sources.len(), 1, "{reports:?}");
    assert_eq!(state.sources[&state.sources.keys().next().copied().unwrap()].counts.rows, 5000);
    let rows: u64 = reports.iter().map(|report| report.counts().rows).sum();
    assert_eq!(rows, 5000);
    assert_same(&raw_of(&bench.store, *state.sources.keys().next().unwrap()).unwrap(), &all);
}

#[test]
fn every_call_fails_once() {
    let all = log(0, 300);
    let mut fired = 0;
    for n in 1.. {
        let kind = if n % 2 == 0 { FaultKind::Error } else { FaultKind::Torn };
        let dir = tempfile::tempdir().unwrap();
        init(dir.path(), fs::real()).unwrap();
        let path = dir.path().join("access.log");
        std::fs::write(&path, &all).unwrap();
        let faulty = Arc::new(FaultyFs::new(fs::real(), n, kind));
        let done = open(dir.path(), Arc::clone(&faulty) as _).and_then(|store| {
            let options = IngestOptions { extent_bytes: 10_000, jobs: 1, ..options() };
            dwell_ingest::run(&store, &[path.clone().into()], &options, &())
        });
        let store = open(dir.path(), fs::real()).unwrap();
        if let Some(source) = store.state().sources.values().next() {
            let stored = source.bytes as usize;
            assert_same(&raw_of(&store, source.id).unwrap(), &all[..stored]);
        }
        if done.is_ok() {
            break;
        }
        fired += 1;
        let options = IngestOptions { jobs: 1, ..options() };
        let report = dwell_ingest::run(&store, &[path.into()], &options, &()).unwrap();
        let id = report.sources[0].source_id.unwrap();
        assert_same(&raw_of(&store, id).unwrap(), &all);
        assert_eq!(store.state().sources.len(), 1);
        assert_eq!(store.state().sources[&id].counts.rows, 300);
    }
    assert!(fired > 20, "only {fired} faults fired");
}

#[test]
fn a_dead_process_leaves_whole_extents() {
    let all = log(0, 200);
    for n in (1..).step_by(3) {
        let dir = tempfile::tempdir().unwrap();
        init(dir.path(), fs::real()).unwrap();
        let path = dir.path().join("access.log");
        std::fs::write(&path, &all).unwrap();
        let faulty = FaultyFs::new(fs::real(), n, FaultKind::Dead);
        let options = IngestOptions { extent_bytes: 6_000, ..options() };
        let done = open(dir.path(), Arc::new(faulty.clone()))
            .and_then(|store| dwell_ingest::run(&store, &[path.clone().into()], &options, &()));
        if faulty.fired() == 0 {
            done.unwrap();
            break;
        }
        let store = open(dir.path(), fs::real()).unwrap();
        dwell_ingest::run(&store, &[path.into()], &options, &()).unwrap();
        let state = store.state();
        assert_eq!((state.sources.len(), state.sources[&1].counts.rows), (1, 200));
        assert_same(&raw_of(&store, 1).unwrap(), &all);
    }
}

#[test]
fn a_power_loss_leaves_whole_extents() {
    let all = log(0, 90);
    let dir = tempfile::tempdir().unwrap();
    let inputs = tempfile::tempdir().unwrap();
    let path = inputs.path().join("access.log");
    std::fs::write(&path, &all).unwrap();
    init(dir.path(), fs::real()).unwrap();
    let recording = RecordingFs::new(dir.path()).unwrap();
    let store = open(dir.path(), Arc::new(recording.clone())).unwrap();
    let options = IngestOptions { extent_bytes: 3_000, chunk_bytes: 1_000, jobs: 1, ..options() };
    // The file comes in three times, grown: the beginning that is looked at first is one extent, however small.
    for part in 1..=3 {
        std::fs::write(&path, &all[..all.len() * part / 3]).unwrap();
        dwell_ingest::run(&store, &[path.clone().into()], &options, &()).unwrap();
    }
    assert!(store.state().sources[&1].extents.len() >= 3);
    let (mut states, mut finished) = (0, 0);
    for changes in (0..=recording.len()).step_by(9) {
        for state in recording.crash_states(changes) {
            let after = tempfile::tempdir().unwrap();
            state.write_to(after.path()).unwrap();
            let store = match open(after.path(), fs::real()) {
                Ok(store) => store,
                Err(error) if error.kind() == ErrorKind::NoStore => continue,
                Err(error) => panic!("neither before nor after: {error}"),
            };
            states += 1;
            if let Some(source) = store.state().sources.get(&1) {
                assert_same(&raw_of(&store, 1).unwrap(), &all[..source.bytes as usize]);
            }
            if states % 5 == 0 {
                dwell_ingest::run(&store, &[path.clone().into()], &options, &()).unwrap();
                assert_same(&raw_of(&store, 1).unwrap(), &all);
                assert_eq!(store.state().sources[&1].counts.rows, 90);
                finished += 1;
            }
        }
    }
    println!("{states} states checked, {finished} of them carried on");
    assert!(states > 100 && finished > 0);
}
