//! Which instant a local time is: zones, printed offsets, hours that clocks repeat or skip.

use std::str::FromStr;

use chrono::{LocalResult, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;

use crate::lexer::number;

/// A zone for times that print none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zone {
    /// One of the IANA database, with its daylight saving.
    Named(Tz),
    /// A fixed offset from UTC, in minutes.
    Offset(i16),
}

impl From<Tz> for Zone {
    fn from(zone: Tz) -> Self {
        Self::Named(zone)
    }
}

/// How many instants a local time may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resolution {
    /// One.
    Single,
    /// Two: the hour is repeated when daylight saving ends. The first was taken.
    Fold,
    /// None: the hour is skipped when daylight saving begins. The offset before it was taken.
    Gap,
}

impl Zone {
    /// Whether a word means UTC.
    pub(crate) fn is_utc(word: &[u8]) -> bool {
        [&b"UTC"[..], b"GMT", b"Z", b"UCT", b"Zulu"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(word))
    }

    /// A zone as settings, columns and headers name it: `Europe/Berlin`, `UTC`, `Z`, `+0200`, `-04:00`, `+02`,
    /// `UTC+2`, `GMT-03:30`, and also with something before an offset in brackets, `EST (UTC-0400)`. An abbreviation
    /// alone names none: `EST` is one thing in New York and another in Sydney.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let text = text.trim_ascii();
        if let Some(inner) = text.strip_suffix(b")") {
            let at = memchr::memrchr(b'(', inner)?;
            return Self::read(&inner[at + 1..]);
        }
        if Self::is_utc(text) {
            return Some(Self::Offset(0));
        }
        let upper = text.get(..3).map(<[u8]>::to_ascii_uppercase).unwrap_or_default();
        let offset = if matches!(&upper[..], b"UTC" | b"GMT") { &text[3..] } else { text };
        if let Some(minutes) = offset_any(offset) {
            return Some(Self::Offset(minutes));
        }
        let name = std::str::from_utf8(text).ok().filter(|name| name.contains('/'))?;
        Tz::from_str(name).ok().map(Self::Named)
    }

    /// The offset from UTC at an instant, in seconds.
    pub(crate) fn offset_at(self, seconds: i64) -> i64 {
        match (self, naive(seconds)) {
            (Self::Offset(minutes), _) => i64::from(minutes) * 60,
            (Self::Named(zone), Some(utc)) => {
                i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc())
            }
            (Self::Named(_), None) => 0,
        }
    }

    /// The instant at which clocks show `local`.
    pub(crate) fn instant(self, local: i64) -> Option<(i64, Resolution)> {
        let zone = match self {
            Self::Offset(minutes) => {
                return Some((local - i64::from(minutes) * 60, Resolution::Single));
            }
            Self::Named(zone) => zone,
        };
        let seconds = |offset: i64| local - offset;
        Some(match zone.offset_from_local_datetime(&naive(local)?) {
            LocalResult::Single(offset) => {
                (seconds(offset.fix().local_minus_utc().into()), Resolution::Single)
            }
            LocalResult::Ambiguous(first, _) => {
                (seconds(first.fix().local_minus_utc().into()), Resolution::Fold)
            }
            LocalResult::None => (seconds(self.offset_at(local - 86_400)), Resolution::Gap),
        })
    }
}

impl std::fmt::Display for Zone {
    /// The text that [`Zone::read`] takes.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Named(zone) => f.write_str(zone.name()),
            Self::Offset(0) => f.write_str("UTC"),
            Self::Offset(minutes) => f.write_str(&offset_colon(*minutes)),
        }
    }
}

fn naive(seconds: i64) -> Option<NaiveDateTime> {
    chrono::DateTime::from_timestamp(seconds, 0).map(|time| time.naive_utc())
}

/// A printed offset: `+0330`.
pub(crate) fn offset_text(offset: i16) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    format!("{sign}{:02}{:02}", offset.unsigned_abs() / 60, offset.unsigned_abs() % 60)
}

/// A printed offset: `+03:30`.
pub(crate) fn offset_colon(offset: i16) -> String {
    let mut text = offset_text(offset);
    text.insert(text.len() - 2, ':');
    text
}

/// The minutes of a printed offset.
pub(crate) fn offset_minutes(text: &[u8]) -> Option<i16> {
    let (sign, rest) = text.split_first()?;
    if rest.len() != 4 || !matches!(sign, b'+' | b'-') {
        return None;
    }
    let value = i16::try_from(number::digits(rest)?).ok()?;
    let minutes = value / 100 * 60 + value % 100;
    (value % 100 < 60 && value <= 1800).then_some(if *sign == b'-' { -minutes } else { minutes })
}

/// The minutes of an offset in any spelling: `+0200`, `+02:00`, `+02`, `+2`.
fn offset_any(text: &[u8]) -> Option<i16> {
    let (sign, rest) = text.split_first()?;
    let plain: Vec<u8> = match rest {
        [a, b, b':', c, d] => vec![*sign, *a, *b, *c, *d],
        [a, b] => vec![*sign, *a, *b, b'0', b'0'],
        [a] => vec![*sign, b'0', *a, b'0', b'0'],
        _ => text.to_vec(),
    };
    offset_minutes(&plain)
}
