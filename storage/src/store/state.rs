//! What does the store hold? The ledger, folded up to one version.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::kept::{ArchiveState, HoldState, KeptTable, Redacted, Restored, RetiredDay, Sealed};
use crate::clock::Micros;
use crate::day::Day;
use crate::digest::Digest;
use crate::extent::{Counts, FileIdentity, LineEnd, SourceState};
use crate::ledger::record::{NamedFile, TableKey};
use crate::privacy::Privacy;
use crate::segment::FileMeta;

/// One version of a store: what the first `version` files of its ledger say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// The store's id.
    pub store_id: String,
    /// How many files of the ledger it stands on: the number of the newest one.
    pub version: u64,
    /// How many records they hold.
    pub records: u64,
    /// The RFC 6962 root over the records.
    pub root: Digest,
    /// Version of the columns that new segments are written with.
    pub schema: u32,
    /// Digest of `dwell.toml` as a writer last saw it.
    pub config: Option<Digest>,
    /// Sources by id.
    pub sources: BTreeMap<i32, Arc<Source>>,
    /// Days with rows.
    pub days: BTreeMap<Day, DayState>,
    /// Files of lines that are no rows.
    pub lines: Vec<LinesRef>,
    /// Lines that must not be shown.
    pub hidden: Vec<Hidden>,
    /// What retention has removed, by day.
    pub retired: BTreeMap<Day, Vec<RetiredDay>>,
    /// Holds by number, also those that have ended.
    pub holds: BTreeMap<u64, Arc<HoldState>>,
    /// Archive targets by the digest of their URL.
    pub archives: BTreeMap<Digest, Arc<ArchiveState>>,
    /// Restored sets by name.
    pub restored: BTreeMap<String, Arc<Restored>>,
    /// Lines that were redacted.
    pub redacted: Vec<Redacted>,
    /// Tables beside the rows.
    pub tables: BTreeMap<TableKey, Arc<KeptTable>>,
    /// When the newest record of each kind was written.
    pub last: BTreeMap<String, Micros>,
}

/// What the store holds of one day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DayState {
    /// Its segments, in the order of their commits.
    pub segments: Vec<SegmentRef>,
    /// Its seals, in the order of their numbers.
    pub seals: Vec<Arc<Sealed>>,
    /// Number of the last record that changed which rows are shown; putting files together does not.
    pub changed: u64,
    /// When rows were last taken in.
    pub ingested_us: Micros,
}

/// A segment and the record that brought it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentRef {
    /// The file.
    pub meta: Arc<FileMeta>,
    /// Number of its record.
    pub seq: u64,
    /// Number of the record of the seal that it stands under.
    pub seal: Option<u64>,
}

/// A file of lines that are no rows, and the record that brought it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinesRef {
    /// The file.
    pub meta: Arc<FileMeta>,
    /// The day of ingest, which names its folder.
    pub day: Day,
    /// Number of its record.
    pub seq: u64,
}

/// Lines of a source that must not be shown: those in files whose record lies before `before_seq`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hidden {
    /// The source.
    pub source_id: i32,
    /// The first line hidden.
    pub first: i64,
    /// The last line hidden.
    pub last: i64,
    /// Files of this record and later ones show the line.
    pub before_seq: u64,
    /// Whether some of these lines may be rows; `false` spares the segments a filter that would leave every row.
    pub rows: bool,
}

/// A source as far as it has been stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its number.
    pub id: i32,
    /// The path it was first given by; empty once redacted.
    pub path: PathBuf,
    /// Digest of all its decompressed content stored so far.
    pub sha256: Digest,
    /// Digest of the first [`crate::extent::PREFIX_BYTES`] (of all, if shorter).
    pub prefix: Digest,
    /// Its identity on its file system, where it was a file.
    pub identity: Option<FileIdentity>,
    /// Format id.
    pub format: String,
    /// What the format was compiled from; empty where it takes no description.
    pub format_spec: String,
    /// The zone given for lines that print none; empty for UTC or not needed.
    pub zone: String,
    /// Usual line end.
    pub line_end: LineEnd,
    /// Bytes before its first line.
    pub bom: Vec<u8>,
    /// Whether its last line ends with a newline.
    pub final_newline: bool,
    /// How complete it is.
    pub state: SourceState,
    /// Bytes of decompressed content stored.
    pub bytes: u64,
    /// The accounts of its lines; a superseded line counts once.
    pub counts: Counts,
    /// Earliest event time of its rows.
    pub first_ts: Option<Micros>,
    /// Latest event time of its rows.
    pub last_ts: Option<Micros>,
    /// Its ranges, in order.
    pub extents: Vec<ExtentRef>,
    /// How many of its rows retention has removed.
    pub retired: u64,
    /// How many of its rows were redacted.
    pub redacted: u64,
    /// The privacy rule it was taken in under; its digests are then keyed, and its bytes can't be given back.
    pub privacy: Option<Arc<Privacy>>,
    /// The stated correction of its clock, added to every time that it printed.
    pub shift_us: Micros,
    /// Where that was changed: number of the record, correction from there on; the first entry is what it was at first.
    pub shifts: Vec<(u64, Micros)>,
    /// Digest of its content up to this line without the lines redacted; none if none were, or it can't be given back
    /// whole.
    pub remaining: Option<(i64, Digest)>,
    /// How many of its lines that were no rows were redacted.
    pub redacted_others: u64,
}

