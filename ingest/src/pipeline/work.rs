//! How do workers share one source? Each takes a chunk under the reader's lock, then parses and encodes it alone.
//!
//! The worker that opened a source owns it: it begins and commits the extents. Workers without a source of their own
//! help with the extents that are open, and let go of them at their end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use chrono_tz::Tz;
use storage::clock::Micros;
use storage::error::{Error, ErrorKind};
use storage::extent::{Counts, LineEnd};

use super::Run;
use super::extent::{ExtentWriter, MORE, Odd, Totals};
use crate::chunk::{Chunk, ChunkKind, ChunkReader};
use crate::format::{ChunkSink, Cut, Headers, LineContext, OddKind, Parser, Reason};
use crate::input::ReadError;

/// Why a source can't be taken in.
#[derive(Debug)]
pub(super) enum Failure {
    /// The store: the run ends.
    Store(Error),
    /// The input: this source ends, the run goes on.
    Read(ReadError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// One source being read, as its workers see it.
pub(super) struct Shared {
    pub(super) reader: Mutex<ChunkReader>,
    parser: Arc<dyn Parser>,
    line_end: LineEnd,
    zone: Option<Tz>,
    near_us: Option<Micros>,
    gate: Mutex<Gate>,
    left: Condvar,
    failed: AtomicBool,
}

/// A chunk, the header lines before it, if its format has such, and where its records end, if that is not at line ends.
type Given = (Chunk, Option<Arc<Headers>>, Option<Arc<[Cut]>>);

#[derive(Default)]
struct Gate {
    open: Option<Open>,
    helpers: usize,
    failure: Option<Failure>,
}

#[derive(Clone)]
struct Open {
    extent: Arc<ExtentWriter>,
    /// Offset and time at which the extent is full.
    full_at: u64,
    full_us: Micros,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(super) fn new(
        mut reader: ChunkReader,
        parser: Arc<dyn Parser>,
        line_end: LineEnd,
        zone: Option<Tz>,
    ) -> Self {
        reader.frame(parser.framing());
        if parser.has_headers() {
            reader.watch_headers();
        }
        Self {
            near_us: reader.modified_us(),
            reader: Mutex::new(reader),
            parser,
            line_end,
            zone,
            gate: Mutex::default(),
            left: Condvar::new(),
            failed: AtomicBool::new(false),
        }
    }

    /// Reads one extent to its end, with whoever helps; the writer then holds all of it.
    pub(super) fn fill(
        self: &Arc<Self>,
        run: &Run<'_>,
        extent: ExtentWriter,
        buffer: &mut Vec<u8>,
    ) -> Result<ExtentWriter, Failure> {
        let begins = lock(&self.reader).offset();
        let open = Open {
            extent: Arc::new(extent),
            full_at: begins.saturating_add(run.options.extent_bytes.max(1)),
            full_us: (run.options.clock)().saturating_add(run.options.extent_us.max(1)),
        };
        lock(&self.gate).open = Some(open.clone());
        let mine = self.work(run, &open, buffer, true);
        if mine.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
        run.withdraw(self);
        let mut gate = lock(&self.gate);
        gate.open = None;
        while gate.helpers > 0 {
            gate = self.left.wait(gate).unwrap_or_else(PoisonError::into_inner);
        }
        let theirs = gate.failure.take();
        drop(gate);
        mine?;
        if let Some(failure) = theirs {
            return Err(failure);
        }
        Arc::try_unwrap(open.extent)
            .map_err(|_| Error::new(ErrorKind::Internal, "a helper kept the extent").into())
    }

    /// Helps with the open extent, if there is one.
    pub(super) fn help(self: &Arc<Self>, run: &Run<'_>, buffer: &mut Vec<u8>) {
        let open = {
            let mut gate = lock(&self.gate);
            let Some(open) = gate.open.clone() else { return };
            gate.helpers += 1;
            open
        };
        // Even if a parser panics, the owner must not wait for ever.
        let mut leaving = Leaving { shared: self, result: None };
        let result = self.work(run, &open, buffer, false);
        drop(open);
        leaving.result = Some(result);
    }

    fn work(
        self: &Arc<Self>,
        run: &Run<'_>,
        open: &Open,
        buffer: &mut Vec<u8>,
        owner: bool,
    ) -> Result<(), Failure> {
        let mut parser = self.parser.chunk_parser();
        let mut sink = ChunkSink::default();
        let mut published = !owner || run.jobs < 2;
        while let Some((chunk, headers, cuts)) = self.next(run, open, buffer)? {
            if !published && lock(&self.reader).end().is_none() {
                run.publish(self);
                published = true;
            }
            let bytes = &buffer[..chunk.len];
            let rows = match chunk.kind {
                ChunkKind::Lines => {
                    let context = LineContext {
                        source_id: open.extent.source_id(),
                        first_line: chunk.first_line,
                        first_offset: chunk.first_offset,
                        // Times are judged as corrected.
                        ingest_us: run.started_us.saturating_sub(open.extent.shift_us()),
                        line_end: self.line_end,
                        zone: self.zone,
                        line_bytes_max: run.options.line_bytes_max,
                        headers,
                        cuts,
                        near_us: self.near_us.unwrap_or(run.started_us),
                    };
                    parser.parse(bytes, &context, &mut sink);
                    check(&sink.counts, &chunk)?;
                    let rows = sink.counts.rows;
                    self.trust(&mut sink);
                    open.extent.take(&mut sink, Some(chunk.seq))?;
                    rows
                }
                ChunkKind::Long { .. } | ChunkKind::Cut => {
                    self.odd_chunk(&open.extent, &chunk, bytes)?;
                    0
                }
            };
            run.progress.advance(chunk.len as u64, rows);
        }
        parser.flush(&mut sink);
        self.trust(&mut sink);
        open.extent.take(&mut sink, None)?;
        Ok(())
    }

    /// A zone that was given is taken on nobody's trust.
    fn trust(&self, sink: &mut ChunkSink) {
        if self.zone.is_some() {
            sink.assumed_zone_rows = 0;
        }
    }

    /// The next chunk of the extent; `None` at its end.
    fn next(
        self: &Arc<Self>,
        run: &Run<'_>,
        open: &Open,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Given>, Failure> {
        if self.failed.load(Ordering::Relaxed) {
            return Ok(None);
        }
        run.check()?;
        let mut reader = lock(&self.reader);
        let due = || (run.options.clock)() >= open.full_us;
        let full = reader.can_stop() && (reader.offset() >= open.full_at || due());
        let chunk = if full { None } else { reader.next(buffer, &due)? };
        let chunk = chunk.map(|chunk| (chunk, reader.headers(), reader.take_cuts()));
        drop(reader);
        if chunk.is_none() {
            run.withdraw(self);
        }
        Ok(chunk)
    }

    /// A piece of a line too long to be parsed, or a line that was cut short: to quarantine as it is.
    fn odd_chunk(&self, extent: &ExtentWriter, chunk: &Chunk, bytes: &[u8]) -> Result<(), Error> {
        let (begins, reason) = match chunk.kind {
            ChunkKind::Long { first, .. } => (first, Reason::LineTooLong),
            ChunkKind::Lines | ChunkKind::Cut => (true, Reason::CutShort),
        };
        let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let mut records = Vec::new();
        if begins || !text.is_empty() {
            records.push(Odd {
                line_no: chunk.first_line,
                byte_offset: chunk.first_offset,
                kind: if begins { OddKind::Quarantined.name() } else { MORE }.into(),
                reason: Some(reason.name().into()),
                bytes: text.to_vec(),
            });
        }
        if bytes.ends_with(b"\n") && self.line_end == LineEnd::Crlf {
            // The carriage return, if there is one, stays with the text: it may have come with the piece before.
            records.push(Odd {
                line_no: chunk.first_line,
                byte_offset: chunk.first_offset + text.len() as u64,
                kind: OddKind::Eol.name().into(),
                reason: None,
                bytes: b"\n".to_vec(),
            });
        }
        extent.odd(chunk.seq, records)?;
        if begins {
            let counts = Counts { lines: 1, quarantined: 1, ..Counts::default() };
            let reasons = [(reason, 1)].into();
            extent.count(&Totals { counts, reasons, ..Totals::default() });
        }
        Ok(())
    }
}

/// A parser must account for every line it was given.
fn check(counts: &Counts, chunk: &Chunk) -> Result<(), Error> {
    if counts.lines == chunk.lines && counts.balance() {
        return Ok(());
    }
    let message = format!(
        "{} lines from line {} on were parsed as {} rows, {} quarantined, {} headers, {} blank",
        chunk.lines,
        chunk.first_line,
        counts.rows,
        counts.quarantined,
        counts.headers,
        counts.blank
    );
    Err(Error::new(ErrorKind::Internal, message).advise("report this with the line"))
}

/// Tells the owner that a helper is gone.
struct Leaving<'a> {
    shared: &'a Shared,
    result: Option<Result<(), Failure>>,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        let failure = match self.result.take() {
            Some(Ok(())) => None,
            Some(Err(failure)) => Some(failure),
            None => Some(Error::new(ErrorKind::Internal, "a worker panicked").into()),
        };
        let mut gate = lock(&self.shared.gate);
        if let Some(failure) = failure {
            self.shared.failed.store(true, Ordering::Relaxed);
            gate.failure.get_or_insert(failure);
        }
        gate.helpers -= 1;
        self.shared.left.notify_all();
    }
}
