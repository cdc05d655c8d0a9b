//! How do encoded pages become a column chunk with its indexes?

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ColumnIndexBuilder, OffsetIndexBuilder};
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use super::super::layout::{Effort, PAGE_ROWS, zstd};
use crate::error::{Error, ErrorKind, Result};

/// The bytes of a column chunk, and all that the footer says of it.
pub(crate) struct Chunk {
    pub(crate) bytes: Bytes,
    pub(crate) close: ColumnCloseResult,
}

impl std::fmt::Debug for Chunk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chunk").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

/// What one thread reuses from page to page.
pub(super) struct Tools {
    compressor: ::zstd::bulk::Compressor<'static>,
    /// The page that is being encoded.
    pub(super) page: Vec<u8>,
    /// Codes of a page without NULLs.
    pub(super) codes: Vec<u32>,
    /// How pages are cut.
    pub(super) pages: Pages,
}

/// How the pages of a column chunk are cut, and whether it gets a bloom filter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pages {
    /// Rows of a page.
    pub(super) rows: usize,
    /// Bytes of a page of plain texts.
    pub(super) bytes: usize,
    /// Whether the columns that hunts look values up in get their filters.
    pub(super) bloom: bool,
    /// How hard zstd works.
    pub(super) effort: Effort,
}

impl Pages {
    /// Those of a plain file.
    pub(super) const PLAIN: Self =
        Self { rows: PAGE_ROWS, bytes: PLAIN_PAGE_BYTES, bloom: true, effort: Effort::Fresh };

    /// Those of an encrypted file: one page a chunk, for DuckDB (2.0) can't decrypt a second one, and no filters, which
    /// would stand in the clear.
    pub(super) const ENCRYPTED: Self =
        Self { rows: usize::MAX, bytes: 256 << 20, bloom: false, effort: Effort::Fresh };

    /// Those of a fresh file.
    pub(super) fn of(encrypted: bool) -> Self {
        if encrypted { Self::ENCRYPTED } else { Self::PLAIN }
    }
}

/// Plain texts of a page.
const PLAIN_PAGE_BYTES: usize = 1 << 20;

impl Tools {
    pub(super) fn new(pages: Pages) -> Result<Self> {
        let level = pages.effort.zstd_level();
        let compressor = ::zstd::bulk::Compressor::new(level).map_err(|error| {
            Error::new(ErrorKind::Internal, "cannot set up zstd").caused_by(error)
        })?;
        Ok(Self { compressor, page: Vec::new(), codes: Vec::new(), pages })
    }
}

/// Least and greatest value of a page, as bytes; absent if the page has no values.
pub(super) type PageRange = Option<(Vec<u8>, Vec<u8>)>;

/// A column chunk in the making. The page to be written is the one in [`Tools::page`].
pub(super) struct ChunkBuilder<'a> {
    descr: ColumnDescPtr,
    tools: &'a mut Tools,
    sink: TrackedWrite<Vec<u8>>,
    codec: Compression,
    rows: u64,
    uncompressed: usize,
    dictionary_at: Option<i64>,
    data_at: Option<i64>,
    data_encoding: Encoding,
    index: ColumnIndexBuilder,
    indexed: bool,
    offsets: OffsetIndexBuilder,
}

impl<'a> ChunkBuilder<'a> {
    /// Begins a chunk. `codec`-less chunks are for those of a few bytes.
    pub(super) fn new(
        descr: ColumnDescPtr,
        tools: &'a mut Tools,
        data_encoding: Encoding,
        compressed: bool,
    ) -> Self {
        tools.page.clear();
        Self {
            index: ColumnIndexBuilder::new(descr.physical_type()),
            descr,
            tools,
            sink: TrackedWrite::new(Vec::new()),
            codec: if compressed { zstd() } else { Compression::UNCOMPRESSED },
            rows: 0,
            uncompressed: 0,
            dictionary_at: None,
            data_at: None,
            data_encoding,
            indexed: true,
            offsets: OffsetIndexBuilder::new(),
        }
    }

    /// Whether the column may have NULLs, so that its pages begin with levels.
    pub(super) fn is_nullable(&self) -> bool {
        self.descr.max_def_level() > 0
    }

