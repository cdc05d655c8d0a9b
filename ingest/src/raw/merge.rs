//! In which order do the lines of a source come? Its rows, and what of it is no row, merged by line number.

use std::collections::VecDeque;
use std::ops::Range;

use arrow::array::RecordBatch;
use storage::day::Day;
use storage::error::Result;
use storage::merge::{FileKind, MergeFile, Run as Stretch};
use storage::segment::FileMeta;
use storage::store::{HiddenIndex, State, Store};

use super::entry::Entry;
use crate::render::BatchRows;

/// The next of the lines.
pub(super) enum Item {
    /// Some rows that follow one another.
    Rows(Run),
    /// A line that is no row, more of it, or how a line ends.
    Entry(Entry),
}

/// Rows of one source and one batch with no other line in between.
pub(super) struct Run {
    pub(super) rows: Range<usize>,
    pub(super) source_id: i32,
    stretch: Stretch,
}

impl Run {
    pub(super) fn line_no(&self, row: usize) -> i64 {
        self.stretch.line_no(row)
    }

    /// The batch, ready to be rendered.
    pub(super) fn batch(&self) -> BatchRows<'_> {
        BatchRows::new(&self.stretch.batch)
    }
}

/// The merge of all parts of a source, or of a day.
pub(crate) struct Merge<'s> {
    merge: storage::merge::Merge<'s>,
    /// Entries of the stretch that is being handed out.
    entries: VecDeque<Entry>,
}

impl<'s> Merge<'s> {
    fn new(store: &'s Store, files: Vec<MergeFile>, only: Option<i32>) -> Self {
        Self { merge: storage::merge::Merge::new(store, files, only), entries: VecDeque::new() }
    }

    /// All lines of a source.
    pub(super) fn of_source(store: &'s Store, state: &State, source_id: i32) -> Self {
        let index = HiddenIndex::new(state);
        let segments = state.segments().map(|(_, segment)| segment);
        let segments = segments.filter(|it| holds(&it.meta, source_id));
        let segments = segments.map(|it| MergeFile::rows(it, &index));
        let lines = state.lines.iter().filter(|it| holds(&it.meta, source_id));
        let lines = lines.map(|it| MergeFile::lines(it, &index));
        Self::new(store, segments.chain(lines).collect(), Some(source_id))
    }

    /// What of a source are no rows.
    pub(crate) fn of_entries(store: &'s Store, state: &State, source_id: i32) -> Self {
        let index = HiddenIndex::new(state);
        let lines = state.lines.iter().filter(|it| holds(&it.meta, source_id));
        Self::new(store, lines.map(|it| MergeFile::lines(it, &index)).collect(), Some(source_id))
    }

    /// The rows of a day, source by source.
    pub(super) fn of_day(store: &'s Store, state: &State, day: Day) -> Self {
        let index = HiddenIndex::new(state);
        let held = state.days.get(&day).map(|held| held.segments.as_slice()).unwrap_or_default();
        Self::new(store, held.iter().map(|it| MergeFile::rows(it, &index)).collect(), None)
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

    /// The next line, or run of rows.
    pub(super) fn next(&mut self) -> Result<Option<Item>> {
        loop {
            if let Some(entry) = self.entries.pop_front() {
                return Ok(Some(Item::Entry(entry)));
            }
            let Some(stretch) = self.merge.next_run()? else { return Ok(None) };
            if stretch.kind == FileKind::Rows {
                let (rows, source_id) = (stretch.rows.clone(), stretch.source_id);
                return Ok(Some(Item::Rows(Run { rows, source_id, stretch })));
            }
            self.entries = entries(&stretch.batch, stretch.rows)?;
        }
    }
}

fn holds(meta: &FileMeta, source_id: i32) -> bool {
    meta.sources.iter().any(|range| range.source_id == source_id)
}

fn entries(batch: &RecordBatch, rows: Range<usize>) -> Result<VecDeque<Entry>> {
    rows.map(|row| Entry::of(batch, row)).collect()
}
