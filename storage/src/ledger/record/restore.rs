//! What do the records about restored data say? Which files came from which archive, and which set was dropped.

use super::NamedFile;
use super::form;
use crate::clock::Micros;
use crate::day::Day;
use crate::digest::Digest;
use crate::extent::SourceState;
use crate::segment::FileMeta;
use crate::store::{Hidden, Sealed, SourceFacts};

/// Days that came back from an archive: as a set beside the live data, or into the live data.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    /// Sources of another store that are new in the live data, under the numbers they got; their paths stand in the words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<SourceFacts>,
    /// The packages that it came from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<RestoredDay>,
    /// The files of rows.
    pub files: Vec<RestoredFile>,
    /// Lines of these files that are not shown.
    #[serde(default, with = "form::rows", skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<Hidden>,
    /// The key line of the store that the days come from.
    pub key: String,
    /// The files of lines that are no rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<RestoredFile>,
    /// The numbers of sources there and here, where the days of another store came into the live data.
    #[serde(default, with = "form::rows", skip_serializing_if = "Vec::is_empty")]
    pub map: Vec<(i32, i32)>,
    /// The name of the set; none if the days came into the live data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The id of the store that the days come from.
    pub origin: String,
    /// Salts of seals that came along: number of the seal's record, file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub salts: Vec<SealSalts>,
    /// Rows that are shown, by source.
    #[serde(with = "form::rows")]
    pub sources: Vec<(i32, u64)>,
    /// What is known of the sources of a set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources_file: Option<NamedFile>,
    /// SHA-256 of the archive's URL, which stands in the words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Digest>,
    /// Where days came back into the live data: in which state their sources were before some of it was retired.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub was: Vec<(i32, SourceState)>,
    /// When the set may be dropped.
    #[serde(default, with = "form::opt_int", skip_serializing_if = "Option::is_none")]
    pub until: Option<Micros>,
}

/// The package of a day that came back.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoredDay {
    /// The day.
    pub day: Day,
    /// SHA-256 of the package's manifest.
    pub manifest: Digest,
    /// The seals over the day, by the ledger of its origin; their salts are the files here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seals: Vec<Sealed>,
}

/// A file that came back.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestoredFile {
    /// The file; its path is the one in this store.
    #[serde(with = "form::meta")]
    pub file: FileMeta,
    /// Number of the seal's record that it stands under, in the ledger of its origin.
    #[serde(default, with = "form::opt_int", skip_serializing_if = "Option::is_none")]
    pub seal: Option<u64>,
    /// Number of the record that brought it, in the ledger of its origin.
    #[serde(with = "form::int")]
    pub seq: u64,
}

/// The salts of a seal from here on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealSalts {
    /// The file.
    pub file: NamedFile,
    /// Number of the seal's record.
    #[serde(with = "form::int")]
    pub seal: u64,
}

/// A restored set that is gone.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drop {
    /// Its name.
    pub name: String,
}

impl Restore {
    pub(super) fn detail(&self) -> String {
        let rows: u64 = self.sources.iter().map(|(_, rows)| rows).sum();
        let to = match &self.name {
            Some(name) => format!("restored.{name}"),
            None => "the live data".into(),
        };
        format!("{} files with {rows} rows of store {} to {to}", self.files.len(), self.origin)
    }
}

impl Drop {
    pub(super) fn detail(&self) -> String {
        format!("restored.{}", self.name)
    }
}
