//! What can be shown of the ledger's past? Its signed checkpoints, and that it has only grown between two of them.

use super::{Store, layout, load};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::fs;
use crate::ledger::note::Checkpoint;
use crate::ledger::proof::Consistency;
use crate::ledger::tree;
use crate::ledger::{chain, file};

/// A number that nobody could have foreseen, for a request to another system.
pub fn nonce() -> Result<[u8; 8]> {
    super::transaction::random().map(u64::to_le_bytes)
}

/// A checkpoint that a caller names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// By how many records it covers.
    Size(u64),
    /// By itself: a signed note.
    Note(String),
}

impl Store {
    /// The signed checkpoint of ledger file number `version`.
    pub fn checkpoint_of(&self, version: u64) -> Result<String> {
        if version == 0 || version > self.state().version {
            let what = format!("there is no ledger file {version}");
            return Err(Error::new(ErrorKind::InvalidInput, what).at(&self.dir));
        }
        Ok(load::boundary_at(&*self.fs, &self.dir, version, &self.keys())?.1)
    }

    /// The time stamp that was kept of the checkpoint of ledger file number `version`.
    pub fn stamp(&self, version: u64) -> Result<Option<Vec<u8>>> {
        let path = self.dir.join(file::FOLDER).join(file::stamp_name(version));
        fs::read_if_there(&*self.fs, &path)
    }

    /// Keeps a time stamp over the checkpoint of ledger file number `version` beside it, in the place of an earlier one.
    pub fn keep_stamp(&self, version: u64, stamp: &[u8], wait_ms: u64) -> Result<()> {
        self.writable()?;
        self.checkpoint_of(version)?;
        let _lock = self.lock_writer(wait_ms)?;
        let name = file::stamp_name(version);
        let staged = layout::staging_path(&self.dir, &name);
        fs::remove_if_there(&*self.fs, &staged)?;
        fs::write_new(&*self.fs, &staged, stamp)?;
        let folder = self.dir.join(file::FOLDER);
        let target = folder.join(name);
        self.fs.rename(&staged, &target).map_err(|error| Error::io("rename", &staged, error))?;
        fs::sync_dir(&*self.fs, &folder)
    }

    /// The proof that the ledger had only grown from `old` to `new`, else to its newest checkpoint.
    pub fn prove_growth(&self, old: &Head, new: Option<&Head>) -> Result<Consistency> {
        let version = self.state().version;
        let (mut leaves, mut notes) = (Vec::<Digest>::new(), Vec::new());
        load::walk(&*self.fs, &self.dir, version, &self.key, |checked| {
            leaves.extend(checked.leaves);
            notes.push((leaves.len() as u64, checked.note));
        })?;
        let (old_size, _) = self.settle(old, &leaves)?;
        let new_size = match new {
            Some(new) => self.settle(new, &leaves)?.0,
            None => leaves.len() as u64,
        };
        let Some((_, note)) = notes.iter().find(|(size, _)| *size == new_size) else {
            let what = format!("no checkpoint over {new_size} records was signed");
            return Err(Error::new(ErrorKind::InvalidInput, what)
                .advise("`dwell sql \"SELECT * FROM system.ledger\"` shows where commits end"));
        };
        let until = usize::try_from(new_size).unwrap_or(usize::MAX).min(leaves.len());
        Consistency::new(&leaves[..until], old_size, note).ok_or_else(|| {
            let what = format!("no proof leads from {old_size} records to {new_size}");
            Error::new(ErrorKind::InvalidInput, what).advise("give the older one first")
        })
    }

    /// Size and root of a checkpoint, which must be one of this ledger.
    fn settle(&self, head: &Head, leaves: &[Digest]) -> Result<(u64, Digest)> {
        let prefix = |size: u64| usize::try_from(size).ok().and_then(|size| leaves.get(..size));
        match head {
            Head::Size(size) => {
                let prefix = prefix(*size).ok_or_else(|| {
                    let what = format!("the ledger has {} records, not {size}", leaves.len());
                    Error::new(ErrorKind::InvalidInput, what)
                })?;
                Ok((*size, tree::root(prefix)))
            }
            Head::Note(note) => {
                let known = self.keys.known_all(self.id())?;
                let keys = self.keys();
                let text = chain::open_any(keys.keys().chain(&known).rev(), note)?;
                let head = Checkpoint::parse(text)?;
                match prefix(head.size) {
                    Some(prefix) if tree::root(prefix) == head.root => Ok((head.size, head.root)),
                    _ => {
                        let what = format!(
                            "the ledger does not begin with the {} records of that checkpoint",
                            head.size
                        );
                        Err(Error::integrity(&self.dir, what))
                    }
                }
            }
        }
    }
}
