//! How do modifiers change a text before it is compared: wildcards around it, encodings, dashes, placeholders?

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::sigma::pattern::{Part, Pattern};
use crate::sigma::yaml::shown;
use crate::sigma::{Options, Refusal};

/// A change of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Contains,
    Start,
    End,
    Base64,
    Base64Offset,
    Utf16Le,
    Utf16Be,
    Utf16,
    Dashes,
    Expand,
}

/// A text on its way: a pattern, or bytes that only an encoding makes a text again.
#[derive(Debug, Clone)]
pub(super) enum Changed {
    Text(Pattern),
    Bytes(Vec<u8>),
}

const NAMES: [(&str, Change); 11] = [
    ("contains", Change::Contains),
    ("startswith", Change::Start),
    ("endswith", Change::End),
    ("base64", Change::Base64),
    ("base64offset", Change::Base64Offset),
    ("utf16le", Change::Utf16Le),
    ("wide", Change::Utf16Le),
    ("utf16be", Change::Utf16Be),
    ("utf16", Change::Utf16),
    ("windash", Change::Dashes),
    ("expand", Change::Expand),
];

/// What stands for a dash on a command line.
const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];
/// More dashes in one value multiply beyond reason.
const DASHES_MAX: usize = 3;

impl Change {
    pub(super) fn named(word: &str) -> Option<Self> {
        NAMES.iter().find(|(name, _)| *name == word).map(|(_, change)| *change)
    }

    pub(super) fn name(self) -> &'static str {
        NAMES.iter().find(|(_, change)| *change == self).map_or("", |(name, _)| name)
    }
}

/// Applies the changes in order; some make several texts of one.
pub(super) fn apply(
    changes: &[Change],
    text: Changed,
    line: u64,
    options: &Options,
) -> Result<Vec<Pattern>, Refusal> {
    let mut texts = vec![text];
    for change in changes {
        let mut next = Vec::with_capacity(texts.len());
        for text in texts {
            next.extend(one(*change, text, line, options)?);
        }
        texts = next;
    }
    texts.into_iter().map(|text| finished(text, line)).collect()
}

fn finished(text: Changed, line: u64) -> Result<Pattern, Refusal> {
    match text {
        Changed::Text(pattern) => Ok(pattern),
        Changed::Bytes(bytes) => {
            String::from_utf8(bytes).map(|text| Pattern::plain(&text)).map_err(|_| {
                Refusal::new(line, "UTF-16 of this text is no text; `base64` belongs behind it")
            })
        }
    }
}

fn one(
    change: Change,
    text: Changed,
    line: u64,
    options: &Options,
) -> Result<Vec<Changed>, Refusal> {
    let pattern = |change: fn(Pattern) -> Pattern| {
        Ok(vec![Changed::Text(change(finished(text.clone(), line)?))])
    };
    match change {
        Change::Contains => pattern(|it| it.after_any().before_any()),
        Change::Start => pattern(Pattern::before_any),
        Change::End => pattern(Pattern::after_any),
        Change::Base64 => {
            let encoded = BASE64_STANDARD.encode(bytes(text, line)?);
            Ok(vec![Changed::Text(Pattern::plain(&encoded))])
        }
        Change::Base64Offset => {
            let bytes = bytes(text, line)?;
            let at = |offset| Changed::Text(Pattern::plain(&base64_at(&bytes, offset)));
            Ok((0..3).map(at).collect())
        }
        Change::Utf16Le | Change::Utf16Be | Change::Utf16 => {
            let Changed::Text(pattern) = text else {
                return Err(Refusal::new(line, "one UTF-16 behind another"));
            };
            let plain = pattern.text().ok_or_else(|| wildcard(line))?;
            let mut bytes = Vec::with_capacity(plain.len() * 2 + 2);
            if change == Change::Utf16 {
                bytes.extend([0xff, 0xfe]);
            }
            for unit in plain.encode_utf16() {
                bytes.extend(match change {
                    Change::Utf16Be => unit.to_be_bytes(),
                    _ => unit.to_le_bytes(),
                });
            }
            Ok(vec![Changed::Bytes(bytes)])
        }
        Change::Dashes => dashes(&finished(text, line)?, line),
        Change::Expand => expand(&finished(text, line)?, line, options),
    }
}

fn wildcard(line: u64) -> Refusal {
    Refusal::new(line, "a wildcard in a text that is to be encoded")
}

fn bytes(text: Changed, line: u64) -> Result<Vec<u8>, Refusal> {
    match text {
        Changed::Bytes(bytes) => Ok(bytes),
        Changed::Text(pattern) => {
            pattern.text().map(|text| text.as_bytes().to_vec()).ok_or_else(|| wildcard(line))
        }
    }
}

/// What Base64 looks like where `offset` bytes of something else come before, without the letters that also depend on
/// the bytes around.
fn base64_at(bytes: &[u8], offset: usize) -> String {
    let mut padded = vec![b' '; offset];
    padded.extend_from_slice(bytes);
    let encoded = BASE64_STANDARD.encode(&padded);
    let start = [0, 2, 3][offset % 3];
    let cut = [0, 3, 2][padded.len() % 3];
    let end = encoded.len().saturating_sub(cut);
    encoded.get(start..end).unwrap_or_default().to_owned()
}

