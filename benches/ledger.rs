//! How long does a commit take, and how long does it take to open ten years of them?

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

use std::path::Path;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use dwell_storage::extent::{Counts, Extent, LineEnd, SourceInfo, SourceState};
use dwell_storage::schema::{Col, ColumnType};
use dwell_storage::segment::{ColumnStats, FileMeta, SourceRange};
use dwell_storage::store::{CommitOptions, InitOptions, OpenOptions, Standing, Store, Transaction};
use dwell_storage::{Day, Digest, fs};

const DAYS: i32 = 3650;

/// A made-up file of the size that the ledger cares about: names, digests, statistics of every column.
fn staged(tx: &Transaction, number: usize, rows: u64, day: Day) -> FileMeta {
    let path = format!("{}-{number:02}.parquet", tx.id());
    fs::write_new(&**tx.fs(), &tx.dir().join(&path), path.as_bytes()).unwrap();
    let stats = Col::stored().iter().map(|col| {
        let number = !matches!(col.column().kind, ColumnType::Text | ColumnType::Binary);
        ColumnStats {
            column: col.file_name().unwrap().into(),
            nulls: rows / 3,
            min: number.then_some(day.start()),
            max: number.then_some(day.end()),
        }
    });
    FileMeta {
        bytes: path.len() as u64,
        sha256: Digest::of(path.as_bytes()),
        tail: 0,
        root: Digest::of(path.as_bytes()),
        rows,
        min_ts: day.start(),
        max_ts: day.end() - 1,
        sources: vec![SourceRange {
            source_id: tx.source_id(),
            first_line: 1,
            last_line: 3_000_000,
            rows,
        }],
        stats: stats.collect(),
        path,
    }
}

/// Commits one file of one day in three segments.
fn ingest(store: &Arc<Store>, day: Day) {
    let tx = store.begin().unwrap();
    let path = format!("/var/log/squid/access.log-{day}.gz");
    let extent = Extent {
        source: SourceInfo {
            path: path.clone().into(),
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
        from: 0,
        to: 500_000_000,
        sha256: Digest::of(path.as_bytes()),
        first_line: 1,
        counts: Counts { lines: 3_000_000, rows: 3_000_000, ..Counts::default() },
        supersedes: None,
        superseded: Counts::default(),
        final_newline: true,
        state: SourceState::Complete,
        ts_range: Some((day.start(), day.end() - 1)),
        segments: (0..3).map(|number| (day, staged(&tx, number, 1_000_000, day))).collect(),
        lines: None,
    };
    let options = CommitOptions { now_us: day.end(), wait_ms: 1_000, by: "nightly".into() };
    tx.commit(&extent, &options).unwrap();
}

fn open(root: &Path) -> Arc<Store> {
    let options = OpenOptions {
        key_dir: Some(root.join("keys")),
        fallback_dir: None,
        pinned_key: None,
        standing: Standing::Live,
        fs: fs::real(),
    };
    Store::open(&root.join("store"), &options).unwrap()
}

fn init(root: &Path) -> Arc<Store> {
    let options = InitOptions {
        group: None,
        key_dir: Some(root.join("keys")),
        fallback_dir: None,
        fs: fs::real(),
        now_us: 0,
        by: "bench".into(),
    };
    Store::init(&root.join("store"), &options).unwrap()
}

fn ledger(criterion: &mut Criterion) {
    let root = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let store = init(root.path());
    for day in 0..DAYS {
        ingest(&store, Day(day));
    }
    criterion.bench_function("open ten years", |bench| {
        // Nobody waits for a store to be closed.
        let look = |()| {
            let store = open(root.path());
            assert_eq!(store.state().days.len(), DAYS as usize);
            store
        };
        bench.iter_batched(|| (), look, BatchSize::PerIteration);
    });
    let mut day = DAYS;
    criterion.bench_function("commit on top of ten years, in memory", |bench| {
        bench.iter(|| {
            ingest(&store, Day(day));
            day += 1;
        });
    });
    std::fs::remove_file(root.path().join("store/ledger/snapshot")).unwrap();
    criterion.bench_function("open ten years without the snapshot", |bench| {
        bench.iter_batched(|| (), |()| open(root.path()), BatchSize::PerIteration);
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = ledger
}
criterion_main!(benches);
