//! Do two sets of files hold the same rows? A digest of rows that does not depend on their order or on their files.
//!
//! The digest of a set of rows is the sum, modulo 2^256, of the SHA-256 of each row (both as big-endian numbers). A row is
//! encoded as one byte for its table (`R` for `requests`, `L` for `lines`), then for each column of the file schema, in
//! its order, that is not NULL: the place of the column from 0 (two bytes), and its value: eight bytes for a number or
//! time, four bytes of length and the bytes for a text or bytes. Numbers are big-endian, signed ones in two's complement.
//! Columns that come later stand at the end of the schema, so that a row written before them keeps its digest.
//!
//! It guards against mistakes. Against forgery it is no proof (sums of digests can be steered by whoever chooses the
//! rows); that is what the root of a seal is for.

use std::collections::BTreeMap;

use arrow::array::TimestampMicrosecondArray;
use arrow::array::{Array, AsArray, BinaryArray, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Int32Type, Int64Type, TimestampMicrosecondType};
use sha2::{Digest as _, Sha256};

use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::merge::FileKind;

/// What is known of a set of rows: their digest, and how many there are of each source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RowsDigest {
    /// The sum, least significant part first.
    sum: [u64; 4],
    /// Rows by source.
    pub(super) sources: BTreeMap<i32, u64>,
}

