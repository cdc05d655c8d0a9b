//! Which lines are the rows of one file? For seals, whose leaves are lines: each row is rendered by the format of its
//! source, in the order of the file, hidden rows too.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int32Type, Int64Type};
use chrono_tz::Tz;
use storage::clock::Micros;
use storage::error::{Error, ErrorKind, Result};
use storage::schema::Col;
use storage::seal::{Line, LineSource};
use storage::segment::VerifiedFile;
use storage::segment::reader::{self, ReadOptions};
use storage::store::Source;

use super::parser_of;
use crate::format::Parser;
use crate::pipeline::zone_of;
use crate::render::{AsPrinted, BatchRows, RowView};

/// Rows that are decoded at once.
const BATCH_ROWS: usize = 4096;

/// Gives the rows of files back as the lines they came from, as far as those were kept.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lines;

impl LineSource for Lines {
    fn lines(
        &self,
        file: &VerifiedFile,
        seq: u64,
        sources: &BTreeMap<i32, Arc<Source>>,
        wanted: &dyn Fn(u64) -> bool,
        visit: &mut dyn FnMut(Line<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut renderers = Renderers { sources, seq, known: BTreeMap::new() };
        let mut buffer = Vec::new();
        let mut first = 0;
        for (group, metadata) in file.metadata().row_groups().iter().enumerate() {
            let after = first + metadata.num_rows().unsigned_abs();
            if (first..after).any(wanted) {
                let options = ReadOptions { batch_rows: BATCH_ROWS, row_groups: Some(vec![group]) };
                let mut at = first;
                for batch in reader::rows(file, Col::stored(), &options)? {
                    let batch = batch?;
                    renderers.render(&batch, at, wanted, &mut buffer, visit)?;
                    at += batch.num_rows() as u64;
                }
            }
            first = after;
        }
        Ok(())
    }
}

/// How the rows of one source become lines.
struct Renderer {
    parser: Arc<dyn Parser>,
    zone: Option<Tz>,
    shift_us: Micros,
}

/// Those of the sources that were met so far.
struct Renderers<'a> {
    sources: &'a BTreeMap<i32, Arc<Source>>,
    seq: u64,
    known: BTreeMap<i32, Renderer>,
}

impl Renderers<'_> {
    fn of(&mut self, source_id: i32) -> Result<&Renderer> {
        match self.known.entry(source_id) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(free) => {
                let source = self.sources.get(&source_id).ok_or_else(|| {
                    let what = format!("source {source_id} is not in the ledger");
                    Error::new(ErrorKind::Integrity, what)
                })?;
                Ok(free.insert(Renderer {
                    parser: parser_of(source)?,
                    zone: zone_of(source),
                    shift_us: source.shift_at(self.seq),
                }))
            }
        }
    }

    /// Renders the wanted rows of a batch, the first of which is row `first` of its file.
    fn render(
        &mut self,
        batch: &RecordBatch,
        first: u64,
        wanted: &dyn Fn(u64) -> bool,
        buffer: &mut Vec<u8>,
        visit: &mut dyn FnMut(Line<'_>) -> Result<()>,
    ) -> Result<()> {
        let broken = || Error::new(ErrorKind::Integrity, "a data file without line numbers");
        let ids = batch.column_by_name(Col::SourceId.name()).ok_or_else(broken)?;
        let ids = ids.as_primitive_opt::<Int32Type>().ok_or_else(broken)?.values();
        let lines = batch.column_by_name(Col::LineNo.name()).ok_or_else(broken)?;
        let lines = lines.as_primitive_opt::<Int64Type>().ok_or_else(broken)?.values();
        let rows = BatchRows::new(batch);
        let mut at = 0;
        while let Some(run) = run_of_one(ids, at) {
            let source_id = ids[run.start];
            let renderer = self.of(source_id)?;
            let printed = AsPrinted::new(&rows, renderer.shift_us);
            for row in run.clone().filter(|row| wanted(first + *row as u64)) {
                buffer.clear();
                renderer.parser.render(&RowView::new(&printed, row), renderer.zone, buffer);
                let line_no = lines[row];
                visit(Line { row: first + row as u64, source_id, line_no, bytes: buffer })?;
            }
            at = run.end;
        }
        Ok(())
    }
}

/// The rows from `from` on that have the same source.
fn run_of_one(ids: &[i32], from: usize) -> Option<Range<usize>> {
    let id = ids.get(from)?;
    let len = ids[from..].iter().take_while(|it| *it == id).count();
    Some(from..from + len)
}
