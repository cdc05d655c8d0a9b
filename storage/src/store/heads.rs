//! Is this the store that was here before, and no older one? Its key and head are compared with those known on this
//! machine.

use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem, Unsupported};

use super::{Standing, Store, load, lock};
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::keys::KeyRing;
use crate::ledger::note::{Checkpoint, VerifierKey};

/// Compares the store's own key with the pinned one, else with the known one; tells whether it was pinned.
pub(crate) fn check_key(
    keys: &KeyRing,
    key: &VerifierKey,
    pinned: Option<&str>,
    notes: &mut Vec<String>,
) -> Result<bool> {
    if let Some(line) = pinned {
        if VerifierKey::parse(line.trim())? == *key {
            return Ok(true);
        }
        let what = format!("the store is signed by {}, not by the key given", key.line());
        return Err(Error::new(ErrorKind::Integrity, what));
    }
    match keys.known(key.name())? {
        Some(known) if known == *key => {}
        Some(known) => {
            let what = format!(
                "the store is signed by {}, but this machine knows {}",
                key.line(),
                known.line()
            );
            return Err(Error::new(ErrorKind::Integrity, what)
                .advise("if you know the new key to be right, pin it with --key"));
        }
        None => {
            let trouble = keys.remember(key);
            let then = match &trouble {
                None if keys.is_empty() => "and there is no folder to remember it in",
                None => "it is remembered",
                Some(_) => "and it could not be remembered",
            };
            notes.push(format!("key not known on this machine: {}; {then}", key.line()));
            notes.extend(trouble);
        }
    }
    Ok(false)
}

impl Store {
    /// The root that the ledger had at exactly `size` records, if a commit ended there.
    pub(crate) fn root_at(&self, size: u64) -> Result<Option<crate::Digest>> {
        let version = self.state().version;
        load::root_at_size(&*self.fs, &self.dir, version, &self.key, size)
    }

    /// Compares the newest version with the head known on this machine, and moves that forward.
    pub(super) fn check_head(&self) -> Result<()> {
        let known = match self.keys.head(&self.key) {
            // A head of another key says nothing about a store whose key was pinned.
            Err(error) if self.pinned && error.kind() == ErrorKind::Integrity => None,
            known => known?,
        };
        let Some(known) = known else {
            self.advance_head();
            return Ok(());
        };
        if known.size > self.state().records {
            // A commit may have come between our reading of the ledger and of the head.
            self.refresh()?;
        }
        let state = self.state();
        if known.size > state.records {
            return self.check_older(&known);
        }
        let root = if known.size == state.records {
            Some(state.root)
        } else {
            load::root_at_size(&*self.fs, &self.dir, state.version, &self.key, known.size)?
        };
        if root != Some(known.root) {
            let what = format!(
                "the ledger is not the one seen before: its first {} records have changed",
                known.size
            );
            return Err(Error::integrity(&self.dir, what).advise(
                "compare it with a backup; `dwell recover --accept-head` takes it as it is",
            ));
        }
        if known.size < state.records {
            self.advance_head();
        }
        Ok(())
    }

    fn check_older(&self, known: &Checkpoint) -> Result<()> {
        let state = self.state();
        let behind = known.size - state.records;
        if self.standing == Standing::Live {
            let what = format!(
                "the store is older than this machine has seen it: {} records, {} were seen",
                state.records, known.size
            );
            return Err(Error::integrity(&self.dir, what).advise(
                "if it was restored from a backup on purpose: `dwell recover --accept-head --reason R`",
            ));
        }
        match self.keys.past_root(self.id(), state.records)? {
            Some(root) if root == state.root => {
                self.note(format!("older by {behind} records than the store seen on this machine"));
                Ok(())
            }
            _ => Err(Error::integrity(
                &self.dir,
                format!(
                    "{behind} records older than the store seen on this machine, and no part of it"
                ),
            )),
        }
    }

    /// Notes the newest version as the head seen; what hinders that is said once, and hinders nothing else.
    pub(super) fn advance_head(&self) {
        let (note, version) = {
            let folded = lock(&self.folded);
            (folded.note.clone(), folded.state.version)
        };
        // What another process has written may not be on the disk yet; a head must never be ahead of the disk.
        let ledger = self.dir.join(crate::ledger::file::FOLDER);
        match self.fs.sync_dir(&ledger).map_err(|error| error.kind()) {
            // Where nobody can write, nothing is on its way to the disk.
            Ok(()) | Err(ReadOnlyFilesystem | PermissionDenied | Unsupported) => {}
            Err(_) => return,
        }
        let since = |size| load::boundaries_since(&*self.fs, &self.dir, version, &self.key, size);
        if let Some(trouble) = self.keys.advance(&self.key, &note, &since) {
            self.note(trouble);
        }
    }
}
