//! What is stored by a commit, and what is refused?

use dwell_storage::extent::{Counts, LineEnd, Retry, Shift};
use dwell_storage::store::{CommitOptions, HiddenIndex, Outcome, Transaction};
use dwell_storage::{Day, ErrorKind};

use crate::world::{NOON, World, content, extent, ingest, options, outline, staged};

#[test]
fn three_extents_are_there_after_opening_anew() {
    let world = World::new();
    let store = world.init();
    assert!(store.is_new());
    for _ in 0..2 {
        ingest(&store, "/var/a.log").unwrap();
    }
    let outcome = ingest(&store, "/var/b.log").unwrap();
    assert_eq!(outcome, Outcome::Committed { seq: 6, source_id: 2 });
    let before = store.state();
    drop(store);

    let store = world.open().unwrap();
    assert!(store.notes().is_empty(), "{:?}", store.notes());
    let state = store.state();
    assert_eq!(state, before);
    assert_eq!((state.version, state.records), (4, 6));
    let source = &state.sources[&1];
    assert_eq!((source.bytes, source.counts.lines, source.counts.rows), (200, 20, 18));
    assert_eq!(source.path, std::path::Path::new("/var/a.log"));
    assert_eq!(source.sha256, content("/var/a.log", 200));
    assert_eq!(state.days.len(), 2);
    assert_eq!(state.files().count(), 9);
    for meta in state.files() {
        let bytes = std::fs::read(store.locate(&meta.path)).unwrap();
        assert_eq!(dwell_storage::Digest::of(&bytes), meta.sha256);
    }
    let staging = std::fs::read_dir(world.dir().join("staging")).unwrap();
    assert_eq!(staging.count(), 0);
    let kinds: Vec<_> = store.ledger_entries().unwrap().into_iter().map(|it| it.kind).collect();
    assert_eq!(kinds, ["key", "schema", "config", "ingest", "ingest", "ingest"]);
}

#[test]
fn a_backup_without_its_empty_folders_can_be_written() {
    let world = World::new();
    ingest(&world.init(), "/a").unwrap();
    for folder in ["staging", "leases", "trash", "log", "salts"] {
        let _ = std::fs::remove_file(world.dir().join(folder).join("lock"));
        std::fs::remove_dir(world.dir().join(folder)).unwrap();
    }
    let store = world.open().unwrap();
    ingest(&store, "/b").unwrap();
    let mut names = std::fs::read_dir(world.dir().join("staging")).unwrap();
    assert!(names.next().is_none() && world.dir().join("leases").is_dir());
}

#[test]
fn the_same_content_is_stored_once() {
    let world = World::new();
    let store = world.init();
    let (first, second) = (store.begin().unwrap(), store.begin().unwrap());
    assert_ne!(first.source_id(), second.source_id());
    let (one, two) = (
        extent(&store, &first, "/a", 1, 10).unwrap(),
        extent(&store, &second, "/a", 1, 10).unwrap(),
    );
    first.commit(&one, &options()).unwrap();
    let outcome = second.commit(&two, &options()).unwrap();
    assert_eq!(outcome, Outcome::AlreadyStored { source_id: 1 });
    assert_eq!(store.state().sources.len(), 1);
}