fn dashes(pattern: &Pattern, line: u64) -> Result<Vec<Changed>, Refusal> {
    let mut found = 0;
    let mut all: Vec<Vec<Part>> = vec![vec![]];
    let word = |c: char| c.is_alphanumeric() || c == '_';
    for part in pattern.parts() {
        let Part::Text(text) = part else {
            all.iter_mut().for_each(|parts| parts.push(part.clone()));
            continue;
        };
        let (mut from, mut before) = (0, None);
        let mut letters = text.char_indices().peekable();
        while let Some((at, c)) = letters.next() {
            let begins = matches!(c, '-' | '/')
                && !before.is_some_and(word)
                && letters.peek().is_some_and(|(_, next)| word(*next));
            before = Some(c);
            if !begins {
                continue;
            }
            found += 1;
            if found > DASHES_MAX {
                let why = format!("`windash` on more than {DASHES_MAX} dashes; split the value");
                return Err(Refusal::new(line, why));
            }
            let until = Part::Text(text[from..at].to_owned());
            let with = |parts: Vec<Part>| {
                let until = until.clone();
                DASHES.iter().map(move |dash| {
                    let mut parts = parts.clone();
                    parts.extend([until.clone(), Part::Text(dash.to_string())]);
                    parts
                })
            };
            all = all.into_iter().flat_map(with).collect();
            from = at + c.len_utf8();
        }
        all.iter_mut().for_each(|parts| parts.push(Part::Text(text[from..].to_owned())));
    }
    Ok(all.into_iter().map(|parts| Changed::Text(Pattern::of(parts))).collect())
}

/// `%name%` in a text, in pieces: text, or the name of a placeholder. `\%` is a percent sign.
fn pieces(text: &str) -> Vec<Result<String, &str>> {
    let mut pieces = Vec::new();
    let (mut plain, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('%') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        if let Some(before) = before.strip_suffix('\\') {
            plain.push_str(before);
            plain.push('%');
            rest = after;
            continue;
        }
        plain.push_str(before);
        let is_name = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
        };
        match after.split_once('%').filter(|(name, _)| is_name(name)) {
            Some((name, behind)) => {
                pieces.push(Ok(std::mem::take(&mut plain)));
                pieces.push(Err(name));
                rest = behind;
            }
            None => {
                plain.push('%');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    pieces.push(Ok(plain));
    pieces
}

fn given<'a>(name: &str, line: u64, options: &'a Options) -> Result<&'a [String], Refusal> {
    options.placeholders.get(name).map(Vec::as_slice).ok_or_else(|| {
        let name = shown(name);
        let why =
            format!("the placeholder `%{name}%` is not known; give --placeholder {name}=VALUE");
        Refusal::new(line, why)
    })
}

/// The texts that come of one with placeholders; `quote` is put around what is filled in.
pub(super) fn placeholders(
    text: &str,
    line: u64,
    options: &Options,
    quote: fn(&str) -> String,
) -> Result<Vec<String>, Refusal> {
    let mut texts = vec![String::new()];
    for piece in pieces(text) {
        match piece {
            Ok(plain) => texts.iter_mut().for_each(|text| text.push_str(&plain)),
            Err(name) => {
                let values = given(name, line, options)?;
                check_number(texts.len() * values.len(), line)?;
                let with =
                    |text: String| values.iter().map(move |value| text.clone() + &quote(value));
                texts = texts.into_iter().flat_map(with).collect();
            }
        }
    }
    Ok(texts)
}

fn check_number(many: usize, line: u64) -> Result<(), Refusal> {
    if many > super::VALUES_MAX {
        return Err(Refusal::new(line, "placeholders multiply beyond reason"));
    }
    Ok(())
}

fn expand(pattern: &Pattern, line: u64, options: &Options) -> Result<Vec<Changed>, Refusal> {
    let mut all: Vec<Vec<Part>> = vec![vec![]];
    for part in pattern.parts() {
        let Part::Text(text) = part else {
            all.iter_mut().for_each(|parts| parts.push(part.clone()));
            continue;
        };
        for piece in pieces(text) {
            match piece {
                Ok(plain) => all.iter_mut().for_each(|parts| parts.push(Part::Text(plain.clone()))),
                Err(name) => {
                    // A placeholder may stand for a pattern: `srv*`.
                    let values: Vec<_> =
                        given(name, line, options)?.iter().map(|it| Pattern::parse(it)).collect();
                    check_number(all.len() * values.len(), line)?;
                    let with = |parts: Vec<Part>| {
                        values.iter().map(move |value| [&parts, value.parts()].concat())
                    };
                    all = all.into_iter().flat_map(with).collect();
                }
            }
        }
    }
    Ok(all.into_iter().map(|parts| Changed::Text(Pattern::of(parts))).collect())
}
