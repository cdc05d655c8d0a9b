//! How do the lines of one source become its bytes again? Rows and other lines in their order, each with its line end.

use std::io::Write;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use storage::digest::Digest;
use storage::error::{Error, ErrorKind, Result};
use storage::store::{HiddenLines, Source, State, Store};

use super::merge::{Item, Merge};
use super::{parser_of, unwritable, usual};
use crate::format::OddKind;
use crate::pipeline::{MORE, zone_of};
use crate::render::{AsPrinted, RowView};

/// Writes, hashes and counts.
pub(super) struct Sink<'a> {
    out: &'a mut dyn Write,
    pub(super) hasher: Sha256,
    pub(super) bytes: u64,
    /// What is hashed apart.
    pub(super) cut: Option<Cut<'a>>,
    /// The line with whose end a digest is taken, and that digest.
    pub(super) until: Option<(i64, Option<Digest>)>,
}

/// Some lines that are to go, and all others: each hashed for themselves.
pub(super) struct Cut<'a> {
    pub(super) lines: &'a HiddenLines,
    pub(super) kept: Sha256,
    pub(super) gone: &'a mut Sha256,
}

impl<'a> Sink<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, hasher: Sha256::new(), bytes: 0, cut: None, until: None }
    }

    /// The digest of everything written.
    pub(super) fn digest(&self) -> Digest {
        Digest::so_far(&self.hasher)
    }

    pub(super) fn put(&mut self, bytes: &[u8], goes: bool) -> Result<()> {
        self.hasher.update(bytes);
        match &mut self.cut {
            Some(cut) if goes => cut.gone.update(bytes),
            Some(cut) => cut.kept.update(bytes),
            None => {}
        }
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes).map_err(unwritable)
    }

    pub(super) fn flush(&mut self) -> Result<()> {
        self.out.flush().map_err(unwritable)
    }

    fn goes(&self, source_id: i32, line_no: i64) -> bool {
        self.cut.as_ref().is_some_and(|cut| cut.lines.covers(source_id, line_no))
    }
}

/// Puts lines together: text, pieces that follow, and the line end, which may be told before or after the text.
struct Joined<'a, 'b> {
    sink: &'a mut Sink<'b>,
    source_id: i32,
    usual: &'static [u8],
    /// The line whose text is being written.
    current: Option<i64>,
    /// Whether that line is among those that go.
    goes: bool,
    /// Unusual line ends: of the current line, or of the one that comes.
    odd_ends: Vec<(i64, Vec<u8>)>,
    buffer: Vec<u8>,
}

impl Joined<'_, '_> {
    fn begin(&mut self, line_no: i64) -> Result<()> {
        if let Some(current) = self.current {
            self.end(current);
        }
        if let Some((last, None)) = self.sink.until
            && line_no > last
        {
            self.flush()?;
            self.sink.until = Some((last, Some(self.sink.digest())));
        }
        let goes = self.sink.goes(self.source_id, line_no);
        if goes != self.goes {
            self.flush()?;
            self.goes = goes;
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
        self.sink.put(&self.buffer, self.goes)?;
        self.buffer.clear();
        Ok(())
    }
}

/// Writes all lines of a source that are stored; returns how many there are.
pub(super) fn write_source(
    store: &Store,
    state: &State,
    source: &Arc<Source>,
    sink: &mut Sink<'_>,
) -> Result<u64> {
    sink.put(&source.bom, false)?;
    let parser = parser_of(source)?;
    let zone = zone_of(source);
    let mut merge = Merge::of_source(store, state, source.id);
    let mut lines = Joined {
        sink,
        source_id: source.id,
        usual: usual(source),
        current: None,
        goes: false,
        odd_ends: Vec::new(),
        buffer: Vec::new(),
    };
    let mut expected = Expected::new(state, source);
    while let Some(item) = merge.next()? {
        match item {
            Item::Rows(run) => {
                let batch = run.batch();
                let batch = AsPrinted::new(&batch, source.shift_us);
                for at in run.rows.clone() {
                    expected.meet(run.line_no(at))?;
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
                expected.meet(entry.line_no)?;
                lines.begin(entry.line_no)?;
                lines.buffer.extend_from_slice(&entry.bytes);
            }
        }
    }
    // Only the very last line of a source may lack its end.
    if let Some(last) = lines.current
        && (source.final_newline || last + 1 < source.next_line())
    {
        lines.end(last);
    }
    lines.flush()?;
    expected.finish()
}

/// Which line comes next: every one, but for those that are retired or redacted.
struct Expected<'a> {
    source: &'a Source,
    redacted: HiddenLines,
    next: i64,
    met: u64,
}

impl<'a> Expected<'a> {
    fn new(state: &State, source: &'a Source) -> Self {
        Self { source, redacted: HiddenLines::redacted(state, source.id), next: 1, met: 0 }
    }

    fn meet(&mut self, line_no: i64) -> Result<()> {
        self.pass(line_no)?;
        self.met += 1;
        self.next = line_no + 1;
        Ok(())
    }

    /// Checks that nothing was to come before this line.
    fn pass(&self, line_no: i64) -> Result<()> {
        let gap = self.next..line_no;
        let lawful = self.source.retired > 0
            || (gap.is_empty() && line_no == self.next)
            || (!gap.is_empty()
                && self.redacted.covers_range(self.source.id, gap.start, gap.end - 1));
        if lawful { Ok(()) } else { Err(missing(self.source, self.next)) }
    }

    fn finish(self) -> Result<u64> {
        // Without redactions the digest tells what is missing at the end.
        if !self.redacted.is_empty() {
            self.pass(self.source.next_line())?;
        }
        Ok(self.met)
    }
}

fn missing(source: &Source, line_no: i64) -> Error {
    Error::new(ErrorKind::Integrity, format!("line {line_no} of source {} is missing", source.id))
        .advise("`dwell verify --deep` names the damaged file")
}
