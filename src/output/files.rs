//! The formats for other programs: Parquet and Arrow IPC, with zoned times and plain text columns.

use std::sync::Arc;

use anyhow::Result;
use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::ipc::writer::FileWriter;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::ResultWriter;
use super::target::Target;

/// A Parquet file.
pub(super) struct Parquet {
    writer: ArrowWriter<Target>,
    schema: SchemaRef,
}

impl Parquet {
    /// Writes the file's head.
    pub(super) fn new(schema: &SchemaRef, target: Target) -> Result<Self> {
        let schema = plain(schema);
        let level = ZstdLevel::try_new(3)?;
        let properties =
            WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
        let writer = ArrowWriter::try_new(target, Arc::clone(&schema), Some(properties))?;
        Ok(Self { writer, schema })
    }
}

impl ResultWriter for Parquet {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        Ok(self.writer.write(&to(batch, &self.schema)?)?)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.writer.into_inner()?.finish()
    }
}

/// An Arrow IPC file (also known as Feather version 2).
pub(super) struct Ipc {
    writer: FileWriter<Target>,
    schema: SchemaRef,
}

impl Ipc {
    /// Writes the file's head.
    pub(super) fn new(schema: &SchemaRef, target: Target) -> Result<Self> {
        let schema = plain(schema);
        Ok(Self { writer: FileWriter::try_new(target, &schema)?, schema })
    }
}

impl ResultWriter for Ipc {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        Ok(self.writer.write(&to(batch, &self.schema)?)?)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        self.writer.into_inner()?.finish()
    }
}

/// The schema that every reader opens: no views, no dictionaries, times with their zone.
fn plain(schema: &SchemaRef) -> SchemaRef {
    let fields = schema
        .fields()
        .iter()
        .map(|field| Field::new(field.name(), plain_type(field.data_type()), field.is_nullable()));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn plain_type(kind: &DataType) -> DataType {
    match kind {
        DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
        DataType::BinaryView | DataType::LargeBinary => DataType::Binary,
        DataType::Dictionary(_, value) => plain_type(value),
        DataType::Timestamp(unit, _) => DataType::Timestamp(*unit, Some("UTC".into())),
        other => other.clone(),
    }
}

fn to(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = batch.columns().iter().zip(schema.fields());
    let columns = columns.map(|(column, field)| cast(column, field.data_type()));
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}
