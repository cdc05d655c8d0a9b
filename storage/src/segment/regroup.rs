//! How do stored rows become a row group again? Each column of a batch is coded anew.

use std::collections::HashMap;

use super::{Coded, ColumnData, NULL_CODE, RowGroup};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Col, ColumnType};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};

/// The rows of a batch with all stored columns, as [`super::reader::rows`] gives it.
///
/// # Errors
/// `Integrity`: a column has another type than the schema says.
pub fn row_group(batch: &RecordBatch) -> Result<RowGroup> {
    let columns = Col::stored().iter().map(|&col| {
        let array = col.file_name().and_then(|name| batch.column_by_name(name));
        let array = array.filter(|array| array.null_count() < array.len());
        match array {
            None => Ok(ColumnData::Null),
            Some(array) => column(col, array.as_ref()),
        }
    });
    Ok(RowGroup { rows: batch.num_rows(), columns: columns.collect::<Result<_>>()? })
}

fn column(col: Col, array: &dyn Array) -> Result<ColumnData> {
    let other = || {
        let what = format!("column {} has another type than it should", col.name());
        Error::new(ErrorKind::Integrity, what)
    };
    let rows = 0..array.len();
    Ok(match col.column().kind {
        ColumnType::Text => {
            let texts = array.as_string_opt::<i32>().ok_or_else(other)?;
            ColumnData::Text(coded(texts.iter().map(|text| text.map(str::as_bytes))))
        }
        ColumnType::Binary => {
            ColumnData::Binary(coded(array.as_binary_opt::<i32>().ok_or_else(other)?.iter()))
        }
        ColumnType::Int32 => {
            let numbers = array.as_primitive_opt::<Int32Type>().ok_or_else(other)?;
            ColumnData::Int32(numbers.iter().collect())
        }
        ColumnType::Timestamp => {
            let times = array.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(other)?;
            ColumnData::Int64 { values: times.values().to_vec(), valid: None }
        }
        _ => {
            let numbers = array.as_primitive_opt::<Int64Type>().ok_or_else(other)?;
            let valid = array.nulls().map(|_| rows.map(|row| array.is_valid(row)).collect());
            let values = numbers.iter().map(Option::unwrap_or_default).collect();
            ColumnData::Int64 { values, valid }
        }
    })
}

fn coded<'a>(values: impl Iterator<Item = Option<&'a [u8]>>) -> Coded {
    let mut coded = Coded::default();
    let mut known: HashMap<&[u8], u32> = HashMap::new();
    for value in values {
        let code = match value {
            None => NULL_CODE,
            Some(value) => *known.entry(value).or_insert_with(|| coded.values.push(value)),
        };
        coded.codes.push(code);
    }
    coded
}
