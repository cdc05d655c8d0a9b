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
    /// nginx: `\xHH` for quote, backslash and what is not printable.
    Nginx,
    /// As in JSON strings: `\"`, `\\`, `\n`, `\u001F`.
    Json,
    /// HAProxy: `#HH` for `"`, `#` and what is not printable.
    Haproxy,
    /// Cisco: in quotes of its own.
    Quoted,
    /// Cisco: in quotes of its own where it holds more than letters and digits would need (`\`, `@`, space).
    QuotedUser,
    /// IIS: `+` for a space.
    Plus,
    /// CloudFront of old: as URLs, twice.
    UrlTwice,
    /// Zeek: `\xhh` for what is not printable, `\\`.
    Zeek,
}

impl Style {
    /// Decodes a logged value. What is no valid escape stays as it is.
    pub(crate) fn decode(self, text: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Raw | Self::Shell => Cow::Borrowed(text),
            Self::Nginx => nginx_escapes(text),
            Self::Json => json_escapes(text),
            Self::Haproxy => hex_marks(text, b'#'),
            Self::Quoted | Self::QuotedUser => {
                let inner = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""));
                Cow::Borrowed(inner.unwrap_or(text))
            }
            Self::Plus if memchr::memchr(b'+', text).is_none() => Cow::Borrowed(text),
            Self::Plus => text.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect(),
            Self::UrlTwice => match hex_marks(text, b'%') {
                Cow::Borrowed(text) => Cow::Borrowed(text),
                Cow::Owned(once) => Cow::Owned(hex_marks(&once, b'%').into_owned()),
            },
            Self::Zeek => zeek_escapes(text),
            Self::Quotes | Self::Apache => backslashes(text),
            Self::UrlUnescaped | Self::Url => hex_marks(text, b'%'),
            Self::Mime => match hex_marks(text, b'%') {
                Cow::Borrowed(text) => backslashes(text),
                Cow::Owned(text) => Cow::Owned(backslashes(&text).into_owned()),
            },
        }
    }

    /// Whether a quote within a value stands behind a backslash.
    pub(crate) fn escapes_quotes(self) -> bool {
        matches!(self, Self::Quotes | Self::Apache | Self::Json)
    }

    /// Whether no quote ever stands within a value.
    pub(crate) fn hides_quotes(self) -> bool {
        matches!(self, Self::Nginx | Self::Haproxy | Self::Url | Self::Mime)
    }

    /// Writes a value as the writer would.
    pub(crate) fn encode(self, value: &[u8], out: &mut Vec<u8>) {
        let quoted = match self {
            Self::Quoted => true,
            Self::QuotedUser => value.iter().any(|byte| b"\\@ ".contains(byte)),
            _ => false,
        };
        if quoted {
            out.push(b'"');
        }
        for &byte in value {
            match self {
                Self::Raw | Self::Shell | Self::Quoted | Self::QuotedUser => out.push(byte),
                Self::Nginx => nginx(byte, out),
                Self::Json => json(byte, out),
                Self::Haproxy => haproxy(byte, out),
                Self::Quotes => quotes(byte, out),
                Self::Apache => apache(byte, out),
                Self::UrlUnescaped => url(byte, false, out),
                Self::Url => url(byte, true, out),
                Self::Mime => mime(byte, out),
                Self::Plus => out.push(if byte == b' ' { b'+' } else { byte }),
                Self::UrlTwice => url_twice(byte, out),
                Self::Zeek => zeek(byte, out),
            }
        }
        if quoted {
            out.push(b'"');
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

/// Decodes `%XX`, or what stands so behind another mark.
fn hex_marks(text: &[u8], mark: u8) -> Cow<'_, [u8]> {
    if memchr::memchr(mark, text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match hex_pair(rest).filter(|_| byte == mark) {
            Some(value) => {
                out.push(value);
                rest = &rest[2..];
            }
            None => out.push(byte),
        }
    }
    Cow::Owned(out)
}

/// `\xHH` alone.
fn nginx_escapes(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        match rest.strip_prefix(b"\\x").and_then(hex_pair) {
            Some(value) => {
                out.push(value);
                rest = &rest[4..];
            }
            None => {
                out.push(byte);
                rest = after;
            }
        }
    }
    Cow::Owned(out)
}

/// `\xhh` and `\\` alone.
fn zeek_escapes(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match rest.strip_prefix(b"x").and_then(hex_pair).filter(|_| byte == b'\\') {
            Some(value) => {
                out.push(value);
                rest = &rest[3..];
            }
            None => {
                out.push(byte);
                if byte == b'\\' && rest.first() == Some(&b'\\') {
                    rest = &rest[1..];
                }
            }
        }
    }
    Cow::Owned(out)
}

fn zeek(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b'\\' => out.extend_from_slice(b"\\\\"),
        0..0x20 | 0x7f => hex(b"\\x", byte, LOWER, out),
        _ => out.push(byte),
    }
}

/// Spaces, quotes and the like as `%25XX`: `%XX`, and its `%` once more.
fn url_twice(byte: u8, out: &mut Vec<u8>) {
    match byte {
        0..=0x20
        | 0x7f..
        | b'"'
        | b'#'
        | b'%'
        | b'<'
        | b'>'
        | b'['
        | b'\\'
        | b']'
        | b'^'
        | b'`'
        | b'{'
        | b'|'
        | b'}'
        | b'~'
        | b'\'' => hex(b"%25", byte, UPPER, out),
        _ => out.push(byte),
    }
}

/// Backslashes, and `\u` with four digits.
fn json_escapes(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(text, b"\\u").is_none() {
        return backslashes(text);
    }
    let mut quoted = Vec::with_capacity(text.len() + 2);
    quoted.push(b'"');
    quoted.extend_from_slice(text);
    quoted.push(b'"');
    match serde_json::from_slice::<String>(&quoted) {
        Ok(text) => Cow::Owned(text.into_bytes()),
        Err(_) => backslashes(text),
    }
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

fn nginx(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b'"' | b'\\' | 0..=0x1f | 0x7f.. => hex(b"\\x", byte, UPPER, out),
        _ => out.push(byte),
    }
}

fn json(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        0x08 => out.extend_from_slice(b"\\b"),
        0x0c => out.extend_from_slice(b"\\f"),
        0..=0x1f => hex(b"\\u00", byte, UPPER, out),
        _ => out.push(byte),
    }
}

fn haproxy(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b'"' | b'#' | 0..=0x1f | 0x7f.. => hex(b"#", byte, UPPER, out),
        _ => out.push(byte),
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

    const STYLES: [Style; 11] = [
        Style::Raw,
        Style::Quotes,
        Style::Url,
        Style::Mime,
        Style::Shell,
        Style::Apache,
        Style::Nginx,
        Style::Haproxy,
        Style::Quoted,
        Style::UrlTwice,
        Style::Zeek,
    ];

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

    #[test]
    fn what_was_logged_is_written_again() {
        for (style, logged, value) in [
            (Style::Plus, "Mozilla/4.0+(a;+b)++http://x", "Mozilla/4.0 (a; b)  http://x"),
            (Style::UrlTwice, "Probe/1%2520(X11)", "Probe/1 (X11)"),
            (Style::Url, "Probe/1%20(X11)", "Probe/1 (X11)"),
            (Style::Zeek, r"a \x0a b \\ c", "a \n b \\ c"),
        ] {
            assert_eq!(style.decode(logged.as_bytes()), value.as_bytes(), "{logged}");
            let mut again = Vec::new();
            style.encode(value.as_bytes(), &mut again);
            assert_eq!(String::from_utf8_lossy(&again), logged);
        }
    }
}
