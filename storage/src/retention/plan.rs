//! What goes, and what protects the rest? A pure function of what is there, the policy and the time.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::inventory::{DayFacts, Facts, Inventory, LinesFacts, Piece};
use super::policy::{Cause, Policy, Terms, age};
use crate::clock::Micros;
use crate::day::Day;
use crate::segment::FileMeta;
use crate::store::State;

/// A younger day needs the operator's word, unless the settings themselves let it go.
const YOUNG_DAYS: i64 = 30;

/// What a retain would do.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// When it was made.
    pub now: Micros,
    /// What goes, by day.
    pub retired: BTreeMap<Day, RetiredPart>,
    /// The days of which something stays.
    pub kept: BTreeMap<Day, Kept>,
    /// Files of lines that go.
    pub lines: Vec<LinesGone>,
    /// How many files of lines stay.
    pub lines_kept: u64,
    /// Rows that are shown now, of all days.
    pub live_rows: u64,
    /// Bytes of the live files.
    pub live_bytes: u64,
    /// Bytes that `max_bytes` or `min_free` ask for and that nothing unprotected could give.
    pub short_bytes: u64,
    /// What goes although it is young and the settings would keep it.
    young: Vec<Day>,
    limit_percent: u32,
}

/// What goes of a day.
#[derive(Debug, Clone, Default)]
pub struct RetiredPart {
    /// The segments.
    pub files: Vec<Arc<FileMeta>>,
    /// Their rows that were shown, by source.
    pub rows: BTreeMap<i32, u64>,
    /// Whether nothing of the day stays.
    pub whole: bool,
    /// Why.
    pub causes: BTreeSet<Cause>,
}

/// A day of which something stays.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// How many segments.
    pub files: u64,
    /// Their rows that are shown.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What protects it.
    pub why: BTreeSet<Why>,
    /// When the first of its rows goes if nothing changes; none if they stay for ever.
    pub expires: Option<Day>,
}

/// What protects rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// A hold, by its number.
    Held(u64),
    /// They have expired, but no verified archive has them as they are now.
    NotArchived,
    /// Expired rows that share a file with rows that have not.
    Mixed,
    /// Their date is too young.
    Young,
    /// Rows came in for this day too recently.
    LastIngest,
    /// No policy speaks of them.
    NoPolicy,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held(id) => write!(f, "hold {id}"),
            Self::NotArchived => f.write_str("not archived"),
            Self::Mixed => f.write_str("in a file with rows that stay"),
            Self::Young => f.write_str("too young"),
            Self::LastIngest => f.write_str("last ingest too recent"),
            Self::NoPolicy => f.write_str("no policy"),
        }
    }
}

/// A file of lines that goes.
#[derive(Debug, Clone)]
pub struct LinesGone {
    /// The file.
    pub file: Arc<FileMeta>,
    /// The day of its ingest.
    pub day: Day,
}

/// Plans over a version of a store. Which days are held is a matter of the state; whether queries of holds have been
/// asked again is the caller's ([`crate::hold`]).
pub fn plan(state: &State, policy: &Policy, now: Micros, facts: &Facts) -> Plan {
    plan_over(&Inventory::of(state, policy, now, facts), policy, now)
}

/// Plans over what is there.
pub fn plan_over(inventory: &Inventory, policy: &Policy, now: Micros) -> Plan {
    let mut plan = Plan { now, limit_percent: policy.settings().limit_percent, ..Plan::default() };
    let mut left: BTreeMap<Day, Vec<&Piece>> = BTreeMap::new();
    for (day, facts) in &inventory.days {
        let pieces = plan.by_time(inventory, policy, *day, facts);
        if !pieces.is_empty() {
            left.insert(*day, pieces);
        }
    }
    plan.live_bytes += inventory.lines.iter().map(|lines| lines.file.bytes).sum::<u64>();
    plan.by_space(inventory, policy, &mut left);
    plan.retire_lines(inventory, policy, &left);
    for (day, part) in &mut plan.retired {
        part.whole = !left.contains_key(day);
    }
    for (day, pieces) in &left {
        let kept = plan.kept.entry(*day).or_default();
        kept.files = pieces.len() as u64;
        kept.rows = pieces.iter().map(|piece| piece.shown()).sum();
        kept.bytes = pieces.iter().map(|piece| piece.file.bytes).sum();
    }
    plan.kept.retain(|day, _| left.contains_key(day));
    plan
}

