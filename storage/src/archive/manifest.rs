//! What is in the package of a day? Its manifest names every object, and all that is needed to read the rows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::index::{self, Head};
use super::target::name;
use crate::clock::Micros;
use crate::day::Day;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::json;
use crate::ledger::record::{NamedFile, RestoredFile, form};
use crate::segment::FileMeta;
use crate::store::{Hidden, HoldState, Sealed, SourceFacts};

/// The name of the manifest in its package.
pub(super) const NAME: &str = "manifest.json";
/// The signed checkpoint that the proofs lead to.
pub(super) const CHECKPOINT: &str = "checkpoint";
/// The verifier key line of the store.
pub(super) const KEY: &str = "key";
/// The records that concern the day, with their proofs.
pub(super) const LEDGER: &str = "ledger.jsonl";
/// The words of these records.
pub(super) const WORDS: &str = "words.jsonl";
/// How to check the package without dwell.
pub(super) const README: &str = "README.md";

/// The objects of every package beside its data.
pub(super) const PAPERS: [&str; 5] = [CHECKPOINT, KEY, LEDGER, README, WORDS];

/// A manifest of more bytes is none.
pub(super) const LONGEST: u64 = 256 << 20;

/// Version of the manifest.
const VERSION: u64 = 1;

/// An object of a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Object {
    /// Its size.
    #[serde(with = "form::int")]
    pub bytes: u64,
    /// Its name in the package; that of a data file is its path in the store.
    pub name: String,
    /// Its digest.
    pub sha256: Digest,
}

/// What a package holds of the day. Its digest names the package: equal content has one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// The day.
    pub day: Day,
    /// Other files of the store that the day needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<NamedFile>,
    /// Lines of these files that are not shown.
    #[serde(with = "form::rows")]
    pub hidden: Vec<Hidden>,
    /// The files of lines that are no rows, of all sources with rows in the day.
    pub lines: Vec<RestoredFile>,
    /// Rows in the segments, hidden ones among them.
    #[serde(with = "form::int")]
    pub rows: u64,
    /// The seals over the day.
    pub seals: Vec<Sealed>,
    /// The files of rows.
    pub segments: Vec<RestoredFile>,
    /// The sources with rows in the day.
    pub sources: Vec<SourceFacts>,
    /// The id of the store.
    pub store: String,
}

impl Contents {
    /// The name of the package: the first half of the SHA-256 of the canonical form.
    pub fn id(&self) -> Result<String> {
        let mut digest = Digest::of(&json::to_bytes(self)?).to_string();
        digest.truncate(32);
        Ok(digest)
    }

    /// The data files: segments, then lines.
    pub fn metas(&self) -> impl Iterator<Item = &FileMeta> {
        self.segments.iter().chain(&self.lines).map(|file| &file.file)
    }

    /// Every file of the store that the package has.
    pub fn objects(&self) -> Vec<Object> {
        let data = self.metas().map(|meta| Object {
            bytes: meta.bytes,
            name: meta.path.clone(),
            sha256: meta.sha256,
        });
        let salts = self.seals.iter().map(|sealed| &sealed.seal.salts);
        let side = salts.chain(&self.files).map(|file| Object {
            bytes: file.bytes,
            name: file.path.clone(),
            sha256: file.sha256,
        });
        let mut objects: Vec<_> = data.chain(side).collect();
        objects.sort();
        objects.dedup();
        objects
    }
}

/// The manifest of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// When it was written.
    #[serde(with = "form::int")]
    pub at: Micros,
    /// The state of the ledger that the proofs lead to.
    pub checkpoint: Head,
    /// What it holds of the day.
    pub contents: Contents,
    /// The holds over the day at that time.
    pub holds: Vec<HoldState>,
    /// The verifier key line of the store.
    pub key: String,
    /// Every other object of the package, by name.
    pub objects: Vec<Object>,
    /// The version of this form.
    #[serde(with = "form::int")]
    pub v: u64,
}

