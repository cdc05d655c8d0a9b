//! How are the rows of a data file read back, in order, without an SQL engine?

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::{Field, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};
use parquet::file::statistics::Statistics;

use super::FileMeta;
use super::layout;
use super::verified::{VerifiedFile, guarded};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Col, stored_schema};

/// What is read of a file, and how.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// Rows of a batch.
    pub batch_rows: usize,
    /// Which row groups; all if absent.
    pub row_groups: Option<Vec<usize>>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { batch_rows: 8192, row_groups: None }
    }
}

/// The batches of a file, in file order. Stops after the first error.
pub struct Batches {
    file: VerifiedFile,
    reader: ParquetRecordBatchReader,
    schema: SchemaRef,
    /// For each column asked for, its place in what the reader gives; absent in files older than the column.
    places: Vec<Option<usize>>,
    failed: bool,
}

/// Opens a file and reads columns by their names in it, all if none is given.
pub fn batches(
    path: impl AsRef<Path>,
    meta: &FileMeta,
    columns: &[&str],
    row_groups: Option<Vec<usize>>,
    batch_rows: usize,
) -> Result<Batches> {
    let file = VerifiedFile::open(path, meta)?;
    batches_of(&file, columns, &ReadOptions { batch_rows, row_groups })
}

/// Reads columns of an open file by their names in it, all if none is given.
pub fn batches_of(file: &VerifiedFile, columns: &[&str], options: &ReadOptions) -> Result<Batches> {
    let schema = if is_lines(file) { layout::lines_schema() } else { stored_schema() };
    if columns.is_empty() {
        let fields = schema.fields().iter().map(|field| (**field).clone()).collect();
        return read(file, fields, options);
    }
    let fields = columns.iter().map(|name| schema.field_with_name(name).cloned());
    let fields = fields.collect::<std::result::Result<_, _>>().map_err(|error| {
        Error::new(ErrorKind::Internal, "no file has such a column").caused_by(error)
    })?;
    read(file, fields, options)
}

fn is_lines(file: &VerifiedFile) -> bool {
    let columns = file.metadata().file_metadata().schema_descr().columns();
    columns.first().is_some_and(|column| column.name() == layout::LINE_COLUMNS[0].0)
}

/// The lines of one row group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupLines {
    /// The lowest line number.
    pub first_line: i64,
    /// The highest line number.
    pub last_line: i64,
    /// How many rows.
    pub rows: u64,
}

/// Which lines the row groups of a file hold, from its statistics: what has to be read for a range of lines.
pub fn row_group_lines(file: &VerifiedFile) -> Result<Vec<GroupLines>> {
    let metadata = file.metadata();
    let columns = metadata.file_metadata().schema_descr().columns();
    let at = columns.iter().position(|column| column.name() == Col::LineNo.name());
    let lines = metadata.row_groups().iter().map(|row_group| {
        let chunk = row_group.columns().get(at?)?;
        let Some(Statistics::Int64(lines)) = chunk.statistics() else { return None };
        Some(GroupLines {
            first_line: *lines.min_opt()?,
            last_line: *lines.max_opt()?,
            rows: row_group.num_rows().unsigned_abs(),
        })
    });
    lines
        .collect::<Option<_>>()
        .ok_or_else(|| Error::integrity(file.path(), "file without statistics of line_no"))
}

/// Reads columns of a segment; the batches have them in the order asked for, under their names in the file. Columns
/// younger than the file are NULL. `day` has no column in a file: asking for it is an error.
pub fn rows(file: &VerifiedFile, columns: &[Col], options: &ReadOptions) -> Result<Batches> {
    let schema = stored_schema();
    let fields = columns.iter().map(|col| {
        let name = col.file_name().ok_or_else(|| {
            Error::new(ErrorKind::Internal, format!("no file has a column {}", col.name()))
        })?;
        let field = schema
            .field_with_name(name)
            .map_err(|error| Error::new(ErrorKind::Internal, "unknown column").caused_by(error))?;
        Ok(field.clone())
    });
    read(file, fields.collect::<Result<_>>()?, options)
}

