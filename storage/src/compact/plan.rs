//! Which days gain by being put together? Those with more small files than needed, with hidden lines to drop, or with rows
//! that were never sorted.
//!
//! Only files of one day and of one seal (or of none) are put together. A file that is large enough is left as it is, and
//! what compaction has written counts as sorted: a day that nothing was added to is not due again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::apart::Apart;
use crate::clock::Micros;
use crate::day::Day;
use crate::hold;
use crate::ledger::record::Table;
use crate::merge::{FileKind, MergeFile};
use crate::retention::{self, Terms};
use crate::segment::FileMeta;
use crate::store::{HiddenIndex, HiddenLines, State};

/// The letter before the number of a file in the names of what compaction writes.
pub(super) const SORTED: &str = "c";

/// Microseconds of a day.
const DAY_US: Micros = 86_400_000_000;

/// When files are put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// A file ends when it has so many rows. Files with half as many are never touched for their size.
    pub file_rows: u64,
    /// The same in bytes.
    pub file_bytes: u64,
    /// A file of so many rows is written anew only to sort it.
    pub sort_rows: u64,
    /// Sources whose rows are kept for different times don't come into one file, so that each can be removed in its time.
    pub retention: Option<Arc<retention::Policy>>,
}

impl Default for Policy {
    fn default() -> Self {
        // A file of four million rows takes 100 to 200 MB and 16 row groups: enough for every core of a query, and small
        // enough to be copied to an archive as one object. Below some thousand rows order gains nothing.
        Self { file_rows: 4_000_000, file_bytes: 512 << 20, sort_rows: 20_000, retention: None }
    }
}

/// What is to be done.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// What is put together, in the order of days.
    pub groups: Vec<Group>,
    /// Files that would be due, but must stay.
    pub kept: Vec<Kept>,
}

/// Files of one day and one seal that are put together.
#[derive(Debug, Clone)]
pub struct Group {
    /// Rows, or lines that are none.
    pub table: Table,
    /// The day: of the rows, or of the ingest.
    pub day: Day,
    /// The seal that all of them stand under.
    pub seal: Option<u64>,
    /// For how long their rows are kept, where the policy tells sources apart by that.
    pub terms: BTreeSet<Terms>,
    /// The files.
    pub inputs: Vec<Input>,
    /// Why.
    pub why: Why,
}

/// A file that is put together with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The file.
    pub meta: Arc<FileMeta>,
    /// Number of the record that brought it.
    pub seq: u64,
    /// Its hidden lines.
    pub hidden: HiddenLines,
}

/// Why files are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// There are more of them than needed.
    Many,
    /// They hold lines that are not shown.
    Hidden,
    /// Their rows lie in the order of their arrival.
    Unsorted,
    /// They take over what the footers say of files that leave without a successor.
    Heir,
}

impl Why {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Many => "many files",
            Self::Hidden => "hidden lines",
            Self::Unsorted => "unsorted",
            Self::Heir => "heir",
        }
    }
}

/// A file that stays though it holds hidden lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its day.
    pub day: Day,
    /// Its path.
    pub path: String,
    /// Why.
    pub why: &'static str,
}

impl Group {
    /// What its files hold.
    pub fn kind(&self) -> FileKind {
        match self.table {
            Table::Requests => FileKind::Rows,
            Table::Lines => FileKind::Lines,
        }
    }

    /// Whether some lines of its files may be hidden.
    pub fn has_hidden(&self) -> bool {
        self.inputs.iter().any(|input| !input.hidden.is_empty())
    }

    /// Whether nothing of its files is shown.
    pub fn is_hollow(&self) -> bool {
        self.inputs.iter().all(|input| input.hidden.covers_file(&input.meta))
    }

    /// What stands for it from one version to the next.
    pub(super) fn key(&self) -> GroupKey {
        (self.table, self.day, self.seal, self.terms.clone())
    }

