//! What does a data file say of itself, and is it still the file the ledger knows?

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::statistics::Statistics;
use sha2::{Digest as _, Sha256};

use super::blocks::BlockTable;
use super::layout::{self, Layout, key};
use super::verified::guarded;
use super::{ColumnStats, FileMeta, thrift};
use crate::crypt::{CryptoMetadata, Vault};
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};

/// A footer of more bytes is none.
const LONGEST_FOOTER: u64 = 512 << 20;

/// The footer keys of a Parquet file (`dwell.store`, ... see [`key`]). Nothing is verified. Of an encrypted file only those
/// are there that stand in the clear: store, day and transaction.
pub fn footer(path: &Path) -> Result<BTreeMap<String, String>> {
    footer_with(path, None)
}

/// All footer keys of a file of a store that may be encrypted: `vault` has its keys.
pub fn footer_with(path: &Path, vault: Option<&Arc<Vault>>) -> Result<BTreeMap<String, String>> {
    match (CryptoMetadata::of_file(path)?, vault) {
        (Some(clear), None) => {
            let file = clear.file();
            let file = file.ok_or_else(|| Error::integrity(path, "encrypted, but not by dwell"))?;
            Ok([
                (key::TRANSACTION.to_owned(), file.transaction().to_owned()),
                (key::STORE.to_owned(), file.store),
                (key::DAY.to_owned(), file.day.to_string()),
            ]
            .into())
        }
        (_, vault) => Ok(keys(&metadata(path, vault)?)),
    }
}

pub(super) fn keys(metadata: &ParquetMetaData) -> BTreeMap<String, String> {
    let pairs = metadata.file_metadata().key_value_metadata().into_iter().flatten();
    pairs.filter_map(|pair| Some((pair.key.clone(), pair.value.clone()?))).collect()
}

/// Decodes the footer of any Parquet file, without page indexes. Hostile bytes give an integrity error.
pub(super) fn metadata(path: &Path, vault: Option<&Arc<Vault>>) -> Result<ParquetMetaData> {
    if let Some(clear) = CryptoMetadata::of_file(path)? {
        return encrypted_metadata(path, &clear, vault);
    }
    let io = |error| Error::io("read", path, error);
    let file = File::open(path).map_err(|error| Error::io("open", path, error))?;
    let size = file.metadata().map_err(io)?.len();
    let no_parquet = || Error::integrity(path, "file is no Parquet file");
    let mut end = [0; 8];
    let end_at = size.checked_sub(12).ok_or_else(no_parquet)? + 4;
    file.read_exact_at(&mut end, end_at).map_err(io)?;
    let footer_bytes = u64::from(u32::from_le_bytes([end[0], end[1], end[2], end[3]]));
    if &end[4..] != b"PAR1" || footer_bytes > LONGEST_FOOTER || footer_bytes > end_at - 4 {
        return Err(no_parquet());
    }
    let mut footer = vec![0; footer_bytes as usize];
    file.read_exact_at(&mut footer, end_at - footer_bytes).map_err(io)?;
    if !thrift::is_sound(&footer) {
        return Err(Error::integrity(path, "the footer of the file is damaged"));
    }
    guarded(path, || ParquetMetaDataReader::decode_metadata(&footer))
}

/// Decodes the footer of an encrypted file.
fn encrypted_metadata(
    path: &Path,
    clear: &CryptoMetadata,
    vault: Option<&Arc<Vault>>,
) -> Result<ParquetMetaData> {
    let Some(vault) = vault else {
        let what = "the file is encrypted, and no keys of its store are at hand";
        return Err(Error::new(ErrorKind::Io, what).at(path));
    };
    let decryption = vault.decryption(clear, &path.to_string_lossy());
    let decryption = decryption.map_err(|error| error.at_if_none(path))?;
    let file = File::open(path).map_err(|error| Error::io("open", path, error))?;
    guarded(path, || {
        ParquetMetaDataReader::new()
            .with_decryption_properties(Some(decryption))
            .parse_and_finish(&file)
    })
}

/// Reads a whole data file and compares it with what the ledger says: size, digest, block table, root.
pub fn check_file(path: &Path, meta: &FileMeta) -> Result<()> {
    let found = digest(path, meta.tail)?;
    let differs =
        |what: &str| Err(Error::integrity(path, format!("file differs from the ledger ({what})")));
    if found.bytes != meta.bytes {
        return differs(&format!("{} bytes in place of {}", found.bytes, meta.bytes));
    }
    if found.sha256 != meta.sha256 {
        return differs("SHA-256");
    }
    if found.root != Some(meta.root) {
        return differs("block digests");
    }
    Ok(())
}

/// What the bytes of a file come to.
struct Found {
    bytes: u64,
    sha256: Digest,
    /// `None` if the block table is absent or is not that of the blocks.
    root: Option<Digest>,
}

