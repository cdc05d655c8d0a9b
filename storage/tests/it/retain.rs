//! What is left when a retirement or a hold fails, or the power goes? The state before or after; and never is a held day
//! gone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use dwell_storage::clock::DAY_US;
use dwell_storage::config::RetentionConfig;
use dwell_storage::fs::{self, FaultKind, FaultyFs, Fs, RecordingFs};
use dwell_storage::hold::{self, Asked, NewHold};
use dwell_storage::retention::{self, Applied, Facts, Plan, Policy};
use dwell_storage::segment::{FileMeta, SourceRange};
use dwell_storage::store::{CommitOptions, DayState, SegmentRef, Source, Standing, State, Store};
use dwell_storage::{Day, Digest, ErrorKind, Micros, Result};

use crate::seal::Made;
use crate::world::{NOON, World, ingest, init, open, options, store_dir, temporary};

/// When everything has expired.
const LATER: Micros = NOON + 100 * DAY_US;

fn today() -> Day {
    Day::of(NOON)
}

fn at(now_us: Micros) -> CommitOptions {
    CommitOptions { now_us, ..options() }
}

fn policy() -> Policy {
    Policy::new(&RetentionConfig { keep_days: Some(10), ..RetentionConfig::default() }, None)
}

fn apply(store: &Arc<Store>) -> Result<Applied> {
    let asked = Asked::at(&*store.refresh()?);
    let none = BTreeSet::new();
    retention::apply(store, &policy(), &none, asked, &Made::default(), &at(LATER), &mut |_| {
        Ok(true)
    })
}

fn place(store: &Arc<Store>, first: Day, last: Day) -> Result<u64> {
    let hold = NewHold {
        days: vec![(first, last)],
        query: None,
        until: None,
        reason: "a case".into(),
        case: "C-1".into(),
    };
    hold::place(store, &hold, &options())
}

/// Does whatever is still to be done; tells how many commits that took.
fn go_on(store: &Arc<Store>) -> Result<u32> {
    let mut done = 0;
    loop {
        let state = store.refresh()?;
        if state.holds.is_empty() {
            place(store, today(), today())?;
        } else if state.days.len() == 2 {
            apply(store)?;
        } else if state.holds[&1].released.is_none() {
            hold::release(store, 1, "over", &options())?;
        } else if !state.days.is_empty() {
            apply(store)?;
        } else {
            break;
        }
        done += 1;
    }
    store.purge(LATER + 1, 0, 0)?;
    Ok(done)
}

/// A store with two days of two segments each, and two files of lines.
fn begin(root: &Path) {
    let store = init(root, fs::real()).unwrap();
    for path in ["/a", "/b"] {
        ingest(&store, path).unwrap();
    }
}

/// Every file that a version names is there, each row is live or has a receipt, and held days are live.
fn check(root: &Path) -> Arc<State> {
    let store = open(root, fs::real(), Standing::Live).unwrap();
    let state = store.state();
    for meta in state.files() {
        let bytes = std::fs::read(store_dir(root).join(&meta.path)).unwrap();
        assert_eq!(Digest::of(&bytes), meta.sha256, "{}", meta.path);
    }
    let live: u64 = state.segments().map(|(_, segment)| segment.meta.rows).sum();
    let gone: u64 = state.sources.values().map(|source| source.retired).sum();
    let receipts = state.retired.values().flatten().flat_map(|day| &day.sources);
    assert_eq!((live + gone, receipts.map(|(_, rows)| rows).sum::<u64>()), (18, gone));
    // Lines stay as long as rows of their sources do.
    assert_eq!(state.lines.is_empty(), state.days.is_empty());
    let released = state.holds.get(&1).is_some_and(|hold| hold.released.is_some());
    assert!(released || state.days.contains_key(&today()), "a held day is gone");
    state
}

/// Every file of the store's data, trash and leftovers.
fn files(root: &Path) -> BTreeSet<String> {
    fn walk(dir: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(dir).unwrap().flatten() {
            if entry.path().is_dir() {
                walk(&entry.path(), found);
            } else {
                found.insert(entry.path().display().to_string());
            }
        }
    }
    let mut found = BTreeSet::new();
    for folder in ["requests", "lines", "staging", "trash"] {
        walk(&store_dir(root).join(folder), &mut found);
    }
    found
}

/// Goes on after a crash until everything is gone; then nothing is left of it.
fn finish(root: &Path) {
    let store = open(root, fs::real(), Standing::Live).unwrap();
    go_on(&store).unwrap();
    // Whoever writes next, cleans.
    place(&store, Day(1), Day(1)).unwrap();
    store.purge(LATER + 1, 0, 0).unwrap();
    assert_eq!(files(root), BTreeSet::new());
    let state = check(root);
    assert_eq!(state.retired.len(), 2);
}

