//! Is everything that people and logs say encrypted, and does nothing work without the key?

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dwell_storage::crypt::{Scope, StoreKey};
use dwell_storage::ledger::record::TableKey;
use dwell_storage::ledger::text::Text;
use dwell_storage::recover::{RecoverOptions, from_files};
use dwell_storage::segment::reader;
use dwell_storage::store::{InitOptions, NewStoreKey, OpenOptions, Standing, Store};
use dwell_storage::tables::{self, Kind, Place, Put};
use dwell_storage::verify::{Report, VerifyOptions, verify};
use dwell_storage::{Day, ErrorKind, Result, fs, querylog};

use crate::fixture::copy_private;
use crate::real;
use crate::world::{NOON, World, options};

/// What the made-up sources, rows and lines say.
const PLANTED: &[&str] = &["access.log", "/var/log/secret", ".example", "what is no", "anna"];

fn init(world: &World, key: &NewStoreKey) -> Result<Arc<Store>> {
    let options = InitOptions {
        group: None,
        key_dir: Some(world.path().join("keys")),
        fallback_dir: None,
        fs: fs::real(),
        now_us: NOON,
        by: "anna".into(),
    };
    Store::init_encrypted(&world.dir(), &options, key)
}

/// An encrypted store with two sources and a snapshot, and its key's file.
fn encrypted() -> (World, Arc<Store>, PathBuf) {
    let world = World::new();
    let store = init(&world, &NewStoreKey::KeyDir).unwrap();
    real::ingest(&store, "/var/log/secret/access.log").unwrap();
    std::fs::write(world.dir().join("ledger/snapshot"), "none").unwrap();
    let store = world.open().unwrap();
    real::ingest(&store, "/var/log/secret/b.log").unwrap();
    let key = TableKey { day: None, name: "l".into(), table: "indicators".into() };
    let put = Put {
        place: Place::Tables,
        key,
        rows: 1,
        basis: 1,
        input: None,
        skipped: 0,
        content: b"bad.example".to_vec(),
    };
    let change = tables::change;
    change(&store, Kind::Intel, vec![put], vec![], Text::by("anna"), &options()).unwrap();
    let state = store.state();
    let kept = state.tables("indicators").next().unwrap();
    assert_eq!(tables::read(&store, kept).unwrap(), b"bad.example");
    let key = world.path().join("keys").join(format!("{}.encryption", store.id()));
    (world, store, key)
}

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

fn all_files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(dir, &mut found);
    found.sort();
    found
}

fn count_rows(store: &Store) -> Result<usize> {
    let mut rows = 0;
    for (_, segment) in store.state().segments() {
        let file = store.open_file(&segment.meta)?;
        for batch in reader::rows(&file, &[dwell_storage::schema::Col::Host], &Default::default())?
        {
            rows += batch?.num_rows();
        }
    }
    Ok(rows)
}

fn has(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|it| it == word.as_bytes())
}

#[test]
fn nothing_that_was_said_stands_in_any_file() {
    let (world, store, key) = encrypted();
    let files = all_files(&world.dir());
    let parquet = files.iter().filter(|path| path.extension().is_some_and(|it| it == "parquet"));
    assert_eq!(parquet.clone().count(), 6);
    for path in parquet {
        let bytes = std::fs::read(path).unwrap();
        assert!(bytes.starts_with(b"PARE") && bytes.ends_with(b"PARE"), "{}", path.display());
    }
    assert!(world.dir().join("ledger/snapshot").exists());
    for path in &files {
        let bytes = std::fs::read(path).unwrap();
        for word in PLANTED.iter().filter(|_| !path.ends_with("dwell.toml")) {
            assert!(!has(&bytes, word), "{word} in {}", path.display());
        }
    }
    // With the key, all of it is there.
    let again = world.open().unwrap();
    assert!(again.notes().is_empty(), "{:?}", again.notes());
    assert_eq!(again.state(), store.state());
    assert_eq!(again.state().sources[&1].path, Path::new("/var/log/secret/access.log"));
    assert_eq!(count_rows(&again).unwrap(), 18);
    assert_eq!(again.ledger_entries().unwrap()[3].kind, "encrypt");
    assert_eq!(again.ledger_entries().unwrap()[4].by, "anna");
    assert!(StoreKey::parse(&std::fs::read(key).unwrap()).is_ok());
}

