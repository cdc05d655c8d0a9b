//! Which keys and heads does this machine know? A folder outside of every store, by store id: `<id>.key` (private),
//! `known_keys`, `<id>.head` (the last checkpoint seen), `<id>.heads` (size and root of every one before it),
//! `<id>.privacy` (the secret behind pseudonyms).

mod archives;
mod privacy;
mod replace;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::chain::{self, KeyChain};
use super::note::{Checkpoint, SignerKey, VerifierKey};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::fs::{self, Fs, Rights};

/// The file of public keys, a verifier key line each.
const KNOWN_KEYS: &str = "known_keys";

/// How long one waits for another process that writes the same head.
const HEAD_WAIT_MS: u64 = 2_000;

/// The folder of keys and heads, and where heads go if it can't be written.
#[derive(Debug, Clone)]
pub struct KeyRing {
    fs: Arc<dyn Fs>,
    dir: Option<PathBuf>,
    fallback: Option<PathBuf>,
}

/// A commit boundary of a ledger: its size and root.
pub type Boundary = (u64, Digest);

impl KeyRing {
    /// The ring in `dir`, with heads in `fallback` where `dir` can't be written.
    pub fn new(fs: Arc<dyn Fs>, dir: Option<PathBuf>, fallback: Option<PathBuf>) -> Self {
        Self { fs, dir, fallback }
    }

    /// Whether there is no folder at all.
    pub fn is_empty(&self) -> bool {
        self.places().next().is_none()
    }

    fn places(&self) -> impl Iterator<Item = &PathBuf> {
        self.dir.iter().chain(&self.fallback)
    }

