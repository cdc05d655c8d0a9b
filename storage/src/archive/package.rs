//! Is a package what was signed, and what does it hold? Everything about it is checked before anything is believed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::Arc;

use super::extract::{self, Proven};
use super::index::IndexedDay;
use super::manifest::{self, Manifest, Object};
use super::target::{self, ArchiveTarget};
use crate::digest::Digest;
use crate::error::{Breach, Error, ErrorKind, Result};
use crate::ledger::chain::KeyChain;
use crate::ledger::note::{Checkpoint, VerifierKey};
use crate::ledger::record::{Body, RestoredFile};
use crate::segment::FileMeta;
use crate::store::Sealed;

/// Papers of more bytes are none.
const LONGEST_PAPER: u64 = 1 << 30;

/// The package of a day, checked but for the bytes of its data files.
#[derive(Debug, Clone)]
pub struct Package {
    target: Arc<dyn ArchiveTarget>,
    prefix: String,
    /// What it holds.
    pub manifest: Manifest,
    /// SHA-256 of the manifest.
    pub manifest_sha256: Digest,
    /// The records that concern the day, in order.
    pub records: Vec<Proven>,
}

impl Package {
    /// Reads the package of `indexed`: the manifest is the one that the signed index names, the checkpoint is signed by
    /// one of `keys`, the records are under it, and they name every data file and every seal.
    ///
    /// # Errors
    /// `Integrity`, naming the object.
    pub fn open(
        target: &Arc<dyn ArchiveTarget>,
        keys: &KeyChain,
        indexed: &IndexedDay,
    ) -> Result<Self> {
        let prefix = indexed.prefix();
        let name = format!("{prefix}{}", manifest::NAME);
        let bytes = target::read_small(&**target, &name, manifest::LONGEST)?
            .ok_or_else(|| target::missing(&name))?;
        if Digest::of(&bytes) != indexed.manifest {
            return Err(Error::integrity(&name, "altered: not the manifest that the index names"));
        }
        let manifest = Manifest::parse(&bytes).map_err(|error| error.at(&name))?;
        if manifest.indexed(&bytes)? != *indexed {
            return Err(Error::integrity(&name, "altered: the index says otherwise of this day"));
        }
        Self::of_manifest(target, keys, prefix, manifest, indexed.manifest)
    }

    /// The same for a manifest that no index names yet.
    pub(super) fn of_manifest(
        target: &Arc<dyn ArchiveTarget>,
        keys: &KeyChain,
        prefix: String,
        manifest: Manifest,
        manifest_sha256: Digest,
    ) -> Result<Self> {
        let target = Arc::clone(target);
        let mut package = Self { target, prefix, manifest, manifest_sha256, records: Vec::new() };
        let name = package.name_of(manifest::NAME);
        let line = &package.manifest.key;
        let known = keys.keys().find(|key| key.line() == *line);
        let Some(key) = known.filter(|key| key.name() == package.manifest.contents.store) else {
            return Err(Error::integrity(name, "of another store, or under another key")
                .as_breach(Breach::WrongKey));
        };
        package.check_key(key)?;
        let checkpoint = package.checkpoint(keys, key.name())?;
        let lines = package.paper(manifest::LEDGER)?;
        let words = package.paper(manifest::WORDS)?;
        package.records = extract::read(&lines, &words, &checkpoint)
            .map_err(|error| error.at(package.name_of(manifest::LEDGER)))?;
        package.check_named()?;
        Ok(package)
    }

    /// The full name of an object.
    pub fn name_of(&self, object: &str) -> String {
        format!("{}{object}", self.prefix)
    }

    /// The objects beside the manifest.
    pub fn objects(&self) -> &[Object] {
        &self.manifest.objects
    }

    /// Copies an object. What was written before an error is not to be used.
    ///
    /// # Errors
    /// `Integrity` if it is missing or not the one that was signed.
    pub fn fetch(&self, object: &Object, out: &mut dyn Write) -> Result<()> {
        let name = self.name_of(&object.name);
        target::fetch(&*self.target, &name, object.bytes, &object.sha256, out)
    }

