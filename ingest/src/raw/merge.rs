//! In which order do the lines of a source come? Merges its row groups and files of lines by line number.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use parquet::file::statistics::Statistics;
use storage::day::Day;
use storage::error::Result;
use storage::schema::Col;
use storage::segment::{FileMeta, VerifiedFile};
use storage::store::{HiddenIndex, HiddenLines, State, Store};

use super::cursor::{Cursor, Entry, Wanted};
use crate::render::BatchRows;

/// The next of the lines of a source.
pub(super) enum Item {
    /// Some rows that follow one another.
    Rows(Run),
    /// A line that is no row, more of it, or how a line ends.
    Entry(Entry),
}

/// Rows of one batch with no other line in between.
pub(super) struct Run {
    pub(super) rows: Range<usize>,
    batch: RecordBatch,
    lines: Vec<i64>,
}

impl Run {
    pub(super) fn line_no(&self, row: usize) -> i64 {
        self.lines.get(row - self.rows.start).copied().unwrap_or_default()
    }

    /// The batch, ready to be rendered.
    pub(super) fn batch(&self) -> BatchRows<'_> {
        BatchRows::new(&self.batch)
    }
}

/// A file or a part of it that comes into play at some line.
struct Part {
    first_line: i64,
    place: Place,
    wanted: Wanted,
}

enum Place {
    /// A segment, to be split up into its row groups.
    Segment(std::path::PathBuf, Arc<FileMeta>),
    Group(VerifiedFile, usize),
    Lines(std::path::PathBuf, Arc<FileMeta>),
}

struct Active {
    cursor: Cursor,
    is_rows: bool,
}

/// The merge of all parts of a source.
pub(crate) struct Merge {
    /// Parts not opened yet, the one with the lowest line last.
    parts: Vec<Part>,
    active: Vec<Option<Active>>,
    heap: BinaryHeap<Reverse<(i64, bool, usize)>>,
}

impl Merge {
    /// All lines of a source.
    pub(super) fn of_source(store: &Store, state: &State, source_id: i32) -> Result<Self> {
        let index = HiddenIndex::new(state);
        let segments = state.segments().filter_map(|(_, it)| {
            let hidden = || index.in_segment(&it.meta, it.seq);
            part(store, &it.meta, hidden, source_id, Place::Segment)
        });
        let mut merge = Self::of_entries(store, state, source_id);
        merge.parts.extend(segments);
        Ok(Self::new(merge.parts))
    }

    /// What of a source are no rows.
    pub(crate) fn of_entries(store: &Store, state: &State, source_id: i32) -> Self {
        let index = HiddenIndex::new(state);
        let lines = state.lines.iter().filter_map(|it| {
            let hidden = || index.in_lines(&it.meta, it.seq);
            part(store, &it.meta, hidden, source_id, Place::Lines)
        });
        Self::new(lines.collect())
    }

    /// The rows of a source on one day.
    pub(super) fn of_day(store: &Store, state: &State, source_id: i32, day: Day) -> Result<Self> {
        let index = HiddenIndex::new(state);
        let held = state.days.get(&day).map(|held| held.segments.as_slice()).unwrap_or_default();
        let segments = held.iter().filter_map(|it| {
            let hidden = || index.in_segment(&it.meta, it.seq);
            part(store, &it.meta, hidden, source_id, Place::Segment)
        });
        Ok(Self::new(segments.collect()))
    }