#[test]
fn every_call_that_fails_leaves_before_or_after() {
    let mut fired = 0;
    for kind in [FaultKind::Error, FaultKind::Torn, FaultKind::Dead] {
        for n in 1.. {
            let root = temporary();
            begin(root.path());
            let faulty = FaultyFs::new(fs::real(), n, kind);
            let outcome = open(root.path(), Arc::new(faulty.clone()), Standing::Live)
                .and_then(|store| go_on(&store));
            if faulty.fired() == 0 {
                assert_eq!(outcome.unwrap(), 4);
                break;
            }
            fired += 1;
            check(root.path());
            finish(root.path());
        }
    }
    println!("{fired} faults fired in hold, retain, release and purge");
    assert!(fired > 200, "{fired}");
}

#[test]
fn every_state_that_a_power_loss_may_leave_is_before_or_after() {
    let root = temporary();
    begin(root.path());
    let recording = RecordingFs::new(root.path()).unwrap();
    let fs: Arc<dyn Fs> = Arc::new(recording.clone());
    let store = open(root.path(), fs, Standing::Live).unwrap();
    go_on(&store).unwrap();
    let (mut states, mut finished) = (0, 0);
    for changes in 0..=recording.len() {
        for state in recording.crash_states(changes) {
            let root = temporary();
            state.write_to(root.path()).unwrap();
            check(root.path());
            states += 1;
            if states % 5 == 0 {
                finish(root.path());
                finished += 1;
            }
        }
    }
    println!("{states} states checked, {finished} of them carried on");
    assert!(states > 300 && finished > 0, "{states}, {finished}");
}

#[test]
fn a_hold_that_comes_meanwhile_is_seen_under_the_lock() {
    let world = World::new();
    begin(world.path());
    let store = world.open().unwrap();
    let other = world.open().unwrap();
    let asked = Asked::at(&store.state());
    let none = BTreeSet::new();
    let mut agree = |plan: &Plan| {
        assert_eq!(plan.retired.len(), 2);
        place(&other, today(), today()).map(|_| true)
    };
    let error =
        retention::apply(&store, &policy(), &none, asked, &Made::default(), &at(LATER), &mut agree)
            .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    let applied = apply(&store).unwrap();
    assert_eq!(applied.plan.retired.len(), 1);
    assert!(applied.plan.kept.contains_key(&today()) && applied.receipt.is_some());
}

#[test]
fn rows_that_come_meanwhile_are_seen_under_the_lock() {
    let world = World::new();
    begin(world.path());
    let store = world.open().unwrap();
    let other = world.open().unwrap();
    let (asked, none) = (Asked::at(&store.state()), BTreeSet::new());
    let mut agree = |_: &Plan| ingest(&other, "/a").map(|_| true);
    let error =
        retention::apply(&store, &policy(), &none, asked, &Made::default(), &at(LATER), &mut agree)
            .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert_eq!(store.refresh().unwrap().days.len(), 2);
}

#[test]
fn ten_years_are_planned_at_once() {
    const DAYS: i32 = 3_650;
    let mut state = State::default();
    let world = World::new();
    begin(world.path());
    let source = Source::clone(&world.open().unwrap().state().sources[&1]);
    let mut meta = FileMeta::clone(&world.open().unwrap().state().lines[0].meta);
    for id in 1..=2_000 {
        state.sources.insert(id, Arc::new(Source { id, ..source.clone() }));
    }
    for day in 0..DAYS {
        let mut held = DayState { changed: 1, ..DayState::default() };
        for at in 0..27 {
            meta.path = format!("requests/{day}/{at}");
            let source_id = 1 + (day * 27 + at) % 2_000;
            meta.sources = vec![SourceRange { source_id, first_line: 1, last_line: 9, rows: 9 }];
            let meta = Arc::new(meta.clone());
            held.segments.push(SegmentRef { meta, seq: 1, seal: None });
        }
        state.days.insert(Day(today().0 - day), held);
    }
    let policy = Policy::new(
        &RetentionConfig {
            keep_days: Some(3_000),
            max_bytes: Some(1),
            ..RetentionConfig::default()
        },
        None,
    );
    let begin = std::time::Instant::now();
    let plan = retention::plan(&state, &policy, NOON, &Facts::default());
    let elapsed = begin.elapsed();
    println!("{} files of {DAYS} days planned in {elapsed:?}", plan.files());
    assert_eq!(plan.retired.len() + plan.kept.len(), DAYS as usize);
    assert!(elapsed.as_secs() < 5, "{elapsed:?}");
    let causes: BTreeMap<_, usize> =
        plan.retired.values().fold(BTreeMap::new(), |mut all, part| {
            *all.entry(part.causes.clone()).or_default() += 1;
            all
        });
    assert_eq!(causes.values().sum::<usize>(), DAYS as usize - 1);
}
