//! Which small files does a day of an encrypted store need beside its data, and when are they destroyed?

use std::collections::BTreeSet;

use super::{State, Store, layout};
use crate::crypt::Scope;
use crate::day::Day;
use crate::error::Result;
use crate::fs;

impl Store {
    /// The wrapped keys that the files of a day need, relative to the store: those of its rows, and those of the lines that
    /// were taken in on the days given. None for a plain store.
    pub fn key_files(&self, day: Day, lines: &[Day]) -> Result<Vec<String>> {
        let Some(vault) = self.vault() else { return Ok(Vec::new()) };
        let scopes = lines.iter().map(|day| Scope::Lines(*day));
        let mut files = Vec::new();
        for scope in scopes.chain([Scope::Day(day)]) {
            files.extend(vault.names(scope)?.iter().map(|name| name.path()));
        }
        Ok(files)
    }

    /// Destroys the keys of every day of which no file is left: not in the newest version, not in `trash/`, not in a
    /// restored set. What was encrypted with them can't be read any more, wherever copies of it lie. [`Store::purge`] does it
    /// once the trash is emptied. Tells which keys are gone.
    pub fn shred_unused_keys(&self, wait_ms: u64) -> Result<Vec<Scope>> {
        self.writable()?;
        let _lock = self.lock_writer(wait_ms)?;
        self.shred_keys_of(&*self.refresh()?)
    }

    /// The same for whoever holds the writer's lock and has seen the newest version.
    pub(super) fn shred_keys_of(&self, state: &State) -> Result<Vec<Scope>> {
        let Some(vault) = self.vault() else { return Ok(Vec::new()) };
        let mut paths: Vec<String> = state.files().map(|meta| meta.path.clone()).collect();
        let trash = self.dir.join(layout::TRASH);
        for version in fs::list_if_there(&*self.fs, &trash)? {
            let names = fs::list_if_there(&*self.fs, &trash.join(version))?;
            paths.extend(names.into_iter().map(|name| name.replace('~', "/")));
        }
        let staging = self.dir.join(layout::STAGING);
        if !fs::list_if_there(&*self.fs, &staging)?.is_empty() {
            // Somebody is writing, and may just have been given a key.
            return Ok(Vec::new());
        }
        let (mut rows, mut lines) = (BTreeSet::new(), BTreeSet::new());
        for path in &paths {
            let Some(day) = path.split('/').find_map(Day::from_folder) else { continue };
            let is_lines = path.split('/').any(|part| part == layout::LINES);
            if is_lines {
                lines.insert(day)
            } else {
                rows.insert(day)
            };
        }
        vault.shred_all_but(&rows, &lines)
    }
}
