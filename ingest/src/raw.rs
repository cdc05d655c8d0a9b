//! What were the bytes that came in? Gives a source back byte for byte, or the lines of a day, from what is stored.
//!
//! Rows are rendered back by the format that read them (or taken from `raw`), lines that are no rows come from
//! `lines/`, and both are merged by line number. Memory holds one batch of each row group that is being merged, or all of a
//! row group that is in another order.

pub(crate) mod entry;
mod left;
mod lines;
pub(crate) mod merge;
mod source;

use std::io::Write;
use std::sync::Arc;

use chrono_tz::Tz;
use sha2::{Digest as _, Sha256};
use storage::day::Day;
use storage::digest::Digest;
use storage::error::{Error, ErrorKind, Result};
use storage::extent::{LineEnd, SourceState};
use storage::store::{Source, State, Store};

pub use self::left::Leavings;
pub use self::lines::Lines;
use self::merge::{Item, Merge};
use self::source::{Sink, write_source};
use crate::format::Parser;
use crate::pipeline::{known, zone_of};
use crate::render::{AsPrinted, RowView};

/// What to give back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RawRequest {
    /// A source, byte for byte.
    Source(i32),
    /// The lines of the rows of a day, in the order of (source, line).
    Day(Day),
    /// The lines of a source as far as they are kept: what a privacy rule took away is absent as if it had not been
    /// logged, and of lines that are no rows length and keyed digest stand there.
    Kept(i32),
    /// The lines of the rows of a day, as far as they are kept.
    KeptOfDay(Day),
}

/// What was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawReport {
    /// Lines written.
    pub lines: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Digest of the bytes written. For a source it was compared with the ledger's.
    pub sha256: Digest,
    /// Lines of the source that were redacted and are not among them.
    pub redacted: u64,
}

/// Writes the original bytes to `out`.
///
/// # Errors
/// `InvalidInput`: there is no such source or day. `Unsupported`: a source came in under a privacy rule, so that its bytes
/// were never kept, and they are asked for. `Integrity`: the bytes are not the ones that came in (they have been
/// written by then, up to where that was noticed). `Io`: `out` can't be written.
pub fn write(store: &Store, request: RawRequest, out: &mut dyn Write) -> Result<RawReport> {
    let state = store.state();
    let mut sink = Sink::new(out);
    let mut redacted = 0;
    let lines = match request {
        RawRequest::Source(id) | RawRequest::Kept(id) => {
            let source = known_source(&state, id)?;
            if request == RawRequest::Source(id) {
                refuse_withheld(source)?;
            }
            redacted = source.redacted + source.redacted_others;
            sink.until = source.remaining.map(|(line, _)| (line, None));
            let lines = write_source(store, &state, source, &mut sink)?;
            if source.privacy.is_none() {
                check(source, &sink)?;
            } else {
                check_lines(source, lines)?;
            }
            lines
        }
        RawRequest::Day(day) => write_day(store, &state, day, false, &mut sink)?,
        RawRequest::KeptOfDay(day) => write_day(store, &state, day, true, &mut sink)?,
    };
    sink.flush()?;
    Ok(RawReport { lines, bytes: sink.bytes, sha256: sink.digest(), redacted })
}

fn known_source(state: &State, id: i32) -> Result<&Arc<Source>> {
    state.sources.get(&id).ok_or_else(|| {
        Error::new(ErrorKind::InvalidInput, format!("there is no source {id}"))
            .advise("`dwell sources` lists them")
    })
}

/// Refuses to give back what was never kept.
fn refuse_withheld(source: &Source) -> Result<()> {
    let Some(privacy) = &source.privacy else { return Ok(()) };
    let message = format!(
        "source {} can't be given back byte for byte: it came in under a privacy rule ({})",
        source.id,
        privacy.rule.describe()
    );
    Err(Error::new(ErrorKind::Unsupported, message)
        .advise("--kept writes its lines without what was taken away"))
}

/// All lines of a source must be there, even if their bytes are not.
fn check_lines(source: &Source, lines: u64) -> Result<()> {
    let gone = source.redacted + source.redacted_others;
    if source.retired == 0 && lines + gone != source.counts.lines {
        let message = format!(
            "{lines} lines of source {}, the ledger has {} of which {gone} are redacted",
            source.id, source.counts.lines
        );
        return Err(Error::new(ErrorKind::Integrity, message)
            .advise("`dwell verify --deep` names the damaged file"));
    }
    Ok(())
}

