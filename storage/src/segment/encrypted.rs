//! How is an encrypted data file put together? As Parquet's modular encryption says, with one key for every module and
//! the footer encrypted too: pages come from the same encoder as in plain files and are encrypted when they are appended.
//!
//! The writer of the `parquet` crate encrypts pages only while it encodes them itself, value by value; this keeps the fast
//! encoder. What it says in thrift is still written by that crate.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::column_crypto_metadata::ColumnCryptoMetaData;
use parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, KeyValue, OffsetIndexBuilder, ParquetMetaData,
    ParquetMetaDataBuilder, ParquetMetaDataReader, ParquetMetaDataWriter, RowGroupMetaData,
};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::page_index::offset_index::OffsetIndexMetaData;

use super::blocks::DigestingFile;
use super::encode::Chunk;
use super::layout::Layout;
use crate::crypt::cipher::{MODULE_OVERHEAD, Module, ModuleCipher};
use crate::crypt::{CryptoMetadata, ENCRYPTED_MAGIC};

/// More row groups than this can't be told apart by what is authenticated with them.
const ROW_GROUPS_MAX: usize = i16::MAX as usize;

/// An encrypted file that is being written.
pub(super) struct EncryptedFile {
    file: DigestingFile,
    at: u64,
    cipher: ModuleCipher,
    clear: CryptoMetadata,
    layout: &'static Layout,
    row_groups: Vec<RowGroupMetaData>,
    column_indexes: Vec<Vec<ColumnIndexMetaData>>,
    offset_indexes: Vec<Vec<OffsetIndexMetaData>>,
    keys: Vec<KeyValue>,
}

fn broken(what: &str) -> ParquetError {
    ParquetError::General(what.to_owned())
}

type Result<T> = parquet::errors::Result<T>;

/// The page indexes of all columns of all row groups.
type Indexes = (Vec<Vec<ColumnIndexMetaData>>, Vec<Vec<OffsetIndexMetaData>>);

impl EncryptedFile {
    /// Begins the file.
    pub(super) fn new(
        file: DigestingFile,
        layout: &'static Layout,
        (cipher, clear): (ModuleCipher, CryptoMetadata),
    ) -> Result<Self> {
        let mut new = Self {
            file,
            at: 0,
            cipher,
            clear,
            layout,
            row_groups: Vec::new(),
            column_indexes: Vec::new(),
            offset_indexes: Vec::new(),
            keys: Vec::new(),
        };
        new.put(&ENCRYPTED_MAGIC)?;
        Ok(new)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes)?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// Bytes so far.
    pub(super) fn bytes_written(&self) -> u64 {
        self.at
    }

    pub(super) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// Ends the blocks; see [`DigestingFile::begin_tail`].
    pub(super) fn begin_tail(&mut self) -> (Vec<u8>, u64) {
        self.file.begin_tail()
    }

    /// Adds a key to the footer.
    pub(super) fn add_key(&mut self, key: KeyValue) {
        self.keys.push(key);
    }

    /// Writes a row group. Its bloom filters are left out: readers could not decrypt them.
    pub(super) fn append(&mut self, chunks: Vec<Chunk>) -> Result<()> {
        let row_group = self.row_groups.len();
        if row_group >= ROW_GROUPS_MAX {
            return Err(broken("too many row groups for an encrypted file"));
        }
        let begin = self.at;
        let (mut columns, mut column_index, mut offset_index) = (vec![], vec![], vec![]);
        let (mut rows, mut raw_bytes) = (0, 0);
        for (at, chunk) in chunks.into_iter().enumerate() {
            let place = (row_group as u16, at as u16);
            rows = chunk.close.rows_written;
            let pages = encrypt_pages(&mut self.cipher, place, &chunk, self.at)?;
            raw_bytes += pages.metadata.uncompressed_size();
            columns.push(pages.metadata);
            offset_index.push(pages.offsets);
            column_index.push(chunk.close.column_index.unwrap_or(ColumnIndexMetaData::NONE));
            self.put(&pages.bytes)?;
        }
        let metadata = RowGroupMetaData::builder(Arc::clone(&self.layout.parquet))
            .set_column_metadata(columns)
            .set_total_byte_size(raw_bytes)
            .set_num_rows(rows as i64)
            .set_ordinal(row_group as i16)
            .set_file_offset(begin as i64)
            .build()?;
        self.row_groups.push(metadata);
        self.column_indexes.push(column_index);
        self.offset_indexes.push(offset_index);
        Ok(())
    }

