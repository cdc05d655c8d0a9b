//! Where is one row group, or one file of lines, being read? Its rows of one source, in the order of their lines.

use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, filter_record_batch, take_record_batch};
use arrow::datatypes::{Int32Type, Int64Type};
use storage::error::{Error, ErrorKind, Result};
use storage::schema::Col;
use storage::segment::VerifiedFile;
use storage::segment::reader::{self, Batches, ReadOptions};
use storage::store::HiddenLines;

/// Rows of a batch.
const BATCH_ROWS: usize = 2048;

/// What of a file is wanted: the lines of one source that are not hidden.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) source_id: i32,
    pub(super) hidden: HiddenLines,
}

impl Wanted {
    fn shows(&self, source_id: i32, line_no: i64) -> bool {
        source_id == self.source_id && !self.hidden.covers(source_id, line_no)
    }
}

/// Reads the wanted rows of one row group (or of a file of lines) batch by batch.
pub(super) struct Cursor {
    batches: Source,
    wanted: Wanted,
    /// The batch at hand and its line numbers, ascending.
    pub(super) batch: RecordBatch,
    pub(super) lines: Vec<i64>,
    /// The first row of it that has not been taken.
    pub(super) at: usize,
}

enum Source {
    Read(Batches),
    Ready,
}

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::Integrity, format!("a data file without {what}"))
}

impl Cursor {
    /// Reads a row group of a segment.
    pub(super) fn rows(file: &VerifiedFile, group: usize, wanted: Wanted) -> Result<Option<Self>> {
        let options = ReadOptions { batch_rows: BATCH_ROWS, row_groups: Some(vec![group]) };
        let ascending = is_ascending(file, &options)?;
        let batches = reader::rows(file, Col::stored(), &options)?;
        if ascending {
            return Self::begin(Source::Read(batches), wanted);
        }
        // Rows sorted by something else than their lines: the row group is put in order in memory.
        let schema = Arc::clone(batches.schema());
        let all = batches.collect::<Result<Vec<_>>>()?;
        let all = concat_batches(&schema, &all).map_err(compute)?;
        let lines = line_numbers(&all)?;
        let mut order: Vec<u32> = (0..lines.len() as u32).collect();
        order.sort_by_key(|&row| lines[row as usize]);
        let all = take_record_batch(&all, &UInt32Array::from(order)).map_err(compute)?;
        let mut cursor = Self::empty(Source::Ready, wanted, all.clone());
        cursor.set(&all)?;
        Ok((cursor.at < cursor.lines.len()).then_some(cursor))
    }

    /// Reads a file of lines, which is in order.
    pub(super) fn lines(file: &VerifiedFile, wanted: Wanted) -> Result<Option<Self>> {
        let options = ReadOptions { batch_rows: 256, row_groups: None };
        Self::begin(Source::Read(reader::lines(file, &options)?), wanted)
    }

    fn empty(batches: Source, wanted: Wanted, batch: RecordBatch) -> Self {
        Self { batches, wanted, batch, lines: Vec::new(), at: 0 }
    }

    fn begin(batches: Source, wanted: Wanted) -> Result<Option<Self>> {
        let schema = match &batches {
            Source::Read(batches) => Arc::clone(batches.schema()),
            Source::Ready => return Ok(None),
        };
        let mut cursor = Self::empty(batches, wanted, RecordBatch::new_empty(schema));
        Ok(cursor.load()?.then_some(cursor))
    }

    /// The line number of the next row.
    pub(super) fn line_no(&self) -> i64 {
        self.lines.get(self.at).copied().unwrap_or(i64::MAX)
    }

    /// Makes sure that a row is at hand; `false` at the end.
    pub(super) fn load(&mut self) -> Result<bool> {
        while self.at >= self.lines.len() {
            let Source::Read(batches) = &mut self.batches else { return Ok(false) };
            let Some(batch) = batches.next() else { return Ok(false) };
            self.set(&batch?)?;
        }
        Ok(true)
    }

    /// Takes a batch, less what is not wanted.
    fn set(&mut self, batch: &RecordBatch) -> Result<()> {
        let ids = batch.column_by_name(Col::SourceId.name()).ok_or_else(|| broken("source_id"))?;
        let ids = ids.as_primitive_opt::<Int32Type>().ok_or_else(|| broken("source_id"))?;
        let lines = line_numbers(batch)?;
        let shown: Vec<bool> = ids
            .values()
            .iter()
            .zip(&lines)
            .map(|(id, line)| self.wanted.shows(*id, *line))
            .collect();
        self.at = 0;
        if shown.iter().all(|shown| *shown) {
            (self.batch, self.lines) = (batch.clone(), lines);
            return Ok(());
        }
        self.batch =
            filter_record_batch(batch, &BooleanArray::from(shown.clone())).map_err(compute)?;
        self.lines =
            lines.into_iter().zip(shown).filter(|(_, shown)| *shown).map(|(l, _)| l).collect();
        Ok(())
    }
}

fn compute(error: arrow::error::ArrowError) -> Error {
    Error::new(ErrorKind::Internal, "cannot put rows in order").caused_by(error)
}

fn line_numbers(batch: &RecordBatch) -> Result<Vec<i64>> {
    let lines = batch.column_by_name(Col::LineNo.name()).ok_or_else(|| broken("line_no"))?;
    let lines = lines.as_primitive_opt::<Int64Type>().ok_or_else(|| broken("line_no"))?;
    Ok(lines.values().to_vec())
}

fn is_ascending(file: &VerifiedFile, options: &ReadOptions) -> Result<bool> {
    let mut last = i64::MIN;
    for batch in reader::rows(file, &[Col::LineNo], options)? {
        for line in line_numbers(&batch?)? {
            if line < last {
                return Ok(false);
            }
            last = line;
        }
    }
    Ok(true)
}

/// An entry of a file of lines.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The line it stands for, or belongs to.
    pub(crate) line_no: i64,
    /// Where its bytes begin in the source.
    pub(crate) byte_offset: i64,
    /// A word of [`crate::format::OddKind`], or that for a longer line's further pieces.
    pub(crate) kind: String,
    /// Why it is no row.
    pub(crate) reason: Option<String>,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

impl Entry {
    /// The entry at `row` of a batch.
    pub(super) fn of(batch: &RecordBatch, row: usize) -> Result<Self> {
        let text = |name| batch.column_by_name(name).and_then(|it| it.as_string_opt::<i32>());
        let number =
            |name| batch.column_by_name(name).and_then(|it| it.as_primitive_opt::<Int64Type>());
        let bytes = batch.column_by_name("bytes").and_then(|bytes| bytes.as_binary_opt::<i32>());
        let (kind, reason) = text("kind").zip(text("reason")).ok_or_else(|| broken("kinds"))?;
        let lines = number("line_no").zip(number("byte_offset"));
        let (line_no, byte_offset) = lines.ok_or_else(|| broken("line numbers"))?;
        let bytes = bytes.ok_or_else(|| broken("bytes"))?;
        Ok(Self {
            line_no: line_no.value(row),
            byte_offset: byte_offset.value(row),
            kind: kind.value(row).to_owned(),
            reason: reason.is_valid(row).then(|| reason.value(row).to_owned()),
            bytes: if bytes.is_valid(row) { bytes.value(row).to_vec() } else { Vec::new() },
        })
    }
}