impl Piece {
    fn shown(&self) -> u64 {
        self.rows.iter().map(|(_, rows)| rows).sum()
    }
}

impl DayFacts {
    /// What keeps even expired rows.
    fn protection(&self, policy: &Policy) -> Vec<Why> {
        let mut why: Vec<Why> = self.holds.iter().map(|id| Why::Held(*id)).collect();
        if policy.settings().only_archived && !self.archived {
            why.push(Why::NotArchived);
        }
        why
    }
}

impl Plan {
    /// Retires what has expired of a day; returns what stays.
    fn by_time<'a>(
        &mut self,
        inventory: &Inventory,
        policy: &Policy,
        day: Day,
        facts: &'a DayFacts,
    ) -> Vec<&'a Piece> {
        let protection = facts.protection(policy);
        let mut kept = Kept::default();
        let mut left = Vec::new();
        for piece in &facts.pieces {
            self.live_rows += piece.shown();
            self.live_bytes += piece.file.bytes;
            let sources = piece.file.sources.iter().map(|range| range.source_id);
            let all: Vec<_> = sources.map(|id| inventory.terms(policy, id)).collect();
            let expired = |it: &Terms| it.expired(day, facts.ingested_us, self.now);
            let causes: Vec<Cause> = all.iter().filter_map(expired).collect();
            if causes.len() == all.len() && !all.is_empty() && protection.is_empty() {
                let own = |it: &Terms| it.expired_by_settings(day, facts.ingested_us, self.now);
                if age(day, self.now) < YOUNG_DAYS && !all.iter().all(own) {
                    self.young.push(day);
                }
                self.retire(day, piece, causes);
                continue;
            }
            left.push(piece);
            kept.why.extend(facts.holds.iter().map(|id| Why::Held(*id)));
            if causes.len() == all.len() && !all.is_empty() {
                kept.why.extend(&protection);
                kept.expires = Some(day.max(Day::of(self.now)));
                continue;
            }
            if !causes.is_empty() {
                kept.why.insert(Why::Mixed);
            }
            kept.wait(&all, day, facts.ingested_us, self.now);
        }
        self.kept.insert(day, kept);
        left
    }

    fn retire(&mut self, day: Day, piece: &Piece, causes: impl IntoIterator<Item = Cause>) {
        let part = self.retired.entry(day).or_default();
        part.files.push(Arc::clone(&piece.file));
        for (source_id, rows) in &piece.rows {
            *part.rows.entry(*source_id).or_default() += rows;
        }
        part.causes.extend(causes);
    }

    /// Retires whole days, the oldest first, until budget and free space are kept.
    fn by_space<'a>(
        &mut self,
        inventory: &'a Inventory,
        policy: &Policy,
        left: &mut BTreeMap<Day, Vec<&'a Piece>>,
    ) {
        let settings = policy.settings();
        let mut gone = self.bytes();
        let over = |gone: u64, live: u64| {
            let max =
                settings.max_bytes.map_or(0, |max| live.saturating_sub(gone).saturating_sub(max));
            let free = inventory
                .free_bytes
                .map(|free| free.saturating_add(inventory.trash_bytes).saturating_add(gone));
            let free =
                settings.min_free.zip(free).map_or(0, |(min, free)| min.saturating_sub(free));
            (max, free)
        };
        let days: Vec<Day> = left.keys().copied().collect();
        for day in days {
            let (max, free) = over(gone, self.live_bytes);
            // A day that is not over yet is no old one.
            if (max, free) == (0, 0) || age(day, self.now) < 1 {
                break;
            }
            let Some(facts) = inventory.days.get(&day) else { continue };
            let protection = facts.protection(policy);
            if !protection.is_empty() {
                self.kept.entry(day).or_default().why.extend(protection);
                continue;
            }
            let cause = if max > 0 { Cause::MaxBytes } else { Cause::MinFree };
            for piece in left.remove(&day).unwrap_or_default() {
                gone += piece.file.bytes;
                self.retire(day, piece, [cause]);
            }
            if age(day, self.now) < YOUNG_DAYS && !policy.general_terms().shorter_than(YOUNG_DAYS) {
                self.young.push(day);
            }
        }
        let (max, free) = over(gone, self.live_bytes);
        self.short_bytes = max.max(free);
    }

    /// A file of lines stays while rows of any of its sources do; that of a source which never had rows expires by the
    /// day of its ingest.
    fn retire_lines(
        &mut self,
        inventory: &Inventory,
        policy: &Policy,
        left: &BTreeMap<Day, Vec<&Piece>>,
    ) {
        let ranges = left.values().flatten().flat_map(|piece| &piece.file.sources);
        let live: BTreeSet<i32> = ranges.map(|range| range.source_id).collect();
        let expired = |lines: &LinesFacts, source_id: i32| {
            let (terms, had_rows) = match inventory.sources.get(&source_id) {
                Some((terms, had_rows)) => (*terms, *had_rows),
                None => (policy.general_terms(), false),
            };
            if had_rows {
                return !live.contains(&source_id);
            }
            // Such lines are in no archive, which holds days.
            !policy.settings().only_archived
                && terms.expired(lines.day, lines.day.start(), self.now).is_some()
        };
        let goes = |lines: &LinesFacts| {
            lines.holds.is_empty()
                && lines.file.sources.iter().all(|range| expired(lines, range.source_id))
        };
        let gone = inventory.lines.iter().filter(|lines| goes(lines));
        let gone: Vec<_> =
            gone.map(|it| LinesGone { file: Arc::clone(&it.file), day: it.day }).collect();
        self.lines_kept = (inventory.lines.len() - gone.len()) as u64;
        self.lines = gone;
    }

    /// Whether nothing goes.
    pub fn is_empty(&self) -> bool {
        self.retired.is_empty() && self.lines.is_empty()
    }

    /// Rows that go.
    pub fn rows(&self) -> u64 {
        self.retired.values().map(RetiredPart::shown).sum()
    }

    /// Bytes of the files that go.
    pub fn bytes(&self) -> u64 {
        let segments = self.retired.values().flat_map(|part| &part.files);
        let lines = self.lines.iter().map(|lines| &lines.file);
        segments.chain(lines).map(|file| file.bytes).sum()
    }

    /// Files that go.
    pub fn files(&self) -> u64 {
        let segments: usize = self.retired.values().map(|part| part.files.len()).sum();
        (segments + self.lines.len()) as u64
    }

    /// Why it needs the operator's word: it removes more in one run than a usual night does, or something young.
    pub fn beyond_limits(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        let (rows, live) = (self.rows(), self.live_rows);
        if u128::from(rows) * 100 > u128::from(live) * u128::from(self.limit_percent) {
            reasons.push(format!(
                "{rows} of {live} live rows would go, more than {} % in one run",
                self.limit_percent
            ));
        }
        let mut young = self.young.clone();
        young.sort_unstable();
        young.dedup();
        if let (Some(first), Some(last)) = (young.first(), young.last()) {
            let days = if first == last { first.to_string() } else { format!("{first}..{last}") };
            reasons.push(format!(
                "{days} is less than {YOUNG_DAYS} days old, and dwell.toml alone would keep it"
            ));
        }
        reasons
    }
}

impl RetiredPart {
    /// Rows that go.
    pub fn shown(&self) -> u64 {
        self.rows.values().sum()
    }

    /// Bytes of the segments.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

impl Kept {
    /// Notes what rows with these terms wait for.
    fn wait(&mut self, all: &[Terms], day: Day, ingested_us: Micros, now: Micros) {
        for terms in all {
            if terms.expired(day, ingested_us, now).is_some() {
                continue;
            }
            match terms.expires(day, ingested_us) {
                None => {
                    self.why.insert(Why::NoPolicy);
                }
                Some((on, by_ingest)) => {
                    self.why.insert(if by_ingest { Why::LastIngest } else { Why::Young });
                    self.expires = Some(self.expires.map_or(on, |known| known.min(on)));
                }
            }
        }
    }
}
