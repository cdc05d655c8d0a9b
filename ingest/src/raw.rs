//! What were the bytes that came in? Gives a source back byte for byte, or the lines of a day, from what is stored.
//!
//! Rows are rendered back by the format that read them (or taken from `raw`), lines that are no rows come from
//! `lines/`, and both are merged by line number. Memory holds one batch of each row group that is being merged, or all of a
//! row group that is in another order.

pub(crate) mod entry;
mod lines;
pub(crate) mod merge;

use std::io::Write;
use std::sync::Arc;

use chrono_tz::Tz;
use sha2::{Digest as _, Sha256};
use storage::day::Day;
use storage::digest::Digest;
use storage::error::{Error, ErrorKind, Result};
use storage::extent::{LineEnd, SourceState};
use storage::store::{Source, State, Store};

pub use self::lines::Lines;
use self::merge::{Item, Merge};
use crate::format::{OddKind, Parser};
use crate::pipeline::{MORE, known, zone_of};
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
}

/// Writes the original bytes to `out`.
///
/// # Errors
/// `InvalidInput`: there is no such source or day. `Unsupported`: a source came in under a privacy rule, so that its bytes
/// were never kept, and they are asked for. `Integrity`: the bytes are not the ones that came in (they have been
/// written by then, up to where that was noticed). `Io`: `out` can't be written.
pub fn write(store: &Store, request: RawRequest, out: &mut dyn Write) -> Result<RawReport> {
    let state = store.state();
    let mut sink = Sink { out, hasher: Sha256::new(), bytes: 0 };
    let lines = match request {
        RawRequest::Source(id) => {
            let source = known_source(&state, id)?;
            refuse_withheld(source)?;
            let lines = write_source(store, &state, source, &mut sink)?;
            check(source, &sink)?;
            lines
        }
        RawRequest::Kept(id) => {
            let source = known_source(&state, id)?;
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
    sink.out.flush().map_err(unwritable)?;
    let sha256 = Digest::so_far(&sink.hasher);
    Ok(RawReport { lines, bytes: sink.bytes, sha256 })
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
    let whole = source.retired == 0 && source.redacted == 0;
    if whole && lines != source.counts.lines {
        let message = format!(
            "{lines} lines of source {}, the ledger has {}",
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
    let mut sink = Sink { out: &mut beginning, hasher: Sha256::new(), bytes: 0 };
    let result = write_source(store, &store.state(), source, &mut sink);
    if beginning.left == 0 {
        return Ok(Some(Digest::so_far(&beginning.hasher)));
    }
    result.map(|_| None)
}

fn unwritable(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, "cannot write the output").caused_by(error)
}

/// Writes, hashes and counts.
struct Sink<'a> {
    out: &'a mut dyn Write,
    hasher: Sha256,
    bytes: u64,
}

impl Sink<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes).map_err(unwritable)
    }
}

/// The bytes written must be the ones that came in.
fn check(source: &Source, sink: &Sink<'_>) -> Result<()> {
    let digest = Digest::so_far(&sink.hasher);
    if digest == source.sha256 && sink.bytes == source.bytes {
        return Ok(());
    }
    let id = source.id;
    if matches!(source.state, SourceState::RetiredInPart | SourceState::Retired)
        || source.redacted > 0
    {
        let message = format!("source {id} is no longer whole: days of it are retired or redacted");
        return Err(Error::new(ErrorKind::InvalidInput, message));
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

fn usual(source: &Source) -> &'static [u8] {
    match source.line_end {
        LineEnd::Lf => b"\n",
        LineEnd::Crlf => b"\r\n",
    }
}

/// Puts lines together: text, pieces that follow, and the line end, which may be told before or after the text.
struct Joined<'a, 'b> {
    sink: &'a mut Sink<'b>,
    usual: &'static [u8],
    /// The line whose text is being written.
    current: Option<i64>,
    /// Unusual line ends: of the current line, or of the one that comes.
    odd_ends: Vec<(i64, Vec<u8>)>,
    buffer: Vec<u8>,
}

impl Joined<'_, '_> {
    fn begin(&mut self, line_no: i64) -> Result<()> {
        if let Some(current) = self.current {
            self.end(current);
        }
        self.current = Some(line_no);
        self.flush_if_large()
    }

    fn end(&mut self, line_no: i64) {
        match self.odd_ends.iter().position(|(at, _)| *at == line_no) {
            Some(place) => self.buffer.extend_from_slice(&self.odd_ends.swap_remove(place).1),
            None => self.buffer.extend_from_slice(self.usual),
        }
    }

    fn flush_if_large(&mut self) -> Result<()> {
        if self.buffer.len() >= 256 << 10 { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        self.sink.put(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

fn write_source(
    store: &Store,
    state: &State,
    source: &Arc<Source>,
    sink: &mut Sink<'_>,
) -> Result<u64> {
    sink.put(&source.bom)?;
    let parser = parser_of(source)?;
    let zone = zone_of(source);
    let mut merge = Merge::of_source(store, state, source.id);
    let mut lines = Joined {
        sink,
        usual: usual(source),
        current: None,
        odd_ends: Vec::new(),
        buffer: Vec::new(),
    };
    let mut expected = 1;
    while let Some(item) = merge.next()? {
        match item {
            Item::Rows(run) => {
                let batch = run.batch();
                let batch = AsPrinted::new(&batch, source.shift_us);
                for at in run.rows.clone() {
                    next_line(source, &mut expected, run.line_no(at))?;
                    lines.begin(run.line_no(at))?;
                    parser.render(&RowView::new(&batch, at), zone, &mut lines.buffer);
                }
            }
            Item::Entry(entry) if entry.kind == OddKind::Eol.name() => {
                lines.odd_ends.push((entry.line_no, entry.bytes));
            }
            Item::Entry(entry) if entry.kind == MORE => {
                if lines.current != Some(entry.line_no) {
                    return Err(missing(source, entry.line_no));
                }
                lines.buffer.extend_from_slice(&entry.bytes);
                lines.flush_if_large()?;
            }
            Item::Entry(entry) => {
                next_line(source, &mut expected, entry.line_no)?;
                lines.begin(entry.line_no)?;
                lines.buffer.extend_from_slice(&entry.bytes);
            }
        }
    }
    if let Some(last) = lines.current
        && source.final_newline
    {
        lines.end(last);
    }
    lines.flush()?;
    Ok((expected - 1) as u64)
}

fn parser_of(source: &Source) -> Result<Arc<dyn Parser>> {
    // A source without lines has no format.
    if source.format.is_empty() {
        known(&Source { format: "unknown".into(), ..source.clone() })
    } else {
        known(source)
    }
}

fn next_line(source: &Source, expected: &mut i64, line_no: i64) -> Result<()> {
    let whole = source.retired == 0 && source.redacted == 0;
    if whole && line_no != *expected {
        return Err(missing(source, *expected));
    }
    *expected = line_no + 1;
    Ok(())
}

fn missing(source: &Source, line_no: i64) -> Error {
    Error::new(ErrorKind::Integrity, format!("line {line_no} of source {} is missing", source.id))
        .advise("`dwell verify --deep` names the damaged file")
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
                sink.put(&buffer)?;
                buffer.clear();
            }
        }
        current = Some(printer);
    }
    sink.put(&buffer)?;
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
