//! How writers escape text: decoding what was logged, and encoding it again to prove that nothing was lost.

use std::borrow::Cow;

/// How a writer escapes the value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Not at all (Squid's `'`, and its built-in formats).
    Raw,
    /// Squid within quotes (`"`): backslash before quote and backslash; `\r`, `\n`, `\t`.
    Quotes,
    /// Squid's default: unsafe bytes as `%XX`, but `%` itself as it is.
    UrlUnescaped,
    /// Squid's `#`: as above, `%` too.
    Url,
    /// Squid's `[`: brackets, quotes, `%`, control and non-ASCII bytes as `%XX`; `\r`, `\n`, `\\`.
    Mime,
    /// Squid's `/`: shell quoting, kept as logged.
    Shell,
    /// Apache: `\"`, `\\`, C-style white space, `\xhh` for what is not printable.
    Apache,
}

impl Style {
    /// Decodes a logged value. What is no valid escape stays as it is.
    pub(crate) fn decode(self, text: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Raw | Self::Shell => Cow::Borrowed(text),
            Self::Quotes | Self::Apache => backslashes(text),
            Self::UrlUnescaped | Self::Url => percents(text),
            Self::Mime => match percents(text) {
                Cow::Borrowed(text) => backslashes(text),
                Cow::Owned(text) => Cow::Owned(backslashes(&text).into_owned()),
            },
        }
    }

    /// Writes a value as the writer would.
    pub(crate) fn encode(self, value: &[u8], out: &mut Vec<u8>) {
        for &byte in value {
            match self {
                Self::Raw | Self::Shell => out.push(byte),
                Self::Quotes => quotes(byte, out),
                Self::Apache => apache(byte, out),
                Self::UrlUnescaped => url(byte, false, out),
                Self::Url => url(byte, true, out),
                Self::Mime => mime(byte, out),
            }
        }
    }
}

fn backslashes(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let Some((&code, behind)) = rest.split_first().filter(|_| byte == b'\\') else {
            out.push(byte);
            continue;
        };
        rest = behind;
        match code {
            b'"' | b'\\' | b'\'' => out.push(code),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(0x0b),
            b'f' => out.push(0x0c),
            b'b' => out.push(0x08),
            b'x' => match hex_pair(rest) {
                Some(value) => {
                    out.push(value);
                    rest = &rest[2..];
                }
                None => out.extend_from_slice(b"\\x"),
            },
            _ => out.extend_from_slice(&[b'\\', code]),
        }
    }
    Cow::Owned(out)
}

fn percents(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'%', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match hex_pair(rest).filter(|_| byte == b'%') {
            Some(value) => {
                out.push(value);
                rest = &rest[2..];
            }
            None => out.push(byte),
        }
    }
    Cow::Owned(out)
}

fn hex_pair(text: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (&high, &low) = (text.first()?, text.get(1)?);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

const UPPER: &[u8; 16] = b"0123456789ABCDEF";
const LOWER: &[u8; 16] = b"0123456789abcdef";

fn hex(prefix: &[u8], byte: u8, digits: &[u8; 16], out: &mut Vec<u8>) {
    out.extend_from_slice(prefix);
    out.extend_from_slice(&[digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]);
}

fn quotes(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\t' => out.extend_from_slice(b"\\t"),
        _ => out.push(byte),
    }
}

fn apache(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\t' => out.extend_from_slice(b"\\t"),
        0x0b => out.extend_from_slice(b"\\v"),
        0x0c => out.extend_from_slice(b"\\f"),
        0x08 => out.extend_from_slice(b"\\b"),
        0x20..=0x7e => out.push(byte),
        _ => hex(b"\\x", byte, LOWER, out),
    }
}

fn url(byte: u8, percent: bool, out: &mut Vec<u8>) {
    let unsafe_byte = matches!(byte, 0..=0x20 | 0x7f..)
        || b"<>\"#{}|\\^~[]`'".contains(&byte)
        || (percent && byte == b'%');
    if unsafe_byte { hex(b"%", byte, UPPER, out) } else { out.push(byte) }
}

fn mime(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\\' => out.extend_from_slice(b"\\\\"),
        0..=0x1f | 0x7f.. | b'%' | b'"' | b'\'' | b'[' | b']' => hex(b"%", byte, UPPER, out),
        _ => out.push(byte),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STYLES: [Style; 6] =
        [Style::Raw, Style::Quotes, Style::Url, Style::Mime, Style::Shell, Style::Apache];

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_itself(value in prop::collection::vec(any::<u8>(), 0..40)) {
            for style in STYLES {
                let mut text = Vec::new();
                style.encode(&value, &mut text);
                let decoded = style.decode(&text).into_owned();
                prop_assert_eq!(&decoded, &value, "{:?}", style);
            }
        }

        #[test]
        fn any_bytes_decode(text in prop::collection::vec(any::<u8>(), 0..40)) {
            for style in STYLES {
                let _ = style.decode(&text);
            }
        }
    }
}
