//! Where parsed lines go: full row groups, the lines that are no rows, and the accounts of both.

use storage::clock::Micros;
use storage::day::Day;
use storage::extent::Counts;
use storage::segment::RowGroup;

/// Why a line is no row: the fixed vocabulary of `quarantine.reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// No format claims the text it stands in.
    UnknownFormat,
    /// Two formats claim the text and would read it differently.
    AmbiguousFormat,
    /// Fewer fields than the format has: less than a time and two more.
    TooFewFields,
    /// The place of the time holds no time.
    BadTime,
    /// A time before 1990.
    TimeBefore1990,
    /// A time more than 48 hours after the ingest.
    TimeInFuture,
    /// Longer than the limit of a line.
    LineTooLong,
    /// The compressed input ended inside the line.
    CutShort,
    /// No text: NUL bytes where the format has words.
    NotText,
    /// A record of another log, written into the same file.
    OtherLog,
}

impl Reason {
    /// Every reason.
    pub const ALL: &'static [Self] = &[
        Self::UnknownFormat,
        Self::AmbiguousFormat,
        Self::TooFewFields,
        Self::BadTime,
        Self::TimeBefore1990,
        Self::TimeInFuture,
        Self::LineTooLong,
        Self::CutShort,
        Self::NotText,
        Self::OtherLog,
    ];

    /// The word in `quarantine.reason`.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownFormat => "unknown_format",
            Self::AmbiguousFormat => "ambiguous_format",
            Self::TooFewFields => "too_few_fields",
            Self::BadTime => "bad_time",
            Self::TimeBefore1990 => "time_before_1990",
            Self::TimeInFuture => "time_in_future",
            Self::LineTooLong => "line_too_long",
            Self::CutShort => "cut_short",
            Self::NotText => "not_text",
            Self::OtherLog => "other_log",
        }
    }

    /// One sentence for people.
    pub fn doc(self) -> &'static str {
        match self {
            Self::UnknownFormat => "no format claims the text the line stands in",
            Self::AmbiguousFormat => "two formats claim the text and would read it differently",
            Self::TooFewFields => "fewer fields than the format has: less than a time and two more",
            Self::BadTime => "the place of the time holds no time",
            Self::TimeBefore1990 => "the time lies before 1990",
            Self::TimeInFuture => "the time lies more than 48 hours after the ingest",
            Self::LineTooLong => "the line is longer than the limit",
            Self::CutShort => "the compressed input ended inside the line",
            Self::NotText => "NUL bytes where the format has words",
            Self::OtherLog => "a record of another log, written into the same file",
        }
    }
}

/// What an entry of `lines/` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OddKind {
    /// An in-band header line.
    Header,
    /// A line without content.
    Blank,
    /// A line that could not become a row.
    Quarantined,
    /// No line of its own: the line end of line `line_no`, where it is not the usual one.
    Eol,
}

impl OddKind {
    /// The word in `lines/`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Blank => "blank",
            Self::Quarantined => "quarantined",
            Self::Eol => "eol",
        }
    }
}

/// A line that is no row, or an unusual line end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OddLine {
    /// Number of the line in its source, from 1.
    pub line_no: i64,
    /// Offset of its first byte in the source.
    pub byte_offset: u64,
    /// What it is.
    pub kind: OddKind,
    /// Why it is no row, for quarantined lines.
    pub reason: Option<Reason>,
    /// The line without its line end; for [`OddKind::Eol`] the line end itself.
    pub bytes: Vec<u8>,
}

/// What came of some chunks.
#[derive(Debug, Default)]
pub struct ChunkSink {
    /// Row groups that are full or were flushed, each of one day.
    pub groups: Vec<(Day, RowGroup)>,
    /// Lines that are no rows, and unusual line ends, in the order of the lines.
    pub odd: Vec<OddLine>,
    /// The accounts of the lines parsed, rows in open row groups included.
    pub counts: Counts,
    /// Rows that needed `raw`.
    pub raw_rows: u64,
    /// Rows of which only some fields could be read.
    pub partial_rows: u64,
    /// Rows whose zone was assumed.
    pub assumed_zone_rows: u64,
    /// Earliest and latest time of the rows.
    pub ts_range: Option<(Micros, Micros)>,
}

impl ChunkSink {
    /// Takes the row groups that are ready.
    pub fn take_groups(&mut self) -> Vec<(Day, RowGroup)> {
        std::mem::take(&mut self.groups)
    }

    /// Extends the range of times by `first..=last`.
    pub(crate) fn see(&mut self, first: Micros, last: Micros) {
        self.ts_range = Some(match self.ts_range {
            None => (first, last),
            Some((low, high)) => (low.min(first), high.max(last)),
        });
    }
}
