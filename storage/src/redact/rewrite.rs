//! How does a data file lose some lines? It is written anew without them, row group by row group; every block read is
//! checked first.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Int32Type, Int64Type};

use crate::compact::Origins;
use crate::error::{Error, ErrorKind, Result};
use crate::fs::Fs;
use crate::ledger::record::without_path;
use crate::schema::Col;
use crate::segment::reader::{self, ReadOptions};
use crate::segment::{
    FileMeta, LineEntry, LinesWriter, SegmentHeader, SegmentWriter, SourceRange, VerifiedFile,
    encode_for, row_group,
};
use crate::store::HiddenLines;

/// Rows of a row group: fewer than at ingest, for stored rows take more memory than lines.
const GROUP_ROWS: usize = 100_000;

/// What a file is to lose.
#[derive(Debug, Clone, Copy)]
pub struct Loss<'a> {
    /// Lines.
    pub lines: &'a HiddenLines,
    /// The path that its source came from, which footers keep so that a lost ledger can be rebuilt.
    pub path: bool,
}

impl<'a> From<&'a HiddenLines> for Loss<'a> {
    fn from(lines: &'a HiddenLines) -> Self {
        Self { lines, path: false }
    }
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
pub enum Rewritten {
    /// It holds nothing of what is to go; nothing was written.
    Untouched,
    /// It held them among others: the file without them, by its name in the folder it was written to.
    Without(FileMeta, Removed),
    /// It held nothing else; nothing was written.
    Emptied(Removed),
}

/// The lines that a file held, in order, each once.
pub type Removed = Vec<(i32, i64)>;

/// The lines of a file of rows or lines that are among `lines`.
pub fn held(file: &VerifiedFile, meta: &FileMeta, lines: &HiddenLines) -> Result<Removed> {
    let mut held = Vec::new();
    if !lines.touch_file(meta) {
        return Ok(held);
    }
    // Source and line have the same names in both tables.
    let names = [Col::SourceId.name(), Col::LineNo.name()];
    for batch in reader::batches_of(file, &names, &ReadOptions::default())? {
        let batch = batch?;
        let (ids, numbers) = places(&batch, file.path())?;
        let all = ids.iter().copied().zip(numbers.iter().copied());
        held.extend(all.filter(|&(id, line)| lines.covers(id, line)));
    }
    held.sort_unstable();
    held.dedup();
    Ok(held)
}

/// Writes a segment without some lines into `dir`.
///
/// # Errors
/// `Integrity`: the file is not the one that `meta` describes. `Io`: it can't be read, or the new one can't be written.
pub fn segment(
    fs: &Arc<dyn Fs>,
    dir: &Path,
    header: SegmentHeader,
    (file, meta): (&VerifiedFile, &FileMeta),
    loss: Loss<'_>,
) -> Result<Rewritten> {
    let lines = loss.lines;
    let removed = held(file, meta, lines)?;
    let (extent, forgets) = extent_of(file, loss.path);
    if removed.is_empty() && !forgets {
        return Ok(Rewritten::Untouched);
    }
    let mut writer = None;
    let mut kept = Kept::default();
    let options = ReadOptions { batch_rows: GROUP_ROWS, row_groups: None };
    for batch in reader::rows(file, Col::stored(), &options)? {
        let batch = kept.of(&batch?, lines, file.path())?;
        if batch.num_rows() == 0 {
            continue;
        }
        if writer.is_none() {
            writer = Some(SegmentWriter::create(fs, dir, header.clone())?);
        }
        if let Some(writer) = &mut writer {
            writer.append(encode_for(&**fs, &row_group(&batch)?)?)?;
        }
    }
    let Some(mut writer) = writer else { return Ok(Rewritten::Emptied(removed)) };
    if let Some(extent) = extent {
        writer.set_extent(extent);
    }
    Ok(Rewritten::Without(writer.finish(kept.ranges())?, removed))
}

/// Writes a file of lines that are no rows without some of them into `dir`; with a line go its further pieces and how it
/// ends.
///
/// # Errors
/// As [`segment`].
pub fn lines_file(
    fs: &Arc<dyn Fs>,
    dir: &Path,
    header: SegmentHeader,
    (file, meta): (&VerifiedFile, &FileMeta),
    loss: Loss<'_>,
) -> Result<Rewritten> {
    let lines = loss.lines;
    let removed = held(file, meta, lines)?;
    let (extent, forgets) = extent_of(file, loss.path);
    if removed.is_empty() && !forgets {
        return Ok(Rewritten::Untouched);
    }
    let mut writer = None;
    let mut kept = Kept::default();
    let options = ReadOptions { batch_rows: 256, row_groups: None };
    for batch in reader::lines(file, &options)? {
        let batch = kept.of(&batch?, lines, file.path())?;
        if batch.num_rows() == 0 {
            continue;
        }
        if writer.is_none() {
            writer = Some(LinesWriter::create(fs, dir, header.clone())?);
        }
        if let Some(writer) = &mut writer {
            append_entries(writer, &batch, file.path())?;
        }
    }
    let Some(mut writer) = writer else { return Ok(Rewritten::Emptied(removed)) };
    if let Some(extent) = extent {
        writer.set_extent(extent);
    }
    Ok(Rewritten::Without(writer.finish(kept.ranges())?, removed))
}

