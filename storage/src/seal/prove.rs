//! How is a single line proven to someone who has nothing else? With its salt, its path to the root of its day, and the
//! record of that root with its own path to the signed head of the ledger.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{self, fold};
use super::paths::Paths;
use super::plan::unsealed;
use super::rows::{LineSource, OpenFile, SealedRows};
use super::salts::Secret;
use crate::day::Day;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::record::{Body, Record};
use crate::segment::FileMeta;
use crate::store::load;
use crate::store::{HiddenIndex, HiddenLines, Sealed, State, Store};

/// The most lines of one proof: what goes to court are rows, not days, and each has its path in memory.
pub const MOST_LINES: usize = 100_000;

/// A line with everything that shows that it was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProof {
    /// The day.
    pub day: Day,
    /// Number of the seal's record.
    pub seal: u64,
    /// Which leaf of the seal, from 0.
    pub index: u64,
    /// The source.
    pub source_id: i32,
    /// The line of the source.
    pub line_no: i64,
    /// The salt of this line.
    pub salt: Secret,
    /// The bytes of the line.
    pub line: Vec<u8>,
    /// RFC 6962 audit path from the leaf to the root of the seal.
    pub path: Vec<Digest>,
}

/// A record of the ledger with its path to the signed head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordProof {
    /// Its number, from 1.
    pub seq: u64,
    /// Its canonical bytes.
    pub record: Vec<u8>,
    /// RFC 6962 audit path from the record to the root of the checkpoint.
    pub path: Vec<Digest>,
}

/// What can be shown of some lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The lines that are sealed, by day, seal and place.
    pub rows: Vec<RowProof>,
    /// The records that they need: the store's keys, their seals, and what was taken in when of their sources.
    pub records: Vec<RecordProof>,
    /// The signed head of the ledger.
    pub checkpoint: String,
    /// The lines that stand under no seal, with their day where a file tells it.
    pub unsealed: Vec<(i32, i64, Option<Day>)>,
}

/// Proves lines, given by source and number.
///
/// # Errors
/// `InvalidInput`: there are more than [`MOST_LINES`]. `Integrity`: a day is no longer what was sealed, or the ledger
/// is not sound.
pub fn prove(
    store: &Store,
    wanted: &BTreeSet<(i32, i64)>,
    lines: &dyn LineSource,
) -> Result<Evidence> {
    if wanted.len() > MOST_LINES {
        let what = format!("{} lines in one proof, the most are {MOST_LINES}", wanted.len());
        return Err(Error::new(ErrorKind::InvalidInput, what).advise("ask for fewer"));
    }
    let state = store.state();
    let index = HiddenIndex::new(&state);
    let mut rows = Vec::new();
    for sealed in state.days.values().flat_map(|held| &held.seals) {
        rows.extend(under_seal(store, &state, sealed, wanted, &index, lines)?);
    }
    let found: BTreeSet<_> = rows.iter().map(|row| (row.source_id, row.line_no)).collect();
    let unsealed =
        wanted.difference(&found).map(|&(id, line)| (id, line, open_day(&state, id, line)));
    let unsealed = unsealed.collect();
    let mut seqs = BTreeSet::new();
    for row in &rows {
        seqs.insert(row.seal);
        seqs.extend(ingested(&state, row));
    }
    let (records, checkpoint) = records(store, &state, &seqs)?;
    Ok(Evidence { rows, records, checkpoint, unsealed })
}

/// Whether a file may hold one of the lines.
fn may_hold(meta: &FileMeta, wanted: &BTreeSet<(i32, i64)>) -> bool {
    meta.sources.iter().any(|range| {
        let lines = (range.source_id, range.first_line)..=(range.source_id, range.last_line);
        wanted.range(lines).next().is_some()
    })
}

