//! Do days come back as they were, whatever fails on the way and whatever was done to the archive? Wholly or not at all.

mod encrypted;
mod hostile;
mod released;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dwell_storage::archive::target::{FaultyTarget, TargetFault};
use dwell_storage::archive::{self, Archive, ArchiveTarget, DirTarget, RunOptions, Trust};
use dwell_storage::fs::{self, FaultKind, FaultyFs, Fs, RecordingFs};
use dwell_storage::ledger::record::{
    Body, Hold, NamedFile, Redact, Retire, RetireDay, Seal, SealSalts,
};
use dwell_storage::ledger::text::Text;
use dwell_storage::restore::{self, Goal, Plan, Report, Request, RestoreOptions};
use dwell_storage::segment::{VerifiedFile, check_file};
use dwell_storage::store::{Standing, State, Store};
use dwell_storage::verify::{VerifyOptions, verify};
use dwell_storage::{Day, Digest, ErrorKind, Result};

use crate::real;
use crate::world::{NOON, init, open, options, store_dir, temporary};

fn days() -> [Day; 2] {
    let today = Day::of(NOON);
    [Day(today.0 - 1), today]
}

/// Seals a day under a root that is made up: archives and restores carry seals, they do not compute them.
fn seal(store: &Arc<Store>, day: Day) {
    let change = store.begin_maintenance().unwrap();
    let held = change.base().days[&day].clone();
    let secret = format!("secret of {day}");
    let path = format!("salts/{}", change.id());
    fs::write_new(&**change.fs(), &change.dir().join("salts"), secret.as_bytes()).unwrap();
    let body = Seal {
        day,
        leaves: held.segments.iter().map(|segment| segment.meta.rows).sum(),
        number: 0,
        root: Digest::of(secret.as_bytes()),
        salts: NamedFile::of(path.clone(), secret.as_bytes()),
        sources: held.segments.iter().flat_map(|it| it.meta.sources.clone()).collect(),
        stats: Vec::new(),
        ts: (day.start(), day.end() - 1),
    };
    let moves = [(change.dir().join("salts"), path)];
    let records = vec![(Body::Seal(Box::new(body)), Text::by("anna"))];
    change.commit(records, &moves, &options(), &|_: &State| Ok(())).unwrap();
}

/// A store with two sources over two sealed days, and its archive, below `root`.
fn begin(root: &Path) {
    fill(&init(root, fs::real()).unwrap(), root);
}

fn fill(store: &Arc<Store>, root: &Path) {
    real::ingest(store, "/var/log/a.log").unwrap();
    real::ingest(store, "/var/log/b.log").unwrap();
    days().iter().for_each(|day| seal(store, *day));
    let run = RunOptions {
        jobs: 2,
        commit: options(),
        lock: None,
        repair: false,
        trust: trust(root),
        cancel: &|| false,
        progress: &|_| (),
    };
    let done = archive::run(store, &target(root), &run).unwrap();
    assert_eq!(done.archived.len(), 2);
}

fn target(root: &Path) -> Arc<dyn ArchiveTarget> {
    Arc::new(DirTarget::create(&root.join("archive"), fs::real()).unwrap())
}

fn trust(root: &Path) -> Trust {
    Trust {
        key_dir: Some(root.join("keys")),
        fallback_dir: None,
        pinned_key: None,
        trusted: None,
        fs: fs::real(),
    }
}

fn opened(root: &Path) -> Arc<Store> {
    open(root, fs::real(), Standing::Live).unwrap()
}

fn plan(archive: &Archive, state: &State, goal: Goal) -> Result<Plan> {
    let held = archive.days().iter().map(|(day, it)| (*day, (it.rows, it.bytes))).collect();
    let [first, last] = days();
    restore::plan(&held, state, &Request { first: Day(first.0 - 1), last, goal }, NOON)
}

fn named(name: &str) -> Goal {
    Goal::Set { name: Some(name.to_owned()), ttl_us: None }
}

