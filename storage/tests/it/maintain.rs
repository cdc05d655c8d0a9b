//! What is left when a change that brings no input fails or dies: a seal, a compaction, a retirement? Before or after.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dwell_storage::fs::{self, FaultKind, FaultyFs, Fs, RecordingFs};
use dwell_storage::ledger::record::{
    Body, Compact, Hold, NamedFile, Release, Retire, RetireDay, Seal, Table, TableKey,
};
use dwell_storage::ledger::text::Text;
use dwell_storage::store::{Maintenance, Standing, State, Store};
use dwell_storage::tables::{self, Kind, Place, Put};
use dwell_storage::{Day, Digest, ErrorKind, Result};

use crate::world::{NOON, World, ingest, init, joined, open, options, store_dir, temporary};

fn today() -> Day {
    Day::of(NOON)
}

fn yesterday() -> Day {
    Day(today().0 - 1)
}

/// What a change does: its records, and the files that get their places.
type Planned = (Vec<(Body, Text)>, Vec<(PathBuf, String)>);

fn change(
    store: &Arc<Store>,
    plan: impl FnOnce(&Maintenance) -> Result<Planned>,
) -> Result<Vec<u64>> {
    let change = store.begin_maintenance()?;
    let (records, moves) = plan(&change)?;
    change.commit(records, &moves, &options(), &|_| Ok(()))
}

fn compact(store: &Arc<Store>) -> Result<Vec<u64>> {
    change(store, |change| {
        let day = &change.base().days[&today()];
        let metas: Vec<_> = day.segments.iter().map(|segment| &*segment.meta).collect();
        let mut meta = joined(change, &metas)?;
        let staged = change.dir().join(&meta.path);
        meta.path = format!("requests/{}/{}", today().folder(), meta.path);
        let path = meta.path.clone();
        let record = Compact {
            day: today(),
            digest: Digest::of(b"rows"),
            dropped: 0,
            inputs: metas.iter().map(|meta| meta.path.clone()).collect(),
            rows: meta.rows,
            salts: None,
            seal: None,
            segments: vec![meta],
            sources: Vec::new(),
            table: Table::Requests,
            tx: change.id().to_owned(),
        };
        Ok((vec![(Body::Compact(Box::new(record)), Text::by("anna"))], vec![(staged, path)]))
    })
}

fn seal(store: &Arc<Store>, day: Day) -> Result<Vec<u64>> {
    change(store, |change| {
        let staged = change.dir().join("salts");
        fs::write_new(&**change.fs(), &staged, b"secret")?;
        let path = format!("salts/{day}-{}", change.id());
        let leaves = change.base().days[&day].segments.iter().map(|it| it.meta.rows).sum();
        let record = Seal {
            day,
            leaves,
            number: 0,
            root: Digest::of(b"root"),
            salts: NamedFile::of(path.clone(), b"secret"),
            sources: Vec::new(),
            stats: Vec::new(),
            ts: (NOON, NOON),
        };
        Ok((vec![(Body::Seal(Box::new(record)), Text::by("anna"))], vec![(staged, path)]))
    })
}

fn retire(store: &Arc<Store>) -> Result<Vec<u64>> {
    change(store, |change| {
        let day = &change.base().days[&yesterday()];
        let file = |meta: &dwell_storage::segment::FileMeta| NamedFile {
            bytes: meta.bytes,
            path: meta.path.clone(),
            sha256: meta.sha256,
        };
        let mut sources = std::collections::BTreeMap::new();
        for range in day.segments.iter().flat_map(|segment| &segment.meta.sources) {
            *sources.entry(range.source_id).or_insert(0) += range.rows;
        }
        let gone = RetireDay {
            day: yesterday(),
            files: day.segments.iter().map(|segment| file(&segment.meta)).collect(),
            rows: sources.values().sum(),
            sources: sources.into_iter().collect(),
            why: "keep_days".into(),
        };
        let hold = Hold { days: vec![(today(), today())], id: 1, query_at: None, until: None };
        let records = vec![
            (Body::Retire(Retire { days: vec![gone], ..Retire::default() }), Text::by("anna")),
            (Body::Hold(hold), Text::by("anna").with("reason", "a case")),
        ];
        Ok((records, Vec::new()))
    })
}

