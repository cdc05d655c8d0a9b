//! Where does the line within an envelope lie? In place behind a header, or copied where it was escaped.

use super::{BREAK, Envelope, Unwrapper, head};
use crate::lexer::split::Span;

/// A line out of its envelope.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Opened {
    /// Where its text lies among the copies, header included, if it had to be copied.
    pub(crate) copy: Option<(usize, usize)>,
    /// Length of the header before it.
    pub(crate) head: usize,
    /// What has to be kept of the envelope.
    pub(crate) kept: Kept,
    /// Whether what is kept gives the envelope back.
    pub(crate) exact: bool,
    /// Where the time of the header lies.
    pub(crate) time: Option<Span>,
}

/// What is kept of an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// So many bytes at the beginning of the line.
    Head(usize),
    /// A range of the copies.
    Copy(usize, usize),
}

impl Default for Kept {
    fn default() -> Self {
        Self::Head(0)
    }
}

/// Opens envelopes, line by line.
#[derive(Debug, Default)]
pub(crate) struct Opener {
    unwrapper: Unwrapper,
}

impl Opener {
    /// Opens one; `None` if the line does not stand in such an envelope.
    pub(crate) fn open(
        &mut self,
        envelope: &Envelope,
        line: &[u8],
        copies: &mut Vec<u8>,
    ) -> Option<Opened> {
        let Some(member) = &envelope.member else {
            let head = head(line)?;
            let time = head.time.map(|range| Span::new(range.start, range.end));
            let exact = memchr::memchr(BREAK, &line[..head.len]).is_none();
            let (kept, head) = (Kept::Head(head.len), head.len);
            return Some(Opened { copy: None, head, kept, exact, time });
        };
        if !self.unwrapper.open(line, member) {
            return None;
        }
        let text = self.unwrapper.text();
        let (mut len, mut time) = (0, None);
        if envelope.syslog {
            let head = head(text)?;
            time = head.time.map(|range| Span::new(range.start, range.end));
            len = head.len;
        }
        let start = copies.len();
        copies.extend_from_slice(text);
        let end = copies.len();
        copies.extend_from_slice(self.unwrapper.kept());
        if len > 0 {
            copies.push(BREAK);
            copies.extend_from_slice(&text[..len]);
        }
        let kept = Kept::Copy(end, copies.len());
        Some(Opened {
            copy: Some((start, end)),
            head: len,
            kept,
            exact: self.unwrapper.is_exact(),
            time,
        })
    }
}
