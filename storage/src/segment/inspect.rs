//! What is inside a Parquet file, ours or any other?

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics;

use super::footer::{keys, metadata};
use crate::crypt::Vault;
use crate::error::{Error, Result};

/// A summary of a Parquet file, from its footer alone; nothing is verified.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Inspection {
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Rows.
    pub rows: u64,
    /// The program that wrote it, as it says.
    pub created_by: Option<String>,
    /// Footer keys; those of dwell begin with `dwell.`.
    pub keys: BTreeMap<String, String>,
    /// The columns, all row groups together.
    pub columns: Vec<ColumnTotal>,
    /// The row groups.
    pub row_groups: Vec<RowGroupSummary>,
}

/// A column of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ColumnTotal {
    /// Its name; nested ones with dots.
    pub name: String,
    /// Its physical type, and its logical one if it has one.
    pub kind: String,
    /// Encodings of its pages in any row group.
    pub encodings: Vec<String>,
    /// Codecs in any row group.
    pub codecs: Vec<String>,
    /// Bytes on disk.
    pub compressed: u64,
    /// Bytes before compression.
    pub uncompressed: u64,
    /// How many values are NULL, where statistics say it for every row group.
    pub nulls: Option<u64>,
    /// Bytes of its bloom filters.
    pub bloom_bytes: u64,
    /// How many of its chunks have a page index.
    pub page_indexes: usize,
    /// The least value, where the first row group that has one says it, over all row groups (numbers only).
    pub min: Option<i64>,
    /// The greatest value (numbers only).
    pub max: Option<i64>,
}

/// A row group of a file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RowGroupSummary {
    /// Rows.
    pub rows: u64,
    /// Bytes on disk.
    pub compressed: u64,
    /// Bytes before compression.
    pub uncompressed: u64,
}

/// Summarises a Parquet file. Hostile bytes give an integrity error.
pub fn inspect(path: &Path) -> Result<Inspection> {
    inspect_with(path, None)
}

/// Summarises a file of a store that may be encrypted: `vault` has its keys.
pub fn inspect_with(path: &Path, vault: Option<&Arc<Vault>>) -> Result<Inspection> {
    let metadata = metadata(path, vault)?;
    let bytes = std::fs::metadata(path).map_err(|error| Error::io("read", path, error))?.len();
    let file = metadata.file_metadata();
    Ok(Inspection {
        path: path.to_path_buf(),
        bytes,
        rows: file.num_rows().unsigned_abs(),
        created_by: file.created_by().map(str::to_string),
        keys: keys(&metadata),
        columns: columns(&metadata),
        row_groups: metadata.row_groups().iter().map(row_group).collect(),
    })
}

fn row_group(group: &RowGroupMetaData) -> RowGroupSummary {
    let compressed = group.columns().iter().map(|chunk| chunk.compressed_size().unsigned_abs());
    RowGroupSummary {
        rows: group.num_rows().unsigned_abs(),
        compressed: compressed.fold(0, u64::saturating_add),
        uncompressed: group.total_byte_size().unsigned_abs(),
    }
}

fn columns(metadata: &ParquetMetaData) -> Vec<ColumnTotal> {
    let schema = metadata.file_metadata().schema_descr();
    let columns = schema.columns().iter().enumerate();
    columns
        .map(|(at, column)| {
            let kind = match column.logical_type_ref() {
                Some(logical) => format!("{} {logical:?}", column.physical_type()),
                None => column.physical_type().to_string(),
            };
            let mut total = ColumnTotal {
                name: column.path().string(),
                kind,
                nulls: Some(0),
                ..ColumnTotal::default()
            };
            for chunk in metadata.row_groups().iter().filter_map(|group| group.columns().get(at)) {
                total.add(chunk);
            }
            total
        })
        .collect()
}

impl ColumnTotal {
    fn add(&mut self, chunk: &ColumnChunkMetaData) {
        for encoding in chunk.encodings() {
            add_name(&mut self.encodings, encoding.to_string());
        }
        add_name(&mut self.codecs, chunk.compression_codec().to_string());
        self.compressed = self.compressed.saturating_add(chunk.compressed_size().unsigned_abs());
        self.uncompressed =
            self.uncompressed.saturating_add(chunk.uncompressed_size().unsigned_abs());
        let nulls = chunk.statistics().and_then(Statistics::null_count_opt);
        self.nulls = self.nulls.zip(nulls).map(|(all, new)| all.saturating_add(new));
        let bloom = chunk.bloom_filter_length().map_or(0, |bytes| u64::from(bytes.unsigned_abs()));
        self.bloom_bytes += bloom;
        self.page_indexes += usize::from(chunk.column_index_offset().is_some());
        let (min, max) = match chunk.statistics() {
            Some(Statistics::Int32(of)) => {
                (of.min_opt().copied().map(i64::from), of.max_opt().copied().map(i64::from))
            }
            Some(Statistics::Int64(of)) => (of.min_opt().copied(), of.max_opt().copied()),
            _ => (None, None),
        };
        self.min = self.min.into_iter().chain(min).min();
        self.max = self.max.into_iter().chain(max).max();
    }
}

fn add_name(names: &mut Vec<String>, name: String) {
    if !names.contains(&name) {
        names.push(name);
    }
}
