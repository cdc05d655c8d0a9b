//! Where does the secret behind pseudonyms lie? In `<id>.privacy`, made when a privacy rule is first used.

use std::path::{Path, PathBuf};

use super::{HEAD_WAIT_MS, KeyRing, create_dirs};
use crate::error::{Error, ErrorKind, Result};
use crate::fs;
use crate::privacy::PrivacyKey;

impl KeyRing {
    fn privacy_path(&self, id: &str) -> Option<PathBuf> {
        self.dir.as_ref().map(|dir| dir.join(format!("{id}.privacy")))
    }

    /// The privacy key of the store of this id, if there is one here.
    pub fn privacy_key(&self, id: &str) -> Result<Option<PrivacyKey>> {
        let Some(path) = self.privacy_path(id) else { return Ok(None) };
        let Some(bytes) = fs::read_if_there(&*self.fs, &path)? else { return Ok(None) };
        let key = std::str::from_utf8(&bytes).ok();
        let key = key.and_then(|text| PrivacyKey::parse(text.trim_end(), id));
        let damaged = || Error::new(ErrorKind::Io, format!("not the privacy key of store {id}"));
        key.map(Some).ok_or_else(|| damaged().at(path).advise("bring it back from a copy"))
    }

    /// The privacy key of the store of this id, made now if there is none.
    pub fn privacy_key_or_new(&self, id: &str) -> Result<PrivacyKey> {
        let (Some(dir), Some(path)) = (&self.dir, self.privacy_path(id)) else {
            return Err(Error::new(ErrorKind::InvalidInput, "no folder for the privacy key")
                .advise("give --key-dir"));
        };
        create_dirs(&*self.fs, dir)?;
        let lock = fs::wait_for_lock(&*self.fs, &dir.join(format!("{id}.lock")), HEAD_WAIT_MS)?;
        let Some(_lock) = lock else {
            return Err(Error::new(ErrorKind::Locked, "another process holds the keys").at(dir));
        };
        if let Some(key) = self.privacy_key(id)? {
            return Ok(key);
        }
        let key = PrivacyKey::generate()?;
        self.write_whole(dir, &path, &format!("{}\n", key.to_line(id)))?;
        Ok(key)
    }

    /// Writes a file that is either there with all its bytes, or not at all.
    fn write_whole(&self, dir: &Path, path: &Path, text: &str) -> Result<()> {
        let staged = path.with_extension("privacy.new");
        fs::remove_if_there(&*self.fs, &staged)?;
        fs::write_new(&*self.fs, &staged, text.as_bytes())?;
        self.fs.rename(&staged, path).map_err(|error| Error::io("rename", &staged, error))?;
        fs::sync_dir(&*self.fs, dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::privacy::Kind;

    #[test]
    fn a_key_is_made_once_and_closed_to_others() {
        use std::os::unix::fs::PermissionsExt as _;
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("keys");
        let ring = KeyRing::new(fs::real(), Some(dir.clone()), None);
        assert!(ring.privacy_key("s").unwrap().is_none());
        let key = ring.privacy_key_or_new("s").unwrap();
        let again = ring.privacy_key_or_new("s").unwrap();
        let name = |key: &PrivacyKey| key.pseudonym(Kind::User, "anna");
        assert_eq!(name(&key), name(&again));
        assert_eq!(name(&key), name(&ring.privacy_key("s").unwrap().unwrap()));
        assert_ne!(name(&key), name(&ring.privacy_key_or_new("t").unwrap()));
        let mode = std::fs::metadata(dir.join("s.privacy")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(dir.join("s.privacy"), "torn").unwrap();
        assert_eq!(ring.privacy_key("s").unwrap_err().kind(), ErrorKind::Io);
        let none = KeyRing::new(fs::real(), None, None);
        assert_eq!(none.privacy_key_or_new("s").unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
