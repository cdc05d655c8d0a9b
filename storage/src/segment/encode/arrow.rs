//! The long way: coded columns as Arrow arrays, and those as pages by parquet's own column writers.

use std::sync::Arc;

use ::arrow::array::{
    ArrayRef, BinaryBuilder, Int32Array, Int64Array, RecordBatch, StringBuilder, new_null_array,
};
use ::arrow::datatypes::{DataType, Field};
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::file::writer::SerializedFileWriter;

use super::super::layout::Layout;
use super::super::{Coded, ColumnData, NULL_CODE, RowGroup};
use super::broken;
use crate::error::{Error, ErrorKind, Result};

/// The column chunks of a row group that [`super::check`] has passed.
pub(super) fn chunks(layout: &Layout, group: &RowGroup) -> Result<Vec<ArrowColumnChunk>> {
    let failed = |error: parquet::errors::ParquetError| {
        Error::new(ErrorKind::Internal, "cannot encode a row group").caused_by(error)
    };
    let batch = to_batch(layout, group)?;
    // Never written to: the factory takes schema and settings from it.
    let file = SerializedFileWriter::new(
        std::io::sink(),
        layout.parquet.root_schema_ptr(),
        Arc::clone(&layout.properties),
    )
    .map_err(failed)?;
    let factory = ArrowRowGroupWriterFactory::new(&file, Arc::clone(&layout.arrow));
    let mut writers = factory.create_column_writers(0).map_err(failed)?;
    let columns = layout.arrow.fields().iter().zip(batch.columns());
    for ((field, array), writer) in columns.zip(&mut writers) {
        for leaf in compute_leaves(field, array).map_err(failed)? {
            writer.write(&leaf).map_err(failed)?;
        }
    }
    writers.into_iter().map(|writer| writer.close().map_err(failed)).collect()
}

/// A row group as an Arrow batch.
pub(crate) fn to_batch(layout: &Layout, group: &RowGroup) -> Result<RecordBatch> {
    let columns = layout.arrow.fields().iter().zip(&group.columns);
    let arrays = columns
        .map(|(field, column)| array(field, column, group.rows))
        .collect::<Result<Vec<_>>>()?;
    RecordBatch::try_new(Arc::clone(&layout.arrow), arrays)
        .map_err(|error| Error::new(ErrorKind::Internal, "row group is no batch").caused_by(error))
}

fn array(field: &Field, column: &ColumnData, rows: usize) -> Result<ArrayRef> {
    Ok(match column {
        ColumnData::Null => new_null_array(field.data_type(), rows),
        ColumnData::Text(coded) => text(field, coded)?,
        ColumnData::Binary(coded) => {
            let mut builder = BinaryBuilder::new();
            for &code in &coded.codes {
                builder.append_option((code != NULL_CODE).then(|| coded.values.value(code)));
            }
            Arc::new(builder.finish())
        }
        ColumnData::ConstText(value) => {
            let mut builder = StringBuilder::new();
            (0..rows).for_each(|_| builder.append_value(value));
            Arc::new(builder.finish())
        }
        ColumnData::Int32(values) => Arc::new(Int32Array::from(values.clone())),
        ColumnData::ConstInt32(value) => Arc::new(Int32Array::from(vec![*value; rows])),
        ColumnData::Int64 { values, valid } => {
            let array = match valid {
                None => Int64Array::from(values.clone()),
                Some(valid) => {
                    let pairs = values.iter().zip(valid);
                    pairs.map(|(&value, &valid)| valid.then_some(value)).collect()
                }
            };
            match field.data_type() {
                DataType::Timestamp(_, zone) => Arc::new(
                    array
                        .reinterpret_cast::<::arrow::datatypes::TimestampMicrosecondType>()
                        .with_timezone_opt(zone.clone()),
                ),
                _ => Arc::new(array) as ArrayRef,
            }
        }
    })
}

fn text(field: &Field, coded: &Coded) -> Result<ArrayRef> {
    let mut builder = StringBuilder::new();
    for &code in &coded.codes {
        if code == NULL_CODE {
            builder.append_null();
            continue;
        }
        let value = std::str::from_utf8(coded.values.value(code))
            .map_err(|_| broken(format!("column {} holds what is no text", field.name())))?;
        builder.append_value(value);
    }
    Ok(Arc::new(builder.finish()))
}