    /// Whether an object is there, with its size.
    pub fn check_size(&self, object: &Object) -> Result<()> {
        target::check_size(&*self.target, &self.name_of(&object.name), object.bytes)
    }

    fn paper(&self, name: &str) -> Result<Vec<u8>> {
        let object = self.manifest.object(name).ok_or_else(|| target::missing(name))?;
        if object.bytes > LONGEST_PAPER {
            return Err(Error::integrity(self.name_of(name), "too large to be read"));
        }
        let mut bytes = Vec::new();
        self.fetch(object, &mut bytes)?;
        Ok(bytes)
    }

    fn check_key(&self, key: &VerifierKey) -> Result<()> {
        let line = self.paper(manifest::KEY)?;
        if line == format!("{}\n", key.line()).as_bytes() {
            return Ok(());
        }
        Err(Error::integrity(self.name_of(manifest::KEY), "another key"))
    }

    fn checkpoint(&self, keys: &KeyChain, store: &str) -> Result<Checkpoint> {
        let name = self.name_of(manifest::CHECKPOINT);
        let note = String::from_utf8(self.paper(manifest::CHECKPOINT)?)
            .map_err(|_| Error::integrity(&name, "no checkpoint"))?;
        let read = keys.open(&note).and_then(Checkpoint::parse).map_err(|error| error.at(&name))?;
        let head = self.manifest.checkpoint;
        if read.origin != store || (read.size, read.root) != (head.size, head.root) {
            return Err(Error::integrity(name, "not the checkpoint of the manifest"));
        }
        Ok(read)
    }

    /// Whether the records name every data file and every seal as the manifest does.
    fn check_named(&self) -> Result<()> {
        let mut files: BTreeMap<&str, Vec<(u64, &FileMeta)>> = BTreeMap::new();
        let mut seals = BTreeMap::new();
        for proven in &self.records {
            let seq = proven.record.seq;
            extract::files_of(&proven.record.body, &mut |meta| {
                files.entry(&meta.path).or_default().push((seq, meta));
            });
            if let Body::Seal(seal) = &proven.record.body {
                seals.insert(seq, (proven.record.at, seal));
            }
        }
        let contents = &self.manifest.contents;
        // A file that a redaction wrote anew counts as brought by the record that brought its lines.
        let redactions: BTreeSet<u64> = self
            .records
            .iter()
            .filter(|proven| matches!(proven.record.body, Body::Redact(_)))
            .map(|proven| proven.record.seq)
            .collect();
        let names = |file: &RestoredFile, (seq, meta): &(u64, &FileMeta)| {
            let by_redaction = file.seq < *seq && redactions.contains(seq);
            **meta == file.file && (file.seq == *seq || by_redaction)
        };
        for file in contents.segments.iter().chain(&contents.lines) {
            let named = files.get(file.file.path.as_str());
            if !named.is_some_and(|named| named.iter().any(|it| names(file, it))) {
                let name = self.name_of(&file.file.path);
                return Err(Error::integrity(name, "no record of the ledger names this file"));
            }
        }
        for sealed in &contents.seals {
            let proven = seals.get(&sealed.seq);
            if !proven.is_some_and(|(at, seal)| *at == sealed.at && is_same_seal(sealed, seal)) {
                let what = format!("no record of the ledger is seal {}", sealed.seq);
                return Err(Error::new(ErrorKind::Integrity, what).at(self.name_of(manifest::NAME)));
            }
        }
        let known = |seal: &u64| contents.seals.iter().any(|sealed| sealed.seq == *seal);
        match contents.segments.iter().find(|file| !file.seal.as_ref().is_some_and(known)) {
            None => Ok(()),
            Some(file) => {
                Err(Error::integrity(self.name_of(&file.file.path), "it stands under no seal"))
            }
        }
    }
}

/// Whether a folded seal is that of a record, but for salts that a later record has replaced.
fn is_same_seal(sealed: &Sealed, seal: &crate::ledger::record::Seal) -> bool {
    let folded = &sealed.seal;
    folded.day == seal.day
        && folded.leaves == seal.leaves
        && folded.number == seal.number
        && folded.root == seal.root
        && folded.sources == seal.sources
        && folded.ts == seal.ts
}
