//! Is everything noticed that is not as it was signed?

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dwell_storage::fs;
use dwell_storage::store::{Standing, Store};
use dwell_storage::verify::{Report, VerifyOptions, verify};
use dwell_storage::{Breach, ErrorKind};

use crate::fixture::copy_private;
use crate::real;
use crate::world::{NOON, World, ingest, init, open, store_dir, temporary};

fn verify_options(root: &Path) -> VerifyOptions {
    VerifyOptions {
        deep: true,
        trusted: None,
        since_us: None,
        pinned_key: None,
        key_dir: Some(root.join("keys")),
        fallback_dir: None,
        standing: Standing::Live,
        fs: fs::real(),
        now_us: NOON,
    }
}

fn check(root: &Path) -> Report {
    verify(&store_dir(root), &verify_options(root)).unwrap()
}

/// A store of two sources with real files, and with a snapshot.
fn world() -> (World, Arc<Store>) {
    let world = World::new();
    drop(world.init());
    std::fs::write(world.dir().join("ledger/snapshot"), "damaged").unwrap();
    let store = world.open().unwrap();
    assert!(store.notes()[0].contains("snapshot"), "{:?}", store.notes());
    real::ingest(&store, "/a").unwrap();
    real::ingest(&store, "/a").unwrap();
    real::ingest(&store, "/b").unwrap();
    (world, store)
}

fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

#[test]
fn a_sound_store_is_valid() {
    let (world, store) = world();
    let report = check(world.path());
    assert_eq!(report.problems, []);
    assert_eq!(report.unfinished, []);
    assert_eq!((report.version, report.records, report.files, report.rows), (4, 6, 9, 27));
    assert_eq!(report.store_id, store.id());
    assert_eq!(report.checkpoint, store.checkpoint());
    assert!(report.notes.is_empty(), "{:?}", report.notes);
}

#[test]
fn every_flipped_bit_is_noticed() {
    let (world, store) = world();
    drop(store);
    let mut flips = 0;
    for path in files_below(&world.dir()) {
        let bytes = std::fs::read(&path).unwrap();
        // Every file, and of each some bits all over it; an odd step meets every bit of a byte.
        let step = (bytes.len() * 8 / 40).max(1) | 1;
        for bit in (0..bytes.len() * 8).step_by(step) {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &flipped).unwrap();
            let report = check(world.path());
            assert!(!report.is_valid(), "bit {bit} of {}", path.display());
            flips += 1;
        }
        std::fs::write(&path, &bytes).unwrap();
    }
    assert!(check(world.path()).is_valid());
    println!("{flips} flips noticed");
    assert!(flips > 500);
}

#[test]
fn what_is_missing_or_foreign_is_named() {
    let (world, store) = world();
    let dir = world.dir();
    let named = store.state().files().next().unwrap().path.clone();
    let one = |what: &str, path: &str| {
        let report = check(world.path());
        let found = report.problems.iter().any(|it| it.path == Path::new(path));
        assert!(found, "{what}: {:?}", report.problems);
    };
    std::fs::rename(dir.join(&named), dir.join("aside")).unwrap();
    one("missing", &named);
    one("foreign at the root", "aside");
    std::fs::rename(dir.join("aside"), dir.join(&named)).unwrap();

    let copy = format!("{}/copy.parquet", Path::new(&named).parent().unwrap().display());
    std::fs::copy(dir.join(&named), dir.join(&copy)).unwrap();
    one("a committed transaction's file under another name", &copy);
    std::fs::remove_file(dir.join(copy)).unwrap();

    for foreign in ["requests/x", "lines/day=2026-11-20/x.parquet", "ledger/x", "summaries/x"] {
        let path = dir.join(foreign);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "x").unwrap();
        one("foreign", foreign);
        std::fs::remove_file(path).unwrap();
    }
    std::fs::rename(dir.join("ledger/0000000003"), dir.join("ledger/0000000009")).unwrap();
    one("a gap", "ledger/0000000009");
    std::fs::rename(dir.join("ledger/0000000009"), dir.join("ledger/0000000003")).unwrap();
    assert!(check(world.path()).is_valid());
}

#[test]
fn what_a_dead_writer_left_is_no_failure() {
    let (world, store) = world();
    let tx = store.begin().unwrap();
    let extent = real::extent(&store, &tx, "/c", 1).unwrap();
    let (day, meta) = &extent.segments[0];
    let left = format!("requests/{}/{}", day.folder(), meta.path);
    std::fs::copy(tx.dir().join(&meta.path), world.dir().join(&left)).unwrap();
    let report = check(world.path());
    assert!(report.is_valid(), "{:?}", report.problems);
    assert_eq!(report.unfinished[0].path, Path::new(&left));
    drop((tx, store));
    let store = world.open().unwrap();
    real::ingest(&store, "/c").unwrap();
    assert_eq!(check(world.path()).unfinished, []);
}