    /// Writes indexes and footer; gives back the file, whose tail has begun.
    pub(super) fn finish(mut self) -> Result<DigestingFile> {
        self.write_indexes()?;
        let plain = serialise(&self.metadata(None))?;
        let mut footer = self.clear.encode();
        self.cipher.encrypt(Module::Footer, (0, 0), plain.footer(), &mut footer)?;
        let length = u32::try_from(footer.len()).map_err(|_| broken("the footer is too long"))?;
        footer.extend_from_slice(&length.to_le_bytes());
        footer.extend_from_slice(&ENCRYPTED_MAGIC);
        self.put(&footer)?;
        Ok(self.file)
    }

    /// What the footer says. No Arrow schema is embedded: the types are those that every reader sees without it.
    fn metadata(&self, indexes: Option<Indexes>) -> ParquetMetaData {
        let properties = &self.layout.properties;
        let rows = self.row_groups.iter().map(RowGroupMetaData::num_rows).sum();
        let file = FileMetaData::new(
            properties.writer_version().as_num(),
            rows,
            Some(properties.created_by().to_owned()),
            Some(self.keys.clone()),
            Arc::clone(&self.layout.parquet),
            None,
        );
        let (columns, offsets) = indexes.unzip();
        ParquetMetaDataBuilder::new(file)
            .set_row_groups(self.row_groups.clone())
            .set_column_index(columns)
            .set_offset_index(offsets)
            .build()
    }

    /// Writes each index as a module of its own, first those of columns, then those of offsets, as plain files have them.
    fn write_indexes(&mut self) -> Result<()> {
        let columns = std::mem::take(&mut self.column_indexes);
        let offsets = std::mem::take(&mut self.offset_indexes);
        let plain = serialise(&self.metadata(Some((columns, offsets))))?;
        let read = ParquetMetaDataReader::decode_metadata(plain.footer())?;
        for kind in [Module::ColumnIndex, Module::OffsetIndex] {
            for (row_group, group) in read.row_groups().iter().enumerate() {
                for (column, chunk) in group.columns().iter().enumerate() {
                    let (at, length) = match kind {
                        Module::ColumnIndex => {
                            (chunk.column_index_offset(), chunk.column_index_length())
                        }
                        _ => (chunk.offset_index_offset(), chunk.offset_index_length()),
                    };
                    let Some((at, length)) = at.zip(length) else { continue };
                    self.write_index(kind, (row_group, column), plain.part(at, length)?)?;
                }
            }
        }
        Ok(())
    }

    fn write_index(
        &mut self,
        kind: Module,
        (row_group, column): (usize, usize),
        plain: &[u8],
    ) -> Result<()> {
        let mut bytes = Vec::with_capacity(plain.len() + MODULE_OVERHEAD);
        self.cipher.encrypt(kind, (row_group as u16, column as u16), plain, &mut bytes)?;
        let (at, length) = (Some(self.at as i64), Some(bytes.len() as i32));
        self.put(&bytes)?;
        let group = self.row_groups.get_mut(row_group);
        let chunk = group.and_then(|group| group.columns_mut().get_mut(column));
        let chunk = chunk.ok_or_else(|| broken("an index of no column"))?;
        let builder = chunk.clone().into_builder();
        *chunk = match kind {
            Module::ColumnIndex => {
                builder.set_column_index_offset(at).set_column_index_length(length)
            }
            _ => builder.set_offset_index_offset(at).set_offset_index_length(length),
        }
        .build()?;
        Ok(())
    }
}

/// Metadata in thrift, as the `parquet` crate writes it: indexes, footer, length, magic.
struct Plain(Vec<u8>);

fn serialise(metadata: &ParquetMetaData) -> Result<Plain> {
    let mut bytes = Vec::new();
    ParquetMetaDataWriter::new(&mut bytes, metadata).finish()?;
    Ok(Plain(bytes))
}

impl Plain {
    fn footer(&self) -> &[u8] {
        let Some((rest, [length @ .., _, _, _, _])) = self.0.split_last_chunk::<8>() else {
            return &[];
        };
        let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]);
        rest.len().checked_sub(length as usize).map_or(&[], |at| &rest[at..])
    }

    fn part(&self, at: i64, length: i32) -> Result<&[u8]> {
        let part = usize::try_from(at).ok().zip(usize::try_from(length).ok());
        let part = part.and_then(|(at, length)| self.0.get(at..)?.get(..length));
        part.ok_or_else(|| broken("an index outside of the metadata"))
    }
}

/// The pages of a column chunk, encrypted, and what the footer says of them at their place in the file.
struct EncryptedPages {
    bytes: Vec<u8>,
    metadata: ColumnChunkMetaData,
    offsets: OffsetIndexMetaData,
}

