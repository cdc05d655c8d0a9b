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
const KEY_BYTES: usize = 128;

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
pub(super) fn pairs(line: &[u8], language: &Language<'_>, head: Head, pieces: &mut Pieces) -> bool {
    let (start, separator) = match head {
        Head::None => (0, language.separator.to_vec()),
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
        Ends::NextKey => until_next_key(line, start, &language, pieces),
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

fn is_key(text: &[u8]) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.()/:[]{}@".contains(byte);
    !text.is_empty() && text.len() <= KEY_BYTES && text.iter().all(letter)
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
        if !is_key(key) {
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
fn until_next_key(line: &[u8], start: usize, language: &Language<'_>, pieces: &mut Pieces) -> bool {
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
        if !is_key(&line[begin..assign]) {
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
    is_key(&line[start..start + len]).then_some(((start, start + len), start + len + 1))
}
