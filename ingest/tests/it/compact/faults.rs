//! Whatever call fails while files are put together, and whoever reads or writes beside it: are the rows the same?

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use storage::ErrorKind;
use storage::compact::Policy;
use storage::fs::{self, FaultKind, FaultyFs, RecordingFs};

use super::{assert_all, compact, files, raw_day};
use crate::support::{Bench, NOW_US, log, open, options};

/// A store with a few small sources, one of which had a last line that went on.
fn few(bench: &Bench) -> BTreeMap<i32, Vec<u8>> {
    let mut sources = BTreeMap::new();
    for nth in 0..3_u64 {
        let mut text = log(86_390 - 5 * nth, 12);
        text.extend_from_slice(b"what is this line?\n");
        let name = format!("{nth}.log");
        if nth == 0 {
            let path = bench.write(&name, &text[..text.len() - 30]);
            bench.run(&[&path], &options());
        }
        let path = bench.write(&name, &text);
        bench.run(&[&path], &options());
        sources.insert(nth as i32 + 1, text);
    }
    sources
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
        let rights = entry.metadata().unwrap().permissions();
        std::fs::set_permissions(&target, rights).unwrap();
    }
}

fn copy_of(bench: &Bench) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in ["store", "keys"] {
        copy(&bench.path(name), &dir.path().join(name));
    }
    let rights = std::fs::metadata(bench.path("store")).unwrap().permissions();
    std::fs::set_permissions(dir.path().join("store"), rights).unwrap();
    dir
}

#[test]
fn every_call_fails_once_or_for_good() {
    let bench = Bench::new();
    let sources = few(&bench);
    let (mut fired, mut before, mut after) = (0, 0, 0);
    for n in 1.. {
        let kind = [FaultKind::Error, FaultKind::Torn, FaultKind::Dead][n as usize % 3];
        let dir = copy_of(&bench);
        let faulty = FaultyFs::new(fs::real(), n, kind);
        let done = open(dir.path(), Arc::new(faulty.clone()))
            .and_then(|store| compact(&store, Policy::default()));
        let store = open(dir.path(), fs::real()).unwrap();
        assert_all(&store, &sources);
        match files(&store) {
            (2, 1) => after += 1,
            _ => before += 1,
        }
        if faulty.fired() == 0 {
            done.unwrap();
            break;
        }
        fired += 1;
        if n % 2 == 0 {
            compact(&store, Policy::default()).unwrap();
            assert_eq!(files(&store), (2, 1), "call {n}");
            assert_all(&store, &sources);
        }
    }
    println!(
        "{fired} faults fired; {before} times the files were as before, {after} times as after"
    );
    assert!(fired > 100 && before > 10 && after > 1, "{fired} {before} {after}");
}

#[test]
fn a_power_loss_leaves_before_or_after() {
    let bench = Bench::new();
    let sources = few(&bench);
    let recording = RecordingFs::new(bench.dir.path()).unwrap();
    let store = open(bench.dir.path(), Arc::new(recording.clone())).unwrap();
    compact(&store, Policy::default()).unwrap();
    let (mut states, mut finished) = (0, 0);
    for changes in (0..=recording.len()).step_by(9) {
        for state in recording.crash_states(changes) {
            let dir = tempfile::tempdir().unwrap();
            state.write_to(dir.path()).unwrap();
            let store = match open(dir.path(), fs::real()) {
                Ok(store) => store,
                Err(error) => panic!("neither before nor after: {error} ({:?})", error.kind()),
            };
            states += 1;
            assert_all(&store, &sources);
            if states % 5 == 0 {
                compact(&store, Policy::default()).unwrap();
                assert_eq!(files(&store), (2, 1));
                assert_all(&store, &sources);
                finished += 1;
            }
        }
    }
    println!("{states} states checked, {finished} of them carried on");
    assert!(states > 50 && finished > 5, "{states} {finished}");
}

#[test]
fn readers_go_on_with_the_files_of_their_version() {
    let bench = Bench::new();
    let sources = few(&bench);
    let reader = bench.reopen().unwrap();
    let lease = reader.lease().unwrap();
    let before = raw_day(&reader, "2026-11-19");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let (store, stop) = (bench.reopen().unwrap(), &stop);
                let before = &before;
                scope.spawn(move || {
                    let mut rounds = 0;
                    while !stop.load(Ordering::SeqCst) || rounds == 0 {
                        store.refresh().unwrap();
                        assert_eq!(raw_day(&store, "2026-11-19"), *before);
                        rounds += 1;
                    }
                    rounds
                })
            })
            .collect();
        compact(&bench.store, Policy::default()).unwrap();
        stop.store(true, Ordering::SeqCst);
        let rounds: Vec<i32> = readers.into_iter().map(|it| it.join().unwrap()).collect();
        println!("{rounds:?} reads beside the compaction");
    });
    // The old version reads its files where they are now, as long as its lease lives.
    let later = NOW_US + 1;
    assert!(reader.state().segments().count() > 2);
    assert_eq!(bench.store.purge(later, 0, 0).unwrap().files, 0);
    assert_all_of(&reader, &sources);
    assert_eq!(raw_day(&reader, "2026-11-19"), before);
    drop(lease);
    assert!(bench.store.purge(later, 0, 0).unwrap().files > 4);
    assert_all(&bench.reopen().unwrap(), &sources);
}

/// As [`assert_all`], of the version that is open.
fn assert_all_of(store: &storage::store::Store, sources: &BTreeMap<i32, Vec<u8>>) {
    for (id, text) in sources {
        crate::support::assert_same(&crate::support::raw_of(store, *id).unwrap(), text);
    }
}

#[test]
fn writers_beside_it_are_planned_around() {
    let bench = Bench::new();
    let mut sources = few(&bench);
    std::thread::scope(|scope| {
        let compactors: Vec<_> = (0..2)
            .map(|_| {
                let store = bench.reopen().unwrap();
                scope.spawn(move || {
                    for _ in 0..4 {
                        match compact(&store, Policy::default()) {
                            Err(error) if error.kind() == ErrorKind::Conflict => {}
                            done => drop(done.unwrap()),
                        }
                    }
                })
            })
            .collect();
        for nth in 4..10_u64 {
            let text = log(86_380 + nth, 15);
            let path = bench.write(&format!("more{nth}.log"), &text[..text.len() - 10]);
            bench.run(&[&path], &options());
            let path = bench.write(&format!("more{nth}.log"), &text);
            bench.run(&[&path], &options());
            sources.insert(nth as i32, text);
        }
        compactors.into_iter().for_each(|it| it.join().unwrap());
    });
    compact(&bench.store, Policy::default()).unwrap();
    assert_all(&bench.store, &sources);
    assert_eq!(files(&bench.store).0, 2);
}