/// What the footer keeps of the commit that first brought these lines, without the path if that is to go; and whether it
/// had one that goes.
fn extent_of(file: &VerifiedFile, forget: bool) -> (Option<String>, bool) {
    let pairs = file.metadata().file_metadata().key_value_metadata().into_iter().flatten();
    let extent = pairs.into_iter().find(|pair| pair.key == crate::segment::key::EXTENT);
    let Some(extent) = extent.and_then(|pair| pair.value.clone()) else { return (None, false) };
    let without = || without_path(&extent).or_else(|| Origins::without_paths(&extent));
    match forget.then(without).flatten() {
        Some(without) => (Some(without), true),
        None => (Some(extent), false),
    }
}

/// Writes the lines of a batch again.
pub(crate) fn append_entries(
    writer: &mut LinesWriter,
    batch: &RecordBatch,
    path: &Path,
) -> Result<()> {
    let broken = || Error::integrity(path, "a file of lines without its columns");
    let text = |name| batch.column_by_name(name).and_then(|it| it.as_string_opt::<i32>());
    let (kinds, reasons) = text("kind").zip(text("reason")).ok_or_else(broken)?;
    let offsets = batch.column_by_name("byte_offset");
    let offsets = offsets.and_then(|it| it.as_primitive_opt::<Int64Type>()).ok_or_else(broken)?;
    let bytes = batch.column_by_name("bytes").and_then(|it| it.as_binary_opt::<i32>());
    let bytes = bytes.ok_or_else(broken)?;
    let (ids, numbers) = places(batch, path)?;
    for (row, (&source_id, &line_no)) in ids.iter().zip(numbers).enumerate() {
        writer.append(&LineEntry {
            source_id,
            line_no,
            byte_offset: offsets.value(row),
            kind: kinds.value(row),
            reason: reasons.is_valid(row).then(|| reasons.value(row)),
            bytes: if bytes.is_valid(row) { bytes.value(row) } else { &[] },
        })?;
    }
    Ok(())
}

/// Source and line of the rows of a batch.
fn places<'a>(batch: &'a RecordBatch, path: &Path) -> Result<(&'a [i32], &'a [i64])> {
    let broken = || Error::integrity(path, "a data file without line numbers");
    let ids = batch.column_by_name(Col::SourceId.name()).ok_or_else(broken)?;
    let ids = ids.as_primitive_opt::<Int32Type>().ok_or_else(broken)?;
    let lines = batch.column_by_name(Col::LineNo.name()).ok_or_else(broken)?;
    let lines = lines.as_primitive_opt::<Int64Type>().ok_or_else(broken)?;
    Ok((ids.values(), lines.values()))
}

/// What of a file stays, by source.
#[derive(Debug, Default)]
struct Kept(BTreeMap<i32, SourceRange>);

impl Kept {
    /// The rows of a batch that stay.
    fn of(&mut self, batch: &RecordBatch, lines: &HiddenLines, path: &Path) -> Result<RecordBatch> {
        let (ids, numbers) = places(batch, path)?;
        let mut mask = Vec::with_capacity(ids.len());
        for (&source_id, &line_no) in ids.iter().zip(numbers) {
            let stays = !lines.covers(source_id, line_no);
            mask.push(stays);
            if stays {
                let range = self.0.entry(source_id).or_insert(SourceRange {
                    source_id,
                    first_line: line_no,
                    last_line: line_no,
                    rows: 0,
                });
                range.first_line = range.first_line.min(line_no);
                range.last_line = range.last_line.max(line_no);
                range.rows += 1;
            }
        }
        if mask.iter().all(|stays| *stays) {
            return Ok(batch.clone());
        }
        filter_record_batch(batch, &BooleanArray::from(mask))
            .map_err(|error| Error::new(ErrorKind::Internal, "cannot filter rows").caused_by(error))
    }

    fn ranges(self) -> Vec<SourceRange> {
        self.0.into_values().collect()
    }
}
