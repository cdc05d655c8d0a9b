//! Where do the words of the lines of a block lie, and which lines are no rows?

use std::sync::Arc;

use super::lines::{Fate, Line, content, end, header_blocks, is_blank, record, reject, why};
use super::{
    BLOCK_ROWS, LAYOUT, LineParser, REMARK, REPLY_HEADERS, REQUEST_HEADERS, SPACES, TAIL, TRUNCATED,
};
use crate::builder::sink::{ChunkSink, Reason};
use crate::format::LineContext;
use crate::intern::key::{PARTIAL, RAW};
use crate::lexer::layout::Layout;
use crate::lexer::shaped::cut::Found;
use crate::lexer::split::{self, Cut};

impl LineParser {
    /// Cuts lines from `at` until the block is full; returns where the next block begins.
    pub(super) fn cut_block(
        &mut self,
        chunk: &[u8],
        mut at: usize,
        line_no: &mut i64,
        cx: &LineContext,
        out: &mut ChunkSink,
    ) -> usize {
        let layout = Arc::clone(&self.layout);
        while self.block.lines.len() < BLOCK_ROWS && at < chunk.len() {
            let rest = &chunk[at..];
            let (len, next, header) = record(chunk, at, cx);
            let number = *line_no;
            *line_no += 1;
            out.counts.lines += 1;
            let line = content(rest, len, next - at, number, at, cx, out);
            let row = self.block.lines.len();
            let members = self.block.rows.members.len();
            let mut place = Line { start: at, len: line.len(), line_no: number, copy: None };
            at = next;
            if line.len() > cx.line_bytes_max {
                reject(line, place, Reason::LineTooLong, cx, out);
                continue;
            }
            let flags = match layout.envelope {
                _ if header => Err(Fate::Header),
                None => self.cut_line(&layout, line, row),
                Some(_) => self.cut_enveloped(&layout, line, row, &mut place),
            };
            match flags {
                Ok(flags) => {
                    self.block.lines.push(place);
                    self.block.rows.flags.push(flags);
                }
                Err(fate) => {
                    self.block.rows.members.truncate(members);
                    end(fate, line, place, cx, out);
                }
            }
        }
        at
    }

    /// Cuts a line that stands in an envelope.
    fn cut_enveloped(
        &mut self,
        layout: &Layout,
        line: &[u8],
        row: usize,
        place: &mut Line,
    ) -> Result<u8, Fate> {
        let Some(around) = &layout.envelope else { return self.cut_line(layout, line, row) };
        let mut copies = std::mem::take(&mut self.block.copies);
        let opened = self.opener.open(&around.0, line, &mut copies);
        let flags = match &opened {
            None if is_blank(line) => Err(Fate::Blank),
            None => Err(Fate::Refused(Reason::TooFewFields)),
            Some(opened) => {
                let text = opened.copy.map_or(line, |(start, end)| &copies[start..end]);
                self.cut_line(layout, &text[opened.head..], row)
            }
        };
        self.block.copies = copies;
        let (flags, opened) = (flags?, opened.unwrap_or_default());
        let words = layout.words.len();
        for span in &mut self.block.spans[row * words..(row + 1) * words] {
            span.shift(opened.head);
        }
        place.copy = opened.copy;
        self.block.envelopes.push(opened.kept);
        self.block.times.push(opened.time);
        Ok(if opened.exact { flags } else { flags | RAW })
    }

    /// Where the words of a line lie; its flags.
    #[inline]
    fn cut_line(&mut self, layout: &Layout, line: &[u8], row: usize) -> Result<u8, Fate> {
        let words = layout.words.len();
        let spans = &mut self.block.spans[row * words..(row + 1) * words];
        let Some(shaped) = &layout.shaped else {
            return match split::fast(layout, line, spans) {
                Some(true) => Ok(0),
                Some(false) => Ok(self.paddings(line, row)),
                None => self.cut_odd(line, row),
            };
        };
        let found = self.cutter.cut(layout, shaped, line, spans);
        let flags = self.take_found(found, line, row)?;
        self.block.dates.push(self.cutter.date);
        Ok(flags)
    }

