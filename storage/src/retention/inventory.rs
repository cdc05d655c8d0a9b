//! What is there that could go? The live files by day, with what a plan must know of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::policy::{Policy, Terms};
use crate::clock::Micros;
use crate::day::Day;
use crate::hold;
use crate::segment::FileMeta;
use crate::store::{DayState, State};

/// What a state does not say and a plan may need.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Rows that are shown, by source, of the segments with hidden lines; others show all their rows.
    pub shown: BTreeMap<String, Vec<(i32, u64)>>,
    /// Free bytes on the disk of the store, where they are known.
    pub free_bytes: Option<u64>,
    /// Bytes in the trash, which are as good as free.
    pub trash_bytes: u64,
    /// Days of which the archive copy was found bad since it was written.
    pub bad_copies: BTreeSet<Day>,
}

/// A segment.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The file.
    pub file: Arc<FileMeta>,
    /// Its rows that are shown, by source.
    pub rows: Vec<(i32, u64)>,
}

/// What a plan knows of a day.
#[derive(Debug, Clone, Default)]
pub struct DayFacts {
    /// Its segments.
    pub pieces: Vec<Piece>,
    /// When it last got rows by an ingest.
    pub ingested_us: Micros,
    /// The holds over it.
    pub holds: Vec<u64>,
    /// Whether an archive holds all that is there of it now.
    pub archived: bool,
}

/// A file of lines that are no rows.
#[derive(Debug, Clone)]
pub struct LinesFacts {
    /// The file.
    pub file: Arc<FileMeta>,
    /// The day of its ingest.
    pub day: Day,
    /// The holds over that day.
    pub holds: Vec<u64>,
}

/// Everything a plan is made from.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// Days with rows.
    pub days: BTreeMap<Day, DayFacts>,
    /// Files of lines.
    pub lines: Vec<LinesFacts>,
    /// How long the rows of each source are kept, and whether it ever had rows.
    pub sources: BTreeMap<i32, (Terms, bool)>,
    /// Free bytes on the disk of the store, and bytes in the trash.
    pub free_bytes: Option<u64>,
    /// Bytes in the trash.
    pub trash_bytes: u64,
}

impl Inventory {
    /// What a version of a store holds.
    pub fn of(state: &State, policy: &Policy, now: Micros, facts: &Facts) -> Self {
        let days = state.days.iter();
        let days = days.map(|(day, held)| (*day, DayFacts::of(state, *day, held, now, facts)));
        let lines = state.lines.iter().map(|lines| LinesFacts {
            file: Arc::clone(&lines.meta),
            day: lines.day,
            holds: hold::protects(state, lines.day, now),
        });
        let sources = state.sources.iter();
        let sources =
            sources.map(|(id, source)| (*id, (policy.terms(source), source.counts.rows > 0)));
        Self {
            days: days.collect(),
            lines: lines.collect(),
            sources: sources.collect(),
            free_bytes: facts.free_bytes,
            trash_bytes: facts.trash_bytes,
        }
    }

    /// How long the rows of a source are kept.
    pub(super) fn terms(&self, policy: &Policy, source_id: i32) -> Terms {
        self.sources.get(&source_id).map_or_else(|| policy.general_terms(), |(terms, _)| *terms)
    }
}

impl DayFacts {
    fn of(state: &State, day: Day, held: &DayState, now: Micros, facts: &Facts) -> Self {
        let pieces = held.segments.iter().map(|segment| {
            let meta = &segment.meta;
            let all = || meta.sources.iter().map(|range| (range.source_id, range.rows)).collect();
            let rows = facts.shown.get(&meta.path).cloned().unwrap_or_else(all);
            Piece { file: Arc::clone(meta), rows }
        });
        Self {
            pieces: pieces.collect(),
            ingested_us: held.ingested_us,
            holds: hold::protects(state, day, now),
            archived: !facts.bad_copies.contains(&day) && is_archived(state, day, held),
        }
    }
}

/// Whether an archive has all rows that are there now: packed after they last changed, and after they were sealed, for an
/// archive holds sealed rows only.
fn is_archived(state: &State, day: Day, held: &DayState) -> bool {
    let sealed = held.segments.iter().all(|segment| segment.seal.is_some());
    let last_seal = held.seals.iter().map(|sealed| sealed.seq).max().unwrap_or(0);
    let copies = state.archives.values().filter_map(|target| target.days.get(&day));
    sealed && copies.into_iter().any(|copy| copy.packed_at >= held.changed.max(last_seal))
}
