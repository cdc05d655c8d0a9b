//! Does an encrypted day come back? With its keys, which the archive has when they were destroyed here, and into an
//! encrypted store only.

use dwell_storage::store::{InitOptions, NewStoreKey};

use super::*;

fn begin_encrypted(root: &Path) -> Arc<Store> {
    let options = InitOptions {
        group: None,
        key_dir: Some(root.join("keys")),
        fallback_dir: None,
        fs: fs::real(),
        now_us: NOON,
        by: "anna".into(),
    };
    let store = Store::init_encrypted(&store_dir(root), &options, &NewStoreKey::KeyDir).unwrap();
    fill(&store, root);
    store
}

/// Every row of some files, as many as can be read.
fn rows<'a>(
    store: &Store,
    metas: impl Iterator<Item = &'a dwell_storage::segment::FileMeta>,
) -> Result<usize> {
    let mut rows = 0;
    for meta in metas {
        let file = store.open_file(meta)?;
        let columns = [dwell_storage::schema::Col::Host];
        for batch in dwell_storage::segment::reader::rows(&file, &columns, &Default::default())? {
            rows += batch?.num_rows();
        }
    }
    Ok(rows)
}

fn set_rows(store: &Store, name: &str) -> Result<usize> {
    let state = store.state();
    rows(store, state.restored[name].files().filter(|meta| meta.path.contains("/requests/")))
}

#[test]
fn an_archive_says_no_more_than_its_store() {
    let root = temporary();
    let root = root.path();
    begin_encrypted(root);
    let mut found = std::collections::BTreeSet::new();
    walk(&root.join("archive"), Path::new(""), &mut found);
    let keys = found.iter().filter(|name| name.contains("/keys/")).count();
    assert!(keys >= 4, "the keys of rows and lines go along: {found:?}");
    for name in &found {
        let bytes = std::fs::read(root.join("archive").join(name)).unwrap();
        for word in ["/var/log", ".example", "what is no", "anna"] {
            let stands = bytes.windows(word.len()).any(|it| it == word.as_bytes());
            assert!(!stands, "{word} in {name}");
        }
    }
}

#[test]
fn a_day_whose_key_was_destroyed_comes_back_with_the_archives_copy() {
    let root = temporary();
    let root = root.path();
    let store = begin_encrypted(root);
    assert_eq!(bring(&store, &target(root), root, named("whole")).unwrap().restored.len(), 2);
    assert_eq!(set_rows(&store, "whole").unwrap(), 18);
    let dropped = restore::drop_set(&store, "whole", &options());
    dropped.unwrap();
    let key = store.key_files(days()[0], &[]).unwrap().remove(0);
    retire(&store);
    assert!(!store_dir(root).join(&key).exists(), "the day is shredded");
    assert_eq!(store.key_files(days()[0], &[]).unwrap().len(), 0);
    let report = bring(&store, &target(root), root, named("back")).unwrap();
    assert_eq!(report.restored.len(), 2);
    assert_eq!(store.key_files(days()[0], &[]).unwrap(), [key]);
    assert_eq!(set_rows(&store, "back").unwrap(), 18);
    assert_eq!(problems(root), Vec::<String>::new());
    // Used by the set alone, it stays as long as that does.
    store.purge(NOON + 1, 0, 0).unwrap();
    assert_eq!(set_rows(&store, "back").unwrap(), 18);
}

#[test]
fn an_encrypted_day_goes_into_no_plain_store_and_into_another_with_its_key() {
    let root = temporary();
    let there = root.path().join("there");
    let here = root.path().join("here");
    let store = begin_encrypted(&there);
    let plain = init(&here, fs::real()).unwrap();
    let archive = |root: &Path| {
        Archive::open(target(&there), &Trust { key_dir: Some(root.join("keys")), ..trust(root) })
    };
    let asked = RestoreOptions { jobs: 1, commit: options(), cancel: &|| false, progress: &|_| () };
    let opened = archive(&here).unwrap();
    let plan = plan(&opened, &plain.state(), named("x")).unwrap();
    let refused = restore::run(&plain, &opened, &plan, &asked).unwrap_err();
    assert!(refused.to_string().contains("encrypted"), "{refused}");

    let other = root.path().join("other");
    let options = |root: &Path| InitOptions {
        group: None,
        key_dir: Some(root.join("keys")),
        fallback_dir: None,
        fs: fs::real(),
        now_us: NOON,
        by: "anna".into(),
    };
    let dir = store_dir(&other);
    let second = Store::init_encrypted(&dir, &options(&other), &NewStoreKey::KeyDir).unwrap();
    let opened = archive(&other).unwrap();
    let refused = restore::run(&second, &opened, &plan, &asked);
    assert!(refused.is_err() || refused.unwrap().restored.is_empty(), "it can't be read there");
    let name = format!("keys/{}.encryption", store.id());
    std::fs::copy(there.join(&name), other.join(&name)).unwrap();
    let second = open(&other, fs::real(), Standing::Live).unwrap();
    let report = restore::run(&second, &opened, &plan, &asked).unwrap();
    assert_eq!(report.restored.len(), 2);
    // From here on it needs its own key alone.
    std::fs::remove_file(other.join(&name)).unwrap();
    assert_eq!(set_rows(&open(&other, fs::real(), Standing::Live).unwrap(), "x").unwrap(), 18);
}
