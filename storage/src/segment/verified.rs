//! How is a data file read so that a changed bit is noticed before a decoder sees it?

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use parquet::encryption::decrypt::FileDecryptionProperties;
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    PageIndexPolicy, ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader,
};
use parquet::file::reader::{ChunkReader, Length};

use super::FileMeta;
use super::blocks::BlockTable;
use crate::crypt::{CryptoMetadata, ENCRYPTED_MAGIC, Vault};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};

/// A data file of which every byte is checked against the signed root the first time it is read. Clones share what
/// has been checked; any number of threads may read.
#[derive(Debug, Clone)]
pub struct VerifiedFile(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: File,
    path: PathBuf,
    size: u64,
    tail_at: u64,
    tail: Bytes,
    table: BlockTable,
    /// One bit a block: whether it has been checked.
    checked: Vec<AtomicU64>,
    metadata: Arc<ParquetMetaData>,
    /// What decrypts it, if it is encrypted.
    decryption: Option<Arc<FileDecryptionProperties>>,
    /// The first failure to read, for those who get it back from a decoder as mere text.
    fault: OnceLock<(ErrorKind, String)>,
}

impl VerifiedFile {
    /// Opens the file at `path`, which has to be the one that `meta` describes: reads the tail, checks it and the block
    /// table against the root, and only then decodes the footer.
    pub fn open(path: impl AsRef<Path>, meta: &FileMeta) -> Result<Self> {
        Self::open_with(path, meta, None)
    }

    /// Opens a file of a store that may be encrypted: `vault` has its keys.
    pub fn open_with(
        path: impl AsRef<Path>,
        meta: &FileMeta,
        vault: Option<&Arc<Vault>>,
    ) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        let file = File::open(&path).map_err(|error| match error.kind() {
            // The ledger names it: that it is gone is no less than that it differs.
            std::io::ErrorKind::NotFound => {
                Error::integrity(&path, "file is missing, though the ledger names it")
            }
            _ => Error::io("open", &path, error),
        })?;
        let size = file.metadata().map_err(|error| Error::io("open", &path, error))?.len();
        if size != meta.bytes {
            let message = format!("file has {size} bytes, the ledger says {}", meta.bytes);
            return Err(Error::integrity(&path, message));
        }
        let tail_bytes = size
            .checked_sub(meta.tail)
            .and_then(|bytes| usize::try_from(bytes).ok())
            .ok_or_else(|| Error::integrity(&path, "the ledger says a tail beyond the file"))?;
        let tail = Bytes::from(read_at(&file, &path, meta.tail, tail_bytes)?);
        let table = BlockTable::decode(&tail, meta.tail)
            .filter(|table| table.root(&Digest::of(&tail)) == meta.root)
            .ok_or_else(|| Error::integrity(&path, "file differs from the ledger (tail)"))?;
        let decryption =
            decryption(&tail, &meta.path, vault).map_err(|error| error.at_if_none(&path))?;
        let metadata = guarded(&path, || {
            decode(&tail, size, decryption.as_ref(), ParquetMetaDataOptions::new())
        })?;
        let checked = (0..table.digests.len().div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        let metadata = Arc::new(metadata);
        let tail_at = meta.tail;
        let fault = OnceLock::new();
        Ok(Self(Arc::new(Inner {
            file,
            path,
            size,
            tail_at,
            tail,
            table,
            checked,
            metadata,
            decryption,
            fault,
        })))
    }

    /// Whether it is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.0.decryption.is_some()
    }

    /// Decodes the footer once more, with the page indexes, in another way: under another schema, say.
    pub fn decode_metadata(
        &self,
        options: ParquetMetaDataOptions,
    ) -> parquet::errors::Result<ParquetMetaData> {
        decode(&self.0.tail, self.0.size, self.0.decryption.as_ref(), options)
    }

    /// Where the file lies.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Bytes of the file.
    pub fn size(&self) -> u64 {
        self.0.size
    }

    /// The decoded footer, with the page indexes.
    pub fn metadata(&self) -> &Arc<ParquetMetaData> {
        &self.0.metadata
    }

    /// Reads a range. Blocks that no one has read before are read whole and checked; the bytes handed out are the ones
    /// that were checked.
    pub fn read(&self, range: Range<u64>) -> Result<Bytes> {
        let read = self.0.read(range);
        if let Err(error) = &read {
            // Only the first is kept; the others come of it.
            let _ = self.0.fault.set((error.kind(), error.to_string()));
        }
        read
    }

    /// What the first failed read of this file said: decoders pass errors on as text, and this gives them back.
    pub fn fault(&self) -> Option<Error> {
        self.0.fault.get().map(|(kind, message)| Error::new(*kind, message.clone()))
    }

    /// Reads several ranges.
    pub fn read_ranges(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        ranges.iter().map(|range| self.read(range.clone())).collect()
    }
}

impl Inner {
    fn read(&self, range: Range<u64>) -> Result<Bytes> {
        if range.start > range.end || range.end > self.size {
            return Err(self.differs(&format!(
                "bytes {}..{} are asked for, it has {}",
                range.start, range.end, self.size
            )));
        }
        if range.start >= self.tail_at {
            let offset = |at: u64| (at - self.tail_at) as usize;
            return Ok(self.tail.slice(offset(range.start)..offset(range.end)));
        }
        if range.end > self.tail_at {
            let mut both = Vec::from(self.read_blocks(range.start..self.tail_at)?);
            both.extend_from_slice(&self.tail[..(range.end - self.tail_at) as usize]);
            return Ok(both.into());
        }
        self.read_blocks(range)
    }