/// Digests a file whose tail begins at `tail_at`, in one pass and bounded memory.
fn digest(path: &Path, tail_at: u64) -> Result<Found> {
    let io = |error| Error::io("read", path, error);
    let mut file = File::open(path).map_err(|error| Error::io("open", path, error))?;
    let size = file.metadata().map_err(io)?.len();
    let table = match read_tail(&file, path, size, tail_at)? {
        Some(tail) => BlockTable::decode(&tail, tail_at).map(|table| (table, Digest::of(&tail))),
        None => None,
    };
    let block_bytes = table.as_ref().map_or(1 << 20, |(table, _)| table.block_bytes);
    // The largest block that this or a later version writes; a damaged table may claim anything.
    let mut buffer = vec![0; block_bytes.clamp(1, 16 << 20) as usize];
    let mut whole = Sha256::new();
    let (mut bytes, mut blocks) = (0u64, Vec::new());
    loop {
        let room = if bytes < tail_at { tail_at - bytes } else { u64::MAX };
        let piece = &mut buffer[..room.min(block_bytes).min(16 << 20) as usize];
        let read = read_full(&mut file, piece).map_err(io)?;
        if read == 0 {
            break;
        }
        whole.update(&piece[..read]);
        if bytes < tail_at {
            blocks.push(Digest::of(&piece[..read]));
        }
        bytes += read as u64;
    }
    let table = table.filter(|(table, _)| table.digests == blocks);
    let root = table.map(|(table, tail)| table.root(&tail));
    Ok(Found { bytes, sha256: Digest(whole.finalize().into()), root })
}

fn read_tail(file: &File, path: &Path, size: u64, tail_at: u64) -> Result<Option<Bytes>> {
    let Some(len) = size.checked_sub(tail_at).filter(|&len| len <= LONGEST_FOOTER) else {
        return Ok(None);
    };
    let mut tail = vec![0; len as usize];
    file.read_exact_at(&mut tail, tail_at).map_err(|error| Error::io("read", path, error))?;
    Ok(Some(tail.into()))
}

fn read_full(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// What the ledger would keep of the data file at `path`, from its bytes and its footer alone: for a ledger that is
/// rebuilt. The path in the answer is the file's name.
pub fn describe(path: &Path) -> Result<FileMeta> {
    describe_with(path, None)
}

/// The same of a file of a store that may be encrypted: `vault` has its keys.
pub fn describe_with(path: &Path, vault: Option<&Arc<Vault>>) -> Result<FileMeta> {
    let metadata = metadata(path, vault)?;
    let keys = keys(&metadata);
    let damaged = |what: &str| Error::integrity(path, format!("footer without sound {what}"));
    let text = |name: &str| keys.get(name).ok_or_else(|| damaged(name));
    let tail: u64 = text(key::TAIL)?.parse().map_err(|_| damaged(key::TAIL))?;
    let sources = serde_json::from_str(text(key::SOURCES)?).map_err(|_| damaged(key::SOURCES))?;
    let found = digest(path, tail)?;
    let root = found.root.ok_or_else(|| Error::integrity(path, "block digests do not hold"))?;
    let is_lines =
        metadata.file_metadata().schema_descr().columns().len() == layout::lines().names.len();
    let layout = if is_lines { layout::lines() } else { layout::requests() };
    let stats = stats(layout, &metadata);
    let ts = stats.first().filter(|_| !is_lines).and_then(|ts| ts.min.zip(ts.max));
    let (min_ts, max_ts) = ts.unwrap_or((0, 0));
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(FileMeta {
        path: name,
        bytes: found.bytes,
        sha256: found.sha256,
        tail,
        root,
        rows: metadata.file_metadata().num_rows().unsigned_abs(),
        min_ts,
        max_ts,
        sources,
        stats: stats.into(),
    })
}

/// The statistics of all row groups together.
fn stats(layout: &Layout, metadata: &ParquetMetaData) -> Vec<ColumnStats> {
    let columns = metadata.file_metadata().schema_descr().columns();
    let of = |at: usize, name: &str| {
        let known = layout.names.get(at).filter(|known| known.as_ref() == name).cloned();
        let column = known.unwrap_or_else(|| name.to_string().into());
        let mut stats = ColumnStats { column, nulls: 0, min: None, max: None };
        for row_group in metadata.row_groups() {
            let Some(chunk) = row_group.columns().get(at).and_then(|chunk| chunk.statistics())
            else {
                continue;
            };
            stats.nulls += chunk.null_count_opt().unwrap_or(0);
            let (min, max) = match chunk {
                Statistics::Int32(of) => {
                    (of.min_opt().copied().map(i64::from), of.max_opt().copied().map(i64::from))
                }
                Statistics::Int64(of) => (of.min_opt().copied(), of.max_opt().copied()),
                _ => (None, None),
            };
            stats.min = stats.min.into_iter().chain(min).min();
            stats.max = stats.max.into_iter().chain(max).max();
        }
        stats
    };
    columns.iter().enumerate().map(|(at, column)| of(at, column.name())).collect()
}
