//! What could not become a row, and why? Lists and shows quarantined lines, from `lines/`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int32Type, Int64Type};
use storage::error::{Error, ErrorKind, Result};
use storage::extent::Counts;
use storage::segment::reader::{self, ReadOptions};
use storage::store::{HiddenIndex, HiddenLines, LinesRef, State, Store};

use crate::format::OddKind;
pub use crate::pipeline::{retry, retry_all, retry_from};

/// Quarantined lines of one source with the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// The source.
    pub source_id: i32,
    /// Its path.
    pub path: PathBuf,
    /// The format it was read as.
    pub format: String,
    /// Why: a word of [`crate::format::Reason`].
    pub reason: String,
    /// How many.
    pub lines: u64,
    /// The first of them.
    pub first_line: i64,
    /// The last of them.
    pub last_line: i64,
    /// The beginning of the first, [`EXAMPLE_BYTES`] at most.
    pub example: Vec<u8>,
}

/// As much of a line is an example of it.
pub const EXAMPLE_BYTES: usize = 160;

/// The quarantined lines of one source for one reason, while they are counted.
struct Sum {
    lines: u64,
    first_line: i64,
    last_line: i64,
    example: Vec<u8>,
}

/// One quarantined line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedLine {
    /// The source.
    pub source_id: i32,
    /// Its line, from 1.
    pub line_no: i64,
    /// Offset of the line's first byte in the source.
    pub byte_offset: i64,
    /// Why.
    pub reason: String,
    /// Its bytes, without the line end; of a line too long for one record the first MiB.
    pub bytes: Vec<u8>,
}

/// The quarantined lines of all sources (or of one), counted by source and reason.
///
/// # Errors
/// There is no such source; a file of lines can't be read, or is not the one that was signed.
pub fn list(store: &Store, source: Option<i32>) -> Result<Vec<Quarantined>> {
    let state = store.state();
    check_source(&state, source)?;
    let mut sums: BTreeMap<(i32, String), Sum> = BTreeMap::new();
    each(store, &state, source, &mut |record| {
        if record.kind == OddKind::Quarantined.name() {
            let reason = record.reason.unwrap_or_default().to_owned();
            let sum = sums.entry((record.source_id, reason)).or_insert_with(|| Sum {
                lines: 0,
                first_line: i64::MAX,
                last_line: 0,
                example: Vec::new(),
            });
            sum.lines += 1;
            sum.last_line = sum.last_line.max(record.line_no);
            // Files are in no order among themselves.
            if record.line_no < sum.first_line {
                sum.first_line = record.line_no;
                sum.example = record.bytes[..record.bytes.len().min(EXAMPLE_BYTES)].to_vec();
            }
        }
        Ok(())
    })?;
    let named = |((source_id, reason), sum): ((i32, String), Sum)| {
        let source = state.sources.get(&source_id);
        Quarantined {
            source_id,
            path: source.map(|source| source.path.clone()).unwrap_or_default(),
            format: source.map(|source| source.format.clone()).unwrap_or_default(),
            reason,
            lines: sum.lines,
            first_line: sum.first_line,
            last_line: sum.last_line,
            example: sum.example,
        }
    };
    Ok(sums.into_iter().map(named).collect())
}

/// Hands every quarantined line (of one source, if given) to `show`, by source in the order of its lines. Returns how
/// many there were.
///
/// # Errors
/// There is no such source; a file can't be read; or what `show` returns.
pub fn show(
    store: &Store,
    source: Option<i32>,
    show: &mut dyn FnMut(QuarantinedLine) -> Result<()>,
) -> Result<u64> {
    let state = store.state();
    check_source(&state, source)?;
    let mut count = 0;
    each(store, &state, source, &mut |record| {
        if record.kind != OddKind::Quarantined.name() {
            return Ok(());
        }
        count += 1;
        show(QuarantinedLine {
            source_id: record.source_id,
            line_no: record.line_no,
            byte_offset: record.byte_offset,
            reason: record.reason.unwrap_or_default().to_owned(),
            bytes: record.bytes.to_vec(),
        })
    })?;
    Ok(count)
}

fn check_source(state: &State, source: Option<i32>) -> Result<()> {
    match source {
        Some(id) if !state.sources.contains_key(&id) => {
            Err(Error::new(ErrorKind::InvalidInput, format!("there is no source {id}"))
                .advise("`dwell sources` lists them"))
        }
        _ => Ok(()),
    }
}

