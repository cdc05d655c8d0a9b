//! What does a drill's record say? That a day was brought back from an archive for practice, and how that went.

use super::form;
use crate::day::Day;
use crate::digest::Digest;

/// A restore for practice.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drill {
    /// Bytes read.
    #[serde(with = "form::int")]
    pub bytes: u64,
    /// The day.
    pub day: Day,
    /// How long it took.
    #[serde(with = "form::int")]
    pub ms: u64,
    /// Whether everything agreed.
    pub ok: bool,
    /// Rows brought back.
    #[serde(with = "form::int")]
    pub rows: u64,
    /// SHA-256 of the target's URL.
    pub target: Digest,
}

impl Drill {
    pub(super) fn detail(&self) -> String {
        let how = if self.ok { "good" } else { "FAILED" };
        format!("{}: {} rows, {} bytes in {} ms: {how}", self.day, self.rows, self.bytes, self.ms)
    }
}
