//! What do the records about archives say? Which days a target holds, and which it has given up.

use super::form;
use crate::day::Day;
use crate::digest::Digest;

/// Days that were written to an archive target and read back.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// The days.
    pub days: Vec<ArchiveDay>,
    /// SHA-256 of the signed index that lists them.
    pub index: Digest,
    /// SHA-256 of the target's URL, which is kept beside the record.
    pub target: Digest,
}

/// A day in an archive.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchiveDay {
    /// Bytes of all its objects.
    #[serde(with = "form::int")]
    pub bytes: u64,
    /// The day.
    pub day: Day,
    /// SHA-256 of its manifest.
    pub manifest: Digest,
    /// Its rows.
    #[serde(with = "form::int")]
    pub rows: u64,
    /// How many records the ledger had when the day was packed.
    #[serde(with = "form::int")]
    pub seq: u64,
}

/// Days that were removed from an archive target.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expire {
    /// The days.
    pub days: Vec<Day>,
    /// SHA-256 of the target's URL.
    pub target: Digest,
}

impl Archive {
    pub(super) fn detail(&self) -> String {
        let (rows, bytes) =
            self.days.iter().fold((0, 0), |sum, day| (sum.0 + day.rows, sum.1 + day.bytes));
        format!("{} days, {rows} rows, {bytes} bytes, index {}", self.days.len(), self.index)
    }
}

impl Expire {
    pub(super) fn detail(&self) -> String {
        format!("{} days of an archive", self.days.len())
    }
}
