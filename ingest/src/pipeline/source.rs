//! What becomes of one input? It is opened, recognised, read extent by extent, committed, and reported.

use std::sync::Arc;

use chrono_tz::Tz;
use storage::day::Day;
use storage::digest::Digest;
use storage::error::{ErrorKind, Result};
use storage::extent::{Counts, Extent, SourceInfo, SourceState};
use storage::store::{Outcome as Committed, Source, Transaction};

use super::Run;
use super::choose;
use super::extent::{ExtentWriter, Totals};
use super::plan::{self, Continue, Opened, Plan};
use super::privacy;
use super::shift;
use super::work::{Failure, Shared};
use crate::chunk::{ChunkReader, End, Start};
use crate::detect::{self, Sample};
use crate::format::{Parser, Reason};
use crate::input::{Input, ReadError, archive, explain};
use crate::privacy::Scrubber;
use crate::quarantine;
use crate::report::{FormatChoice, Outcome, SourceReport};

/// How often a source is planned anew because another writer was faster.
const PLANS_MAX: usize = 100;

/// What became of the wish to take an input in.
pub(super) enum Taken {
    /// It was taken in, as far as it could be.
    Done(SourceReport),
    /// An input that begins alike is being taken in; this one is to be tried again after it.
    Later,
    /// It is an archive: what lies in it is to be taken in.
    Archive(archive::Kind, Opened),
}

/// Takes one input in; `opened` is a file in an archive as it came out. Troubles of the input are told in the report; an
/// error ends the run.
pub(super) fn take_in(
    run: &Run<'_>,
    input: &Input,
    mut opened: Option<Opened>,
    buffer: &mut Vec<u8>,
) -> Result<Taken> {
    let mut report = SourceReport::new(&input.name, Outcome::Unreadable);
    let mut plans = 0;
    loop {
        match attempt(run, input, opened.take(), buffer, &mut report) {
            Ok(Attempt::Done) => break,
            // What was stored before another writer came between is not forgotten: then it is waited for here.
            Ok(Attempt::Later) if report.extents > 0 => std::thread::yield_now(),
            Ok(Attempt::Later) => return Ok(Taken::Later),
            Ok(Attempt::Archive(kind, opened)) => return Ok(Taken::Archive(kind, opened)),
            Err(Failure::Store(error))
                if error.kind() == ErrorKind::Conflict
                    && plans < PLANS_MAX
                    && input.can_reopen() =>
            {
                plans += 1;
                run.store.refresh()?;
            }
            Err(Failure::Store(error)) => return Err(error),
            Err(Failure::Read(error)) => {
                report.outcome = Outcome::Unreadable;
                report.message = Some(unreadable(input, &error));
                break;
            }
        }
    }
    shift::mention(run, &mut report);
    plan::redacted::mention(run, &mut report);
    Ok(Taken::Done(report))
}

/// What to say about an input that can't be read.
pub(super) fn unreadable(input: &Input, error: &ReadError) -> String {
    match error {
        ReadError::Io(error) => explain(&input.name, error),
        ReadError::Damaged(why) => format!("{}: {why}", input.name.display()),
    }
}

enum Attempt {
    Done,
    Later,
    Archive(archive::Kind, Opened),
}

fn attempt(
    run: &Run<'_>,
    input: &Input,
    opened: Option<Opened>,
    buffer: &mut Vec<u8>,
    report: &mut SourceReport,
) -> std::result::Result<Attempt, Failure> {
    run.check()?;
    let opened = opened.map_or_else(|| plan::open(input), Ok)?;
    if input.depth() < archive::DEPTH_MAX
        && let Some(kind) = archive::kind(&opened.sample)
    {
        return Ok(Attempt::Archive(kind, opened));
    }
    let beginning = plan::prefix(&opened.sample);
    // A file in an archive can't be put back: the archive waits with it.
    let claim =
        if input.depth() > 0 { Some(run.await_claim(beginning)) } else { run.claim(beginning) };
    if claim.is_none() && input.can_reopen() {
        return Ok(Attempt::Later);
    }
    match plan::plan(run.store, input, opened)? {
        Plan::Already(source) => {
            already(report, source.id, Some(&source));
            if source.privacy.is_none()
                && run.rules.of(input).is_some()
                && let Some(message) = &mut report.message
            {
                message.push_str(
                    "; it came in before the privacy rule for this path, and holds all fields",
                );
            }
        }
        Plan::New(opened, empty) => {
            let Some(mut intake) = new_source(run, input, opened, report)? else {
                return Ok(Attempt::Done);
            };
            if let Some(source) = empty {
                intake.known = Some(source.id);
                if intake.outcome == Outcome::Stored {
                    intake.outcome = Outcome::Grown;
                }
            }
            drive(run, intake, buffer, report)?;
        }
        Plan::Continue(known) => {
            plan::redacted::mention_reopened(run, &known, report);
            let intake = go_on(run, input, *known, report)?;
            drive(run, intake, buffer, report)?;
        }
    }
    Ok(Attempt::Done)
}

