//! In which order do the lines of many files come? By source and line, whatever order each file keeps them in.
//!
//! A row group is the unit: one in the order of its lines is read batch by batch, one in another order (compaction sorts
//! by host) is held in memory as a whole. Row groups of compacted files hold lines that follow one another, so that few of
//! them are open at a time.

mod cursor;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;

use self::cursor::{Cursor, Wanted};
use crate::error::Result;
use crate::schema::Col;
use crate::segment::{FileMeta, VerifiedFile};
use crate::store::{HiddenIndex, HiddenLines, LinesRef, SegmentRef, Store};

/// A line: its source and its number there.
pub type LineKey = (i32, i64);

/// The line after all others.
const END: LineKey = (i32::MAX, i64::MAX);

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// Rows.
    Rows,
    /// Lines that are no rows.
    Lines,
}

/// A file that takes part in a merge.
#[derive(Debug, Clone)]
pub struct MergeFile {
    /// The ledger's facts.
    pub meta: Arc<FileMeta>,
    /// What it holds.
    pub kind: FileKind,
    /// Its lines that are left out.
    pub hidden: HiddenLines,
}

impl MergeFile {
    /// A segment, without its hidden lines.
    pub fn rows(segment: &SegmentRef, index: &HiddenIndex) -> Self {
        let hidden = index.in_segment(&segment.meta, segment.seq);
        Self { meta: Arc::clone(&segment.meta), kind: FileKind::Rows, hidden }
    }

    /// A file of lines, without its hidden lines.
    pub fn lines(lines: &LinesRef, index: &HiddenIndex) -> Self {
        let hidden = index.in_lines(&lines.meta, lines.seq);
        Self { meta: Arc::clone(&lines.meta), kind: FileKind::Lines, hidden }
    }
}

/// Lines of one source and one batch with no other line in between.
#[derive(Debug)]
pub struct Run {
    /// What the batch holds: rows, or lines that are none.
    pub kind: FileKind,
    /// The source.
    pub source_id: i32,
    /// The batch: all columns of its kind of file.
    pub batch: RecordBatch,
    /// Which of its rows.
    pub rows: Range<usize>,
    /// The number of the line of each of them.
    pub lines: Vec<i64>,
}

impl Run {
    /// The line number of a row of the batch that belongs to the run.
    pub fn line_no(&self, row: usize) -> i64 {
        let at = row.checked_sub(self.rows.start);
        at.and_then(|at| self.lines.get(at)).copied().unwrap_or_default()
    }
}

/// A file or a part of it that comes into play at some line.
struct Part {
    first: LineKey,
    place: Place,
}

enum Place {
    /// A segment, to be split up into its row groups.
    Segment(MergeFile),
    Group(VerifiedFile, usize, Arc<Wanted>),
    Lines(MergeFile),
}

struct Active {
    cursor: Cursor,
    kind: FileKind,
}

/// The merge of files: of all their lines, or of those of one source.
pub struct Merge<'s> {
    store: &'s Store,
    only: Option<i32>,
    /// Parts not opened yet, the one with the lowest line last.
    parts: Vec<Part>,
    active: Vec<Option<Active>>,
    /// Of two with the same line, rows come before what else belongs to the line.
    heap: BinaryHeap<Reverse<(LineKey, bool, usize)>>,
}

impl<'s> Merge<'s> {
    /// All lines of these files, or those of one source.
    pub fn new(store: &'s Store, files: Vec<MergeFile>, only: Option<i32>) -> Self {
        let part = |file: MergeFile| {
            let ranges = file.meta.sources.iter();
            let ranges = ranges.filter(|range| only.is_none_or(|id| id == range.source_id));
            let first = ranges.map(|range| (range.source_id, range.first_line)).min()?;
            if file.hidden.covers_file(&file.meta) {
                return None;
            }
            let place = match file.kind {
                FileKind::Rows => Place::Segment(file),
                FileKind::Lines => Place::Lines(file),
            };
            Some(Part { first, place })
        };
        let mut parts: Vec<Part> = files.into_iter().filter_map(part).collect();
        parts.sort_by_key(|part| Reverse(part.first));
        Self { store, only, parts, active: Vec::new(), heap: BinaryHeap::new() }
    }

