//! How are the lines written that are no rows?

use std::path::Path;
use std::sync::Arc;

use super::encode::encode_lines;
use super::layout::{self, Effort};
use super::writer::{DataFile, SegmentHeader};
use super::{Coded, ColumnData, FileMeta, NULL_CODE, RowGroup, SourceRange};
use crate::error::Result;
use crate::fs::Fs;

/// What is gathered before a row group of lines is written.
const GROUP_BYTES: usize = 8 << 20;
const GROUP_ROWS: usize = 65_536;

/// A line that is no row, or an unusual line end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineEntry<'a> {
    /// The source.
    pub source_id: i32,
    /// Its line, from 1.
    pub line_no: i64,
    /// Offset of the line's first byte in the source.
    pub byte_offset: i64,
    /// `header`, `blank`, `quarantined` or `eol`.
    pub kind: &'a str,
    /// Why it is no row.
    pub reason: Option<&'a str>,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// Writes one file of `lines/`.
pub struct LinesWriter {
    file: DataFile,
    pending: Pending,
    effort: Effort,
}

#[derive(Default)]
struct Pending {
    source_ids: Vec<Option<i32>>,
    line_nos: Vec<i64>,
    byte_offsets: Vec<i64>,
    kinds: Coded,
    reasons: Coded,
    bytes: Coded,
}

impl LinesWriter {
    /// Begins a new file `<transaction>-NN.parquet` in `dir`.
    pub fn create(fs: &Arc<dyn Fs>, dir: &Path, header: SegmentHeader) -> Result<Self> {
        let file = DataFile::create(fs, dir, header, layout::lines())?;
        Ok(Self { file, pending: Pending::default(), effort: Effort::Fresh })
    }

    /// With this effort from here on.
    pub fn with_effort(self, effort: Effort) -> Self {
        Self { effort, ..self }
    }

    /// Adds an entry; from time to time a row group goes out.
    pub fn append(&mut self, entry: &LineEntry<'_>) -> Result<()> {
        let pending = &mut self.pending;
        pending.source_ids.push(Some(entry.source_id));
        pending.line_nos.push(entry.line_no);
        pending.byte_offsets.push(entry.byte_offset);
        push(&mut pending.kinds, Some(entry.kind));
        push(&mut pending.reasons, entry.reason);
        let code = pending.bytes.values.push(entry.bytes);
        pending.bytes.codes.push(code);
        if pending.line_nos.len() >= GROUP_ROWS || pending.bytes.values.num_bytes() >= GROUP_BYTES {
            self.write_group()?;
        }
        Ok(())
    }

    /// Entries so far.
    pub fn rows(&self) -> u64 {
        self.file.rows() + self.pending.line_nos.len() as u64
    }

    /// See [`super::SegmentWriter::set_extent`].
    pub fn set_extent(&mut self, json: String) {
        self.file.set_extent(json);
    }

    /// Writes the footer and makes the file durable. The path in the answer is the file's name.
    pub fn finish(mut self, ranges: Vec<SourceRange>) -> Result<FileMeta> {
        if !self.pending.line_nos.is_empty() {
            self.write_group()?;
        }
        self.file.finish(ranges, None)
    }

    fn write_group(&mut self) -> Result<()> {
        let pending = std::mem::take(&mut self.pending);
        let group = RowGroup {
            rows: pending.line_nos.len(),
            columns: vec![
                ColumnData::Int32(pending.source_ids),
                ColumnData::Int64 { values: pending.line_nos, valid: None },
                ColumnData::Int64 { values: pending.byte_offsets, valid: None },
                ColumnData::Text(pending.kinds),
                ColumnData::Text(pending.reasons),
                ColumnData::Binary(pending.bytes),
            ],
        };
        self.file.append(encode_lines(&group, self.file.is_encrypted(), self.effort)?)
    }
}

/// Adds one of a handful of words.
fn push(column: &mut Coded, word: Option<&str>) {
    let code = match word {
        None => NULL_CODE,
        Some(word) => {
            let known = column.values.iter().position(|value| value == word.as_bytes());
            known.map_or_else(|| column.values.push(word.as_bytes()), |code| code as u32)
        }
    };
    column.codes.push(code);
}
