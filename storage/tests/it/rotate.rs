//! Does a store with a new key stay the one it was, for whoever knew the old key, and for nobody else?

use std::path::Path;
use std::sync::Arc;

use dwell_storage::fs::{self, FaultKind, FaultyFs};
use dwell_storage::ledger::note::{Checkpoint, SignerKey};
use dwell_storage::store::{Head, OpenOptions, Standing, Store};
use dwell_storage::verify::{Report, VerifyOptions, verify};
use dwell_storage::{Breach, ErrorKind, Result};

use crate::fixture::copy_private;
use crate::world::{NOON, World, ingest, init, open, options, store_dir, temporary};

fn check(dir: &Path, keys: Option<&Path>, standing: Standing, pinned: Option<String>) -> Report {
    let options = VerifyOptions {
        deep: false,
        trusted: None,
        since_us: None,
        pinned_key: pinned,
        key_dir: keys.map(Path::to_path_buf),
        fallback_dir: None,
        standing,
        fs: fs::real(),
        now_us: NOON,
    };
    verify(dir, &options).unwrap()
}

fn open_with(dir: &Path, keys: &Path, standing: Standing) -> Result<Arc<Store>> {
    Store::open(
        dir,
        &OpenOptions {
            key_dir: Some(keys.to_path_buf()),
            fallback_dir: None,
            pinned_key: None,
            standing,
            fs: fs::real(),
        },
    )
}

/// A store whose key was replaced twice, with a commit before, between and after.
fn rotated() -> (World, Arc<Store>, Vec<String>) {
    let world = World::new();
    let store = world.init();
    let mut keys = vec![store.key().line()];
    ingest(&store, "/a").unwrap();
    for reason in ["laptop stolen", "yearly"] {
        keys.push(store.rotate_key(reason, &options()).unwrap().line());
        ingest(&store, "/a").unwrap();
    }
    (world, store, keys)
}

#[test]
fn every_key_of_the_chain_vouches_for_the_store() {
    let (world, store, lines) = rotated();
    let keys = world.path().join("keys");
    assert_eq!(store.key().line(), lines[2]);
    let report = check(&world.dir(), Some(&keys), Standing::Live, None);
    assert_eq!(report.problems, []);
    assert_eq!(report.keys, lines);
    for line in &lines {
        let pinned = check(&world.dir(), None, Standing::Live, Some(line.clone()));
        assert_eq!(pinned.problems, [], "{line}");
    }
    let stranger = World::new().init().key().line();
    let report = check(&world.dir(), None, Standing::Live, Some(stranger));
    assert_eq!(report.problems[0].breach, Breach::WrongKey);
    // The records say who and why.
    let entries = store.ledger_entries().unwrap();
    let keys: Vec<_> = entries.iter().filter(|entry| entry.kind == "key").collect();
    assert_eq!(keys.len(), 3);
    assert!(keys[1].detail.contains("vouched for by") && keys[1].detail.ends_with("laptop stolen"));
    // The private keys of before are kept, aside.
    let kept = std::fs::read_dir(world.path().join("keys")).unwrap();
    let names: Vec<_> = kept.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names.iter().filter(|name| name.contains(".key.old-")).count(), 2, "{names:?}");
    assert!(!names.iter().any(|name| name.ends_with(".key.new")));
}

#[test]
fn a_snapshot_leads_to_the_newest_key() {
    let (world, store, lines) = rotated();
    std::fs::write(world.dir().join("ledger/snapshot"), "damaged").unwrap();
    drop(store);
    let store = world.open().unwrap();
    ingest(&store, "/a").unwrap();
    drop(store);
    let snapshot = std::fs::read(world.dir().join("ledger/snapshot")).unwrap();
    let text = String::from_utf8_lossy(&snapshot);
    assert_eq!(text.lines().nth(4), Some("keys 3 5"), "{text}");
    let store = world.open().unwrap();
    assert_eq!(store.notes(), Vec::<String>::new());
    assert_eq!(store.key().line(), lines[2]);
    ingest(&store, "/b").unwrap();
    let keys = world.path().join("keys");
    assert_eq!(check(&world.dir(), Some(&keys), Standing::Live, None).problems, []);
    // A note that leads elsewhere is of no use, and is said.
    let forged = text.replacen("keys 3 5", "keys 3", 1);
    std::fs::write(world.dir().join("ledger/snapshot"), forged.as_bytes()).unwrap();
    assert!(world.open().unwrap().notes()[0].contains("snapshot"));
}

#[test]
fn whoever_knew_the_old_key_learns_the_new_one() {
    let world = World::new();
    let store = world.init();
    ingest(&store, "/a").unwrap();
    let elsewhere = temporary();
    drop(open_with(&world.dir(), elsewhere.path(), Standing::Copy).unwrap());
    let old = store.key().line();
    let new = store.rotate_key("yearly", &options()).unwrap();
    let seen = open_with(&world.dir(), elsewhere.path(), Standing::Copy).unwrap();
    assert!(seen.notes()[0].contains("takes its place"), "{:?}", seen.notes());
    assert_eq!(open_with(&world.dir(), elsewhere.path(), Standing::Copy).unwrap().notes(), [""; 0]);
    // Somebody who stole the old key afterwards and goes on with it is refused where the new one is known.
    let before = world.path().join("before");
    copy_private(&world.dir(), &before);
    std::fs::remove_file(before.join("ledger/0000000003")).unwrap();
    std::fs::remove_file(before.join("ledger/0000000003.text")).unwrap();
    let thief = temporary();
    let kept = format!("keys/{}.key.old-{}", store.id(), &old.split('+').nth(1).unwrap());
    let stolen = thief.path().join(format!("{}.key", store.id()));
    std::fs::copy(world.path().join(kept), stolen).unwrap();
    let copy = check(&before, Some(elsewhere.path()), Standing::Copy, None);
    assert_eq!((copy.problems.len(), copy.older_by), (0, 1), "{:?}", copy.problems);
    let live = check(&before, Some(elsewhere.path()), Standing::Live, None);
    assert_eq!(live.problems[0].breach, Breach::RolledBack, "{:?}", live.problems);
    let forked = open_with(&before, thief.path(), Standing::Live).unwrap();
    for _ in 0..3 {
        ingest(&forked, "/forged").unwrap();
        let report = check(&before, Some(elsewhere.path()), Standing::Copy, None);
        assert_eq!(report.problems[0].breach, Breach::WrongKey, "{:?}", report.problems);
        let report = check(&before, None, Standing::Copy, Some(new.line()));
        assert_eq!(report.problems[0].breach, Breach::WrongKey);
    }
}