/// Restores both days.
fn bring(
    store: &Arc<Store>,
    target: &Arc<dyn ArchiveTarget>,
    root: &Path,
    goal: Goal,
) -> Result<Report> {
    let archive = Archive::open(Arc::clone(target), &trust(root))?;
    let plan = plan(&archive, &store.state(), goal)?;
    let options =
        RestoreOptions { jobs: 1, commit: options(), cancel: &|| false, progress: &|_| () };
    restore::run(store, &archive, &plan, &options)
}

/// Copies a folder with everything in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
    std::fs::set_permissions(to, std::fs::metadata(from).unwrap().permissions()).unwrap();
}

/// What verifying the store finds.
fn problems(root: &Path) -> Vec<String> {
    let verify_options = VerifyOptions {
        deep: true,
        since_us: None,
        trusted: None,
        pinned_key: None,
        key_dir: Some(root.join("keys")),
        fallback_dir: None,
        standing: Standing::Live,
        fs: fs::real(),
        now_us: NOON,
    };
    let report = verify(&store_dir(root), &verify_options).unwrap();
    report.problems.iter().map(|it| format!("{}: {}", it.path.display(), it.what)).collect()
}

/// The digests of the rows' files of a day, sorted.
fn digests(segments: &[dwell_storage::store::SegmentRef]) -> Vec<Digest> {
    let mut digests: Vec<_> = segments.iter().map(|it| it.meta.sha256).collect();
    digests.sort();
    digests
}

#[test]
fn a_set_is_what_was_archived() {
    let root = temporary();
    let root = root.path();
    begin(root);
    let store = opened(root);
    let report = bring(&store, &target(root), root, named("case_1")).unwrap();
    assert_eq!(report.restored.iter().map(|it| it.day).collect::<Vec<_>>(), days());
    assert_eq!(report.absent, [(Day(days()[0].0 - 1), Day(days()[0].0 - 1))]);
    assert!(report.bad.is_empty() && report.seq == Some(store.state().records), "{report:?}");
    let state = opened(root).state();
    let set = &state.restored["case_1"];
    for day in days() {
        let (here, live) = (&set.days[&day], &state.days[&day]);
        assert_eq!(digests(&here.segments), digests(&live.segments));
        assert_eq!(here.seals[0].seal.root, live.seals[0].seal.root);
        assert_eq!(here.segments[0].seal, Some(live.seals[0].seq));
    }
    assert_eq!((set.lines.len(), set.salts.len(), &set.origin), (2, 2, &state.store_id));
    assert_eq!(set.sources, [(1, 9), (2, 9)]);
    for meta in set.files() {
        assert!(meta.path.starts_with("restored/case_1/"), "{}", meta.path);
        check_file(&store.locate(&meta.path), meta).unwrap();
    }
    let file = set.sources_file.clone().unwrap();
    let sources = restore::read_sources(&store.locate(&file.path), &file).unwrap();
    assert_eq!(sources, state.sources);
    assert_eq!(problems(root), Vec::<String>::new());
    let taken = bring(&store, &target(root), root, named("case_1")).unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::InvalidInput);
    // The live data is as it was.
    assert_eq!(state.segments().count(), 4);
}

#[test]
fn a_set_leaves_unless_it_is_held() {
    let root = temporary();
    let root = root.path();
    begin(root);
    let store = opened(root);
    bring(&store, &target(root), root, named("a")).unwrap();
    let change = store.begin_maintenance().unwrap();
    let hold =
        Hold { days: vec![(days()[0], days()[0])], id: 1, query_at: None, until: Some(NOON + 1) };
    change
        .commit(vec![(Body::Hold(hold), Text::by("anna"))], &[], &options(), &|_| Ok(()))
        .unwrap();
    let error = restore::drop_set(&store, "a", &options()).unwrap_err();
    assert!(error.to_string().contains("H1"), "{error}");
    let later = dwell_storage::store::CommitOptions { now_us: NOON + 1, ..options() };
    let dropped = restore::drop_set(&store, "a", &later).unwrap();
    assert_eq!((dropped.days, dropped.rows), (2, 18));
    assert!(store.state().restored.is_empty());
    assert!(!store_dir(root).join("restored/a").exists());
    assert_eq!(problems(root), Vec::<String>::new());
    store.purge(NOON + 1, 0, 0).unwrap();
    // The name is free again.
    bring(&store, &target(root), root, named("a")).unwrap();
    assert_eq!(problems(root), Vec::<String>::new());
    assert_eq!(restore::drop_set(&store, "b", &later).unwrap_err().kind(), ErrorKind::InvalidInput);
}

