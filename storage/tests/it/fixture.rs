//! Does this version open and verify the stores that earlier versions have written?
//!
//! `tests/fixtures/store_v1` was written by the first version. A fixture is never written anew: what it holds is what
//! lies on the disks of others. (If the folder is missing, the test writes it; do so for a new version of the format.)

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use dwell_storage::extent::SourceState;
use dwell_storage::fs;
use dwell_storage::schema::Col;
use dwell_storage::segment::VerifiedFile;
use dwell_storage::segment::reader::{self, ReadOptions};
use dwell_storage::store::{Hidden, HiddenIndex, Standing};
use dwell_storage::verify::{VerifyOptions, verify};

use crate::real;
use crate::world::{NOON, init, open, options, outline, store_dir, temporary};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/store_v1")
}

/// Copies a folder with the rights of a private one.
pub(crate) fn copy_private(from: &Path, to: &Path) {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_private(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Writes the fixture: two sources, one of them in two extents of which the second supersedes a half last line.
fn write_fixture() {
    let root = temporary();
    let store = init(root.path(), fs::real()).unwrap();
    let tx = store.begin().unwrap();
    let mut extent = outline("/var/log/squid/access.log", 1, 10);
    extent.final_newline = false;
    let extent = real::with_files(&store, &tx, extent).unwrap();
    tx.commit(&extent, &options()).unwrap();
    // A snapshot, too: it is due when there is one that is of no use.
    std::fs::write(store_dir(root.path()).join("ledger/snapshot"), "none").unwrap();
    let store = open(root.path(), fs::real(), Standing::Live).unwrap();
    let tx = store.begin_for(1).unwrap();
    let mut extent = outline("/var/log/squid/access.log", 10, 10);
    extent.supersedes = Some(10);
    extent.superseded.lines = 1;
    extent.superseded.quarantined = 1;
    extent.state = SourceState::Complete;
    let extent = real::with_files(&store, &tx, extent).unwrap();
    tx.commit(&extent, &options()).unwrap();
    real::ingest(&store, "/var/log/squid/b.log").unwrap();
    drop(store);
    for name in ["lock", "staging", "trash", "leases"] {
        let path = store_dir(root.path()).join(name);
        let _ = if path.is_dir() { std::fs::remove_dir(path) } else { std::fs::remove_file(path) };
    }
    copy_private(&store_dir(root.path()), &fixture().join("store"));
    copy_private(&root.path().join("keys"), &fixture().join("keys"));
}

#[test]
fn a_store_of_the_first_version_opens_verifies_and_goes_on() {
    if !fixture().exists() {
        write_fixture();
    }
    let root = temporary();
    copy_private(&fixture().join("store"), &store_dir(root.path()));
    copy_private(&fixture().join("keys"), &root.path().join("keys"));
    // Version control keeps no empty folders.
    for name in ["staging", "trash", "leases"] {
        copy_private(&root.path().join("keys"), &store_dir(root.path()).join(name));
        for file in std::fs::read_dir(store_dir(root.path()).join(name)).unwrap() {
            std::fs::remove_file(file.unwrap().path()).unwrap();
        }
    }
    let report = verify(
        &store_dir(root.path()),
        &VerifyOptions {
            deep: true,
            trusted: Some(std::fs::read_to_string(head(&fixture().join("keys"))).unwrap()),
            since_us: None,
            pinned_key: None,
            key_dir: Some(root.path().join("keys")),
            fallback_dir: None,
            standing: Standing::Live,
            fs: fs::real(),
            now_us: NOON,
        },
    )
    .unwrap();
    assert_eq!(report.problems, []);
    assert_eq!((report.version, report.records, report.files, report.rows), (4, 6, 9, 27));

    let store = open(root.path(), fs::real(), Standing::Live).unwrap();
    assert!(store.notes().is_empty(), "{:?}", store.notes());
    let state = store.state();
    let source = &state.sources[&1];
    assert_eq!(source.path, Path::new("/var/log/squid/access.log"));
    assert_eq!((source.counts.lines, source.counts.rows, source.counts.quarantined), (19, 18, 1));
    assert!(source.counts.balance());
    assert_eq!((source.bytes, source.state), (190, SourceState::Complete));
    let hidden = Hidden { source_id: 1, first: 10, last: 10, before_seq: 5, rows: true };
    assert_eq!(state.hidden, [hidden]);
    let half = &state.lines[0];
    let index = HiddenIndex::new(&state);
    assert_eq!(index.in_lines(&half.meta, half.seq).ranges(), [(1, 10, 10)]);
    assert!(index.in_lines(&state.lines[1].meta, state.lines[1].seq).is_empty());
    let mut rows = 0;
    for (_, segment) in state.segments() {
        let file = VerifiedFile::open(store.locate(&segment.meta.path), &segment.meta).unwrap();
        for batch in reader::rows(&file, Col::stored(), &ReadOptions::default()).unwrap() {
            rows += batch.unwrap().num_rows();
        }
    }
    assert_eq!(rows, 27);
    real::ingest(&store, "/var/log/squid/b.log").unwrap();
}

fn head(keys: &Path) -> PathBuf {
    let mut names = std::fs::read_dir(keys).unwrap().map(|entry| entry.unwrap().path());
    names.find(|path| path.extension().is_some_and(|it| it == "head")).unwrap()
}
