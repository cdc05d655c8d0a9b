//! What do the words of a block say? Column by column: times, numbers, and texts by their distinct values.

use std::sync::Arc;

use super::{Block, CLASS, FIELDS_MIN, LineParser, NANOS, TUNNEL, UTC_OFFSET, ZONE};
use crate::builder::sink::{ChunkSink, Reason};
use crate::format::LineContext;
use crate::intern::NONE;
use crate::intern::key::{MISFIT, NULL_INT, PARTIAL, RAW};
use crate::lexer::envelope::Kept;
use crate::lexer::layout::WordKind;
use crate::lexer::split::{self, Span};
use crate::lexer::{Field, Kind, field, number};
use crate::time::{self, Context, Quality, Zone};

impl LineParser {
    /// Reads the columns of the block and hands its rows to their days.
    pub(super) fn read_block(&mut self, chunk: &[u8], cx: &LineContext, out: &mut ChunkSink) {
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
                let address = |field: &Field| matches!(field.kind, Kind::Address(_));
                if !named && layout.words[nth].fields().any(address) {
                    block.rows.flags[row] |= RAW;
                    block.rows.words[nth].ids[row] = NONE;
                }
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
        let tunnel = word.wrapped(TUNNEL);
        let (Some(methods), Some(schemes)) = (self.keys[method].take(), self.keys[scheme].as_mut())
        else {
            return;
        };
        for row in 0..self.block.rows.words[method].ids.len() {
            let id = self.block.rows.words[method].ids[row];
            let logged = self.block.rows.words[scheme].ids[row];
            let connect = methods.facts.get(id as usize).is_some_and(|facts| facts.is_connect());
            if !connect || logged != NONE && schemes.texts.value(logged) == tunnel {
                continue;
            }
            if logged != NONE {
                let text = schemes.texts.value(logged);
                let (inner, exact) = word.unwrapped(text);
                let rows = &mut self.block.rows;
                match (std::str::from_utf8(text), std::str::from_utf8(&inner)) {
                    (Ok(text), Ok(inner)) => {
                        rows.members.push((row as u32, self.values.member(&word.name, inner)));
                        if !exact {
                            let name = format!("{}{}", word.name, field::AS_LOGGED);
                            rows.members.push((row as u32, self.values.member(&name, text)));
                        }
                    }
                    _ => rows.flags[row] |= RAW,
                }
            }
            self.block.rows.words[scheme].ids[row] = schemes.texts.intern(&tunnel).0;
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
                // As it will be found in `extra`: without its quotes.
                let told = zone_word.and_then(|word| {
                    let text = block.spans[row * count + word].of(bytes);
                    Zone::read(&self.layout.words[word].inner(text))
                });
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
            // `-1` and `0` are numbers, unless they are the format's words for none.
            let usual = usual.filter(|&value| value > 0 || !layout.words[nth].is_null(text));
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
                    let fits = |&value: &i64| field::fits(col, value) && !word.is_null(text);
                    let value = lossy.trim().parse().ok().filter(fits);
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
}

/// Words that a line does not have get no id: the empty text that stood for them is not theirs.
fn forget_missing(block: &mut Block, nth: usize, count: usize, any: bool) {
    for (row, flags) in block.rows.flags.iter().enumerate() {
        if (any || flags & PARTIAL != 0) && !block.spans[row * count + nth].is_there() {
            block.rows.words[nth].ids[row] = NONE;
        }
    }
}
