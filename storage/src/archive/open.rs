//! How does one open an archive? Its mark names the store, the newest index its days, and both must be signed by a key
//! that is trusted here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::index::{self, Index, IndexedDay};
use super::package::Package;
use super::target::{self, ArchiveTarget, Put, Upload};
use crate::day::Day;
use crate::digest::Digest;
use crate::error::{Breach, Error, ErrorKind, Result};
use crate::fs::Fs;
use crate::ledger::chain::KeyChain;
use crate::ledger::file::LedgerFile;
use crate::ledger::keys::KeyRing;
use crate::ledger::note::{self, Checkpoint, VerifierKey};
use crate::ledger::record::{Body, Record};
use crate::store::{Store, check_key};

/// The object that says that this is an archive, and whose.
pub const MARK: &str = "dwell-archive";

/// What people should know of an archive.
pub(super) const README: &str = "README.md";

/// The first line of the mark.
const HEADER: &str = "dwell archive 1";

/// A mark of more bytes is none.
const LONGEST_MARK: u64 = 4096;

/// The text of README.md.
const ABOUT: &str = include_str!("about.md");

/// What an archive is checked with, besides its own signatures.
#[derive(Debug, Clone)]
pub struct Trust {
    /// The folder of keys and known heads.
    pub key_dir: Option<PathBuf>,
    /// Where they go if that can't be written.
    pub fallback_dir: Option<PathBuf>,
    /// A C2SP verifier key line that the archive must be signed with.
    pub pinned_key: Option<String>,
    /// A signed checkpoint (a C2SP note) of the same store that was kept elsewhere.
    pub trusted: Option<String>,
    /// The file system of the key folder.
    pub fs: Arc<dyn Fs>,
}

impl Trust {
    fn ring(&self) -> KeyRing {
        KeyRing::new(Arc::clone(&self.fs), self.key_dir.clone(), self.fallback_dir.clone())
    }
}

/// An archive whose newest index is signed by a trusted key.
#[derive(Debug, Clone)]
pub struct Archive {
    target: Arc<dyn ArchiveTarget>,
    /// The key of record 1, as the mark has it.
    first: VerifierKey,
    /// The newest key.
    key: VerifierKey,
    keys: KeyChain,
    index: Option<(Index, Digest)>,
    notes: Vec<String>,
}

/// Whether a folder says that it is an archive.
pub fn is_archive(path: &Path) -> bool {
    std::fs::symlink_metadata(path.join(MARK)).is_ok()
        && std::fs::symlink_metadata(crate::ledger::file::path(path, 1)).is_err()
}

/// The mark of a store's archives.
fn mark(key: &VerifierKey) -> String {
    format!("{HEADER}\n{}\n", key.line())
}

/// The digest of the archive's README.md: it stays as the first run wrote it.
pub(super) fn readme_of(newest: Option<&Index>) -> Digest {
    newest.map_or_else(|| Digest::of(ABOUT.as_bytes()), |index| index.readme)
}

/// Reads the mark; `None` if there is none.
fn read_mark(target: &dyn ArchiveTarget) -> Result<Option<VerifierKey>> {
    let Some(bytes) = target::read_small(target, MARK, LONGEST_MARK)? else { return Ok(None) };
    let bad = || Error::integrity(MARK, "altered: not the mark of an archive");
    let text = std::str::from_utf8(&bytes).map_err(|_| bad())?;
    let line = text.strip_prefix(HEADER).and_then(|rest| rest.strip_prefix('\n'));
    let key = VerifierKey::parse(line.ok_or_else(bad)?.trim_end()).map_err(|_| bad())?;
    if mark(&key) == text { Ok(Some(key)) } else { Err(bad()) }
}

