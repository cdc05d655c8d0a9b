//! Where do the files of a version lie, and what does its ledger say? A store; in tests, a folder.

use std::fmt::Debug;
use std::path::PathBuf;

use storage::store::{LedgerEntry, Store};

/// What a session asks of a store beside its state.
pub trait Origin: Debug + Send + Sync {
    /// Where a file that some version names lies now.
    fn locate(&self, file: &str) -> PathBuf;

    /// The records of the ledger.
    fn ledger_entries(&self) -> storage::Result<Vec<LedgerEntry>>;
}

impl Origin for Store {
    fn locate(&self, file: &str) -> PathBuf {
        Self::locate(self, file)
    }

    fn ledger_entries(&self) -> storage::Result<Vec<LedgerEntry>> {
        Self::ledger_entries(self)
    }
}
