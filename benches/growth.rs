//! Fills a store with made-up days: how does everything grow from 30 to 3,650 days?
//!
//!     cargo run --release -p dwell-storage --example growth -- STORE KEYS FIRST-DAY DAYS
//!
//! With 0 days the store is only opened, eleven times; the median is printed.
//!
//! Each day gets three sources of nine segments and a seal. Their files are no Parquet: only the ledger is real, so that commands
//! that read no rows of these days can be timed beside a day that was ingested.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a tool that cannot go on has failed"
)]

use std::path::PathBuf;
use std::sync::Arc;

use dwell_storage::extent::{Counts, Extent, LineEnd, SourceInfo, SourceState};
use dwell_storage::ledger::record::{Body, NamedFile, Seal};
use dwell_storage::ledger::text::Text;
use dwell_storage::schema::{Col, ColumnType};
use dwell_storage::segment::{ColumnStats, FileMeta, SourceRange};
use dwell_storage::store::{CommitOptions, OpenOptions, Standing, Store, Transaction};
use dwell_storage::{Day, Digest, fs};

/// Sources of a day.
const SOURCES: usize = 3;

/// Segments of a source.
const SEGMENTS: usize = 9;

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

fn ingest(store: &Arc<Store>, day: Day, number: usize) {
    let tx = store.begin().unwrap();
    let path = format!("/var/log/squid/proxy{number}-{day}.gz");
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
        counts: Counts { lines: 900_000, rows: 900_000, ..Counts::default() },
        supersedes: None,
        superseded: Counts::default(),
        final_newline: true,
        state: SourceState::Complete,
        ts_range: Some((day.start(), day.end() - 1)),
        segments: (0..SEGMENTS).map(|at| (day, staged(&tx, at, 100_000, day))).collect(),
        lines: None,
    };
    let options = CommitOptions { now_us: day.end(), wait_ms: 1_000, by: "nightly".into() };
    tx.commit(&extent, &options).unwrap();
}

fn seal(store: &Arc<Store>, day: Day) {
    let change = store.begin_maintenance().unwrap();
    let content = [7_u8; 90];
    fs::write_new(&**change.fs(), &change.dir().join("salts"), &content).unwrap();
    let path = format!("salts/{day}-{}", change.id());
    let state = change.base();
    let segments = &state.days[&day].segments;
    let seal = Seal {
        day,
        leaves: segments.iter().map(|it| it.meta.rows).sum(),
        number: 0,
        root: Digest::of(b"root"),
        salts: NamedFile::of(path.clone(), &content),
        sources: segments.iter().step_by(SEGMENTS).flat_map(|it| it.meta.sources.clone()).collect(),
        stats: segments[0].meta.stats.to_vec(),
        ts: (day.start(), day.end() - 1),
    };
    let moves = [(change.dir().join("salts"), path)];
    let options = CommitOptions { now_us: day.end(), wait_ms: 1_000, by: "nightly".into() };
    let records = vec![(Body::Seal(Box::new(seal)), Text::by("nightly"))];
    change.commit(records, &moves, &options, &|_| Ok(())).unwrap();
}

fn main() {
    let mut words = std::env::args().skip(1);
    let mut next = || words.next().expect("STORE KEYS FIRST-DAY DAYS");
    let (store, keys) = (PathBuf::from(next()), PathBuf::from(next()));
    let (first, days): (Day, i32) = (next().parse().unwrap(), next().parse().unwrap());
    let options = OpenOptions {
        key_dir: Some(keys),
        fallback_dir: None,
        pinned_key: None,
        standing: Standing::Live,
        fs: fs::real(),
    };
    if days == 0 {
        let mut times: Vec<_> = (0..11)
            .map(|_| {
                let begin = std::time::Instant::now();
                // Nobody waits for a store to be closed.
                std::mem::forget(Store::open(&store, &options).unwrap());
                begin.elapsed()
            })
            .collect();
        times.sort();
        println!("opened in {:.1} ms", times[5].as_secs_f64() * 1e3);
        return;
    }
    let store = Store::open(&store, &options).unwrap();
    for day in (0..days).map(|at| Day(first.0 + at)) {
        (0..SOURCES).for_each(|number| ingest(&store, day, number));
        seal(&store, day);
    }
}