#[test]
fn a_plan_on_old_ground_is_a_conflict() {
    let world = World::new();
    let store = world.init();
    ingest(&store, "/a").unwrap();
    let (first, second) = (store.begin_for(1).unwrap(), store.begin_for(1).unwrap());
    let (one, two) = (
        extent(&store, &first, "/a", 11, 10).unwrap(),
        extent(&store, &second, "/a", 11, 20).unwrap(),
    );
    first.commit(&one, &options()).unwrap();
    let error = second.commit(&two, &options()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    // A new source that begins like one stored meanwhile.
    let (first, second) = (store.begin().unwrap(), store.begin().unwrap());
    let (one, two) = (
        extent(&store, &first, "/b", 1, 10).unwrap(),
        extent(&store, &second, "/b", 1, 20).unwrap(),
    );
    first.commit(&one, &options()).unwrap();
    let error = second.commit(&two, &options()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
}

#[test]
fn many_writers_side_by_side_store_each_file_once() {
    let world = World::new();
    let store = world.init();
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for file in 0..10 {
                    ingest(store, &format!("/{worker}/{file}")).unwrap();
                }
            });
        }
    });
    let state = store.state();
    assert_eq!((state.sources.len(), state.version), (40, 41));
    assert_eq!(world.open().unwrap().state(), state);
    // As many processes, as far as the store can tell: each has opened it for itself.
    std::thread::scope(|scope| {
        for worker in 4..7 {
            let world = &world;
            scope.spawn(move || {
                let store = world.open().unwrap();
                for file in 0..5 {
                    ingest(&store, &format!("/{worker}/{file}")).unwrap();
                }
            });
        }
    });
    assert_eq!(store.refresh().unwrap().sources.len(), 55);
}

