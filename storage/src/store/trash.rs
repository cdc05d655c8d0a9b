//! Where do files go that the newest version no longer names? To `trash/`, by the version that dropped them, until no
//! reader needs them and the grace is over.

use std::path::{Path, PathBuf};

use super::{Store, clean, layout, load};
use crate::clock::Micros;
use crate::error::{Error, ErrorKind, Result};
use crate::fs::{self, Fs, Rights};
use crate::segment::FileMeta;

/// What was deleted for good.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// Files deleted.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that wait for a reader, or for the grace to end.
    pub waiting: u64,
}

/// Renames files of the store into the trash of `version`; those that are gone already are skipped.
pub(super) fn move_away(fs: &dyn Fs, dir: &Path, version: u64, files: &[String]) -> Result<()> {
    let folder = layout::trash_folder(dir, version);
    let mut parents = std::collections::BTreeSet::new();
    for file in files {
        let from = dir.join(file);
        if std::fs::symlink_metadata(&from).is_err() {
            continue;
        }
        if parents.is_empty() {
            fs::ensure_dir(fs, &folder, Rights::Inherit)?;
            fs::sync_dir(fs, &dir.join(layout::TRASH))?;
        }
        let to = folder.join(layout::trash_name(file));
        fs.rename(&from, &to).map_err(|error| Error::io("rename", &from, error))?;
        parents.extend(from.parent().map(Path::to_path_buf));
    }
    if !parents.is_empty() {
        fs::sync_dir(fs, &folder)?;
    }
    leave(fs, dir, parents)
}

/// Deletes files of the store at once.
pub(super) fn shred(fs: &dyn Fs, dir: &Path, files: &[String]) -> Result<()> {
    let mut parents = std::collections::BTreeSet::new();
    for file in files {
        let path = dir.join(file);
        fs::remove_if_there(fs, &path)?;
        if std::fs::symlink_metadata(&path).is_ok() {
            return Err(Error::new(ErrorKind::Io, "it is still there after its removal").at(path));
        }
        parents.extend(path.parent().filter(|it| it.is_dir()).map(Path::to_path_buf));
    }
    leave(fs, dir, parents)
}

/// Makes removals durable, and removes folders that have become empty.
fn leave(fs: &dyn Fs, dir: &Path, parents: std::collections::BTreeSet<PathBuf>) -> Result<()> {
    for folder in parents {
        fs::sync_dir(fs, &folder)?;
        let mut empty = folder.as_path();
        // The folders of `layout::FOLDERS` stay.
        while empty.parent().is_some_and(|parent| parent != dir)
            && empty.starts_with(dir)
            && fs::list_if_there(fs, empty)?.is_empty()
            && fs.remove_dir(empty).is_ok()
        {
            let Some(parent) = empty.parent() else { break };
            fs::sync_dir(fs, parent)?;
            empty = parent;
        }
    }
    Ok(())
}

impl Store {
    /// The absolute path of a data file of some version: where the ledger names it, or in `trash/` if a later
    /// version no longer names it.
    pub fn locate(&self, file: &str) -> PathBuf {
        let path = self.dir.join(file);
        if path.exists() {
            return path;
        }
        let name = layout::trash_name(file);
        let trash = self.dir.join(layout::TRASH);
        let versions = fs::list_if_there(&*self.fs, &trash).unwrap_or_default();
        let found = versions.iter().rev().map(|version| trash.join(version).join(&name));
        found.into_iter().find(|path| path.exists()).unwrap_or(path)
    }

    /// Why a file that some version names is nowhere: a newer version may have removed it for good, without waiting for
    /// readers, as a redaction does.
    pub(super) fn missing(&self, meta: &FileMeta, error: Error) -> Error {
        match self.refresh() {
            Ok(newest) if newest.files().all(|file| file.path != meta.path) => {
                let what = "a file was removed for good while it was to be read";
                Error::new(ErrorKind::Conflict, what)
                    .at(self.dir.join(&meta.path))
                    .advise("a redaction or retention has been at work: ask again")
            }
            _ => error,
        }
    }

    /// Deletes what lies in `trash/` for longer than `grace_us` and is needed by no living reader, and in an encrypted store
    /// the keys of days of which nothing is left then.
    pub fn purge(&self, now_us: Micros, grace_us: Micros, wait_ms: u64) -> Result<Purged> {
        self.writable()?;
        let _lock = self.lock_writer(wait_ms)?;
        let state = self.refresh()?;
        let mut purged = Purged::default();
        let oldest = self.oldest_lease()?;
        let trash = self.dir.join(layout::TRASH);
        for name in fs::list_if_there(&*self.fs, &trash)? {
            let folder = trash.join(&name);
            let files = fs::list_if_there(&*self.fs, &folder)?;
            let Some(version) = name.parse::<u64>().ok().filter(|it| *it > 0) else { continue };
            let needed = oldest.is_some_and(|lease| lease < version);
            let due = self.written_at(version)?.saturating_add(grace_us) <= now_us;
            if needed || !due {
                purged.waiting += files.len() as u64;
                continue;
            }
            for file in &files {
                purged.bytes += std::fs::metadata(folder.join(file)).map_or(0, |it| it.len());
            }
            clean::remove_folder(&*self.fs, &folder)?;
            if folder.exists() {
                return Err(Error::new(ErrorKind::Io, "still there after its removal").at(folder));
            }
            purged.files += files.len() as u64;
        }
        fs::sync_dir(&*self.fs, &trash)?;
        self.shred_keys_of(&state)?;
        Ok(purged)
    }

    /// When the ledger's file `version` was written.
    fn written_at(&self, version: u64) -> Result<Micros> {
        load::written_at(&*self.fs, &self.dir, version, &self.key)
    }
}
