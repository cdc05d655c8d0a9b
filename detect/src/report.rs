//! What does a report hold? Plain data, from which one offline HTML file or one JSON document is made.

pub mod chart;
mod page;
mod svg;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use storage::clock::Micros;
use storage::day::Day;

pub use self::chart::Chart;
pub use self::page::html;
use crate::finding::Finding;

/// The name and version of the JSON document; it changes when a member changes its meaning.
pub const SCHEMA: &str = "dwell.report.v1";

/// Everything that a report tells. All of it is data; nothing is computed from it but order and groups.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// The heading.
    pub title: String,
    /// Begin of the range looked at.
    #[serde(with = "when")]
    pub since: Micros,
    /// End of the range, excluded.
    #[serde(with = "when")]
    pub until: Micros,
    /// When the report was made.
    #[serde(with = "when")]
    pub made: Micros,
    /// The program that made it, with its version.
    pub by: String,
    /// The store's id.
    pub store: String,
    /// The head of the ledger that the rows were read under.
    pub head: Head,
    /// The hunts that ran.
    pub hunts: Vec<Ran>,
    /// The hunts that could not run.
    pub skipped: Vec<Skipped>,
    /// Findings, or rows, that an allow list excused.
    pub excused: u64,
    /// Findings below the level that was asked for; they are not in [`Report::findings`].
    pub below: u64,
    /// All findings, in any order.
    pub findings: Vec<Finding>,
    /// What there is to see of a finding, by its id.
    pub details: BTreeMap<String, Detail>,
    /// The ids of findings that were not there at the last run.
    pub new: BTreeSet<String>,
    /// What the hunts could see.
    pub coverage: Coverage,
}

/// Which state of the store a report speaks of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Head {
    /// The ledger's origin.
    pub origin: String,
    /// How many records it has.
    pub size: u64,
    /// The root over them, as its checkpoint has it.
    pub root: String,
}

/// A hunt that ran, from its front matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ran {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it finds.
    pub finds: String,
    /// Why that matters.
    pub because: String,
    /// Techniques of ATT&CK.
    pub attack: Vec<String>,
    /// What else it may be.
    pub false_positives: Vec<String>,
}

/// A hunt that did not run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Skipped {
    /// Its id.
    pub hunt: String,
    /// The columns that are NULL in the whole range.
    pub missing: Vec<String>,
    /// Another reason, where it is not that.
    pub reason: Option<String>,
}

/// What there is to see of one finding.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Detail {
    /// Some of its rows.
    pub rows: Rows,
    /// What is better seen than read.
    pub charts: Vec<Chart>,
}

/// Some columns of some rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rows {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The values as text, row by row; NULL is `None`.
    pub rows: Vec<Vec<Option<String>>>,
    /// How many rows there are in all.
    pub total: u64,
}

/// What the hunts could see.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Coverage {
    /// The sources with rows in the range.
    pub sources: Vec<Source>,
    /// Rows of each day; days without rows are left out.
    pub days: Vec<DayRows>,
    /// Rows of each hour; hours without rows are left out.
    pub hours: Vec<HourRows>,
}

/// One source, as `system.sources` has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Source {
    /// Its number.
    pub source_id: i64,
    /// Where it came from.
    pub path: String,
    /// Its format.
    pub format: String,
    /// Its state.
    pub state: String,
    /// Bytes, decompressed.
    pub bytes: u64,
    /// Lines.
    pub lines: u64,
    /// Lines that became rows.
    pub rows: u64,
    /// Lines that no format could read.
    pub quarantined: u64,
}

/// The rows of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayRows {
    /// The day.
    pub day: Day,
    /// Its rows.
    pub rows: u64,
}

/// The rows of one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HourRows {
    /// When it begins.
    #[serde(with = "when")]
    pub at: Micros,
    /// Its rows.
    pub rows: u64,
}

/// The report as one JSON document: `findings` has the flat objects of `hunt run --format json`, and `details` the
/// rows and charts by id. Texts are whole.
pub fn json(report: &Report) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(report)
}

/// Reads what [`json`] has written.
pub fn read(text: &str) -> Result<Report, serde_json::Error> {
    serde_json::from_str(text)
}

/// Times as RFC 3339 in JSON.
pub(crate) mod when {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};
    use storage::clock::Micros;

    pub(crate) fn serialize<S: Serializer>(at: &Micros, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&crate::finding::time(*at))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Micros, D::Error> {
        let text = String::deserialize(from)?;
        crate::finding::time_of(&text).ok_or_else(|| D::Error::custom("no time of RFC 3339"))
    }
}

#[cfg(test)]
mod tests;
