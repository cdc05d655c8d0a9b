//! What was read last: lines of the same second follow each other, so most times are read by comparing.

use super::strftime::{Calendar, Pattern};
use super::{Context, Time, resolve};

/// The last calendar time that a parser read by a spec.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    /// Its text, without the fraction if the pattern has one.
    text: Vec<u8>,
    /// Where the fraction stood.
    from: Option<usize>,
    /// What it was read in.
    cx: Context,
    /// The time, without its fraction.
    time: Option<Time>,
}

impl Memo {
    /// Reads `text` by `pattern`.
    #[inline]
    pub(super) fn get(&mut self, pattern: &Pattern, text: &[u8], cx: &Context) -> Option<Time> {
        if self.cx == *cx && !self.text.is_empty() {
            match self.from {
                None if self.text == text => return self.time,
                Some(from) if text.starts_with(&self.text[..from]) => {
                    if let Some((fraction, to)) =
                        pattern.split().and_then(|place| place.read(text, from))
                        && text[to..] == self.text[from..]
                    {
                        return self.time.map(|time| time.plus(fraction));
                    }
                }
                _ => {}
            }
        }
        self.learn(pattern, text, cx)
    }

    fn learn(&mut self, pattern: &Pattern, text: &[u8], cx: &Context) -> Option<Time> {
        self.text.clear();
        self.from = None;
        self.cx = *cx;
        // What is no time is not kept.
        let mut read = Calendar::default();
        pattern.read_into(text, &mut read)?;
        let time = resolve(&read, pattern.utc, cx)?;
        self.time = Some(time);
        let Some((fraction, from, to)) = read.fraction else {
            self.text.extend_from_slice(text);
            return Some(time);
        };
        if pattern.split().is_some() {
            self.text.extend_from_slice(&text[..from]);
            self.text.extend_from_slice(&text[to..]);
            self.from = Some(from);
        }
        Some(time.plus(fraction))
    }
}
