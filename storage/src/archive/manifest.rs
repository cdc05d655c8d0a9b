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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::segment::SourceRange;

    fn meta(path: String, rows: u64, bytes: u64) -> FileMeta {
        FileMeta {
            bytes,
            sha256: Digest::of(path.as_bytes()),
            tail: bytes / 2,
            root: Digest::of(b"root"),
            rows,
            min_ts: -1,
            max_ts: i64::MAX,
            sources: vec![SourceRange { source_id: 1, first_line: 1, last_line: 2, rows }],
            stats: Vec::new().into(),
            path,
        }
    }

    fn manifest(segments: &[(u64, u64)], lines: &[u64], hidden: Vec<(i32, i64)>) -> Manifest {
        let file = |file| RestoredFile { file, seal: Some(7), seq: 1 << 60 };
        let day: Day = "2026-11-20".parse().unwrap();
        let segments: Vec<_> = segments
            .iter()
            .enumerate()
            .map(|(at, (rows, bytes))| {
                file(meta(format!("requests/day=2026-11-20/{at}.parquet"), *rows, *bytes))
            })
            .collect();
        let lines = lines.iter().enumerate();
        let lines = lines
            .map(|(at, bytes)| file(meta(format!("lines/day=2026-11-21/{at}.parquet"), 1, *bytes)));
        let hidden = hidden.into_iter().map(|(source_id, first)| Hidden {
            source_id,
            first,
            last: first,
            before_seq: 3,
            rows: true,
        });
        let contents = Contents {
            day,
            files: vec![NamedFile::of("keys/a.key", b"k")],
            hidden: hidden.collect(),
            lines: lines.collect(),
            rows: segments.iter().map(|file| file.file.rows).sum(),
            seals: Vec::new(),
            segments,
            sources: Vec::new(),
            store: "s".into(),
        };
        let mut objects = contents.objects();
        objects.extend(PAPERS.map(|name| Object {
            bytes: 1,
            name: name.to_owned(),
            sha256: Digest::of(name.as_bytes()),
        }));
        let head = Head { root: Digest::of(b"h"), size: 9 };
        Manifest::new(5, head, contents, Vec::new(), "k".into(), objects)
    }

    proptest! {
        #[test]
        fn a_manifest_is_written_and_read(
            segments in prop::collection::vec((0..1_u64 << 50, 0..1_u64 << 50), 0..6),
            lines in prop::collection::vec(0..1_u64 << 50, 0..4),
            hidden in prop::collection::vec((any::<i32>(), any::<i64>()), 0..5),
        ) {
            let manifest = manifest(&segments, &lines, hidden);
            let bytes = manifest.render().unwrap();
            let read = Manifest::parse(&bytes).unwrap();
            prop_assert_eq!(&read, &manifest);
            prop_assert_eq!(read.contents.id().unwrap(), manifest.contents.id().unwrap());
            prop_assert_eq!(read.indexed(&bytes).unwrap().objects, manifest.objects.len() as u64 + 1);
        }

        #[test]
        fn other_bytes_are_refused_or_say_something_else(
            at in any::<prop::sample::Index>(), byte in any::<u8>()
        ) {
            let manifest = manifest(&[(3, 100)], &[50], vec![(1, 2)]);
            let mut bytes = manifest.render().unwrap();
            let at = at.index(bytes.len());
            prop_assume!(bytes[at] != byte);
            bytes[at] = byte;
            if let Ok(read) = Manifest::parse(&bytes) {
                prop_assert_ne!(read, manifest);
            }
        }
    }

    #[test]
    fn manifests_that_make_no_sense_are_refused() {
        let good = manifest(&[(3, 100)], &[50], Vec::new());
        let refused = |change: &dyn Fn(&mut Manifest)| {
            let mut bad = good.clone();
            change(&mut bad);
            Manifest::parse(&bad.render().unwrap()).unwrap_err().kind()
        };
        let changes: [&dyn Fn(&mut Manifest); 11] = [
            &|it| it.objects.swap(0, 1),
            &|it| it.objects.push(it.objects[0].clone()),
            &|it| it.objects[0].name = "../x".into(),
            &|it| it.objects[0].bytes = u64::MAX,
            &|it| drop(it.objects.remove(0)),
            &|it| it.objects.push(Object { name: "zzz".into(), ..it.objects[0].clone() }),
            &|it| it.contents.rows += 1,
            &|it| it.contents.day = Day(1),
            &|it| it.contents.segments[0].file.path = "requests/day=2026-11-20/../x".into(),
            &|it| it.contents.lines[0].file.path = "requests/day=2026-11-20/y".into(),
            &|it| it.contents.files[0].sha256 = Digest::of(b"other"),
        ];
        for change in changes {
            assert_eq!(refused(change), ErrorKind::Integrity);
        }
        assert_eq!(refused(&|it| it.v = 2), ErrorKind::Unsupported);
        let doubled =
            String::from_utf8(good.render().unwrap()).unwrap().replacen('{', "{\"x\":1,", 1);
        assert_eq!(Manifest::parse(doubled.as_bytes()).unwrap_err().kind(), ErrorKind::Unsupported);
    }
}
