//! How does a reader keep the files of its version from being deleted? By a locked file in `leases/`.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Store, layout};
use crate::error::{Error, ErrorKind, Result};
use crate::fs::{self, Fs, Lock};

/// A reader's mark that it works on one version; while it lives, no file of that version is deleted.
#[derive(Debug)]
pub struct Lease {
    held: Option<(Arc<dyn Fs>, PathBuf, Lock)>,
    version: u64,
}

impl Lease {
    /// Whether the mark could be written; on a read-only store it can't, and the reader says so.
    pub fn is_written(&self) -> bool {
        self.held.is_some()
    }

    /// The version it works on.
    pub fn version(&self) -> u64 {
        self.version
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some((fs, path, _lock)) = &self.held {
            // A mark that stays is void once its lock is gone, and the next writer removes it.
            let _ = fs.remove_file(path);
        }
    }
}

impl Store {
    /// Marks the newest version as being read.
    pub fn lease(&self) -> Result<Lease> {
        let version = self.state().version;
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| {
            Error::new(ErrorKind::Io, "the system gives no random bytes").caused_by(error)
        })?;
        let name = format!("{version:010}-{:016x}", u64::from_le_bytes(random));
        let path = self.dir.join(layout::LEASES).join(name);
        let held = self.fs.try_lock(&path).ok().flatten();
        Ok(Lease { held: held.map(|lock| (Arc::clone(&self.fs), path, lock)), version })
    }

    /// Removes the marks of dead readers; returns the oldest version that a living one works on.
    pub(super) fn oldest_lease(&self) -> Result<Option<u64>> {
        let folder = self.dir.join(layout::LEASES);
        let mut oldest: Option<u64> = None;
        for name in fs::list_if_there(&*self.fs, &folder)? {
            let path = folder.join(&name);
            match self.fs.try_lock(&path) {
                Ok(Some(_dead)) => fs::remove_if_there(&*self.fs, &path)?,
                // Held, or not ours to open: it counts.
                _ => {
                    let version = name.get(..10).and_then(|digits| digits.parse().ok());
                    let version = version.unwrap_or(0);
                    oldest = Some(oldest.map_or(version, |oldest| oldest.min(version)));
                }
            }
        }
        Ok(oldest)
    }
}