fn encrypt_pages(
    cipher: &mut ModuleCipher,
    place: (u16, u16),
    chunk: &Chunk,
    write_at: u64,
) -> Result<EncryptedPages> {
    let old = &chunk.close.metadata;
    let index = chunk.close.offset_index.as_ref();
    let index = index.ok_or_else(|| broken("a column without offset index"))?;
    let mut bytes = Vec::with_capacity(chunk.bytes.len() + 1024);
    let mut pages = 0;
    if old.dictionary_page_offset().is_some() {
        let page = chunk.bytes.get(..old.data_page_offset() as usize);
        let page = page.ok_or_else(|| broken("a dictionary page outside of its column"))?;
        let modules = (Module::DictionaryPageHeader, Module::DictionaryPage);
        encrypt_page(cipher, place, modules, page, &mut bytes)?;
        pages += 1;
    }
    let data_at = bytes.len();
    let mut offsets = OffsetIndexBuilder::new();
    let locations = index.page_locations();
    for (number, page) in locations.iter().enumerate() {
        let ordinal = u16::try_from(number).ok().filter(|at| *at <= i16::MAX as u16);
        let ordinal = ordinal.ok_or_else(|| broken("too many pages for an encrypted column"))?;
        let next = locations.get(number + 1).map(|next| next.first_row_index);
        let rows = next.unwrap_or(chunk.close.rows_written as i64) - page.first_row_index;
        let from = page.offset as usize;
        let page = chunk.bytes.get(from..from + page.compressed_page_size as usize);
        let page = page.ok_or_else(|| broken("a page outside of its column"))?;
        let begin = bytes.len();
        let modules = (Module::DataPageHeader(ordinal), Module::DataPage(ordinal));
        encrypt_page(cipher, place, modules, page, &mut bytes)?;
        offsets.append_row_count(rows);
        offsets.append_offset_and_size(
            (write_at as usize + begin) as i64,
            (bytes.len() - begin) as i32,
        );
        pages += 1;
    }
    // Of the two modules of a page, readers count the header alone as part of what it is uncompressed.
    let raw = old.uncompressed_size() + (pages * MODULE_OVERHEAD) as i64;
    let mut builder = ColumnChunkMetaData::builder(old.column_descr_ptr())
        .set_compression_codec(old.compression_codec())
        .set_encodings_mask(*old.encodings_mask())
        .set_num_values(old.num_values())
        .set_total_compressed_size(bytes.len() as i64)
        .set_total_uncompressed_size(raw)
        .set_data_page_offset(write_at as i64 + data_at as i64)
        .set_dictionary_page_offset(old.dictionary_page_offset().map(|_| write_at as i64))
        .set_column_crypto_metadata(Some(ColumnCryptoMetaData::ENCRYPTION_WITH_FOOTER_KEY));
    if let Some(statistics) = old.statistics() {
        builder = builder.set_statistics(statistics.clone());
    }
    Ok(EncryptedPages { bytes, metadata: builder.build()?, offsets: offsets.build() })
}

/// Encrypts a page: its header, which says how long the page is on disk, and its body.
fn encrypt_page(
    cipher: &mut ModuleCipher,
    place: (u16, u16),
    (header_module, body_module): (Module, Module),
    page: &[u8],
    out: &mut Vec<u8>,
) -> Result<()> {
    let (header, body) = split_page(page).ok_or_else(|| broken("a page with another header"))?;
    cipher.encrypt(header_module, place, &header, out)?;
    cipher.encrypt(body_module, place, body, out)?;
    Ok(())
}

/// The head of a field that is an i32 and the next one, in Thrift's compact protocol.
const NEXT_I32: u8 = 0x15;

/// Parts a page into its header, with the length that the body will have once it is encrypted, and the body. The first
/// three fields of a header are its type and its two lengths.
fn split_page(page: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (_type, rest) = field(page)?;
    let (_raw, rest) = field(rest)?;
    let before = page.len() - rest.len();
    let (length, after) = field(rest)?;
    let length = usize::try_from(length).ok()?;
    let header_rest = after.get(..after.len().checked_sub(length)?)?;
    let mut header = page[..before].to_vec();
    header.push(NEXT_I32);
    let mut number = zigzag((length + MODULE_OVERHEAD) as u64);
    while number >= 0x80 {
        header.push(number as u8 | 0x80);
        number >>= 7;
    }
    header.push(number as u8);
    header.extend_from_slice(header_rest);
    Some((header, &after[header_rest.len()..]))
}

fn zigzag(number: u64) -> u64 {
    number << 1
}

/// Reads a field that is an i32 of 0 or more.
fn field(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut rest = bytes.strip_prefix(&[NEXT_I32])?;
    let mut number = 0u64;
    for shift in (0..35).step_by(7) {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return (number & 1 == 0).then_some((number >> 1, rest));
        }
    }
    None
}
