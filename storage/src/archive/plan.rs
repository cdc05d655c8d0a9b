//! Which days are due in an archive, and what does the package of each hold?

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::index::IndexedDay;
use super::manifest::Contents;
use crate::clock::Micros;
use crate::day::Day;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::record::RestoredFile;
use crate::ledger::text::Text;
use crate::segment::FileMeta;
use crate::store::{DayState, Hidden, HoldState, LinesRef, SegmentRef, Source, SourceFacts, State};

/// What a run has to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Sealed days that the archive does not hold as they are now.
    pub due: Vec<Day>,
    /// How many days it holds as they are now.
    pub current: u64,
    /// Days with rows that stand under no seal yet.
    pub unsealed: Vec<Day>,
}

/// What is due at the target of this digest, whose index holds `indexed`.
pub fn plan(state: &State, target: &Digest, indexed: &BTreeMap<Day, IndexedDay>) -> Plan {
    let archived = state.archives.get(target);
    let mut plan = Plan::default();
    for (day, held) in &state.days {
        if held.segments.is_empty() {
            continue;
        }
        if held.segments.iter().any(|segment| segment.seal.is_none()) {
            plan.unsealed.push(*day);
            continue;
        }
        let known = archived.and_then(|archive| archive.days.get(day));
        let is_current = known.is_some_and(|known| {
            let there = indexed.get(day).is_some_and(|there| there.manifest == known.manifest);
            there && known.packed_at >= held.changed
        });
        if is_current { plan.current += 1 } else { plan.due.push(*day) }
    }
    plan
}

/// Every day whose rows all stand under a seal.
pub(super) fn sealed_days(state: &State) -> Vec<Day> {
    let is_sealed = |held: &DayState| {
        !held.segments.is_empty() && held.segments.iter().all(|segment| segment.seal.is_some())
    };
    state.days.iter().filter(|(_, held)| is_sealed(held)).map(|(day, _)| *day).collect()
}

/// The files of lines by source, so that each day need not look at all of them.
pub(super) fn lines_by_source(state: &State) -> BTreeMap<i32, Vec<&LinesRef>> {
    let mut by_source: BTreeMap<i32, Vec<&LinesRef>> = BTreeMap::new();
    for lines in &state.lines {
        for range in &lines.meta.sources {
            by_source.entry(range.source_id).or_default().push(lines);
        }
    }
    by_source
}

/// What the package of a day holds, by this version of the store, but for files that are not in the ledger. That of an
/// encrypted store must not say the paths of its sources.
pub(super) fn contents(
    state: &State,
    day: Day,
    lines_by_source: &BTreeMap<i32, Vec<&LinesRef>>,
    is_encrypted: bool,
) -> Result<Contents> {
    let held = state
        .days
        .get(&day)
        .ok_or_else(|| Error::new(ErrorKind::Internal, format!("{day} has no rows")))?;
    let segments: Vec<RestoredFile> = held.segments.iter().map(segment).collect();
    let ids: BTreeSet<i32> =
        segments.iter().flat_map(|it| it.file.sources.iter().map(|it| it.source_id)).collect();
    let mut lines = BTreeMap::new();
    for file in ids.iter().filter_map(|id| lines_by_source.get(id)).flatten() {
        lines.insert(file.meta.path.as_str(), *file);
    }
    let lines: Vec<RestoredFile> = lines.into_values().map(of_lines).collect();
    let sources = ids.iter().map(|id| {
        let lost = || Error::new(ErrorKind::Internal, format!("no source {id}"));
        let source = state.sources.get(id).ok_or_else(lost)?;
        if !is_encrypted {
            return SourceFacts::of(source);
        }
        SourceFacts::of(&Source { path: PathBuf::new(), ..Source::clone(source) })
    });
    Ok(Contents {
        day,
        files: Vec::new(),
        hidden: hidden(state, &ids, segments.iter().chain(&lines)),
        rows: segments.iter().map(|file| file.file.rows).sum(),
        seals: seals(held),
        sources: sources.collect::<Result<_>>()?,
        store: state.store_id.clone(),
        lines,
        segments,
    })
}

fn segment(segment: &SegmentRef) -> RestoredFile {
    RestoredFile { file: FileMeta::clone(&segment.meta), seal: segment.seal, seq: segment.seq }
}

fn of_lines(lines: &LinesRef) -> RestoredFile {
    RestoredFile { file: FileMeta::clone(&lines.meta), seal: None, seq: lines.seq }
}

fn seals(held: &DayState) -> Vec<crate::store::Sealed> {
    held.seals.iter().map(|sealed| (**sealed).clone()).collect()
}

/// The hidden lines that lie in one of the files.
fn hidden<'a>(
    state: &State,
    ids: &BTreeSet<i32>,
    files: impl Iterator<Item = &'a RestoredFile>,
) -> Vec<Hidden> {
    let mut ranges: BTreeMap<i32, Vec<(i64, i64, u64)>> = BTreeMap::new();
    for file in files {
        for range in file.file.sources.iter().filter(|range| ids.contains(&range.source_id)) {
            let of_source = ranges.entry(range.source_id).or_default();
            of_source.push((range.first_line, range.last_line, file.seq));
        }
    }
    let touches = |hidden: &&Hidden| {
        ranges.get(&hidden.source_id).is_some_and(|ranges| {
            ranges.iter().any(|(first, last, seq)| {
                *first <= hidden.last && *last >= hidden.first && *seq < hidden.before_seq
            })
        })
    };
    state.hidden.iter().filter(touches).copied().collect()
}

/// The holds over a day at this time; without their words, if the store is encrypted.
pub(super) fn holds(state: &State, day: Day, now_us: Micros, is_encrypted: bool) -> Vec<HoldState> {
    let over = |hold: &&Arc<HoldState>| hold.is_active(now_us) && hold.covers(day);
    let shown = |hold: &Arc<HoldState>| {
        let words = if is_encrypted { Text::default() } else { hold.words.clone() };
        HoldState { words, ..HoldState::clone(hold) }
    };
    state.holds.values().filter(over).map(shown).collect()
}
