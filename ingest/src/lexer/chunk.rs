//! How a chunk becomes rows: lines cut in blocks, words interned column by column, rows handed to their days.

mod lines;

use std::sync::Arc;

use storage::day::Day;

pub(crate) use lines::{
    CLASS, LAYOUT, NANOS, REPLY_HEADERS, REQUEST_HEADERS, SPACES, TAIL, TRUNCATED, UTC_OFFSET, ZONE,
};
use lines::{Fate, Line, account, content, end, header_blocks, is_blank, record, reject, why};

use super::envelope::{Kept, Opener};
use super::field;
use super::layout::{Layout, WordKind};
use super::number;
use super::shaped::cut::{Cutter, Found};
use super::split::{self, Cut, Span};
use super::{Field, Kind};
use crate::builder::day::{OpenDay, Rows};
use crate::builder::sink::{ChunkSink, Reason};
use crate::format::{ChunkParser, LineContext};
use crate::intern::key::{KeyColumn, MISFIT, NULL_INT, PARTIAL, RAW, Values};
use crate::intern::{NONE, Scratch};
use crate::time::{self, Context, Memo, Quality, Zone};

/// Words with a column that a row must have, its time among them.
const FIELDS_MIN: usize = 3;

/// The scheme of CONNECT.
const TUNNEL: &[u8] = b"tunnel";

/// Lines of a block: their text (about 32 KiB) stays in the first cache while column after column is read.
const BLOCK_ROWS: usize = 120;

/// Rows of a full row group: measured against 75,000 it takes 6 % less space and 5 % less time (longer dictionaries, fewer of
/// them), and two workers stay below 512 MiB.
const GROUP_ROWS: usize = 250_000;

/// More fields than this without a column make row groups smaller.
const EXTRAS_MANY: usize = 4;

/// Most bytes of open rows over all days; beyond it the largest day is handed over.
const OPEN_BYTES: usize = 32 << 20;

/// Most bytes of dictionaries; beyond it everything is handed over and they begin anew.
const DICTIONARY_BYTES: usize = 96 << 20;

/// Dictionaries larger than this begin anew when no row is open: they would only miss the cache.
const WARM_BYTES: usize = 32 << 20;

/// The lines of a block and where their words lie.
#[derive(Debug)]
struct Block {
    lines: Vec<Line>,
    spans: Vec<Span>,
    rows: Rows,
    /// Lines that had to be copied out of their envelopes, what stands around each line, and where its time lies.
    copies: Vec<u8>,
    envelopes: Vec<Kept>,
    times: Vec<Option<Span>>,
    /// What header lines say of each line's date and zone.
    dates: Vec<(Option<i64>, Option<Zone>)>,
    scratch: Scratch,
    rejected: Vec<Option<Reason>>,
    /// Typed words that hold what is not of their type: row and word.
    misfits: Vec<(usize, usize)>,
    any_rejected: bool,
}

/// The state of one worker for one source.
#[derive(Debug)]
pub(crate) struct LineParser {
    layout: Arc<Layout>,
    keys: Vec<Option<KeyColumn>>,
    values: Values,
    days: Vec<OpenDay>,
    block: Block,
    memo: Memo,
    cutter: Cutter,
    opener: Opener,
    source_id: i32,
    group_rows: usize,
    /// Which class of a source with several formats these lines are.
    class: usize,
}

impl LineParser {
    /// A parser without rows.
    pub(crate) fn new(layout: Arc<Layout>) -> Self {
        let keys = layout
            .words
            .iter()
            .map(|word| (word.kind == WordKind::Key).then(|| KeyColumn::new(word)));
        let around = layout.envelope.iter().map(|around| Some(KeyColumn::new(&around.1)));
        let keys = keys.chain(around);
        let words = layout.words.len();
        let columns = layout.width();
        Self {
            keys: keys.collect(),
            values: Values::new(),
            days: Vec::new(),
            block: Block {
                lines: Vec::with_capacity(BLOCK_ROWS),
                spans: vec![Span::MISSING; BLOCK_ROWS * words],
                rows: Rows::new(columns),
                copies: Vec::new(),
                envelopes: Vec::new(),
                times: Vec::new(),
                dates: Vec::new(),
                scratch: Scratch::default(),
                rejected: Vec::new(),
                misfits: Vec::new(),
                any_rejected: false,
            },
            memo: Memo::default(),
            cutter: Cutter::default(),
            opener: Opener::default(),
            source_id: 0,
            group_rows: group_rows(&layout),
            class: 0,
            layout,
        }
    }

