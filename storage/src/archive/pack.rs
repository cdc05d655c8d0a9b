//! What has to be in the package of a day, and what is there already?

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::index::{self, Head, IndexedDay};
use super::manifest::{self, Contents, Manifest, Object};
use super::package::Package;
use super::send::Sender;
use super::target::{self, ArchiveTarget};
use crate::clock::Micros;
use crate::digest::Digest;
use crate::error::{ErrorKind, Result};
use crate::ledger::chain::KeyChain;
use crate::ledger::note::VerifierKey;
use crate::store::HoldState;

/// The package of a day, being made.
pub(super) struct Pack {
    pub(super) contents: Contents,
    prefix: String,
    papers: BTreeMap<&'static str, Vec<u8>>,
    manifest: Manifest,
    /// The manifest that an earlier run left, if it says the same of the day.
    ready: Option<(Manifest, Vec<u8>)>,
}

/// The README of a package.
pub(super) fn readme(contents: &Contents) -> Vec<u8> {
    include_str!("package.md")
        .replace("{DAY}", &contents.day.to_string())
        .replace("{ROWS}", &contents.rows.to_string())
        .replace("{STORE}", &contents.store)
        .into_bytes()
}

impl Pack {
    pub(super) fn new(
        contents: Contents,
        papers: BTreeMap<&'static str, Vec<u8>>,
        head: Head,
        holds: Vec<HoldState>,
        key: &VerifierKey,
        at: Micros,
    ) -> Result<Self> {
        let prefix = index::prefix(contents.day, &contents.id()?);
        let mut objects = contents.objects();
        objects.extend(papers.iter().map(|(name, content)| Object {
            bytes: content.len() as u64,
            name: (*name).to_owned(),
            sha256: Digest::of(content),
        }));
        let manifest = Manifest::new(at, head, contents.clone(), holds, key.line(), objects);
        Ok(Self { contents, prefix, papers, manifest, ready: None })
    }

    fn name(&self, object: &str) -> String {
        format!("{}{object}", self.prefix)
    }

    /// Looks at what an earlier run left, and removes what can't be part of the package. Of other packages of the day only
    /// the one stays that the newest index names.
    pub(super) fn look(
        &mut self,
        target: &Arc<dyn ArchiveTarget>,
        keys: &KeyChain,
        indexed: Option<&IndexedDay>,
    ) -> Result<()> {
        let listed = target.list(&format!("days/{}/", self.contents.day))?;
        let kept = indexed.map(IndexedDay::prefix);
        let expected: BTreeSet<String> =
            self.manifest.objects.iter().map(|object| self.name(&object.name)).collect();
        let manifest = self.name(manifest::NAME);
        let mut has_manifest = false;
        for found in listed {
            let of_kept = kept.as_ref().is_some_and(|kept| found.name.starts_with(kept.as_str()));
            let of_this = found.name.starts_with(&self.prefix);
            has_manifest |= found.name == manifest;
            let wanted = expected.contains(&found.name) || found.name == manifest;
            if (of_this && wanted) || (of_kept && !of_this) {
                continue;
            }
            target.delete(&found.name)?;
        }
        if !has_manifest {
            return Ok(());
        }
        match self.read_ready(target, keys, indexed) {
            Ok(Some(ready)) => self.ready = Some(ready),
            Err(error) if error.kind() != ErrorKind::Integrity => return Err(error),
            _ => self.begin_anew(&**target)?,
        }
        Ok(())
    }

    /// The manifest that is there, if it is sound and says the same of the day. One that the index names must be that one.
    fn read_ready(
        &self,
        target: &Arc<dyn ArchiveTarget>,
        keys: &KeyChain,
        indexed: Option<&IndexedDay>,
    ) -> Result<Option<(Manifest, Vec<u8>)>> {
        let name = self.name(manifest::NAME);
        let Some(bytes) = target::read_small(&**target, &name, manifest::LONGEST)? else {
            return Ok(None);
        };
        let manifest = Manifest::parse(&bytes)?;
        let sha256 = Digest::of(&bytes);
        let named = indexed.filter(|indexed| indexed.prefix() == self.prefix);
        let same_readme =
            manifest.object(manifest::README) == self.manifest.object(manifest::README);
        let is_same = match named {
            Some(indexed) => indexed.manifest == sha256,
            None => same_readme && manifest.holds == self.manifest.holds,
        };
        if !is_same || manifest.contents != self.contents {
            return Ok(None);
        }
        let prefix = self.prefix.clone();
        let package = Package::of_manifest(target, keys, prefix, manifest, sha256)?;
        Ok(Some((package.manifest, bytes)))
    }

    /// The state of the ledger that the manifest stands on that is there.
    pub(super) fn ready_head(&self) -> Option<Head> {
        self.ready.as_ref().map(|(manifest, _)| manifest.checkpoint)
    }

    /// Gives up the manifest that is there.
    pub(super) fn begin_anew(&mut self, target: &dyn ArchiveTarget) -> Result<()> {
        self.ready = None;
        target.delete(&self.name(manifest::NAME))
    }

    /// What has to be there beside the manifest.
    pub(super) fn objects(&self) -> &[Object] {
        match &self.ready {
            Some((manifest, _)) => &manifest.objects,
            None => &self.manifest.objects,
        }
    }

    /// Brings object number `at` to its place.
    pub(super) fn send(&self, at: usize, sender: &Sender<'_>) -> Result<()> {
        let Some(object) = self.objects().get(at) else { return Ok(()) };
        let name = self.name(&object.name);
        match self.papers.get(object.name.as_str()) {
            // Those of an earlier run stand on an earlier checkpoint; they were read when its manifest was checked.
            Some(_) if self.ready.is_some() && object.name != manifest::README => Ok(()),
            Some(content) => sender.paper(&name, content),
            None => sender.file(&name, &object.name, object.bytes, &object.sha256),
        }
    }

    /// Writes the manifest, when all else is there.
    pub(super) fn finish(&self, sender: &Sender<'_>) -> Result<IndexedDay> {
        let (manifest, bytes) = match &self.ready {
            Some((manifest, bytes)) => (manifest, bytes.clone()),
            None => (&self.manifest, self.manifest.render()?),
        };
        // Nothing is written that could not be read back.
        Manifest::parse(&bytes)?;
        sender.paper(&self.name(manifest::NAME), &bytes)?;
        manifest.indexed(&bytes)
    }
}
