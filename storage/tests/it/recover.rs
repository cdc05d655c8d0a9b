//! Does a store come back when its ledger is gone?

use std::path::Path;

use dwell_storage::ErrorKind;
use dwell_storage::fs;
use dwell_storage::recover::{RecoverOptions, accept_head, from_files};
use dwell_storage::store::Standing;
use dwell_storage::verify::{VerifyOptions, verify};

use crate::real;
use crate::world::{NOON, World};

fn recover_options(root: &Path) -> RecoverOptions {
    RecoverOptions {
        key_dir: Some(root.join("keys")),
        fallback_dir: None,
        fs: fs::real(),
        now_us: NOON,
        by: "anna".into(),
        reason: "the disk had a bad day".into(),
        new_key: false,
        accept_head: true,
    }
}

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

#[test]
fn a_lost_ledger_is_rebuilt_from_the_files() {
    let world = World::new();
    let store = world.init();
    for path in ["/a", "/b", "/a"] {
        real::ingest(&store, path).unwrap();
    }
    let before = store.state();
    drop(store);
    let error = from_files(&world.dir(), &recover_options(world.path())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "a whole ledger is not thrown away: {error}");

    std::fs::remove_dir_all(world.dir().join("ledger")).unwrap();
    let error = world.open().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert!(error.to_string().contains("recover"), "{error}");

    let done = from_files(&world.dir(), &recover_options(world.path())).unwrap();
    assert_eq!((done.sources, done.files, done.rows, done.records_lost), (2, 9, 27, 6));
    assert_eq!(done.skipped, []);
    let store = world.open().unwrap();
    let after = store.state();
    for (id, source) in &before.sources {
        let found = &after.sources[id];
        assert_eq!(
            (&found.path, found.sha256, found.counts),
            (&source.path, source.sha256, source.counts)
        );
    }
    let metas = |state: &dwell_storage::store::State| state.files().cloned().collect::<Vec<_>>();
    assert_eq!(metas(&after), metas(&before));
    let report = verify(&world.dir(), &verify_options(world.path())).unwrap();
    assert_eq!(report.problems, []);
    assert!(report.notes.iter().any(|note| note.contains("rebuilt from 9 files")));
    real::ingest(&store, "/a").unwrap();
}

#[test]
fn a_damaged_ledger_and_a_lost_key_are_recovered_and_the_break_is_shown() {
    let world = World::new();
    let store = world.init();
    real::ingest(&store, "/a").unwrap();
    let old = store.key().line();
    drop(store);
    let path = world.dir().join("ledger/0000000002");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    for name in std::fs::read_dir(world.path().join("keys")).unwrap() {
        let path = name.unwrap().path();
        if path.extension().is_some_and(|it| it == "key") {
            std::fs::remove_file(path).unwrap();
        }
    }
    let mut options = recover_options(world.path());
    let error = from_files(&world.dir(), &options).unwrap_err();
    assert!(error.to_string().contains("--new-key"), "{error}");
    options.new_key = true;
    from_files(&world.dir(), &options).unwrap();
    let store = world.open().unwrap();
    real::ingest(&store, "/a").unwrap();
    let mut asked = verify_options(world.path());
    let report = verify(&world.dir(), &asked).unwrap();
    assert!(report.problems[0].what.contains(&old), "{:?}", report.problems);
    asked.pinned_key = Some(store.key().line());
    assert_eq!(verify(&world.dir(), &asked).unwrap().problems, []);
}

#[test]
fn a_backup_is_taken_as_the_store_in_use() {
    let world = World::new();
    let store = world.init();
    real::ingest(&store, "/a").unwrap();
    let newest = world.dir().join("ledger/0000000002");
    drop(store);
    for path in [newest.with_extension("text"), newest] {
        std::fs::remove_file(path).unwrap();
    }
    assert_eq!(world.open().unwrap_err().kind(), ErrorKind::Integrity);
    accept_head(&world.dir(), &recover_options(world.path())).unwrap();
    let store = world.open().unwrap();
    assert_eq!(store.ledger_entries().unwrap().last().unwrap().kind, "recover");
    assert_eq!(store.state().sources.len(), 0);
    real::ingest(&store, "/a").unwrap();
    let report = verify(&world.dir(), &verify_options(world.path())).unwrap();
    assert_eq!(report.problems, []);
}

#[test]
fn a_whole_ledger_whose_key_is_lost_goes_on_under_a_new_one() {
    let world = World::new();
    let store = world.init();
    for path in ["/a", "/b"] {
        real::ingest(&store, path).unwrap();
    }
    let (before, entries) = (store.state(), store.ledger_entries().unwrap());
    let old = store.key().line();
    let private = world.path().join(format!("keys/{}.key", store.id()));
    drop(store);
    let mut options = recover_options(world.path());
    options.new_key = true;
    let error = accept_head(&world.dir(), &options).unwrap_err();
    assert!(error.to_string().contains("without --new-key"), "{error}");
    std::fs::remove_file(private).unwrap();
    accept_head(&world.dir(), &options).unwrap();

    let store = world.open().unwrap();
    assert!(store.notes().is_empty(), "{:?}", store.notes());
    let after = store.state();
    assert!(after.files().eq(before.files()));
    assert_eq!(after.sources[&1].counts, before.sources[&1].counts);
    assert_eq!(after.sources[&2].path, before.sources[&2].path);
    let kinds: Vec<_> = store.ledger_entries().unwrap().into_iter().map(|it| it.kind).collect();
    assert_eq!(kinds, ["key", "recover", "schema", "config", "ingest", "ingest"]);
    assert_eq!(store.ledger_entries().unwrap()[4].at, entries[3].at);
    real::ingest(&store, "/a").unwrap();
    let mut asked = verify_options(world.path());
    let report = verify(&world.dir(), &asked).unwrap();
    assert!(report.problems[0].what.contains(&old), "{:?}", report.problems);
    asked.pinned_key = Some(store.key().line());
    assert_eq!(verify(&world.dir(), &asked).unwrap().problems, []);
}