#[test]
fn a_store_of_yesterday_is_a_rollback_and_its_copy_is_older() {
    let root = temporary();
    let store = init(root.path(), fs::real()).unwrap();
    ingest(&store, "/a").unwrap();
    let backup = root.path().join("backup");
    copy_private(&store_dir(root.path()), &backup);
    ingest(&store, "/a").unwrap();
    let trusted = store.checkpoint();
    drop(store);
    // The copy is older, and proven so.
    let mut options = verify_options(root.path());
    options.deep = false;
    options.standing = Standing::Copy;
    let report = verify(&backup, &options).unwrap();
    assert_eq!(report.problems, []);
    assert!(report.notes.iter().any(|note| note.starts_with("older by 1 records")));
    assert_eq!(report.older_by, 1);
    // In the place of the store it is a rollback, with or without what this machine knows.
    std::fs::remove_dir_all(store_dir(root.path())).unwrap();
    std::fs::rename(&backup, store_dir(root.path())).unwrap();
    let error = open(root.path(), fs::real(), Standing::Live).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert!(!check(root.path()).is_valid());
    options.key_dir = None;
    assert!(verify(&store_dir(root.path()), &options).unwrap().is_valid());
    options.trusted = Some(trusted);
    let report = verify(&store_dir(root.path()), &options).unwrap();
    assert_eq!(report.problems[0].breach, Breach::RolledBack, "{:?}", report.problems);
}

#[test]
fn a_store_that_was_written_anew_is_not_the_one_that_was_seen() {
    let root = temporary();
    let store = init(root.path(), fs::real()).unwrap();
    ingest(&store, "/a").unwrap();
    let before = root.path().join("before");
    copy_private(&store_dir(root.path()), &before);
    ingest(&store, "/a").unwrap();
    let trusted = store.checkpoint();
    drop(store);
    // Somebody who has the key goes on from yesterday on another machine, as far as here and farther.
    let other = temporary();
    copy_private(&before, &store_dir(other.path()));
    copy_private(&root.path().join("keys"), &other.path().join("keys"));
    for name in std::fs::read_dir(other.path().join("keys")).unwrap() {
        let path = name.unwrap().path();
        if path.extension().is_none_or(|it| it != "key") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let store = open(other.path(), fs::real(), Standing::Live).unwrap();
    assert!(store.notes()[0].starts_with("key not known"), "{:?}", store.notes());
    ingest(&store, "/b").unwrap();
    ingest(&store, "/b").unwrap();
    let mut options = verify_options(root.path());
    options.deep = false;
    options.standing = Standing::Copy;
    let report = verify(store.dir(), &options).unwrap();
    assert!(report.problems[0].what.contains("not the one seen before"), "{:?}", report.problems);
    options.key_dir = None;
    options.trusted = Some(trusted);
    let report = verify(store.dir(), &options).unwrap();
    assert!(report.problems[0].what.contains("are not those"), "{:?}", report.problems);
}

#[test]
fn another_key_is_refused_unless_pinned() {
    let (world, store) = world();
    let other = World::new();
    let stranger = other.init();
    let mut asked = verify_options(world.path());
    asked.pinned_key = Some(stranger.key().line());
    assert!(!verify(&world.dir(), &asked).unwrap().is_valid());
    asked.pinned_key = Some(store.key().line());
    assert!(verify(&world.dir(), &asked).unwrap().is_valid());
    // Writing needs the private key, reading does not.
    std::fs::remove_file(world.path().join(format!("keys/{}.key", store.id()))).unwrap();
    assert!(check(world.path()).is_valid());
    let error = store.begin().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io, "{error}");
}

#[test]
fn a_changed_setting_is_reported_until_it_is_noted() {
    let (world, store) = world();
    std::fs::write(world.dir().join("dwell.toml"), "[ingest]\njobs = 2\n").unwrap();
    let report = check(world.path());
    assert_eq!(report.problems.len(), 1);
    assert_eq!(report.problems[0].path, Path::new("dwell.toml"));
    real::ingest(&store, "/a").unwrap();
    assert!(check(world.path()).is_valid());
    let kinds: Vec<_> = store.ledger_entries().unwrap().into_iter().map(|it| it.kind).collect();
    assert_eq!(kinds[6..], ["config", "ingest"]);
    drop(store);
    std::fs::write(world.dir().join("dwell.toml"), "[ingest]\njobs = -2\n").unwrap();
    // A reader goes on with the defaults and says so, a writer does not.
    let store = world.open().unwrap();
    assert!(store.notes()[0].contains("line 2"), "{:?}", store.notes());
    assert_eq!(store.config(), &dwell_storage::config::Config::default());
    let error = real::ingest(&store, "/a").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("line 2"), "{error}");
    assert!(!check(world.path()).is_valid());
}

#[test]
fn a_store_open_to_the_world_is_read_but_not_written() {
    use std::os::unix::fs::PermissionsExt;
    let (world, store) = world();
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(world.dir(), mode).unwrap();
    let error = real::ingest(&store, "/a").unwrap_err();
    assert!(error.to_string().contains("chmod -R o-rwx"), "{error}");
    let report = check(world.path());
    assert!(report.is_valid() && report.notes[0].contains("chmod"), "{:?}", report.notes);
    let modes: BTreeMap<_, _> = files_below(&world.dir())
        .into_iter()
        .map(|path| (path.metadata().unwrap().permissions().mode() & 0o777, path))
        .collect();
    assert_eq!(modes.keys().copied().collect::<Vec<_>>(), [0o600], "{modes:?}");
}

