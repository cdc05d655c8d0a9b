//! What is left of a run when a disk fails or the power goes, here or there? An archive that is sound, and a ledger that
//! says no more than it holds; the next run ends it.

use std::collections::BTreeMap;

use dwell_storage::fs::{FaultKind, FaultyFs, Fs, RecordingFs};
use dwell_storage::store::Standing;

use super::*;
use crate::fixture::copy_private;
use crate::world::{open, temporary};

/// Archives what lies at `root`, with everything that is written going through `fs`.
fn archive(root: &Path, fs: &Arc<dyn Fs>) -> Result<RunReport> {
    let store = open(root, Arc::clone(fs), Standing::Live)?;
    let target = DirTarget::create(&root.join("archive"), Arc::clone(fs))?;
    let target: Arc<dyn ArchiveTarget> = Arc::new(target);
    run(&store, &target, &run_options(root, fs))
}

fn trust(root: &Path, fs: &Arc<dyn Fs>) -> Trust {
    Trust {
        key_dir: Some(root.join("keys")),
        fallback_dir: None,
        pinned_key: None,
        trusted: None,
        fs: Arc::clone(fs),
    }
}

fn run_options(root: &Path, fs: &Arc<dyn Fs>) -> RunOptions<'static> {
    RunOptions {
        jobs: 1,
        commit: options(),
        lock: None,
        repair: false,
        trust: trust(root, fs),
        cancel: &|| false,
        progress: &|_| (),
    }
}

/// The archive is sound, and holds what the ledger says that it holds; how many days that are.
fn check(root: &Path) -> usize {
    let store = open(root, fs::real(), Standing::Live).unwrap();
    // A copy lies at another place, and so is another target.
    let archived: BTreeMap<_, _> =
        store.state().archives.values().flat_map(|target| target.days.clone()).collect();
    if !root.join("archive/dwell-archive").exists() {
        assert!(archived.is_empty());
        return 0;
    }
    let target: Arc<dyn ArchiveTarget> =
        Arc::new(DirTarget::open(&root.join("archive"), fs::real()).unwrap());
    let trust = trust(root, &fs::real());
    let options = VerifyOptions {
        deep: true,
        days: None,
        jobs: 1,
        trust: &trust,
        cancel: &|| false,
        progress: &|_| (),
    };
    let report = verify(&target, &options).unwrap();
    assert_eq!(report.problems, []);
    let opened = Archive::open(target, &trust).unwrap();
    for (day, known) in &archived {
        assert_eq!(opened.package(*day).unwrap().manifest_sha256, known.manifest);
    }
    archived.len()
}

/// The next run ends it, and leaves nothing behind.
fn finish(root: &Path) {
    archive(root, &fs::real()).unwrap();
    assert_eq!(check(root), 2);
    let target = DirTarget::open(&root.join("archive"), fs::real()).unwrap();
    assert_eq!(target.list("").unwrap().len(), 2 + 1 + 2 * 11);
    let last = archive(root, &fs::real()).unwrap();
    assert_eq!((last.current, last.counters.sent), (2, 0));
}

fn prepared() -> Sealed {
    let sealed = Sealed::new();
    std::fs::create_dir(sealed.at("archive")).unwrap();
    sealed
}

#[test]
fn every_call_that_fails_leaves_a_sound_archive() {
    let prepared = prepared();
    let (mut fired, mut finished) = (0, 0);
    for (kind, step) in [(FaultKind::Error, 5), (FaultKind::Torn, 7), (FaultKind::Dead, 9)] {
        for n in (1..).step_by(step) {
            let root = temporary();
            copy_private(prepared.world.path(), root.path());
            let faulty = FaultyFs::new(fs::real(), n, kind);
            let done = archive(root.path(), &(Arc::new(faulty.clone()) as Arc<dyn Fs>));
            if faulty.fired() == 0 {
                assert_eq!(done.unwrap().archived.len(), 2);
                break;
            }
            fired += 1;
            let held = check(root.path());
            assert!(held == 2 || held == 0, "fault {n} of {kind:?}");
            if fired % 3 == 0 {
                finish(root.path());
                finished += 1;
            }
        }
    }
    println!("{fired} faults fired, {finished} times it was carried on");
    assert!(fired > 100, "{fired}");
}

#[test]
fn every_state_that_a_power_loss_may_leave_is_a_sound_archive() {
    let prepared = prepared();
    let root = prepared.world.path();
    let recording = RecordingFs::new(root).unwrap();
    let fs: Arc<dyn Fs> = Arc::new(recording.clone());
    archive(root, &fs).unwrap();
    let (mut states, mut finished) = (0, 0);
    for changes in (0..=recording.len()).rev().step_by(9) {
        for state in recording.crash_states(changes) {
            let root = temporary();
            state.write_to(root.path()).unwrap();
            let held = check(root.path());
            assert!(held == 2 || (held == 0 && changes < recording.len()));
            states += 1;
            if states % 7 == 0 {
                finish(root.path());
                finished += 1;
            }
        }
    }
    println!("{states} states checked, {finished} of them carried on");
    assert!(states > 400, "{states}");
}