impl Manifest {
    /// The manifest over these contents and objects.
    pub fn new(
        at: Micros,
        checkpoint: Head,
        contents: Contents,
        holds: Vec<HoldState>,
        key: String,
        mut objects: Vec<Object>,
    ) -> Self {
        objects.sort_by(|a, b| a.name.cmp(&b.name));
        Self { at, checkpoint, contents, holds, key, objects, v: VERSION }
    }

    /// Its canonical bytes.
    pub fn render(&self) -> Result<Vec<u8>> {
        json::to_bytes(self)
    }

    /// Reads a manifest, which must make sense in itself: nothing named twice, nothing that leads elsewhere, every data
    /// file among the objects, and no object without a purpose.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let bad = |what: &str| Error::new(ErrorKind::Integrity, what);
        let manifest: Self = serde_json::from_slice(bytes).map_err(|error| {
            let newer = error.to_string().starts_with("unknown field");
            let kind = if newer { ErrorKind::Unsupported } else { ErrorKind::Integrity };
            Error::new(kind, "no manifest").caused_by(error)
        })?;
        if manifest.v != VERSION {
            let what = format!("a manifest of version {}", manifest.v);
            return Err(Error::new(ErrorKind::Unsupported, what)
                .advise("it was written by a newer version of dwell: use that"));
        }
        if manifest.render()? != bytes {
            return Err(bad("no manifest in canonical form"));
        }
        manifest.check().map(|()| manifest)
    }

    fn check(&self) -> Result<()> {
        let bad = |what: String| Err(Error::new(ErrorKind::Integrity, what));
        if !self.objects.is_sorted_by(|a, b| a.name < b.name) {
            return bad("the objects of a manifest are not in order".into());
        }
        let mut unused: BTreeMap<&str, &Object> =
            self.objects.iter().map(|object| (object.name.as_str(), object)).collect();
        for object in &self.objects {
            name::check(&object.name)?;
        }
        let folder = format!("requests/{}/", self.contents.day.folder());
        for object in self.contents.objects() {
            if unused.remove(object.name.as_str()) != Some(&object) {
                return bad(format!("the manifest does not list {}", object.name));
            }
        }
        for file in &self.contents.segments {
            if !file.file.path.starts_with(&folder) {
                return bad(format!("{} is no file of {}", file.file.path, self.contents.day));
            }
        }
        for file in &self.contents.lines {
            if !file.file.path.starts_with("lines/day=") {
                return bad(format!("{} is no file of lines", file.file.path));
            }
        }
        for paper in PAPERS {
            if unused.remove(paper).is_none() {
                return bad(format!("the manifest does not list {paper}"));
            }
        }
        if let Some(name) = unused.keys().next() {
            return bad(format!("the manifest lists {name}, which is no part of the day"));
        }
        let rows = self.contents.segments.iter().map(|file| file.file.rows);
        if rows.fold(0, u64::saturating_add) != self.contents.rows {
            return bad("the rows of a manifest are not those of its files".into());
        }
        let bytes = self.objects.iter().try_fold(0_u64, |sum, it| sum.checked_add(it.bytes));
        bytes.map_or_else(|| bad("the sizes of a manifest make no sense".into()), |_| Ok(()))
    }

    /// Bytes of all objects, the manifest of this size among them.
    pub fn bytes(&self, manifest_bytes: u64) -> u64 {
        self.objects.iter().fold(manifest_bytes, |sum, it| sum.saturating_add(it.bytes))
    }

    /// An object, by name.
    pub fn object(&self, name: &str) -> Option<&Object> {
        let at = self.objects.binary_search_by(|object| object.name.as_str().cmp(name)).ok()?;
        self.objects.get(at)
    }

    /// The day as an index has it.
    pub fn indexed(&self, bytes: &[u8]) -> Result<index::IndexedDay> {
        Ok(index::IndexedDay {
            bytes: self.bytes(bytes.len() as u64),
            content: self.contents.id()?,
            day: self.contents.day,
            manifest: Digest::of(bytes),
            objects: self.objects.len() as u64 + 1,
            rows: self.contents.rows,
        })
    }
}
