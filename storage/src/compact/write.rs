//! How are the files of a group put together? They are merged by line, written sorted, read back and compared.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;

use super::digest::RowsDigest;
use super::plan::Group;
use super::sort;
use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::fs::Fs;
use crate::ledger::record::Table;
use crate::merge::{FileKind, Merge, Run};
use crate::schema::Col;
use crate::segment::reader::{self, ReadOptions};
use crate::segment::{
    Effort, FileMeta, LineEntry, LinesWriter, SegmentHeader, SegmentWriter, SourceRange,
    VerifiedFile, encode_kept,
};
use crate::store::Store;

/// Rows of a row group: whole pages, and few enough to be held in memory when the bytes of a source are given back.
const GROUP_ROWS: usize = 8 * crate::segment::PAGE_ROWS;

/// Bytes of a row group before it is coded; reached only by rows with much text of their own.
const GROUP_BYTES: usize = 160 << 20;

/// What a run takes beside its rows.
const RUN_BYTES: usize = 1024;

/// Where files are written, and what they say of themselves.
pub(super) struct Place<'a> {
    pub(super) store: &'a Store,
    pub(super) fs: &'a Arc<dyn Fs>,
    pub(super) dir: &'a Path,
    pub(super) header: SegmentHeader,
    /// What a lost ledger is rebuilt from.
    pub(super) extent: String,
    /// A file ends when it has so many rows or bytes.
    pub(super) file_rows: u64,
    pub(super) file_bytes: u64,
}

/// The new files of a group, by their names in the folder, and what they hold.
pub(super) struct Written {
    pub(super) files: Vec<FileMeta>,
    pub(super) digest: RowsDigest,
    /// Hidden lines that they don't hold any more.
    pub(super) dropped: u64,
}

/// The lines of each source in a file.
#[derive(Default)]
struct Ranges(BTreeMap<i32, SourceRange>);

impl Ranges {
    fn add(&mut self, run: &Run) {
        let (Some(&first), Some(&last)) = (run.lines.first(), run.lines.last()) else { return };
        let range = self.0.entry(run.source_id).or_insert(SourceRange {
            source_id: run.source_id,
            first_line: first,
            last_line: last,
            rows: 0,
        });
        range.first_line = range.first_line.min(first);
        range.last_line = range.last_line.max(last);
        range.rows += run.lines.len() as u64;
    }

    fn take(&mut self) -> Vec<SourceRange> {
        std::mem::take(&mut self.0).into_values().collect()
    }
}

/// Writes what the files of `group` show into new ones, and proves that these hold the same rows.
pub(super) fn write(
    place: &Place<'_>,
    group: &Group,
    check: &dyn Fn() -> Result<()>,
) -> Result<Written> {
    let merge = Merge::new(place.store, group.merge_files(), None);
    let (files, digest) = match group.kind() {
        FileKind::Rows => rows(place, merge, check)?,
        FileKind::Lines => lines(place, merge, check)?,
    };
    let mut found = RowsDigest::default();
    for meta in &files {
        check()?;
        let path = place.dir.join(&meta.path);
        let file = VerifiedFile::open_with(path, meta, place.fs.vault())?;
        read_back(&file, group.kind(), &mut found)?;
    }
    if found != digest {
        return Err(Error::new(
            ErrorKind::Internal,
            format!("the new files of {} don't hold the rows of the old ones", group.day),
        )
        .advise("nothing was changed; `dwell verify --deep` checks the old ones"));
    }
    let before: u64 = group.inputs.iter().map(|input| input.meta.rows).sum();
    let dropped = before.checked_sub(digest.rows());
    let dropped = dropped.filter(|dropped| *dropped == 0 || group.has_hidden());
    let dropped = dropped.ok_or_else(|| {
        let what = format!(
            "the files of {} have {} rows, the ledger says {before}",
            group.day,
            digest.rows()
        );
        Error::new(ErrorKind::Integrity, what)
            .advise("`dwell verify --deep` names the damaged file")
    })?;
    Ok(Written { files, digest, dropped })
}

fn rows(
    place: &Place<'_>,
    mut merge: Merge<'_>,
    check: &dyn Fn() -> Result<()>,
) -> Result<(Vec<FileMeta>, RowsDigest)> {
    let mut out = Rows {
        place,
        writer: None,
        files: Vec::new(),
        digest: RowsDigest::default(),
        ranges: Ranges::default(),
        pending: Vec::new(),
        rows: 0,
        bytes: 0,
    };
    let most = usize::try_from(place.file_rows).unwrap_or(GROUP_ROWS).min(GROUP_ROWS);
    while let Some(run) = merge.next_run()? {
        if out.rows + run.rows.len() > most || out.bytes > GROUP_BYTES {
            check()?;
            out.write_group()?;
        }
        out.take(run);
    }
    out.write_group()?;
    out.end_file()?;
    Ok((out.files, out.digest))
}

/// Segments being written.
struct Rows<'a> {
    place: &'a Place<'a>,
    writer: Option<SegmentWriter>,
    files: Vec<FileMeta>,
    digest: RowsDigest,
    ranges: Ranges,
    /// The rows of the next row group.
    pending: Vec<Run>,
    rows: usize,
    bytes: usize,
}

