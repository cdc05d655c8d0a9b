//! How does a writer wrap a value: in quotes or not, and with which escapes within them?

use std::borrow::Cow;

use super::dialect::{Ends, Syntax};

/// How bytes within a value are escaped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Escape {
    /// Not at all.
    #[default]
    None,
    /// A quote within quotes is doubled (CSV, W3C extended logs).
    Doubled,
    /// A backslash before quotes and backslashes.
    Backslash,
    /// A backslash before quotes only.
    Quotes,
    /// As in JSON strings.
    Json,
    /// `\=`, `\|`, `\\`, `\n` (CEF, LEEF).
    Cef,
}

/// When a value stands in quotes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Quote {
    /// Never.
    #[default]
    Never,
    /// Always: the quotes belong to the shape.
    Outside,
    /// Always, unless it is absent.
    UnlessNull,
    /// Always, an absent one too; but lines with a bare one occur.
    Always,
    /// Where it holds one of the bytes that would end it.
    WhenNeeded,
}

/// How values of a field are wrapped.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Wrap {
    /// Escapes within.
    pub(crate) escape: Escape,
    /// When it is quoted.
    pub(crate) quote: Quote,
    /// The quote; 0 if the language has none.
    pub(crate) mark: u8,
    /// Bytes that make quotes necessary.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) needs: Vec<u8>,
}

impl Wrap {
    /// How values are wrapped of fields that were not known when the source was first read.
    pub(crate) fn of_unknown(syntax: &Syntax) -> Self {
        let escape = match syntax {
            Syntax::Json => Escape::Json,
            Syntax::Pairs { ends: Ends::Quotes, .. } => Escape::Backslash,
            _ => return Self::default(),
        };
        Self { escape, quote: Quote::UnlessNull, mark: b'"', needs: Vec::new() }
    }

    /// Whether its quotes belong to the shape.
    pub(crate) fn is_outside(&self) -> bool {
        self.quote == Quote::Outside
    }

    /// What stands within the quotes, escapes undone.
    pub(crate) fn decode<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        match self.quoted(text) {
            Some(inner) => self.escape.decode(inner),
            // Bare values of these languages are escaped, too.
            None if matches!(self.escape, Escape::Cef) || self.quote == Quote::Outside => {
                self.escape.decode(text)
            }
            None => Cow::Borrowed(text),
        }
    }

    /// The text between the quotes, if it stands in quotes of its own.
    fn quoted<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        if self.quote == Quote::Outside || self.mark == 0 {
            return None;
        }
        match text {
            [first, inner @ .., last] if *first == self.mark && *last == self.mark => Some(inner),
            _ => None,
        }
    }

    /// Writes a value; `null`: it is the word for an absent one.
    pub(crate) fn encode(&self, value: &[u8], null: bool, out: &mut Vec<u8>) {
        let quoted = match self.quote {
            Quote::Never => false,
            Quote::Outside => return self.escape.encode(value, self.mark, out),
            Quote::UnlessNull => !null,
            Quote::Always => true,
            Quote::WhenNeeded => value
                .iter()
                .any(|byte| self.needs.contains(byte) || *byte == self.mark || *byte == b'\n'),
        };
        if quoted {
            out.push(self.mark);
            self.escape.encode(value, self.mark, out);
            out.push(self.mark);
        } else if self.escape == Escape::Cef {
            self.escape.encode(value, self.mark, out);
        } else {
            out.extend_from_slice(value);
        }
    }
}

impl Escape {
    /// Whether a quote at `at`, in a value whose content starts at `start`, does not end it; and how many bytes to skip.
    pub(crate) fn skips(self, line: &[u8], start: usize, at: usize) -> Option<usize> {
        match self {
            Self::None | Self::Cef => None,
            Self::Doubled => (line.get(at) == line.get(at + 1)).then_some(2),
            Self::Backslash | Self::Quotes | Self::Json => {
                let before = line[start..at].iter().rev();
                let slashes = before.take_while(|&&byte| byte == b'\\').count();
                (slashes % 2 == 1).then_some(1)
            }
        }
    }