    /// The next of [`Merge::of_entries`].
    pub(crate) fn next_entry(&mut self) -> Result<Option<Entry>> {
        while let Some(item) = self.next()? {
            if let Item::Entry(entry) = item {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    fn new(mut parts: Vec<Part>) -> Self {
        parts.sort_by_key(|part| Reverse(part.first_line));
        Self { parts, active: Vec::new(), heap: BinaryHeap::new() }
    }

    /// The next line, or run of rows.
    pub(super) fn next(&mut self) -> Result<Option<Item>> {
        self.open_due()?;
        let Some(Reverse((_, _, index))) = self.heap.pop() else { return Ok(None) };
        let limit = self.limit();
        let Some(active) = self.active.get_mut(index).and_then(Option::as_mut) else {
            return Ok(None);
        };
        let item = if active.is_rows {
            take_run(active, limit)
        } else {
            let item = Item::Entry(Entry::of(&active.cursor.batch, active.cursor.at)?);
            active.cursor.at += 1;
            item
        };
        if active.cursor.load()? {
            self.heap.push(Reverse((active.cursor.line_no(), !active.is_rows, index)));
        } else {
            self.active[index] = None;
        }
        Ok(Some(item))
    }

    /// The line at which something else comes in between.
    fn limit(&self) -> i64 {
        let other = self.heap.peek().map_or(i64::MAX, |Reverse((line_no, ..))| *line_no);
        let unopened = self.parts.last().map_or(i64::MAX, |part| part.first_line);
        other.min(unopened)
    }

    /// Opens the parts whose first line may be the next.
    fn open_due(&mut self) -> Result<()> {
        loop {
            let next = self.heap.peek().map_or(i64::MAX, |Reverse((line_no, ..))| *line_no);
            if self.parts.last().is_none_or(|part| part.first_line > next) {
                return Ok(());
            }
            let Some(part) = self.parts.pop() else { return Ok(()) };
            let (cursor, is_rows) = match part.place {
                Place::Segment(path, meta) => {
                    let file = VerifiedFile::open(&path, &meta)?;
                    self.add_groups(&file, &part.wanted, part.first_line);
                    continue;
                }
                Place::Group(file, group) => (Cursor::rows(&file, group, part.wanted)?, true),
                Place::Lines(path, meta) => {
                    let file = VerifiedFile::open(&path, &meta)?;
                    (Cursor::lines(&file, part.wanted)?, false)
                }
            };
            let Some(cursor) = cursor else { continue };
            let line_no = cursor.line_no();
            let active = Some(Active { cursor, is_rows });
            let index = match self.active.iter().position(Option::is_none) {
                Some(free) => {
                    self.active[free] = active;
                    free
                }
                None => {
                    self.active.push(active);
                    self.active.len() - 1
                }
            };
            self.heap.push(Reverse((line_no, !is_rows, index)));
        }
    }

    fn add_groups(&mut self, file: &VerifiedFile, wanted: &Wanted, first_line: i64) {
        for (at, group) in file.metadata().row_groups().iter().enumerate() {
            let column = group
                .columns()
                .iter()
                .find(|column| column.column_path().string() == Col::LineNo.name());
            let first = match column.and_then(|column| column.statistics()) {
                Some(Statistics::Int64(range)) => range.min_opt().copied(),
                _ => None,
            };
            let first_line = first.unwrap_or(first_line);
            let place = Place::Group(file.clone(), at);
            self.parts.push(Part { first_line, place, wanted: wanted.clone() });
        }
        self.parts.sort_by_key(|part| Reverse(part.first_line));
    }
}

/// The rows before `limit`.
fn take_run(active: &mut Active, limit: i64) -> Item {
    let cursor = &mut active.cursor;
    let begin = cursor.at;
    let count = cursor.lines[begin..].iter().take_while(|line| **line < limit).count().max(1);
    cursor.at = (begin + count).min(cursor.lines.len());
    let rows = begin..cursor.at;
    Item::Rows(Run {
        batch: cursor.batch.clone(),
        lines: cursor.lines[rows.clone()].to_vec(),
        rows,
    })
}

/// A file, if it holds lines of the source that are not all hidden.
fn part(
    store: &Store,
    meta: &Arc<FileMeta>,
    hidden: impl Fn() -> HiddenLines,
    source_id: i32,
    place: impl Fn(std::path::PathBuf, Arc<FileMeta>) -> Place,
) -> Option<Part> {
    let ranges = meta.sources.iter().filter(|range| range.source_id == source_id);
    let first_line = ranges.map(|range| range.first_line).min()?;
    let hidden = hidden();
    if hidden.covers_file(meta) {
        return None;
    }
    let wanted = Wanted { source_id, hidden };
    Some(Part { first_line, place: place(store.locate(&meta.path), Arc::clone(meta)), wanted })
}
