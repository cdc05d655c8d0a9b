//! What does a compaction record say? Which files of a day were replaced by which, and that they hold the same rows.

use super::NamedFile;
use super::form;
use crate::day::Day;
use crate::digest::Digest;
use crate::segment::FileMeta;

/// Files of one day (of one seal, or of none) that were put together.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compact {
    /// The day: of the rows, or of the ingest for files of lines.
    pub day: Day,
    /// Digest of the rows in the new files, whatever their order.
    pub digest: Digest,
    /// Hidden lines that the new files no longer hold.
    #[serde(with = "form::int")]
    pub dropped: u64,
    /// Paths of the files replaced.
    pub inputs: Vec<String>,
    /// Rows in the new files.
    #[serde(with = "form::int")]
    pub rows: u64,
    /// The salts of the seal from here on, if leaf hashes had to be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salts: Option<NamedFile>,
    /// Number of the seal's record under which all of them stand.
    #[serde(default, with = "form::opt_int", skip_serializing_if = "Option::is_none")]
    pub seal: Option<u64>,
    /// The new files.
    #[serde(with = "form::metas")]
    pub segments: Vec<FileMeta>,
    /// Rows by source.
    #[serde(with = "form::rows")]
    pub sources: Vec<(i32, u64)>,
    /// `requests` or `lines`.
    pub table: Table,
    /// The transaction, as the footers name it.
    pub tx: String,
}

/// Which of the two tables.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Table {
    /// The rows.
    Requests,
    /// What is no row.
    Lines,
}

impl Compact {
    pub(super) fn detail(&self) -> String {
        let table = match self.table {
            Table::Requests => "requests",
            Table::Lines => "lines",
        };
        format!(
            "{table} of {}: {} files become {}, {} rows, {} hidden lines dropped",
            self.day,
            self.inputs.len(),
            self.segments.len(),
            self.rows,
            self.dropped
        )
    }
}
