//! Where do the values of `key=value` pairs lie?

use super::Pieces;
use crate::lexer::shaped::dialect::{Ends, Head};

/// How pairs are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Language<'a> {
    pub(super) separator: &'a [u8],
    pub(super) assign: u8,
    pub(super) ends: Ends,
}

/// The longest key.
pub(crate) const KEY_BYTES: usize = 128;

/// The names of what stands before the pairs of CEF and LEEF.
const CEF: [&[u8]; 7] = [
    b"cef_version",
    b"device_vendor",
    b"device_product",
    b"device_version",
    b"signature_id",
    b"event_name",
    b"severity",
];
const LEEF: [&[u8]; 5] =
    [b"leef_version", b"device_vendor", b"device_product", b"device_version", b"event_id"];

/// The values of a line of pairs.
pub(super) fn pairs(
    line: &[u8],
    language: &Language<'_>,
    head: &Head,
    pieces: &mut Pieces,
) -> bool {
    let (start, separator) = match head {
        Head::None => (0, language.separator.to_vec()),
        Head::Words(names) => match words(line, names, language, pieces) {
            Some(at) => (at, language.separator.to_vec()),
            None => return false,
        },
        Head::Cef => match piped(line, &CEF, pieces) {
            Some(at) => (at, language.separator.to_vec()),
            None => return false,
        },
        Head::Leef => match leef(line, pieces) {
            Some((at, separator)) => (at, separator.unwrap_or(language.separator.to_vec())),
            None => return false,
        },
    };
    let language = Language { separator: &separator, ..*language };
    let found = match language.ends {
        Ends::NextKey => until_next_key(line, start, &language, Keys::Any, pieces),
        Ends::NextWord => until_next_key(line, start, &language, Keys::Words, pieces),
        Ends::Quotes | Ends::Separator => separated(line, start, &language, pieces),
    };
    if found {
        pieces.number_repeats();
    }
    found
}

/// The fields before the pairs, each ended by a pipe; backslashes escape.
fn piped(line: &[u8], names: &[&[u8]], pieces: &mut Pieces) -> Option<usize> {
    let mut at = 0;
    for name in names {
        let start = at;
        loop {
            at += memchr::memchr2(b'|', b'\\', line.get(at..)?)?;
            if line[at] == b'|' {
                break;
            }
            at += 2;
        }
        pieces.push(&[name], start, at);
        at += 1;
    }
    Some(at)
}

/// LEEF 2 has one more field, which names the separator (a byte, or `x09`).
fn leef(line: &[u8], pieces: &mut Pieces) -> Option<(usize, Option<Vec<u8>>)> {
    let at = piped(line, &LEEF, pieces)?;
    if !line.starts_with(b"LEEF:2") {
        return Some((at, None));
    }
    let rest = line.get(at..)?;
    let Some(len) = memchr::memchr(b'|', &rest[..rest.len().min(6)]) else {
        return Some((at, None));
    };
    let named = &rest[..len];
    let hex = named.strip_prefix(b"0x").or(named.strip_prefix(b"x"));
    let hex = hex.and_then(|hex| std::str::from_utf8(hex).ok());
    let separator = match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
        Some(byte) => Some(vec![byte]),
        None if named.is_empty() => None,
        None => Some(named.to_vec()),
    };
    pieces.push(&[b"leef_separator"], at, at + len);
    Some((at + len + 1, separator))
}

/// The priority of a syslog message before the other words.
const PRIORITY: &[u8] = b"syslog_pri";

/// The words before the first pair: the last has the last name, and so on; the first takes what is left. Returns where the
/// first pair begins.
fn words(
    line: &[u8],
    names: &[String],
    language: &Language<'_>,
    pieces: &mut Pieces,
) -> Option<usize> {
    let assign = memchr::memchr(language.assign, line)?;
    let separator = language.separator;
    let first = memchr::memmem::rfind(&line[..assign], separator);
    let mut pair = first.map_or(0, |at| at + separator.len());
    let mut from = 0;
    if let Some(len) = priority(line) {
        if !pieces.push(&[PRIORITY], 1, len - 1) {
            return None;
        }
        from = len;
        pair = pair.max(len);
    }
    // Runs of separators stand before a pair, too.
    let trimmed = |mut end: usize| {
        while end > from && line[from..end].ends_with(separator) {
            end -= separator.len();
        }
        end
    };
    let mut end = trimmed(pair);
    let mut found: Vec<(&String, usize, usize)> = Vec::with_capacity(names.len());
    for (nth, name) in names.iter().enumerate().rev() {
        if end <= from {
            break;
        }
        let gap = memchr::memmem::rfind(&line[from..end], separator);
        let start = gap.filter(|_| nth > 0).map_or(from, |at| from + at + separator.len());
        found.push((name, start, end));
        end = trimmed(start);
    }
    for (name, start, end) in found.into_iter().rev() {
        if !pieces.push(&[name.as_bytes()], start, end) {
            return None;
        }
    }
    Some(pair)
}

