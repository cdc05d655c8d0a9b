//! Which settings do our Parquet files have: schema, pages, blocks, bloom filters, footer keys?

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowSchemaConverter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{
    BloomFilterPosition, EnabledStatistics, WriterProperties, WriterPropertiesPtr, WriterVersion,
};
use parquet::schema::types::{ColumnPath, SchemaDescPtr, SchemaDescriptor};

use crate::schema::{Col, stored_schema};

/// Rows of a data page: enough for zstd to find repetitions, few enough to skip by time within a row group. A multiple
/// of 8, so that the bits of a page fill whole bytes.
pub const PAGE_ROWS: usize = 32_768;

/// Bytes of a digest block. A query that touches few columns reads and digests 1.1 to 1.7 times the bytes it needs with
/// 64 KiB, 1.9 to 3.6 times with 256 KiB and up to 8 times with 1 MiB; the digests take 0.05 % of the file.
pub const BLOCK_BYTES: u64 = 64 * 1024;

/// The zstd level of fresh files: 1 costs half of what the rest of ingest does, 3 twice that for 3 % of the bytes.
pub(super) const ZSTD_LEVEL: i32 = 1;

/// The zstd level of compacted files. Of 15.06 MB fresh, 1 leaves 12.88, 3 13.14, 6 12.83, 9 12.54, 12 12.44, 19 12.06; from 12
/// on it takes more time than all the rest of a compaction.
pub(super) const KEPT_ZSTD_LEVEL: i32 = 9;

/// How much work goes into making a file small.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Effort {
    /// As little as pays: somebody waits for the lines.
    #[default]
    Fresh,
    /// More: the file is kept for years.
    Kept,
}

impl Effort {
    /// The level of zstd.
    pub(super) fn zstd_level(self) -> i32 {
        match self {
            Self::Fresh => ZSTD_LEVEL,
            Self::Kept => KEPT_ZSTD_LEVEL,
        }
    }
}

/// The share of false positives of a bloom filter.
pub(super) const BLOOM_FPP: f64 = 0.01;

/// Dictionaries up to this size get least and greatest value page by page; larger ones would cost a sort.
pub(super) const PAGE_STATS_VALUES: usize = 5_000;

/// Texts longer than this stand truncated in statistics.
pub(super) const STATS_BYTES: usize = 64;

/// The keys that every data file has in its footer.
pub mod key {
    /// The id of the store.
    pub const STORE: &str = "dwell.store";
    /// The day of the rows (of the ingest, in `lines/`).
    pub const DAY: &str = "dwell.day";
    /// The transaction that wrote the file.
    pub const TRANSACTION: &str = "dwell.transaction";
    /// [`crate::schema::SCHEMA_VERSION`] of the writer.
    pub const SCHEMA: &str = "dwell.schema";
    /// JSON array of [`crate::segment::SourceRange`].
    pub const SOURCES: &str = "dwell.sources";
    /// Where the tail begins, with the block table as its first bytes ([`crate::segment::BlockTable`]).
    pub const TAIL: &str = "dwell.tail";
    /// JSON of the facts of the extent that a lost ledger is rebuilt from.
    pub const EXTENT: &str = "dwell.extent";
    /// The version of the program.
    pub const VERSION: &str = "dwell.version";
}

/// The schema of one kind of file, in both worlds.
#[derive(Debug)]
pub(crate) struct Layout {
    /// As Arrow sees it (and as it is embedded).
    pub(crate) arrow: SchemaRef,
    /// As Parquet sees it.
    pub(crate) parquet: SchemaDescPtr,
    /// Names, for statistics without copies.
    pub(crate) names: Vec<Cow<'static, str>>,
    /// Which columns have bloom filters.
    pub(crate) bloom: Vec<bool>,
    /// Which columns are of steadily growing numbers.
    pub(crate) rising: Vec<bool>,
    /// The settings, for the file writer and for the oracle.
    pub(crate) properties: WriterPropertiesPtr,
}

