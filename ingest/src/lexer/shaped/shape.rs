//! In which order do the fields of a line follow one another, and what stands between them? A shape, by which lines are cut
//! fast and given back.

use std::collections::HashMap;

use super::scan::{KEY_BYTES, Keys};
use super::wrap::{Escape, Quote};
use crate::lexer::layout::Word;
use crate::lexer::layout::WordKind;
use crate::lexer::split::{Span, begins};
use crate::time::TimeSpec;

/// A field in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    /// The bytes before it.
    pub(crate) lead: Vec<u8>,
    /// Which word of the layout it is.
    pub(crate) word: usize,
    /// How its end is found.
    ends: SlotEnd,
}

/// How the end of a field is found.
#[derive(Debug, Clone, PartialEq, Eq)]
enum SlotEnd {
    /// Behind the time that begins here.
    Time(TimeSpec),
    /// At the n-th of these bytes from here (0 is the first).
    Byte(u8, usize),
    /// At the quote that its shape closes.
    Quote(u8, Escape),
    /// Behind its own quotes if it begins with one; else at this byte, or, in the last place, as
    /// this says.
    Perhaps(u8, Escape, Option<u8>, Box<SlotEnd>),
    /// Before these bytes, which begin the next field.
    Text(Vec<u8>),
    /// Before these bytes (at the end of the line, if there are none), if no key stands within.
    Key(Vec<u8>, Keys),
    /// Behind the JSON value that begins here: a text, a number or word, or a list of one kind of either.
    Json,
    /// At the end of the line, if none of these bytes stands within.
    Line(Vec<u8>),
    /// At the end of the line, if this text does not stand within.
    Last(Vec<u8>),
}

/// What of a language decides how values end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Last<'a> {
    /// Bare values hold none of these bytes.
    Without(&'a [u8]),
    /// Bare values go on up to this text.
    Until(&'a [u8]),
    /// Values go on up to the next key.
    NextKey(Keys),
    /// Values end as those of JSON do.
    Json,
}

/// One order of fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The fields.
    pub(crate) slots: Vec<Slot>,
    /// The bytes behind the last.
    pub(crate) end: Vec<u8>,
    /// Whether no bare value is empty: where runs of spaces separate, two spaces are not an empty value between them.
    filled: bool,
}

/// A shape as found: what stands before each word, and behind the last.
pub(crate) type Plain = (Vec<(Vec<u8>, usize)>, Vec<u8>);

impl Shape {
    /// Makes a shape ready for cutting.
    pub(crate) fn new(plain: &Plain, words: &[Word], last: Last<'_>) -> Self {
        let (fields, end) = plain;
        let next = |nth: usize| match fields.get(nth + 1) {
            Some((lead, _)) => lead.as_slice(),
            None => end.as_slice(),
        };
        let slot = |(nth, (lead, word)): (usize, &(Vec<u8>, usize))| {
            let next = next(nth);
            let ends = match words.get(*word) {
                Some(found) => ends_of(found, next, last),
                None => SlotEnd::Line(Vec::new()),
            };
            Slot { lead: lead.clone(), word: *word, ends }
        };
        let filled = matches!(last, Last::Without(b" \t"));
        Self { slots: fields.iter().enumerate().map(slot).collect(), end: end.clone(), filled }
    }

    /// Cuts a line that has this shape; `false` if it has another.
    #[inline]
    pub(crate) fn cut(&self, line: &[u8], spans: &mut [Span]) -> bool {
        let mut at = 0;
        for slot in &self.slots {
            if !begins(line, at, &slot.lead) {
                return false;
            }
            at += slot.lead.len();
            let Some(end) = slot.ends.find(line, at) else { return false };
            if end == at && self.filled && !matches!(slot.ends, SlotEnd::Quote(..)) {
                return false;
            }
            let Some(span) = spans.get_mut(slot.word) else { return false };
            *span = Span::new(at, end);
            at = end;
        }
        line.len() - at == self.end.len() && begins(line, at, &self.end)
    }
}

