//! What a count since 1970 means: seconds, or parts of them.

use storage::clock::Micros;

use super::fraction::Digits;
use super::{Quality, SECOND_US, Time};
use crate::lexer::number;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Microseconds.
    Micros,
    /// Nanoseconds.
    Nanos,
    /// By magnitude: up to 11 digits are seconds (until the year 5138), up to 14 milliseconds, up to 17 microseconds,
    /// more nanoseconds. Seconds may have a fraction.
    Auto,
}

impl Unit {
    /// How many digits of a count are a fraction of the second.
    fn digits(self, len: usize) -> usize {
        match self {
            Self::Seconds => 0,
            Self::Millis => 3,
            Self::Micros => 6,
            Self::Nanos => 9,
            Self::Auto => match len {
                ..=11 => 0,
                12..=14 => 3,
                15..=17 => 6,
                _ => 9,
            },
        }
    }

    /// Reads a count.
    pub(super) fn read(self, text: &[u8]) -> Option<Time> {
        if self == Self::Auto
            && let Some(dot) = memchr::memchr(b'.', text)
        {
            let whole = Some(&text[..dot]).filter(|whole| whole.len() <= 11)?;
            let fraction = Digits::Any.read(&text[dot + 1..])?;
            let time = Self::Seconds.read(whole)?.plus(fraction);
            return Some(Time { exact: false, ..time });
        }
        let digits = self.digits(text.len());
        if digits == 0 {
            return Some(seconds(number::digits(text)?, text));
        }
        let Some(at) = text.len().checked_sub(digits).filter(|&at| at > 0) else {
            // Within the first second of 1970.
            let value = i64::try_from(number::digits(text)?).ok()?;
            let nanos = value * 10_i64.pow(9 - digits as u32);
            let time = seconds(0, b"0").plus(super::Fraction { nanos, canonical: true });
            return Some(Time { exact: false, ..time });
        };
        let fraction = Digits::Fixed(digits).read(&text[at..])?;
        let whole = seconds(number::digits(&text[..at])?, text);
        if whole.ts == FAR {
            return Some(whole);
        }
        let time = whole.plus(fraction);
        // By magnitude a count is written as seconds where it can be, else as nanoseconds.
        let written = self != Self::Auto || digits == 9 && fraction.nanos > 0;
        Some(Time { exact: time.exact && written, ..time })
    }

    /// Prints a count.
    pub(super) fn write(self, seconds: i64, nanos: i64, out: &mut Vec<u8>) {
        out.extend_from_slice(seconds.to_string().as_bytes());
        match self {
            Self::Seconds => {}
            Self::Auto if nanos == 0 => {}
            Self::Auto => Digits::Fixed(9).write(nanos, out),
            _ => Digits::Fixed(self.digits(0)).write(nanos, out),
        }
    }
}

/// Far beyond any calendar: still a time, and refused as one in the future.
const FAR: Micros = Micros::MAX / 2;

fn seconds(value: u64, text: &[u8]) -> Time {
    let ts = i64::try_from(value).ok().and_then(|value| value.checked_mul(SECOND_US));
    Time {
        ts: ts.unwrap_or(FAR),
        nanos: 0,
        quality: Quality::Exact,
        gap: false,
        offset: 0,
        exact: ts.is_some() && text.first() != Some(&b'0'),
    }
}
