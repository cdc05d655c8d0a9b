//! What is told of a line besides its words: its end, why it is no row, what lies behind its last word.

use storage::extent::LineEnd;

use crate::builder::day::{QUALITY, Rows};
use crate::builder::sink::{ChunkSink, OddKind, OddLine, Reason};
use crate::format::LineContext;
use crate::intern::key::{PARTIAL, RAW};
use crate::lexer::layout::Layout;
use crate::lexer::split;
use crate::time::Quality;

/// A line that is going to be a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// First byte in the chunk.
    pub(super) start: usize,
    /// Bytes without the line end.
    pub(super) len: usize,
    /// Number in the source.
    pub(super) line_no: i64,
    /// Where the line lies that was taken out of its envelope, if it had to be copied for that.
    pub(super) copy: Option<(usize, usize)>,
}

impl Line {
    /// The line as it came.
    pub(super) fn whole(self, chunk: &[u8]) -> &[u8] {
        &chunk[self.start..self.start + self.len]
    }

    /// The text that the places of words refer to.
    pub(super) fn text<'a>(self, chunk: &'a [u8], copies: &'a [u8]) -> &'a [u8] {
        match self.copy {
            Some((start, end)) => copies.get(start..end).unwrap_or_default(),
            None => self.whole(chunk),
        }
    }
}

/// Key of `extra`: text behind the last field of the format, with what separates it.
pub(crate) const TAIL: &str = "tail";
/// Key of `extra`: the field in which a line ends that was cut short.
pub(crate) const TRUNCATED: &str = "truncated";
/// Key of `extra`: which of the formats of its source a line has, where it is not the first (number 0).
pub(crate) const CLASS: &str = "_format";
/// Key of `extra`: which order of fields a line has, where it is not the usual one of its source (number 0).
pub(crate) const LAYOUT: &str = "_layout";
/// Ends keys of `extra`: how many spaces pad a word, where it is not the number the format says.
pub(crate) const SPACES: &str = "_spaces";
/// Key of `extra`: the printed offset from UTC, where it is not `+0000`.
pub(crate) const UTC_OFFSET: &str = "utc_offset";
/// Key of `extra`: nanoseconds beyond the microseconds of the time, 1 to 999.
pub(crate) const NANOS: &str = "_nanos";
/// Key of `extra`: the zone that a header line named for the time, where the time itself prints none.
pub(crate) const ZONE: &str = "_zone";
/// Key of `extra`: what a `#Remark` line says, where the log has one.
pub(crate) const REMARK: &str = "remark";
/// Key of `extra`: the request's headers (`log_mime_hdrs on`).
pub(crate) const REQUEST_HEADERS: &str = "request_headers";
/// Key of `extra`: the reply's headers (`log_mime_hdrs on`).
pub(crate) const REPLY_HEADERS: &str = "reply_headers";

/// `" [request headers] [reply headers]"`
pub(super) fn header_blocks(tail: &str) -> Option<(&str, &str)> {
    let inner = tail.strip_prefix(" [")?.strip_suffix(']')?;
    let (request, reply) = inner.split_once("] [")?;
    (!request.contains(']') && !reply.contains(']')).then_some((request, reply))
}

/// The length of the record at `at` without its newline, where the next begins, and whether it is a header.
#[inline]
pub(super) fn record(chunk: &[u8], at: usize, cx: &LineContext) -> (usize, usize, bool) {
    let Some(cuts) = &cx.cuts else {
        return match memchr::memchr(b'\n', &chunk[at..]) {
            Some(len) => (len, at + len + 1, false),
            None => (chunk.len() - at, chunk.len(), false),
        };
    };
    let nth = cuts.partition_point(|cut| cut.0 <= at);
    let (end, header) = cuts.get(nth).copied().unwrap_or((chunk.len(), false));
    let end = end.clamp(at + 1, chunk.len());
    (end - at - usize::from(chunk[end - 1] == b'\n'), end, header)
}

/// The line without its line end; an unusual end is noted.
#[inline]
pub(super) fn content<'a>(
    rest: &'a [u8],
    len: usize,
    taken: usize,
    line_no: i64,
    at: usize,
    cx: &LineContext,
    out: &mut ChunkSink,
) -> &'a [u8] {
    let line = &rest[..len];
    if len == taken {
        // The last line of the source, without an end; or a record that ends within a line.
        if cx.cuts.is_some() {
            let byte_offset = cx.first_offset + (at + len) as u64;
            let (kind, bytes) = (OddKind::Eol, Vec::new());
            out.odd.push(OddLine { line_no, byte_offset, kind, reason: None, bytes });
        }
        return line;
    }
    let (line, end): (_, &[u8]) = match (line.split_last(), cx.line_end) {
        (Some((b'\r', line)), LineEnd::Crlf) => return line,
        (Some((b'\r', line)), LineEnd::Lf) => (line, b"\r\n"),
        (_, LineEnd::Lf) => return line,
        (_, LineEnd::Crlf) => (line, b"\n"),
    };
    let byte_offset = cx.first_offset + (at + line.len()) as u64;
    let (kind, bytes) = (OddKind::Eol, end.to_vec());
    out.odd.push(OddLine { line_no, byte_offset, kind, reason: None, bytes });
    line
}

fn odd(
    line: &[u8],
    place: Line,
    kind: OddKind,
    reason: Option<Reason>,
    cx: &LineContext,
    out: &mut ChunkSink,
) {
    let byte_offset = cx.first_offset + place.start as u64;
    let bytes = line.to_vec();
    out.odd.push(OddLine { line_no: place.line_no, byte_offset, kind, reason, bytes });
}

pub(super) fn reject(
    line: &[u8],
    place: Line,
    reason: Reason,
    cx: &LineContext,
    out: &mut ChunkSink,
) {
    out.counts.quarantined += 1;
    odd(line, place, OddKind::Quarantined, Some(reason), cx, out);
}

/// What a line is that is no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Header,
    Blank,
    Refused(Reason),
}

/// Accounts for a line that is no row.
pub(super) fn end(fate: Fate, line: &[u8], place: Line, cx: &LineContext, out: &mut ChunkSink) {
    match fate {
        Fate::Header => {
            out.counts.headers += 1;
            odd(line, place, OddKind::Header, None, cx, out);
        }
        Fate::Blank => {
            out.counts.blank += 1;
            odd(line, place, OddKind::Blank, None, cx, out);
        }
        Fate::Refused(reason) => reject(line, place, reason, cx, out),
    }
}

/// Whether a line has no content.
pub(super) fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t'))
}

/// Why a line that gives less than a time and two more fields is no row.
pub(super) fn why(layout: &Layout, line: &[u8]) -> Reason {
    if line.contains(&0) {
        return Reason::NotText;
    }
    let separators = memchr::memchr_iter(layout.separator, line).count();
    let too_few = separators < layout.time || split::has_time(layout, line);
    if too_few { Reason::TooFewFields } else { Reason::BadTime }
}

/// Counts rows, and those that are partial, need `raw` or have an assumed zone.
pub(super) fn account(rows: &Rows, out: &mut ChunkSink, is_row: impl Fn(usize) -> bool) {
    for (row, &flags) in rows.flags.iter().enumerate() {
        if is_row(row) {
            out.counts.rows += 1;
            out.raw_rows += u64::from(flags & RAW != 0);
            out.partial_rows += u64::from(flags & PARTIAL != 0);
            let assumed = flags & QUALITY == Quality::AssumedZone as u8;
            out.assumed_zone_rows += u64::from(assumed);
        }
    }
}