    pub(crate) fn decode(self, text: &[u8]) -> Cow<'_, [u8]> {
        let special = match self {
            Self::None => return Cow::Borrowed(text),
            Self::Doubled => b'"',
            _ => b'\\',
        };
        if memchr::memchr(special, text).is_none() {
            return Cow::Borrowed(text);
        }
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            if self == Self::Doubled {
                out.push(byte);
                if byte == b'"' && rest.first() == Some(&b'"') {
                    rest = &rest[1..];
                }
                continue;
            }
            match rest.split_first().filter(|_| byte == b'\\') {
                Some((&code, behind)) => rest = self.unescape(code, behind, &mut out),
                None => out.push(byte),
            }
        }
        Cow::Owned(out)
    }

    /// Undoes one escape; returns what follows it.
    fn unescape<'a>(self, code: u8, behind: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        match (self, code) {
            (Self::Quotes, b'"') => out.push(code),
            (Self::Quotes, _) => out.extend_from_slice(&[b'\\', code]),
            (_, b'\\' | b'"' | b'\'') => out.push(code),
            (Self::Cef, b'=' | b'|') | (Self::Json, b'/') => out.push(code),
            (Self::Cef | Self::Json, b'n') => out.push(b'\n'),
            (Self::Cef | Self::Json, b'r') => out.push(b'\r'),
            (Self::Json, b't') => out.push(b'\t'),
            (Self::Json, b'b') => out.push(0x08),
            (Self::Json, b'f') => out.push(0x0c),
            (Self::Json, b'u') => return unicode(behind, out),
            _ => out.extend_from_slice(&[b'\\', code]),
        }
        behind
    }

    pub(crate) fn encode(self, value: &[u8], mark: u8, out: &mut Vec<u8>) {
        for &byte in value {
            match (self, byte) {
                (Self::Doubled, b'"') => out.extend_from_slice(b"\"\""),
                (Self::Backslash, b'\\') => out.extend_from_slice(b"\\\\"),
                (Self::Quotes, b'"') => out.extend_from_slice(b"\\\""),
                (Self::Backslash, b'"') if mark == b'"' => out.extend_from_slice(b"\\\""),
                (Self::Json | Self::Cef, b'\\') => out.extend_from_slice(b"\\\\"),
                (Self::Json, b'"') => out.extend_from_slice(b"\\\""),
                (Self::Json | Self::Cef, b'\n') => out.extend_from_slice(b"\\n"),
                (Self::Json | Self::Cef, b'\r') => out.extend_from_slice(b"\\r"),
                (Self::Json, b'\t') => out.extend_from_slice(b"\\t"),
                (Self::Json, 0x08) => out.extend_from_slice(b"\\b"),
                (Self::Json, 0x0c) => out.extend_from_slice(b"\\f"),
                (Self::Json, 0..0x20) => {
                    out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
                }
                (Self::Cef, b'=') => out.extend_from_slice(b"\\="),
                _ => out.push(byte),
            }
        }
    }
}

/// `\uXXXX`, with its second half where it is one of a pair; what is none stays as it is.
fn unicode<'a>(behind: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let unit = |text: &[u8]| {
        let text = std::str::from_utf8(text.get(..4)?).ok()?;
        let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits.then(|| u16::from_str_radix(text, 16).ok()).flatten()
    };
    let Some(first) = unit(behind) else {
        out.extend_from_slice(b"\\u");
        return behind;
    };
    let (units, used) = match behind.get(4..6).filter(|next| *next == b"\\u") {
        Some(_) if (0xd800..0xdc00).contains(&first) => match unit(&behind[6..]) {
            Some(second) => (vec![first, second], 10),
            None => (vec![first], 4),
        },
        _ => (vec![first], 4),
    };
    let text: String = char::decode_utf16(units)
        .map(|found| found.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    out.extend_from_slice(text.as_bytes());
    &behind[used..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrap(escape: Escape, quote: Quote) -> Wrap {
        Wrap { escape, quote, mark: b'"', needs: vec![b' ', b','] }
    }

    #[track_caller]
    fn both(wrap: &Wrap, text: &str, value: &str) {
        assert_eq!(String::from_utf8_lossy(&wrap.decode(text.as_bytes())), value);
        let mut out = Vec::new();
        wrap.encode(value.as_bytes(), value == "-", &mut out);
        assert_eq!(String::from_utf8_lossy(&out), text);
    }

    #[test]
    fn values_are_wrapped_as_the_writer_does() {
        both(&wrap(Escape::Doubled, Quote::UnlessNull), r#""say ""ah"" now""#, r#"say "ah" now"#);
        both(&wrap(Escape::Doubled, Quote::UnlessNull), "-", "-");
        both(&wrap(Escape::Doubled, Quote::WhenNeeded), "plain", "plain");
        both(&wrap(Escape::Doubled, Quote::WhenNeeded), r#""a, b""#, "a, b");
        both(&wrap(Escape::Json, Quote::UnlessNull), r#""a\"b\\c\n\u0001é""#, "a\"b\\c\n\u{1}é");
        both(&wrap(Escape::Json, Quote::Outside), r#"a\"b"#, "a\"b");
        both(&wrap(Escape::Cef, Quote::Never), r"a\=b\\c", r"a=b\c");
        both(&wrap(Escape::Quotes, Quote::UnlessNull), r#""DOM\anna \"x\"""#, r#"DOM\anna "x""#);
        both(&wrap(Escape::Backslash, Quote::UnlessNull), r#""a \"b\" \\""#, r#"a "b" \"#);
    }

    #[test]
    fn surrogates_and_broken_escapes() {
        let json = wrap(Escape::Json, Quote::UnlessNull);
        let decoded =
            |text: &str| String::from_utf8_lossy(&json.decode(text.as_bytes())).into_owned();
        assert_eq!(decoded(r#""\ud83d\ude00""#), "😀");
        assert_eq!(decoded(r#""\ud83d x""#), "\u{fffd} x");
        assert_eq!(decoded(r#""\uzz""#), r"\uzz");
        assert_eq!(decoded(r#""\u00e9\/""#), "é/");
    }
}