/// Retires the first day, with the lines of no source.
fn retire(store: &Arc<Store>) {
    let change = store.begin_maintenance().unwrap();
    let held = &change.base().days[&days()[0]];
    let mut sources: BTreeMap<i32, u64> = BTreeMap::new();
    for range in held.segments.iter().flat_map(|segment| &segment.meta.sources) {
        *sources.entry(range.source_id).or_default() += range.rows;
    }
    let file = |meta: &dwell_storage::segment::FileMeta| NamedFile {
        bytes: meta.bytes,
        path: meta.path.clone(),
        sha256: meta.sha256,
    };
    let gone = RetireDay {
        day: days()[0],
        files: held.segments.iter().map(|segment| file(&segment.meta)).collect(),
        rows: sources.values().sum(),
        sources: sources.into_iter().collect(),
        why: "keep_days".into(),
    };
    let record = Body::Retire(Retire { days: vec![gone], lines: Vec::new(), salts: Vec::new() });
    change.commit(vec![(record, Text::by("anna"))], &[], &options(), &|_| Ok(())).unwrap();
    store.purge(NOON + 1, 0, 0).unwrap();
}

#[test]
fn a_retired_day_comes_back_as_it_was() {
    let root = temporary();
    let root = root.path();
    begin(root);
    let store = opened(root);
    let before = store.state();
    retire(&store);
    assert_eq!(store.state().sources[&1].retired, 5);
    let report = bring(&store, &target(root), root, Goal::Live).unwrap();
    assert_eq!(report.restored.iter().map(|it| it.day).collect::<Vec<_>>(), [days()[0]]);
    assert_eq!(report.same, [days()[1]]);
    let state = opened(root).state();
    for (day, held) in &before.days {
        let mut now = state.days[day].segments.clone();
        now.sort_by(|a, b| a.meta.path.cmp(&b.meta.path));
        let mut then = held.segments.clone();
        then.sort_by(|a, b| a.meta.path.cmp(&b.meta.path));
        assert_eq!(now, then);
        assert_eq!(state.days[day].seals, held.seals);
    }
    assert_eq!((&state.lines, &state.sources), (&before.lines, &before.sources));
    assert_eq!(problems(root), Vec::<String>::new());
    // Once more: all is there.
    let again = bring(&store, &target(root), root, Goal::Live).unwrap();
    assert_eq!((again.same.len(), again.restored.len(), again.seq), (2, 0, None));
    // With other rows beside those of the archive, the day is named and left alone.
    real::ingest(&store, "/var/log/c.log").unwrap();
    let other = bring(&store, &target(root), root, Goal::Live).unwrap();
    assert_eq!((other.refused.len(), other.same.len(), other.seq), (2, 0, None));
}

#[test]
fn another_stores_days_come_beside_or_into_the_live_data() {
    let (root, other) = (temporary(), temporary());
    begin(root.path());
    let store = init(other.path(), fs::real()).unwrap();
    // Numbers are taken here, too; the content is another's.
    real::ingest(&store, "/var/log/own.log").unwrap();
    let report = bring(&store, &target(root.path()), root.path(), named("theirs")).unwrap();
    assert_eq!(report.restored.len(), 2);
    let state = store.state();
    assert_ne!(state.restored["theirs"].origin, state.store_id);
    let report = bring(&store, &target(root.path()), root.path(), Goal::Live).unwrap();
    assert_eq!((report.restored.len(), report.refused.len()), (2, 0), "{report:?}");
    let state = open(other.path(), fs::real(), Standing::Live).unwrap().state();
    assert_eq!(state.segments().map(|(_, it)| it.meta.rows).sum::<u64>(), 9 + 18);
    let paths: Vec<_> = state.sources.values().map(|it| it.path.display().to_string()).collect();
    assert_eq!(paths, ["/var/log/own.log", "/var/log/a.log", "/var/log/b.log"]);
    let came = &state.sources[&3];
    assert_eq!((came.counts.rows, came.retired, came.extents[0].seq), (9, 0, state.records));
    let lines: Vec<_> = state.lines.iter().map(|it| it.meta.sources[0].source_id).collect();
    assert_eq!(lines, [1, 2, 3]);
    assert!(state.segments().all(|(_, it)| it.seal.is_none()));
    let again = bring(&store, &target(root.path()), root.path(), Goal::Live).unwrap();
    assert_eq!((again.refused.len(), again.seq), (2, None));
    assert_eq!(problems(other.path()), Vec::<String>::new());
}

