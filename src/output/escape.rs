//! How does log text stay harmless on a terminal? What could act is shown, never sent; which characters those are, one rule says for pages, too.

use std::fmt::Write as _;
use std::io::{self, Write};

pub(crate) use detect::visible::{is_unsafe, push_visible, visible};

/// `text` as one word of a shell: in single quotes, so that what stands in a log stays a text when it is pasted.
pub(crate) fn shell_word(text: &str) -> String {
    format!("'{}'", visible(text).replace('\'', "'\\''"))
}

/// Appends bytes as text without losing any: valid UTF-8 as it is, a backslash doubled, every other byte as `\x..`.
pub(crate) fn push_bytes(out: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                c => out.push(c),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
}

/// Passes bytes on to a terminal with everything unsafe made visible, except line ends.
#[derive(Debug)]
pub(crate) struct EscapingWriter<W: Write> {
    inner: W,
    pending: Vec<u8>,
}

impl<W: Write> EscapingWriter<W> {
    /// Wraps the writer that leads to the terminal.
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, pending: Vec::new() }
    }

    fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut out = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            for (at, line) in chunk.valid().split('\n').enumerate() {
                if at > 0 {
                    out.push('\n');
                }
                push_visible(&mut out, line);
            }
            for byte in chunk.invalid() {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
        self.inner.write_all(out.as_bytes())
    }
}

impl<W: Write> Write for EscapingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A character may be cut between two writes: keep what is not yet a whole line.
        self.pending.extend_from_slice(bytes);
        if let Some(end) = self.pending.iter().rposition(|&byte| byte == b'\n') {
            let rest = self.pending.split_off(end + 1);
            let whole = std::mem::replace(&mut self.pending, rest);
            self.pass(&whole)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let rest = std::mem::take(&mut self.pending);
        self.pass(&rest)?;
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_a_terminal_is_shown() {
        assert_eq!(visible("a\u{1b}[31mb\n\u{9b}\u{202e}ü"), "a\\x1b[31mb\\n\\x9b\\u{202e}ü");
        let mut bytes = String::new();
        push_bytes(&mut bytes, b"DOM\\me \xff\x00 \xc3\xbc");
        assert_eq!(bytes, "DOM\\\\me \\xff\u{0} ü");
    }

    #[test]
    fn what_is_pasted_into_a_shell_runs_nothing() {
        assert_eq!(shell_word("x = 'a$(id)`id`'"), r"'x = '\''a$(id)`id`'\'''");
    }

    #[test]
    fn a_character_cut_in_two_survives() {
        let mut out = Vec::new();
        let mut writer = EscapingWriter::new(&mut out);
        writer.write_all(b"x\xc3").unwrap();
        writer.write_all(b"\xbc\x1b\ny").unwrap();
        writer.flush().unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "xü\\x1b\ny");
    }
}
