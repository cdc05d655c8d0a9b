//! How does one private key take the place of another, so that a death at any moment leaves the one that is needed?
//! `<id>.key.new` is there before the ledger names it, `<id>.key.old-<key id>` stays for older copies of the store.

use std::path::PathBuf;

use super::{KeyRing, create_dirs};
use crate::error::{Error, ErrorKind, Result};
use crate::fs;
use crate::ledger::note::{SignerKey, VerifierKey};

impl KeyRing {
    fn key_path(&self, id: &str, ending: &str) -> Result<PathBuf> {
        let dir = self.dir.as_deref().ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, "no folder for the keys").advise("give --key-dir")
        })?;
        Ok(dir.join(format!("{id}.key{ending}")))
    }

    /// Puts a new private key beside the one in use, durably: the caller holds the store's lock.
    pub(crate) fn prepare(&self, new: &SignerKey) -> Result<()> {
        let path = self.key_path(new.verifier()?.name(), ".new")?;
        if let Some(dir) = path.parent() {
            create_dirs(&*self.fs, dir)?;
        }
        // What a rotation left that never reached the ledger signs nothing.
        fs::remove_if_there(&*self.fs, &path)?;
        fs::write_new(&*self.fs, &path, format!("{}\n", new.line()).as_bytes())?;
        self.sync_keys(&path)
    }

    /// Makes the new private key the one in use, once the ledger names it; the old one is kept under its key id.
    pub(crate) fn replace(&self, old: &VerifierKey) -> Result<()> {
        let id = old.name();
        let (path, new) = (self.key_path(id, "")?, self.key_path(id, ".new")?);
        let kept = self.key_path(id, &format!(".old-{}", old.id()))?;
        match self.fs.link(&path, &kept) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(Error::io("link", &kept, error));
            }
            _ => {}
        }
        self.sync_keys(&path)?;
        self.fs.rename(&new, &path).map_err(|error| Error::io("rename", &new, error))?;
        self.sync_keys(&path)
    }

    fn sync_keys(&self, path: &std::path::Path) -> Result<()> {
        path.parent().map_or(Ok(()), |dir| fs::sync_dir(&*self.fs, dir))
    }

    /// The private key of `key` where it is not the one in use: the new one of a rotation that died behind its commit,
    /// which is finished here, or an old one, for a copy of the store from before.
    pub(super) fn set_aside(&self, key: &VerifierKey) -> Result<Option<SignerKey>> {
        for ending in [".new".to_owned(), format!(".old-{}", key.id())] {
            let path = self.key_path(key.name(), &ending)?;
            let Some(bytes) = fs::read_if_there(&*self.fs, &path)? else { continue };
            let line = String::from_utf8_lossy(&bytes);
            let Ok(signer) = SignerKey::parse(line.trim_end()) else { continue };
            if signer.verifier()? != *key {
                continue;
            }
            if ending == ".new" {
                let old = self.signer_of(key.name())?.verifier()?;
                self.replace(&old)?;
                self.remember(key);
            }
            return Ok(Some(signer));
        }
        Ok(None)
    }
}