#[test]
fn since_leaves_out_what_earlier_records_brought() {
    let (world, store) = world();
    let asked = |since| VerifyOptions { since_us: Some(since), ..verify_options(world.path()) };
    let all = verify(&world.dir(), &asked(NOON)).unwrap();
    assert_eq!((all.files, all.skipped, all.rows, all.since_seq), (9, 0, 27, 1));
    let none = verify(&world.dir(), &asked(NOON + 1)).unwrap();
    assert_eq!((none.files, none.skipped, none.rows, none.records), (0, 9, 0, 6));
    let path = world.dir().join(&store.state().files().next().unwrap().path);
    std::fs::write(path, "").unwrap();
    assert!(!verify(&world.dir(), &asked(NOON)).unwrap().is_valid());
    assert!(verify(&world.dir(), &asked(NOON + 1)).unwrap().is_valid());
    // The ledger is read whole all the same.
    std::fs::write(world.dir().join("ledger/0000000002"), "x").unwrap();
    assert!(!verify(&world.dir(), &asked(NOON + 1)).unwrap().is_valid());
}

#[test]
fn each_breach_has_its_word() {
    let (world, store) = world();
    let state = store.state();
    let file = world.dir().join(&state.files().next().unwrap().path);
    let ledger = |version: u64| world.dir().join(format!("ledger/{version:010}"));
    let changed = |path: &Path, content: Option<&[u8]>| {
        let whole = std::fs::read(path).unwrap();
        match content {
            Some(content) => std::fs::write(path, content).unwrap(),
            None => std::fs::remove_file(path).unwrap(),
        }
        let report = check(world.path());
        std::fs::write(path, whole).unwrap();
        let count = |word: &str| {
            let table = report.outcomes();
            table.iter().find(|(it, _)| *it == word).map(|(_, count)| *count).unwrap()
        };
        (report.problems[0].breach, count("valid"), count(report.problems[0].breach.word()))
    };
    assert_eq!(changed(&file, None), (Breach::Missing, 12, 1));
    assert_eq!(changed(&file, Some(b"x")), (Breach::Altered, 12, 1));
    let newest = std::fs::read_to_string(ledger(4)).unwrap();
    let unsigned = newest.replacen("\u{2014} dwell", "dwell", 1);
    assert_eq!(changed(&ledger(4), Some(unsigned.as_bytes())).0, Breach::UnsignedCommit);
    let second = std::fs::read_to_string(ledger(2)).unwrap();
    let unsigned = second.replacen("\u{2014} dwell", "dwell", 1);
    assert_eq!(changed(&ledger(2), Some(unsigned.as_bytes())).0, Breach::Altered);
    let other = World::new();
    drop(other.init());
    let foreign = std::fs::read(other.dir().join("ledger/0000000001")).unwrap();
    assert_eq!(changed(&ledger(4), Some(&foreign)).0, Breach::WrongKey);
    assert_eq!(changed(&ledger(4), None).0, Breach::RolledBack);
    std::fs::write(world.dir().join("requests/x"), "x").unwrap();
    assert_eq!(check(world.path()).problems[0].breach, Breach::ForeignFile);
}

#[test]
fn links_are_no_files() {
    use std::os::unix::fs::symlink;
    let (world, store) = world();
    let file = world.dir().join(&store.state().files().next().unwrap().path);
    let aside = world.path().join("aside");
    for path in [file.clone(), file.parent().unwrap().to_path_buf(), world.dir().join("requests")] {
        std::fs::rename(&path, &aside).unwrap();
        symlink(&aside, &path).unwrap();
        assert!(!check(world.path()).is_valid(), "{}", path.display());
        std::fs::remove_file(&path).unwrap();
        std::fs::rename(&aside, &path).unwrap();
    }
    assert!(check(world.path()).is_valid());
}

#[test]
fn what_a_dead_writer_left_to_do_leads_nowhere_else() {
    let (world, store) = world();
    let victim = world.path().join("victim");
    std::fs::write(&victim, "x").unwrap();
    let paths = ["../victim".into(), victim.display().to_string(), "ledger/0000000001".into()];
    for path in paths.iter().chain(&["requests/../../victim".into(), "dwell.toml".into()]) {
        let folder = world.dir().join("staging/change-0000000000000001");
        std::fs::create_dir_all(&folder).unwrap();
        let intent = format!(
            "{{\"place\":[\"{path}\"],\"remove\":[\"{path}\"],\"shred\":[\"{path}\"],\"version\":1}}"
        );
        std::fs::write(folder.join("intent"), intent).unwrap();
        let store = world.open().unwrap();
        real::ingest(&store, "/a").unwrap();
        assert!(!folder.exists(), "{path}");
    }
    drop(store);
    assert!(victim.exists() && check(world.path()).is_valid());
}