#[test]
fn without_the_key_accounts_are_there_and_rows_are_not() {
    let (world, store, key) = encrypted();
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    let locked = world.open().unwrap();
    assert!(locked.notes()[0].contains("its key is not here"), "{:?}", locked.notes());
    assert_eq!(locked.state().days.len(), store.state().days.len());
    assert_eq!(locked.state().sources[&1].path, Path::new(""));
    assert_eq!(count_rows(&locked).unwrap_err().kind(), ErrorKind::Io);
    let error = locked.begin().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().contains("its key is not here"), "{error}");
    // A wrong one is as good as none.
    std::fs::write(&key, StoreKey::generate().unwrap().line()).unwrap();
    let wrong = world.open().unwrap();
    let error = wrong.begin().unwrap_err();
    assert!(error.to_string().contains("wrapped with the store key"), "{error}");
    assert_eq!(count_rows(&wrong).unwrap_err().kind(), ErrorKind::Io);
    std::fs::write(&key, "no key at all").unwrap();
    assert!(world.open().unwrap().begin().is_err());
    let before = all_files(&world.dir());
    std::fs::write(&key, kept).unwrap();
    assert_eq!(all_files(&world.dir()), before, "nothing was written without the key");
    assert_eq!(count_rows(&world.open().unwrap()).unwrap(), 18);
}

#[test]
fn a_plain_file_is_not_taken_in() {
    let (_world, store, _) = encrypted();
    let change = store.begin_maintenance().unwrap();
    let plain = crate::world::World::new();
    let other = plain.init();
    real::ingest(&other, "/plain").unwrap();
    let (_, segment) =
        other.state().segments().next().map(|(d, s)| (d, s.meta.path.clone())).unwrap();
    let staged = change.dir().join("x-00.parquet");
    std::fs::copy(plain.dir().join(&segment), &staged).unwrap();
    let to = "requests/day=2026-11-20/x-00.parquet".to_owned();
    let error = change.commit(vec![], &[(staged, to)], &options(), &|_| Ok(())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("is not encrypted, and the store is"), "{error}");
}

#[test]
fn changed_words_and_snapshots_are_noticed() {
    let (world, _, _) = encrypted();
    for name in ["ledger/0000000002.text", "ledger/snapshot"] {
        let path = world.dir().join(name);
        let whole = std::fs::read(&path).unwrap();
        for at in [0, 10, 30, whole.len() / 2, whole.len() - 1] {
            let mut flipped = whole.clone();
            flipped[at] ^= 4;
            std::fs::write(&path, &flipped).unwrap();
            // The snapshot spares its readers the words, but for those who ask for them.
            match world.open().and_then(|store| store.ledger_entries().map(|_| store)) {
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Integrity, "{name} {at}: {error}")
                }
                Ok(store) => assert!(name.ends_with("snapshot") && !store.notes().is_empty()),
            }
        }
        // In the clear, as an attacker without the key would write it.
        std::fs::write(&path, "{\"seq\":5}\n").unwrap();
        let read = world.open().and_then(|store| store.ledger_entries());
        assert!(read.is_err() || name.ends_with("snapshot"));
        std::fs::write(&path, whole).unwrap();
    }
    assert!(world.open().unwrap().notes().is_empty());
}

fn verified(world: &World) -> Report {
    let options = VerifyOptions {
        since_us: None,
        deep: true,
        trusted: None,
        pinned_key: None,
        key_dir: Some(world.path().join("keys")),
        fallback_dir: None,
        standing: Standing::Live,
        fs: fs::real(),
        now_us: NOON,
    };
    verify(&world.dir(), &options).unwrap()
}

#[test]
fn verify_says_what_it_could_not_check() {
    let (world, store, key) = encrypted();
    let report = verified(&world);
    assert_eq!((report.problems, report.notes), (vec![], vec![]));
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    let report = verified(&world);
    assert_eq!(report.problems, []);
    assert!(report.notes.iter().any(|it| it.contains("rows, lines and words were not checked")));

    // What is missing or changed is noticed with and without the key.
    let today = Day::of(NOON);
    let name = store.key_files(today, &[]).unwrap().remove(0);
    let path = world.dir().join(&name);
    let whole = std::fs::read(&path).unwrap();
    for has_key in [false, true] {
        if has_key {
            std::fs::write(&key, &kept).unwrap();
        }
        std::fs::remove_file(&path).unwrap();
        let report = verified(&world);
        let folder = Path::new("keys/day=2026-11-20");
        assert!(report.problems.iter().any(|it| it.path == folder), "{report:?}");
        std::fs::write(&path, String::from_utf8_lossy(&whole).replace("day=", "dax=")).unwrap();
        assert!(!verified(&world).is_valid());
        std::fs::write(&path, &whole).unwrap();
        std::fs::write(world.dir().join("keys/spare"), "x").unwrap();
        assert_eq!(verified(&world).problems[0].path, Path::new("keys/spare"));
        std::fs::remove_file(world.dir().join("keys/spare")).unwrap();
    }
    // A flipped bit in the wrapped key needs the store key to be seen.
    let text = String::from_utf8(whole.clone()).unwrap();
    let at = text.find("\"wrapped\":\"").unwrap() + 20;
    let mut flipped = whole.clone();
    flipped[at] = if flipped[at] == b'A' { b'B' } else { b'A' };
    std::fs::write(&path, flipped).unwrap();
    let report = verified(&world);
    assert!(report.problems[0].what.contains("is not the one that was written"), "{report:?}");
    std::fs::write(&path, whole).unwrap();
    assert!(verified(&world).is_valid());
}

