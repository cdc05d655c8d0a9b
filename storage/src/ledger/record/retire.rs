//! What does a retirement's receipt say? Which files of which days are gone, with their digests, and why.

use super::form;
use super::{NamedFile, SealSalts};
use crate::day::Day;

/// Days, or the rows of some sources of them, that retention has removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retire {
    /// The days.
    pub days: Vec<RetireDay>,
    /// Files of lines that are no rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<NamedFile>,
    /// Salts of the seals of which only a part has gone, from here on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub salts: Vec<SealSalts>,
}

/// What was removed of a day.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetireDay {
    /// The day.
    pub day: Day,
    /// Its files.
    pub files: Vec<NamedFile>,
    /// Rows that were shown.
    #[serde(with = "form::int")]
    pub rows: u64,
    /// Rows that were shown, by source.
    #[serde(with = "form::rows")]
    pub sources: Vec<(i32, u64)>,
    /// The rule that it fell under: `keep_days`, `max_days`, `max_bytes`, `min_free`.
    pub why: String,
}

impl Retire {
    pub(super) fn detail(&self) -> String {
        let rows: u64 = self.days.iter().map(|day| day.rows).sum();
        let files: usize = self.days.iter().map(|day| day.files.len()).sum();
        let range = match (self.days.first(), self.days.last()) {
            (Some(first), Some(last)) if first.day == last.day => format!("{}: ", first.day),
            (Some(first), Some(last)) => format!("{} to {}: ", first.day, last.day),
            _ => String::new(),
        };
        let lines = self.lines.len();
        format!("{range}{} days, {rows} rows, {files} files, {lines} of lines", self.days.len())
    }
}