fn already(report: &mut SourceReport, source_id: i32, source: Option<&Source>) {
    report.source_id = Some(source_id);
    // What this run stored itself before another finished the source stays reported as stored.
    report.outcome = if report.extents == 0 { Outcome::AlreadyStored } else { Outcome::Continued };
    let name = source.map(|source| format!(" ({})", source.path.display())).unwrap_or_default();
    report.message = Some(format!("its content is already stored as source {source_id}{name}"));
    report.format = source.map(|source| FormatChoice::given(&source.format));
}

/// A source about to be read.
struct Intake {
    known: Option<i32>,
    info: SourceInfo,
    parser: Arc<dyn Parser>,
    zone: Option<Tz>,
    /// What stands before everything that is written, if it comes in under a privacy rule.
    scrubber: Option<Arc<Scrubber>>,
    reader: ChunkReader,
    /// First byte of the next extent.
    from: u64,
    /// Bytes of it that are stored already.
    stored: u64,
    supersedes: Option<(i64, Counts)>,
    /// The outcome if nothing else happens.
    outcome: Outcome,
    unread: Option<Reason>,
}

/// Decides how a new source is read; `None` if it is refused.
fn new_source(
    run: &Run<'_>,
    input: &Input,
    opened: Opened,
    report: &mut SourceReport,
) -> Result<Option<Intake>> {
    let Opened { content, sample: bytes, whole } = opened;
    let sample = Sample::new(&bytes, whole);
    let chosen = match run.given.choose(&input.name, &bytes, &sample, run.started_us) {
        Ok(chosen) => chosen,
        Err(what) => {
            report.outcome = Outcome::Refused;
            let name = input.name.display();
            report.message = Some(if archive::kind(&bytes).is_some() {
                format!("{name} is an archive in an archive in an archive; unpack the outer ones")
            } else {
                format!("{name} is no log but {what}; nothing of it was stored")
            });
            return Ok(None);
        }
    };
    let (privacy, scrubber) = run.rules.scrubber(run.store, input)?.unzip();
    let empty = sample.lines.is_empty();
    report.format = (!empty && chosen.unread.is_none()).then(|| chosen.choice.clone());
    let given = chosen.unread.is_none();
    let info = SourceInfo {
        path: input.name.clone(),
        identity: content.identity,
        prefix: kept(scrubber.as_ref(), plan::prefix(&bytes)),
        format: if empty && !given { String::new() } else { chosen.parser.id().to_owned() },
        format_spec: spec(scrubber.as_ref(), &*chosen.parser),
        zone: chosen.zone.map(|zone| zone.name().to_owned()).unwrap_or_default(),
        line_end: sample.line_end,
        bom: sample.bom.to_vec(),
        shift_us: run.options.shift_us,
        privacy,
    };
    let unread = chosen.unread.filter(|_| !empty);
    if unread.is_some() {
        report.message = Some(unread_message(&chosen.choice, unread, &bytes));
    }
    let bom = sample.bom.len();
    let sizes = (run.options.chunk_bytes, run.options.line_bytes_max);
    let mut reader = ChunkReader::new(content, bytes, Start::default(), sizes);
    reader.skip(bom);
    Ok(Some(Intake {
        known: None,
        info,
        parser: chosen.parser,
        zone: chosen.zone,
        scrubber,
        reader,
        from: 0,
        stored: 0,
        supersedes: None,
        outcome: match (empty, unread) {
            (true, _) => Outcome::Empty,
            (false, Some(_)) => Outcome::Quarantined,
            (false, None) => Outcome::Stored,
        },
        unread,
    }))
}

/// What is kept of a digest: a keyed one in its place, if the source is under a privacy rule.
pub(super) fn kept(scrubber: Option<&Arc<Scrubber>>, digest: Digest) -> Digest {
    scrubber.map_or(digest, |scrubber| scrubber.digest(&digest))
}

/// What is kept of what a format has learned.
pub(super) fn spec(scrubber: Option<&Arc<Scrubber>>, parser: &dyn Parser) -> String {
    scrubber.map_or_else(|| parser.spec().to_owned(), |scrubber| scrubber.spec(parser.spec()))
}

