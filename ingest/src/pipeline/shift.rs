//! What if the clock of a stored source was wrong? Its rows come anew with corrected times, maybe on other days, in one
//! commit; everything else in them stays as it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Int32Type, Int64Type, TimestampMicrosecondType};
use arrow::record_batch::RecordBatch;
use storage::clock::Micros;
use storage::day::Day;
use storage::error::{Error, ErrorKind, Result};
use storage::extent::{Shift, shift_text};
use storage::schema::Col;
use storage::segment::reader::{self, ReadOptions};
use storage::segment::row_group;
use storage::store::{HiddenIndex, HiddenLines, SegmentRef, Source, State, Store};

use super::Run;
use super::choose::Given;
use super::extent::{ExtentWriter, Odd};
use crate::options::{IngestOptions, Progress};
use crate::raw::merge::Merge;
use crate::report::SourceReport;

/// Rows of a row group: fewer than at ingest, for stored rows take more memory than lines.
const GROUP_ROWS: usize = 100_000;

/// How often a correction is begun anew because others commit meanwhile.
const PLANS_MAX: u32 = 5;

/// Entries of `lines/` that are handed on at once.
const ENTRIES: usize = 256;

/// What a correction of the clock of a source changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShiftPlan {
    /// The source.
    pub source_id: i32,
    /// Its path.
    pub path: std::path::PathBuf,
    /// The correction so far, added to the times as printed.
    pub old_us: Micros,
    /// The correction asked for.
    pub new_us: Micros,
    /// Its rows.
    pub rows: u64,
    /// Rows by the day they have now and the day they get.
    pub days: BTreeMap<(Day, Day), u64>,
    /// Earliest and latest time now.
    pub ts_range: Option<(Micros, Micros)>,
}

impl ShiftPlan {
    /// How many rows come to another day.
    pub fn moved(&self) -> u64 {
        self.days.iter().filter(|((from, to), _)| from != to).map(|(_, rows)| rows).sum()
    }
}

/// Says what a correction by `new_us` (counted from the times as printed) would change; nothing is written.
///
/// # Errors
/// There is no such source, a file can't be read, or a row would leave the years 1990 to 9999.
pub fn plan(store: &Store, source_id: i32, new_us: Micros) -> Result<ShiftPlan> {
    let state = store.refresh()?;
    let source = source_of(&state, source_id)?;
    let mut plan = ShiftPlan {
        source_id,
        path: source.path.clone(),
        old_us: source.shift_us,
        new_us,
        rows: 0,
        days: BTreeMap::new(),
        ts_range: None,
    };
    let delta = delta(source, new_us)?;
    each_batch(store, &state, source, &[Col::Ts, Col::SourceId, Col::LineNo], &mut |batch| {
        let times = batch.column_by_name(Col::Ts.name());
        let times = times.and_then(|it| it.as_primitive_opt::<TimestampMicrosecondType>());
        let times = times.ok_or_else(|| Error::new(ErrorKind::Integrity, "rows without times"))?;
        for &ts in times.values() {
            let (first, last) = plan.ts_range.unwrap_or((ts, ts));
            plan.ts_range = Some((first.min(ts), last.max(ts)));
            *plan.days.entry((Day::of(ts), Day::of(ts.saturating_add(delta)))).or_default() += 1;
        }
        plan.rows += batch.num_rows() as u64;
        Ok(())
    })?;
    Ok(plan)
}

/// Corrects the clock of a source by `new_us`, counted from the times as printed; `false` if that is its correction
/// already.
///
/// # Errors
/// As [`plan`]; the store's own troubles, and `Interrupted`: the store is then as before.
pub fn apply(
    store: &Arc<Store>,
    source_id: i32,
    new_us: Micros,
    reason: &str,
    options: &IngestOptions,
    progress: &dyn Progress,
) -> Result<bool> {
    let mut plans = 1;
    loop {
        match try_once(store, source_id, new_us, reason, options, progress) {
            Err(error) if error.kind() == ErrorKind::Conflict && plans < PLANS_MAX => plans += 1,
            done => return done,
        }
    }
}

fn try_once(
    store: &Arc<Store>,
    source_id: i32,
    new_us: Micros,
    reason: &str,
    options: &IngestOptions,
    progress: &dyn Progress,
) -> Result<bool> {
    let state = store.refresh()?;
    let source = source_of(&state, source_id)?;
    if source.shift_us == new_us {
        return Ok(false);
    }
    let delta = delta(source, new_us)?;
    let settings = options.settings.as_ref().unwrap_or(store.config());
    let run = Run::alone(store, options, progress, Given::new(settings, options)?);
    let transaction = store.begin_for(source_id)?;
    let extent = ExtentWriter::new(&transaction, store.id(), Day::of(run.started_us), 0, None);
    let mut rows = 0;
    let mut ts_range: Option<(Micros, Micros)> = None;
    progress.begin(None);
    each_batch(store, &state, source, Col::stored(), &mut |batch| {
        run.check()?;
        let group = row_group(batch)?;
        if let Some(storage::segment::ColumnData::Int64 { values, .. }) =
            group.columns.get(Col::Ts as usize)
        {
            for ts in values.iter().map(|ts| ts.saturating_add(delta)) {
                let (first, last) = ts_range.unwrap_or((ts, ts));
                ts_range = Some((first.min(ts), last.max(ts)));
            }
        }
        rows += group.rows as u64;
        progress.advance(batch.get_array_memory_size() as u64, group.rows as u64);
        extent.append_moved(group, delta)
    })?;
    let expected = source.counts.rows.saturating_sub(source.retired + source.redacted);
    if rows != expected {
        let what = format!("source {source_id} has {rows} rows, the ledger says {expected}");
        return Err(Error::new(ErrorKind::Integrity, what)
            .advise("`dwell verify --deep` names the damaged file"));
    }
    copy_entries(&run, &state, source, &extent)?;
    let mut shift = Shift {
        old_us: source.shift_us,
        new_us,
        last_line: source.next_line() - 1,
        ts_range,
        segments: Vec::new(),
        lines: None,
    };
    (shift.segments, shift.lines) = extent.finish(Some(&shift.footer_json(source_id)?))?;
    run.check()?;
    transaction.commit_shift(&shift, reason, &run.commit_options())?;
    Ok(true)
}

