//! Which lines of a file are not shown? Those that a later record has hidden, as ranges that can be searched.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::state::{Hidden, State};
use crate::segment::{FileMeta, SourceRange};

/// The hidden lines of a state by source, so that each file asks only for those of its own sources.
#[derive(Debug, Default)]
pub struct HiddenIndex {
    /// Those in all files.
    all: BTreeMap<i32, Vec<Hidden>>,
    /// Those of them that may be rows.
    rows: BTreeMap<i32, Vec<Hidden>>,
}

/// Lines of some sources that are not shown: sorted ranges that don't touch each other.
#[derive(Debug, Default, Clone, PartialEq, Eq, Hash)]
pub struct HiddenLines(Arc<[(i32, i64, i64)]>);

impl HiddenIndex {
    /// The hidden lines of a state.
    pub fn new(state: &State) -> Self {
        let mut index = Self::default();
        for hidden in &state.hidden {
            index.all.entry(hidden.source_id).or_default().push(*hidden);
            if hidden.rows {
                index.rows.entry(hidden.source_id).or_default().push(*hidden);
            }
        }
        index
    }

    /// The hidden lines of a segment that the record `seq` brought.
    pub fn in_segment(&self, meta: &FileMeta, seq: u64) -> HiddenLines {
        within(&self.rows, meta, seq)
    }

    /// The hidden lines of a file of lines that the record `seq` brought.
    pub fn in_lines(&self, meta: &FileMeta, seq: u64) -> HiddenLines {
        within(&self.all, meta, seq)
    }
}

fn within(by_source: &BTreeMap<i32, Vec<Hidden>>, meta: &FileMeta, seq: u64) -> HiddenLines {
    let mut ranges = Vec::new();
    for of_file in &meta.sources {
        let Some(hidden) = by_source.get(&of_file.source_id) else { continue };
        // They stand in the order of their records.
        let later = hidden.partition_point(|hidden| hidden.before_seq <= seq);
        let touching = hidden[later..].iter().filter(|hidden| {
            of_file.first_line <= hidden.last && of_file.last_line >= hidden.first
        });
        ranges.extend(touching.map(|hidden| (hidden.source_id, hidden.first, hidden.last)));
    }
    HiddenLines::new(ranges)
}

impl HiddenLines {
    /// The lines of these ranges: source, first line, last line.
    pub fn new(mut ranges: Vec<(i32, i64, i64)>) -> Self {
        ranges.sort_unstable();
        ranges.dedup_by(|next, before| {
            let joins = next.0 == before.0 && next.1 <= before.2.saturating_add(1);
            if joins {
                before.2 = before.2.max(next.2);
            }
            joins
        });
        Self(ranges.into())
    }

    /// The lines of a source that were redacted.
    pub fn redacted(state: &State, source_id: i32) -> Self {
        let own = state.redacted.iter().filter(|it| it.source_id == source_id);
        Self::new(own.map(|it| (it.source_id, it.first, it.last)).collect())
    }

    /// Whether no line is hidden.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges: source, first line, last line.
    pub fn ranges(&self) -> &[(i32, i64, i64)] {
        &self.0
    }

    /// Whether this line is hidden.
    pub fn covers(&self, source_id: i32, line_no: i64) -> bool {
        self.covers_all(source_id, line_no, line_no)
    }

    /// Whether every line of a file is hidden.
    pub fn covers_file(&self, meta: &FileMeta) -> bool {
        !meta.sources.is_empty()
            && meta
                .sources
                .iter()
                .all(|range| self.covers_all(range.source_id, range.first_line, range.last_line))
    }

    /// Whether some line of a file may be among them, by the file's accounts.
    pub fn touch_file(&self, meta: &FileMeta) -> bool {
        self.touch_ranges(&meta.sources)
    }

    /// Whether some line of these ranges may be among them.
    pub fn touch_ranges(&self, ranges: &[SourceRange]) -> bool {
        ranges.iter().any(|of_file| {
            // The first range that does not end before the file's lines.
            let at = (of_file.source_id, of_file.first_line);
            let from = self.0.partition_point(|range| (range.0, range.2) < at);
            let range = self.0.get(from);
            range.is_some_and(|it| it.0 == of_file.source_id && it.1 <= of_file.last_line)
        })
    }

    /// How many lines there are.
    pub fn count(&self) -> u64 {
        let of = |range: &(i32, i64, i64)| range.2.saturating_sub(range.1).saturating_add(1);
        self.0.iter().map(|range| of(range).max(0).unsigned_abs()).sum()
    }

    /// Those of one source.
    #[must_use]
    pub fn of_source(&self, source_id: i32) -> Self {
        Self(self.0.iter().filter(|range| range.0 == source_id).copied().collect())
    }

    /// Whether all lines from the first to the last are among them.
    pub fn covers_range(&self, source_id: i32, first: i64, last: i64) -> bool {
        self.covers_all(source_id, first, last)
    }

    fn covers_all(&self, source_id: i32, first: i64, last: i64) -> bool {
        let after = self.0.partition_point(|range| (range.0, range.1) <= (source_id, first));
        let before = after.checked_sub(1).and_then(|at| self.0.get(at));
        before.is_some_and(|range| range.0 == source_id && last <= range.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(first_line: i64, last_line: i64) -> FileMeta {
        FileMeta {
            path: String::new(),
            bytes: 0,
            sha256: crate::Digest::default(),
            tail: 0,
            root: crate::Digest::default(),
            rows: 0,
            min_ts: 0,
            max_ts: 0,
            sources: vec![SourceRange { source_id: 1, first_line, last_line, rows: 0 }],
            stats: crate::segment::Stats::default(),
        }
    }

    #[test]
    fn ranges_are_joined_and_found() {
        let lines = HiddenLines::new(vec![(1, 5, 6), (1, 1, 3), (2, 1, 1), (1, 4, 4), (1, 9, 9)]);
        assert_eq!(lines.ranges(), [(1, 1, 6), (1, 9, 9), (2, 1, 1)]);
        for (source_id, line_no, hidden) in [
            (0, 1, false),
            (1, 0, false),
            (1, 1, true),
            (1, 6, true),
            (1, 7, false),
            (1, 9, true),
            (1, 10, false),
            (2, 1, true),
            (2, 9, false),
        ] {
            assert_eq!(lines.covers(source_id, line_no), hidden, "{source_id} {line_no}");
        }
        assert!(lines.covers_file(&meta(2, 6)) && !lines.covers_file(&meta(2, 7)));
        assert!(lines.touch_file(&meta(6, 8)) && lines.touch_file(&meta(8, 20)));
        assert!(!lines.touch_file(&meta(7, 8)) && !lines.touch_file(&meta(10, 20)));
        assert_eq!((lines.count(), lines.of_source(2).count()), (8, 1));
        assert!(!HiddenLines::default().covers(1, 1));
    }

    #[test]
    fn what_was_never_a_row_hides_none() {
        let hidden =
            |first, before_seq, rows| Hidden { source_id: 1, first, last: first, before_seq, rows };
        let state = State {
            hidden: vec![hidden(3, 5, true), hidden(4, 6, false), hidden(90, 7, true)],
            ..State::default()
        };
        let index = HiddenIndex::new(&state);
        assert_eq!(index.in_segment(&meta(1, 10), 2).ranges(), [(1, 3, 3)]);
        assert_eq!(index.in_lines(&meta(1, 10), 2).ranges(), [(1, 3, 4)]);
        assert_eq!(index.in_lines(&meta(1, 10), 5).ranges(), [(1, 4, 4)]);
        assert!(index.in_lines(&meta(1, 10), 6).is_empty());
    }
}
