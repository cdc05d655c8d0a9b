//! Which kind of list is a file, by its content, and who reads it?

pub mod column;
pub mod feodo;
pub mod misp_attributes;
pub mod misp_csv;
pub mod misp_event;
pub mod misp_hashes;
pub mod misp_manifest;
pub mod plain;
pub mod stix_bundle;
pub mod threatfox;
pub mod urlhaus;
pub mod warninglist;

use std::borrow::Cow;

use super::indicator::{Found, Indicator, Place, Skipped, Value};
use super::normal::Refused;
use super::warning::Warninglist;

/// A file of others.
#[derive(Debug, Clone)]
pub struct Input<'a> {
    /// Its text; bytes that are no UTF-8 are U+FFFD.
    pub text: Cow<'a, str>,
}

impl<'a> Input<'a> {
    /// A file's bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        match text.strip_prefix('\u{feff}') {
            Some(rest) => Self { text: Cow::Owned(rest.to_owned()) },
            None => Self { text },
        }
    }

    /// Its first lines.
    pub fn head(&self) -> impl Iterator<Item = &str> {
        self.text.lines().take(HEAD_LINES)
    }

    /// Whether it reads as JSON of this opening.
    fn opens_with(&self, open: char) -> bool {
        self.text.trim_start().starts_with(open)
    }
}

/// How many lines a recogniser looks at.
const HEAD_LINES: usize = 200;

/// What a file turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Read {
    /// Indicators, all told to [`Found`].
    Indicators,
    /// A warninglist.
    Warninglist(Box<Warninglist>),
    /// The manifest of a feed.
    Manifest(Vec<misp_manifest::Entry>),
    /// Digests of a feed's values: nothing to match with, so many of them.
    Hashes(u64),
}

/// A kind of list.
#[derive(Debug)]
pub struct Reader {
    /// Its name, as `intel list` shows it.
    pub name: &'static str,
    /// What it is, for people.
    pub title: &'static str,
    /// Reads the file if it is of this kind; `None` tells that it is not.
    pub read: fn(&Input<'_>, &mut dyn Found) -> Option<Read>,
}

/// All kinds, in the order in which they are tried.
pub static READERS: [Reader; 12] = [
    misp_manifest::READER,
    misp_event::READER,
    misp_attributes::READER,
    warninglist::READER,
    stix_bundle::READER,
    misp_csv::READER,
    misp_hashes::READER,
    urlhaus::READER,
    threatfox::READER,
    feodo::READER,
    plain::READER,
    column::READER,
];

/// Reads a file of whatever kind; the kind and what it was, or `None` if no kind knows it.
pub fn read(bytes: &[u8], found: &mut dyn Found) -> Option<(&'static Reader, Read)> {
    if looks_binary(bytes) {
        return None;
    }
    let input = Input::new(bytes);
    READERS.iter().find_map(|reader| Some((reader, (reader.read)(&input, found)?)))
}

/// The names and titles of all kinds, for a message.
pub fn known() -> String {
    let kinds = READERS.iter().map(|reader| format!("{} ({})", reader.name, reader.title));
    kinds.collect::<Vec<_>>().join(", ")
}

fn looks_binary(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(8192)];
    memchr::memchr(0, head).is_some()
}

/// Tells what a value became.
pub(crate) fn tell(
    found: &mut dyn Found,
    place: Place,
    raw: &str,
    name: Option<&str>,
    value: Result<Value, Refused>,
    context: impl FnOnce() -> super::indicator::Context,
) {
    match value {
        Ok(value) => {
            found.indicator(Indicator { place, value, raw: raw.to_owned(), context: context() });
        }
        Err(refused) => {
            found.skipped(Skipped::unreadable(place, raw, refused.why()).named(name));
        }
    }
}

/// Why a value of another type is left out.
pub(crate) const NOT_MATCHED: &str = "type is not matched against proxy logs";
/// Why a last line is not read.
pub(crate) const CUT: &str = "line is cut off";
