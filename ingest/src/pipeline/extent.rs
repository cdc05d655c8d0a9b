//! Where does one extent go? Into a segment a day and one file of lines, until its commit makes them visible at once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use storage::clock::Micros;
use storage::day::Day;
use storage::error::{Error, ErrorKind, Result};
use storage::extent::Counts;
use storage::fs::Fs;
use storage::schema::Col;
use storage::segment::{
    ColumnData, FileMeta, LineEntry, LinesWriter, RowGroup, SegmentHeader, SegmentWriter,
    SourceRange, encode_for,
};
use storage::store::Transaction;

use crate::builder::moved::moved;
use crate::format::{ChunkSink, OddKind, Reason};
use crate::privacy::Scrubber;

/// Segments open at once. A text with more days in it gets more than one segment for some of them.
const OPEN_SEGMENTS_MAX: usize = 400;

/// The most bytes of a line that one record of `lines/` holds.
const RECORD_BYTES: usize = 1 << 20;

/// The word for a record that goes on with the line of the one before.
pub(crate) const MORE: &str = "more";

/// Sums over the chunks of an extent.
#[derive(Debug, Clone, Default)]
pub(super) struct Totals {
    pub(super) counts: Counts,
    pub(super) raw_rows: u64,
    pub(super) assumed_zone: u64,
    pub(super) ts_range: Option<(Micros, Micros)>,
    pub(super) reasons: BTreeMap<Reason, u64>,
}

impl Totals {
    /// Adds another sum.
    pub(super) fn add(&mut self, other: &Self) {
        self.counts.add(&other.counts);
        self.raw_rows += other.raw_rows;
        self.assumed_zone += other.assumed_zone;
        for (reason, lines) in &other.reasons {
            *self.reasons.entry(*reason).or_default() += lines;
        }
        if let Some((first, last)) = other.ts_range {
            self.see(first, last);
        }
    }

    fn see(&mut self, first: Micros, last: Micros) {
        self.ts_range = Some(match self.ts_range {
            None => (first, last),
            Some((low, high)) => (low.min(first), high.max(last)),
        });
    }
}

/// A record of `lines/`, or several for a long line.
#[derive(Debug)]
pub(super) struct Odd {
    pub(super) line_no: i64,
    pub(super) byte_offset: u64,
    pub(super) kind: Cow<'static, str>,
    pub(super) reason: Option<Cow<'static, str>>,
    pub(super) bytes: Vec<u8>,
}

/// The segments of an extent, each with its day, and its file of lines.
pub(super) type Files = (Vec<(Day, FileMeta)>, Option<FileMeta>);

/// One extent being written by any number of workers.
pub(super) struct ExtentWriter {
    fs: Arc<dyn Fs>,
    dir: PathBuf,
    store_id: String,
    transaction: String,
    source_id: i32,
    ingest_day: Day,
    /// What stands before everything that is written, if the source is under a privacy rule.
    scrubber: Option<Arc<Scrubber>>,
    shift_us: Micros,
    days: Mutex<Days>,
    lines: Mutex<Lines>,
    totals: Mutex<Totals>,
}

#[derive(Default)]
struct Days {
    open: BTreeMap<Day, Arc<Mutex<Option<OpenSegment>>>>,
    done: Vec<(Day, FileMeta)>,
}

struct OpenSegment {
    writer: SegmentWriter,
    first_line: i64,
    last_line: i64,
    rows: u64,
}