/// The digest of the first `bytes` of a source, as they are stored; `None` if they can't be given back.
pub(crate) fn digest_of_beginning(
    store: &Store,
    source: &Arc<Source>,
    bytes: u64,
) -> Result<Option<Digest>> {
    /// Hashes so many bytes, then fails.
    struct Beginning {
        hasher: Sha256,
        left: u64,
    }
    impl Write for Beginning {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let len = bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
            if len == 0 && !bytes.is_empty() {
                return Err(std::io::ErrorKind::WriteZero.into());
            }
            self.hasher.update(&bytes[..len]);
            self.left -= len as u64;
            Ok(len)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    if source.privacy.is_some() {
        return Ok(None);
    }
    let mut beginning = Beginning { hasher: Sha256::new(), left: bytes };
    let mut sink = Sink::new(&mut beginning);
    let result = write_source(store, &store.state(), source, &mut sink);
    if beginning.left == 0 {
        return Ok(Some(Digest::so_far(&beginning.hasher)));
    }
    result.map(|_| None)
}

fn unwritable(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, "cannot write the output").caused_by(error)
}

/// The bytes written must be the ones that came in, less the lines that were redacted.
fn check(source: &Source, sink: &Sink<'_>) -> Result<()> {
    let id = source.id;
    if matches!(source.state, SourceState::RetiredInPart | SourceState::Retired) {
        let message = format!("source {id} is no longer whole: days of it are retired");
        return Err(Error::new(ErrorKind::InvalidInput, message));
    }
    if source.redacted + source.redacted_others > 0 {
        return check_left(source, sink);
    }
    let digest = sink.digest();
    if digest == source.sha256 && sink.bytes == source.bytes {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Integrity,
        format!(
            "source {id} does not come out as it came in: {} bytes with digest {digest}, the ledger \
             has {} with {}",
            sink.bytes, source.bytes, source.sha256
        ),
    )
    .advise("`dwell verify --deep` names the damaged file"))
}

/// What is left of a source after a redaction must have the digest that its record states. Lines that came later are known
/// to be all there; their files vouch for their bytes.
fn check_left(source: &Source, sink: &Sink<'_>) -> Result<()> {
    let Some((line, expected)) = source.remaining else { return Ok(()) };
    let found = sink.until.and_then(|(_, digest)| digest).unwrap_or_else(|| sink.digest());
    if found == expected {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Integrity,
        format!(
            "source {} up to line {line} does not come out as its redaction left it: digest {found}, \
             the ledger has {expected}",
            source.id
        ),
    )
    .advise("`dwell verify --deep` names the damaged file"))
}

fn usual(source: &Source) -> &'static [u8] {
    match source.line_end {
        LineEnd::Lf => b"\n",
        LineEnd::Crlf => b"\r\n",
    }
}

fn parser_of(source: &Source) -> Result<Arc<dyn Parser>> {
    // A source without lines has no format.
    if source.format.is_empty() {
        known(&Source { format: "unknown".into(), ..source.clone() })
    } else {
        known(source)
    }
}

fn write_day(
    store: &Store,
    state: &State,
    day: Day,
    kept: bool,
    sink: &mut Sink<'_>,
) -> Result<u64> {
    if !state.days.contains_key(&day) {
        return Err(Error::new(ErrorKind::InvalidInput, format!("no rows of {day} are stored"))
            .advise("`dwell days` lists the days"));
    }
    let mut merge = Merge::of_day(store, state, day);
    let mut current: Option<Printer> = None;
    let (mut count, mut buffer) = (0, Vec::new());
    while let Some(item) = merge.next()? {
        let Item::Rows(run) = item else { continue };
        let printer = match current.take() {
            Some(printer) if printer.source.id == run.source_id => printer,
            _ => Printer::of(state, run.source_id, kept)?,
        };
        let batch = run.batch();
        let batch = AsPrinted::new(&batch, printer.source.shift_us);
        for at in run.rows.clone() {
            printer.parser.render(&RowView::new(&batch, at), printer.zone, &mut buffer);
            buffer.extend_from_slice(usual(&printer.source));
            count += 1;
            if buffer.len() >= 256 << 10 {
                sink.put(&buffer, false)?;
                buffer.clear();
            }
        }
        current = Some(printer);
    }
    sink.put(&buffer, false)?;
    Ok(count)
}

/// A source with the parser that gives its lines back.
struct Printer {
    source: Arc<Source>,
    parser: Arc<dyn Parser>,
    zone: Option<Tz>,
}

impl Printer {
    fn of(state: &State, id: i32, kept: bool) -> Result<Self> {
        let source = state.sources.get(&id).cloned().ok_or_else(|| {
            Error::new(ErrorKind::Integrity, format!("source {id} is not in the ledger"))
        })?;
        if !kept {
            refuse_withheld(&source)?;
        }
        let (parser, zone) = (parser_of(&source)?, zone_of(&source));
        Ok(Self { source, parser, zone })
    }
}
