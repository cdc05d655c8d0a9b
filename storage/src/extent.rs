//! What one commit of ingest says: a range of a source's bytes, the accounts of its lines, and the files they went to.

use std::path::PathBuf;
use std::sync::Arc;

use crate::clock::Micros;
use crate::day::Day;
use crate::digest::Digest;
use crate::privacy::Privacy;
use crate::segment::FileMeta;

/// How many lines of a range ended as what. `lines = rows + quarantined + headers + blank`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Counts {
    /// All lines.
    pub lines: u64,
    /// Lines stored as rows.
    pub rows: u64,
    /// Lines kept in quarantine.
    pub quarantined: u64,
    /// In-band header lines.
    pub headers: u64,
    /// Lines without content.
    pub blank: u64,
}

impl Counts {
    /// Whether every line is accounted for exactly once.
    pub fn balance(&self) -> bool {
        self.lines == self.rows + self.quarantined + self.headers + self.blank
    }

    /// Adds the counts of another range.
    pub fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.rows += other.rows;
        self.quarantined += other.quarantined;
        self.headers += other.headers;
        self.blank += other.blank;
    }
}

/// How lines of a source usually end; a line that ends otherwise is noted in `lines/`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineEnd {
    /// `\n`
    #[default]
    Lf,
    /// `\r\n`
    Crlf,
}

/// What is known of a source's completeness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// More extents of it are expected (ingest stopped on the way, or the last line has no newline yet).
    Open,
    /// Read to its end.
    Complete,
    /// The compressed input was damaged: what came out is stored.
    Damaged,
    /// Some of its days are gone by retention.
    RetiredInPart,
    /// All of its days are gone by retention.
    Retired,
}

impl SourceState {
    /// The name in `system.sources`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Complete => "complete",
            Self::Damaged => "damaged",
            Self::RetiredInPart => "retired_in_part",
            Self::Retired => "retired",
        }
    }
}

/// The identity of an input file on its file system, to recognise one that has grown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FileIdentity {
    /// Device number.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
}

/// The bytes of a prefix that identify a source that grows under another name.
pub const PREFIX_BYTES: u64 = 64 * 1024;

/// What a source is, apart from how far it has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceInfo {
    /// The path as given (log text by the ledger's rule: kept beside the record, not in it).
    pub path: PathBuf,
    /// File identity, where the input is a file.
    pub identity: Option<FileIdentity>,
    /// SHA-256 of the first [`PREFIX_BYTES`] of the decompressed content (of all of it, if shorter).
    pub prefix: Digest,
    /// Format id (`squid`, `common`, ...).
    pub format: String,
    /// What the format was compiled from, where it takes a description (`--logformat`); empty otherwise.
    pub format_spec: String,
    /// The time zone given for lines that print none; empty for UTC or not needed.
    pub zone: String,
    /// Usual line end.
    pub line_end: LineEnd,
    /// Bytes before the first line that are no part of it (a byte-order mark), kept to give the source back.
    pub bom: Vec<u8>,
    /// The privacy rule it is taken in under. Its digests, and those of its extents, are then keyed
    /// ([`crate::privacy::PrivacyKey::content`]).
    pub privacy: Option<Arc<Privacy>>,
    /// The stated correction of its clock, added to every time that it prints.
    pub shift_us: Micros,
}

/// One commit of ingest: a byte range of one source and everything that came of it.
#[derive(Debug, Clone)]
pub struct Extent {
    /// The source's properties. For a known source they must agree with the ledger.
    pub source: SourceInfo,
    /// First byte of the range in the decompressed content.
    pub from: u64,
    /// First byte after it.
    pub to: u64,
    /// Digest of the decompressed content from byte 0 up to `to`.
    pub sha256: Digest,
    /// Number of the first line of the range, from 1.
    pub first_line: i64,
    /// The accounts of the range.
    pub counts: Counts,
    /// A line of an earlier extent that this one stores anew (it had no newline then).
    pub supersedes: Option<i64>,
    /// The accounts of that line as it was stored then (one line, one of its kinds); zero where `supersedes` is none.
    pub superseded: Counts,
    /// Whether the last line of the range ends with a newline.
    pub final_newline: bool,
    /// State of the source after this extent.
    pub state: SourceState,
    /// Earliest and latest event time of the rows.
    pub ts_range: Option<(Micros, Micros)>,
    /// The staged segments, each with its day. Paths are those below the transaction's folder.
    pub segments: Vec<(Day, FileMeta)>,
    /// The staged file of lines that are no rows, if there are any.
    pub lines: Option<FileMeta>,
}

/// Lines of a source that were in quarantine and are read anew: what comes in their place.
#[derive(Debug, Clone)]
pub struct Retry {
    /// Format id that they were read with; the source's own from here on if `whole`.
    pub format: String,
    /// What that format was compiled from; empty where it takes no description.
    pub format_spec: String,
    /// The zone given for lines that print none.
    pub zone: String,
    /// Usual line end, which a source that was quarantined whole may only now be known to have.
    pub line_end: LineEnd,
    /// Whether it was the whole source: format, zone and line end become those of the source.
    pub whole: bool,
    /// First and last line of each range read anew, in order: hidden in all files stored so far.
    pub ranges: Vec<(i64, i64)>,
    /// How these lines were accounted for until now.
    pub was: Counts,
    /// How they are accounted for from here on; as many lines.
    pub counts: Counts,
    /// Earliest and latest event time of the new rows.
    pub ts_range: Option<(Micros, Micros)>,
    /// The staged segments, each with its day. Paths are those below the transaction's folder.
    pub segments: Vec<(Day, FileMeta)>,
    /// The staged file of lines that are no rows now either, if there are any.
    pub lines: Option<FileMeta>,
}

/// A correction of the clock of a source that is stored: all its rows come anew, with other times and maybe on other days.
#[derive(Debug, Clone)]
pub struct Shift {
    /// The correction so far, added to the times as they were printed.
    pub old_us: Micros,
    /// The correction from here on.
    pub new_us: Micros,
    /// The last line of the source: it and all before it are hidden in all files stored so far.
    pub last_line: i64,
    /// Earliest and latest event time, corrected.
    pub ts_range: Option<(Micros, Micros)>,
    /// The staged segments, each with its day. Paths are those below the transaction's folder.
    pub segments: Vec<(Day, FileMeta)>,
    /// The staged file of the lines that are no rows, as they were.
    pub lines: Option<FileMeta>,
}

/// A correction as people write it: `+01:00:00`, `-00:01:30.25`.
pub fn shift_text(shift_us: Micros) -> String {
    let sign = if shift_us < 0 { '-' } else { '+' };
    let (seconds, micros) =
        (shift_us.unsigned_abs() / 1_000_000, shift_us.unsigned_abs() % 1_000_000);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let text = format!("{sign}{hours:02}:{minutes:02}:{:02}", seconds % 60);
    match format!("{micros:06}").trim_end_matches('0') {
        "" => text,
        part => format!("{text}.{part}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correction_is_shown_with_its_sign() {
        for (shift_us, text) in [
            (0, "+00:00:00"),
            (3_600_000_000, "+01:00:00"),
            (-90_250_000, "-00:01:30.25"),
            (360_000_000_000, "+100:00:00"),
        ] {
            assert_eq!(shift_text(shift_us), text);
        }
    }
}
