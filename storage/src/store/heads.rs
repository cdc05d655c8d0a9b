//! Is this the store that was here before, and no older one? Its key and head are compared with those known on this
//! machine.

use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem, Unsupported};
use std::sync::atomic::Ordering;

use super::{Standing, Store, load, lock};
use crate::error::{Breach, Error, ErrorKind, Result};
use crate::ledger::chain::KeyChain;
use crate::ledger::keys::KeyRing;
use crate::ledger::note::{Checkpoint, VerifierKey};

/// What speaks for the newest key of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The caller has pinned one of its keys, so that what this machine knows does not count.
    Pinned,
    /// This machine knows it, or met it just now.
    Known,
    /// This machine knows a later one: the store must be an older part of the one seen here.
    Superseded,
}

/// Compares the store's keys with the pinned one, else with those known here.
pub(crate) fn check_key(
    ring: &KeyRing,
    keys: &KeyChain,
    pinned: Option<&str>,
    notes: &mut Vec<String>,
) -> Result<Trust> {
    let Some(newest) = keys.newest() else {
        return Err(Error::new(ErrorKind::Integrity, "the ledger names no key"));
    };
    let wrong = |what: String| Error::new(ErrorKind::Integrity, what).as_breach(Breach::WrongKey);
    if let Some(line) = pinned {
        let pinned = VerifierKey::parse(line.trim())?;
        if keys.contains(&pinned) {
            return Ok(Trust::Pinned);
        }
        let what = format!("the store is signed by {}, not by the key given", newest.line());
        return Err(wrong(what));
    }
    let known = ring.known_all(newest.name())?;
    let Some(last) = known.last() else {
        // All are remembered, whatever becomes of one.
        let troubles: Vec<_> = keys.keys().filter_map(|key| ring.remember(key)).collect();
        let trouble = troubles.into_iter().next_back();
        let then = match &trouble {
            None if ring.is_empty() => "and there is no folder to remember it in",
            None => "it is remembered",
            Some(_) => "and it could not be remembered",
        };
        notes.push(format!("key not known on this machine: {}; {then}", newest.line()));
        notes.extend(trouble);
        return Ok(Trust::Known);
    };
    if last == newest {
        return Ok(Trust::Known);
    }
    if keys.contains(last) {
        notes.push(format!("{} has signed that {} takes its place", last.id(), newest.line()));
        notes.extend(ring.remember(newest));
        return Ok(Trust::Known);
    }
    if known.contains(newest) {
        return Ok(Trust::Superseded);
    }
    let what =
        format!("the store is signed by {}, but this machine knows {}", newest.line(), last.line());
    Err(wrong(what).advise("if you know the new key to be right, pin it with --key"))
}

impl Store {
    /// The root that the ledger had at exactly `size` records, if a commit ended there.
    pub(crate) fn root_at(&self, size: u64) -> Result<Option<crate::Digest>> {
        let version = self.state().version;
        load::root_at_size(&*self.fs, &self.dir, version, &self.keys(), size)
    }

    /// Compares the newest version with the head known on this machine, and moves that forward.
    pub(super) fn check_head(&self) -> Result<()> {
        let known = match self.trust {
            // A head of another key says nothing about a store whose key was pinned.
            Trust::Pinned => match self.keys.head_of(&self.keys()) {
                Err(error) if error.kind() == ErrorKind::Integrity => None,
                known => known?,
            },
            _ => self.keys.head(&self.keys())?,
        };
        let Some(known) = known else {
            self.refuse_superseded()?;
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
        self.refuse_superseded()?;
        let root = if known.size == state.records {
            Some(state.root)
        } else {
            load::root_at_size(&*self.fs, &self.dir, state.version, &self.keys(), known.size)?
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

    /// Refuses a store whose newest key this machine knows to have been replaced: it may only be an older one.
    fn refuse_superseded(&self) -> Result<()> {
        if self.trust != Trust::Superseded {
            return Ok(());
        }
        let what =
            format!("it goes on with {}, which was replaced by a later key", self.key().line());
        Err(Error::integrity(&self.dir, what).as_breach(Breach::WrongKey))
    }

    fn check_older(&self, known: &Checkpoint) -> Result<()> {
        let state = self.state();
        let behind = known.size - state.records;
        if self.standing == Standing::Live {
            let what = format!(
                "the store is older than this machine has seen it: {} records, {} were seen",
                state.records, known.size
            );
            let error = Error::integrity(&self.dir, what).as_breach(Breach::RolledBack);
            return Err(error.advise(
                "if it was restored from a backup on purpose: `dwell recover --accept-head --reason R`",
            ));
        }
        match self.keys.past_root(self.id(), state.records)? {
            Some(root) if root == state.root => {
                self.older_by.store(behind, Ordering::SeqCst);
                self.note(format!("older by {behind} records than the store seen on this machine"));
                Ok(())
            }
            _ => Err(Error::integrity(
                &self.dir,
                format!(
                    "{behind} records older than the store seen on this machine, and no part of it"
                ),
            )
            .as_breach(match self.trust {
                Trust::Superseded => Breach::WrongKey,
                _ => Breach::RolledBack,
            })),
        }
    }

    /// Notes the newest version as the head seen; what hinders that is said once, and hinders nothing else.
    pub(super) fn advance_head(&self) {
        let (note, version, keys) = {
            let folded = lock(&self.folded);
            (folded.note.clone(), folded.state.version, folded.keys.clone())
        };
        // What another process has written may not be on the disk yet; a head must never be ahead of the disk.
        let ledger = self.dir.join(crate::ledger::file::FOLDER);
        match self.fs.sync_dir(&ledger).map_err(|error| error.kind()) {
            // Where nobody can write, nothing is on its way to the disk.
            Ok(()) | Err(ReadOnlyFilesystem | PermissionDenied | Unsupported) => {}
            Err(_) => return,
        }
        let since = |size| load::boundaries_since(&*self.fs, &self.dir, version, &keys, size);
        if let Some(trouble) = self.keys.advance(&keys, &note, &since) {
            self.note(trouble);
        }
    }
}
