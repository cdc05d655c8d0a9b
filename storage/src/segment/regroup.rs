//! How do stored rows become a row group again? Each column of a batch is coded anew.

use std::collections::HashMap;

use super::{Coded, ColumnData, NULL_CODE, RowGroup};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Col, ColumnType};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};

/// The rows of a batch with all stored columns, as [`super::reader::rows`] gives it.
///
/// # Errors
/// `Integrity`: a column has another type than the schema says.
pub fn row_group(batch: &RecordBatch) -> Result<RowGroup> {
    row_group_of(std::slice::from_ref(batch))
}

/// The rows of several such batches, one after the other.
///
/// # Errors
/// As [`row_group`].
pub fn row_group_of(batches: &[RecordBatch]) -> Result<RowGroup> {
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    let columns = Col::stored().iter().map(|&col| {
        let array = |batch: &RecordBatch| {
            col.file_name().and_then(|name| batch.column_by_name(name)).cloned()
        };
        let arrays: Option<Vec<ArrayRef>> = batches.iter().map(array).collect();
        let values = |arrays: &Vec<ArrayRef>| arrays.iter().any(|it| it.null_count() < it.len());
        match arrays.filter(values) {
            None => Ok(ColumnData::Null),
            Some(arrays) => column(col, &arrays, rows),
        }
    });
    Ok(RowGroup { rows, columns: columns.collect::<Result<_>>()? })
}

fn column(col: Col, arrays: &[ArrayRef], rows: usize) -> Result<ColumnData> {
    let other = || {
        let what = format!("column {} has another type than it should", col.name());
        Error::new(ErrorKind::Integrity, what)
    };
    Ok(match col.column().kind {
        ColumnType::Text => {
            let texts = arrays.iter().map(|array| array.as_string_opt::<i32>());
            let texts: Vec<_> = texts.collect::<Option<_>>().ok_or_else(other)?;
            let values = texts.iter().flat_map(|array| array.iter());
            ColumnData::Text(coded(values.map(|text| text.map(str::as_bytes)), rows))
        }
        ColumnType::Binary => {
            let bytes = arrays.iter().map(|array| array.as_binary_opt::<i32>());
            let bytes: Vec<_> = bytes.collect::<Option<_>>().ok_or_else(other)?;
            ColumnData::Binary(coded(bytes.iter().flat_map(|array| array.iter()), rows))
        }
        ColumnType::Int32 => {
            let numbers = arrays.iter().map(|array| array.as_primitive_opt::<Int32Type>());
            let numbers: Vec<_> = numbers.collect::<Option<_>>().ok_or_else(other)?;
            ColumnData::Int32(numbers.iter().flat_map(|array| array.iter()).collect())
        }
        ColumnType::Timestamp => {
            let times = arrays.iter();
            let times = times.map(|array| array.as_primitive_opt::<TimestampMicrosecondType>());
            let times: Vec<_> = times.collect::<Option<_>>().ok_or_else(other)?;
            let values = times.iter().flat_map(|array| array.values().iter().copied()).collect();
            ColumnData::Int64 { values, valid: None }
        }
        _ => {
            let numbers = arrays.iter().map(|array| array.as_primitive_opt::<Int64Type>());
            let numbers: Vec<_> = numbers.collect::<Option<_>>().ok_or_else(other)?;
            let all = || numbers.iter().flat_map(|array| array.iter());
            let some_null = numbers.iter().any(|array| array.null_count() > 0);
            let valid = some_null.then(|| all().map(|value| value.is_some()).collect());
            ColumnData::Int64 { values: all().map(Option::unwrap_or_default).collect(), valid }
        }
    })
}

fn coded<'a>(values: impl Iterator<Item = Option<&'a [u8]>>, rows: usize) -> Coded {
    let mut coded = Coded::default();
    coded.codes.reserve(rows);
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