/// The numbers of the indexes that are there, ascending.
pub(super) fn index_numbers(target: &dyn ArchiveTarget) -> Result<Vec<u64>> {
    let listed = target.list(&format!("{}/", index::FOLDER))?;
    let mut numbers: Vec<u64> =
        listed.iter().filter_map(|listed| index::number_of(&listed.name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Reads an index that must be there and signed; gives the keys that it stands on, too.
pub(super) fn read_index(
    target: &dyn ArchiveTarget,
    number: u64,
    first: &VerifierKey,
) -> Result<(Index, Digest, KeyChain)> {
    let name = index::name(number);
    let bytes =
        target::read_small(target, &name, index::LONGEST)?.ok_or_else(|| target::missing(&name))?;
    let (index, keys) = Index::parse(&bytes, first).map_err(|error| error.at(&name))?;
    if index.number != number {
        return Err(Error::integrity(name, format!("altered: it is index {}", index.number)));
    }
    Ok((index, Digest::of(&bytes), keys))
}

/// The records of a store's ledger that brought new keys.
pub(super) fn rotations(store: &Store) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for version in store.keys().rotations() {
        let path = crate::ledger::file::path(store.dir(), version);
        let bytes = crate::fs::read_if_there(&**store.fs(), &path)?
            .ok_or_else(|| Error::integrity(&path, "a file of the ledger is missing"))?;
        let file = LedgerFile::parse(&bytes).map_err(|error| error.at(&path))?;
        for line in file.records {
            if matches!(Record::parse(line)?.body, Body::Rotate(_)) {
                found.push(String::from_utf8_lossy(line).into_owned());
            }
        }
    }
    Ok(found)
}

impl Archive {
    /// Opens the archive at `target`.
    ///
    /// # Errors
    /// `NoStore` if there is none; `Integrity` if its signatures do not hold, or it is older than it was when this machine
    /// last wrote to it.
    pub fn open(target: Arc<dyn ArchiveTarget>, trust: &Trust) -> Result<Self> {
        let Some(key) = read_mark(&*target)? else {
            if index_numbers(&*target)?.is_empty() {
                return Err(Error::new(ErrorKind::NoStore, "no archive").at(target.url()));
            }
            return Err(target::missing(MARK));
        };
        let keys = KeyChain::of(&key);
        Self::with_key(target, key, keys, trust)
    }

    /// Opens the archive of `store` at `target`; an empty target becomes one.
    ///
    /// # Errors
    /// `InvalidInput` if another store's archive, or anything else, lies there.
    pub fn open_or_create(
        target: Arc<dyn ArchiveTarget>,
        store: &Store,
        trust: &Trust,
    ) -> Result<Self> {
        let keys = store.keys();
        let first = match read_mark(&*target)? {
            Some(key) if keys.contains(&key) => key,
            Some(key) => {
                let what = format!("the archive of another store, {}", key.name());
                return Err(Error::new(ErrorKind::InvalidInput, what)
                    .at(target.url())
                    .advise("give each store a folder (or prefix) of its own"));
            }
            None => {
                target.clean()?;
                if let Some(found) = target.list("")?.iter().find(|found| found.name != README) {
                    let what = format!("not empty, and no archive: it holds {}", found.name);
                    return Err(Error::new(ErrorKind::InvalidInput, what)
                        .at(target.url())
                        .advise("give a folder (or prefix) of its own"));
                }
                target.put(README, &Upload::of_bytes(ABOUT.as_bytes()), None)?;
                let first = keys.keys().next().cloned().unwrap_or_else(|| store.key());
                let mark = mark(&first);
                if target.put(MARK, &Upload::of_bytes(mark.as_bytes()), None)? == Put::Taken {
                    return Err(Error::new(ErrorKind::Conflict, "another process was faster")
                        .at(target.url()));
                }
                first
            }
        };
        Self::with_key(target, first, keys, trust)
    }

    /// Opens the archive whose mark has the key `first`; without an index the keys are those given.
    fn with_key(
        target: Arc<dyn ArchiveTarget>,
        first: VerifierKey,
        keys: KeyChain,
        trust: &Trust,
    ) -> Result<Self> {
        let newest = index_numbers(&*target)?.last().copied();
        let index = newest.map(|number| read_index(&*target, number, &first)).transpose()?;
        let (index, keys) = match index {
            Some((index, sha256, keys)) => (Some((index, sha256)), keys),
            None => (None, keys),
        };
        let ring = trust.ring();
        let mut notes = Vec::new();
        check_key(&ring, &keys, trust.pinned_key.as_deref(), &mut notes)?;
        let key = keys.newest().unwrap_or(&first).clone();
        let mut archive = Self { target, first, key, keys, index, notes };
        archive.check_seen(&ring)?;
        archive.check_head(&ring)?;
        archive.check_trusted(trust)?;
        Ok(archive)
    }

    /// Compares the newest index with the one that this machine last wrote there.
    fn check_seen(&self, ring: &KeyRing) -> Result<()> {
        let url = target::digest_of(self.target.url());
        let Some((number, sha256)) = ring.seen_index(self.key.name(), &url)? else { return Ok(()) };
        let found = self.index.as_ref().map(|(index, sha256)| (index.number, *sha256));
        match found {
            Some(found) if found.0 > number || found == (number, sha256) => Ok(()),
            Some((at, _)) if at == number => Err(Error::integrity(
                index::name(number),
                "altered: signed, but not the index that this machine wrote",
            )),
            found => {
                let what = format!(
                    "rolled back: the newest index is {}, this machine has written {number}",
                    found.map_or_else(|| "missing".into(), |(at, _)| at.to_string())
                );
                Err(Error::integrity(self.target.url(), what).as_breach(Breach::RolledBack).advise(
                    "if the archive was emptied on purpose, give it another folder or prefix",
                ))
            }
        }
    }

    /// Compares the state of the ledger that the index stands on with what this machine has seen of it.
    fn check_head(&self, ring: &KeyRing) -> Result<()> {
        let Some((index, _)) = &self.index else { return Ok(()) };
        match ring.past_root(self.key.name(), index.head.size)? {
            Some(root) if root != index.head.root => Err(Error::integrity(
                index::name(index.number),
                "it stands on a ledger that is not the one seen on this machine",
            )),
            _ => Ok(()),
        }
    }

    /// Compares the state of the ledger that the newest index stands on with checkpoints that were kept elsewhere: a signed
    /// note, or the lines of a log.
    fn check_trusted(&mut self, trust: &Trust) -> Result<()> {
        let Some(text) = &trust.trusted else { return Ok(()) };
        let Some((index, _)) = &self.index else { return Ok(()) };
        let notes = note::checkpoints_in(text);
        let own: Vec<_> =
            notes.iter().filter(|it| it.lines().next() == Some(self.store_id())).collect();
        if own.is_empty() {
            let what = "no trusted checkpoint is of this store";
            return Err(Error::new(ErrorKind::Integrity, what).as_breach(Breach::WrongKey));
        }
        let (head, mut newest) = (index.head, 0);
        for note in own {
            let trusted = self.keys.open(note).and_then(Checkpoint::parse).map_err(|error| {
                let breach = error.breach();
                Error::new(ErrorKind::Integrity, "the trusted checkpoint")
                    .caused_by(error)
                    .as_breach(breach)
            })?;
            if trusted.size == head.size && trusted.root != head.root {
                return Err(Error::integrity(
                    index::name(index.number),
                    "altered: it stands on another ledger than the trusted checkpoint",
                ));
            }
            newest = newest.max(trusted.size);
        }
        self.notes.push(format!(
            "the newest index stands on {} records, the newest trusted checkpoint on {newest}: what was archived between them is not shown by it",
            head.size
        ));
        Ok(())
    }

    /// Where it is.
    pub fn target(&self) -> &Arc<dyn ArchiveTarget> {
        &self.target
    }

    /// The id of the store that it is of.
    pub fn store_id(&self) -> &str {
        self.key.name()
    }

    /// The key that it is signed with: the newest of the store.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// All keys of the store: older packages were signed with older ones.
    pub fn keys(&self) -> &KeyChain {
        &self.keys
    }

    /// The first of them.
    pub(super) fn first_key(&self) -> &VerifierKey {
        &self.first
    }

    /// What the person at the keyboard should know.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The newest index and its digest; none in an archive without any day yet.
    pub fn index(&self) -> Option<&(Index, Digest)> {
        self.index.as_ref()
    }

    /// Its days.
    pub fn days(&self) -> &BTreeMap<Day, IndexedDay> {
        static NONE: BTreeMap<Day, IndexedDay> = BTreeMap::new();
        self.index.as_ref().map_or(&NONE, |(index, _)| &index.days)
    }

    /// The package of a day that the index names, checked but for the bytes of its data files.
    ///
    /// # Errors
    /// `Integrity`, naming the object; `InvalidInput` if the day is not in the archive.
    pub fn package(&self, day: Day) -> Result<Package> {
        let indexed = self.days().get(&day).ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, format!("{day} is not in the archive"))
                .at(self.target.url())
        })?;
        Package::open(&self.target, &self.keys, indexed)
    }
}