    /// Whether both have lines of one source.
    pub(super) fn shares_a_source(&self, other: &Self) -> bool {
        let ids = |group: &Self| -> BTreeSet<i32> {
            let ranges = group.inputs.iter().flat_map(|input| &input.meta.sources);
            ranges.map(|range| range.source_id).collect()
        };
        !ids(self).is_disjoint(&ids(other))
    }

    /// Bytes of its files.
    pub fn bytes(&self) -> u64 {
        self.inputs.iter().map(|input| input.meta.bytes).sum()
    }

    /// Its files, without their hidden lines.
    pub(super) fn merge_files(&self) -> Vec<MergeFile> {
        let file = |input: &Input| MergeFile {
            meta: Arc::clone(&input.meta),
            kind: self.kind(),
            hidden: input.hidden.clone(),
        };
        self.inputs.iter().map(file).collect()
    }
}

/// Files of one day and one seal, each with the reason why it must stay, if there is one.
type Files = Vec<(Input, Option<&'static str>)>;

/// Says what is to be done, from a version of the store alone.
pub fn plan(state: &State, policy: &Policy, now_us: Micros) -> Plan {
    let index = HiddenIndex::new(state);
    let held = Held::new(state, now_us);
    let apart = Apart::new(state, policy);
    let mut plan = Plan::default();
    for (&day, of_day) in &state.days {
        let mut groups: BTreeMap<(Option<u64>, BTreeSet<Terms>), Files> = BTreeMap::new();
        let apart = apart.of(of_day.segments.iter().map(|segment| &*segment.meta));
        let is_held = held.day(day, of_day.changed);
        for segment in &of_day.segments {
            let hidden = index.in_segment(&segment.meta, segment.seq);
            let stays = (is_held && !hidden.is_empty()).then_some(HELD);
            let input = Input { meta: Arc::clone(&segment.meta), seq: segment.seq, hidden };
            let key = (segment.seal, apart.terms(&segment.meta));
            groups.entry(key).or_default().push((input, stays));
        }
        let closed = i64::from(day.0 + 1).saturating_mul(DAY_US) <= now_us;
        for ((seal, terms), files) in groups {
            plan.add((Table::Requests, day, seal, terms), files, policy, closed);
        }
    }
    let mut by_day: BTreeMap<(Day, BTreeSet<Terms>), Files> = BTreeMap::new();
    let apart = apart.of(state.lines.iter().map(|lines| &*lines.meta));
    for lines in &state.lines {
        let hidden = index.in_lines(&lines.meta, lines.seq);
        let stays = (!hidden.is_empty() && held.lines(&lines.meta)).then_some(HELD);
        let input = Input { meta: Arc::clone(&lines.meta), seq: lines.seq, hidden };
        by_day.entry((lines.day, apart.terms(&lines.meta))).or_default().push((input, stays));
    }
    for ((day, terms), files) in by_day {
        plan.add((Table::Lines, day, None, terms), files, policy, false);
    }
    plan
}

const HELD: &str = "held: its hidden lines must stay";
pub(super) const SEALED: &str = "sealed, and none of its lines is shown any more";
pub(super) const LAST: &str =
    "nothing of it is shown, and no other file could keep what its footer says";

impl Plan {
    fn add(
        &mut self,
        (table, day, seal, terms): GroupKey,
        files: Files,
        policy: &Policy,
        closed: bool,
    ) {
        let mut inputs = Vec::with_capacity(files.len());
        let mut stay: BTreeSet<String> = BTreeSet::new();
        for (input, why) in files {
            let Some(why) = why else {
                inputs.push(input);
                continue;
            };
            stay.extend(transaction(&input.meta).map(str::to_owned));
            self.kept.push(Kept { day, path: input.meta.path.clone(), why });
        }
        // Files that were written as one stay as one: their footers name the same origins.
        let alone = Siblings::new(&inputs);
        inputs.retain(|input| transaction(&input.meta).is_none_or(|tx| !stay.contains(tx)));
        let hides = |input: &Input| !input.hidden.is_empty();
        let small = |input: &Input| {
            let meta = &input.meta;
            let small = meta.rows < policy.file_rows / 2 && meta.bytes < policy.file_bytes / 2;
            small && alone.has(meta)
        };
        let unsorted = |input: &Input| {
            let rows = table == Table::Requests && input.meta.rows >= policy.sort_rows;
            rows && closed && transaction(&input.meta).is_none()
        };
        let many = inputs.iter().filter(|input| small(input)).count() > 1;
        let why = if inputs.iter().any(hides) {
            Why::Hidden
        } else if many {
            Why::Many
        } else if inputs.iter().any(unsorted) {
            Why::Unsorted
        } else {
            return;
        };
        let due = |input: &Input| hides(input) || unsorted(input) || (many && small(input));
        let first = inputs.iter().filter(|input| due(input));
        let together: BTreeSet<String> =
            first.filter_map(|input| transaction(&input.meta)).map(str::to_owned).collect();
        let due = |input: &Input| {
            due(input) || transaction(&input.meta).is_some_and(|tx| together.contains(tx))
        };
        let (inputs, left): (Vec<_>, Vec<_>) = inputs.into_iter().partition(due);
        let group = Group { table, day, seal, terms, inputs, why };
        // A seal stands over a day that has files; without any, nothing would lead to it.
        if seal.is_some() && left.is_empty() && stay.is_empty() && group.is_hollow() {
            let kept = |input: &Input| Kept { day, path: input.meta.path.clone(), why: SEALED };
            self.kept.extend(group.inputs.iter().map(kept));
            return;
        }
        self.groups.push(group);
    }
}

/// What stands for a group from one version to the next.
pub(super) type GroupKey = (Table, Day, Option<u64>, BTreeSet<Terms>);

/// How many files of each compaction there are.
struct Siblings(BTreeMap<String, usize>);

impl Siblings {
    fn new(inputs: &[Input]) -> Self {
        let mut count: BTreeMap<String, usize> = BTreeMap::new();
        for tx in inputs.iter().filter_map(|input| transaction(&input.meta)) {
            *count.entry(tx.to_owned()).or_default() += 1;
        }
        Self(count)
    }

    /// Whether the compaction that wrote this file, if one did, wrote no other.
    fn has(&self, meta: &FileMeta) -> bool {
        transaction(meta).is_none_or(|tx| self.0.get(tx).is_none_or(|count| *count < 2))
    }
}

/// The smallest file that could keep what the footers of a group say of which nothing is shown: one that has lines of the
/// same source if there is one, for they go the same ways.
pub(super) fn heir(state: &State, hollow: &Group) -> Option<Group> {
    let index = HiddenIndex::new(state);
    let segments = state.segments().map(|(day, segment)| {
        let hidden = index.in_segment(&segment.meta, segment.seq);
        let input = Input { meta: Arc::clone(&segment.meta), seq: segment.seq, hidden };
        Group {
            table: Table::Requests,
            day,
            seal: segment.seal,
            terms: BTreeSet::new(),
            inputs: vec![input],
            why: Why::Heir,
        }
    });
    let lines = state.lines.iter().map(|lines| {
        let hidden = index.in_lines(&lines.meta, lines.seq);
        let input = Input { meta: Arc::clone(&lines.meta), seq: lines.seq, hidden };
        let inputs = vec![input];
        let terms = BTreeSet::new();
        Group { table: Table::Lines, day: lines.day, seal: None, terms, inputs, why: Why::Heir }
    });
    let all: Vec<Group> = segments.chain(lines).filter(|group| !group.has_hidden()).collect();
    let inputs: Vec<Input> = all.iter().flat_map(|group| group.inputs.clone()).collect();
    let alone = Siblings::new(&inputs);
    let fit = all.into_iter().filter(|group| group.inputs.iter().all(|it| alone.has(&it.meta)));
    fit.min_by_key(|group| (!group.shares_a_source(hollow), group.bytes()))
}

/// The transaction of the compaction that wrote a file, if one did: its name says so.
pub(super) fn transaction(meta: &FileMeta) -> Option<&str> {
    let (tx, number) = meta.path.strip_suffix(".parquet")?.rsplit_once('-')?;
    number.starts_with(SORTED).then_some(tx)
}

/// What must not lose a line.
pub(super) struct Held<'a> {
    state: &'a State,
    now_us: Micros,
    /// Sources with rows on days that are held.
    sources: BTreeSet<i32>,
}