#[test]
fn redacted_lines_stay_away() {
    let root = temporary();
    let root = root.path();
    begin(root);
    let store = opened(root);
    // The first row of source 1 in the first day, and all rows of source 2 there.
    let lines = vec![(1, 5, 5), (2, 5, 9)];
    let change = store.begin_maintenance().unwrap();
    let redact = Redact { lines, tx: change.id().to_owned(), ..Redact::default() };
    let record = (Body::Redact(Box::new(redact)), Text::by("anna"));
    change.commit(vec![record], &[], &options(), &|_| Ok(())).unwrap();
    let report = bring(&store, &target(root), root, named("a")).unwrap();
    assert_eq!((report.restored.len(), report.left_out), (2, 6));
    let state = store.state();
    let set = &state.restored["a"];
    let held = &set.days[&days()[0]].segments;
    assert_eq!(held.iter().map(|it| it.meta.rows).sum::<u64>(), 4);
    let file = VerifiedFile::open(store.locate(&held[0].meta.path), &held[0].meta).unwrap();
    assert_eq!(file.metadata().file_metadata().num_rows(), 4);
    assert_eq!(held[0].meta.sources[0].first_line, 6);
    // No salts that lead to what is gone.
    let salts: Vec<&SealSalts> = set.salts.iter().collect();
    assert!(salts.iter().all(|it| it.seal == state.days[&days()[1]].seals[0].seq), "{salts:?}");
    assert_eq!(problems(root), Vec::<String>::new());
}

/// What a store holds after a fault is what it held before, or that and the set.
fn check(root: &Path) -> bool {
    let store = opened(root);
    let state = store.state();
    assert_eq!(state.segments().count(), 4);
    let found = problems(root);
    let serious: Vec<_> =
        found.iter().filter(|it| !it.contains("of a commit that was not")).collect();
    assert!(serious.is_empty(), "{serious:?}");
    state.restored.contains_key("a")
}

/// Restores if that has not happened yet; then nothing is left that no version names.
fn finish(root: &Path) {
    if !check(root) {
        bring(&opened(root), &target(root), root, named("a")).unwrap();
    }
    // Whoever writes next, cleans.
    real::ingest(&opened(root), "/var/log/z.log").unwrap();
    let state = opened(root).state();
    let named = state.files().map(|meta| meta.path.clone());
    let named: std::collections::BTreeSet<_> =
        named.chain(state.side_files().map(|file| file.path.clone())).collect();
    let mut found = std::collections::BTreeSet::new();
    for folder in ["requests", "lines", "salts", "restored", "staging"] {
        walk(&store_dir(root), Path::new(folder), &mut found);
    }
    assert_eq!(found, named);
}

fn walk(dir: &Path, folder: &Path, found: &mut std::collections::BTreeSet<String>) {
    for entry in std::fs::read_dir(dir.join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        if entry.path().is_dir() {
            walk(dir, &path, found);
        } else {
            found.insert(path.display().to_string());
        }
    }
}

#[test]
fn whatever_call_of_the_file_system_fails_it_is_all_or_nothing() {
    let template = temporary();
    begin(template.path());
    let mut fired = 0;
    for kind in [FaultKind::Error, FaultKind::Torn, FaultKind::Dead] {
        for step in 0.. {
            let n = 1 + 2 * step;
            let root = temporary();
            let root = root.path();
            copy(template.path(), root);
            let faulty = FaultyFs::new(fs::real(), n, kind);
            let outcome = open(root, Arc::new(faulty.clone()), Standing::Live)
                .and_then(|store| bring(&store, &target(root), root, named("a")));
            if faulty.fired() == 0 {
                assert_eq!(outcome.unwrap().restored.len(), 2);
                break;
            }
            fired += 1;
            check(root);
            finish(root);
        }
    }
    println!("{fired} faults fired");
    assert!(fired > 60, "{fired}");
}

