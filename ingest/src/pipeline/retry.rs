//! What if a text in quarantine has a format after all? It is read anew from what is stored, and its rows take the place
//! of the quarantined lines.

use std::io::{self, Write};
use std::sync::{Arc, PoisonError};

use storage::day::Day;
use storage::error::{Error, ErrorKind, Result};
use storage::extent::{Retry, SourceState};
use storage::store::{CommitOptions, Outcome as Committed, Source, Store};

use super::choose::{self, Given, Named};
use super::extent::ExtentWriter;
use super::privacy;
use super::source::show_reasons;
use super::work::{Failure, Shared};
use super::{Board, Run};
use crate::chunk::{ChunkReader, Start};
use crate::detect::{SAMPLE_BYTES, Sample};
use crate::input::{Content, ReadError};
use crate::options::{IngestOptions, Progress};
use crate::raw::{self, RawRequest};
use crate::report::{FormatChoice, Outcome, SourceReport};

/// Reads a source anew that no format claimed (or two did), with the format that `options` name.
///
/// # Errors
/// `InvalidInput`: there is no such source, it was not quarantined whole, or no (known) format is named. The store's own
/// troubles, and `Interrupted`; the store is then as before.
pub fn retry(
    store: &Arc<Store>,
    source_id: i32,
    options: &IngestOptions,
    progress: &dyn Progress,
) -> Result<SourceReport> {
    store.check_settings()?;
    let given = Given::new(options.settings.as_ref().unwrap_or(store.config()), options)?;
    let state = store.refresh()?;
    let source = state.sources.get(&source_id).ok_or_else(|| {
        Error::new(ErrorKind::InvalidInput, format!("there is no source {source_id}"))
            .advise("`dwell sources` lists them")
    })?;
    if let Some(privacy) = &source.privacy {
        let message = format!(
            "the bytes of the quarantined lines of source {source_id} were not kept, by its privacy rule ({})",
            privacy.rule.describe()
        );
        return Err(Error::new(ErrorKind::Unsupported, message)
            .advise("there is nothing to read anew; lines and lengths are accounted for"));
    }
    if ![choose::UNKNOWN, choose::AMBIGUOUS].contains(&source.format.as_str()) {
        let message = format!("source {source_id} was read as `{}`", source.format);
        return Err(Error::new(ErrorKind::InvalidInput, message)
            .advise("only a source that was quarantined whole can be read anew"));
    }
    let parser = given.parser.clone().ok_or_else(|| {
        Error::new(ErrorKind::InvalidInput, "no format is named")
            .advise("name one with --format; `dwell formats list` shows them")
    })?;
    let options = IngestOptions { extent_bytes: u64::MAX, extent_us: i64::MAX, ..options.clone() };
    let run = Run {
        store,
        options: &options,
        progress,
        given,
        rules: privacy::Rules::default(),
        jobs: 1,
        started_us: (options.clock)(),
        tasks: Vec::new(),
        board: Board::default().into(),
        beginnings: super::Beginnings::default(),
        changed: std::sync::Condvar::new(),
        stop: false.into(),
        failure: None.into(),
        reports: Vec::new().into(),
    };
    progress.begin(Some(source.bytes));
    let (stored, bytes) = io::pipe()
        .map_err(|error| Error::new(ErrorKind::Io, "cannot make a pipe").caused_by(error))?;
    std::thread::scope(|scope| {
        let giver = scope.spawn(|| give(store, source_id, bytes));
        let report = read_anew(&run, source, parser, Box::new(stored));
        // A reader that stopped has closed the pipe; what the giver says then is no news.
        match (giver.join(), report) {
            (_, Err(error)) => Err(error),
            (Ok(Ok(())), Ok(report)) => Ok(report),
            (Ok(Err(error)), Ok(_)) => Err(error),
            (Err(_), Ok(_)) => Err(Error::new(ErrorKind::Internal, "a worker panicked")),
        }
    })
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

fn read_anew(
    run: &Run<'_>,
    source: &Arc<Source>,
    named: Named,
    stored: Box<dyn io::Read + Send>,
) -> Result<SourceReport> {
    let mut content = Content::plain(stored);
    let (bytes, whole) = sample_of(&mut content)?;
    let sample = Sample::new(&bytes, whole);
    let (line_end, parser) = (sample.line_end, named.parser(&sample.lines)?);
    let sizes = (run.options.chunk_bytes, run.options.line_bytes_max);
    let mut reader = ChunkReader::new(content, bytes, Start::default(), sizes);
    reader.skip(source.bom.len());
    let transaction = run.store.begin_for(source.id)?;
    let extent = ExtentWriter::new(&transaction, run.store.id(), Day::of(run.started_us), 0, None);
    let zone = run.given.zone;
    let shared = Arc::new(Shared::new(reader, Arc::clone(&parser), line_end, zone));
    let extent = shared.fill(run, extent, &mut Vec::new()).map_err(failed)?;
    let totals = extent.totals();
    {
        let reader = shared.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let same = reader.offset() == source.bytes && reader.digest() == source.sha256;
        if !same || totals.counts.lines != source.counts.lines {
            let message = format!("source {} does not come out as it came in", source.id);
            return Err(Error::new(ErrorKind::Integrity, message)
                .advise("`dwell verify --deep` names the damaged file"));
        }
    }
    let (segments, lines) = extent.finish(None)?;
    let record = Retry {
        format: parser.id().to_owned(),
        format_spec: parser.spec().to_owned(),
        zone: zone.map(|zone| zone.name().to_owned()).unwrap_or_default(),
        line_end,
        whole: true,
        ranges: vec![(1, source.next_line() - 1)],
        was: source.counts,
        counts: totals.counts,
        ts_range: totals.ts_range,
        segments,
        lines,
    };
    run.check()?;
    let options = CommitOptions {
        now_us: (run.options.clock)(),
        wait_ms: run.options.wait_ms,
        by: run.options.by.clone(),
    };
    let outcome = transaction.commit_retry(&record, &options)?;
    let mut report = SourceReport::new(&source.path, Outcome::Stored);
    if source.state == SourceState::Damaged {
        report.outcome = Outcome::Damaged;
    }
    report.source_id = match outcome {
        Committed::Committed { source_id, .. } | Committed::AlreadyStored { source_id } => {
            Some(source_id)
        }
    };
    report.extents = 1;
    report.counts = totals.counts;
    report.bytes = source.bytes;
    report.raw_rows = totals.raw_rows;
    report.assumed_zone = totals.assumed_zone;
    report.ts_range = totals.ts_range;
    show_reasons(&mut report, &totals);
    report.format = Some(FormatChoice::given(parser.id()));
    if report.counts.quarantined > 0 {
        report.next = Some(format!("dwell quarantine show --source {}", source.id));
    }
    Ok(report)
}
