//! Is a content an older copy of a source of which lines were redacted? Both are compared without these lines, so that they
//! don't come back under another name.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use storage::digest::Digest;
use storage::store::{HiddenLines, Source, Store};

use super::super::Run;
use super::super::work::Failure;
use super::Continue;
use crate::input::{Input, ReadError};
use crate::raw;
use crate::report::SourceReport;

/// Whether the first `bytes` of an input are the beginning of a source, without the lines of it that were redacted.
pub(super) fn is_beginning(
    store: &Store,
    source: &Arc<Source>,
    input: &Input,
    bytes: u64,
) -> Result<bool, Failure> {
    let lines = HiddenLines::redacted(&store.state(), source.id);
    if lines.is_empty() || !input.can_reopen() {
        return Ok(false);
    }
    let mut content = input.open()?;
    let mut filter = Filter::new(source, &lines);
    let mut buffer = vec![0; 256 << 10];
    let mut left = bytes;
    while left > 0 {
        let room = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        match content.read(&mut buffer[..room]) {
            Ok(0) | Err(ReadError::Damaged(_)) => break,
            Ok(read) => {
                filter.take(&buffer[..read]);
                left -= read as u64;
            }
            Err(error) => return Err(error.into()),
        }
    }
    let beginning = raw::digest_of_beginning(store, source, filter.bytes)?;
    Ok(beginning == Some(Digest::so_far(&filter.hasher)))
}

/// Hashes a content without some of its lines.
struct Filter<'a> {
    source_id: i32,
    lines: &'a HiddenLines,
    /// Bytes before the first line that are still to come.
    bom: usize,
    line_no: i64,
    hasher: Sha256,
    /// Bytes hashed.
    bytes: u64,
}

impl<'a> Filter<'a> {
    fn new(source: &Source, lines: &'a HiddenLines) -> Self {
        let (hasher, bom) = (Sha256::new(), source.bom.len());
        Self { source_id: source.id, lines, bom, line_no: 1, hasher, bytes: 0 }
    }

    fn take(&mut self, bytes: &[u8]) {
        let (before, mut rest) = bytes.split_at(self.bom.min(bytes.len()));
        self.bom -= before.len();
        self.keep(before);
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest);
            let (line, after) = rest.split_at(end.map_or(rest.len(), |at| at + 1));
            if !self.lines.covers(self.source_id, self.line_no) {
                self.keep(line);
            }
            self.line_no += i64::from(end.is_some());
            rest = after;
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
    }
}

/// Whoever takes in a content again of which lines were redacted is told that they stay out.
pub(in super::super) fn mention(run: &Run<'_>, report: &mut SourceReport) {
    let state = run.store.state();
    let source = report.source_id.and_then(|id| state.sources.get(&id));
    let gone = source.map_or(0, |source| source.redacted + source.redacted_others);
    if gone > 0 {
        let text = format!("{gone} of its lines were redacted and stay out");
        let before = report.message.take().map_or(String::new(), |message| message + "; ");
        report.message = Some(before + &text);
    }
}

/// A redacted last line without newline that goes on comes anew, for it is another line then; that must be known.
pub(in super::super) fn mention_reopened(
    run: &Run<'_>,
    known: &Continue,
    report: &mut SourceReport,
) {
    let Some(line) = known.supersedes else { return };
    if run.store.state().is_redacted(known.source.id, line) {
        let text =
            format!("line {line} was redacted when it had no end; it goes on, and is stored anew");
        report.message = Some(text);
    }
}
