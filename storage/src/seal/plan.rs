//! Which days are due to be sealed? Those whose grace is over, and those that are asked for.

use crate::clock::Micros;
use crate::day::Day;
use crate::store::{DayState, HiddenIndex, SegmentRef, State};

/// Microseconds of an hour.
const HOUR_US: Micros = 3_600_000_000;

/// When days are sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealPolicy {
    /// How many hours after its end a day is sealed.
    pub grace_hours: u32,
    /// Days before this one are sealed at once.
    pub before: Option<Day>,
}

/// A day with rows that stand under no seal yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenDay {
    /// The day.
    pub day: Day,
    /// Which seal they get: 0 for the day itself, from 1 for its addenda.
    pub number: u32,
    /// How many such rows there are, hidden ones too.
    pub rows: u64,
    /// In how many files.
    pub files: u64,
    /// Bytes of these files.
    pub bytes: u64,
    /// When its grace is over.
    pub due_us: Micros,
}

/// What is to be sealed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SealPlan {
    /// The days that are due.
    pub due: Vec<OpenDay>,
    /// The days that are not.
    pub waiting: Vec<OpenDay>,
}

impl SealPolicy {
    /// When the grace of a day is over.
    fn due_us(&self, day: Day) -> Micros {
        day.end().saturating_add(Micros::from(self.grace_hours) * HOUR_US)
    }
}

/// The segments of a day that stand under no seal.
pub(super) fn unsealed(held: &DayState) -> impl Iterator<Item = &SegmentRef> {
    held.segments.iter().filter(|segment| segment.seal.is_none() && segment.meta.rows > 0)
}

/// A day, if it has rows under no seal, some of which are shown.
pub(super) fn open_day(
    day: Day,
    held: &DayState,
    index: &HiddenIndex,
    policy: &SealPolicy,
) -> Option<OpenDay> {
    // Rows that were all hidden before they were sealed are somewhere else now.
    let shows = |it: &SegmentRef| !index.in_segment(&it.meta, it.seq).covers_file(&it.meta);
    unsealed(held).any(shows).then(|| OpenDay {
        day,
        number: held.seals.len() as u32,
        rows: unsealed(held).map(|segment| segment.meta.rows).sum(),
        files: unsealed(held).count() as u64,
        bytes: unsealed(held).map(|segment| segment.meta.bytes).sum(),
        due_us: policy.due_us(day),
    })
}

/// Says which days are due at this time.
pub fn plan(state: &State, policy: &SealPolicy, now_us: Micros) -> SealPlan {
    let index = HiddenIndex::new(state);
    let days = state.days.iter();
    let open = days.filter_map(|(day, held)| open_day(*day, held, &index, policy));
    let is_due = |open: &OpenDay| {
        open.due_us <= now_us || policy.before.is_some_and(|before| open.day < before)
    };
    let (due, waiting) = open.partition(is_due);
    SealPlan { due, waiting }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::DAY_US;
    use crate::segment::{FileMeta, SourceRange};
    use crate::store::Hidden;

    fn segment(line: i64, rows: u64, seal: Option<u64>) -> SegmentRef {
        let range =
            SourceRange { source_id: 1, first_line: line, last_line: line + rows as i64 - 1, rows };
        let meta = FileMeta {
            path: format!("{line}"),
            bytes: 10 * rows,
            sha256: crate::Digest::default(),
            tail: 0,
            root: crate::Digest::default(),
            rows,
            min_ts: 0,
            max_ts: 0,
            sources: vec![range],
            stats: crate::segment::Stats::default(),
        };
        SegmentRef { meta: Arc::new(meta), seq: 5, seal }
    }

    fn state(days: &[(i32, Vec<SegmentRef>)]) -> State {
        let day = |segments: &[SegmentRef]| DayState {
            segments: segments.to_vec(),
            ..DayState::default()
        };
        let days = days.iter().map(|(number, segments)| (Day(*number), day(segments)));
        State { days: days.collect(), ..State::default() }
    }

    const POLICY: SealPolicy = SealPolicy { grace_hours: 48, before: None };

    fn due(state: &State, policy: &SealPolicy, now_us: Micros) -> Vec<i32> {
        plan(state, policy, now_us).due.iter().map(|open| open.day.0).collect()
    }

    #[test]
    fn a_day_is_due_when_its_grace_is_over_or_when_it_is_asked_for() {
        let state = state(&[
            (10, vec![segment(1, 3, None)]),
            (11, vec![segment(4, 3, None), segment(7, 2, None)]),
            (12, vec![segment(9, 1, None)]),
        ]);
        let end = Day(10).end();
        assert!(due(&state, &POLICY, end + 2 * DAY_US - 1).is_empty());
        assert_eq!(due(&state, &POLICY, end + 2 * DAY_US), [10]);
        assert_eq!(due(&state, &SealPolicy { grace_hours: 0, ..POLICY }, end), [10]);
        let before = SealPolicy { before: Some(Day(12)), ..POLICY };
        assert_eq!(due(&state, &before, 0), [10, 11]);
        let plan = plan(&state, &before, 0);
        let second = &plan.due[1];
        assert_eq!((second.number, second.rows, second.files, second.bytes), (0, 5, 2, 50));
        assert_eq!(plan.waiting.len(), 1);
        assert_eq!(plan.waiting[0].due_us, Day(12).end() + 2 * DAY_US);
    }

    #[test]
    fn what_is_sealed_empty_or_hidden_is_not_due() {
        let mut state = state(&[
            (1, vec![segment(1, 3, Some(9))]),
            (2, vec![segment(4, 0, None)]),
            (3, vec![segment(10, 5, None)]),
            (4, vec![segment(20, 5, Some(9)), segment(25, 1, None)]),
        ]);
        let hide = |first, last| Hidden { source_id: 1, first, last, before_seq: 6, rows: true };
        state.hidden = vec![hide(10, 14)];
        assert_eq!(due(&state, &POLICY, i64::MAX), [4]);
        // One row that is shown is enough, and then all are sealed.
        state.hidden = vec![hide(10, 13)];
        assert_eq!(due(&state, &POLICY, i64::MAX), [3, 4]);
        assert_eq!(plan(&state, &POLICY, i64::MAX).due[0].rows, 5);
    }
}