/// A column with its place in the schema.
enum Values<'a> {
    Text(&'a StringArray),
    Binary(&'a BinaryArray),
    Int32(&'a Int32Array),
    Int64(&'a Int64Array),
    Time(&'a TimestampMicrosecondArray),
}

impl RowsDigest {
    /// Adds all rows of a batch that has every column of its kind of file, in their order.
    pub(super) fn add(&mut self, kind: FileKind, batch: &RecordBatch) -> Result<()> {
        let columns = batch.columns().iter().enumerate();
        let columns = columns.filter(|(_, column)| column.null_count() < column.len());
        let columns: Vec<(u16, Values<'_>)> = columns
            .map(|(at, column)| Ok((at as u16, Values::of(column.as_ref())?)))
            .collect::<Result<_>>()?;
        let ids =
            batch.column_by_name("source_id").and_then(|it| it.as_primitive_opt::<Int32Type>());
        let ids = ids.ok_or_else(|| Error::new(ErrorKind::Integrity, "rows without source_id"))?;
        let table = match kind {
            FileKind::Rows => b'R',
            FileKind::Lines => b'L',
        };
        let mut bytes = Vec::new();
        for row in 0..batch.num_rows() {
            bytes.clear();
            bytes.push(table);
            for (at, column) in &columns {
                column.encode(*at, row, &mut bytes);
            }
            self.add_row(&Sha256::digest(&bytes).into());
            *self.sources.entry(ids.value(row)).or_default() += 1;
        }
        Ok(())
    }

    fn add_row(&mut self, digest: &[u8; 32]) {
        let mut carry = false;
        for (part, bytes) in self.sum.iter_mut().zip(digest.rchunks_exact(8)) {
            let mut number = [0; 8];
            number.copy_from_slice(bytes);
            let (sum, over) = part.overflowing_add(u64::from_be_bytes(number));
            let (sum, over_again) = sum.overflowing_add(u64::from(carry));
            *part = sum;
            carry = over || over_again;
        }
    }

    /// The digest.
    pub(super) fn digest(&self) -> Digest {
        let mut bytes = [0; 32];
        for (part, place) in self.sum.iter().zip(bytes.rchunks_exact_mut(8)) {
            place.copy_from_slice(&part.to_be_bytes());
        }
        Digest(bytes)
    }

    /// How many rows.
    pub(super) fn rows(&self) -> u64 {
        self.sources.values().sum()
    }
}

impl<'a> Values<'a> {
    fn of(column: &'a dyn Array) -> Result<Self> {
        let found = match column.data_type() {
            DataType::Utf8 => column.as_string_opt::<i32>().map(Self::Text),
            DataType::Binary => column.as_binary_opt::<i32>().map(Self::Binary),
            DataType::Int32 => column.as_primitive_opt::<Int32Type>().map(Self::Int32),
            DataType::Int64 => column.as_primitive_opt::<Int64Type>().map(Self::Int64),
            _ => column.as_primitive_opt::<TimestampMicrosecondType>().map(Self::Time),
        };
        found.ok_or_else(|| {
            let what = format!("a column of type {} in a data file", column.data_type());
            Error::new(ErrorKind::Integrity, what)
        })
    }

    fn encode(&self, at: u16, row: usize, out: &mut Vec<u8>) {
        let mut number = |valid: bool, number: i64| {
            if valid {
                out.extend_from_slice(&at.to_be_bytes());
                out.extend_from_slice(&number.to_be_bytes());
            }
        };
        match self {
            Self::Int32(values) => return number(values.is_valid(row), values.value(row).into()),
            Self::Int64(values) => return number(values.is_valid(row), values.value(row)),
            Self::Time(values) => return number(values.is_valid(row), values.value(row)),
            Self::Text(_) | Self::Binary(_) => {}
        }
        let bytes = match self {
            Self::Text(values) if values.is_valid(row) => values.value(row).as_bytes(),
            Self::Binary(values) if values.is_valid(row) => values.value(row),
            _ => return,
        };
        out.extend_from_slice(&at.to_be_bytes());
        out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
        out.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::ArrayRef;

    use super::*;

    fn batch(rows: &[(i32, i64, Option<&str>)]) -> RecordBatch {
        let ids: Int32Array = rows.iter().map(|row| Some(row.0)).collect();
        let lines: Int64Array = rows.iter().map(|row| Some(row.1)).collect();
        let texts: StringArray = rows.iter().map(|row| row.2).collect();
        let columns: [(&str, ArrayRef); 3] =
            [("source_id", Arc::new(ids)), ("line_no", Arc::new(lines)), ("host", Arc::new(texts))];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    fn digest_of(batches: &[RecordBatch]) -> RowsDigest {
        let mut digest = RowsDigest::default();
        batches.iter().for_each(|batch| digest.add(FileKind::Rows, batch).unwrap());
        digest
    }

    #[test]
    fn order_and_files_do_not_matter_values_do() {
        let rows = [(1, 1, Some("a")), (1, 2, None), (2, 1, Some("")), (1, 1, Some("a"))];
        let one = digest_of(&[batch(&rows)]);
        let other = digest_of(&[batch(&rows[2..]), batch(&[rows[1], rows[0]])]);
        assert_eq!(one, other);
        assert_eq!((one.rows(), one.sources[&1]), (4, 3));
        let mut seen = vec![one.digest()];
        for rows in [
            &rows[..3],
            &[(1, 1, Some("a")), (1, 2, Some("")), (2, 1, Some("")), (1, 1, Some("a"))],
            &[(1, 1, Some("a")), (1, 2, None), (2, 1, None), (1, 1, Some("a"))],
            &[(1, 1, Some("b")), (1, 2, None), (2, 1, Some("")), (1, 1, Some("a"))],
        ] {
            let digest = digest_of(&[batch(rows)]).digest();
            assert!(!seen.contains(&digest), "{rows:?}");
            seen.push(digest);
        }
    }

    #[test]
    fn the_sum_is_that_of_the_documented_encoding() {
        let row: &[u8] = b"R\0\0\0\0\0\0\0\0\0\x07\0\x01\0\0\0\0\0\0\0\x09\0\x02\0\0\0\x02hi";
        assert_eq!(digest_of(&[batch(&[(7, 9, Some("hi"))])]).digest(), Digest::of(row));
        let mut digest = RowsDigest::default();
        digest.add_row(&[0xff; 32]);
        let mut two = [0; 32];
        two[31] = 2;
        digest.add_row(&two);
        let mut one = [0; 32];
        one[31] = 1;
        assert_eq!(digest.digest(), Digest(one));
    }
}
