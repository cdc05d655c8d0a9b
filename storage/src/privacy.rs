//! Which fields of a source may not be kept, and what stands in their place?
//!
//! A [`Rule`] is what `dwell.toml` says of some paths; [`Privacy`] is what the ledger says of a source that came in under
//! one. Nothing here touches rows: ingest does, before anything is written.

mod key;
pub(crate) mod mac;
mod rule;

pub use self::key::{Kind, PrivacyKey};
pub use self::rule::{Extra, Rule, Truncation};

/// How a source was taken in under a rule: recorded with it, and the same for all its extents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Privacy {
    /// What was removed.
    pub rule: Rule,
    /// Which key its pseudonyms and digests were made with ([`PrivacyKey::id`]).
    pub key_id: String,
}
