//! How does a record name a file that holds no rows? By path, size and digest.

use super::form;
use crate::digest::Digest;

/// A file beside the data: the salts of a seal, the sources of a restored set, a summary.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedFile {
    /// Size in bytes.
    #[serde(with = "form::int")]
    pub bytes: u64,
    /// Where it lies, relative to the store.
    pub path: String,
    /// SHA-256 of all of it.
    pub sha256: Digest,
}

impl NamedFile {
    /// Names the file at `path` with this content.
    pub fn of(path: impl Into<String>, content: &[u8]) -> Self {
        Self { bytes: content.len() as u64, path: path.into(), sha256: Digest::of(content) }
    }
}