/// A correction of the clock asked for is that of new sources: a stored one keeps its own.
pub(super) fn mention(run: &Run<'_>, report: &mut SourceReport) {
    let state = run.store.state();
    let source = report.source_id.and_then(|id| state.sources.get(&id));
    let asked_us = run.options.shift_us;
    if let Some(source) = source.filter(|it| asked_us != 0 && it.shift_us != asked_us) {
        let kept = shift_text(source.shift_us);
        let text = format!("it keeps its shift of {kept}; `dwell sources shift` changes that");
        let before = report.message.take().map_or(String::new(), |message| message + "; ");
        report.message = Some(before + &text);
    }
}

fn source_of(state: &State, source_id: i32) -> Result<&Arc<Source>> {
    state.sources.get(&source_id).ok_or_else(|| {
        Error::new(ErrorKind::InvalidInput, format!("there is no source {source_id}"))
            .advise("`dwell sources` lists them")
    })
}

/// What is added to the times that are stored.
fn delta(source: &Source, new_us: Micros) -> Result<Micros> {
    new_us
        .checked_sub(source.shift_us)
        .ok_or_else(|| Error::new(ErrorKind::InvalidInput, "the shift is too large"))
}

/// Visits the rows of a source that are shown, in batches with these columns (source and line among them).
fn each_batch(
    store: &Store,
    state: &State,
    source: &Source,
    columns: &[Col],
    visit: &mut dyn FnMut(&RecordBatch) -> Result<()>,
) -> Result<()> {
    let index = HiddenIndex::new(state);
    for (_, segment) in state.segments() {
        let SegmentRef { meta, seq, .. } = segment;
        let hidden = index.in_segment(meta, *seq);
        let holds = meta.sources.iter().any(|range| range.source_id == source.id);
        if !holds || hidden.covers_file(meta) {
            continue;
        }
        let file = store.open_file(meta)?;
        let options = ReadOptions { batch_rows: GROUP_ROWS, row_groups: None };
        for batch in reader::rows(&file, columns, &options)? {
            let batch = shown(&batch?, source.id, &hidden)?;
            if batch.num_rows() > 0 {
                visit(&batch)?;
            }
        }
    }
    Ok(())
}

/// The rows of one source in a batch, without the hidden ones.
fn shown(batch: &RecordBatch, source_id: i32, hidden: &HiddenLines) -> Result<RecordBatch> {
    let broken = || Error::new(ErrorKind::Integrity, "a data file without line numbers");
    let ids = batch.column_by_name(Col::SourceId.name()).ok_or_else(broken)?;
    let ids = ids.as_primitive_opt::<Int32Type>().ok_or_else(broken)?;
    let lines = batch.column_by_name(Col::LineNo.name()).ok_or_else(broken)?;
    let lines = lines.as_primitive_opt::<Int64Type>().ok_or_else(broken)?;
    let shows = |(&id, &line): (&i32, &i64)| id == source_id && !hidden.covers(id, line);
    let mask: Vec<bool> = ids.values().iter().zip(lines.values()).map(shows).collect();
    if mask.iter().all(|shown| *shown) {
        return Ok(batch.clone());
    }
    filter_record_batch(batch, &BooleanArray::from(mask))
        .map_err(|error| Error::new(ErrorKind::Internal, "cannot filter rows").caused_by(error))
}

/// Takes along what are no rows: they are hidden with the rows, and shown from their new place.
fn copy_entries(
    run: &Run<'_>,
    state: &State,
    source: &Source,
    extent: &ExtentWriter,
) -> Result<()> {
    let mut merge = Merge::of_entries(run.store, state, source.id);
    let mut seq = 0;
    loop {
        let mut records = Vec::new();
        while records.len() < ENTRIES
            && let Some(entry) = merge.next_entry()?
        {
            records.push(Odd {
                line_no: entry.line_no,
                byte_offset: entry.byte_offset.unsigned_abs(),
                kind: entry.kind.into(),
                reason: entry.reason.map(Into::into),
                bytes: entry.bytes,
            });
        }
        if records.is_empty() {
            return Ok(());
        }
        run.check()?;
        extent.odd(seq, records)?;
        seq += 1;
    }
}