/// `<134>`
fn priority(line: &[u8]) -> Option<usize> {
    let digits = line.strip_prefix(b"<")?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    ((1..=3).contains(&digits) && line.get(digits + 1) == Some(&b'>')).then_some(digits + 2)
}

/// Which texts are keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keys {
    /// Letters, digits and some signs.
    Any,
    /// Three and more small letters, digits and `_`.
    Words,
}

impl Keys {
    /// Whether a text is a key.
    pub(crate) fn take(self, text: &[u8]) -> bool {
        let letter = |byte: &u8| match self {
            Self::Any => byte.is_ascii_alphanumeric() || b"_-.()/:[]{}@".contains(byte),
            Self::Words => byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_',
        };
        let least = if self == Self::Words { 3 } else { 1 };
        (least..=KEY_BYTES).contains(&text.len()) && text.iter().all(letter)
    }
}

/// Pairs whose values end at the separator, or in quotes.
fn separated(line: &[u8], start: usize, language: &Language<'_>, pieces: &mut Pieces) -> bool {
    let mut at = start;
    let mut open = false;
    loop {
        while !language.separator.is_empty()
            && line[at.min(line.len())..].starts_with(language.separator)
        {
            at += language.separator.len();
        }
        if at >= line.len() {
            return pieces.len() > 0;
        }
        let Some(len) = memchr::memchr(language.assign, &line[at..]) else { return false };
        let key = &line[at..at + len];
        if !Keys::Any.take(key) {
            return false;
        }
        let from = at + len + 1;
        let end = match language.ends {
            // Behind a value that was never closed none is: it would have ended that one.
            Ends::Quotes if !open && line.get(from) == Some(&b'"') => {
                let end = quoted(line, from, language.separator);
                open = end.is_none();
                end
            }
            _ => None,
        };
        let end = end.unwrap_or_else(|| {
            let rest = &line[from..];
            memchr::memmem::find(rest, language.separator).map_or(line.len(), |len| from + len)
        });
        if !pieces.push(&[key], from, end) {
            return false;
        }
        at = end;
    }
}

/// The end of the quoted value that begins at `start`. A quote that neither a backslash precedes nor a separator
/// follows was not escaped by its writer, and belongs to the value.
fn quoted(line: &[u8], start: usize, separator: &[u8]) -> Option<usize> {
    let mut at = start + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', line.get(at..)?)?;
        if line[at] == b'\\' {
            at += 2;
            continue;
        }
        let after = &line[at + 1..];
        if after.is_empty() || after.starts_with(separator) {
            return Some(at + 1);
        }
        at += 1;
    }
}

/// Pairs whose values go on until the next `separator key=`.
fn until_next_key(
    line: &[u8],
    start: usize,
    language: &Language<'_>,
    keys: Keys,
    pieces: &mut Pieces,
) -> bool {
    let Some((mut key, mut from)) = first_key(line, start, language) else { return false };
    let mut search = from;
    loop {
        let next = memchr::memchr(language.assign, &line[search..]).map(|len| search + len);
        let Some(assign) = next else {
            return pieces.push(&[&line[key.0..key.1]], from, line.len());
        };
        search = assign + 1;
        // `\=` is part of a value.
        if line[assign - 1] == b'\\' {
            continue;
        }
        let low = from.max(assign.saturating_sub(KEY_BYTES));
        let Some(gap) = memchr::memmem::rfind(&line[low..assign], language.separator) else {
            continue;
        };
        let begin = low + gap + language.separator.len();
        if !keys.take(&line[begin..assign]) {
            continue;
        }
        if !pieces.push(&[&line[key.0..key.1]], from, low + gap) {
            return false;
        }
        (key, from) = ((begin, assign), assign + 1);
    }
}

fn first_key(
    line: &[u8],
    start: usize,
    language: &Language<'_>,
) -> Option<((usize, usize), usize)> {
    let skipped = line.get(start..)?.iter().take_while(|byte| **byte == b' ').count();
    let start = start + skipped;
    let len = memchr::memchr(language.assign, line.get(start..)?)?;
    Keys::Any.take(&line[start..start + len]).then_some(((start, start + len), start + len + 1))
}