impl Rows<'_> {
    fn take(&mut self, run: Run) {
        let share = run.batch.get_array_memory_size() / run.batch.num_rows().max(1);
        self.rows += run.rows.len();
        self.bytes += RUN_BYTES + share * run.rows.len();
        self.pending.push(run);
    }

    fn write_group(&mut self) -> Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let written = self.writer.as_ref().map_or((0, 0), |it| (it.rows(), it.bytes()));
        if written.0 + self.rows as u64 > self.place.file_rows || written.1 >= self.place.file_bytes
        {
            self.end_file()?;
        }
        let pending = std::mem::take(&mut self.pending);
        (self.rows, self.bytes) = (0, 0);
        let writer = match self.writer.take() {
            Some(writer) => writer,
            None => {
                let Place { fs, dir, header, extent, .. } = self.place;
                let mut writer = SegmentWriter::create(fs, dir, header.clone())?;
                writer.set_extent(extent.clone());
                writer
            }
        };
        let writer = self.writer.insert(writer);
        for run in &pending {
            self.ranges.add(run);
            self.digest.add(FileKind::Rows, &slice(run))?;
        }
        let group = sort::row_group(&pending)?;
        drop(pending);
        writer.append(encode_kept(&**self.place.fs, &group)?)
    }

    fn end_file(&mut self) -> Result<()> {
        if let Some(writer) = self.writer.take() {
            self.files.push(writer.finish(self.ranges.take())?);
        }
        Ok(())
    }
}

fn slice(run: &Run) -> RecordBatch {
    run.batch.slice(run.rows.start, run.rows.len())
}

fn lines(
    place: &Place<'_>,
    mut merge: Merge<'_>,
    check: &dyn Fn() -> Result<()>,
) -> Result<(Vec<FileMeta>, RowsDigest)> {
    let (mut files, mut digest, mut ranges) =
        (Vec::new(), RowsDigest::default(), Ranges::default());
    let mut open: Option<(LinesWriter, u64)> = None;
    let mut last = None;
    while let Some(run) = merge.next_run()? {
        let full = |(writer, bytes): &mut (LinesWriter, u64)| {
            *bytes >= place.file_bytes || writer.rows() >= place.file_rows
        };
        // The pieces of a long line stay together, for only within a file they have an order.
        if last != run.lines.first().map(|line| (run.source_id, *line))
            && let Some((writer, _)) = open.take_if(full)
        {
            files.push(writer.finish(ranges.take())?);
        }
        last = run.lines.last().map(|line| (run.source_id, *line));
        let (writer, bytes) = match open.take() {
            Some(writing) => open.insert(writing),
            None => {
                check()?;
                let writer = LinesWriter::create(place.fs, place.dir, place.header.clone())?;
                let mut writer = writer.with_effort(Effort::Kept);
                writer.set_extent(place.extent.clone());
                open.insert((writer, 0))
            }
        };
        ranges.add(&run);
        digest.add(FileKind::Lines, &slice(&run))?;
        *bytes += append(writer, &run)?;
    }
    if let Some((writer, _)) = open {
        files.push(writer.finish(ranges.take())?);
    }
    Ok((files, digest))
}

/// Appends the entries of a run; returns the bytes of their lines.
fn append(writer: &mut LinesWriter, run: &Run) -> Result<u64> {
    let broken = || Error::new(ErrorKind::Integrity, "a file of lines with other columns");
    let column = |name| run.batch.column_by_name(name).ok_or_else(broken);
    let kinds = column("kind")?.as_string_opt::<i32>().ok_or_else(broken)?;
    let reasons = column("reason")?.as_string_opt::<i32>().ok_or_else(broken)?;
    let offsets = column("byte_offset")?.as_primitive_opt::<Int64Type>().ok_or_else(broken)?;
    let texts = column("bytes")?.as_binary_opt::<i32>().ok_or_else(broken)?;
    let mut bytes = 0;
    for row in run.rows.clone() {
        bytes += texts.value(row).len() as u64;
        writer.append(&LineEntry {
            source_id: run.source_id,
            line_no: run.line_no(row),
            byte_offset: offsets.value(row),
            kind: kinds.value(row),
            reason: reasons.is_valid(row).then(|| reasons.value(row)),
            bytes: texts.value(row),
        })?;
    }
    Ok(bytes)
}

/// Adds the rows of a file as it lies on disk.
fn read_back(file: &VerifiedFile, kind: FileKind, digest: &mut RowsDigest) -> Result<()> {
    let options = ReadOptions::default();
    let batches = match kind {
        FileKind::Rows => reader::rows(file, Col::stored(), &options)?,
        FileKind::Lines => reader::lines(file, &ReadOptions { batch_rows: 256, ..options })?,
    };
    for batch in batches {
        digest.add(kind, &batch?)?;
    }
    Ok(())
}

/// The digest of the rows of some files, and how many there are of each source.
pub(crate) fn digest_of(
    fs: &dyn Fs,
    dir: &Path,
    table: Table,
    files: &[FileMeta],
) -> Result<(Digest, Vec<(i32, u64)>)> {
    let kind = match table {
        Table::Requests => FileKind::Rows,
        Table::Lines => FileKind::Lines,
    };
    let mut digest = RowsDigest::default();
    for meta in files {
        let file = VerifiedFile::open_with(dir.join(&meta.path), meta, fs.vault())?;
        read_back(&file, kind, &mut digest)?;
    }
    Ok((digest.digest(), digest.sources.into_iter().collect()))
}
