//! What a session reads of a store: the files and sources of one version of the ledger.

use std::collections::BTreeMap;
use std::path::PathBuf;

use storage::clock::Micros;
use storage::day::Day;
use storage::digest::Digest;
use storage::extent::{Counts, SourceState};
use storage::segment::FileMeta;

/// A segment of one day and the commit that brought it.
#[derive(Debug, Clone)]
pub struct SegmentRef {
    /// The file.
    pub meta: FileMeta,
    /// The number of the commit.
    pub seq: u64,
}

/// The segments of one day.
#[derive(Debug, Clone, Default)]
pub struct DayState {
    /// In the order of their commits.
    pub segments: Vec<SegmentRef>,
}

/// A file of lines that are no rows.
#[derive(Debug, Clone)]
pub struct LinesRef {
    /// The file.
    pub meta: FileMeta,
    /// The day of ingest.
    pub day: Day,
    /// The number of the commit.
    pub seq: u64,
}

/// Lines that stand in a file but count no more.
#[derive(Debug, Clone, Copy)]
pub struct Hidden {
    /// The source.
    pub source_id: i32,
    /// The first hidden line.
    pub first: i64,
    /// The last hidden line.
    pub last: i64,
    /// Files of this commit and later ones are not meant.
    pub before_seq: u64,
}

/// One input, as the ledger knows it.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its number.
    pub id: i32,
    /// The path as given.
    pub path: PathBuf,
    /// Digest of the decompressed content.
    pub sha256: Digest,
    /// Format id.
    pub format: String,
    /// How complete it is.
    pub state: SourceState,
    /// Bytes of decompressed content.
    pub bytes: u64,
    /// The accounts of its lines.
    pub counts: Counts,
    /// Earliest event time of its rows.
    pub first_ts: Option<Micros>,
    /// Latest event time of its rows.
    pub last_ts: Option<Micros>,
    /// Rows gone by retention.
    pub retired: u64,
    /// Rows gone by redaction.
    pub redacted: u64,
}

/// One entry of the ledger, for people.
#[derive(Debug, Clone)]
pub struct LedgerEntry {
    /// Its number.
    pub seq: u64,
    /// When.
    pub at: Micros,
    /// What it did.
    pub kind: String,
    /// Who did it.
    pub by: String,
    /// The facts, as JSON.
    pub detail: String,
}

/// One version of the ledger, folded.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The number of the last commit.
    pub version: u64,
    /// Every source.
    pub sources: BTreeMap<i32, Source>,
    /// The segments, by day.
    pub days: BTreeMap<Day, DayState>,
    /// The files of lines that are no rows.
    pub lines: Vec<LinesRef>,
    /// The lines that count no more.
    pub hidden: Vec<Hidden>,
}
