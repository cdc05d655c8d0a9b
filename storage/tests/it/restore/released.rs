//! Does this version restore from the archives that earlier versions have written?
//!
//! `tests/fixtures/archive_v1` was written by the first version that archives. A fixture is never written anew. (If the
//! folder is missing, the test writes it; do so for a new version of the format.)

use std::path::{Path, PathBuf};

use dwell_storage::archive::Archive;
use dwell_storage::fs;
use dwell_storage::restore::{self, Goal, Practice, Request, RestoreOptions};
use dwell_storage::schema::Col;
use dwell_storage::segment::VerifiedFile;
use dwell_storage::segment::reader::{self, ReadOptions};

use super::{begin, days, target, trust};
use crate::fixture::copy_private;
use crate::world::{NOON, init, options, temporary};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/archive_v1")
}

#[test]
fn an_archive_of_the_first_version_is_restored_into_a_store_of_this_one() {
    if !fixture().exists() {
        let root = temporary();
        begin(root.path());
        let _ = std::fs::remove_dir(root.path().join("archive/incoming"));
        copy_private(&root.path().join("archive"), &fixture().join("archive"));
    }
    // Another machine, another store: nothing is known of the origin but what the archive says.
    let root = temporary();
    let root = root.path();
    copy_private(&fixture().join("archive"), &root.join("archive"));
    let store = init(root, fs::real()).unwrap();
    let archive = Archive::open(target(root), &trust(root)).unwrap();
    assert!(archive.notes().iter().any(|note| note.contains("not known")), "{:?}", archive.notes());
    assert_eq!(archive.days().keys().copied().collect::<Vec<_>>(), days());
    let held = archive.days().iter().map(|(day, it)| (*day, (it.rows, it.bytes))).collect();
    let goal = Goal::Set { name: Some("old".into()), ttl_us: None };
    let request = Request { first: days()[0], last: days()[1], goal };
    let plan = restore::plan(&held, &store.state(), &request, NOON).unwrap();
    let how = RestoreOptions { jobs: 2, commit: options(), cancel: &|| false, progress: &|_| () };
    let report = restore::run(&store, &archive, &plan, &how).unwrap();
    assert_eq!((report.restored.len(), report.bad.len()), (2, 0), "{report:?}");
    let state = store.state();
    let set = &state.restored["old"];
    assert_eq!(set.sources, [(1, 9), (2, 9)]);
    let file = set.sources_file.as_ref().unwrap();
    let sources = restore::read_sources(&store.locate(&file.path), file).unwrap();
    let paths: Vec<_> = sources.values().map(|source| source.path.display().to_string()).collect();
    assert_eq!(paths, ["/var/log/a.log", "/var/log/b.log"]);
    // Every column of this version can be read; one that the files do not have yet would be NULL.
    for segment in set.days.values().flat_map(|day| &day.segments) {
        let file = VerifiedFile::open(store.locate(&segment.meta.path), &segment.meta).unwrap();
        let batches = reader::rows(&file, Col::stored(), &ReadOptions::default()).unwrap();
        let rows: usize = batches.map(|batch| batch.unwrap().num_rows()).sum();
        assert_eq!(rows as u64, segment.meta.rows);
    }
    let practice = Practice::fetch(&store, &archive, days()[0], &how).unwrap();
    assert_eq!((practice.rows(), practice.questions().len()), (10, 10));
}