/// The day of a line that stands under no seal.
fn open_day(state: &State, source_id: i32, line_no: i64) -> Option<Day> {
    let one = BTreeSet::from([(source_id, line_no)]);
    let holds = |(_, segment): &(Day, &crate::store::SegmentRef)| may_hold(&segment.meta, &one);
    let days = state.days.iter().flat_map(|(day, held)| unsealed(held).map(|it| (*day, it)));
    days.into_iter().find(holds).map(|(day, _)| day)
}

/// The record that a line was taken in with.
fn ingested(state: &State, row: &RowProof) -> Option<u64> {
    let extents = &state.sources.get(&row.source_id)?.extents;
    let mut extents = extents.iter().rev();
    extents.find(|extent| extent.first_line <= row.line_no).map(|extent| extent.seq)
}

/// The wanted lines that stand under one seal.
fn under_seal(
    store: &Store,
    state: &State,
    sealed: &Sealed,
    wanted: &BTreeSet<(i32, i64)>,
    index: &HiddenIndex,
    lines: &dyn LineSource,
) -> Result<Vec<RowProof>> {
    let files = check::files(state, sealed);
    if !files.iter().any(|file| may_hold(&file.meta, wanted)) {
        return Ok(Vec::new());
    }
    let hidden: BTreeMap<String, HiddenLines> = files
        .iter()
        .map(|file| (file.meta.path.clone(), index.in_segment(&file.meta, file.seq)))
        .collect();
    let salts = check::salts(store, &sealed.seal.salts)?;
    let open: OpenFile<'_> = &|meta: &FileMeta| store.open_file(meta);
    let rows = SealedRows::new(files, open, &state.sources, lines);
    let mut found = Vec::new();
    let folded = fold(&rows, &salts, &sealed.seal, &mut |line, paths| {
        let (source_id, line_no) = (line.line.source_id, line.line.line_no);
        let is_hidden =
            || hidden.get(&line.file.meta.path).is_some_and(|it| it.covers(source_id, line_no));
        if wanted.contains(&(source_id, line_no)) && !is_hidden() {
            paths.want(line.index);
            found.push(RowProof {
                day: sealed.seal.day,
                seal: sealed.seq,
                index: line.index,
                source_id,
                line_no,
                salt: *line.salt,
                line: line.line.bytes.to_vec(),
                path: Vec::new(),
            });
        }
        Ok(())
    })?;
    found.sort_by_key(|row| row.index);
    for row in &mut found {
        row.path = folded.paths.get(&row.index).cloned().unwrap_or_default();
    }
    Ok(found)
}

/// These records of a version, with their paths to its signed head.
fn records(
    store: &Store,
    state: &State,
    seqs: &BTreeSet<u64>,
) -> Result<(Vec<RecordProof>, String)> {
    let mut paths = Paths::default();
    let mut found = Vec::new();
    let mut note = String::new();
    load::walk(&**store.fs(), store.dir(), state.version, store.first_key(), |checked| {
        let entries = checked.entries.into_iter().map(|entry| entry.record);
        // Every key: the newest signs, and whoever trusts an older one can follow from one to the next.
        let wanted = |record: &Record| {
            seqs.contains(&record.seq) || matches!(record.body, Body::Key(_) | Body::Rotate(_))
        };
        let entries: Vec<Record> = entries.filter(wanted).collect();
        entries.iter().for_each(|record| paths.want(record.seq - 1));
        checked.leaves.iter().for_each(|leaf| paths.push_subtree(0, *leaf));
        found.extend(entries);
        note = checked.note;
    })?;
    let (root, paths) = paths.finish();
    if root != state.root {
        return Err(Error::new(ErrorKind::Integrity, "the ledger is not the one that was opened"));
    }
    let proof = |record: Record| {
        let path = paths.get(&(record.seq - 1)).cloned().unwrap_or_default();
        Ok(RecordProof { seq: record.seq, record: record.to_line()?, path })
    };
    Ok((found.into_iter().map(proof).collect::<Result<_>>()?, note))
}