/// As what a line of a source is stored: one row, or one line that is none.
pub(crate) fn accounts_of(store: &Store, source_id: i32, line_no: i64) -> Result<Counts> {
    let state = store.state();
    let mut counts = Counts { lines: 1, rows: 1, ..Counts::default() };
    let covers = |lines: &&LinesRef| {
        lines.meta.sources.iter().any(|range| {
            range.source_id == source_id
                && range.first_line <= line_no
                && line_no <= range.last_line
        })
    };
    let index = HiddenIndex::new(&state);
    for lines in state.lines.iter().filter(covers) {
        read(store, &index.in_lines(&lines.meta, lines.seq), lines, &mut |record| {
            if record.source_id == source_id && record.line_no == line_no {
                let none = Counts { lines: 1, ..Counts::default() };
                match record.kind {
                    "quarantined" => counts = Counts { quarantined: 1, ..none },
                    "header" => counts = Counts { headers: 1, ..none },
                    "blank" => counts = Counts { blank: 1, ..none },
                    _ => {}
                }
            }
            Ok(())
        })?;
    }
    Ok(counts)
}

/// A record of a file of lines.
struct Record<'a> {
    source_id: i32,
    line_no: i64,
    byte_offset: i64,
    kind: &'a str,
    reason: Option<&'a str>,
    bytes: &'a [u8],
}

type Visit<'a> = dyn FnMut(&Record<'_>) -> Result<()> + 'a;

/// Visits the records of all files of lines that hold lines of `source` (or of any), by source and line.
fn each(store: &Store, state: &State, source: Option<i32>, visit: &mut Visit<'_>) -> Result<()> {
    let mut files: Vec<(i32, i64, &LinesRef)> = Vec::new();
    for lines in &state.lines {
        let ranges = lines.meta.sources.iter();
        let wanted = ranges.filter(|range| source.is_none_or(|id| id == range.source_id));
        if let Some(first) = wanted.min_by_key(|range| range.source_id) {
            files.push((first.source_id, first.first_line, lines));
        }
    }
    files.sort_by_key(|(source_id, first, _)| (*source_id, *first));
    let index = HiddenIndex::new(state);
    for (_, _, lines) in files {
        read(store, &index.in_lines(&lines.meta, lines.seq), lines, &mut |record| {
            if source.is_none_or(|id| id == record.source_id) { visit(record) } else { Ok(()) }
        })?;
    }
    Ok(())
}

/// Visits the records of one file that are not hidden.
fn read(
    store: &Store,
    hidden: &HiddenLines,
    lines: &LinesRef,
    visit: &mut Visit<'_>,
) -> Result<()> {
    if hidden.covers_file(&lines.meta) {
        return Ok(());
    }
    let file = store.open_file(&lines.meta)?;
    let options = ReadOptions { batch_rows: 1024, row_groups: None };
    for batch in reader::lines(&file, &options)? {
        let batch = batch?;
        let columns = Columns::of(&batch)
            .ok_or_else(|| Error::integrity(file.path(), "columns of another type"))?;
        for row in 0..batch.num_rows() {
            let record = columns.record(row);
            if !hidden.covers(record.source_id, record.line_no) {
                visit(&record)?;
            }
        }
    }
    Ok(())
}

struct Columns<'a> {
    source_id: &'a arrow::array::PrimitiveArray<Int32Type>,
    line_no: &'a arrow::array::PrimitiveArray<Int64Type>,
    byte_offset: &'a arrow::array::PrimitiveArray<Int64Type>,
    kind: &'a arrow::array::StringArray,
    reason: &'a arrow::array::StringArray,
    bytes: &'a arrow::array::BinaryArray,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Option<Self> {
        Some(Self {
            source_id: batch.column_by_name("source_id")?.as_primitive_opt()?,
            line_no: batch.column_by_name("line_no")?.as_primitive_opt()?,
            byte_offset: batch.column_by_name("byte_offset")?.as_primitive_opt()?,
            kind: batch.column_by_name("kind")?.as_string_opt()?,
            reason: batch.column_by_name("reason")?.as_string_opt()?,
            bytes: batch.column_by_name("bytes")?.as_binary_opt()?,
        })
    }

    fn record(&self, row: usize) -> Record<'a> {
        Record {
            source_id: self.source_id.value(row),
            line_no: self.line_no.value(row),
            byte_offset: self.byte_offset.value(row),
            kind: self.kind.value(row),
            reason: self.reason.is_valid(row).then(|| self.reason.value(row)),
            bytes: if self.bytes.is_valid(row) { self.bytes.value(row) } else { &[] },
        }
    }
}
