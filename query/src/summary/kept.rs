//! How is a summary kept? As a small Parquet file that the ledger names.

use std::sync::Arc;

use arrow::array::RecordBatch;
use bytes::Bytes;
use datafusion::error::{DataFusionError, Result};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use storage::day::Day;
use storage::ledger::record::TableKey;
use storage::store::{KeptTable, State};

use super::{Table, fit};

/// Where the ledger names it.
pub(crate) fn key(day: Day, table: &str) -> TableKey {
    TableKey { day: Some(day), name: String::new(), table: table.to_owned() }
}

/// The kept table of a day, if it says what its rows say.
pub(crate) fn current<'a>(state: &'a State, day: Day, table: &str) -> Option<&'a KeptTable> {
    let kept = state.tables.get(&key(day, table))?;
    state.is_current(kept).then_some(&**kept)
}

/// A batch as a file.
pub(crate) fn content(batch: &RecordBatch) -> Result<Vec<u8>> {
    let level = ZstdLevel::try_new(9).unwrap_or_default();
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties))
        .map_err(DataFusionError::from)?;
    writer.write(batch)?;
    Ok(writer.into_inner()?)
}

/// A file as a batch.
pub(super) fn read(table: &Table, bytes: Vec<u8>) -> Result<RecordBatch> {
    let schema = Arc::new(table.schema());
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes))?.build()?;
    let batches = reader.collect::<std::result::Result<Vec<_>, _>>()?;
    let Some(first) = batches.first() else { return Ok(RecordBatch::new_empty(schema)) };
    let joined = arrow::compute::concat_batches(&first.schema(), &batches)?;
    // A table that an older version wrote may have fewer columns: its columns are found by name.
    let mut columns = Vec::new();
    for field in schema.fields() {
        let column = joined.column_by_name(field.name()).cloned();
        let null = || arrow::array::new_null_array(field.data_type(), joined.num_rows());
        columns.push(column.unwrap_or_else(null));
    }
    let fields: Vec<_> = schema
        .fields()
        .iter()
        .zip(&columns)
        .map(|(field, column)| {
            field.as_ref().clone().with_data_type(column.data_type().clone()).with_nullable(true)
        })
        .collect();
    let found = RecordBatch::try_new(Arc::new(arrow::datatypes::Schema::new(fields)), columns)?;
    fit(&schema, &found)
}