fn ends_of(word: &Word, next: &[u8], last: Last<'_>) -> SlotEnd {
    let wrap = word.wrap.clone().unwrap_or_default();
    let stop = next.first().copied();
    match (stop, last) {
        // Days of one digit and of two make different numbers of spaces.
        _ if word.inner_stops > 0 && varies(word) => match &word.kind {
            WordKind::Time(spec) => SlotEnd::Time(spec.clone()),
            _ => SlotEnd::Line(Vec::new()),
        },
        (Some(byte), _) if word.inner_stops > 0 => SlotEnd::Byte(byte, word.inner_stops),
        _ if wrap.quote == Quote::Outside => SlotEnd::Quote(wrap.mark, wrap.escape),
        (_, Last::NextKey(keys)) => SlotEnd::Key(next.to_vec(), keys),
        (_, Last::Json) => SlotEnd::Json,
        _ if wrap.mark != 0 && wrap.quote != Quote::Never => {
            SlotEnd::Perhaps(wrap.mark, wrap.escape, stop, Box::new(at_end(last)))
        }
        (Some(_), Last::Until(text)) => SlotEnd::Text(text.to_vec()),
        (Some(byte), _) => SlotEnd::Byte(byte, 0),
        (None, last) => at_end(last),
    }
}

/// How a bare value ends that is the last.
fn at_end(last: Last<'_>) -> SlotEnd {
    match last {
        Last::Without(bytes) => SlotEnd::Line(bytes.to_vec()),
        Last::Until(text) => SlotEnd::Last(text.to_vec()),
        Last::NextKey(_) | Last::Json => SlotEnd::Line(Vec::new()),
    }
}

fn varies(word: &Word) -> bool {
    match &word.kind {
        WordKind::Time(spec) => {
            let text = spec.text();
            ["%e", "%c", "%k", "%l"].iter().any(|code| text.contains(code))
        }
        _ => false,
    }
}

/// Whether ` key=` stands within a text.
fn holds_key(text: &[u8], keys: Keys) -> bool {
    memchr::memchr_iter(b'=', text).any(|at| {
        // Keys are short: so far is looked back.
        let low = at.saturating_sub(KEY_BYTES + 1);
        let gap = memchr::memrchr(b' ', &text[low..at]);
        gap.is_some_and(|gap| keys.take(&text[low + gap + 1..at]))
    })
}

impl SlotEnd {
    #[inline]
    fn find(&self, line: &[u8], start: usize) -> Option<usize> {
        match self {
            Self::Time(spec) => Some(start + spec.prefix_len(line.get(start..)?)?),
            Self::Byte(byte, inner) => {
                let mut at = start;
                for _ in 0..*inner {
                    at += memchr::memchr(*byte, line.get(at..)?)? + 1;
                }
                Some(at + memchr::memchr(*byte, line.get(at..)?)?)
            }
            Self::Quote(mark, escape) => closing(line, start, *mark, *escape),
            Self::Perhaps(mark, escape, stop, last) => {
                if line.get(start) == Some(mark) {
                    return closing(line, start + 1, *mark, *escape).map(|at| at + 1);
                }
                match stop {
                    Some(stop) => Some(start + memchr::memchr(*stop, line.get(start..)?)?),
                    None => last.find(line, start),
                }
            }
            Self::Key(next, keys) => {
                let rest = line.get(start..)?;
                let len = match next.as_slice() {
                    [] => rest.len(),
                    next => memchr::memmem::find(rest, next)?,
                };
                (!holds_key(&rest[..len], *keys)).then_some(start + len)
            }
            Self::Text(next) => Some(start + memchr::memmem::find(line.get(start..)?, next)?),
            Self::Json => json_end(line, start),
            Self::Line(without) => to_end(line, start, without),
            Self::Last(text) => {
                let rest = line.get(start..)?;
                memchr::memmem::find(rest, text).is_none().then_some(line.len())
            }
        }
    }
}

