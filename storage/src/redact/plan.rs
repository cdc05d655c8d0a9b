//! Which files does a redaction concern? Every one that may hold a line of it, shown or hidden: told from the accounts of
//! the files, without opening any.

use std::collections::{BTreeMap, BTreeSet};

use crate::day::Day;
use crate::store::{HiddenLines, State};

/// Which table a file belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Rows of a day.
    Requests(Day),
    /// Lines that are no rows, by the day of their ingest.
    Lines(Day),
}

/// What a redaction of some lines concerns in one version of a store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Files that may hold one of the lines, with their table.
    pub files: BTreeMap<String, Table>,
    /// Days whose segments are among them.
    pub days: BTreeSet<Day>,
    /// Bytes of these files.
    pub bytes: u64,
    /// Sources of the lines, each with how many lines are asked for.
    pub sources: BTreeMap<i32, u64>,
}

/// Plans the redaction of `lines` (source, first line, last line) against one version. Pure: the same version and the same
/// lines give the same plan.
///
/// Files whose lines are hidden count like any other: a superseded last line, rows before a correction of the clock and
/// quarantined lines before a retry are copies of the same lines.
pub fn plan(state: &State, lines: &HiddenLines) -> Plan {
    let mut plan = Plan::default();
    for &(source_id, first, last) in lines.ranges() {
        let count = last.saturating_sub(first).saturating_add(1);
        *plan.sources.entry(source_id).or_default() += count.max(0).unsigned_abs();
    }
    for (day, segment) in state.segments().filter(|(_, it)| lines.touch_file(&it.meta)) {
        plan.files.insert(segment.meta.path.clone(), Table::Requests(day));
        plan.days.insert(day);
        plan.bytes += segment.meta.bytes;
    }
    for file in state.lines.iter().filter(|it| lines.touch_file(&it.meta)) {
        plan.files.insert(file.meta.path.clone(), Table::Lines(file.day));
        plan.bytes += file.meta.bytes;
    }
    plan
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Digest;
    use crate::segment::{FileMeta, SourceRange};
    use crate::store::{DayState, LinesRef, SegmentRef};

    fn meta(path: &str, ranges: &[(i32, i64, i64)]) -> Arc<FileMeta> {
        let range = |&(source_id, first_line, last_line): &(i32, i64, i64)| SourceRange {
            source_id,
            first_line,
            last_line,
            rows: 1,
        };
        Arc::new(FileMeta {
            path: path.into(),
            bytes: 100,
            sha256: Digest::default(),
            tail: 0,
            root: Digest::default(),
            rows: 1,
            min_ts: 0,
            max_ts: 0,
            sources: ranges.iter().map(range).collect(),
            stats: crate::segment::Stats::default(),
        })
    }

    #[test]
    fn every_file_that_may_hold_a_line_is_found() {
        let (monday, tuesday) = (Day(20_000), Day(20_001));
        let mut state = State::default();
        for (day, path, ranges) in [
            (monday, "a", &[(1, 1, 10)][..]),
            (monday, "b", &[(1, 11, 20), (2, 1, 5)]),
            (tuesday, "c", &[(2, 6, 9)]),
        ] {
            let segment = SegmentRef { meta: meta(path, ranges), ..segment_ref() };
            state.days.entry(day).or_insert_with(DayState::default).segments.push(segment);
        }
        state.lines.push(LinesRef { meta: meta("l", &[(1, 3, 12)]), day: tuesday, seq: 1 });
        let found = |lines: &[(i32, i64, i64)]| {
            let plan = plan(&state, &HiddenLines::new(lines.to_vec()));
            plan.files.keys().map(String::as_str).collect::<Vec<_>>().join("")
        };
        assert_eq!(found(&[(1, 2, 2)]), "a");
        assert_eq!(found(&[(1, 10, 11)]), "abl");
        assert_eq!(found(&[(2, 5, 6)]), "bc");
        assert_eq!(found(&[(3, 1, 9)]), "");
        let whole = plan(&state, &HiddenLines::new(vec![(1, 2, 3), (2, 6, 6)]));
        assert_eq!(whole.sources, BTreeMap::from([(1, 2), (2, 1)]));
        assert_eq!((whole.bytes, whole.days.len()), (300, 2));
    }

    fn segment_ref() -> SegmentRef {
        SegmentRef { meta: meta("", &[]), seq: 1, seal: None }
    }
}
