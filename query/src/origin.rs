//! Where do the files of a version lie, and what does its ledger say? A store; in tests, a folder.

use std::fmt::Debug;
use std::path::PathBuf;

use storage::segment::{FileMeta, VerifiedFile};
use storage::store::{LedgerEntry, Store};

/// What a session asks of a store beside its state.
pub trait Origin: Debug + Send + Sync {
    /// Where a file that some version names lies now.
    fn locate(&self, file: &str) -> PathBuf;

    /// Opens such a file for checked reading.
    fn open_file(&self, meta: &FileMeta) -> storage::Result<VerifiedFile> {
        VerifiedFile::open(self.locate(&meta.path), meta)
    }

    /// The records of the ledger.
    fn ledger_entries(&self) -> storage::Result<Vec<LedgerEntry>>;
}

impl Origin for Store {
    fn locate(&self, file: &str) -> PathBuf {
        Self::locate(self, file)
    }

    fn open_file(&self, meta: &FileMeta) -> storage::Result<VerifiedFile> {
        Self::open_file(self, meta)
    }

    fn ledger_entries(&self) -> storage::Result<Vec<LedgerEntry>> {
        Self::ledger_entries(self)
    }
}
