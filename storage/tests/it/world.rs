//! A store in a temporary folder, with its keys beside it, and extents made up for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dwell_storage::clock::{DAY_US, Micros};
use dwell_storage::extent::{Counts, Extent, LineEnd, SourceInfo, SourceState};
use dwell_storage::fs::{self, Fs};
use dwell_storage::segment::{FileMeta, SourceRange, key};
use dwell_storage::store::{
    CommitOptions, InitOptions, Maintenance, OpenOptions, Outcome, Standing, Store, Transaction,
};
use dwell_storage::{Day, Digest, Result};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

/// 2026-11-20T00:00:00Z.
pub(crate) const NOON: Micros = 1_795_132_800_000_000 + DAY_US / 2;

/// A folder with a store and its keys.
pub(crate) struct World {
    root: tempfile::TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { root: temporary() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.root.path()
    }

    pub(crate) fn dir(&self) -> PathBuf {
        store_dir(self.root.path())
    }

    pub(crate) fn init(&self) -> Arc<Store> {
        init(self.root.path(), fs::real()).unwrap()
    }

    pub(crate) fn open(&self) -> Result<Arc<Store>> {
        open(self.root.path(), fs::real(), Standing::Live)
    }
}

/// A temporary folder, in memory where there is one: these tests sync thousands of times.
pub(crate) fn temporary() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

pub(crate) fn store_dir(root: &Path) -> PathBuf {
    root.join("store")
}

pub(crate) fn init(root: &Path, fs: Arc<dyn Fs>) -> Result<Arc<Store>> {
    let options = InitOptions {
        group: None,
        key_dir: Some(root.join("keys")),
        fallback_dir: None,
        fs,
        now_us: NOON,
        by: "anna".into(),
    };
    Store::init(&store_dir(root), &options)
}

pub(crate) fn open(root: &Path, fs: Arc<dyn Fs>, standing: Standing) -> Result<Arc<Store>> {
    let options = OpenOptions {
        key_dir: Some(root.join("keys")),
        fallback_dir: None,
        pinned_key: None,
        standing,
        fs,
    };
    Store::open(&store_dir(root), &options)
}

pub(crate) fn options() -> CommitOptions {
    CommitOptions { now_us: NOON, wait_ms: 10_000, by: "anna".into() }
}

/// A Parquet file without rows whose footer says where it belongs.
fn empty_segment(transaction: &str, store_id: &str) -> Vec<u8> {
    let schema = Arc::new(parse_message_type("message rows { required int64 ts; }").unwrap());
    let pair = |key: &str, value: &str| KeyValue::new(key.to_owned(), value.to_owned());
    let pairs = vec![pair(key::STORE, store_id), pair(key::TRANSACTION, transaction)];
    let properties = WriterProperties::builder().set_key_value_metadata(Some(pairs)).build();
    let writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
    writer.into_inner().unwrap()
}

/// Writes a file to the transaction's folder that is named as a segment with `rows` rows.
pub(crate) fn staged(
    tx: &Transaction,
    store_id: &str,
    name: &str,
    first_line: i64,
    rows: u64,
) -> Result<FileMeta> {
    let name = format!("{}-{name}.parquet", tx.id());
    let content = empty_segment(tx.id(), store_id);
    fs::write_new(&**tx.fs(), &tx.dir().join(&name), &content)?;
    Ok(named(name, &content, tx.source_id(), first_line, rows))
}

/// Writes a file to the folder of a change that is named as one with all rows of these.
pub(crate) fn joined(change: &Maintenance, metas: &[&FileMeta]) -> Result<FileMeta> {
    let name = format!("{}-00.parquet", change.id());
    let content = empty_segment(change.id(), change.store().id());
    fs::write_new(&**change.fs(), &change.dir().join(&name), &content)?;
    let mut meta = named(name, &content, 0, 0, metas.iter().map(|meta| meta.rows).sum());
    meta.sources = metas.iter().flat_map(|meta| meta.sources.clone()).collect();
    Ok(meta)
}

fn named(name: String, content: &[u8], source_id: i32, first_line: i64, rows: u64) -> FileMeta {
    FileMeta {
        path: name,
        bytes: content.len() as u64,
        sha256: Digest::of(content),
        tail: 0,
        root: Digest::of(content),
        rows,
        min_ts: NOON,
        max_ts: NOON,
        sources: vec![SourceRange {
            source_id,
            first_line,
            last_line: first_line + rows as i64 - 1,
            rows,
        }],
        stats: dwell_storage::segment::Stats::default(),
    }
}

/// An extent of `lines` lines with ten bytes each from line `first` (from 1), the last one quarantined; without files.
pub(crate) fn outline(path: &str, first: i64, lines: u64) -> Extent {
    let (from, to) = (10 * (first as u64 - 1), 10 * (first as u64 - 1 + lines));
    Extent {
        source: SourceInfo {
            path: path.into(),
            identity: None,
            prefix: Digest::of(path.as_bytes()),
            format: "squid".into(),
            format_spec: String::new(),
            zone: String::new(),
            line_end: LineEnd::Lf,
            bom: Vec::new(),
            privacy: None,
            shift_us: 0,
        },
        from,
        to,
        sha256: content(path, to),
        first_line: first,
        counts: Counts { lines, rows: lines - 1, quarantined: 1, headers: 0, blank: 0 },
        supersedes: None,
        superseded: Counts::default(),
        final_newline: true,
        state: SourceState::Open,
        ts_range: Some((NOON, NOON)),
        segments: Vec::new(),
        lines: None,
    }
}

/// The same with files for it, over two days.
pub(crate) fn extent(
    store: &Store,
    tx: &Transaction,
    path: &str,
    first: i64,
    lines: u64,
) -> Result<Extent> {
    let id = store.id();
    let mut extent = outline(path, first, lines);
    let rows = lines - 1;
    let today = rows / 2;
    let day = Day::of(NOON);
    extent.segments = vec![
        (day, staged(tx, id, "00", first, today)?),
        (Day(day.0 - 1), staged(tx, id, "01", first, rows - today)?),
    ];
    extent.lines = Some(staged(tx, id, "02", first + lines as i64 - 1, 1)?);
    Ok(extent)
}

/// The digest that the first `to` bytes of the made-up file at `path` have.
pub(crate) fn content(path: &str, to: u64) -> Digest {
    Digest::of(format!("{path} up to {to}").as_bytes())
}

/// Stores ten lines more of the made-up file at `path`.
pub(crate) fn ingest(store: &Arc<Store>, path: &str) -> Result<Outcome> {
    let state = store.refresh()?;
    let known = state.sources.values().find(|source| source.path == Path::new(path));
    let (tx, first) = match known {
        Some(source) => (store.begin_for(source.id)?, source.next_line()),
        None => (store.begin()?, 1),
    };
    let extent = extent(store, &tx, path, first, 10)?;
    tx.commit(&extent, &options())
}
