//! What is an entry of a file of lines? A line that is no row, a further piece of one, or how a line ends.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use storage::error::{Error, ErrorKind, Result};

fn broken(what: &str) -> Error {
    Error::new(ErrorKind::Integrity, format!("a data file without {what}"))
}

/// An entry of a file of lines.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The line it stands for, or belongs to.
    pub(crate) line_no: i64,
    /// Where its bytes begin in the source.
    pub(crate) byte_offset: i64,
    /// A word of [`crate::format::OddKind`], or that for a longer line's further pieces.
    pub(crate) kind: String,
    /// Why it is no row.
    pub(crate) reason: Option<String>,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

impl Entry {
    /// The entry at `row` of a batch.
    pub(super) fn of(batch: &RecordBatch, row: usize) -> Result<Self> {
        let text = |name| batch.column_by_name(name).and_then(|it| it.as_string_opt::<i32>());
        let number =
            |name| batch.column_by_name(name).and_then(|it| it.as_primitive_opt::<Int64Type>());
        let bytes = batch.column_by_name("bytes").and_then(|bytes| bytes.as_binary_opt::<i32>());
        let (kind, reason) = text("kind").zip(text("reason")).ok_or_else(|| broken("kinds"))?;
        let lines = number("line_no").zip(number("byte_offset"));
        let (line_no, byte_offset) = lines.ok_or_else(|| broken("line numbers"))?;
        let bytes = bytes.ok_or_else(|| broken("bytes"))?;
        Ok(Self {
            line_no: line_no.value(row),
            byte_offset: byte_offset.value(row),
            kind: kind.value(row).to_owned(),
            reason: reason.is_valid(row).then(|| reason.value(row).to_owned()),
            bytes: if bytes.is_valid(row) { bytes.value(row).to_vec() } else { Vec::new() },
        })
    }
}