/// One committed range of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExtentRef {
    /// First byte.
    pub from: u64,
    /// First byte after it.
    pub to: u64,
    /// Digest of the content from byte 0 to `to`.
    pub sha256: Digest,
    /// Number of the first line.
    pub first_line: i64,
    /// How many lines.
    pub lines: u64,
    /// Number of its record.
    pub seq: u64,
}

impl State {
    /// Every segment with its day, in the order of days and commits.
    pub fn segments(&self) -> impl Iterator<Item = (Day, &SegmentRef)> {
        self.days.iter().flat_map(|(day, held)| held.segments.iter().map(|segment| (*day, segment)))
    }

    /// Every data file of the live data that this version names.
    pub fn live_files(&self) -> impl Iterator<Item = &FileMeta> {
        let segments = self.segments().map(|(_, segment)| &*segment.meta);
        segments.chain(self.lines.iter().map(|lines| &*lines.meta))
    }

    /// Every data file that this version names, those of restored sets too.
    pub fn files(&self) -> impl Iterator<Item = &FileMeta> {
        self.live_files().chain(self.restored.values().flat_map(|set| set.files()))
    }

    /// Every other file that this version names: salts, sources of restored sets, tables.
    pub fn side_files(&self) -> impl Iterator<Item = &NamedFile> {
        let seals = self.days.values().flat_map(|day| &day.seals);
        let restored = self.restored.values();
        let tables = self.tables.values().map(|kept| &kept.table.file);
        let salts = seals.map(|sealed| &sealed.seal.salts);
        salts.chain(restored.flat_map(|set| set.side_files())).chain(tables)
    }

    /// The source whose stored content ends or once ended with exactly these bytes.
    pub fn source_with_content(&self, bytes: u64, sha256: &Digest) -> Option<&Arc<Source>> {
        self.sources.values().find(|source| source.has_content(bytes, sha256))
    }

    /// How many records there are, of all kinds: the number of the newest.
    pub fn seq(&self) -> u64 {
        self.records
    }
}

impl Source {
    /// Whether its content, now or at the end of one of its extents, is exactly this.
    pub fn has_content(&self, bytes: u64, sha256: &Digest) -> bool {
        self.extents.iter().any(|extent| extent.to == bytes && extent.sha256 == *sha256)
    }

    /// The correction of its clock in files that the record `seq` brought.
    pub fn shift_at(&self, seq: u64) -> Micros {
        let after = self.shifts.partition_point(|(since, _)| *since <= seq);
        let before = after.checked_sub(1).and_then(|at| self.shifts.get(at));
        before.map_or(self.shift_us, |(_, shift_us)| *shift_us)
    }

    /// The number of the next line.
    pub fn next_line(&self) -> i64 {
        self.extents.last().map_or(1, |last| last.first_line + last.lines as i64)
    }
}

#[cfg(test)]
impl Source {
    /// A source with nothing in it, for tests.
    pub(crate) fn example(id: i32, path: &str, format: &str) -> Self {
        Self {
            id,
            path: path.into(),
            sha256: Digest::default(),
            prefix: Digest::default(),
            identity: None,
            format: format.to_owned(),
            format_spec: String::new(),
            zone: String::new(),
            line_end: LineEnd::Lf,
            bom: Vec::new(),
            final_newline: true,
            state: SourceState::Complete,
            bytes: 0,
            counts: Counts::default(),
            first_ts: None,
            last_ts: None,
            extents: Vec::new(),
            retired: 0,
            redacted: 0,
            privacy: None,
            shift_us: 0,
            shifts: vec![(0, 0)],
            remaining: None,
            redacted_others: 0,
        }
    }
}