#[test]
fn queries_are_noted_in_the_dark() {
    let (world, store, _) = encrypted();
    let log = store.query_log();
    log.ask(NOON, "anna", "SELECT * FROM requests WHERE host = 'bad.example'").unwrap();
    for path in all_files(&world.dir().join("log")) {
        let bytes = std::fs::read(&path).unwrap();
        assert!(PLANTED.iter().all(|word| !has(&bytes, word)), "{}", path.display());
    }
    let found = querylog::naming(&**store.fs(), &world.dir(), &["BAD.example".into()]).unwrap();
    assert_eq!(found.len(), 1);
    assert!(verified(&world).is_valid());
    querylog::shred(&**store.fs(), &world.dir(), &found).unwrap();
    let left = querylog::naming(&**store.fs(), &world.dir(), &["bad.example".into()]).unwrap();
    assert_eq!(left, []);
}

#[test]
fn a_lost_ledger_comes_back_encrypted() {
    let (world, store, key) = encrypted();
    drop(store);
    std::fs::remove_dir_all(world.dir().join("ledger")).unwrap();
    let recover = RecoverOptions {
        key_dir: Some(world.path().join("keys")),
        fallback_dir: None,
        fs: fs::real(),
        now_us: NOON,
        by: "anna".into(),
        reason: "the disk had a bad day".into(),
        new_key: false,
        accept_head: true,
    };
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    assert_eq!(from_files(&world.dir(), &recover).unwrap_err().kind(), ErrorKind::Io);
    std::fs::write(&key, kept).unwrap();
    let done = from_files(&world.dir(), &recover).unwrap();
    assert_eq!((done.sources, done.files, done.rows, done.skipped.len()), (2, 6, 18, 0));
    let store = world.open().unwrap();
    assert!(store.vault().is_some());
    assert_eq!(count_rows(&store).unwrap(), 18);
    assert_eq!(store.state().sources[&1].path, Path::new("/var/log/secret/access.log"));
    for path in all_files(&world.dir().join("ledger")) {
        let bytes = std::fs::read(&path).unwrap();
        assert!(PLANTED.iter().all(|word| !has(&bytes, word)), "{}", path.display());
    }
}

