//! What is stored by a commit, and what is refused?

use dwell_storage::ErrorKind;
use dwell_storage::store::Outcome;

use crate::world::{World, content, extent, ingest, options};

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