    /// A range that ends before the tail.
    fn read_blocks(&self, range: Range<u64>) -> Result<Bytes> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        let size = self.table.block_bytes;
        let (first, last) = (range.start / size, (range.end - 1) / size);
        // Blocks in between are read whole anyway; those at the ends only if they are to be checked.
        let start = if self.is_checked(first) { range.start } else { first * size };
        let end =
            if self.is_checked(last) { range.end } else { ((last + 1) * size).min(self.tail_at) };
        let bytes = Bytes::from(read_at(&self.file, &self.path, start, (end - start) as usize)?);
        for block in first..=last {
            if self.is_checked(block) {
                continue;
            }
            let from = (block * size - start) as usize;
            let to = (((block + 1) * size).min(self.tail_at) - start) as usize;
            if self.table.digests.get(block as usize) != Some(&Digest::of(&bytes[from..to])) {
                return Err(self.differs(&format!("block {block}, {size} bytes each")));
            }
            self.checked[block as usize / 64].fetch_or(1 << (block % 64), Ordering::Relaxed);
        }
        Ok(bytes.slice((range.start - start) as usize..(range.end - start) as usize))
    }

    fn is_checked(&self, block: u64) -> bool {
        let bits = self.checked.get(block as usize / 64);
        bits.is_some_and(|bits| bits.load(Ordering::Relaxed) & (1 << (block % 64)) != 0)
    }

    fn differs(&self, what: &str) -> Error {
        Error::integrity(&self.path, format!("file differs from the ledger ({what})"))
    }
}

/// What decrypts the file with this tail; `None` if it is a plain one.
fn decryption(
    tail: &[u8],
    name: &str,
    vault: Option<&Arc<Vault>>,
) -> Result<Option<Arc<FileDecryptionProperties>>> {
    if !tail.ends_with(&ENCRYPTED_MAGIC) {
        return Ok(None);
    }
    let Some(vault) = vault else {
        let what = "the file is encrypted, and no keys of its store are at hand";
        return Err(Error::new(ErrorKind::Io, what));
    };
    let clear = CryptoMetadata::of_file_end(tail).ok_or_else(|| {
        Error::new(ErrorKind::Integrity, "the file is encrypted, but not by dwell")
    })?;
    vault.decryption(&clear, name).map(Some)
}

fn decode(
    tail: &Bytes,
    size: u64,
    decryption: Option<&Arc<FileDecryptionProperties>>,
    options: ParquetMetaDataOptions,
) -> parquet::errors::Result<ParquetMetaData> {
    let mut reader = ParquetMetaDataReader::new()
        .with_page_index_policy(PageIndexPolicy::Optional)
        .with_metadata_options(Some(options))
        .with_decryption_properties(decryption.cloned());
    reader.try_parse_sized(tail, size)?;
    reader.finish()
}

fn read_at(file: &File, path: &Path, at: u64, len: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    file.read_exact_at(&mut bytes, at).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::integrity(path, "file has become shorter"),
        _ => Error::io("read", path, error),
    })?;
    Ok(bytes)
}

/// Runs a decoder over the bytes of `path`; its errors and its panics become integrity errors, except that an error of
/// this crate on the way (such as one of reading) stays what it is.
pub fn guarded<T>(
    path: &Path,
    decode: impl FnOnce() -> std::result::Result<T, ParquetError>,
) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(ParquetError::External(cause))) => match cause.downcast::<Error>() {
            Ok(error) => Err(*error),
            Err(cause) => Err(Error::integrity(path, "cannot decode").caused_by(cause)),
        },
        Ok(Err(error)) => Err(Error::integrity(path, "cannot decode").caused_by(error)),
        Err(panic) => {
            let said = panic.downcast_ref::<&str>().map(|text| (*text).to_string());
            let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
            let said = said.unwrap_or_default();
            Err(Error::integrity(path, format!("the decoder gave up on these bytes ({said})")))
        }
    }
}

impl From<Error> for ParquetError {
    fn from(error: Error) -> Self {
        Self::External(Box::new(error))
    }
}

impl Length for VerifiedFile {
    fn len(&self) -> u64 {
        self.0.size
    }
}

impl ChunkReader for VerifiedFile {
    type T = BufReader<VerifiedRead>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(BufReader::with_capacity(64 << 10, VerifiedRead { file: self.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        Ok(self.read(start..start.saturating_add(length as u64))?)
    }
}

/// Reads a [`VerifiedFile`] from a place on.
#[derive(Debug)]
pub struct VerifiedRead {
    file: VerifiedFile,
    at: u64,
}

impl Read for VerifiedRead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let end = self.at.saturating_add(buffer.len() as u64).min(self.file.size());
        if self.at >= end {
            return Ok(0);
        }
        let bytes = self.file.read(self.at..end).map_err(io::Error::other)?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        self.at = end;
        Ok(bytes.len())
    }
}
