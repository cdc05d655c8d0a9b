//! What does a dead writer leave, and who removes it? Folders in `staging/` and files that no version names; the next
//! writer, under the lock, before its own commit.

use std::collections::BTreeSet;
use std::io::ErrorKind::{DirectoryNotEmpty, NotFound};
use std::path::Path;
use std::sync::atomic::Ordering;

use super::transaction::LOCK_NAME;
use super::{Store, layout, load, maintain};
use crate::error::Result;
use crate::fs::{self, Fs};
use crate::segment;

/// Removes everything in a folder but the names to keep.
pub(crate) fn empty_folder(fs: &dyn Fs, folder: &Path, keep: &[&str]) -> Result<()> {
    for name in fs::list_if_there(fs, folder)? {
        if keep.contains(&name.as_str()) {
            continue;
        }
        let path = folder.join(&name);
        let is_folder = std::fs::symlink_metadata(&path).is_ok_and(|it| it.is_dir());
        if is_folder { remove_folder(fs, &path)? } else { fs::remove_if_there(fs, &path)? }
    }
    Ok(())
}

/// Removes a folder with everything in it; its lock file last, so that it counts as taken until it is empty.
pub(crate) fn remove_folder(fs: &dyn Fs, folder: &Path) -> Result<()> {
    empty_folder(fs, folder, &[LOCK_NAME])?;
    fs::remove_if_there(fs, &folder.join(LOCK_NAME))?;
    match fs.remove_dir(folder) {
        // Another has removed it, or has just taken it for himself.
        Err(error) if matches!(error.kind(), NotFound | DirectoryNotEmpty) => Ok(()),
        Err(error) => Err(crate::Error::io("remove the folder", folder, error)),
        Ok(()) => Ok(()),
    }
}

impl Store {
    /// Removes what dead writers left. The caller holds the writer's lock; `own` is its own folder.
    pub(super) fn clean(&self, own: &Path) -> Result<()> {
        let left = self.clean_staging(own)?;
        // A writer killed beside us leaves its folder; one killed by a power loss may not even leave that.
        if left || !self.cleaned.load(Ordering::SeqCst) {
            self.remove_unfinished()?;
            self.oldest_lease()?;
            self.cleaned.store(true, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Removes the folders of dead writers; tells whether there was one.
    fn clean_staging(&self, own: &Path) -> Result<bool> {
        let staging = self.dir.join(layout::STAGING);
        let mut found = false;
        for name in fs::list_if_there(&*self.fs, &staging)? {
            let path = staging.join(&name);
            if path == own {
                continue;
            }
            if !std::fs::symlink_metadata(&path).is_ok_and(|it| it.is_dir()) {
                fs::remove_if_there(&*self.fs, &path)?;
                continue;
            }
            let lock_path = path.join(LOCK_NAME);
            match self.fs.try_lock(&lock_path) {
                Ok(Some(lock)) if lock.still_at(&lock_path) => {
                    if let Some(intent) = maintain::read_intent(&*self.fs, &path)? {
                        maintain::finish(self, &self.state(), &intent)?;
                    }
                    remove_folder(&*self.fs, &path)?;
                    found = true;
                }
                // Its writer lives, or has just removed it.
                _ => {}
            }
        }
        Ok(found)
    }

    /// Removes data files that no version names, if their footer says that they are ours and were never committed.
    fn remove_unfinished(&self) -> Result<()> {
        let state = self.state();
        let named: BTreeSet<&str> = state.files().map(|meta| meta.path.as_str()).collect();
        let mut unnamed = Vec::new();
        for table in [layout::REQUESTS, layout::LINES] {
            for day in fs::list_if_there(&*self.fs, &self.dir.join(table))? {
                let folder = self.dir.join(table).join(&day);
                if !folder.is_dir() {
                    continue;
                }
                let names = fs::list_if_there(&*self.fs, &folder)?.into_iter();
                let names =
                    names.filter(|name| !named.contains(format!("{table}/{day}/{name}").as_str()));
                unnamed.extend(names.map(|name| folder.join(name)));
            }
        }
        if unnamed.is_empty() {
            return Ok(());
        }
        let committed = self.committed_transactions()?;
        for path in unnamed {
            if unfinished(&path, self.id(), &committed) {
                fs::remove_if_there(&*self.fs, &path)?;
            }
        }
        Ok(())
    }

    /// The names of all transactions in the ledger.
    fn committed_transactions(&self) -> Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        load::walk(&*self.fs, &self.dir, self.state().version, &self.key, |checked| {
            for entry in checked.entries {
                names.extend(entry.record.body.transaction().map(str::to_owned));
            }
        })?;
        Ok(names)
    }
}

/// Whether the footer of a file that no version names says: of this store, of a transaction that was not committed.
pub(crate) fn unfinished(path: &Path, store_id: &str, committed: &BTreeSet<String>) -> bool {
    let Ok(footer) = segment::footer(path) else { return false };
    let ours = footer.get(segment::key::STORE).is_some_and(|id| id == store_id);
    let transaction = footer.get(segment::key::TRANSACTION);
    ours && transaction.is_some_and(|name| !committed.contains(name))
}