#[test]
fn a_copy_opens_with_the_key_and_a_day_without_its_key_never() {
    let (world, store, _) = encrypted();
    let today = Day::of(NOON);
    let copy = world.path().join("copy");
    copy_private(&world.dir(), &copy);
    let open = || {
        let options = OpenOptions {
            key_dir: Some(world.path().join("keys")),
            fallback_dir: None,
            pinned_key: None,
            standing: Standing::Copy,
            fs: fs::real(),
        };
        Store::open(&copy, &options)
    };
    assert_eq!(count_rows(&open().unwrap()).unwrap(), 18);
    let files = store.key_files(today, &[today]).unwrap();
    assert_eq!(files.len(), 2);
    assert!(files[0].starts_with("keys/lines/day=2026-11-20/"), "{files:?}");
    std::fs::remove_file(copy.join(&files[1])).unwrap();
    let error = count_rows(&open().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert!(error.to_string().contains("is gone"), "{error}");
    // Put back, it is as before; the key of another day does not do.
    let other = store.key_files(Day(today.0 - 1), &[]).unwrap().remove(0);
    std::fs::copy(copy.join(other), copy.join(&files[1])).unwrap();
    assert_eq!(count_rows(&open().unwrap()).unwrap_err().kind(), ErrorKind::Integrity);
    std::fs::copy(world.dir().join(&files[1]), copy.join(&files[1])).unwrap();
    assert_eq!(count_rows(&open().unwrap()).unwrap(), 18);
}

#[test]
fn keys_of_days_without_files_are_destroyed() {
    let (world, store, _) = encrypted();
    assert_eq!(store.shred_unused_keys(1_000).unwrap(), []);
    let spare = Day(7);
    let tx = store.begin().unwrap();
    let header = dwell_storage::segment::SegmentHeader {
        store_id: store.id().to_owned(),
        day: spare,
        transaction: tx.id().to_owned(),
    };
    dwell_storage::segment::SegmentWriter::create(tx.fs(), tx.dir(), header).unwrap();
    assert_eq!(store.key_files(spare, &[]).unwrap().len(), 1);
    assert_eq!(store.shred_unused_keys(1_000).unwrap(), [], "somebody is writing");
    drop(tx);
    assert_eq!(store.shred_unused_keys(1_000).unwrap(), [Scope::Day(spare)]);
    assert_eq!(store.purge(NOON, 0, 1_000).unwrap().files, 0);
    assert!(!world.dir().join("keys/day=1970-01-08").exists());
    assert_eq!(count_rows(&store).unwrap(), 18);
    real::ingest(&store, "/var/log/secret/b.log").unwrap();
}

#[test]
fn what_a_store_is_is_settled_when_it_is_made() {
    let world = World::new();
    let plain = world.init();
    drop(plain);
    let error = init(&world, &NewStoreKey::KeyDir).unwrap_err();
    assert!(error.to_string().contains("which is not encrypted"), "{error}");

    // A named file is made, and stands in the settings.
    let world = World::new();
    let key = world.path().join("elsewhere/store.key");
    let store = init(&world, &NewStoreKey::File(key.clone())).unwrap();
    assert_eq!(store.config().encryption.key_file.as_deref(), Some(key.as_path()));
    real::ingest(&store, "/a").unwrap();
    assert_eq!(count_rows(&world.open().unwrap()).unwrap(), 9);
    // Settings without it turn nothing off.
    std::fs::write(world.dir().join("dwell.toml"), "").unwrap();
    let locked = world.open().unwrap();
    assert!(locked.begin().is_err() && count_rows(&locked).is_err());

    let world = World::new();
    let error = init(&world, &NewStoreKey::File(world.dir().join("key"))).unwrap_err();
    assert!(error.to_string().contains("must not lie in the store"), "{error}");
    // Nobody runs commands here.
    let world = World::new();
    let error = init(&world, &NewStoreKey::Command("cat key".into())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(!world.dir().join("ledger/0000000001").exists());
}

#[test]
fn a_store_gets_a_new_key_whatever_stops_it_on_the_way() {
    let (world, store, key) = encrypted();
    let old = std::fs::read(&key).unwrap();
    assert_eq!(store.rekey(None, &options()).unwrap(), 4);
    assert_ne!(std::fs::read(&key).unwrap(), old);
    drop(store);
    let again = world.open().unwrap();
    assert_eq!((count_rows(&again).unwrap(), again.notes().len()), (18, 0));
    assert_eq!(again.ledger_entries().unwrap().last().unwrap().kind, "encrypt");
    real::ingest(&again, "/var/log/secret/b.log").unwrap();
    // The old key alone opens nothing any more.
    let copy = |ending: &str| format!("{}{ending}", key.display());
    let new = std::fs::read(&key).unwrap();
    std::fs::remove_file(copy(".old")).unwrap();
    std::fs::write(&key, &old).unwrap();
    assert!(count_rows(&world.open().unwrap()).is_err());
    std::fs::write(&key, &new).unwrap();

    // Cut off after some keys, or between the two renames at the end: it opens, writes, and the next one ends it.
    let third = StoreKey::generate().unwrap();
    std::fs::write(copy(".next"), third.line()).unwrap();
    let today = world.open().unwrap().key_files(Day::of(NOON), &[]).unwrap().remove(0);
    let before = std::fs::read(world.dir().join(&today)).unwrap();
    world.open().unwrap().rekey(None, &options()).unwrap();
    let after = std::fs::read(world.dir().join(&today)).unwrap();
    assert_ne!(before, after);
    std::fs::write(world.dir().join(&today), before).unwrap();
    std::fs::rename(&key, copy(".next")).unwrap();
    let store = world.open().unwrap();
    assert_eq!(count_rows(&store).unwrap(), 27);
    real::ingest(&store, "/var/log/secret/b.log").unwrap();
    store.rekey(None, &options()).unwrap();
    assert_eq!(std::fs::read_to_string(&key).unwrap().trim(), third.line());
    std::fs::remove_file(copy(".old")).unwrap_or_default();
    assert_eq!(count_rows(&world.open().unwrap()).unwrap(), 36);
    assert!(verified(&world).is_valid());
    let error = crate::world::World::new().init().rekey(None, &options()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}