fn unread_message(choice: &FormatChoice, unread: Option<Reason>, bytes: &[u8]) -> String {
    let share = |score: Option<f64>| format!("{:.0} %", score.unwrap_or(0.0) * 100.0);
    if detect::is_utf16(bytes) {
        return "it is UTF-16, which no format reads; convert it with `iconv -f UTF-16 -t UTF-8`"
            .to_owned();
    }
    match (unread, &choice.runner_up) {
        (Some(Reason::AmbiguousFormat), Some((next, _))) => {
            format!("`{}` and `{next}` fit equally well and would read it differently", choice.id)
        }
        _ if choice.score.is_some_and(|score| score > 0.0) => format!(
            "no format reads it; the nearest, `{}`, reads {} of the lines looked at",
            choice.id,
            share(choice.score)
        ),
        _ => "no format reads any of the lines looked at".to_owned(),
    }
}

/// Prepares a known source to be read on.
fn go_on(
    run: &Run<'_>,
    input: &Input,
    known: Continue,
    report: &mut SourceReport,
) -> Result<Intake> {
    let Continue { source, content, head, start, supersedes, sample: bytes } = known;
    let (mut parser, mut zone) = (choose::known(&source)?, choose::zone_of(&source));
    // A copy in an archive is not the file that grows.
    let place = (input.name.clone(), content.identity);
    let known_place = (source.path.clone(), source.identity);
    let (path, identity) = if input.depth() > 0 { known_place } else { place };
    let scrubber = privacy::scrubber_of(run.store, &source)?;
    let mut info = SourceInfo {
        path,
        identity,
        prefix: kept(scrubber.as_ref(), plan::prefix(&bytes)),
        format: source.format.clone(),
        format_spec: source.format_spec.clone(),
        zone: source.zone.clone(),
        line_end: source.line_end,
        bom: source.bom.clone(),
        shift_us: source.shift_us,
        privacy: source.privacy.clone(),
    };
    report.format = Some(FormatChoice::given(&source.format));
    if source.privacy.is_none() && run.rules.of(input).is_some() {
        report.message = Some(
            "it began before the privacy rule for this path, and goes on with all fields; a new file comes in under the rule"
                .into(),
        );
    }
    if supersedes.is_some() && source.counts.lines <= 1 {
        // Its only line had no end: not before now can it be told what it is.
        let sample = Sample::new(&bytes, false);
        if let Ok(chosen) = run.given.choose(&input.name, &bytes, &sample, run.started_us) {
            (parser, zone) = (chosen.parser, chosen.zone);
            parser.id().clone_into(&mut info.format);
            info.format_spec = spec(scrubber.as_ref(), &*parser);
            info.zone = zone.map(|zone| zone.name().to_owned()).unwrap_or_default();
            info.line_end = sample.line_end;
            report.format = chosen.unread.is_none().then_some(chosen.choice);
        }
    }
    let supersedes = match supersedes {
        None => None,
        Some(line) => Some((line, quarantine::accounts_of(run.store, source.id, line)?)),
    };
    let interrupted = source.state == SourceState::Open && source.final_newline;
    let outcome = if interrupted || source.state == SourceState::Damaged {
        Outcome::Continued
    } else {
        Outcome::Grown
    };
    let unread = match info.format.as_str() {
        choose::UNKNOWN => Some(Reason::UnknownFormat),
        choose::AMBIGUOUS => Some(Reason::AmbiguousFormat),
        _ => None,
    };
    let from = start.offset;
    let sizes = (run.options.chunk_bytes, run.options.line_bytes_max);
    let reader = ChunkReader::new(content, head, start, sizes);
    let (known, stored) = (Some(source.id), source.bytes);
    Ok(Intake {
        known,
        info,
        parser,
        zone,
        scrubber,
        reader,
        from,
        stored,
        supersedes,
        outcome,
        unread,
    })
}