fn key(table: &str, day: Option<Day>) -> TableKey {
    TableKey { day, name: "list".into(), table: table.into() }
}

/// Keeps a table of this day, or of none.
fn keep(store: &Arc<Store>, (table, day): (&str, Option<Day>), content: &[u8]) -> Result<u64> {
    let put = Put {
        place: if day.is_some() { Place::Summaries } else { Place::Tables },
        key: key(table, day),
        rows: 1,
        basis: store.state().records,
        input: Some(Digest::of(b"input")),
        skipped: 2,
        content: content.to_vec(),
    };
    tables::change(store, Kind::Intel, vec![put], Vec::new(), Text::by("anna"), &options())
}

fn release(store: &Arc<Store>) -> Result<Vec<u64>> {
    change(store, |_| Ok((vec![(Body::Release(Release { id: 1 }), Text::by("anna"))], Vec::new())))
}

/// Does whatever is still to be done; tells how many commits that took.
fn go_on(store: &Arc<Store>) -> Result<u32> {
    let mut done = 0;
    loop {
        let state = store.refresh()?;
        let days = &state.days;
        if days[&today()].segments.len() > 1 {
            compact(store)?;
        } else if days.get(&yesterday()).is_some_and(|day| day.seals.is_empty()) {
            seal(store, yesterday())?;
        } else if days[&today()].seals.is_empty() {
            seal(store, today())?;
        } else if days.contains_key(&yesterday())
            && !state.tables.contains_key(&key("hosts", Some(yesterday())))
        {
            keep(store, ("hosts", Some(yesterday())), b"a.example")?;
        } else if !state.tables.contains_key(&key("indicators", None)) {
            keep(store, ("indicators", None), b"bad.example")?;
        } else if days.contains_key(&yesterday()) {
            retire(store)?;
        } else if tables::read(store, &state.tables[&key("indicators", None)])? == b"bad.example" {
            keep(store, ("indicators", None), b"worse.example")?;
        } else if state.holds[&1].released.is_none() {
            release(store)?;
        } else {
            break;
        }
        done += 1;
    }
    store.purge(NOON + 1, 0, 0)?;
    Ok(done)
}

/// A store with two days of two segments each.
fn begin(root: &Path) {
    let store = init(root, fs::real()).unwrap();
    for path in ["/a", "/b"] {
        ingest(&store, path).unwrap();
    }
}

/// Every file that a version names is there, and reads as named.
fn check(root: &Path) -> Arc<State> {
    let store = open(root, fs::real(), Standing::Live).unwrap();
    let state = store.state();
    for meta in state.files() {
        let bytes = std::fs::read(store_dir(root).join(&meta.path)).unwrap();
        assert_eq!(Digest::of(&bytes), meta.sha256, "{}", meta.path);
    }
    for file in state.side_files() {
        let bytes = std::fs::read(store_dir(root).join(&file.path)).unwrap();
        assert_eq!(NamedFile::of(file.path.clone(), &bytes), *file);
    }
    let live: u64 = state.segments().map(|(_, segment)| segment.meta.rows).sum();
    let retired: u64 = state.sources.values().map(|source| source.retired).sum();
    assert_eq!(live + retired, 18);
    state
}

/// Every file below these folders of the store, by its path there.
fn files(root: &Path, folders: &[&str]) -> BTreeSet<String> {
    fn walk(dir: &Path, folder: &Path, found: &mut BTreeSet<String>) {
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
    let mut found = BTreeSet::new();
    folders.iter().for_each(|it| walk(&store_dir(root), Path::new(it), &mut found));
    found
}

/// Goes on after a crash until everything is done; then nothing is left that no version names.
fn finish(root: &Path) {
    let store = open(root, fs::real(), Standing::Live).unwrap();
    go_on(&store).unwrap();
    // Whoever writes next, cleans.
    ingest(&store, "/c").unwrap();
    store.purge(NOON + 1, 0, 0).unwrap();
    let state = open(root, fs::real(), Standing::Live).unwrap().state();
    let named = state.files().map(|meta| meta.path.clone());
    let named: BTreeSet<_> =
        named.chain(state.side_files().map(|file| file.path.clone())).collect();
    let folders = ["requests", "lines", "salts", "summaries", "tables", "staging", "trash"];
    let found = files(root, &folders);
    assert_eq!(found, named);
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
                assert_eq!(outcome.unwrap(), 8);
                break;
            }
            fired += 1;
            check(root.path());
            finish(root.path());
        }
    }
    println!("{fired} faults fired");
    assert!(fired > 300, "{fired}");
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
    assert!(states > 500 && finished > 0, "{states}, {finished}");
}

