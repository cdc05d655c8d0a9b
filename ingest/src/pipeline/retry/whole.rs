//! How is a source read anew of which no line was a row? Whole, as if it came in just now, from what is stored of it.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, PoisonError};

use storage::clock::Micros;
use storage::day::Day;
use storage::error::{Error, ErrorKind, Result};
use storage::extent::{Retry, SourceState};
use storage::store::{Source, Store};

use super::super::Run;
use super::super::choose::Chosen;
use super::super::extent::{ExtentWriter, Totals};
use super::super::source::{kept, show_reasons, spec};
use super::super::work::{Failure, Shared};
use super::super::{plan, privacy};
use crate::chunk::{ChunkReader, Start};
use crate::detect::{SAMPLE_BYTES, Sample};
use crate::input::{Content, Input, ReadError};
use crate::privacy::Scrubber;
use crate::raw::{self, RawRequest};
use crate::report::{FormatChoice, Outcome, SourceReport};

/// Reads the source anew, with the format given or found.
pub(super) fn retry(run: &Run<'_>, source: &Arc<Source>) -> Result<SourceReport> {
    let (stored, bytes) = io::pipe()
        .map_err(|error| Error::new(ErrorKind::Io, "cannot make a pipe").caused_by(error))?;
    std::thread::scope(|scope| {
        let giver = scope.spawn(|| give(run.store, source.id, bytes));
        let mut content = Content::plain(Box::new(stored));
        let report = taken_in(run, source).and_then(|at| {
            content.modified_us = at;
            read_anew(run, source, content, None)
        });
        // A reader that stopped has closed the pipe; what the giver says then is no news.
        match (giver.join(), report) {
            (_, Err(error)) => Err(error),
            (_, Ok(report)) if report.outcome == Outcome::Unchanged => Ok(report),
            (Ok(Ok(())), Ok(report)) => Ok(report),
            (Ok(Err(error)), Ok(_)) => Err(error),
            (Err(_), Ok(_)) => Err(Error::new(ErrorKind::Internal, "a worker panicked")),
        }
    })
}

/// Reads the source anew from the file that it came in from, under its own privacy rule.
pub(super) fn retry_from(
    run: &Run<'_>,
    source: &Arc<Source>,
    original: &Path,
) -> Result<SourceReport> {
    let Some(scrubber) = privacy::scrubber_of(run.store, source)? else {
        let message = format!("source {} is stored with all its bytes", source.id);
        return Err(Error::new(ErrorKind::InvalidInput, message).advise("leave --original out"));
    };
    let content = Input::of_file(original).open().map_err(|error| match error {
        ReadError::Io(error) => Error::io("read", original, error),
        ReadError::Damaged(why) => Error::new(ErrorKind::InvalidInput, why).at(original),
    })?;
    read_anew(run, source, content, Some(scrubber))
}

/// Writes what is stored of the source into the pipe.
fn give(store: &Store, source_id: i32, mut pipe: impl Write) -> Result<()> {
    raw::write(store, RawRequest::Source(source_id), &mut pipe).map(drop)
}

fn failed(failure: impl Into<Failure>) -> Error {
    match failure.into() {
        Failure::Store(error) => error,
        Failure::Read(ReadError::Io(error)) => {
            Error::new(ErrorKind::Io, "cannot read what is stored").caused_by(error)
        }
        Failure::Read(ReadError::Damaged(why)) => Error::new(ErrorKind::Integrity, why),
    }
}

/// The first bytes of a content.
fn sample_of(content: &mut Content) -> Result<(Vec<u8>, bool)> {
    let mut sample = vec![0; SAMPLE_BYTES];
    let mut len = 0;
    while len < sample.len() {
        match content.read(&mut sample[len..]).map_err(failed)? {
            0 => break,
            read => len += read,
        }
    }
    let whole = len < sample.len();
    sample.truncate(len);
    Ok((sample, whole))
}

/// The report of a source that stays as it is.
fn unchanged(source: &Source, message: String) -> SourceReport {
    let mut report = SourceReport::new(&source.path, Outcome::Unchanged);
    report.source_id = Some(source.id);
    report.counts = source.counts;
    report.message = Some(message);
    report.next = Some(format!("dwell quarantine retry --source {} --format NAME", source.id));
    report
}