    /// The flags of a line whose fields have names.
    fn take_found(&mut self, found: Found, line: &[u8], row: usize) -> Result<u8, Fate> {
        let mut add = |name: &str, text: &str| {
            let id = self.values.member(name, text);
            self.block.rows.members.push((row as u32, id));
        };
        if let (Some(remark), false) =
            (&self.cutter.remark, matches!(found, Found::Header | Found::Nothing(_)))
        {
            add(REMARK, remark);
        }
        match found {
            Found::Shape(0) => Ok(0),
            Found::Shape(shape) => {
                add(LAYOUT, &shape.to_string());
                Ok(0)
            }
            Found::Order(order) => {
                if let Some((_, text)) = self.cutter.orders.get(order) {
                    add(LAYOUT, text);
                }
                Ok(0)
            }
            Found::Odd(flags) => {
                for (name, text) in self.cutter.members.drain(..) {
                    add(&name, &String::from_utf8_lossy(&text));
                }
                Ok(flags)
            }
            Found::Header => Err(Fate::Header),
            Found::Nothing(_) if is_blank(line) => Err(Fate::Blank),
            Found::Nothing(reason) => Err(Fate::Refused(reason)),
        }
    }

    /// Cuts a line that is not made as the format says.
    fn cut_odd(&mut self, line: &[u8], row: usize) -> Result<u8, Fate> {
        if is_blank(line) {
            return Err(Fate::Blank);
        }
        if self.layout.comments && line.starts_with(b"#") {
            return Err(Fate::Header);
        }
        let words = self.layout.words.len();
        let spans = &mut self.block.spans[row * words..(row + 1) * words];
        match split::anchored(&self.layout, line, spans) {
            Cut::Whole => Ok(self.paddings(line, row)),
            Cut::Tail(at) => Ok(self.tail(&line[at..], row, line)),
            Cut::Partial { truncated } => {
                if let Some(nth) = truncated {
                    let id = self.values.member(TRUNCATED, &self.layout.words[nth].name);
                    self.block.rows.members.push((row as u32, id));
                }
                Ok(PARTIAL | RAW)
            }
            Cut::Nothing => Err(Fate::Refused(why(&self.layout, line))),
        }
    }

    /// Unusual numbers of spaces go to `extra`, so that the line can still be written; whatever else differs needs
    /// `raw`.
    fn paddings(&mut self, line: &[u8], row: usize) -> u8 {
        let words = self.layout.words.len();
        let spans = &self.block.spans[row * words..(row + 1) * words];
        let Some(odd) = split::paddings(&self.layout, line, spans) else { return RAW };
        for (nth, spaces) in odd {
            let name = format!("{}{SPACES}", self.layout.words[nth].name);
            let id = self.values.member(&name, &spaces.to_string());
            self.block.rows.members.push((row as u32, id));
        }
        0
    }

    /// Text behind the last word goes to `extra`, so that the line can still be written.
    fn tail(&mut self, tail: &[u8], row: usize, line: &[u8]) -> u8 {
        let Some(text) = std::str::from_utf8(tail).ok() else { return PARTIAL | RAW };
        let flags = self.paddings(&line[..line.len() - tail.len()], row);
        if flags != 0 {
            return PARTIAL | flags;
        }
        let blocks = header_blocks(text).filter(|_| self.layout.header_blocks);
        let mut add = |name: &str, text: &str| {
            let id = self.values.member(name, text);
            self.block.rows.members.push((row as u32, id));
        };
        match blocks {
            Some((request, reply)) => {
                add(REQUEST_HEADERS, request);
                add(REPLY_HEADERS, reply);
                0
            }
            None => {
                add(TAIL, text);
                if self.layout.open_end { 0 } else { PARTIAL }
            }
        }
    }
}
