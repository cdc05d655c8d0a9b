//! One immutable Parquet file of one day: what goes in (row groups of coded columns), what the ledger knows of it.

mod blocks;
mod encode;
mod encrypted;
mod footer;
mod inspect;
mod layout;
mod lines;
pub mod reader;
mod regroup;
mod stats;
mod thrift;
mod verified;
mod writer;

use std::borrow::Cow;

use crate::clock::Micros;
use crate::digest::Digest;

pub use self::blocks::{BlockTable, MAGIC};
pub use self::encode::{EncodedRowGroup, encode, encode_for, encode_kept, encode_with_arrow};
pub use self::footer::{check_file, describe, describe_with, footer, footer_with};
pub use self::inspect::{ColumnTotal, Inspection, RowGroupSummary, inspect, inspect_with};
pub use self::layout::{BLOCK_BYTES, Effort, PAGE_ROWS, key, lines_schema};
pub use self::lines::{LineEntry, LinesWriter};
pub use self::regroup::{row_group, row_group_of};
pub use self::stats::Stats;
pub use self::verified::{VerifiedFile, guarded};
pub use self::writer::{SegmentHeader, SegmentWriter};

/// The code that stands for NULL in a [`Coded`] column.
pub const NULL_CODE: u32 = u32::MAX;

/// Distinct values, back to back; a value's code is its position.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dictionary {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Dictionary {
    /// Appends a value and returns its code. The caller keeps values distinct.
    pub fn push(&mut self, value: &[u8]) -> u32 {
        let code = self.ends.len() as u32;
        self.bytes.extend_from_slice(value);
        self.ends.push(self.bytes.len() as u32);
        code
    }

    /// The value of `code`; empty if there is none.
    pub fn value(&self, code: u32) -> &[u8] {
        let at = code as usize;
        let Some(&end) = self.ends.get(at) else { return &[] };
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.bytes[start as usize..end as usize]
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of all values together.
    pub fn num_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The values, in the order of their codes.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len() as u32).map(|code| self.value(code))
    }
}

/// A column of text or bytes as codes into distinct values.
#[derive(Debug, Clone, Default)]
pub struct Coded {
    /// The distinct values; for a text column each is valid UTF-8.
    pub values: Dictionary,
    /// One code a row; [`NULL_CODE`] is NULL.
    pub codes: Vec<u32>,
}

/// The values of one column of a row group, one entry a row.
#[derive(Debug, Clone)]
pub enum ColumnData {
    /// Every row is NULL.
    Null,
    /// Text.
    Text(Coded),
    /// Bytes.
    Binary(Coded),
    /// One text value for every row (`ts_quality`, `parse`, `proxy_name`).
    ConstText(String),
    /// 32-bit integers; `None` is NULL.
    Int32(Vec<Option<i32>>),
    /// One 32-bit integer for every row (`source_id`).
    ConstInt32(i32),
    /// 64-bit integers and times; where `valid` is given, `false` is NULL and the value there is 0.
    Int64 {
        /// The values.
        values: Vec<i64>,
        /// Which are not NULL; absent when none is.
        valid: Option<Vec<bool>>,
    },
}

/// Some rows of one day, column by column, as ingest hands them over.
#[derive(Debug, Clone)]
pub struct RowGroup {
    /// How many rows; at least one.
    pub rows: usize,
    /// One entry for each of [`crate::schema::Col::stored`], in that order. `ts` is `Int64`.
    pub columns: Vec<ColumnData>,
}

/// Count, and least and greatest value, of one numeric column of a file: what may stand in the ledger about it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ColumnStats {
    /// The column's name in the file; borrowed where the schema knows it, so that opening ten years costs no copies.
    pub column: Cow<'static, str>,
    /// How many rows are NULL.
    pub nulls: u64,
    /// The least value, for numbers and times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// The greatest value, for numbers and times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
}

/// Which lines of which source a file holds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SourceRange {
    /// The source.
    pub source_id: i32,
    /// The lowest line number.
    pub first_line: i64,
    /// The highest line number.
    pub last_line: i64,
    /// How many rows (or lines) of it.
    pub rows: u64,
}

/// What the ledger keeps of one data file: enough to find it, to plan with it and to notice any changed bit.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FileMeta {
    /// Where it lies, relative to the store: `requests/day=2026-11-20/<segment>.parquet`.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the whole file.
    pub sha256: Digest,
    /// Where the tail begins: page indexes and footer, read and checked as one when the file is first opened.
    pub tail: u64,
    /// RFC 6962 root over the digests of the blocks before `tail` and, as last leaf, of the tail.
    pub root: Digest,
    /// Rows in the file.
    pub rows: u64,
    /// The earliest `ts` (0 where the file has no times).
    pub min_ts: Micros,
    /// The latest `ts`.
    pub max_ts: Micros,
    /// Which lines of which sources.
    pub sources: Vec<SourceRange>,
    /// Statistics of the columns, in file order.
    pub stats: Stats,
}

#[cfg(test)]
mod tests;
