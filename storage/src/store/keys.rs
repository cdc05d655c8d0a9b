//! Which small files does a day of an encrypted store need beside its data, and when are they destroyed?

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::{CommitOptions, State, Store, layout};
use crate::crypt::{Scope, StoreKey, next_of, old_of};
use crate::day::Day;
use crate::error::{Error, ErrorKind, Result};
use crate::fs::{self, Fs};
use crate::ledger::keys::write_secret;
use crate::ledger::record::{Body, Encrypt};
use crate::ledger::text::Text;

impl Store {
    /// Wraps the data keys of an encrypted store with a new store key, which from then on is the only one that opens it. The
    /// data stays as it is: whoever knows a data key knows it still. Where the key comes from a file, the new one lies
    /// beside it while this lasts and takes its place at the end; the old one stays as `.old`, for packages in archives
    /// that lie under it. A rekeying that was cut off is continued by the next. Returns how many keys were wrapped.
    ///
    /// # Errors
    /// `InvalidInput`: the store is not encrypted, or its key comes from a command and no new one is given.
    pub fn rekey(
        self: &Arc<Self>,
        given: Option<StoreKey>,
        options: &CommitOptions,
    ) -> Result<u64> {
        let Some(vault) = self.vault() else {
            return Err(Error::new(ErrorKind::InvalidInput, "the store is not encrypted"));
        };
        let change = self.begin_maintenance()?;
        let place = vault.key_path();
        let new = new_key(&*self.fs, place.as_deref(), given)?;
        let count = {
            let _lock = self.lock_writer(options.wait_ms)?;
            vault.rewrap(&new)?
        };
        let body = Body::Encrypt(Encrypt::with(new.id()));
        change.commit(vec![(body, Text::by(&options.by))], &[], options, &|_| Ok(()))?;
        if let Some(path) = place {
            take_place(&*self.fs, &path)?;
        }
        Ok(count)
    }

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

/// The key to change to: the one that lies there from a change that was cut off, or the one given, or a new one.
fn new_key(fs: &dyn Fs, place: Option<&Path>, given: Option<StoreKey>) -> Result<StoreKey> {
    let Some(place) = place else {
        return given.ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, "the key comes from a command")
                .advise("give the new key, and let the command print that one afterwards")
        });
    };
    let next = next_of(place);
    if let Some(bytes) = fs::read_if_there(fs, &next)? {
        let there = StoreKey::parse(&bytes).map_err(|error| error.at(&next))?;
        if given.is_some_and(|given| given != there) {
            let what = "another change of the key was cut off: end that one first, without a key";
            return Err(Error::new(ErrorKind::InvalidInput, what).at(next));
        }
        return Ok(there);
    }
    let new = given.map_or_else(StoreKey::generate, Ok)?;
    write_secret(fs, &next, &format!("{}\n", new.line()))?;
    Ok(new)
}

/// Puts the new key in the place of the old one.
fn take_place(fs: &dyn Fs, place: &Path) -> Result<()> {
    let rename = |from: &Path, to: &Path| {
        fs.rename(from, to).map_err(|error| Error::io("rename", from, error))
    };
    if place.exists() {
        rename(place, &old_of(place))?;
    }
    rename(&next_of(place), place)?;
    fs::sync_dir(fs, place.parent().unwrap_or(place))
}