    /// Stores a new private key and remembers its public half.
    pub fn create(&self, key: &SignerKey) -> Result<()> {
        let verifier = key.verifier()?;
        let dir = self.dir.as_deref().ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, "no folder for the keys").advise("give --key-dir")
        })?;
        create_dirs(&*self.fs, dir)?;
        let path = dir.join(format!("{}.key", verifier.name()));
        fs::write_new(&*self.fs, &path, format!("{}\n", key.line()).as_bytes())?;
        self.remember_in(dir, &verifier)
    }

    /// The private key that belongs to a public one.
    pub fn signer(&self, key: &VerifierKey) -> Result<SignerKey> {
        let signer = self.signer_of(key.name())?;
        if signer.verifier()? == *key {
            return Ok(signer);
        }
        if let Some(signer) = self.set_aside(key)? {
            return Ok(signer);
        }
        let what = format!("the private key here is not the one of store {}", key.line());
        Err(Error::new(ErrorKind::Io, what))
    }

    /// The private key of the store of this id.
    pub fn signer_of(&self, id: &str) -> Result<SignerKey> {
        let missing = |path: Option<&Path>| {
            let error = Error::new(ErrorKind::Io, format!("no private key for store {id}"));
            let error = match path {
                Some(path) => error.at(path),
                None => error,
            };
            error.advise(
                "writing needs it: give its folder with --key-dir (recover --new-key if it is lost)",
            )
        };
        let Some(dir) = &self.dir else { return Err(missing(None)) };
        let path = dir.join(format!("{id}.key"));
        let Some(bytes) = fs::read_if_there(&*self.fs, &path)? else {
            return Err(missing(Some(&path)));
        };
        let damaged =
            || Error::new(ErrorKind::Io, format!("not the private key of store {id}")).at(&path);
        let text = std::str::from_utf8(&bytes).map_err(|_| damaged())?;
        let signer = SignerKey::parse(text.trim_end()).map_err(|_| damaged())?;
        if signer.verifier()?.name() == id { Ok(signer) } else { Err(damaged()) }
    }

    /// The public key known for a store id: the last one that was remembered.
    pub fn known(&self, id: &str) -> Result<Option<VerifierKey>> {
        Ok(self.known_all(id)?.pop())
    }

    /// Every public key known for a store id, in the order in which they were met.
    pub fn known_all(&self, id: &str) -> Result<Vec<VerifierKey>> {
        let mut known = Vec::new();
        for dir in self.places() {
            let path = dir.join(KNOWN_KEYS);
            let Some(bytes) = fs::read_if_there(&*self.fs, &path)? else { continue };
            // A torn last line names no key.
            let text = String::from_utf8_lossy(&bytes);
            let keys = text.lines().filter_map(|line| VerifierKey::parse(line).ok());
            known.extend(keys.filter(|key| key.name() == id));
            if !known.is_empty() {
                break;
            }
        }
        Ok(known)
    }

    /// Remembers a public key; says so if that can't be done.
    pub fn remember(&self, key: &VerifierKey) -> Option<String> {
        self.write_somewhere(|dir| self.remember_in(dir, key))
    }

    fn remember_in(&self, dir: &Path, key: &VerifierKey) -> Result<()> {
        let path = dir.join(KNOWN_KEYS);
        let mut file = self.fs.append(&path).map_err(|error| Error::io("open", &path, error))?;
        // The newline in front ends a line that a power loss has torn.
        let line = format!("\n{}\n", key.line());
        file.write_all(line.as_bytes()).map_err(|error| Error::io("write", &path, error))?;
        file.sync().map_err(|error| Error::io("sync", &path, error))?;
        fs::sync_dir(&*self.fs, dir)
    }

    /// Writes to the key folder, else to the fallback; what to tell the user if neither could be written.
    fn write_somewhere(&self, write: impl Fn(&Path) -> Result<()>) -> Option<String> {
        let mut why = None;
        for dir in self.places() {
            match create_dirs(&*self.fs, dir).and_then(|()| write(dir)) {
                Ok(()) => return None,
                Err(error) => why = Some(error),
            }
        }
        why.map(|why| format!("the head of the ledger could not be noted: {why}; a rollback of the store would go unnoticed on this machine"))
    }

    /// The newest head seen of the store with these keys; a key met earlier or later may have signed it.
    pub fn head(&self, keys: &KeyChain) -> Result<Option<Checkpoint>> {
        let Some(id) = keys.newest().map(VerifierKey::name) else { return Ok(None) };
        self.newest_head(id, &keys.keys().cloned().chain(self.known_all(id)?).collect::<Vec<_>>())
    }

    /// The newest head seen, which one of these very keys must have signed.
    pub fn head_of(&self, keys: &KeyChain) -> Result<Option<Checkpoint>> {
        let Some(id) = keys.newest().map(VerifierKey::name) else { return Ok(None) };
        self.newest_head(id, &keys.keys().cloned().collect::<Vec<_>>())
    }

    fn newest_head(&self, id: &str, keys: &[VerifierKey]) -> Result<Option<Checkpoint>> {
        let mut newest: Option<Checkpoint> = None;
        for dir in self.places() {
            let path = dir.join(format!("{id}.head"));
            let Some(bytes) = fs::read_if_there(&*self.fs, &path)? else { continue };
            let damaged = |error: Error| {
                Error::integrity(&path, "the known head is damaged").caused_by(error)
            };
            let note = String::from_utf8_lossy(&bytes);
            let text = chain::open_any(keys.iter().rev(), &note);
            let head = text.and_then(Checkpoint::parse).map_err(damaged)?;
            if newest.as_ref().is_none_or(|newest| newest.size < head.size) {
                newest = Some(head);
            }
        }
        Ok(newest)
    }

    /// The root that a store had at an earlier size, if that was seen.
    pub fn past_root(&self, id: &str, size: u64) -> Result<Option<Digest>> {
        for dir in self.places() {
            let history = self.history(dir, id)?;
            if let Ok(at) = history.binary_search_by_key(&size, |(size, _)| *size) {
                return Ok(Some(history[at].1));
            }
        }
        Ok(None)
    }

    fn history(&self, dir: &Path, id: &str) -> Result<Vec<Boundary>> {
        let path = dir.join(format!("{id}.heads"));
        let bytes = fs::read_if_there(&*self.fs, &path)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let mut history: Vec<Boundary> = text.lines().filter_map(boundary).collect();
        history.sort_unstable_by_key(|(size, _)| *size);
        history.dedup();
        Ok(history)
    }

    /// Moves the known head forward to `note`, never back. `since` gives the boundaries of the ledger beyond a size.
    /// Returns what to tell the user if that can't be done.
    pub fn advance(
        &self,
        keys: &KeyChain,
        note: &str,
        since: &dyn Fn(u64) -> Result<Vec<Boundary>>,
    ) -> Option<String> {
        self.write_somewhere(|dir| self.advance_in(dir, keys, note, since, false))
    }

    /// Takes `note` as the head, whatever was known before.
    pub fn accept(&self, keys: &KeyChain, note: &str, boundaries: &[Boundary]) -> Result<()> {
        let Some(dir) = self.places().next() else { return Ok(()) };
        create_dirs(&*self.fs, dir)?;
        let since = |_: u64| Ok(boundaries.to_vec());
        self.advance_in(dir, keys, note, &since, true)
    }

    fn advance_in(
        &self,
        dir: &Path,
        keys: &KeyChain,
        note: &str,
        since: &dyn Fn(u64) -> Result<Vec<Boundary>>,
        even_back: bool,
    ) -> Result<()> {
        let new = Checkpoint::parse(keys.open(note)?)?;
        let id = new.origin.as_str();
        let lock = dir.join(format!("{id}.lock"));
        let lock = fs::wait_for_lock(&*self.fs, &lock, HEAD_WAIT_MS)?;
        let Some(_lock) = lock else {
            return Err(Error::new(ErrorKind::Locked, "another process holds the head").at(dir));
        };
        let old = if even_back { None } else { self.head(keys)? };
        let known = old.map_or(0, |old| old.size);
        if known >= new.size {
            return Ok(());
        }
        let heads = dir.join(format!("{id}.heads"));
        if even_back {
            fs::remove_if_there(&*self.fs, &heads)?;
        }
        // Boundaries are appended before the head moves, so none up to the head is missing; some may stand twice.
        let lines: String = since(known)?.iter().map(boundary_line).collect();
        let mut file = self.fs.append(&heads).map_err(|error| Error::io("open", &heads, error))?;
        file.write_all(lines.as_bytes()).map_err(|error| Error::io("write", &heads, error))?;
        file.sync().map_err(|error| Error::io("sync", &heads, error))?;
        let (path, staged) = (dir.join(format!("{id}.head")), dir.join(format!("{id}.head.new")));
        fs::remove_if_there(&*self.fs, &staged)?;
        fs::write_new(&*self.fs, &staged, note.as_bytes())?;
        self.fs.rename(&staged, &path).map_err(|error| Error::io("rename", &staged, error))?;
        fs::sync_dir(&*self.fs, dir)
    }
}