    /// The next lines that follow one another.
    pub fn next_run(&mut self) -> Result<Option<Run>> {
        self.open_due()?;
        let Some(Reverse((_, _, index))) = self.heap.pop() else { return Ok(None) };
        let limit = self.limit();
        let Some(active) = self.active.get_mut(index).and_then(Option::as_mut) else {
            return Ok(None);
        };
        let run = active.take_run(limit);
        if active.cursor.load()? {
            let key = (active.cursor.key(), active.kind == FileKind::Lines, index);
            self.heap.push(Reverse(key));
        } else {
            self.active[index] = None;
        }
        Ok(Some(run))
    }

    /// The line at which something else comes in between.
    fn limit(&self) -> LineKey {
        let other = self.heap.peek().map_or(END, |Reverse((key, ..))| *key);
        let unopened = self.parts.last().map_or(END, |part| part.first);
        other.min(unopened)
    }

    /// Opens the parts whose first line may be the next.
    fn open_due(&mut self) -> Result<()> {
        loop {
            let next = self.heap.peek().map_or(END, |Reverse((key, ..))| *key);
            if self.parts.last().is_none_or(|part| part.first > next) {
                return Ok(());
            }
            let Some(part) = self.parts.pop() else { return Ok(()) };
            let (cursor, kind) = match part.place {
                Place::Segment(file) => {
                    self.add_groups(&file, part.first)?;
                    continue;
                }
                Place::Group(file, group, wanted) => {
                    (Cursor::rows(&file, group, wanted)?, FileKind::Rows)
                }
                Place::Lines(file) => {
                    let wanted = Arc::new(Wanted { only: self.only, hidden: file.hidden.clone() });
                    let file = self.store.open_file(&file.meta)?;
                    (Cursor::lines(&file, wanted)?, FileKind::Lines)
                }
            };
            if let Some(cursor) = cursor {
                self.activate(Active { cursor, kind });
            }
        }
    }

    fn activate(&mut self, active: Active) {
        let key = (active.cursor.key(), active.kind == FileKind::Lines);
        let index = match self.active.iter().position(Option::is_none) {
            Some(free) => {
                self.active[free] = Some(active);
                free
            }
            None => {
                self.active.push(Some(active));
                self.active.len() - 1
            }
        };
        self.heap.push(Reverse((key.0, key.1, index)));
    }

    fn add_groups(&mut self, file: &MergeFile, first: LineKey) -> Result<()> {
        let wanted = Arc::new(Wanted { only: self.only, hidden: file.hidden.clone() });
        let open = self.store.open_file(&file.meta)?;
        for (at, group) in open.metadata().row_groups().iter().enumerate() {
            let (ids, lines) = (range(group, Col::SourceId), range(group, Col::LineNo));
            let first = match (self.only, ids) {
                (Some(only), Some((least, greatest)))
                    if only < least as i32 || only > greatest as i32 =>
                {
                    continue;
                }
                (Some(only), _) => (only, lines.map_or(first.1, |(line, _)| line)),
                (None, Some((least, _))) => (least as i32, lines.map_or(0, |(line, _)| line)),
                (None, None) => first,
            };
            let place = Place::Group(open.clone(), at, Arc::clone(&wanted));
            self.parts.push(Part { first, place });
        }
        self.parts.sort_by_key(|part| Reverse(part.first));
        Ok(())
    }
}

/// The least and the greatest number of a column of a row group.
fn range(group: &RowGroupMetaData, col: Col) -> Option<(i64, i64)> {
    let column = group.columns().iter().find(|it| it.column_path().string() == col.name())?;
    match column.statistics()? {
        Statistics::Int64(of) => Some((*of.min_opt()?, *of.max_opt()?)),
        Statistics::Int32(of) => Some((i64::from(*of.min_opt()?), i64::from(*of.max_opt()?))),
        _ => None,
    }
}

impl Active {
    /// The lines before `limit`, of one source.
    fn take_run(&mut self, limit: LineKey) -> Run {
        let cursor = &mut self.cursor;
        let begin = cursor.at;
        let (source_id, _) = cursor.key();
        let together = |key: &&LineKey| key.0 == source_id && **key < limit;
        let count = cursor.keys[begin..].iter().take_while(together).count().max(1);
        cursor.at = (begin + count).min(cursor.keys.len());
        let rows = begin..cursor.at;
        let lines = cursor.keys[rows.clone()].iter().map(|key| key.1).collect();
        Run { kind: self.kind, source_id, batch: cursor.batch.clone(), lines, rows }
    }
}
