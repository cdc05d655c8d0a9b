//! How do days of another store become live here? Their rows are written anew under numbers that are free here, without
//! the lines that were hidden there; seals and proofs stay those of their origin.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Int32Array, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Int32Type, Int64Type};

use super::bring::sources;
use super::fetch::{Fetcher, Staged};
use crate::archive::{Archive, target};
use crate::day::Day;
use crate::error::{Error, ErrorKind, Result};
use crate::extent::SourceState;
use crate::ledger::record::{Restore, RestoredDay, RestoredFile};
use crate::ledger::text::Text;
use crate::redact::append_entries;
use crate::schema::Col;
use crate::segment::reader::{self, ReadOptions};
use crate::segment::{
    FileMeta, LinesWriter, SegmentHeader, SegmentWriter, SourceRange, VerifiedFile, encode_for,
    row_group,
};
use crate::store::{Hidden, HiddenIndex, HiddenLines, Maintenance, SourceFacts, State};

/// Rows of a row group that is written anew.
const GROUP_ROWS: usize = 100_000;

/// The change that brings the days: its record, words beside it, and where its files go.
pub(super) struct Adopted {
    pub(super) restore: Restore,
    pub(super) text: Text,
    pub(super) moves: Vec<(PathBuf, String)>,
}

/// Rows by source, as they are written.
type Ranges = BTreeMap<i32, SourceRange>;

struct Adoption<'a> {
    change: &'a Maintenance,
    fetcher: &'a Fetcher<'a>,
    /// Numbers there and here.
    map: BTreeMap<i32, i32>,
    moves: Vec<(PathBuf, String)>,
    /// Rows by their number here.
    rows: BTreeMap<i32, u64>,
}

/// Writes days of another store anew in the folder of `change`.
pub(super) fn adopt(
    change: &Maintenance,
    archive: &Archive,
    fetcher: &Fetcher<'_>,
    staged: &[Staged],
    text: Text,
) -> Result<Adopted> {
    let theirs = sources(staged)?;
    let first = change.base().sources.last_key_value().map_or(1, |(id, _)| id.saturating_add(1));
    let map: BTreeMap<i32, i32> = theirs.keys().copied().zip(first..).collect();
    if map.len() < theirs.len() {
        let what = "there are no numbers left for sources";
        return Err(Error::new(ErrorKind::Unsupported, what));
    }
    let (moves, rows) = (Vec::new(), BTreeMap::new());
    let mut adoption = Adoption { change, fetcher, map, moves, rows };
    let mut restore = Restore {
        key: archive.key().line(),
        origin: archive.store_id().to_owned(),
        target: Some(target::digest_of(archive.target().url())),
        ..Restore::default()
    };
    let mut done = BTreeSet::new();
    for day in staged {
        let contents = &day.package.manifest.contents;
        for file in &contents.segments {
            restore.files.extend(adoption.file(file, contents.day, &contents.hidden, true)?);
        }
        for file in contents.lines.iter().filter(|it| done.insert(it.file.path.clone())) {
            restore.lines.extend(adoption.file(file, contents.day, &contents.hidden, false)?);
        }
        restore.days.push(RestoredDay {
            day: contents.day,
            manifest: day.package.manifest_sha256,
            seals: contents.seals.clone(),
        });
    }
    let mut text = text;
    for (there, mut source) in theirs {
        let Some(&here) = adoption.map.get(&there) else { continue };
        text = text.with(&format!("path {here}"), &source.path.to_string_lossy());
        let rows = adoption.rows.get(&here).copied().unwrap_or_default();
        source.retired = source.counts.rows.saturating_sub(source.redacted).saturating_sub(rows);
        if source.retired > 0 {
            source.state = SourceState::RetiredInPart;
        }
        source.id = here;
        source.path = PathBuf::new();
        source.identity = None;
        restore.added.push(SourceFacts::of(&source)?);
    }
    restore.map = adoption.map.into_iter().collect();
    restore.sources = adoption.rows.into_iter().collect();
    Ok(Adopted { restore, text, moves: adoption.moves })
}

