//! Which members has a JSON object, without a tree being built? Linear in the text, whatever it holds.

use memchr::{memchr, memchr2};

/// The members of the object in a text: name between its quotes, and value, both as they are written. A text that is no
/// object has none; a text that is cut or wrong ends where that is seen.
pub(crate) struct Members<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Members<'a> {
    /// The members of `text`.
    pub(crate) fn of(text: &'a str) -> Self {
        let mut members = Self { text, at: 0 };
        members.at = match members.next_byte() {
            Some(b'{') => members.at + 1,
            _ => text.len(),
        };
        members
    }

    /// The byte that comes after blanks.
    fn next_byte(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let blanks = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.at += blanks;
        rest.get(blanks).copied()
    }

    /// The piece from here up to `end`, which is passed.
    fn take(&mut self, end: usize) -> Option<&'a str> {
        let piece = self.text.get(self.at..end);
        self.at = end;
        piece
    }

    fn member(&mut self) -> Option<(&'a str, &'a str)> {
        if self.next_byte()? == b',' {
            self.at += 1;
        }
        if self.next_byte()? != b'"' {
            return None;
        }
        let bytes = self.text.as_bytes();
        let end = string_end(bytes, self.at)?;
        let name = self.take(end)?;
        let value = self.value()?;
        Some((name.get(1..name.len() - 1)?, value))
    }

    /// The colon after a name, and the value.
    fn value(&mut self) -> Option<&'a str> {
        if self.next_byte()? != b':' {
            return None;
        }
        self.at += 1;
        self.next_byte()?;
        let end = value_end(self.text.as_bytes(), self.at)?;
        self.take(end)
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let member = self.member();
        if member.is_none() {
            self.at = self.text.len();
        }
        member
    }
}

/// The value of the name that ends before `at`; `None` if no colon follows.
pub(super) fn value_after(text: &str, at: usize) -> Option<&str> {
    Members { text, at }.value()
}

/// Where the string that begins at `from` ends, its closing quote included.
fn string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from + 1;
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// Where the value that begins at `from` ends.
fn value_end(bytes: &[u8], from: usize) -> Option<usize> {
    let (mut at, mut depth) = (from, 0_usize);
    loop {
        match bytes.get(at)? {
            b'"' => at = string_end(bytes, at)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' if depth > 0 => {
                depth -= 1;
                at += 1;
            }
            _ if depth > 0 => {
                at += 1;
                continue;
            }
            _ => {
                let scalar = |byte: &&u8| !b",}] \t\r\n".contains(byte);
                at += bytes[at..].iter().take_while(scalar).count();
            }
        }
        if depth == 0 {
            return (at > from).then_some(at);
        }
    }
}

/// Whether a name as it is written in JSON is `name`.
pub(crate) fn same(written: &str, name: &str) -> bool {
    if written == name {
        // A backslash stands for something else than itself.
        return memchr(b'\\', name.as_bytes()).is_none();
    }
    if memchr(b'\\', written.as_bytes()).is_none() {
        return false;
    }
    let mut decoded = String::with_capacity(written.len());
    decode(written, &mut decoded);
    decoded == name
}

/// Writes the text of a value as it is written in JSON; `false` for null.
pub(crate) fn text_of(value: &str, out: &mut String) -> bool {
    match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => decode(inner, out),
        None if value == "null" => return false,
        None => out.push_str(value),
    }
    true
}

/// Decodes the inside of a string. Half a surrogate pair, and an escape that is none, become U+FFFD.
fn decode(written: &str, out: &mut String) {
    let mut rest = written;
    while let Some(at) = memchr(b'\\', rest.as_bytes()) {
        let (plain, escape) = rest.split_at(at);
        out.push_str(plain);
        let (decoded, length) = escaped(escape);
        out.push(decoded);
        rest = escape.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
}

/// The character of the escape that `text` begins with, and how many bytes it takes.
fn escaped(text: &str) -> (char, usize) {
    let plain = match text.as_bytes().get(1) {
        Some(b'u') => return unicode(text),
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(&byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
        _ => return (char::REPLACEMENT_CHARACTER, 1),
    };
    (plain, 2)
}

fn unicode(text: &str) -> (char, usize) {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
    };
    let Some(first) = unit(0) else {
        // The digits that are there belong to the broken escape.
        let digits = text.bytes().skip(2).take_while(u8::is_ascii_hexdigit).count();
        return (char::REPLACEMENT_CHARACTER, 2 + digits.min(3));
    };
    if let Some(plain) = char::from_u32(first.into()) {
        return (plain, 6);
    }
    let pair = unit(6).and_then(|second| char::decode_utf16([first, second]).next()?.ok());
    pair.map_or((char::REPLACEMENT_CHARACTER, 6), |both| (both, 12))
}
