//! Which header lines are in force? The last line of each directive (`#Fields`, `#Date`, ...) seen so far.

use super::dialect::{Dialect, Syntax};
use super::scan::{Numbers, Pieces};
use crate::lexer::envelope::head;
use crate::time::header::{self, HeaderDate};

/// Most directives that are remembered.
const DIRECTIVES: usize = 16;

/// The longest name of a directive.
const NAME_BYTES: usize = 24;

/// The longest header line that is remembered.
const LINE_BYTES: usize = 16 << 10;

/// The last line of each directive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers {
    lines: Vec<Vec<u8>>,
}

impl Headers {
    /// Takes all header lines of some text; it begins at the beginning of a line.
    pub fn see(&mut self, text: &[u8]) {
        let mut at = 0;
        while let Some(start) = next_header(text, at) {
            let len = memchr::memchr(b'\n', &text[start..]).unwrap_or(text.len() - start);
            self.take(&text[start..start + len]);
            at = (start + len).min(text.len());
        }
    }

    /// Takes one line, if it is a header; whether anything changed.
    pub fn take(&mut self, line: &[u8]) -> bool {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = next_header(line, 0).map_or(line, |start| &line[start..]);
        let Some(name) = name(line).filter(|_| line.len() <= LINE_BYTES) else { return false };
        match self.lines.iter().position(|known| self::name(known) == Some(name)) {
            Some(at) if self.lines[at] == line => return false,
            Some(at) => self.lines[at] = line.to_vec(),
            None if self.lines.len() < DIRECTIVES => self.lines.push(line.to_vec()),
            None => return false,
        }
        true
    }

    /// What follows the name of a directive (`Fields`), compared without regard to case.
    pub fn value(&self, directive: &str) -> Option<&[u8]> {
        self.lines.iter().find_map(|line| {
            let name = name(line)?;
            let value = &line[1 + name.len()..];
            let value = value.strip_prefix(b":").unwrap_or(value);
            name.eq_ignore_ascii_case(directive.as_bytes()).then(|| value.trim_ascii())
        })
    }
}

impl Headers {
    /// What `#Date` or `#Start-Date` says.
    pub(crate) fn date(&self) -> Option<HeaderDate> {
        let line = self.value("date").or_else(|| self.value("start-date"))?;
        header::read(line)
    }

    /// The columns that `#Fields` (or Zeek's `#fields`) lists; a name that comes again is numbered.
    pub(crate) fn columns(&self) -> Option<Vec<String>> {
        let fields = String::from_utf8_lossy(self.value("fields")?).into_owned();
        let names = if fields.contains('\t') {
            fields
                .split('\t')
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(Into::into)
                .collect()
        } else {
            fields.split_whitespace().map(Into::into).collect()
        };
        let names: Vec<String> = number(names);
        (!names.is_empty()).then_some(names)
    }
}

/// Numbers names that come again: `name#2`.
fn number(mut names: Vec<String>) -> Vec<String> {
    let mut numbers = Numbers::with_capacity(names.len());
    for name in &mut names {
        if let Some(numbered) = numbers.numbered(name.as_bytes()) {
            *name = String::from_utf8_lossy(&numbered).into_owned();
        }
    }
    names
}

/// The columns that a first line of CSV names: most of its values are names that the dialect knows.
pub(crate) fn column_names(dialect: &Dialect, line: &[u8], pieces: &Pieces) -> Option<Vec<String>> {
    if !matches!(dialect.syntax, Syntax::Delimited { .. }) || pieces.len() < 3 {
        return None;
    }
    let bare = |text: &[u8]| {
        let text = String::from_utf8_lossy(text);
        text.trim().trim_matches('"').to_owned()
    };
    let names: Vec<String> = pieces.iter().map(|(_, span)| bare(span.of(line))).collect();
    let timed = |name: &str| {
        dialect.times.iter().any(|rule| rule.field == name || rule.clock.as_deref() == Some(name))
    };
    let known = names.iter().filter(|name| timed(name) || dialect.meaning(name).is_some()).count();
    (known >= 3 && known * 2 >= names.len()).then(|| number(names))
}

