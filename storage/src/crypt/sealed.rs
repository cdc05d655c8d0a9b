//! The file system of an encrypted store: what people and logs say in the folder of the ledger is encrypted on its way
//! to the disk, and the keys are at hand for whoever writes data files.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Component, Path};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::{KeyName, Scope, Vault};
use crate::error::{Error, ErrorKind, Result};
use crate::fs::{FileWriter, Fs, Lock, Rights};
use crate::ledger::file;
use crate::store::layout;

/// What a sealed file begins with.
const MAGIC: [u8; 8] = *b"dwellENC";

/// A file system below which everything is as it is on disk.
#[derive(Debug, Clone)]
pub(crate) struct SealedFs {
    inner: Arc<dyn Fs>,
    vault: Arc<Vault>,
}

impl SealedFs {
    pub(crate) fn new(inner: Arc<dyn Fs>, vault: Arc<Vault>) -> Self {
        Self { inner, vault }
    }

    /// The name of a file that is sealed as a whole: the words of records, and the snapshot, also while they are staged.
    fn sealed_name<'a>(&self, path: &'a Path) -> Option<&'a str> {
        let inside = path.strip_prefix(self.vault.dir()).ok()?;
        let Component::Normal(first) = inside.components().next()? else { return None };
        let name = path.file_name()?.to_str()?;
        let ledger = first == OsStr::new(file::FOLDER) || first == OsStr::new(layout::STAGING);
        let words = name.ends_with(".text") || name == crate::store::snapshot::NAME;
        (ledger && words).then_some(name)
    }
}

/// What is authenticated with a sealed file.
fn bound(store_id: &str, name: &str) -> Vec<u8> {
    format!("dwell sealed 1\0{store_id}\0{name}").into_bytes()
}

fn seal(vault: &Vault, scope: Scope, name: &str, plain: &[u8]) -> Result<Vec<u8>> {
    let key = vault.for_writing(scope)?;
    let sealed = key.cipher()?.seal(&bound(vault.store_id(), name), plain)?;
    Ok([MAGIC.as_slice(), key.name().id().as_bytes(), &sealed].concat())
}

fn unseal(vault: &Vault, scope: Scope, name: &str, bytes: &[u8]) -> Result<Vec<u8>> {
    let bad = |what: &str| Error::new(ErrorKind::Integrity, what);
    let rest = bytes.strip_prefix(&MAGIC).ok_or_else(|| bad("not encrypted as the store is"))?;
    let (id, sealed) = rest.split_at_checked(16).ok_or_else(|| bad("cut short"))?;
    let path = format!("{}/{}.key", scope.folder(), String::from_utf8_lossy(id));
    let key = KeyName::from_path(&path).ok_or_else(|| bad("encrypted with no key of dwell's"))?;
    let cipher = vault.data_key(&key)?.cipher()?;
    let plain = cipher.open(&bound(vault.store_id(), name), sealed);
    plain.ok_or_else(|| bad("not as it was encrypted"))
}

/// How a text begins that is encrypted where it stands, among others that are not.
const TEXT: &str = "encrypted:";

impl Vault {
    /// A short text in the form in which it may stand in a file of the store; `place` says where.
    pub(crate) fn seal_text(&self, place: &str, text: &str) -> Result<String> {
        Ok(format!(
            "{TEXT}{}",
            BASE64_STANDARD.encode(seal(self, Scope::Ledger, place, text.as_bytes())?)
        ))
    }

    /// The text that [`Vault::seal_text`] was given.
    pub(crate) fn unseal_text(&self, place: &str, text: &str) -> Result<String> {
        let bad = || Error::new(ErrorKind::Integrity, "a text that is not as it was encrypted");
        let sealed = text.strip_prefix(TEXT).ok_or_else(bad)?;
        let sealed = BASE64_STANDARD.decode(sealed).map_err(|_| bad())?;
        String::from_utf8(unseal(self, Scope::Ledger, place, &sealed)?).map_err(|_| bad())
    }
}

impl Vault {
    /// The bytes of a file that is encrypted as a whole with the key of a scope.
    pub(crate) fn seal_blob(&self, scope: Scope, path: &str, plain: &[u8]) -> Result<Vec<u8>> {
        seal(self, scope, path, plain)
    }

    /// What [`Vault::seal_blob`] was given.
    pub(crate) fn unseal_blob(&self, scope: Scope, path: &str, bytes: &[u8]) -> Result<Vec<u8>> {
        unseal(self, scope, path, bytes)
    }
}

/// A file that is encrypted once it is whole.
struct SealedFile {
    inner: Box<dyn FileWriter>,
    vault: Arc<Vault>,
    name: String,
    plain: Vec<u8>,
}

impl Write for SealedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.plain.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl FileWriter for SealedFile {
    fn sync(&mut self) -> io::Result<()> {
        let plain = std::mem::take(&mut self.plain);
        let sealed =
            seal(&self.vault, Scope::Ledger, &self.name, &plain).map_err(io::Error::other)?;
        self.inner.write_all(&sealed)?;
        self.inner.sync()
    }
}

impl Fs for SealedFs {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn FileWriter>> {
        let Some(name) = self.sealed_name(path) else { return self.inner.create_new(path) };
        Ok(Box::new(SealedFile {
            inner: self.inner.create_new(path)?,
            vault: Arc::clone(&self.vault),
            name: name.to_owned(),
            plain: Vec::new(),
        }))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn FileWriter>> {
        if self.sealed_name(path).is_some() {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "nothing is added to what is encrypted",
            ));
        }
        self.inner.append(path)
    }

    fn create_dir(&self, path: &Path, rights: Rights) -> io::Result<()> {
        self.inner.create_dir(path, rights)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.link(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.inner.remove_dir(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.inner.sync_dir(path)
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<Lock>> {
        self.inner.try_lock(path)
    }

    fn try_lock_shared(&self, path: &Path) -> io::Result<Option<Lock>> {
        self.inner.try_lock_shared(path)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let bytes = self.inner.read(path)?;
        match self.sealed_name(path) {
            None => Ok(bytes),
            Some(name) => unseal(&self.vault, Scope::Ledger, name, &bytes)
                .map_err(|error| io::Error::other(error.at_if_none(path))),
        }
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        self.inner.list(path)
    }

    fn vault(&self) -> Option<&Arc<Vault>> {
        Some(&self.vault)
    }
}
