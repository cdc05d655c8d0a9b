//! Where do the members of a JSON object lie? Those of objects within are named `outer.inner`; arrays are one value.

use super::Pieces;

/// Objects within objects, at most.
const DEPTH_MAX: usize = 16;

/// The longest names of objects within objects, together: they are repeated in the name of each member.
const PATH_BYTES: usize = 1024;

/// The members of the object that the line is.
pub(super) fn object(line: &[u8], pieces: &mut Pieces) -> bool {
    let mut scanner = Scanner { line, at: 0, path: Vec::new(), depth: 0 };
    scanner.space();
    if !scanner.members(pieces) {
        return false;
    }
    // Items of an array end with the comma before the next.
    scanner.space();
    scanner.take(b',');
    scanner.space();
    if scanner.at != line.len() {
        return false;
    }
    pieces.number_repeats();
    true
}

struct Scanner<'a> {
    line: &'a [u8],
    at: usize,
    path: Vec<u8>,
    depth: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// `{ "a": 1, "b": { ... } }`
    fn members(&mut self, pieces: &mut Pieces) -> bool {
        self.depth += 1;
        if self.depth > DEPTH_MAX || !self.take(b'{') {
            return false;
        }
        self.space();
        if self.take(b'}') {
            self.depth -= 1;
            return true;
        }
        loop {
            self.space();
            let Some(name) = self.string() else { return false };
            self.space();
            if !self.take(b':') {
                return false;
            }
            self.space();
            if !self.value(name, pieces) {
                return false;
            }
            self.space();
            if self.take(b'}') {
                self.depth -= 1;
                return true;
            }
            if !self.take(b',') {
                return false;
            }
        }
    }

    fn value(&mut self, name: &'a [u8], pieces: &mut Pieces) -> bool {
        let start = self.at;
        match self.peek() {
            Some(b'{') if self.line.get(self.at + 1) != Some(&b'}') => {
                let len = self.path.len();
                self.path.extend_from_slice(name);
                self.path.push(b'.');
                let found = self.path.len() <= PATH_BYTES && self.members(pieces);
                self.path.truncate(len);
                return found;
            }
            Some(b'"') => {
                if self.string().is_none() {
                    return false;
                }
            }
            Some(b'[') if self.pairs(name, pieces) || self.lone(name, pieces) => return true,
            Some(b'[' | b'{') => {
                if !self.nested() {
                    return false;
                }
            }
            _ => self.bare(),
        }
        self.at > start && pieces.push(&[&self.path, name], start, self.at)
    }

    /// `[{"name": "A", "value": "b"}, ...]`: headers, as HTTP archives write them; each is a member `outer.A`.
    fn pairs(&mut self, name: &[u8], pieces: &mut Pieces) -> bool {
        let start = self.at;
        let before = pieces.len();
        let found = self.try_pairs(name, pieces).is_some() && pieces.len() > before;
        if !found {
            self.at = start;
            pieces.truncate(before);
        }
        found
    }

    /// `["a"]`, among headers and as a body: one value is that value, since others write it without a list.
    fn lone(&mut self, name: &[u8], pieces: &mut Pieces) -> bool {
        let start = self.at;
        if !(self.path.ends_with(b"eaders.") || name == b"body") {
            return false;
        }
        self.at += 1;
        self.space();
        let from = self.at;
        let there = self.string().is_some();
        let to = self.at;
        self.space();
        if there && self.take(b']') {
            return pieces.push(&[&self.path, name], from, to);
        }
        self.at = start;
        false
    }

    fn try_pairs(&mut self, name: &[u8], pieces: &mut Pieces) -> Option<()> {
        self.at += 1;
        loop {
            self.space();
            self.take(b'{').then_some(())?;
            let (mut key, mut value) = (None, None);
            loop {
                self.space();
                let member = self.string()?;
                self.space();
                self.take(b':').then_some(())?;
                self.space();
                let at = self.at;
                let text = self.string();
                match (member, text) {
                    (b"name", Some(text)) => key = Some(text),
                    (b"value", Some(_)) => value = Some((at, self.at)),
                    (_, Some(_)) => {}
                    (_, None) => self.bare(),
                }
                self.space();
                if self.take(b'}') {
                    break;
                }
                self.take(b',').then_some(())?;
            }
            let (from, to) = value?;
            pieces.push(&[&self.path, name, b".", key?], from, to).then_some(())?;
            self.space();
            if self.take(b']') {
                return Some(());
            }
            self.take(b',').then_some(())?;
        }
    }

    /// A number, `true`, `false`, `null`.
    fn bare(&mut self) {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        while self.peek().is_some_and(letter) {
            self.at += 1;
        }
    }

    /// The content of a string; the scanner stands behind it then.
    fn string(&mut self) -> Option<&'a [u8]> {
        if !self.take(b'"') {
            return None;
        }
        let start = self.at;
        loop {
            self.at += memchr::memchr2(b'"', b'\\', self.line.get(self.at..)?)?;
            if self.take(b'"') {
                return Some(&self.line[start..self.at - 1]);
            }
            self.at += 2;
        }
    }

    /// Skips an array or object whole.
    fn nested(&mut self) -> bool {
        let mut open = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    if self.string().is_none() {
                        return false;
                    }
                    continue;
                }
                b'[' | b'{' => open += 1,
                b']' | b'}' => open -= 1,
                _ => {}
            }
            self.at += 1;
            if open == 0 {
                return true;
            }
        }
        false
    }
}
