//! What does a seal record say? The root over the salted lines of a day, and what lies below it.

use super::NamedFile;
use super::form;
use crate::clock::Micros;
use crate::day::Day;
use crate::digest::Digest;
use crate::segment::{ColumnStats, SourceRange};

/// A seal over the rows of a day that stood under none before: the day itself (number 0) or an addendum.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// The day.
    pub day: Day,
    /// How many rows, each a leaf.
    #[serde(with = "form::int")]
    pub leaves: u64,
    /// 0 for the day, from 1 for its addenda.
    #[serde(with = "form::int")]
    pub number: u32,
    /// RFC 6962 root over SHA-256(0x00, salt, line) in the order of (source_id, line_no).
    pub root: Digest,
    /// The secrets that the salts follow from.
    pub salts: NamedFile,
    /// Rows by source, with the first and the last line.
    #[serde(with = "form::rows")]
    pub sources: Vec<SourceRange>,
    /// Statistics of the columns; the folded state does without.
    #[serde(default, with = "form::stats", skip_serializing_if = "Vec::is_empty")]
    pub stats: Vec<ColumnStats>,
    /// Earliest and latest event time.
    #[serde(with = "form::row")]
    pub ts: (Micros, Micros),
}

impl Seal {
    pub(super) fn detail(&self) -> String {
        let part = match self.number {
            0 => String::new(),
            number => format!(", addendum {number}"),
        };
        let sources = self.sources.len();
        format!("{}{part}: {} rows of {sources} sources, root {}", self.day, self.leaves, self.root)
    }
}