/// When the last of the source came in: what is known of when its times were printed.
fn taken_in(run: &Run<'_>, source: &Source) -> Result<Option<Micros>> {
    let last = source.extents.last().map(|extent| extent.seq);
    let entries = run.store.ledger_entries()?;
    Ok(entries.iter().find(|entry| Some(entry.seq) == last).map(|entry| entry.at))
}

/// The error of bytes that are not those that came in.
fn another(source: &Source) -> Error {
    if source.privacy.is_some() {
        let message = format!("the file is not the one that came in as source {}", source.id);
        return Error::new(ErrorKind::InvalidInput, message)
            .advise("if it has grown, ingest it first");
    }
    let message = format!("source {} does not come out as it came in", source.id);
    Error::new(ErrorKind::Integrity, message).advise("`dwell verify --deep` names the damaged file")
}

fn read_anew(
    run: &Run<'_>,
    source: &Arc<Source>,
    mut content: Content,
    scrubber: Option<Arc<Scrubber>>,
) -> Result<SourceReport> {
    let (bytes, whole) = sample_of(&mut content)?;
    if scrubber.is_some() && kept(scrubber.as_ref(), plan::prefix(&bytes)) != source.prefix {
        return Err(another(source));
    }
    let sample = Sample::new(&bytes, whole);
    let line_end = sample.line_end;
    let chosen = run.given.choose(&source.path, &bytes, &sample, run.started_us);
    let Chosen { parser, choice, zone, .. } = match chosen {
        Ok(chosen) if chosen.unread.is_none() => chosen,
        _ => return Ok(unchanged(source, "no format reads it; nothing was changed".into())),
    };
    let sizes = (run.options.chunk_bytes, run.options.line_bytes_max);
    let mut reader = ChunkReader::new(content, bytes, Start::default(), sizes);
    reader.skip(source.bom.len());
    let transaction = run.store.begin_for(source.id)?;
    let extent = ExtentWriter::new(
        &transaction,
        run.store.id(),
        Day::of(run.started_us),
        0,
        scrubber.clone(),
    )
    .with_shift(source.shift_us);
    let shared = Arc::new(Shared::new(reader, Arc::clone(&parser), line_end, zone));
    let extent = shared.fill(run, extent, &mut Vec::new()).map_err(failed)?;
    let totals = extent.totals();
    {
        let reader = shared.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let digest = kept(scrubber.as_ref(), reader.digest());
        let same = reader.offset() == source.bytes && digest == source.sha256;
        if !same || totals.counts.lines != source.counts.lines {
            return Err(another(source));
        }
    }
    if totals.counts.rows == 0 {
        let message = format!("no line of it reads as `{}`; nothing was changed", parser.id());
        return Ok(unchanged(source, message));
    }
    let mut record = Retry {
        format: parser.id().to_owned(),
        format_spec: spec(scrubber.as_ref(), &*parser),
        zone: zone.map(|zone| zone.name().to_owned()).unwrap_or_default(),
        line_end,
        whole: true,
        ranges: vec![(1, source.next_line() - 1)],
        was: source.counts,
        counts: totals.counts,
        ts_range: totals.ts_range,
        segments: Vec::new(),
        lines: None,
    };
    (record.segments, record.lines) = extent.finish(Some(&record.footer_json(source.id)?))?;
    run.check()?;
    transaction.commit_retry(&record, &run.commit_options())?;
    Ok(report(source, choice, &totals))
}

fn report(source: &Source, choice: FormatChoice, totals: &Totals) -> SourceReport {
    let mut report = SourceReport::new(&source.path, Outcome::Retried);
    if source.state == SourceState::Damaged {
        report.outcome = Outcome::Damaged;
    }
    report.source_id = Some(source.id);
    report.extents = 1;
    report.counts = totals.counts;
    report.bytes = source.bytes;
    report.raw_rows = totals.raw_rows;
    report.assumed_zone = totals.assumed_zone;
    report.ts_range = totals.ts_range;
    show_reasons(&mut report, totals);
    report.format = Some(choice);
    report.privacy = source.privacy.as_ref().map(|privacy| privacy.rule.describe());
    if report.counts.quarantined > 0 {
        report.next = Some(format!("dwell quarantine show --source {}", source.id));
    }
    report
}