#[test]
fn lines_read_anew_come_in_the_place_of_what_was_stored_of_them() {
    let world = World::new();
    let store = world.init();
    ingest(&store, "/a").unwrap();
    let retry = |tx: &Transaction| Retry {
        format: "combined".into(),
        format_spec: String::new(),
        zone: String::new(),
        line_end: LineEnd::Lf,
        whole: false,
        ranges: vec![(10, 10)],
        was: Counts { lines: 1, quarantined: 1, ..Counts::default() },
        counts: Counts { lines: 1, rows: 1, ..Counts::default() },
        ts_range: Some((NOON - 1, NOON)),
        segments: vec![(Day::of(NOON), staged(tx, store.id(), "00", 10, 1).unwrap())],
        lines: None,
    };
    let (first, second) = (store.begin_for(1).unwrap(), store.begin_for(1).unwrap());
    let (one, two) = (retry(&first), retry(&second));
    let outcome = first.commit_retry(&one, &options()).unwrap();
    assert_eq!(outcome, Outcome::Committed { seq: 5, source_id: 1 });
    let error = second.commit_retry(&two, &options()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");

    let state = world.open().unwrap().state();
    assert_eq!(state, store.state());
    let source = &state.sources[&1];
    assert_eq!((source.counts.lines, source.counts.rows, source.counts.quarantined), (10, 10, 0));
    assert_eq!((source.first_ts, source.format.as_str()), (Some(NOON - 1), "squid"));
    let lines = &state.lines[0];
    let index = HiddenIndex::new(&state);
    assert_eq!(index.in_lines(&lines.meta, lines.seq).ranges(), [(1, 10, 10)]);
    // It was no row, so no segment has to leave out any.
    assert!(state.segments().all(|(_, it)| index.in_segment(&it.meta, it.seq).is_empty()));
    assert_eq!(store.ledger_entries().unwrap().last().unwrap().kind, "retry");
    // Accounts that don't add up are not written.
    let tx = store.begin_for(1).unwrap();
    let mut wrong = retry(&tx);
    wrong.was.lines = 2;
    assert_eq!(tx.commit_retry(&wrong, &options()).unwrap_err().kind(), ErrorKind::Internal);
}

#[test]
fn a_corrected_clock_brings_every_row_anew() {
    let world = World::new();
    let store = world.init();
    ingest(&store, "/a").unwrap();
    let shift = |tx: &Transaction| Shift {
        old_us: 0,
        new_us: 90_000_000,
        last_line: 10,
        ts_range: Some((NOON, NOON + 1)),
        segments: vec![(Day::of(NOON), staged(tx, store.id(), "00", 1, 9).unwrap())],
        lines: Some(staged(tx, store.id(), "02", 10, 1).unwrap()),
    };
    let tx = store.begin_for(1).unwrap();
    let mut few = shift(&tx);
    few.lines = None;
    assert_eq!(tx.commit_shift(&few, "r", &options()).unwrap_err().kind(), ErrorKind::Internal);
    let (first, second) = (store.begin_for(1).unwrap(), store.begin_for(1).unwrap());
    let (one, two) = (shift(&first), shift(&second));
    let outcome = first.commit_shift(&one, "NTP was off", &options()).unwrap();
    assert_eq!(outcome, Outcome::Committed { seq: 5, source_id: 1 });
    let error = second.commit_shift(&two, "r", &options()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");

    let state = world.open().unwrap().state();
    assert_eq!(state, store.state());
    let source = &state.sources[&1];
    assert_eq!((source.counts.rows, source.shift_us), (9, 90_000_000));
    assert_eq!((source.first_ts, source.last_ts), (Some(NOON), Some(NOON + 1)));
    let index = HiddenIndex::new(&state);
    let shown = |(_, it): &(Day, &dwell_storage::store::SegmentRef)| {
        !index.in_segment(&it.meta, it.seq).covers_file(&it.meta)
    };
    assert_eq!(state.segments().filter(shown).map(|(_, it)| it.meta.rows).sum::<u64>(), 9);
    let last = store.ledger_entries().unwrap().pop().unwrap();
    assert_eq!(last.kind, "shift");
    assert!(last.detail.contains("+00:01:30"), "{}", last.detail);
    // The source grows with the correction it has.
    let tx = store.begin_for(1).unwrap();
    let mut more = extent(&store, &tx, "/a", 11, 10).unwrap();
    assert!(tx.commit(&more, &options()).is_err());
    let tx = store.begin_for(1).unwrap();
    more = extent(&store, &tx, "/a", 11, 10).unwrap();
    more.source.shift_us = 90_000_000;
    tx.commit(&more, &options()).unwrap();
}

#[test]
fn a_source_without_whole_lines_takes_the_format_of_its_first() {
    let world = World::new();
    let store = world.init();
    let tx = store.begin().unwrap();
    let mut half = outline("/a", 1, 1);
    half.source.format = "unknown".into();
    half.final_newline = false;
    half.lines = Some(staged(&tx, store.id(), "02", 1, 1).unwrap());
    tx.commit(&half, &options()).unwrap();

    let tx = store.begin_for(1).unwrap();
    let mut whole = extent(&store, &tx, "/a", 1, 10).unwrap();
    whole.supersedes = Some(1);
    whole.superseded = half.counts;
    tx.commit(&whole, &options()).unwrap();
    let state = store.state();
    assert_eq!((state.sources[&1].format.as_str(), state.sources[&1].counts.lines), ("squid", 10));
    let index = HiddenIndex::new(&state);
    assert!(!index.in_lines(&state.lines[0].meta, state.lines[0].seq).is_empty());

    let tx = store.begin_for(1).unwrap();
    let mut other = extent(&store, &tx, "/a", 11, 10).unwrap();
    other.source.format = "combined".into();
    assert!(tx.commit(&other, &options()).is_err());
    let tx = store.begin_for(1).unwrap();
    let mut gap = extent(&store, &tx, "/a", 12, 10).unwrap();
    assert!(tx.commit(&gap, &options()).is_err());
    let tx = store.begin_for(1).unwrap();
    gap = extent(&store, &tx, "/a", 11, 10).unwrap();
    gap.counts.lines += 1;
    assert!(tx.commit(&gap, &options()).is_err());
    assert_eq!(store.refresh().unwrap(), state);
}

#[test]
fn a_store_of_a_newer_version_is_refused_as_such() {
    use dwell_storage::ledger::note::{Checkpoint, SignerKey};
    use dwell_storage::ledger::{file, tree};
    let world = World::new();
    let store = world.init();
    // What the next version of dwell might write, signed with the store's own key.
    let key = std::fs::read_to_string(world.path().join(format!("keys/{}.key", store.id())));
    let key = SignerKey::parse(key.unwrap().trim()).unwrap();
    let mut lines = std::fs::read(world.dir().join("ledger/0000000001")).unwrap();
    lines.truncate(lines.windows(2).position(|pair| pair == b"\n\n").unwrap());
    let record = br#"{"at":1,"body":{},"kind":"notary","seq":4,"v":1}"#.to_vec();
    let mut leaves: Vec<_> = lines.split(|&byte| byte == b'\n').map(tree::leaf_hash).collect();
    leaves.push(tree::leaf_hash(&record));
    let origin = store.id().to_owned();
    let checkpoint = Checkpoint { origin, size: 4, root: tree::root(&leaves) };
    let bytes = file::render(&[record], &checkpoint, &key);
    std::fs::write(world.dir().join("ledger/0000000002"), bytes).unwrap();
    let error = world.open().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("newer version"), "{error}");
    assert_eq!(ingest(&store, "/a").unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn a_lock_that_is_held_is_waited_for_and_then_reported() {
    let world = World::new();
    let store = world.init();
    let tx = store.begin().unwrap();
    let planned = extent(&store, &tx, "/a", 1, 10).unwrap();
    let held = dwell_storage::fs::real().try_lock(&world.dir().join("lock")).unwrap().unwrap();
    let short = CommitOptions { wait_ms: 20, ..options() };
    let error = tx.commit(&planned, &short).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked, "{error}");
    drop(held);
    ingest(&store, "/a").unwrap();
}

#[test]
fn a_lease_lives_as_long_as_its_reader() {
    let world = World::new();
    let store = world.init();
    let lease = store.lease().unwrap();
    assert!(lease.is_written());
    let marks = || std::fs::read_dir(world.dir().join("leases")).unwrap().count();
    assert_eq!(marks(), 1);
    // A dead reader's mark is removed by the next writer, a living one's is not.
    std::fs::write(world.dir().join("leases/0000000001-dead"), "").unwrap();
    ingest(&store, "/a").unwrap();
    assert_eq!(marks(), 1);
    drop(lease);
    assert_eq!(marks(), 0);
}

#[test]
fn a_store_for_a_group_can_be_read_by_it() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let root = crate::world::temporary();
    let group = root.path().metadata().unwrap().gid();
    let options = dwell_storage::store::InitOptions {
        group: Some(group.to_string()),
        key_dir: Some(root.path().join("keys")),
        fallback_dir: None,
        fs: dwell_storage::fs::real(),
        now_us: NOON,
        by: "anna".into(),
    };
    let dir = crate::world::store_dir(root.path());
    let store = dwell_storage::store::Store::init(&dir, &options).unwrap();
    ingest(&store, "/a").unwrap();
    store.query_log().ask(NOON, "anna", "SELECT 1").unwrap();
    let mode = |path: &str| dir.join(path).metadata().unwrap().permissions().mode() & 0o7777;
    let segment = store.state().files().next().unwrap().path.clone();
    for (path, expected) in [
        ("", 0o2750),
        ("requests", 0o2750),
        ("requests/day=2026-11-20", 0o2750),
        (segment.as_str(), 0o640),
        ("leases", 0o2770),
        ("log", 0o2770),
        ("log/2026-11.jsonl", 0o660),
        ("log/lock", 0o660),
        ("ledger/0000000002", 0o640),
        ("lock", 0o640),
    ] {
        assert_eq!(mode(path), expected, "{path}");
    }
    let keys = root.path().join("keys");
    assert_eq!(keys.metadata().unwrap().permissions().mode() & 0o7777, 0o700);
    let mut other = options;
    other.group = Some("no-such-group".into());
    let error = dwell_storage::store::Store::init(&root.path().join("x"), &other).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_folder_of_others_is_not_made_a_store() {
    let world = World::new();
    std::fs::create_dir(world.dir()).unwrap();
    std::fs::write(world.dir().join("thesis.tex"), "x").unwrap();
    let error = crate::world::init(world.path(), dwell_storage::fs::real()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert_eq!(world.open().unwrap_err().kind(), ErrorKind::NoStore);
}