/// Reads and commits extents until the content ends.
fn drive(
    run: &Run<'_>,
    intake: Intake,
    buffer: &mut Vec<u8>,
    report: &mut SourceReport,
) -> std::result::Result<(), Failure> {
    let Intake { mut known, info, parser, zone, scrubber, reader, mut from, mut stored, .. } =
        intake;
    report.privacy = info.privacy.as_ref().map(|privacy| privacy.rule.describe());
    let mut supersedes = intake.supersedes;
    let mut first_line = reader.line_no();
    let mut seq = 0;
    let mut damage = None;
    let shared = Arc::new(Shared::new(reader, parser, info.line_end, zone));
    loop {
        let transaction = match known {
            None => run.store.begin()?,
            Some(source_id) => run.store.begin_for(source_id)?,
        };
        let ingest_day = Day::of(run.started_us);
        let extent =
            ExtentWriter::new(&transaction, run.store.id(), ingest_day, seq, scrubber.clone())
                .with_shift(info.shift_us);
        let extent = shared.fill(run, extent, buffer)?;
        let totals = extent.totals();
        let mut reader = shared.reader.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let more = reader.has_more()?;
        let state = match reader.end() {
            _ if more => SourceState::Open,
            Some(End::Damaged(why)) => {
                damage = Some(why.clone());
                SourceState::Damaged
            }
            _ if !reader.final_newline() => SourceState::Open,
            _ => SourceState::Complete,
        };
        let (line, superseded) = supersedes.take().unzip();
        let mut record = Extent {
            source: info.clone(),
            from,
            to: reader.offset(),
            sha256: kept(scrubber.as_ref(), reader.digest()),
            first_line,
            counts: totals.counts,
            supersedes: line,
            superseded: superseded.unwrap_or_default(),
            final_newline: reader.final_newline(),
            state,
            ts_range: totals.ts_range,
            segments: Vec::new(),
            lines: None,
        };
        let facts = record.footer_json(transaction.source_id())?;
        (record.segments, record.lines) = extent.finish(Some(&facts))?;
        (from, first_line, seq) = (reader.offset(), reader.line_no(), reader.chunks());
        drop(reader);
        let Some(source_id) = commit(run, transaction, &record, &totals, &mut stored, report)?
        else {
            return Ok(());
        };
        known = Some(source_id);
        if !more {
            break;
        }
    }
    finish(report, intake.outcome, intake.unread, damage);
    Ok(())
}

/// Commits an extent and adds it to the report; `None` if its content was there already.
fn commit(
    run: &Run<'_>,
    transaction: Transaction,
    record: &Extent,
    totals: &Totals,
    stored: &mut u64,
    report: &mut SourceReport,
) -> Result<Option<i32>> {
    run.check()?;
    let source_id = match transaction.commit(record, &run.commit_options())? {
        Committed::AlreadyStored { source_id } => {
            already(report, source_id, run.store.state().sources.get(&source_id).map(|s| &**s));
            return Ok(None);
        }
        Committed::Committed { source_id, .. } => source_id,
    };
    report.source_id = Some(source_id);
    report.extents += 1;
    report.counts.add(&totals.counts);
    report.bytes += record.to - (*stored).max(record.from);
    *stored = record.to;
    report.raw_rows += totals.raw_rows;
    report.assumed_zone += totals.assumed_zone;
    if let Some((first, last)) = totals.ts_range {
        let (low, high) = report.ts_range.unwrap_or((first, last));
        report.ts_range = Some((low.min(first), high.max(last)));
    }
    show_reasons(report, totals);
    Ok(Some(source_id))
}

/// Adds the quarantined lines by reason to the report.
pub(super) fn show_reasons(report: &mut SourceReport, totals: &Totals) {
    for (reason, lines) in &totals.reasons {
        match report.reasons.iter_mut().find(|(name, _)| name == reason.name()) {
            Some((_, sum)) => *sum += lines,
            None => report.reasons.push((reason.name().to_owned(), *lines)),
        }
    }
}

/// Says what became of a source that was read to its end.
fn finish(
    report: &mut SourceReport,
    outcome: Outcome,
    unread: Option<Reason>,
    damage: Option<String>,
) {
    report.outcome = outcome;
    let id = report.source_id.unwrap_or_default();
    if let Some(why) = damage {
        report.outcome = Outcome::Damaged;
        report.message = Some(format!(
            "it is damaged ({why}): the {} bytes that came out are stored; a whole copy continues it",
            report.bytes
        ));
        report.next = Some("dwell ingest <a whole copy of it>".to_owned());
    } else if unread.is_some() && report.privacy.is_some() {
        let message = report.message.get_or_insert_default();
        message.push_str("; its privacy rule lets nothing be kept of such lines but their lengths");
        let command = format!("dwell quarantine retry --source {id} --format NAME");
        report.next = Some(format!("{command} --original <the file>"));
    } else if unread.is_some() {
        report.next = Some(format!("dwell quarantine retry --source {id} --format NAME"));
    } else if report.counts.quarantined > 0 {
        report.next = Some(format!("dwell quarantine show --source {id}"));
    }
}
