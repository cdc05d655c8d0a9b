//! What does a redaction record say? Which lines are gone from which sources, and what is left.

use super::form;
use super::restore::SealSalts;
use crate::digest::Digest;
use crate::segment::FileMeta;

/// Lines that were removed for a lawful reason, from every place.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redact {
    /// SHA-256 over the digests of the removed lines, each under a salt that is destroyed.
    pub digest: Digest,
    /// The lines: source, first, last.
    #[serde(with = "form::rows")]
    pub lines: Vec<(i32, i64, i64)>,
    /// Files written anew without them.
    pub replaced: Vec<ReplacedFile>,
    /// Salts of the seals from here on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub salts: Vec<SealSalts>,
    /// Other files of the store that were destroyed with them: trash, summaries, logs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shredded: Vec<String>,
    /// What is left of each source.
    pub sources: Vec<RedactedSource>,
    /// The transaction, as the footers of the new files name it.
    pub tx: String,
    /// Numbers of records whose words were shredded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<u64>,
}

/// A file that held such lines.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplacedFile {
    /// What came in its place; nothing if no row was left.
    #[serde(default, with = "form::opt_meta", skip_serializing_if = "Option::is_none")]
    pub by: Option<FileMeta>,
    /// Its path.
    pub path: String,
}

/// What is left of a source.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedactedSource {
    /// The source.
    #[serde(with = "form::int")]
    pub id: i32,
    /// The last line that `remaining` covers.
    #[serde(with = "form::int")]
    pub last_line: i64,
    /// Lines removed that were no rows.
    #[serde(default, with = "form::int")]
    pub others: u64,
    /// SHA-256 of its content up to `last_line` without the lines removed so far; none if it can't be given back whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<Digest>,
    /// Rows removed.
    #[serde(with = "form::int")]
    pub rows: u64,
}

impl Redact {
    pub(super) fn detail(&self) -> String {
        let rows: u64 = self.sources.iter().map(|source| source.rows).sum();
        let sources = self.sources.len();
        format!("{rows} rows of {sources} sources, {} files written anew", self.replaced.len())
    }
}