#[test]
fn exported_heads_and_proofs_hold_over_a_rotation() {
    let (world, store, _) = rotated();
    let keys = world.path().join("keys");
    let mut heads = Vec::new();
    for version in 1..=store.state().version {
        heads.push(store.checkpoint_of(version).unwrap());
    }
    for (at, old) in heads.iter().enumerate() {
        let mut asked = VerifyOptions {
            deep: false,
            trusted: Some(old.clone()),
            since_us: None,
            pinned_key: None,
            key_dir: Some(keys.clone()),
            fallback_dir: None,
            standing: Standing::Live,
            fs: fs::real(),
            now_us: NOON,
        };
        assert_eq!(verify(&world.dir(), &asked).unwrap().problems, []);
        asked.trusted = Some(old.replacen('\n', "x\n", 1));
        assert_eq!(verify(&world.dir(), &asked).unwrap().problems[0].breach, Breach::WrongKey);
        for new in &heads[at..] {
            let (old, new) = (Head::Note(old.clone()), Head::Note(new.clone()));
            let proof = store.prove_growth(&old, Some(&new)).unwrap();
            let parse = |head: &Head| match head {
                Head::Note(note) => Checkpoint::parse(store.keys().open(note).unwrap()).unwrap(),
                Head::Size(_) => unreachable!("only notes are given"),
            };
            assert!(proof.holds(&parse(&old), &parse(&new)));
        }
    }
    let newest = Head::Note(heads[0].clone());
    let older = Head::Note(heads[3].clone());
    assert_eq!(
        store.prove_growth(&older, Some(&newest)).unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
    // The head of another history is none of this one.
    let other = World::new().init().checkpoint();
    assert_eq!(
        store.prove_growth(&Head::Note(other), None).unwrap_err().kind(),
        ErrorKind::Integrity
    );
}

#[test]
fn a_key_that_only_one_side_signed_is_refused() {
    let world = World::new();
    let store = world.init();
    ingest(&store, "/a").unwrap();
    store.rotate_key("yearly", &options()).unwrap();
    // The old owner signs the ledger file, but the record names a key whose owner did not agree.
    let id = store.id().to_owned();
    let old = format!("keys/{id}.key.old-{}", store.keys().keys().next().unwrap().id());
    let old = std::fs::read_to_string(world.path().join(old)).unwrap();
    let old = SignerKey::parse(old.trim_end()).unwrap();
    let path = world.dir().join("ledger/0000000003");
    let text = std::fs::read_to_string(&path).unwrap();
    let record: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let stranger = SignerKey::from_seed(&id, &[9; 32]).unwrap().verifier().unwrap();
    let forged = text
        .lines()
        .next()
        .unwrap()
        .replace(record["body"]["key"].as_str().unwrap(), &stranger.line());
    let before = std::fs::read_to_string(world.dir().join("ledger/0000000002")).unwrap();
    let first = std::fs::read_to_string(world.dir().join("ledger/0000000001")).unwrap();
    let leaves: Vec<_> = first
        .lines()
        .chain(before.lines())
        .filter(|line| line.starts_with('{'))
        .chain([forged.as_str()])
        .map(|line| dwell_storage::ledger::tree::leaf_hash(line.as_bytes()))
        .collect();
    let checkpoint = Checkpoint {
        origin: id,
        size: leaves.len() as u64,
        root: dwell_storage::ledger::tree::root(&leaves),
    };
    let file = format!("{forged}\n\n{}", old.sign(&checkpoint.text()));
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, file).unwrap();
    let report = check(&world.dir(), None, Standing::Live, None);
    assert_eq!(report.problems[0].breach, Breach::WrongKey, "{:?}", report.problems);
    assert!(report.problems[0].what.contains("not both keys"), "{:?}", report.problems);
}

/// The n-th call that writes fails, for every n: the store opens, verifies, can be written and has one key in use.
#[test]
fn a_rotation_that_dies_anywhere_leaves_a_store_that_can_be_written() {
    let mut fired = 0;
    for nth in 1.. {
        let root = temporary();
        let store = init(root.path(), fs::real()).unwrap();
        ingest(&store, "/a").unwrap();
        drop(store);
        let faulty = Arc::new(FaultyFs::new(fs::real(), nth, FaultKind::Dead));
        let opened = open(root.path(), faulty.clone(), Standing::Live);
        let result = opened.and_then(|store| store.rotate_key("yearly", &options()));
        let store = open(root.path(), fs::real(), Standing::Live).unwrap();
        ingest(&store, "/a").unwrap();
        let keys = root.path().join("keys");
        let report = check(&store_dir(root.path()), Some(&keys), Standing::Live, None);
        assert_eq!(report.problems, [], "fault {nth}: {result:?}");
        if faulty.fired() == 0 {
            assert!(result.is_ok());
            break;
        }
        fired += 1;
    }
    println!("{fired} faults fired");
    assert!(fired > 15, "{fired}");
}
