//! What do the records about holds say? Which days must not be removed, and that they may be again.

use super::form;
use crate::clock::Micros;
use crate::day::Day;

/// Days that no command may remove; an id that is known is extended.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// First and last day of each range.
    pub days: Vec<(Day, Day)>,
    /// Its number.
    #[serde(with = "form::int")]
    pub id: u64,
    /// Whether a query (kept beside the record) says which days; how many records the ledger had when it was asked.
    #[serde(default, with = "form::opt_int", skip_serializing_if = "Option::is_none")]
    pub query_at: Option<u64>,
    /// When it ends by itself.
    #[serde(default, with = "form::opt_int", skip_serializing_if = "Option::is_none")]
    pub until: Option<Micros>,
}

/// The end of a hold.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Its number.
    #[serde(with = "form::int")]
    pub id: u64,
}

impl Hold {
    pub(super) fn detail(&self) -> String {
        let days: i64 =
            self.days.iter().map(|(first, last)| i64::from(last.0) - i64::from(first.0) + 1).sum();
        let query = if self.query_at.is_some() { " by query" } else { "" };
        format!("H{}: {days} days{query}", self.id)
    }
}

impl Release {
    pub(super) fn detail(&self) -> String {
        format!("H{}", self.id)
    }
}
