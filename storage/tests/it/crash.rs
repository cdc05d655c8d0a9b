//! What is left when the disk fails, the process dies, or the power goes? The state before or the one after.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use dwell_storage::fs::{self, FaultKind, FaultyFs, Fs, RecordingFs};
use dwell_storage::store::{Outcome, Standing, State, Store};
use dwell_storage::{Digest, ErrorKind, Result};

use crate::world::{ingest, init, open, store_dir, temporary};

/// Makes a store that writes a snapshot with its next commit, for there is one that is of no use.
fn begin(root: &Path, fs: &Arc<dyn Fs>) -> Result<Arc<Store>> {
    drop(init(root, Arc::clone(fs))?);
    std::fs::write(store_dir(root).join("ledger/snapshot"), "of no use").unwrap();
    open(root, Arc::clone(fs), Standing::Live)
}

/// What is done while things fail: a store is made, and one source gets two extents, another one.
fn run(root: &Path, fs: &Arc<dyn Fs>) -> Result<Vec<Outcome>> {
    let store = begin(root, fs)?;
    ["/a", "/a", "/b"].into_iter().map(|path| ingest(&store, path)).collect()
}

/// Makes sure that a store after a crash is whole, and returns its state; `None` if there is no store (yet).
fn check(root: &Path) -> Option<Arc<State>> {
    let store = match open(root, fs::real(), Standing::Live) {
        Ok(store) => store,
        Err(error) if error.kind() == ErrorKind::NoStore => return None,
        Err(error) => panic!("neither before nor after: {error}"),
    };
    let state = store.state();
    for meta in state.files() {
        let bytes = std::fs::read(store.locate(&meta.path)).unwrap();
        assert_eq!(Digest::of(&bytes), meta.sha256, "{}", meta.path);
    }
    for source in state.sources.values() {
        assert!(source.counts.balance());
        assert_eq!(source.counts.lines, source.bytes / 10);
    }
    Some(state)
}

/// Goes on where the crash has left it, until everything is stored; exactly once.
fn finish(root: &Path) {
    let store = init(root, fs::real()).unwrap();
    for (path, bytes) in [("/a", 200), ("/b", 100)] {
        while !store
            .state()
            .sources
            .values()
            .any(|it| it.path == Path::new(path) && it.bytes == bytes)
        {
            ingest(&store, path).unwrap();
        }
    }
    // A later commit has removed everything that was left.
    ingest(&store, "/c").unwrap();
    let state = check(root).unwrap();
    assert_eq!(state.sources.len(), 3);
    let lines: u64 = state.sources.values().map(|source| source.counts.lines).sum();
    assert_eq!(lines, 40);
    let dir = store_dir(root);
    let mut found = BTreeSet::new();
    for table in ["requests", "lines"] {
        for day in std::fs::read_dir(dir.join(table)).unwrap() {
            for file in std::fs::read_dir(day.unwrap().path()).unwrap() {
                let path = file.unwrap().path();
                found.insert(path.strip_prefix(&dir).unwrap().display().to_string());
            }
        }
    }
    let named: BTreeSet<_> = state.files().map(|meta| meta.path.clone()).collect();
    assert_eq!(found, named, "files that no version names");
    let staging = std::fs::read_dir(dir.join("staging")).unwrap();
    assert_eq!(staging.count(), 0);
}

#[test]
fn every_call_that_fails_leaves_before_or_after() {
    let mut fired = 0;
    for kind in [FaultKind::Error, FaultKind::Torn, FaultKind::Dead] {
        for n in 1.. {
            let root = temporary();
            let faulty = FaultyFs::new(fs::real(), n, kind);
            let outcome = run(root.path(), &(Arc::new(faulty.clone()) as Arc<dyn Fs>));
            if faulty.fired() == 0 {
                outcome.unwrap();
                break;
            }
            fired += 1;
            if kind == FaultKind::Dead && n % 3 != 0 {
                continue;
            }
            let stored = check(root.path()).map_or(0, |state| state.version);
            match outcome {
                // A head that could not be noted, or a leftover that could not be removed, hinders no commit.
                Ok(_) => assert_eq!(stored, 4, "fault {n} of {kind:?}"),
                Err(_) => assert!(stored <= 4, "fault {n} of {kind:?}"),
            }
            finish(root.path());
        }
    }
    println!("{fired} faults fired while storing");
    assert!(fired > 300, "{fired}");
}

#[test]
fn every_call_that_fails_while_opening_changes_nothing() {
    let root = temporary();
    run(root.path(), &fs::real()).unwrap();
    let whole = check(root.path()).unwrap();
    let mut fired = 0;
    for known in [true, false] {
        for n in 1.. {
            if !known {
                // A machine that has not seen the store notes its key and head.
                for name in std::fs::read_dir(root.path().join("keys")).unwrap() {
                    let path = name.unwrap().path();
                    if path.extension().is_none_or(|it| it != "key") {
                        std::fs::remove_file(path).unwrap();
                    }
                }
            }
            let faulty = FaultyFs::new(fs::real(), n, FaultKind::Torn);
            let opened = open(root.path(), Arc::new(faulty.clone()), Standing::Live);
            if faulty.fired() == 0 {
                opened.unwrap();
                break;
            }
            fired += 1;
            match opened {
                Ok(store) => assert_eq!(store.state(), whole),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Io, "{error}"),
            }
            assert_eq!(check(root.path()).unwrap(), whole, "fault {n}");
        }
    }
    println!("{fired} faults fired while opening");
    assert!(fired > 30, "{fired}");
}

#[test]
fn every_state_that_a_power_loss_may_leave_is_before_or_after() {
    let root = temporary();
    let recording = RecordingFs::new(root.path()).unwrap();
    let fs: Arc<dyn Fs> = Arc::new(recording.clone());
    // How many changes had been made when each commit was reported as stored.
    let mut acknowledged = Vec::new();
    let store = begin(root.path(), &fs).unwrap();
    acknowledged.push(recording.len());
    for path in ["/a", "/a", "/b"] {
        ingest(&store, path).unwrap();
        acknowledged.push(recording.len());
    }
    let (mut states, mut finished) = (0, 0);
    for changes in 0..=recording.len() {
        let stored = acknowledged.iter().filter(|&&at| at <= changes).count() as u64;
        for state in recording.crash_states(changes) {
            let root = temporary();
            state.write_to(root.path()).unwrap();
            let version = check(root.path()).map_or(0, |state| state.version);
            assert!(
                version == stored || version == stored + 1,
                "version {version} after {changes} changes, {stored} commits were reported"
            );
            states += 1;
            if states % 7 == 0 {
                finish(root.path());
                finished += 1;
            }
        }
    }
    println!("{states} states checked, {finished} of them carried on");
    assert!(states > 1_000 && finished > 0, "{states}, {finished}");
}