/// Reads all columns of those rows of a row group for which `chosen` has `true`; pages without any are not read.
pub fn chosen_rows(
    file: &VerifiedFile,
    row_group: usize,
    chosen: &[bool],
    batch_rows: usize,
) -> Result<Batches> {
    let fields = stored_schema().fields().iter().map(|field| (**field).clone()).collect();
    let options = ReadOptions { batch_rows, row_groups: Some(vec![row_group]) };
    let selectors = chosen.chunk_by(|a, b| a == b).map(|alike| match alike.first() {
        Some(true) => RowSelector::select(alike.len()),
        _ => RowSelector::skip(alike.len()),
    });
    read_chosen(file, fields, &options, Some(selectors.collect::<Vec<_>>().into()))
}

/// Reads a file of `lines/`, all columns.
pub fn lines(file: &VerifiedFile, options: &ReadOptions) -> Result<Batches> {
    let fields = layout::lines_schema().fields().iter().map(|field| (**field).clone()).collect();
    read(file, fields, options)
}

fn read(file: &VerifiedFile, fields: Vec<Field>, options: &ReadOptions) -> Result<Batches> {
    read_chosen(file, fields, options, None)
}

fn read_chosen(
    file: &VerifiedFile,
    fields: Vec<Field>,
    options: &ReadOptions,
    chosen: Option<RowSelection>,
) -> Result<Batches> {
    let present = file.metadata().file_metadata().schema_descr().columns();
    let mut roots: Vec<usize> = Vec::new();
    for field in &fields {
        roots.extend(present.iter().position(|column| column.name() == field.name()));
    }
    roots.sort_unstable();
    roots.dedup();
    let place = |field: &Field| {
        let root = present.iter().position(|column| column.name() == field.name())?;
        roots.binary_search(&root).ok()
    };
    let places: Vec<_> = fields.iter().map(place).collect();
    let nullable = fields.into_iter().zip(&places).map(|(field, place)| {
        let nullable = field.is_nullable() || place.is_none();
        field.with_nullable(nullable)
    });
    let schema = Arc::new(Schema::new(nullable.collect::<Vec<_>>()));
    let reader = guarded(file.path(), || {
        let metadata =
            ArrowReaderMetadata::try_new(Arc::clone(file.metadata()), ArrowReaderOptions::new())?;
        let mask = ProjectionMask::roots(file.metadata().file_metadata().schema_descr(), roots);
        let mut builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(file.clone(), metadata)
                .with_projection(mask)
                .with_batch_size(options.batch_rows);
        if let Some(row_groups) = &options.row_groups {
            builder = builder.with_row_groups(row_groups.clone());
        }
        if let Some(chosen) = chosen {
            builder = builder.with_row_selection(chosen);
        }
        builder.build()
    })?;
    Ok(Batches { file: file.clone(), reader, schema, places, failed: false })
}

impl Batches {
    /// The schema of the batches.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn arrange(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let columns = self.schema.fields().iter().zip(&self.places);
        let columns = columns.map(|(field, place)| match place {
            Some(place) => Arc::clone(batch.column(*place)),
            None => new_null_array(field.data_type(), batch.num_rows()),
        });
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let columns: Vec<ArrayRef> = columns.collect();
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options).map_err(
            |error| Error::integrity(self.file.path(), "columns of another type").caused_by(error),
        )
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let reader = &mut self.reader;
        let batch = guarded(self.file.path(), || Ok(reader.next().transpose()?))
            .map_err(|error| self.file.fault().unwrap_or(error));
        let batch = batch.and_then(|batch| match batch {
            Some(batch) => self.arrange(&batch).map(Some),
            None => Ok(None),
        });
        self.failed = batch.is_err();
        batch.transpose()
    }
}