#[test]
fn whatever_call_of_the_archive_fails_nothing_bad_becomes_visible() {
    let template = temporary();
    begin(template.path());
    let (mut fired, mut named_bad) = (0, 0);
    for kind in [TargetFault::Error, TargetFault::Dead, TargetFault::Flipped] {
        for n in 1.. {
            let root = temporary();
            let root = root.path();
            copy(template.path(), root);
            let faulty = Arc::new(FaultyTarget::new(target(root), n, kind));
            let faulty_target: Arc<dyn ArchiveTarget> = Arc::clone(&faulty) as _;
            let outcome = bring(&opened(root), &faulty_target, root, named("a"));
            if faulty.fired() == 0 && n > faulty.calls() {
                assert_eq!(outcome.unwrap().restored.len(), 2);
                break;
            }
            fired += faulty.fired();
            match outcome {
                // A day that is named as bad is not there; the others are, and are right.
                Ok(report) => {
                    let state = opened(root).state();
                    let there = state.restored.get("a").map_or(0, |set| set.days.len());
                    assert_eq!(there, report.restored.len());
                    assert_eq!(there + report.bad.len(), 2);
                    named_bad += report.bad.len();
                }
                Err(_) => assert!(!check(root)),
            }
            assert_eq!(problems(root), Vec::<String>::new());
        }
    }
    println!("{fired} faults fired, {named_bad} days named as bad");
    assert!(fired > 30 && named_bad > 5, "{fired} {named_bad}");
}

#[test]
fn every_state_that_a_power_loss_may_leave_is_before_or_after() {
    let root = temporary();
    let root = root.path();
    begin(root);
    let elsewhere = temporary();
    copy(&root.join("archive"), &elsewhere.path().join("archive"));
    let recording = RecordingFs::new(root).unwrap();
    let fs: Arc<dyn Fs> = Arc::new(recording.clone());
    let store = open(root, fs, Standing::Live).unwrap();
    bring(&store, &target(elsewhere.path()), root, named("a")).unwrap();
    let (mut states, mut finished) = (0, 0);
    for changes in 0..=recording.len() {
        for state in recording.crash_states(changes) {
            let root = temporary();
            state.write_to(root.path()).unwrap();
            check(root.path());
            states += 1;
            if states % 7 == 0 {
                finish(root.path());
                finished += 1;
            }
        }
    }
    println!("{states} states checked, {finished} of them carried on");
    assert!(states > 100 && finished > 10, "{states}, {finished}");
}

#[test]
fn a_flipped_bit_in_a_set_is_noticed() {
    let root = temporary();
    let root = root.path();
    begin(root);
    bring(&opened(root), &target(root), root, named("a")).unwrap();
    let state = opened(root).state();
    let set = &state.restored["a"];
    let data = set.files().map(|meta| meta.path.clone());
    let files: Vec<PathBuf> = data
        .chain(set.side_files().map(|file| file.path.clone()))
        .map(|path| store_dir(root).join(path))
        .collect();
    assert_eq!(files.len(), 4 + 2 + 2 + 1);
    let mut noticed = 0;
    for file in &files {
        let whole = std::fs::read(file).unwrap();
        for step in 0..40 {
            let mut bytes = whole.clone();
            let at = (step * 7919 + 13) % bytes.len();
            bytes[at] ^= 1 << (step % 8);
            std::fs::write(file, &bytes).unwrap();
            let found = problems(root);
            assert_eq!(found.len(), 1, "{} byte {at}: {found:?}", file.display());
            noticed += 1;
        }
        std::fs::write(file, &whole).unwrap();
    }
    println!("{noticed} flips noticed");
    assert_eq!(problems(root), Vec::<String>::new());
}
