//! Where do the files of a version lie, and what does its ledger say? A store; in tests, a folder.

use std::fmt::Debug;
use std::path::PathBuf;

use storage::segment::{FileMeta, VerifiedFile};
use storage::store::{KeptTable, LedgerEntry, Store};

/// What a session asks of a store beside its state.
pub trait Origin: Debug + Send + Sync {
    /// Where a file that some version names lies now.
    fn locate(&self, file: &str) -> PathBuf;

    /// Opens such a file for checked reading.
    fn open_file(&self, meta: &FileMeta) -> storage::Result<VerifiedFile> {
        VerifiedFile::open(self.locate(&meta.path), meta)
    }

    /// The bytes of a table that is kept beside the rows.
    fn table(&self, kept: &KeptTable) -> storage::Result<Vec<u8>> {
        let what = format!("{} is not at hand here", kept.table.key);
        Err(storage::Error::new(storage::ErrorKind::Unsupported, what))
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

    fn table(&self, kept: &KeptTable) -> storage::Result<Vec<u8>> {
        storage::tables::read(self, kept)
    }

    fn ledger_entries(&self) -> storage::Result<Vec<LedgerEntry>> {
        Self::ledger_entries(self)
    }
}