impl<'a> Held<'a> {
    pub(super) fn new(state: &'a State, now_us: Micros) -> Self {
        let mut held = Self { state, now_us, sources: BTreeSet::new() };
        for (&day, held_day) in &state.days {
            if held.day(day, held_day.changed) {
                let segments = held_day.segments.iter();
                let ranges = segments.flat_map(|segment| &segment.meta.sources);
                held.sources.extend(ranges.map(|range| range.source_id));
            }
        }
        held
    }

    /// Whether a day is held; one that has changed since a query was asked which days it holds counts as held.
    pub(super) fn day(&self, day: Day, changed: u64) -> bool {
        hold::active(self.state, self.now_us).any(|hold| {
            hold.covers(day) || hold.query_at.is_some_and(|asked_at| changed > asked_at)
        })
    }

    /// Whether a file of lines has some of a source with rows on a held day.
    pub(super) fn lines(&self, meta: &FileMeta) -> bool {
        meta.sources.iter().any(|range| self.sources.contains(&range.source_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::segment::SourceRange;
    use crate::store::{DayState, Hidden, HoldState, LinesRef, SegmentRef};

    const DAY: Day = Day(20_000);
    const LATER: Micros = 20_001 * DAY_US;

    fn meta(name: &str, source_id: i32, rows: u64) -> Arc<FileMeta> {
        Arc::new(FileMeta {
            path: format!("requests/{}/{name}.parquet", DAY.folder()),
            bytes: rows * 10,
            sha256: Digest::default(),
            tail: 0,
            root: Digest::default(),
            rows,
            min_ts: 0,
            max_ts: 0,
            sources: vec![SourceRange { source_id, first_line: 1, last_line: rows as i64, rows }],
            stats: Default::default(),
        })
    }

    /// A day of files: name, rows, seal; each of a source of its own.
    fn day(files: &[(&str, u64, Option<u64>)]) -> State {
        let segment = |(at, (name, rows, seal)): (usize, &(&str, u64, Option<u64>))| SegmentRef {
            meta: meta(name, at as i32, *rows),
            seq: at as u64 + 2,
            seal: *seal,
        };
        let segments = files.iter().enumerate().map(segment).collect();
        let mut state = State::default();
        state.days.insert(DAY, DayState { segments, ..DayState::default() });
        state
    }

    fn hide(state: &mut State, source_id: i32, first: i64, last: i64) {
        state.hidden.push(Hidden { source_id, first, last, before_seq: 99, rows: true });
    }

    /// What is due: why, seal, names of files.
    fn due(state: &State, now_us: Micros) -> Vec<(Why, Option<u64>, Vec<String>)> {
        let plan = plan(state, &Policy::default(), now_us);
        let name = |input: &Input| {
            let name = input.meta.path.rsplit('/').next().unwrap();
            name.trim_end_matches(".parquet").to_owned()
        };
        let group = |group: &Group| {
            (group.why, group.seal, group.inputs.iter().map(name).collect::<Vec<_>>())
        };
        plan.groups.iter().map(group).collect()
    }

    #[test]
    fn small_files_of_one_seal_go_together() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let big = 3_000_000;
        let files = [
            ("1-a-00", 5, None),
            ("2-a-00", 5, Some(7)),
            ("3-a-00", 9, None),
            ("4-a-c00", big, None),
            ("5-a-00", 9, Some(7)),
            ("6-a-c00", 30, None),
        ];
        assert_eq!(
            due(&day(&files), LATER),
            [
                (Why::Many, None, names(&["1-a-00", "3-a-00", "6-a-c00"])),
                (Why::Many, Some(7), names(&["2-a-00", "5-a-00"])),
            ]
        );
        assert_eq!(due(&day(&files[..2]), LATER), []);
        // What was written as one stays as one, and is no reason for anything.
        let siblings = [("4-a-c00", big, None), ("4-a-c01", 30, None), ("7-a-00", 9, None)];
        assert_eq!(due(&day(&siblings), LATER), []);
        let mut state = day(&siblings);
        hide(&mut state, 1, 3, 3);
        assert_eq!(due(&state, 0), [(Why::Hidden, None, names(&["4-a-c00", "4-a-c01"]))]);
    }

    #[test]
    fn rows_are_sorted_once_their_day_is_over() {
        let fresh = day(&[("1-a-00", 50_000, None)]);
        assert_eq!(due(&fresh, LATER - 1), []);
        assert_eq!(due(&fresh, LATER), [(Why::Unsorted, None, vec!["1-a-00".to_owned()])]);
        assert_eq!(due(&day(&[("1-a-00", 500, None)]), LATER), []);
        assert_eq!(due(&day(&[("1-a-c00", 50_000, None)]), LATER), []);
    }

    #[test]
    fn held_days_keep_their_hidden_lines() {
        let mut state = day(&[("1-a-00", 5, None), ("2-a-00", 5, None), ("3-a-00", 5, None)]);
        hide(&mut state, 1, 2, 2);
        let held = HoldState {
            at: 0,
            days: vec![(DAY, DAY)],
            id: 1,
            query_at: None,
            released: None,
            seq: 1,
            until: Some(LATER + 5),
            words: Default::default(),
        };
        state.holds.insert(1, Arc::new(held.clone()));
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(due(&state, LATER), [(Why::Many, None, names(&["1-a-00", "3-a-00"]))]);
        assert_eq!(plan(&state, &Policy::default(), LATER).kept.len(), 1);
        let all = (Why::Hidden, None, names(&["1-a-00", "2-a-00", "3-a-00"]));
        assert_eq!(due(&state, LATER + 5), [all]);
        // A query that was asked before the day changed may hold it.
        let asked = HoldState { days: Vec::new(), query_at: Some(10), until: None, ..held };
        state.holds.insert(1, Arc::new(asked));
        assert_eq!(plan(&state, &Policy::default(), LATER).kept, []);
        state.days.get_mut(&DAY).unwrap().changed = 11;
        assert_eq!(plan(&state, &Policy::default(), LATER).kept.len(), 1);
    }

    #[test]
    fn what_shows_nothing_needs_an_heir() {
        let mut state =
            day(&[("1-a-00", 5, None), ("2-a-c00", 3_000_000, None), ("3-a-00", 9, Some(7))]);
        hide(&mut state, 0, 1, 5);
        state.lines.push(LinesRef { meta: meta("x-00", 0, 4_000_000), day: DAY, seq: 120 });
        let plan = plan(&state, &Policy::default(), 0);
        let [group] = &plan.groups[..] else { panic!("{plan:?}") };
        assert!(group.is_hollow() && group.inputs.len() == 1);
        // The file of lines is of the same source, though it is larger.
        let heir = heir(&state, group).unwrap();
        assert_eq!((heir.table, heir.why), (Table::Lines, Why::Heir));
        hide(&mut state, 2, 1, 9);
        let plan = super::plan(&state, &Policy::default(), 0);
        assert_eq!((plan.groups.len(), plan.kept[0].why), (1, SEALED));
    }
}