/// One boundary as a line of `<id>.heads`; the newline in front ends a line that a power loss has torn.
fn boundary_line((size, root): &Boundary) -> String {
    format!("\n{size} {}\n", BASE64_STANDARD.encode(root.0))
}

fn boundary(line: &str) -> Option<Boundary> {
    let (size, root) = line.split_once(' ')?;
    let root = BASE64_STANDARD.decode(root).ok()?;
    Some((size.parse().ok()?, Digest(root.try_into().ok()?)))
}

/// Writes the file of a new secret, which must not be there, with the folders above it.
pub(crate) fn write_secret(fs: &dyn Fs, path: &Path, text: &str) -> Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let dir = dir.unwrap_or_else(|| Path::new("."));
    create_dirs(fs, dir)?;
    crate::fs::write_new(fs, path, text.as_bytes())?;
    crate::fs::sync_dir(fs, dir)
}

/// Creates a private folder and what is missing above it.
fn create_dirs(fs: &dyn Fs, dir: &Path) -> Result<()> {
    let missing: Vec<_> =
        dir.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists()).collect();
    for dir in missing.into_iter().rev() {
        match fs.create_dir(dir, Rights::Private) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(Error::io("create the folder", dir, error));
            }
            _ => {}
        }
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            crate::fs::sync_dir(fs, parent)?;
        }
    }
    Ok(())
}
