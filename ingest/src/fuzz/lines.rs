//! Does a text come back from the rows and odd lines that a parser made of it, with every line in one of them?

use std::sync::Arc;

use storage::day::Day;
use storage::extent::{Counts, LineEnd};
use storage::schema::Col;

use crate::format::{self, ChunkSink, Headers, LineContext, OddKind, Parser};
use crate::render::{GroupRows, RowView, Rows};

/// Parses `text` in pieces of about `chunk` bytes that end at line ends, as workers do, and puts it together again by the
/// parser that the ledger would open.
///
/// # Errors
/// Lines that are lost, or come twice or changed, or accounts that don't balance.
pub fn read_back(
    parser: &dyn Parser,
    text: &[u8],
    chunk: usize,
    cx: &LineContext,
) -> Result<Counts, String> {
    let kept = format::open(parser.id(), parser.spec())
        .map_err(|error| format!("what is kept as `{}` can't be opened: {error}", parser.spec()))?;
    if (kept.id(), kept.spec()) != (parser.id(), parser.spec()) {
        return Err(format!("`{}` is kept as `{}`", parser.spec(), kept.spec()));
    }
    let mut headers = Headers::default();
    let mut sink = ChunkSink::default();
    let mut chunks = parser.chunk_parser();
    let mut cx = cx.clone();
    let mut rest = text;
    while !rest.is_empty() {
        let from = chunk.clamp(1, rest.len()) - 1;
        let end = memchr::memchr(b'\n', &rest[from..]).map_or(rest.len(), |at| from + at + 1);
        let (piece, behind) = rest.split_at(end);
        cx.headers = parser.has_headers().then(|| Arc::new(headers.clone()));
        headers.see(piece);
        chunks.parse(piece, &cx, &mut sink);
        cx.first_line += memchr::memchr_iter(b'\n', piece).count() as i64;
        cx.first_offset += piece.len() as u64;
        rest = behind;
    }
    chunks.flush(&mut sink);
    let counts = sink.counts;
    if !counts.balance() {
        return Err(format!("the accounts don't balance: {counts:?}"));
    }
    let lines = text.split_inclusive(|&byte| byte == b'\n').count();
    if counts.lines != lines as u64 {
        return Err(format!("{} lines of {lines} are accounted for", counts.lines));
    }
    let mut back = Back { lines: vec![None; lines], ends: vec![None; lines] };
    back.rows(kept.as_ref(), &mut sink, &cx)?;
    back.odd_lines(&sink, text)?;
    back.compare(text, cx.line_end)?;
    Ok(counts)
}

/// What came back of each line, and its line end where that is unusual.
struct Back {
    lines: Vec<Option<Vec<u8>>>,
    ends: Vec<Option<Vec<u8>>>,
}

impl Back {
    fn put(&mut self, line_no: i64, bytes: Vec<u8>) -> Result<(), String> {
        let at = usize::try_from(line_no - 1).ok();
        let Some(line) = at.and_then(|at| self.lines.get_mut(at)) else {
            return Err(format!("there is no line {line_no}"));
        };
        match line.replace(bytes) {
            None => Ok(()),
            Some(_) => Err(format!("line {line_no} comes twice")),
        }
    }

    fn rows(
        &mut self,
        parser: &dyn Parser,
        sink: &mut ChunkSink,
        cx: &LineContext,
    ) -> Result<(), String> {
        let mut rows = 0;
        for (day, group) in sink.take_groups() {
            let view = GroupRows(&group);
            if group.rows == 0 || group.columns.len() != Col::stored().len() {
                return Err("a row group without rows or columns".to_owned());
            }
            rows += group.rows as u64;
            for row in 0..group.rows {
                let int = |col| view.int(row, col).ok_or("a row without time or line number");
                let (ts, line_no) = (int(Col::Ts)?, int(Col::LineNo)?);
                if Day::of(ts) != day {
                    return Err(format!("line {line_no} is of another day than its row group"));
                }
                if view.text(row, Col::Verdict).is_none() || view.text(row, Col::Parse).is_none() {
                    return Err(format!("line {line_no} has no verdict, or nothing in `parse`"));
                }
                let mut line = Vec::new();
                parser.render(&RowView::new(&view, row), cx.zone, &mut line);
                self.put(line_no, line)?;
            }
        }
        if rows != sink.counts.rows {
            return Err(format!("{rows} rows, but {} accounted for", sink.counts.rows));
        }
        Ok(())
    }

    fn odd_lines(&mut self, sink: &ChunkSink, text: &[u8]) -> Result<(), String> {
        if !sink.odd.is_sorted_by_key(|odd| odd.line_no) {
            return Err("odd lines are out of order".to_owned());
        }
        for odd in &sink.odd {
            let at = usize::try_from(odd.byte_offset).unwrap_or(usize::MAX);
            let there = text.get(at..at.saturating_add(odd.bytes.len()));
            if there != Some(odd.bytes.as_slice()) {
                return Err(format!("odd line {} is not at byte {at}", odd.line_no));
            }
            if (odd.kind == OddKind::Quarantined) != odd.reason.is_some() {
                return Err(format!("line {} is in quarantine without a reason", odd.line_no));
            }
            match odd.kind {
                OddKind::Eol => {
                    let at = usize::try_from(odd.line_no - 1).ok();
                    let end = at.and_then(|at| self.ends.get_mut(at)).ok_or("an odd line end")?;
                    *end = Some(odd.bytes.clone());
                }
                _ => self.put(odd.line_no, odd.bytes.clone())?,
            }
        }
        Ok(())
    }

    fn compare(self, text: &[u8], line_end: LineEnd) -> Result<(), String> {
        let usual: &[u8] = if line_end == LineEnd::Crlf { b"\r\n" } else { b"\n" };
        let lines = text.split_inclusive(|&byte| byte == b'\n');
        for (nth, ((line, end), was)) in
            self.lines.into_iter().zip(self.ends).zip(lines).enumerate()
        {
            let mut line = line.ok_or_else(|| format!("line {} is lost", nth + 1))?;
            if was.ends_with(b"\n") {
                line.extend_from_slice(end.as_deref().unwrap_or(usual));
            }
            if line != was {
                return Err(format!(
                    "line {} comes back as {:?} instead of {:?}",
                    nth + 1,
                    String::from_utf8_lossy(&line),
                    String::from_utf8_lossy(was)
                ));
            }
        }
        Ok(())
    }
}
