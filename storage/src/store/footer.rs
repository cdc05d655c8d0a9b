//! What does a data file say of itself? Store and transaction, from the key-values of its Parquet footer.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use parquet::file::metadata::ParquetMetaDataReader;

/// What a footer says of where the file belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Footer {
    /// The store's id.
    pub(crate) store: String,
    /// The transaction that wrote it.
    pub(crate) transaction: String,
}

/// Reads the footer of a file; `None` if it is no data file of any store.
pub(crate) fn read(path: &Path) -> Option<Footer> {
    let file = File::open(path).ok()?;
    // The decoder is not trusted with bytes that nobody has checked.
    let metadata = catch_unwind(AssertUnwindSafe(|| {
        ParquetMetaDataReader::new().parse_and_finish(&file).ok()
    }));
    let metadata = metadata.ok()??;
    let pairs = metadata.file_metadata().key_value_metadata()?;
    let get = |key: &str| pairs.iter().find(|pair| pair.key == key)?.value.clone();
    Some(Footer { store: get("dwell.store")?, transaction: get("dwell.transaction")? })
}