/// Records of `lines/` in the order of the chunks, whoever finishes first.
#[derive(Default)]
struct Lines {
    writer: Option<LinesWriter>,
    next: u64,
    waiting: BTreeMap<u64, Vec<Odd>>,
    first_line: i64,
    last_line: i64,
    records: u64,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ExtentWriter {
    /// Begins the extent of `transaction`; its chunks are numbered from `first_chunk`.
    pub(super) fn new(
        transaction: &Transaction,
        store_id: &str,
        ingest_day: Day,
        first_chunk: u64,
        scrubber: Option<Arc<Scrubber>>,
    ) -> Self {
        Self {
            fs: Arc::clone(transaction.fs()),
            dir: transaction.dir().to_path_buf(),
            store_id: store_id.to_owned(),
            transaction: transaction.id().to_owned(),
            source_id: transaction.source_id(),
            ingest_day,
            scrubber,
            shift_us: 0,
            days: Mutex::default(),
            lines: Mutex::new(Lines { next: first_chunk, ..Lines::default() }),
            totals: Mutex::default(),
        }
    }

    /// With this added to the time of every row that comes in.
    pub(super) fn with_shift(self, shift_us: Micros) -> Self {
        Self { shift_us, ..self }
    }

    /// What is added to the time of every row.
    pub(super) fn shift_us(&self) -> Micros {
        self.shift_us
    }

    /// The source it belongs to.
    pub(super) fn source_id(&self) -> i32 {
        self.source_id
    }

    fn header(&self, day: Day) -> SegmentHeader {
        SegmentHeader {
            store_id: self.store_id.clone(),
            day,
            transaction: self.transaction.clone(),
        }
    }

    /// Takes what a parser made of the chunk number `seq` (or of none, at the end): row groups, odd lines, accounts.
    pub(super) fn take(&self, sink: &mut ChunkSink, seq: Option<u64>) -> Result<()> {
        for (day, group) in sink.take_groups() {
            match self.shift_us {
                0 => self.append(day, group)?,
                shift_us => self.append_moved(group, shift_us)?,
            }
        }
        let mut part = Totals {
            counts: std::mem::take(&mut sink.counts),
            raw_rows: std::mem::take(&mut sink.raw_rows) * u64::from(self.scrubber.is_none()),
            assumed_zone: std::mem::take(&mut sink.assumed_zone_rows),
            ts_range: sink.ts_range.take().map(|(first, last)| {
                (first.saturating_add(self.shift_us), last.saturating_add(self.shift_us))
            }),
            reasons: BTreeMap::new(),
        };
        let odd = std::mem::take(&mut sink.odd);
        let odd: Vec<Odd> = odd
            .into_iter()
            .map(|line| {
                if line.kind == OddKind::Quarantined
                    && let Some(reason) = line.reason
                {
                    *part.reasons.entry(reason).or_default() += 1;
                }
                Odd {
                    line_no: line.line_no,
                    byte_offset: line.byte_offset,
                    kind: line.kind.name().into(),
                    reason: line.reason.map(|reason| reason.name().into()),
                    bytes: line.bytes,
                }
            })
            .collect();
        lock(&self.totals).add(&part);
        match seq {
            Some(seq) => self.odd(seq, odd),
            None if odd.is_empty() => Ok(()),
            None => Err(Error::new(ErrorKind::Internal, "a parser kept odd lines back")),
        }
    }

    /// Adds to the accounts alone.
    pub(super) fn count(&self, part: &Totals) {
        lock(&self.totals).add(part);
    }

    /// Appends rows with `shift_us` added to their times, whatever the days they have then.
    pub(super) fn append_moved(&self, group: RowGroup, shift_us: Micros) -> Result<()> {
        for (day, group) in moved(group, shift_us)? {
            self.append(day, group)?;
        }
        Ok(())
    }

    /// Encodes a row group and appends it to the segment of its day: the only way of rows into a file.
    fn append(&self, day: Day, group: RowGroup) -> Result<()> {
        if group.rows == 0 {
            return Ok(());
        }
        let group = match &self.scrubber {
            Some(scrubber) => scrubber.group(group),
            None => group,
        };
        let encoded = encode_for(&*self.fs, &group)?;
        let (first, last) = line_range(&group);
        loop {
            let slot = self.slot(day)?;
            let mut slot = lock(&slot);
            // It may have been closed to make room since it was looked up.
            let Some(segment) = slot.as_mut() else { continue };
            segment.writer.append(encoded)?;
            segment.first_line = segment.first_line.min(first);
            segment.last_line = segment.last_line.max(last);
            segment.rows += group.rows as u64;
            return Ok(());
        }
    }

    /// The open segment of a day; the one with the most rows is closed if there are too many.
    fn slot(&self, day: Day) -> Result<Arc<Mutex<Option<OpenSegment>>>> {
        let mut days = lock(&self.days);
        if let Some(slot) = days.open.get(&day) {
            return Ok(Arc::clone(slot));
        }
        if days.open.len() >= OPEN_SEGMENTS_MAX {
            let rows = |slot: &Arc<Mutex<Option<OpenSegment>>>| {
                lock(slot).as_ref().map_or(0, |segment| segment.rows)
            };
            let fullest = days.open.iter().max_by_key(|(_, slot)| rows(slot));
            if let Some(day) = fullest.map(|(day, _)| *day)
                && let Some(slot) = days.open.remove(&day)
                && let Some(segment) = lock(&slot).take()
            {
                let meta = self.close(segment)?;
                days.done.push((day, meta));
            }
        }
        let writer = SegmentWriter::create(&self.fs, &self.dir, self.header(day))?;
        let segment = OpenSegment { writer, first_line: i64::MAX, last_line: 0, rows: 0 };
        let slot = Arc::new(Mutex::new(Some(segment)));
        days.open.insert(day, Arc::clone(&slot));
        Ok(slot)
    }

    fn close(&self, segment: OpenSegment) -> Result<FileMeta> {
        segment.writer.finish(vec![SourceRange {
            source_id: self.source_id,
            first_line: segment.first_line,
            last_line: segment.last_line,
            rows: segment.rows,
        }])
    }

    /// Writes the odd lines of a chunk once those of all chunks before it are written: the only way of lines into a file.
    pub(super) fn odd(&self, seq: u64, mut records: Vec<Odd>) -> Result<()> {
        if let Some(scrubber) = &self.scrubber {
            for record in &mut records {
                record.bytes = scrubber.line(&record.kind, std::mem::take(&mut record.bytes));
            }
        }
        let mut lines = lock(&self.lines);
        lines.waiting.insert(seq, records);
        while let Some(records) = {
            let next = lines.next;
            lines.waiting.remove(&next)
        } {
            lines.next += 1;
            for record in &records {
                self.write_record(&mut lines, record)?;
            }
        }
        Ok(())
    }

    fn write_record(&self, lines: &mut Lines, record: &Odd) -> Result<()> {
        if lines.records == 0 {
            lines.first_line = record.line_no;
        }
        let writer = match &mut lines.writer {
            Some(writer) => writer,
            none => {
                none.insert(LinesWriter::create(&self.fs, &self.dir, self.header(self.ingest_day))?)
            }
        };
        let mut offset = record.byte_offset;
        let mut kind = &*record.kind;
        let mut rest = record.bytes.as_slice();
        loop {
            let (bytes, after) = rest.split_at(rest.len().min(RECORD_BYTES));
            writer.append(&LineEntry {
                source_id: self.source_id,
                line_no: record.line_no,
                byte_offset: offset as i64,
                kind,
                reason: record.reason.as_deref(),
                bytes,
            })?;
            lines.records += 1;
            offset += bytes.len() as u64;
            kind = MORE;
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        lines.last_line = record.line_no;
        Ok(())
    }

    /// The accounts so far.
    pub(super) fn totals(&self) -> Totals {
        lock(&self.totals).clone()
    }

    /// Makes all files durable, each with the facts of the extent (if given) in its footer, and returns what the ledger must know of
    /// them.
    pub(super) fn finish(self, facts: Option<&str>) -> Result<Files> {
        let open = std::mem::take(&mut lock(&self.days).open);
        let mut segments = std::mem::take(&mut lock(&self.days).done);
        for (day, slot) in open {
            if let Some(mut segment) = lock(&slot).take() {
                if let Some(facts) = facts {
                    segment.writer.set_extent(facts.to_owned());
                }
                segments.push((day, self.close(segment)?));
            }
        }
        segments.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.path.cmp(&y.path)));
        let lines = std::mem::take(&mut *lock(&self.lines));
        if !lines.waiting.is_empty() {
            return Err(Error::new(ErrorKind::Internal, "a chunk's odd lines are missing"));
        }
        let range = SourceRange {
            source_id: self.source_id,
            first_line: lines.first_line,
            last_line: lines.last_line,
            rows: lines.records,
        };
        let meta = lines.writer.map(|mut writer| {
            if let Some(facts) = facts {
                writer.set_extent(facts.to_owned());
            }
            writer.finish(vec![range])
        });
        Ok((segments, meta.transpose()?))
    }
}

/// The lowest and highest line number in a row group.
fn line_range(group: &RowGroup) -> (i64, i64) {
    let at = Col::stored().iter().position(|col| *col == Col::LineNo);
    match at.and_then(|at| group.columns.get(at)) {
        Some(ColumnData::Int64 { values, .. }) => {
            let first = values.iter().copied().min().unwrap_or(0);
            (first, values.iter().copied().max().unwrap_or(0))
        }
        _ => (0, 0),
    }
}