/// The end of a JSON value, if it is a plain one: what follows a number must not be taken for a part of it.
#[inline]
fn json_end(line: &[u8], start: usize) -> Option<usize> {
    let rest = line.get(start..)?;
    match rest.first()? {
        b'"' => closing(line, start + 1, b'"', Escape::Json).map(|at| at + 1),
        b'{' => rest.starts_with(b"{}").then_some(start + 2),
        b'[' => {
            let len = memchr::memchr(b']', rest)?;
            let inner = &rest[1..len];
            let text = inner.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""));
            let plain = text.unwrap_or(inner).iter().all(|byte| !b"[{}\"\\".contains(byte));
            plain.then_some(start + len + 1)
        }
        _ => {
            let letter = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
            let len = rest.iter().take_while(letter).count();
            (len > 0).then_some(start + len)
        }
    }
}

fn to_end(line: &[u8], start: usize, without: &[u8]) -> Option<usize> {
    let rest = line.get(start..)?;
    let found = without.iter().any(|byte| memchr::memchr(*byte, rest).is_some());
    (!found).then_some(line.len())
}

/// The quote that ends the text which begins at `start`.
#[inline]
fn closing(line: &[u8], start: usize, mark: u8, escape: Escape) -> Option<usize> {
    let mut at = start;
    loop {
        at += memchr::memchr(mark, line.get(at..)?)?;
        match escape.skips(line, start, at) {
            None => return Some(at),
            Some(bytes) => at += bytes,
        }
    }
}

/// The shapes of a source, found by what stands between fields.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shapes {
    all: Vec<Shape>,
    by_hash: HashMap<u64, usize>,
}

impl Shapes {
    /// The shapes, likeliest first.
    pub(crate) fn new(all: Vec<Shape>) -> Self {
        let by_hash = all.iter().enumerate().rev().map(|(nth, shape)| {
            let words = shape.slots.iter().map(|slot| (slot.lead.as_slice(), slot.word));
            (hash(words, &shape.end), nth)
        });
        Self { by_hash: by_hash.collect(), all }
    }

    /// All of them.
    pub(crate) fn all(&self) -> &[Shape] {
        &self.all
    }

    /// The shape of a line whose words lie at these places, in their order.
    pub(crate) fn of(&self, line: &[u8], found: &[(usize, Span)]) -> Option<usize> {
        let end = found.last().map_or(0, |(_, span)| span.end as usize);
        let end = line.get(end..)?;
        let nth = *self.by_hash.get(&hash(gaps(line, found), end))?;
        let shape = self.all.get(nth)?;
        let same = shape.slots.len() == found.len() && shape.end == end;
        let slots = shape.slots.iter().map(|slot| (slot.lead.as_slice(), slot.word));
        (same && slots.eq(gaps(line, found))).then_some(nth)
    }
}

/// What stands before each word.
pub(crate) fn gaps<'a>(
    line: &'a [u8],
    found: &'a [(usize, Span)],
) -> impl Iterator<Item = (&'a [u8], usize)> {
    let mut at = 0;
    found.iter().map(move |(word, span)| {
        let lead = line.get(at..span.start as usize).unwrap_or_default();
        at = span.end as usize;
        (lead, *word)
    })
}

/// FNV-1a: what is hashed is short, and nobody gains by collisions, since shapes are compared.
fn hash<'a>(words: impl Iterator<Item = (&'a [u8], usize)>, end: &[u8]) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    let mut take = |byte: u64| state = (state ^ byte).wrapping_mul(0x0100_0000_01b3);
    for (lead, word) in words {
        lead.iter().for_each(|&byte| take(u64::from(byte)));
        take(256 + word as u64);
    }
    end.iter().for_each(|&byte| take(u64::from(byte)));
    state
}
