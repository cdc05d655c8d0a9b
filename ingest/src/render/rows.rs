//! Where rows lie that are rendered: in a row group just made, or in a batch read from a segment.

use std::borrow::Cow;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int32Type, Int64Type, TimestampMicrosecondType};
use storage::observable::url;
use storage::schema::Col;
use storage::segment::{Coded, ColumnData, NULL_CODE, RowGroup};

use super::Rows;

/// Rows of a row group as a parser hands it over.
#[derive(Debug, Clone, Copy)]
pub struct GroupRows<'a>(pub &'a RowGroup);

/// Rows of a batch with the columns of a segment file, in any order.
#[derive(Debug)]
pub struct BatchRows<'a> {
    batch: &'a RecordBatch,
    /// Where each column lies in the batch.
    places: Vec<Option<usize>>,
}

impl<'a> BatchRows<'a> {
    /// The rows of `batch`. Columns that it lacks read as NULL.
    pub fn new(batch: &'a RecordBatch) -> Self {
        let schema = batch.schema_ref();
        let place = |col: &Col| col.file_name().and_then(|name| schema.index_of(name).ok());
        Self { batch, places: Col::ALL.iter().map(place).collect() }
    }

    fn column(&self, row: usize, col: Col) -> Option<&dyn Array> {
        let place = self.places.get(col as usize).copied().flatten()?;
        let array = self.batch.column(place).as_ref();
        (row < array.len() && array.is_valid(row)).then_some(array)
    }
}

/// The URL of a row: as logged, or rebuilt from its parts.
fn url_of(rows: &dyn Rows, row: usize, stored: Option<Cow<'_, str>>) -> Option<String> {
    if let Some(stored) = stored {
        return Some(stored.into_owned());
    }
    let port = rows.int(row, Col::Port).and_then(|port| i32::try_from(port).ok());
    url::rebuild(
        rows.text(row, Col::Scheme).as_deref(),
        rows.text(row, Col::Host).as_deref(),
        port,
        rows.text(row, Col::Path).as_deref(),
        rows.text(row, Col::Query).as_deref(),
    )
}

impl Rows for BatchRows<'_> {
    fn text(&self, row: usize, col: Col) -> Option<Cow<'_, str>> {
        let stored = self.column(row, col).and_then(|array| match array.data_type() {
            DataType::Utf8 => Some(Cow::Borrowed(array.as_string::<i32>().value(row))),
            DataType::LargeUtf8 => Some(Cow::Borrowed(array.as_string::<i64>().value(row))),
            DataType::Utf8View => Some(Cow::Borrowed(array.as_string_view().value(row))),
            _ => None,
        });
        match col {
            Col::Url => url_of(self, row, stored).map(Cow::Owned),
            _ => stored,
        }
    }

    fn int(&self, row: usize, col: Col) -> Option<i64> {
        let array = self.column(row, col)?;
        match array.data_type() {
            DataType::Int32 => Some(i64::from(array.as_primitive::<Int32Type>().value(row))),
            DataType::Int64 => Some(array.as_primitive::<Int64Type>().value(row)),
            DataType::Timestamp(..) => {
                let times = array.as_primitive_opt::<TimestampMicrosecondType>()?;
                Some(times.value(row))
            }
            _ => None,
        }
    }

    fn bytes(&self, row: usize, col: Col) -> Option<Cow<'_, [u8]>> {
        let array = self.column(row, col)?;
        match array.data_type() {
            DataType::Binary => Some(Cow::Borrowed(array.as_binary::<i32>().value(row))),
            DataType::LargeBinary => Some(Cow::Borrowed(array.as_binary::<i64>().value(row))),
            DataType::BinaryView => Some(Cow::Borrowed(array.as_binary_view().value(row))),
            _ => None,
        }
    }
}

/// Rows with the times that their lines print: without the correction of the clock.
pub(crate) struct AsPrinted<'a> {
    rows: &'a dyn Rows,
    shift_us: i64,
}

impl<'a> AsPrinted<'a> {
    /// The rows of a source whose clock is corrected by `shift_us`.
    pub(crate) fn new(rows: &'a dyn Rows, shift_us: i64) -> Self {
        Self { rows, shift_us }
    }
}

impl Rows for AsPrinted<'_> {
    fn text(&self, row: usize, col: Col) -> Option<Cow<'_, str>> {
        self.rows.text(row, col)
    }

    fn int(&self, row: usize, col: Col) -> Option<i64> {
        let shift_us = if col == Col::Ts { self.shift_us } else { 0 };
        self.rows.int(row, col).map(|value| value.wrapping_sub(shift_us))
    }

    fn bytes(&self, row: usize, col: Col) -> Option<Cow<'_, [u8]>> {
        self.rows.bytes(row, col)
    }
}

impl GroupRows<'_> {
    fn coded(coded: &Coded, row: usize) -> Option<&[u8]> {
        let code = coded.codes.get(row).copied().filter(|&code| code != NULL_CODE)?;
        Some(coded.values.value(code))
    }
}

impl Rows for GroupRows<'_> {
    fn text(&self, row: usize, col: Col) -> Option<Cow<'_, str>> {
        let stored = match self.0.columns.get(col as usize)? {
            ColumnData::ConstText(text) => Some(Cow::Borrowed(text.as_str())),
            ColumnData::Text(coded) => Self::coded(coded, row).map(String::from_utf8_lossy),
            _ => None,
        };
        match col {
            Col::Url => url_of(self, row, stored).map(Cow::Owned),
            _ => stored,
        }
    }

    fn int(&self, row: usize, col: Col) -> Option<i64> {
        match self.0.columns.get(col as usize)? {
            ColumnData::Int32(values) => values.get(row).copied().flatten().map(i64::from),
            ColumnData::ConstInt32(value) => Some(i64::from(*value)),
            ColumnData::Int64 { values, valid } => {
                let there = valid.as_ref().is_none_or(|valid| valid.get(row) == Some(&true));
                values.get(row).copied().filter(|_| there)
            }
            _ => None,
        }
    }

    fn bytes(&self, row: usize, col: Col) -> Option<Cow<'_, [u8]>> {
        match self.0.columns.get(col as usize)? {
            ColumnData::Binary(coded) => Self::coded(coded, row).map(Cow::Borrowed),
            _ => None,
        }
    }
}
