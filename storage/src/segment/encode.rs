//! How do coded columns become Parquet pages?
//!
//! [`encode`] writes pages from dictionary codes: each distinct value is compared, hashed and copied once, where
//! `ArrowWriter` does it for every row (`benches/write.rs` has the figures). [`encode_with_arrow`] takes the long way
//! through Arrow arrays; it serves as the oracle of the tests.

mod arrow;

use super::layout::{self, Layout};
use super::{ColumnData, NULL_CODE, RowGroup};
use crate::clock::Micros;
use crate::error::{Error, ErrorKind, Result};
use ::arrow::datatypes::DataType;
use parquet::arrow::arrow_writer::ArrowColumnChunk;

/// A row group as Parquet pages, ready to be appended to a file.
#[derive(Debug)]
pub struct EncodedRowGroup {
    pub(crate) rows: u64,
    pub(crate) chunks: Chunks,
    pub(crate) facts: Vec<Facts>,
}

/// The column chunks of a row group, in file order.
#[derive(Debug)]
pub(crate) enum Chunks {
    /// By way of Arrow arrays.
    Arrow(Vec<ArrowColumnChunk>),
}

/// What is known of a column's values without looking at text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) nulls: u64,
    /// Least and greatest, for numbers and times.
    pub(crate) range: Option<(i64, i64)>,
}

impl EncodedRowGroup {
    /// How many rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The earliest and the latest time of the rows, if there are any.
    pub fn ts_range(&self) -> Option<(Micros, Micros)> {
        self.facts.first()?.range
    }
}

/// Encodes a row group of `requests`. Pure computation: workers call it side by side.
pub fn encode(group: &RowGroup) -> Result<EncodedRowGroup> {
    encode_with_arrow(group)
}

/// Encodes a row group of `requests` through Arrow arrays: slow and plain.
pub fn encode_with_arrow(group: &RowGroup) -> Result<EncodedRowGroup> {
    let layout = layout::requests();
    let facts = check(layout, group)?;
    let chunks = Chunks::Arrow(arrow::chunks(layout, group)?);
    Ok(EncodedRowGroup { rows: group.rows as u64, chunks, facts })
}

/// Checks that a row group fits the schema, and takes the accounts of its columns.
pub(crate) fn check(layout: &Layout, group: &RowGroup) -> Result<Vec<Facts>> {
    let fields = layout.arrow.fields();
    if fields.len() != group.columns.len() || group.rows == 0 {
        return Err(broken(format!(
            "row group of {} rows has {} columns in place of {}",
            group.rows,
            group.columns.len(),
            fields.len()
        )));
    }
    let columns = fields.iter().zip(&group.columns);
    columns
        .map(|(field, column)| {
            let at = |what: &str| broken(format!("column {} {what}", field.name()));
            if !fits(field.data_type(), column) {
                return Err(at("has values of another type"));
            }
            if len(column).is_some_and(|len| len != group.rows) {
                return Err(at("has another length than its row group"));
            }
            let facts = facts(column, group.rows).ok_or_else(|| at("has a code without value"))?;
            if facts.nulls > 0 && !field.is_nullable() {
                return Err(at("has a NULL"));
            }
            Ok(facts)
        })
        .collect()
}

fn broken(message: String) -> Error {
    Error::new(ErrorKind::Internal, message)
}

fn fits(kind: &DataType, column: &ColumnData) -> bool {
    match column {
        ColumnData::Null => true,
        ColumnData::Text(_) | ColumnData::ConstText(_) => kind == &DataType::Utf8,
        ColumnData::Binary(_) => kind == &DataType::Binary,
        ColumnData::Int32(_) | ColumnData::ConstInt32(_) => kind == &DataType::Int32,
        ColumnData::Int64 { .. } => {
            matches!(kind, DataType::Int64 | DataType::Timestamp(..))
        }
    }
}

fn len(column: &ColumnData) -> Option<usize> {
    match column {
        ColumnData::Null | ColumnData::ConstText(_) | ColumnData::ConstInt32(_) => None,
        ColumnData::Text(coded) | ColumnData::Binary(coded) => Some(coded.codes.len()),
        ColumnData::Int32(values) => Some(values.len()),
        // Of two lengths that differ, the wrong one.
        ColumnData::Int64 { values, valid } => match valid {
            Some(valid) if valid.len() != values.len() => Some(usize::MAX),
            _ => Some(values.len()),
        },
    }
}

/// `None` if a code has no value.
fn facts(column: &ColumnData, rows: usize) -> Option<Facts> {
    Some(match column {
        ColumnData::Null => Facts { nulls: rows as u64, range: None },
        ColumnData::ConstText(_) => Facts::default(),
        ColumnData::ConstInt32(value) => {
            Facts { nulls: 0, range: Some((i64::from(*value), i64::from(*value))) }
        }
        ColumnData::Text(coded) | ColumnData::Binary(coded) => {
            // NULL_CODE + 1 wraps to 0, so the greatest is that of the values alone.
            let top = coded.codes.iter().map(|code| code.wrapping_add(1)).max().unwrap_or(0);
            if top as usize > coded.values.len() {
                return None;
            }
            let nulls = coded.codes.iter().filter(|&&code| code == NULL_CODE).count();
            Facts { nulls: nulls as u64, range: None }
        }
        ColumnData::Int32(values) => {
            let mut facts = Facts::default();
            for value in values {
                match value {
                    Some(value) => facts.widen(i64::from(*value)),
                    None => facts.nulls += 1,
                }
            }
            facts
        }
        ColumnData::Int64 { values, valid: None } => Facts {
            nulls: 0,
            range: values.iter().copied().min().zip(values.iter().copied().max()),
        },
        ColumnData::Int64 { values, valid: Some(valid) } => {
            let mut facts = Facts::default();
            for (&value, &valid) in values.iter().zip(valid) {
                if valid {
                    facts.widen(value);
                } else {
                    facts.nulls += 1;
                }
            }
            facts
        }
    })
}

impl Facts {
    fn widen(&mut self, value: i64) {
        self.range = Some(match self.range {
            Some((least, greatest)) => (least.min(value), greatest.max(value)),
            None => (value, value),
        });
    }

    /// Adds the facts of more rows of the same column.
    pub(crate) fn add(&mut self, other: &Self) {
        self.nulls += other.nulls;
        if let Some((least, greatest)) = other.range {
            self.widen(least);
            self.widen(greatest);
        }
    }
}

/// Encodes a row group of `lines/`.
pub(super) fn encode_lines(group: &RowGroup) -> Result<EncodedRowGroup> {
    let layout = layout::lines();
    let facts = check(layout, group)?;
    let chunks = Chunks::Arrow(arrow::chunks(layout, group)?);
    Ok(EncodedRowGroup { rows: group.rows as u64, chunks, facts })
}
