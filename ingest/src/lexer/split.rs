//! Where the words of a line lie: the fast cut for lines as the format writes them, and the anchored one for the rest.

mod typed;

use typed::holds_a_record;
pub(crate) use typed::{anchors, fits};

use super::field::plausible;
use super::layout::{Layout, Word, WordKind};
use super::{Shape, Token};

/// Where a word lies in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// First byte.
    pub(crate) start: u32,
    /// First byte behind it.
    pub(crate) end: u32,
}

impl Span {
    /// The place of a word that the line does not have.
    pub(crate) const MISSING: Self = Self { start: u32::MAX, end: u32::MAX };

    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    /// Moves it, because more stands before it.
    pub(crate) fn shift(&mut self, bytes: usize) {
        if self.is_there() {
            self.start += bytes as u32;
            self.end += bytes as u32;
        }
    }

    /// Whether the line has the word.
    pub(crate) fn is_there(self) -> bool {
        self.start != u32::MAX
    }

    /// The word's text.
    pub(crate) fn of(self, line: &[u8]) -> &[u8] {
        line.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// How an odd line could be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// All words are there.
    Whole,
    /// All words are there, and more text behind them, from this byte.
    Tail(usize),
    /// Only some words are there, the time among them.
    Partial {
        /// The word the line ends in.
        truncated: Option<usize>,
    },
    /// Not even the time.
    Nothing,
}

/// Cuts a line made exactly as the format says; `None` if it is made otherwise. The result says whether the paddings
/// are those of the format too.
#[inline]
pub(crate) fn fast(layout: &Layout, line: &[u8], spans: &mut [Span]) -> Option<bool> {
    let mut at = 0;
    let mut exact = true;
    for (word, span) in layout.words.iter().zip(spans) {
        if word.shape.is_optional() && !is_present(word, line, at) {
            *span = Span::MISSING;
            continue;
        }
        if !begins(line, at, &word.lead) {
            return None;
        }
        at += word.lead.len();
        let (start, end, next, padded) = bounds(layout, word, line, at, word.pad > 0)?;
        // A number's place that holds none shows that the line is another one with as many words.
        let begins = line.get(start).is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-');
        if matches!(word.kind, WordKind::Number(_))
            && !begins
            && !is_number(word, &line[start..end])
        {
            return None;
        }
        // So does a word whose many fields nothing joins.
        if let Some((joint, times)) = word.joint
            && memchr::memchr_iter(joint, &line[start..end]).count() < times
        {
            return None;
        }
        exact &= padded;
        *span = Span::new(start, end);
        at = next;
    }
    (line.len() - at == layout.end.len() && begins(line, at, &layout.end)).then_some(exact)
}

/// Whether a text that begins like no number is one, or stands for none.
fn is_number(word: &Word, text: &[u8]) -> bool {
    text.first() == Some(&b'+') || word.is_null(text)
}

/// Whether a literal stands at `at`. Most are one or two bytes, for which a call would cost more than comparing.
#[inline]
pub(crate) fn begins(line: &[u8], at: usize, literal: &[u8]) -> bool {
    match *literal {
        [] => true,
        [one] => line.get(at) == Some(&one),
        [one, two] => line.get(at..at + 2).is_some_and(|found| found[0] == one && found[1] == two),
        _ => line.get(at..).is_some_and(|rest| rest.starts_with(literal)),
    }
}

/// Whether a word that may be absent is there.
fn is_present(word: &Word, line: &[u8], at: usize) -> bool {
    let open = word.shape.ends().map(|(open, _)| open);
    begins(line, at, &word.lead) && line.get(at + word.lead.len()).copied() == open
}

/// Start and end of the word whose padding begins at `at`, the first byte behind its right padding, and whether the
/// paddings are those of the format.
#[inline]
fn bounds(
    layout: &Layout,
    word: &Word,
    line: &[u8],
    at: usize,
    spaces: bool,
) -> Option<(usize, usize, usize, bool)> {
    let mut start = at;
    if spaces {
        while line.get(start) == Some(&b' ') {
            start += 1;
        }
    }
    let end = end_of(layout, word, line, start)?;
    let mut next = end;
    let mut exact = !spaces || start - at == word.pad.saturating_sub(end - start);
    if word.pad_right > 0 {
        let spaces = word.pad_right.saturating_sub(end - start);
        let found = line[end..].iter().take(spaces).take_while(|&&byte| byte == b' ').count();
        exact &= found == spaces;
        next = end + found;
    }
    Some((start, end, next, exact))
}

/// Where the word that starts at `start` ends by the format.
#[inline]
fn end_of(layout: &Layout, word: &Word, line: &[u8], start: usize) -> Option<usize> {
    if let Some((open, close)) = word.shape.ends()
        && line.get(start) == Some(&open)
    {
        return enclosed_end(layout, word, line, start, close);
    }
    let Some(stop) = word.stop else {
        let end = line.len();
        let split = !word.quoted && memchr::memchr(layout.separator, &line[start..end]).is_some();
        return (!split).then_some(end);
    };
    let mut at = start;
    for _ in 0..word.inner_stops {
        at += memchr::memchr(stop, &line[at..])? + 1;
    }
    loop {
        at += memchr::memchr(stop, &line[at..])?;
        if word.escaped && is_escaped(line, start, at) {
            at += 1;
            continue;
        }
        if word.shape == Shape::List && goes_on(&line[start..at], line.get(at + 1).copied()) {
            at += 1;
            continue;
        }
        return Some(at);
    }
}

/// Whether a list goes on behind the space that follows `text`: `a, b : c`.
fn goes_on(text: &[u8], next: Option<u8>) -> bool {
    text.ends_with(b",") || text.ends_with(b" :") || next == Some(b':')
}

/// Where an enclosed word ends: behind the first closing byte that the next word, or nothing, follows.
fn enclosed_end(
    layout: &Layout,
    word: &Word,
    line: &[u8],
    start: usize,
    close: u8,
) -> Option<usize> {
    let inner = line.get(start + 1..)?;
    let ends = |behind: usize| match (line.get(behind), word.stop) {
        (None, _) => true,
        (Some(&next), Some(stop)) => next == stop,
        (Some(&next), None) => layout.open_end && next == layout.separator,
    };
    memchr::memchr_iter(close, inner).map(|at| start + at + 2).find(|&behind| ends(behind))
}

/// Whether an odd number of backslashes stands before `at`.
fn is_escaped(line: &[u8], start: usize, at: usize) -> bool {
    let slashes = line[start..at].iter().rev().take_while(|&&byte| byte == b'\\').count();
    slashes % 2 == 1
}

/// Cuts a line that is not made as the format says: words are found from the left and from the right, and one that
/// may hold anything takes what lies between. Every step looks at each byte of the line a fixed number of times.
pub(crate) fn anchored(layout: &Layout, line: &[u8], spans: &mut [Span]) -> Cut {
    spans.fill(Span::MISSING);
    // Squid ends a record that is too long with a NUL, and the next one follows in the same line.
    if let Some(at) = memchr::memchr(0, line) {
        return partial(layout, &line[..at], &from_left(layout, &line[..at]), &[], spans);
    }
    let left = from_left(layout, line);
    let count = layout.words.len();
    // What follows the last word is expected, and no part of it.
    if layout.open_end
        && let Some(cut) = whole_left(layout, line, &left, spans)
    {
        return cut;
    }
    // A request ends with its protocol: what follows its quote is no part of it, though it may hold more quotes.
    if let Some(cut) =
        whole_left(layout, line, &left, spans).filter(|_| ends_its_request(layout, line, &left))
    {
        return cut;
    }
    spans.fill(Span::MISSING);
    let right = from_right(layout, line);
    for &flexible in &layout.flexible {
        let word = &layout.words[flexible];
        if left.len() < flexible || right.len() + flexible + 1 < count {
            continue;
        }
        let from = flexible.checked_sub(1).map_or(0, |before| left[before].1);
        let to = match count - flexible - 1 {
            0 => line.len().saturating_sub(layout.end.len()),
            behind => right[behind - 1].0,
        };
        let start = from + word.lead.len();
        let fits = start <= to
            && line[from..].starts_with(&word.lead)
            && (flexible + 1 < count || line.ends_with(&layout.end))
            && plausible(word, &line[start..to])
            && (layout.separator != b'\t' || tabs_are_joints(word, &line[start..to]))
            && !holds_a_record(layout, word, &line[start..to]);
        if !fits {
            continue;
        }
        for (span, &(_, _, at)) in spans.iter_mut().zip(&left).take(flexible) {
            *span = at;
        }
        spans[flexible] = Span::new(start, to);
        for (span, &(_, at)) in spans.iter_mut().rev().zip(&right).take(count - flexible - 1) {
            *span = at;
        }
        return Cut::Whole;
    }
    if let Some(cut) = whole_left(layout, line, &left, spans) {
        return cut;
    }
    partial(layout, line, &left, &right, spans)
}

/// The words from the left, and what follows them, if these are all of the format.
fn whole_left(
    layout: &Layout,
    line: &[u8],
    left: &[(usize, usize, Span)],
    spans: &mut [Span],
) -> Option<Cut> {
    let end = left.last().map_or(0, |&(_, end, _)| end) + layout.end.len();
    if left.len() < layout.words.len() || end > line.len() {
        return None;
    }
    for (span, &(_, _, at)) in spans.iter_mut().zip(left) {
        *span = at;
    }
    Some(if end == line.len() { Cut::Whole } else { Cut::Tail(end) })
}

/// Whether the request in quotes, cut at its first quote, ends as a request does.
fn ends_its_request(layout: &Layout, line: &[u8], left: &[(usize, usize, Span)]) -> bool {
    let mut words = layout.words.iter().zip(left);
    words.any(|(word, (_, _, span))| {
        let text = span.of(line);
        let tail = &text[text.len().saturating_sub(8)..];
        word.is_request() && word.quoted && tail.starts_with(b"HTTP/")
    })
}

/// The words that were found from one side, if the time and two more are among them.
fn partial(
    layout: &Layout,
    line: &[u8],
    left: &[(usize, usize, Span)],
    right: &[(usize, Span)],
    spans: &mut [Span],
) -> Cut {
    spans.fill(Span::MISSING);
    let count = spans.len();
    let next = left.last().map_or(0, |&(_, next, _)| next);
    let goes_on = layout.words.get(left.len()).is_some_and(|w| line[next..].starts_with(&w.lead));
    // A word that may hold anything, and does not end as the format says, was cut at the wrong place.
    let wrong =
        left.len() < count && !goes_on && layout.flexible.contains(&left.len().wrapping_sub(1));
    let left = if wrong { &left[..left.len() - 1] } else { left };
    let mut truncated = None;
    // Words from both ends could be those of two records in one line, so only one side is taken: the right one where
    // the left does not reach the time.
    if left.len() > layout.time {
        for (span, &(_, _, at)) in spans.iter_mut().zip(left) {
            *span = at;
        }
        if goes_on {
            truncated = cut_short(layout, line, next, left.len());
        }
        if let Some(span) = truncated {
            spans[left.len()] = span;
        }
    } else {
        for (span, &(_, at)) in spans.iter_mut().rev().zip(right) {
            *span = at;
        }
    }
    let found = spans.iter().filter(|span| span.is_there()).count();
    if spans[layout.time].is_there() && found >= 3.min(count) {
        Cut::Partial { truncated: truncated.map(|_| left.len()) }
    } else {
        spans.fill(Span::MISSING);
        Cut::Nothing
    }
}

/// The beginning of word `nth`, if the line ends within it and a beginning is worth something (a URL, an agent).
fn cut_short(layout: &Layout, line: &[u8], at: usize, nth: usize) -> Option<Span> {
    let word = &layout.words[nth];
    let start = at + word.lead.len();
    let text = line.get(start..)?;
    let inner = memchr::memchr_iter(layout.separator, text).count();
    let textual = word.name == "request" || layout.flexible.contains(&nth) || word.quoted;
    let whole = word.quoted || inner <= word.inner_stops;
    (textual && whole && !text.is_empty() && !text.contains(&b'"') && plausible(word, text))
        .then(|| Span::new(start, line.len()))
}

/// Words from the left, as far as they are made as the format says: padding start, end, span.
fn from_left(layout: &Layout, line: &[u8]) -> Vec<(usize, usize, Span)> {
    let mut found = Vec::with_capacity(layout.words.len());
    let mut at = 0;
    for word in &layout.words {
        if word.shape.is_optional() && !is_present(word, line, at) {
            found.push((at, at, Span::MISSING));
            continue;
        }
        if !line[at..].starts_with(&word.lead) {
            break;
        }
        let from = at + word.lead.len();
        let open = word.shape.ends().is_some_and(|(open, _)| line.get(from) == Some(&open));
        // At the end of an odd line the last bare word ends at a separator.
        let cut = match (word.stop, word.quoted) {
            (None, false) if !open => memchr::memchr(layout.separator, &line[from..])
                .map_or(line, |len| &line[..from + len]),
            _ => line,
        };
        let Some((start, end, next, _)) = bounds(layout, word, cut, from, word.takes_spaces())
        else {
            break;
        };
        if !fits(word, &line[start..end]) {
            break;
        }
        found.push((from, next, Span::new(start, end)));
        at = next;
    }
    found
}

/// Words from the right: where the literal before each begins, and its span.
fn from_right(layout: &Layout, line: &[u8]) -> Vec<(usize, Span)> {
    let mut found = Vec::with_capacity(layout.words.len());
    let Some(body) = line.strip_suffix(layout.end.as_slice()) else { return found };
    let mut end = body.len();
    for word in layout.words.iter().rev() {
        let mut head = &line[..end];
        if let Some(start) = enclosed_start(word, head) {
            found.push((start - word.lead.len(), Span::new(start, end)));
            end = start - word.lead.len();
            continue;
        }
        if word.shape.is_optional() {
            found.push((end, Span::MISSING));
            continue;
        }
        // A word with the separator within its format begins further left.
        let inner = if word.lead.first().copied() == word.stop { word.inner_stops } else { 0 };
        for _ in 0..inner {
            match memchr::memmem::rfind(head, &word.lead) {
                Some(at) => head = &line[..at],
                None => return found,
            }
        }
        let Some(mut lead) = memchr::memmem::rfind(head, &word.lead) else { break };
        let start = lead + word.lead.len();
        if !fits(word, &line[start..end]) || word.escaped && ends_within(line, start, end) {
            break;
        }
        if word.takes_spaces() {
            let spaces = line[..lead].iter().rev().take_while(|&&byte| byte == b' ').count();
            lead -= spaces;
        }
        found.push((lead, Span::new(start, end)));
        end = lead;
    }
    found
}

/// Whether all TABs of a text stand between the fields of the word: no value holds the TABs that separate values.
fn tabs_are_joints(word: &Word, text: &[u8]) -> bool {
    let joints = word.tokens.iter().map(|token| match token {
        Token::Literal(bytes) => memchr::memchr_iter(b'\t', bytes).count(),
        Token::Field(_) => 0,
    });
    memchr::memchr_iter(b'\t', text).count() <= joints.sum::<usize>()
}

/// Whether the quoted text would end before `end`, at a quote that is not escaped.
fn ends_within(line: &[u8], start: usize, end: usize) -> bool {
    memchr::memchr_iter(b'"', &line[start..end]).any(|at| !is_escaped(line, start, start + at))
}

/// Where the enclosed word that ends with `head` begins, if one does.
fn enclosed_start(word: &Word, head: &[u8]) -> Option<usize> {
    let (open, close) = word.shape.ends()?;
    let inner = head.strip_suffix(&[close])?;
    let begins = memchr::memrchr_iter(open, inner).find(|&at| head[..at].ends_with(&word.lead))?;
    Some(begins)
}

/// Whether the words of a line are those of the format at least up to the time.
pub(crate) fn has_time(layout: &Layout, line: &[u8]) -> bool {
    from_left(layout, line).len() > layout.time || layout.time == 0 && fits(&layout.words[0], line)
}

/// How many spaces pad each word on the left, where it is not what the format says: word and count. `None` if
/// something else than spaces differs from the format.
pub(crate) fn paddings(
    layout: &Layout,
    line: &[u8],
    spans: &[Span],
) -> Option<Vec<(usize, usize)>> {
    let mut odd = Vec::new();
    let mut at = 0;
    let there = layout.words.iter().zip(spans).enumerate().filter(|(_, (_, span))| span.is_there());
    for (nth, (word, span)) in there {
        let (start, end) = (span.start as usize, span.end as usize);
        let pad = line.get(at..start)?.strip_prefix(word.lead.as_slice())?;
        if pad.iter().any(|&byte| byte != b' ') {
            return None;
        }
        if pad.len() != word.pad.saturating_sub(end - start) {
            odd.push((nth, pad.len()));
        }
        at = end + word.pad_right.saturating_sub(end - start);
        if line.get(end..at)?.iter().any(|&byte| byte != b' ') {
            return None;
        }
    }
    (line.get(at..)? == layout.end).then_some(odd)
}