/// Header lines of a content that comes in pieces which end anywhere.
#[derive(Debug, Clone, Default)]
pub struct HeaderStream {
    headers: Headers,
    /// The beginning of the line that is not whole yet.
    begun: Vec<u8>,
}

impl HeaderStream {
    /// Takes the next piece.
    pub fn take(&mut self, bytes: &[u8]) {
        let room = (LINE_BYTES + 2).saturating_sub(self.begun.len());
        let Some(first) = memchr::memchr(b'\n', bytes) else {
            return self.begun.extend_from_slice(&bytes[..bytes.len().min(room)]);
        };
        self.begun.extend_from_slice(&bytes[..first.min(room)]);
        self.headers.take(&self.begun);
        self.begun.clear();
        let last = memchr::memrchr(b'\n', bytes).unwrap_or(first);
        if last > first {
            self.headers.see(&bytes[first + 1..last]);
        }
        let rest = &bytes[last + 1..];
        self.begun.extend_from_slice(&rest[..rest.len().min(LINE_BYTES + 2)]);
    }

    /// The header lines that came whole so far.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }
}

/// The longest header of a relay before a header line.
const ENVELOPE_BYTES: usize = 512;

/// Where the next header line begins, from `from` on: at the beginning of a line, or behind the header of a relay.
fn next_header(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let found = at + memchr::memchr(b'#', text.get(at..)?)?;
        let near = found.saturating_sub(ENVELOPE_BYTES);
        let start = match memchr::memrchr(b'\n', &text[near..found]) {
            Some(newline) => near + newline + 1,
            None if near == 0 => 0,
            None => found + 1,
        };
        let behind =
            |start: usize| head(&text[start..found]).is_some_and(|head| head.len == found - start);
        if start == found || start < found && text[found - 1] == b' ' && behind(start) {
            return Some(found);
        }
        at = found + 1;
    }
}

/// The name in `#Name: value`, `#name value` or `#name<TAB>value`.
fn name(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"#")?;
    let head = &rest[..rest.len().min(NAME_BYTES + 1)];
    let len = head.iter().position(|byte| !(byte.is_ascii_alphanumeric() || b"-_".contains(byte)));
    let len = len.unwrap_or(head.len());
    (1..=NAME_BYTES).contains(&len).then(|| &rest[..len])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_each_directive_counts() {
        let mut headers = Headers::default();
        headers.see(b"#Software: a\n#Fields: x y\r\nrow #Fields: no\n#Fields: p q\n");
        assert_eq!(headers.value("fields"), Some(b"p q".as_slice()));
        assert_eq!(headers.value("Software"), Some(b"a".as_slice()));
        assert_eq!(headers.value("Date"), None);
        assert!(!headers.take(b"#Fields: p q") && !headers.take(b"# free text"));
        assert!(headers.take(b"#fields\tts\tuid"));
    }

    proptest::proptest! {
        #[test]
        fn pieces_give_what_the_whole_gives(
            lines in proptest::collection::vec("(#[AB]: [xy]|row|#|)\r?", 0..12), at in 0usize..80,
        ) {
            let text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            let (head, tail) = text.as_bytes().split_at(at.min(text.len()));
            let (mut whole, mut stream) = (Headers::default(), HeaderStream::default());
            whole.see(text.as_bytes());
            stream.take(head);
            stream.take(tail);
            proptest::prop_assert_eq!(&whole, stream.headers());
        }
    }

    #[test]
    fn other_lines_change_nothing() {
        let mut headers = Headers::default();
        headers.see(b"");
        headers.see(b"a\nb #c\n");
        assert_eq!(headers, Headers::default());
    }
}