    /// Cuts lines from `at` until the block is full; returns where the next block begins.
    fn cut_block(
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

    /// Reads the columns of the block and hands its rows to their days.
    fn read_block(&mut self, chunk: &[u8], cx: &LineContext, out: &mut ChunkSink) {
        if self.block.lines.is_empty() {
            return;
        }
        let layout = Arc::clone(&self.layout);
        let count = layout.words.len();
        for (nth, word) in layout.words.iter().enumerate() {
            if layout.shaped.is_some() && nth != layout.time && self.is_missing(nth) {
                continue;
            }
            match &word.kind {
                WordKind::Time(spec) => self.read_times(chunk, nth, spec, cx),
                WordKind::Number(_) => self.read_numbers(chunk, nth),
                WordKind::Key => {
                    let Some(key) = self.keys[nth].as_mut() else { continue };
                    let block = &mut self.block;
                    let copies = block.copies.as_slice();
                    let spans = block.spans.iter().skip(nth).step_by(count);
                    let texts = block
                        .lines
                        .iter()
                        .zip(spans)
                        .map(|(line, span)| span.of(line.text(chunk, copies)));
                    let ids = &mut block.rows.words[nth].ids;
                    key.texts.intern_column(texts, &mut block.scratch, ids);
                    key.learn(word, &mut self.values);
                    let optional = layout.shaped.is_some() || word.shape.is_optional();
                    forget_missing(block, nth, count, optional);
                    if key.any_flags {
                        let ids = block.rows.words[nth].ids.iter();
                        for (row, &id) in ids.enumerate() {
                            let found = key.flags.get(id as usize).copied().unwrap_or_default();
                            block.rows.flags[row] |= found & !MISFIT;
                            if found & MISFIT != 0 {
                                block.misfits.push((row, nth));
                            }
                        }
                    }
                }
            }
        }
        if !self.block.misfits.is_empty() {
            self.drop_misfits(chunk);
        }
        if let Some(spec) = &layout.outer_time {
            self.read_outer_times(chunk, spec, cx);
        }
        if self.class > 0 {
            let id = self.values.member(CLASS, &self.class.to_string());
            let rows = 0..self.block.lines.len() as u32;
            self.block.rows.members.extend(rows.map(|row| (row, id)));
        }
        self.name_tunnels();
        self.keep_envelopes(chunk);
        self.keep_raw(chunk);
        self.hand_over(chunk, cx, out);
    }

    /// A typed word that holds what is not of its type may be another field's, and so may all behind it, unless fields are
    /// told by name, or one of these can be no other: only the words before it are kept.
    fn drop_misfits(&mut self, chunk: &[u8]) {
        let misfits = std::mem::take(&mut self.block.misfits);
        let layout = Arc::clone(&self.layout);
        let count = layout.words.len();
        let named = layout.shaped.as_ref().is_some_and(|shaped| shaped.syntax.has_names());
        for &(row, nth) in &misfits {
            let block = &mut self.block;
            block.rows.flags[row] |= PARTIAL;
            let from = block.spans[row * count + nth].start;
            let text = block.lines[row].text(chunk, &block.copies);
            let behind = layout.words.iter().zip(&block.spans[row * count..(row + 1) * count]);
            let mut behind = behind.filter(|(_, span)| span.is_there() && span.start > from);
            // Where a word behind it can be no other, the misfit alone is odd.
            if named || behind.any(|(word, span)| split::anchors(word, span.of(text)) == Some(true))
            {
                continue;
            }
            block.rows.flags[row] |= RAW;
            for word in 0..count {
                let span = &mut block.spans[row * count + word];
                if span.is_there() && span.start >= from {
                    *span = Span::MISSING;
                    let words = &mut block.rows.words[word];
                    words.ids.get_mut(row).into_iter().for_each(|id| *id = NONE);
                    words.ints.get_mut(row).into_iter().for_each(|value| *value = NULL_INT);
                }
            }
            let spans = &block.spans[row * count..(row + 1) * count];
            let known = layout.words.iter().zip(spans);
            let known = known.filter(|(word, span)| span.is_there() && word.has_column()).count();
            let timed = spans.get(layout.time).is_none_or(|span| span.is_there());
            if !timed || known < FIELDS_MIN.min(count) {
                let reason = if timed { Reason::TooFewFields } else { Reason::BadTime };
                block.rejected[row].get_or_insert(reason);
                block.any_rejected = true;
            }
        }
        self.block.misfits = misfits;
        self.block.misfits.clear();
    }

    /// What stands around lines is kept as a word of its own is.
    fn keep_envelopes(&mut self, chunk: &[u8]) {
        let layout = Arc::clone(&self.layout);
        let Some((_, word)) = layout.envelope.as_deref() else { return };
        let Some(Some(key)) = self.keys.last_mut() else { return };
        let block = &mut self.block;
        let copies = block.copies.as_slice();
        let texts = block.lines.iter().zip(&block.envelopes).map(|(line, kept)| match *kept {
            Kept::Head(len) => &line.text(chunk, copies)[..len],
            Kept::Copy(start, end) => &copies[start..end],
        });
        let Some(rows) = block.rows.words.last_mut() else { return };
        key.texts.intern_column(texts, &mut block.scratch, &mut rows.ids);
        key.learn(word, &mut self.values);
        if key.any_flags {
            for (flags, &id) in block.rows.flags.iter_mut().zip(&rows.ids) {
                *flags |= key.flags.get(id as usize).copied().unwrap_or_default();
            }
        }
    }

    /// Notes a word that no row of the block has; whether that is so.
    fn is_missing(&mut self, nth: usize) -> bool {
        let count = self.layout.words.len();
        let block = &mut self.block;
        let rows = block.lines.len();
        let there = block.spans.iter().skip(nth).step_by(count).take(rows).any(|s| s.is_there());
        if there {
            return false;
        }
        let number = matches!(self.layout.words[nth].kind, WordKind::Number(_));
        let word = &mut block.rows.words[nth];
        match number {
            true => word.ints.extend(std::iter::repeat_n(NULL_INT, rows)),
            false => {
                word.ids.clear();
                word.ids.extend(std::iter::repeat_n(NONE, rows));
            }
        }
        true
    }

    /// CONNECT has the scheme `tunnel`, whatever word was logged for it.
    fn name_tunnels(&mut self) {
        let Some((method, scheme)) = self.layout.tunnel else { return };
        let word = &self.layout.words[scheme];
        let (Some(methods), Some(schemes)) = (self.keys[method].take(), self.keys[scheme].as_mut())
        else {
            return;
        };
        for row in 0..self.block.rows.words[method].ids.len() {
            let id = self.block.rows.words[method].ids[row];
            let logged = self.block.rows.words[scheme].ids[row];
            let connect = methods.facts.get(id as usize).is_some_and(|facts| facts.is_connect());
            if !connect || logged != NONE && schemes.texts.value(logged) == TUNNEL {
                continue;
            }
            if logged != NONE {
                let text = schemes.texts.value(logged);
                let id = self.values.member(&word.name, &String::from_utf8_lossy(text));
                self.block.rows.members.push((row as u32, id));
            }
            self.block.rows.words[scheme].ids[row] = schemes.texts.intern(TUNNEL).0;
            schemes.learn(word, &mut self.values);
        }
        self.keys[method] = Some(methods);
    }

    fn read_times(&mut self, chunk: &[u8], nth: usize, spec: &time::TimeSpec, cx: &LineContext) {
        let count = self.layout.words.len();
        let zone_word = self.layout.shaped.as_ref().and_then(|shaped| shaped.zone);
        let block = &mut self.block;
        for (row, line) in block.lines.iter().enumerate() {
            let bytes = line.text(chunk, &block.copies);
            let text = block.spans[row * count + nth].of(bytes);
            let mut context = Context::of_zone(cx.zone);
            context.near = Some(cx.near_us);
            if let Some((date, zone)) = block.dates.get(row) {
                context.date = *date;
                let told = zone_word
                    .and_then(|word| Zone::read(block.spans[row * count + word].of(bytes)));
                if let Some(zone) = told.or(zone.filter(|_| cx.zone.is_none() && spec.needs_zone()))
                {
                    (context.zone, context.stated) = (Some(zone), true);
                    if told.is_none() {
                        let id = self.values.member(ZONE, &zone.to_string());
                        block.rows.members.push((row as u32, id));
                    }
                }
            }
            let time = spec.read_in(text, &context, &mut self.memo).ok_or(Reason::BadTime);
            let time = time.and_then(|time| time::check(time.ts, cx.ingest_us).map(|()| time));
            match time {
                Ok(time) => {
                    block.rows.ts.push(time.ts);
                    block.rejected.push(None);
                    block.rows.flags[row] |= time.quality as u8;
                    if !time.exact {
                        block.rows.flags[row] |= RAW;
                    } else if time.nanos != 0 {
                        // `ts` has no room for nanoseconds.
                        let id = self.values.member(NANOS, &time.nanos.to_string());
                        block.rows.members.push((row as u32, id));
                    }
                    if time.offset != 0 {
                        let text = time::offset_text(time.offset);
                        let id = self.values.member(UTC_OFFSET, &text);
                        block.rows.members.push((row as u32, id));
                    }
                }
                Err(reason) => {
                    block.rows.ts.push(0);
                    block.rejected.push(Some(reason));
                    block.any_rejected = true;
                }
            }
        }
    }

    /// Times of the envelopes: when a line was sent, not when its transaction was.
    fn read_outer_times(&mut self, chunk: &[u8], spec: &time::TimeSpec, cx: &LineContext) {
        let block = &mut self.block;
        let context = Context { near: Some(cx.near_us), ..Context::of_zone(cx.zone) };
        for (row, line) in block.lines.iter().enumerate() {
            let text = line.text(chunk, &block.copies);
            let text =
                block.times.get(row).copied().flatten().map_or(&[][..], |span| span.of(text));
            let time = spec.read_in(text, &context, &mut self.memo).ok_or(Reason::BadTime);
            match time.and_then(|time| time::check(time.ts, cx.ingest_us).map(|()| time)) {
                Ok(time) => {
                    block.rows.ts.push(time.ts);
                    block.rejected.push(None);
                    block.rows.flags[row] |= Quality::Ambiguous as u8;
                }
                Err(reason) => {
                    block.rows.ts.push(0);
                    block.rejected.push(Some(reason));
                    block.any_rejected = true;
                }
            }
        }
    }

    fn read_numbers(&mut self, chunk: &[u8], nth: usize) {
        let layout = Arc::clone(&self.layout);
        let count = layout.words.len();
        let WordKind::Number(col) = layout.words[nth].kind else { return };
        let block = &mut self.block;
        for (row, line) in block.lines.iter().enumerate() {
            let span = block.spans[row * count + nth];
            let text = span.of(line.text(chunk, &block.copies));
            let usual = number::canonical(text).and_then(|value| i64::try_from(value).ok());
            let usual = usual.or_else(|| number::canonical_signed(text));
            // `-1` is a number, unless it is the format's word for none.
            let usual = usual.filter(|&value| value >= 0 || !layout.words[nth].is_null(text));
            let value = match usual.filter(|&value| field::fits(col, value)) {
                Some(value) => value,
                None if !span.is_there() || text == layout.words[nth].null() => NULL_INT,
                None => {
                    // What is kept in `extra` is wrapped again when it is written.
                    let word = &layout.words[nth];
                    let (inner, exact) = word.unwrapped(text);
                    block.rows.flags[row] |= if exact { 0 } else { RAW };
                    let text = &*inner;
                    let lossy = String::from_utf8_lossy(text);
                    let value = lossy.trim().parse().ok().filter(|&value| field::fits(col, value));
                    if value.is_none() && !word.is_null(text) {
                        block.misfits.push((row, nth));
                        block.rows.flags[row] |= PARTIAL;
                    }
                    match std::str::from_utf8(text) {
                        Ok(text) => {
                            let id = self.values.member(&word.name, text);
                            block.rows.members.push((row as u32, id));
                        }
                        Err(_) => block.rows.flags[row] |= RAW,
                    }
                    value.unwrap_or(NULL_INT)
                }
            };
            block.rows.words[nth].ints.push(value);
        }
    }

    fn keep_raw(&mut self, chunk: &[u8]) {
        let block = &mut self.block;
        for (row, line) in block.lines.iter().enumerate() {
            block.rows.line_no.push(line.line_no);
            if block.rows.flags[row] & RAW != 0 {
                let bytes = line.whole(chunk);
                block.rows.raw_bytes += bytes.len();
                block.rows.raw.push((row as u32, bytes.to_vec()));
            }
        }
        // Members were found word by word; the rows' order is wanted.
        block.rows.members.sort_by_key(|&(row, _)| row);
    }

    /// Hands the rows of the block to their days, and those with an impossible time to quarantine.
    fn hand_over(&mut self, chunk: &[u8], cx: &LineContext, out: &mut ChunkSink) {
        let mut rows = std::mem::take(&mut self.block.rows);
        let days = |rows: &Rows| {
            let (low, high) = rows
                .ts
                .iter()
                .fold((i64::MAX, i64::MIN), |(low, high), &ts| (low.min(ts), high.max(ts)));
            (low, high)
        };
        let (low, high) = days(&rows);
        if !self.block.any_rejected && Day::of(low) == Day::of(high) {
            account(&rows, out, |_| true);
            out.see(low, high);
            self.day(Day::of(low)).extend(&mut rows);
        } else {
            let rejected = std::mem::take(&mut self.block.rejected);
            account(&rows, out, |row| rejected[row].is_none());
            let odd = out.odd.len();
            for (row, reason) in rejected.iter().enumerate() {
                let line = self.block.lines[row];
                match reason {
                    None => {
                        let ts = rows.ts[row];
                        out.see(ts, ts);
                        self.day(Day::of(ts)).push(&rows, row);
                    }
                    Some(reason) => {
                        reject(line.whole(chunk), line, *reason, cx, out);
                    }
                }
            }
            self.block.rejected = rejected;
            if out.odd.len() > odd {
                let lines = self.block.lines.first().map_or(0, |line| line.line_no);
                let from = out.odd.partition_point(|odd| odd.line_no < lines);
                out.odd[from.min(odd)..].sort_by_key(|odd| odd.line_no);
            }
        }
        rows.clear();
        self.block.rows = rows;
        self.block.rejected.clear();
        self.block.any_rejected = false;
        self.block.lines.clear();
        self.block.dates.clear();
        self.block.copies.clear();
        self.block.envelopes.clear();
        self.block.times.clear();
        self.limit(out);
    }

    fn day(&mut self, day: Day) -> &mut Rows {
        let at = match self.days.binary_search_by_key(&day, |open| open.day) {
            Ok(at) => at,
            Err(at) => {
                let rows = Rows::new(self.layout.width());
                self.days.insert(at, OpenDay { day, rows });
                at
            }
        };
        &mut self.days[at].rows
    }

    /// Hands over what is full, and what must go to stay within memory.
    fn limit(&mut self, out: &mut ChunkSink) {
        while let Some(at) = self.days.iter().position(|open| open.rows.len() >= self.group_rows) {
            self.close(at, out);
            self.begin_anew();
        }
        let open: usize = self.days.iter().map(|open| open.rows.num_bytes()).sum();
        if open > OPEN_BYTES {
            let largest =
                self.days.iter().enumerate().max_by_key(|(_, open)| open.rows.num_bytes());
            if let Some((at, _)) = largest {
                self.close(at, out);
            }
        }
        if self.dictionary_bytes() > DICTIONARY_BYTES {
            self.flush(out);
        }
    }

    fn dictionary_bytes(&self) -> usize {
        let keys: usize = self.keys.iter().flatten().map(KeyColumn::num_bytes).sum();
        keys + self.values.num_bytes()
    }

    /// Empties large dictionaries if no row needs them.
    fn begin_anew(&mut self) {
        if self.days.is_empty() && self.dictionary_bytes() > WARM_BYTES {
            self.keys.iter_mut().flatten().for_each(KeyColumn::clear);
            self.values.clear();
        }
    }

    fn close(&mut self, at: usize, out: &mut ChunkSink) {
        let open = self.days.remove(at);
        let group = open.rows.row_group(&self.layout, &self.keys, &self.values, self.source_id);
        out.groups.push((open.day, group));
    }
}

impl ChunkParser for LineParser {
    fn parse(&mut self, chunk: &[u8], cx: &LineContext, out: &mut ChunkSink) {
        self.source_id = cx.source_id;
        if let Some(shaped) = &self.layout.shaped {
            self.cutter.begin(shaped, cx.headers.as_ref());
        }
        let mut at = 0;
        let mut line_no = cx.first_line;
        while at < chunk.len() {
            at = self.cut_block(chunk, at, &mut line_no, cx, out);
            self.read_block(chunk, cx, out);
        }
    }

    fn mark(&mut self, class: usize) {
        self.class = class;
    }

    fn flush(&mut self, out: &mut ChunkSink) {
        while !self.days.is_empty() {
            self.close(0, out);
        }
        self.begin_anew();
    }
}

/// Rows of a full row group; fewer where much of each goes to `extra`, whose texts are made when the group is.
fn group_rows(layout: &Layout) -> usize {
    let extras = layout.words.iter().filter(|word| !word.has_column()).count();
    if extras > EXTRAS_MANY { GROUP_ROWS / 4 } else { GROUP_ROWS }
}

/// Words that a line does not have get no id: the empty text that stood for them is not theirs.
fn forget_missing(block: &mut Block, nth: usize, count: usize, any: bool) {
    for (row, flags) in block.rows.flags.iter().enumerate() {
        if (any || flags & PARTIAL != 0) && !block.spans[row * count + nth].is_there() {
            block.rows.words[nth].ids[row] = NONE;
        }
    }
}