impl Adoption<'_> {
    /// Writes one file anew; nothing if no line of it is left.
    fn file(
        &mut self,
        file: &RestoredFile,
        day: Day,
        hidden: &[Hidden],
        is_segment: bool,
    ) -> Result<Option<RestoredFile>> {
        let path = self.fetcher.staged(&file.file.path).ok_or_else(|| {
            Error::new(ErrorKind::Internal, "a file was not fetched").at(&file.file.path)
        })?;
        let state = State { hidden: hidden.to_vec(), ..State::default() };
        let index = HiddenIndex::new(&state);
        let opened = VerifiedFile::open_with(path, &file.file, self.change.fs().vault())?;
        let folder = file.file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let day = folder.split('/').find_map(Day::from_folder).unwrap_or(day);
        let store_id = self.change.base().store_id.clone();
        let header = SegmentHeader { store_id, day, transaction: self.change.id().to_owned() };
        let written = match is_segment {
            true => self.segment(&opened, header, &index.in_segment(&file.file, file.seq))?,
            false => self.lines(&opened, header, &index.in_lines(&file.file, file.seq))?,
        };
        let Some(meta) = written else { return Ok(None) };
        if is_segment {
            for range in &meta.sources {
                *self.rows.entry(range.source_id).or_default() += range.rows;
            }
        }
        let place = format!("{folder}/{}", meta.path);
        self.moves.push((self.change.dir().join(&meta.path), place.clone()));
        let meta = FileMeta { path: place, ..meta };
        Ok(Some(RestoredFile { file: meta, seal: None, seq: file.seq }))
    }

    fn segment(
        &self,
        file: &VerifiedFile,
        header: SegmentHeader,
        hidden: &HiddenLines,
    ) -> Result<Option<FileMeta>> {
        let fs = self.change.fs();
        let (mut writer, mut ranges) = (None, Ranges::new());
        let options = ReadOptions { batch_rows: GROUP_ROWS, row_groups: None };
        for batch in reader::rows(file, Col::stored(), &options)? {
            let batch = self.renumbered(&batch?, hidden, &mut ranges, file)?;
            if batch.num_rows() == 0 {
                continue;
            }
            let writer = match &mut writer {
                Some(writer) => writer,
                none => none.insert(SegmentWriter::create(fs, self.change.dir(), header.clone())?),
            };
            writer.append(encode_for(&**fs, &row_group(&batch)?)?)?;
        }
        writer.map(|writer| writer.finish(ranges.into_values().collect())).transpose()
    }

    fn lines(
        &self,
        file: &VerifiedFile,
        header: SegmentHeader,
        hidden: &HiddenLines,
    ) -> Result<Option<FileMeta>> {
        let (mut writer, mut ranges) = (None, Ranges::new());
        for batch in reader::lines(file, &ReadOptions { batch_rows: 256, row_groups: None })? {
            let batch = self.renumbered(&batch?, hidden, &mut ranges, file)?;
            if batch.num_rows() == 0 {
                continue;
            }
            let dir = self.change.dir();
            let writer = match &mut writer {
                Some(writer) => writer,
                none => none.insert(LinesWriter::create(self.change.fs(), dir, header.clone())?),
            };
            append_entries(writer, &batch, file.path())?;
        }
        writer.map(|writer| writer.finish(ranges.into_values().collect())).transpose()
    }

    /// The rows of a batch that are shown and of sources that come along, under the numbers here.
    fn renumbered(
        &self,
        batch: &RecordBatch,
        hidden: &HiddenLines,
        ranges: &mut Ranges,
        file: &VerifiedFile,
    ) -> Result<RecordBatch> {
        let broken = || Error::integrity(file.path(), "a data file without line numbers");
        let at = batch.schema_ref().index_of(Col::SourceId.name()).map_err(|_| broken())?;
        let ids = batch.column(at).as_primitive_opt::<Int32Type>().ok_or_else(broken)?;
        let lines = batch.column_by_name(Col::LineNo.name()).ok_or_else(broken)?;
        let lines = lines.as_primitive_opt::<Int64Type>().ok_or_else(broken)?;
        let mut mask = Vec::with_capacity(ids.len());
        let mut here = Vec::with_capacity(ids.len());
        for (&id, &line) in ids.values().iter().zip(lines.values()) {
            let number = self.map.get(&id).copied().filter(|_| !hidden.covers(id, line));
            mask.push(number.is_some());
            here.push(number.unwrap_or_default());
            let Some(source_id) = number else { continue };
            let new = || SourceRange { source_id, first_line: line, last_line: line, rows: 0 };
            let range = ranges.entry(source_id).or_insert_with(new);
            range.first_line = range.first_line.min(line);
            range.last_line = range.last_line.max(line);
            range.rows += 1;
        }
        let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
        columns[at] = Arc::new(Int32Array::from(here));
        let renumbered = RecordBatch::try_new(Arc::clone(batch.schema_ref()), columns);
        renumbered
            .and_then(|batch| filter_record_batch(&batch, &BooleanArray::from(mask)))
            .map_err(|error| Error::new(ErrorKind::Internal, "cannot renumber").caused_by(error))
    }
}