#[test]
fn what_was_planned_on_old_ground_is_a_conflict() {
    let world = World::new();
    begin(world.path());
    let store = world.open().unwrap();
    let change = store.begin_maintenance().unwrap();
    ingest(&store, "/c").unwrap();
    let base = change.base().version;
    let recheck = |state: &State| {
        let same = state.version == base;
        let conflict = || dwell_storage::Error::new(ErrorKind::Conflict, "it has changed");
        same.then_some(()).ok_or_else(conflict)
    };
    let error = change.commit(Vec::new(), &[], &options(), &recheck).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

#[test]
fn trash_waits_for_readers_and_for_the_grace() {
    let world = World::new();
    begin(world.path());
    let store = world.open().unwrap();
    let old = store.state();
    let lease = store.lease().unwrap();
    compact(&store).unwrap();
    for (_, segment) in old.segments() {
        assert!(store.locate(&segment.meta.path).exists(), "{}", segment.meta.path);
    }
    let hour = 3_600_000_000;
    assert_eq!(store.purge(NOON + 1, hour, 0).unwrap().waiting, 2, "the grace");
    assert_eq!(store.purge(NOON + hour, hour, 0).unwrap().waiting, 2, "the reader");
    drop(lease);
    let purged = store.purge(NOON + hour, hour, 0).unwrap();
    assert_eq!((purged.files, purged.waiting), (2, 0));
    assert!(files(world.path(), &["trash"]).is_empty());
    let again =
        old.days[&today()].segments.iter().filter(|it| !store.locate(&it.meta.path).exists());
    assert_eq!(again.count(), 2);
}

#[test]
fn a_table_comes_back_goes_stale_and_goes_with_its_day() {
    let world = World::new();
    begin(world.path());
    let store = world.open().unwrap();
    seal(&store, yesterday()).unwrap();
    keep(&store, ("hosts", Some(yesterday())), b"a.example").unwrap();
    keep(&store, ("indicators", None), b"bad.example").unwrap();
    let state = world.open().unwrap().state();
    let kept: Vec<_> = state.tables("hosts").collect();
    assert_eq!(tables::read(&store, kept[0]).unwrap(), b"a.example");
    assert!(state.is_current(kept[0]));
    ingest(&store, "/c").unwrap();
    let state = store.state();
    assert!(!state.is_current(state.tables("hosts").next().unwrap()), "rows came");
    compact(&store).unwrap();
    retire(&store).unwrap();
    let state = world.open().unwrap().state();
    assert_eq!(state.tables.keys().collect::<Vec<_>>(), [&key("indicators", None)]);
    let removed = vec![key("indicators", None)];
    let remove = |removed| {
        tables::change(&store, Kind::Intel, Vec::new(), removed, Text::by("anna"), &options())
    };
    remove(removed.clone()).unwrap();
    assert_eq!(remove(removed).unwrap_err().kind(), ErrorKind::Conflict);
    assert!(files(world.path(), &["tables", "summaries"]).is_empty());
}

#[test]
fn a_table_that_was_changed_is_noticed() {
    let world = World::new();
    begin(world.path());
    let store = world.open().unwrap();
    keep(&store, ("indicators", None), b"bad.example").unwrap();
    let state = store.state();
    let kept = state.tables("indicators").next().unwrap();
    let path = world.dir().join(&kept.table.file.path);
    for content in ["good.example", "bad.exampl3"] {
        std::fs::write(&path, content).unwrap();
        assert_eq!(tables::read(&store, kept).unwrap_err().kind(), ErrorKind::Integrity);
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(tables::read(&store, kept).unwrap_err().kind(), ErrorKind::Integrity);
}
