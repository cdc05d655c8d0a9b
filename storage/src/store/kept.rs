//! What does the ledger say beside the rows: seals, holds, what is retired, archived, restored or redacted?

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::state::{DayState, Hidden, LinesRef, State};
use crate::clock::Micros;
use crate::day::Day;
use crate::digest::Digest;
use crate::ledger::record::{NamedFile, Seal, SealSalts, TableFile, form};
use crate::ledger::text::Text;
use crate::segment::FileMeta;

/// A seal, with the number and time of its record. Its salts are the newest ones; statistics stay in the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// When it was sealed.
    #[serde(with = "form::int")]
    pub at: Micros,
    /// What the record says.
    pub seal: Seal,
    /// Number of the record.
    #[serde(with = "form::int")]
    pub seq: u64,
}

/// What a receipt of retention says of one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetiredDay {
    /// When.
    #[serde(with = "form::int")]
    pub at: Micros,
    /// Bytes of its files.
    #[serde(with = "form::int")]
    pub bytes: u64,
    /// Number of the record, which keeps the digests of the files.
    #[serde(with = "form::int")]
    pub seq: u64,
    /// Rows that were shown, by source.
    #[serde(with = "form::rows")]
    pub sources: Vec<(i32, u64)>,
    /// The seals that stood over the day.
    pub seals: Vec<Sealed>,
    /// The rule.
    pub why: String,
}

/// A hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldState {
    /// When it was placed.
    #[serde(with = "form::int")]
    pub at: Micros,
    /// First and last day of each range.
    pub days: Vec<(Day, Day)>,
    /// Its number.
    #[serde(with = "form::int")]
    pub id: u64,
    /// Whether a query says which days; how many records the ledger had when it was last asked.
    #[serde(with = "form::opt_int")]
    pub query_at: Option<u64>,
    /// When it was released.
    #[serde(with = "form::opt_int")]
    pub released: Option<Micros>,
    /// Number of the record that placed it.
    #[serde(default, with = "form::int")]
    pub seq: u64,
    /// When it ends by itself.
    #[serde(with = "form::opt_int")]
    pub until: Option<Micros>,
    /// Reason (`reason`), case (`case`), person (`by`), query (`where`).
    pub words: Text,
}

impl HoldState {
    /// Whether it holds anything at this time.
    pub fn is_active(&self, now_us: Micros) -> bool {
        self.released.is_none() && self.until.is_none_or(|until| now_us < until)
    }

    /// Whether it names this day.
    pub fn covers(&self, day: Day) -> bool {
        self.days.iter().any(|(first, last)| (*first..=*last).contains(&day))
    }
}

/// What an archive target holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveState {
    /// Its days.
    pub days: BTreeMap<Day, ArchivedDay>,
    /// Its URL.
    pub url: String,
}

/// A day in an archive target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedDay {
    /// When it was written and read back.
    #[serde(with = "form::int")]
    pub at: Micros,
    /// Bytes of its objects.
    #[serde(with = "form::int")]
    pub bytes: u64,
    /// SHA-256 of its manifest.
    pub manifest: Digest,
    /// How many records the ledger had when it was packed.
    #[serde(with = "form::int")]
    pub packed_at: u64,
    /// Its rows.
    #[serde(with = "form::int")]
    pub rows: u64,
}

/// A restored set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restored {
    /// Its name.
    pub name: String,
    /// When it was restored.
    pub at: Micros,
    /// Number of the record.
    pub seq: u64,
    /// When it may be dropped.
    pub until: Option<Micros>,
    /// The id of the store that it comes from.
    pub origin: String,
    /// The key line of that store.
    pub key: String,
    /// Its days; paths are those in this store, numbers of records those of the origin.
    pub days: BTreeMap<Day, DayState>,
    /// Files of lines that are no rows.
    pub lines: Vec<LinesRef>,
    /// Lines that are not shown.
    pub hidden: Vec<Hidden>,
    /// Rows that are shown, by source.
    pub sources: Vec<(i32, u64)>,
    /// What is known of its sources.
    pub sources_file: Option<NamedFile>,
    /// Salts of its seals.
    pub salts: Vec<SealSalts>,
}

impl Restored {
    /// Its data files.
    pub fn files(&self) -> impl Iterator<Item = &FileMeta> {
        let segments = self.days.values().flat_map(|day| &day.segments);
        let lines = self.lines.iter().map(|lines| &*lines.meta);
        segments.map(|segment| &*segment.meta).chain(lines)
    }

    /// Its other files.
    pub fn side_files(&self) -> impl Iterator<Item = &NamedFile> {
        self.sources_file.iter().chain(self.salts.iter().map(|salts| &salts.file))
    }

    /// The set as a state of its own, for everything that reads the rows of a state. Its sources are not in it.
    pub fn as_state(&self) -> State {
        State {
            store_id: self.origin.clone(),
            days: self.days.clone(),
            lines: self.lines.clone(),
            hidden: self.hidden.clone(),
            ..State::default()
        }
    }
}

/// A table beside the rows, with the number and time of its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptTable {
    /// When it was written.
    pub at: Micros,
    /// Number of the record.
    pub seq: u64,
    /// What the record says.
    pub table: TableFile,
}

/// Lines of a source that were redacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redacted {
    /// The source.
    pub source_id: i32,
    /// The first line.
    pub first: i64,
    /// The last line.
    pub last: i64,
    /// Number of the record.
    pub seq: u64,
}

impl State {
    /// The tables of this name, by day and name.
    pub fn tables<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a KeptTable> {
        let kept = self.tables.values().map(|kept| &**kept);
        kept.filter(move |kept| kept.table.key.table == table)
    }

    /// Whether a table that was made of the rows of a day still says what they say.
    pub fn is_current(&self, kept: &KeptTable) -> bool {
        let day = kept.table.key.day.and_then(|day| self.days.get(&day));
        day.is_some_and(|day| day.changed <= kept.table.basis)
    }

    /// Whether this line of a source was redacted.
    pub fn is_redacted(&self, source_id: i32, line_no: i64) -> bool {
        self.redacted
            .iter()
            .any(|it| it.source_id == source_id && (it.first..=it.last).contains(&line_no))
    }

    /// The seal whose record has this number, of a day that is there or retired.
    pub fn seal(&self, seq: u64) -> Option<&Sealed> {
        let live = self.days.values().flat_map(|day| &day.seals).map(|sealed| &**sealed);
        let retired = self.retired.values().flatten().flat_map(|day| &day.seals);
        live.chain(retired).find(|sealed| sealed.seq == seq)
    }
}

/// Seals share their memory between versions of the state.
pub(super) fn shared(sealed: Vec<Sealed>) -> Vec<Arc<Sealed>> {
    sealed.into_iter().map(Arc::new).collect()
}
