//! Where is one row group, or one file of lines, being read? Its wanted lines, in their order.

use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::{filter_record_batch, interleave_record_batch};
use arrow::datatypes::{Int32Type, Int64Type};

use super::LineKey;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::Col;
use crate::segment::VerifiedFile;
use crate::segment::reader::{self, Batches, ReadOptions};
use crate::store::HiddenLines;

/// Rows of a batch.
const BATCH_ROWS: usize = 2048;

/// Of a row group of which less than the part `1 / FEW` is wanted, the rest is not decoded.
const FEW: usize = 4;

/// Lines of a batch of a file of lines, which may be long.
const BATCH_LINES: usize = 256;

/// What of a file is wanted: the lines of one source, or of all, that are not hidden.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    pub(super) only: Option<i32>,
    pub(super) hidden: HiddenLines,
}

impl Wanted {
    fn shows(&self, (source_id, line_no): LineKey) -> bool {
        self.only.is_none_or(|only| only == source_id) && !self.hidden.covers(source_id, line_no)
    }
}

/// Reads the wanted rows of one row group (or of a file of lines) batch by batch.
pub(super) struct Cursor {
    source: Source,
    /// The batch at hand and its lines, ascending.
    pub(super) batch: RecordBatch,
    pub(super) keys: Vec<LineKey>,
    /// The first row of it that has not been taken.
    pub(super) at: usize,
}

enum Source {
    /// In order as it lies in the file.
    Read(Batches, Arc<Wanted>),
    /// All batches of a row group, and their rows in order (batch, row).
    Sorted { batches: Vec<RecordBatch>, rows: Vec<(LineKey, (usize, usize))>, taken: usize },
}

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::Integrity, format!("a data file without {what}"))
}

fn compute(error: arrow::error::ArrowError) -> Error {
    Error::new(ErrorKind::Internal, "cannot put rows in order").caused_by(error)
}

impl Cursor {
    /// Reads a row group of a segment; `None` if nothing in it is wanted.
    pub(super) fn rows(
        file: &VerifiedFile,
        group: usize,
        wanted: Arc<Wanted>,
    ) -> Result<Option<Self>> {
        let options = ReadOptions { batch_rows: BATCH_ROWS, row_groups: Some(vec![group]) };
        let keys = reader::rows(file, &[Col::SourceId, Col::LineNo], &options)?;
        let found = Found::of(keys, &wanted)?;
        if found.count == 0 {
            return Ok(None);
        }
        // Few rows among many, such as those of one small source of a day: the others are not decoded.
        let (batches, wanted) = if found.count < found.chosen.len() / FEW {
            let all = Arc::new(Wanted::default());
            (reader::chosen_rows(file, group, &found.chosen, BATCH_ROWS)?, all)
        } else {
            (reader::rows(file, Col::stored(), &options)?, wanted)
        };
        if found.ascending {
            return Self::begin(Source::Read(batches, wanted));
        }
        Self::begin(sorted(batches, &wanted)?)
    }

    /// Reads a file of lines; `None` if nothing in it is wanted.
    pub(super) fn lines(file: &VerifiedFile, wanted: Arc<Wanted>) -> Result<Option<Self>> {
        let options = ReadOptions { batch_rows: BATCH_LINES, row_groups: None };
        Self::begin(Source::Read(reader::lines(file, &options)?, wanted))
    }

    fn begin(source: Source) -> Result<Option<Self>> {
        let batch = match &source {
            Source::Read(batches, _) => RecordBatch::new_empty(Arc::clone(batches.schema())),
            Source::Sorted { batches, .. } => match batches.first() {
                Some(batch) => RecordBatch::new_empty(batch.schema()),
                None => return Ok(None),
            },
        };
        let mut cursor = Self { source, batch, keys: Vec::new(), at: 0 };
        Ok(cursor.load()?.then_some(cursor))
    }

    /// The next line.
    pub(super) fn key(&self) -> LineKey {
        self.keys.get(self.at).copied().unwrap_or(super::END)
    }

    /// Makes sure that a row is at hand; `false` at the end.
    pub(super) fn load(&mut self) -> Result<bool> {
        while self.at >= self.keys.len() {
            self.at = 0;
            match &mut self.source {
                Source::Read(batches, wanted) => {
                    let Some(batch) = batches.next() else { return Ok(false) };
                    (self.batch, self.keys) = wanted_of(batch?, wanted)?;
                }
                Source::Sorted { batches, rows, taken } => {
                    let next = &rows[*taken..rows.len().min(*taken + BATCH_ROWS)];
                    if next.is_empty() {
                        return Ok(false);
                    }
                    *taken += next.len();
                    let all: Vec<&RecordBatch> = batches.iter().collect();
                    let places: Vec<(usize, usize)> = next.iter().map(|row| row.1).collect();
                    self.batch = interleave_record_batch(&all, &places).map_err(compute)?;
                    self.keys = next.iter().map(|row| row.0).collect();
                }
            }
        }
        Ok(true)
    }
}

/// Holds a row group that is sorted by something else than its lines.
fn sorted(read: Batches, wanted: &Wanted) -> Result<Source> {
    let (mut batches, mut rows) = (Vec::new(), Vec::new());
    for batch in read {
        let (batch, keys) = wanted_of(batch?, wanted)?;
        if !keys.is_empty() {
            let places = keys.iter().enumerate().map(|(row, key)| (*key, (batches.len(), row)));
            rows.extend(places);
            batches.push(batch);
        }
    }
    rows.sort_unstable();
    Ok(Source::Sorted { batches, rows, taken: 0 })
}

/// A batch less what is not wanted, and its lines.
fn wanted_of(batch: RecordBatch, wanted: &Wanted) -> Result<(RecordBatch, Vec<LineKey>)> {
    let mut keys = keys(&batch)?;
    let shown: Vec<bool> = keys.iter().map(|key| wanted.shows(*key)).collect();
    if shown.iter().all(|shown| *shown) {
        return Ok((batch, keys));
    }
    let mut at = shown.iter();
    keys.retain(|_| at.next().is_some_and(|shown| *shown));
    let batch = filter_record_batch(&batch, &BooleanArray::from(shown)).map_err(compute)?;
    Ok((batch, keys))
}

/// The lines of a batch.
fn keys(batch: &RecordBatch) -> Result<Vec<LineKey>> {
    let column = |col: Col| batch.column_by_name(col.name()).ok_or_else(|| broken(col.name()));
    let ids = column(Col::SourceId)?.as_primitive_opt::<Int32Type>();
    let lines = column(Col::LineNo)?.as_primitive_opt::<Int64Type>();
    let (ids, lines) = ids.zip(lines).ok_or_else(|| broken("line numbers"))?;
    Ok(ids.values().iter().copied().zip(lines.values().iter().copied()).collect())
}

/// What of a row group is wanted.
struct Found {
    chosen: Vec<bool>,
    count: usize,
    /// Whether those rows lie in the order of their lines.
    ascending: bool,
}

impl Found {
    fn of(batches: Batches, wanted: &Wanted) -> Result<Self> {
        let mut found = Self { chosen: Vec::new(), count: 0, ascending: true };
        let mut last = (i32::MIN, i64::MIN);
        for batch in batches {
            for key in keys(&batch?)? {
                let chosen = wanted.shows(key);
                found.chosen.push(chosen);
                if chosen {
                    found.count += 1;
                    found.ascending &= last <= key;
                    last = key;
                }
            }
        }
        Ok(found)
    }
}
