//! How is a day made unreadable, wherever copies of its files lie? Its data key is destroyed, and with the last wrapped
//! copy of it everything that it has encrypted.

use std::collections::BTreeSet;

use super::{FOLDER, KeyName, Scope, Vault};
use crate::day::Day;
use crate::error::{Error, ErrorKind, Result};
use crate::fs;

impl Vault {
    /// Every wrapped key of the store, and what else lies between them.
    pub(crate) fn files(&self) -> Result<(Vec<KeyName>, Vec<String>)> {
        let (mut keys, mut others) = (Vec::new(), Vec::new());
        let mut folders = vec![FOLDER.to_owned()];
        while let Some(folder) = folders.pop() {
            for name in fs::list_if_there(&**self.fs(), &self.dir().join(&folder))? {
                let path = format!("{folder}/{name}");
                if std::fs::symlink_metadata(self.dir().join(&path)).is_ok_and(|it| it.is_dir()) {
                    folders.push(path);
                    continue;
                }
                match KeyName::from_path(&path) {
                    Some(key) => keys.push(key),
                    None => others.push(path),
                }
            }
        }
        keys.sort_unstable();
        Ok((keys, others))
    }

    /// Destroys the keys of a scope, and sees to it that they are gone. Returns how many there were.
    pub(crate) fn shred(&self, scope: Scope) -> Result<u64> {
        if scope == Scope::Ledger {
            return Err(Error::new(
                ErrorKind::Internal,
                "the key of the ledger is never destroyed",
            ));
        }
        let folder = self.dir().join(scope.folder());
        let mut count = 0;
        for name in fs::list_if_there(&**self.fs(), &folder)? {
            fs::remove_if_there(&**self.fs(), &folder.join(name))?;
            count += 1;
        }
        fs::sync_dir(&**self.fs(), &folder)?;
        self.forget(scope);
        if let Some(name) = fs::list_if_there(&**self.fs(), &folder)?.first() {
            return Err(
                Error::new(ErrorKind::Io, "a key could not be destroyed").at(folder.join(name))
            );
        }
        // An empty folder tells nothing; if it stays, nothing is lost.
        let _ = self.fs().remove_dir(&folder);
        Ok(count)
    }

    /// Destroys the keys of every day that has no file any more: neither rows nor lines, wherever they lie. `rows` and
    /// `lines` are the days that do. Returns the scopes.
    pub(crate) fn shred_all_but(
        &self,
        rows: &BTreeSet<Day>,
        lines: &BTreeSet<Day>,
    ) -> Result<Vec<Scope>> {
        let mut gone = Vec::new();
        let scopes: BTreeSet<Scope> = self.files()?.0.into_iter().map(|key| key.scope).collect();
        for scope in scopes {
            let needed = match scope {
                Scope::Day(day) => rows.contains(&day),
                Scope::Lines(day) => lines.contains(&day),
                Scope::Ledger => true,
            };
            if !needed {
                self.shred(scope)?;
                gone.push(scope);
            }
        }
        Ok(gone)
    }
}