/// Columns that hunts look single values up in.
const BLOOMED: &[Col] = &[Col::Host, Col::ClientIp, Col::Domain, Col::User, Col::ServerIp];

/// The files of `requests/`.
pub(crate) fn requests() -> &'static Layout {
    static LAYOUT: LazyLock<Layout> = LazyLock::new(|| {
        let columns = Col::stored();
        let names = columns.iter().filter_map(|col| col.file_name()).map(Cow::Borrowed).collect();
        let bloom = columns.iter().map(|col| BLOOMED.contains(col)).collect();
        let rising = columns.iter().map(|col| matches!(col, Col::Ts | Col::LineNo)).collect();
        Layout::new(stored_schema(), names, bloom, rising)
    });
    &LAYOUT
}

/// The columns of `lines/`.
pub(crate) const LINE_COLUMNS: [(&str, DataType, bool); 6] = [
    ("source_id", DataType::Int32, false),
    ("line_no", DataType::Int64, false),
    ("byte_offset", DataType::Int64, false),
    ("kind", DataType::Utf8, false),
    ("reason", DataType::Utf8, true),
    ("bytes", DataType::Binary, false),
];

/// The files of `lines/`.
pub(crate) fn lines() -> &'static Layout {
    static LAYOUT: LazyLock<Layout> = LazyLock::new(|| {
        let names = LINE_COLUMNS.iter().map(|(name, ..)| Cow::Borrowed(*name)).collect();
        let bloom = vec![false; LINE_COLUMNS.len()];
        let rising = vec![false, true, true, false, false, false];
        Layout::new(lines_schema(), names, bloom, rising)
    });
    &LAYOUT
}

/// The schema of a `lines/` file.
pub fn lines_schema() -> SchemaRef {
    let fields = LINE_COLUMNS.map(|(name, kind, nullable)| Field::new(name, kind, nullable));
    Arc::new(Schema::new(fields.to_vec()))
}

impl Layout {
    fn new(
        arrow: SchemaRef,
        names: Vec<Cow<'static, str>>,
        bloom: Vec<bool>,
        rising: Vec<bool>,
    ) -> Self {
        let parquet = descriptor(&arrow);
        let mut properties = WriterProperties::builder()
            .set_writer_version(WriterVersion::PARQUET_1_0)
            .set_created_by(format!("dwell {}", env!("CARGO_PKG_VERSION")))
            .set_compression(zstd())
            .set_bloom_filter_position(BloomFilterPosition::AfterRowGroup)
            .set_data_page_row_count_limit(PAGE_ROWS)
            .set_data_page_size_limit(64 << 20)
            .set_dictionary_page_size_limit(64 << 20)
            .set_max_row_group_row_count(None)
            .set_statistics_enabled(EnabledStatistics::Page)
            .set_statistics_truncate_length(Some(STATS_BYTES))
            .set_column_index_truncate_length(Some(STATS_BYTES));
        for (at, name) in names.iter().enumerate() {
            let path = || ColumnPath::from(name.as_ref());
            if bloom[at] {
                properties = properties
                    .set_column_bloom_filter_enabled(path(), true)
                    .set_column_bloom_filter_fpp(path(), BLOOM_FPP);
            }
            if rising[at] {
                properties = properties
                    .set_column_dictionary_enabled(path(), false)
                    .set_column_encoding(path(), Encoding::DELTA_BINARY_PACKED);
            }
        }
        let mut properties = properties.build();
        parquet::arrow::add_encoded_arrow_schema_to_metadata(&arrow, &mut properties);
        Self { arrow, parquet, names, bloom, rising, properties: Arc::new(properties) }
    }
}

#[expect(clippy::expect_used, reason = "the two schemas are constants, and tests convert them")]
fn descriptor(arrow: &Schema) -> SchemaDescPtr {
    let parquet: SchemaDescriptor =
        ArrowSchemaConverter::new().convert(arrow).expect("our schema has a Parquet form");
    Arc::new(parquet)
}

/// The codec of everything worth compressing.
pub(crate) fn zstd() -> Compression {
    Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL).unwrap_or_default())
}