    /// The buffers for the next page.
    pub(super) fn tools(&mut self) -> &mut Tools {
        self.tools
    }

    /// Ends the dictionary page.
    pub(super) fn end_dictionary(&mut self, values: usize) -> Result<()> {
        let buf = self.compress()?;
        let page = Page::DictionaryPage {
            buf,
            num_values: values as u32,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        let (at, _) = self.write(page)?;
        self.dictionary_at = Some(at);
        Ok(())
    }

    /// Ends a data page of `rows` rows. Without `range` for a page that has values, the column gets no page index.
    pub(super) fn end_page(&mut self, rows: usize, nulls: usize, range: PageRange) -> Result<()> {
        let buf = self.compress()?;
        let page = Page::DataPage {
            buf,
            num_values: rows as u32,
            encoding: self.data_encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let (at, bytes) = self.write(page)?;
        self.data_at.get_or_insert(at);
        self.rows += rows as u64;
        self.offsets.append_row_count(rows as i64);
        self.offsets.append_offset_and_size(at, bytes as i32);
        self.indexed &= range.is_some() || nulls == rows;
        let (least, greatest) = range.unwrap_or_default();
        self.index.append(nulls == rows, least, greatest, nulls as i64);
        Ok(())
    }

    fn compress(&mut self) -> Result<Bytes> {
        if self.codec == Compression::UNCOMPRESSED {
            return Ok(Bytes::copy_from_slice(&self.tools.page));
        }
        let compressed = self.tools.compressor.compress(&self.tools.page);
        compressed.map(Bytes::from).map_err(|error| {
            Error::new(ErrorKind::Internal, "cannot compress a page").caused_by(error)
        })
    }

    /// Writes a page whose raw bytes are in the buffer, which is empty afterwards. Gives place and length.
    fn write(&mut self, page: Page) -> Result<(i64, usize)> {
        let raw = self.tools.page.len();
        self.tools.page.clear();
        if i32::try_from(raw).is_err() {
            return Err(Error::new(ErrorKind::Internal, "a page exceeds 2 GiB"));
        }
        let mut writer = SerializedPageWriter::new(&mut self.sink);
        let spec = writer.write_page(CompressedPage::new(page, raw)).map_err(failed)?;
        self.uncompressed += spec.uncompressed_size;
        Ok((spec.offset as i64, spec.compressed_size))
    }

    /// Ends the chunk.
    pub(super) fn finish(
        self,
        statistics: Statistics,
        bloom_filter: Option<parquet::bloom_filter::Sbbf>,
    ) -> Result<Chunk> {
        let bytes = self.sink.into_inner().map_err(failed)?;
        let mut encodings = vec![self.data_encoding, Encoding::RLE];
        if self.dictionary_at.is_some() {
            encodings.push(Encoding::PLAIN);
        }
        let metadata = ColumnChunkMetaData::builder(self.descr)
            .set_compression(self.codec)
            .set_encodings(encodings)
            .set_num_values(self.rows as i64)
            .set_total_compressed_size(bytes.len() as i64)
            .set_total_uncompressed_size(self.uncompressed as i64)
            .set_dictionary_page_offset(self.dictionary_at)
            .set_data_page_offset(self.data_at.unwrap_or(0))
            .set_statistics(statistics)
            .build()
            .map_err(failed)?;
        let index = if self.indexed { Some(self.index.build().map_err(failed)?) } else { None };
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: self.rows,
            metadata,
            bloom_filter,
            column_index: index,
            offset_index: Some(self.offsets.build()),
        };
        Ok(Chunk { bytes: bytes.into(), close })
    }
}

fn failed(error: ParquetError) -> Error {
    Error::new(ErrorKind::Internal, "cannot encode a column").caused_by(error)
}

/// The statistics of a chunk without least and greatest value.
pub(super) fn null_statistics(kind: Type, nulls: u64) -> Statistics {
    let nulls = Some(nulls);
    match kind {
        Type::INT32 => Statistics::int32(None, None, None, nulls, false),
        Type::INT64 => Statistics::int64(None, None, None, nulls, false),
        _ => Statistics::byte_array(None, None, None, nulls, false),
    }
}
