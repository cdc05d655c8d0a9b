//! What does a text say by a pattern: numbers, names, offset, fraction, in one pass from left to right.

use std::str::FromStr;

use chrono_tz::Tz;

use super::{Item, OffsetStyle, Part, Pattern};
use crate::time::civil;
use crate::time::fraction::{Fraction, Place};
use crate::time::zone::Zone;

/// The date a text shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Date {
    /// Days since 1970.
    Full(i64),
    /// Month and day; the year is not printed.
    Yearless(i64, i64),
    /// No date is printed.
    Missing,
}

/// What a pattern read.
#[derive(Debug)]
pub(crate) struct Calendar {
    /// The date.
    pub(crate) date: Date,
    /// Seconds since midnight.
    pub(crate) of_day: i64,
    /// The printed offset in minutes.
    pub(crate) offset: Option<i16>,
    /// The zone a word named.
    pub(crate) zone: Option<Zone>,
    /// The fraction, where it begins (with the dot if there is one), and where it ends.
    pub(crate) fraction: Option<(Fraction, usize, usize)>,
    /// Which weekday (Thursday is 0) was printed, 7 for a word that is none.
    pub(crate) weekday: Option<u8>,
    /// Whether writing gives the same text, fraction and weekday left aside.
    pub(crate) canonical: bool,
    /// How many bytes were read.
    pub(crate) len: usize,
}

/// What has been read so far.
struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    hour: i64,
    hour12: Option<i64>,
    afternoon: Option<bool>,
    minute: i64,
    second: i64,
    canonical: bool,
    out: &'a mut Calendar,
}

impl Default for Calendar {
    fn default() -> Self {
        Self {
            date: Date::Missing,
            of_day: 0,
            offset: None,
            zone: None,
            fraction: None,
            weekday: None,
            canonical: true,
            len: 0,
        }
    }
}

impl Pattern {
    /// Reads a time that fills all of `text` into `out`, which is as yet empty: in place, as copies of what has just
    /// been written would take longer than the reading.
    pub(crate) fn read_into(&self, text: &[u8], out: &mut Calendar) -> Option<()> {
        self.read_start_into(text, out)?;
        (out.len == text.len()).then_some(())
    }

    fn read_start_into(&self, text: &[u8], out: &mut Calendar) -> Option<()> {
        let mut reader = Reader::new(text, out);
        for &item in self.items() {
            reader.item(item)?;
        }
        reader.finish()
    }

    /// Reads a time that fills all of `text`.
    pub(crate) fn read(&self, text: &[u8]) -> Option<Calendar> {
        let mut out = Calendar::default();
        self.read_into(text, &mut out)?;
        Some(out)
    }

    /// Reads a date that fills all of `text`, in days since 1970.
    pub(crate) fn read_date(&self, text: &[u8]) -> Option<i64> {
        match self.read(text)?.date {
            Date::Full(days) => Some(days),
            Date::Yearless(..) | Date::Missing => None,
        }
    }

    /// Reads a time at the beginning of `text`.
    pub(crate) fn read_start(&self, text: &[u8]) -> Option<Calendar> {
        let mut out = Calendar::default();
        self.read_start_into(text, &mut out)?;
        Some(out)
    }
}

impl<'a> Reader<'a> {
    fn new(text: &'a [u8], out: &'a mut Calendar) -> Self {
        Self {
            text,
            at: 0,
            year: None,
            month: None,
            day: None,
            hour: 0,
            hour12: None,
            afternoon: None,
            minute: 0,
            second: 0,
            canonical: true,
            out,
        }
    }

    /// The value of two digits.
    #[inline]
    fn two(&mut self) -> Option<i64> {
        let &[tens, ones] = self.text.get(self.at..)?.first_chunk()?;
        let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
        self.at += 2;
        (tens < 10 && ones < 10).then(|| i64::from(tens * 10 + ones))
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    #[inline]
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let taken = self.text.get(self.at..self.at + len)?;
        self.at += len;
        Some(taken)
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = &self.text[self.at..];
        let len = rest.iter().position(|&byte| !wanted(byte)).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    #[inline(always)]
    fn item(&mut self, item: Item) -> Option<()> {
        match item {
            Item::Literal(byte) => {
                let same = self.peek() == Some(byte);
                self.at += 1;
                return same.then_some(());
            }
            Item::Digits(part, len) => {
                let value = if len == 2 { self.two()? } else { digits(self.take(len)?)? };
                self.set(part, value);
            }
            Item::Spaced(part) => self.spaced(part)?,
            Item::Bare(part) => {
                let first = self.take(1)?;
                let value = match self.peek() {
                    Some(byte) if byte.is_ascii_digit() => {
                        self.canonical &= first != b"0";
                        self.at += 1;
                        digits(&self.text[self.at - 2..self.at])?
                    }
                    _ => digits(first)?,
                };
                self.set(part, value);
            }
            Item::Month => {
                let name = self.take(3)?;
                let month = month(name)?;
                // Capital, small, small.
                self.canonical &= name[0] & 0x20 == 0 && name[1] & name[2] & 0x20 != 0;
                self.month = Some(month);
            }
            Item::LongMonth => {
                let name = self.take_while(|byte| byte.is_ascii_alphabetic());
                let known = |known: &&str| known.as_bytes().eq_ignore_ascii_case(name);
                let at = civil::MONTHS.iter().position(known)?;
                self.canonical &= civil::MONTHS[at].as_bytes() == name;
                self.month = Some(at as i64 + 1);
            }
            Item::Weekday => {
                let name = self.take(3)?;
                let at = civil::WEEKDAYS.iter().position(|known| known.as_bytes()[..3] == *name);
                self.out.weekday = Some(at.unwrap_or(7) as u8);
            }
            Item::LongWeekday => {
                let name = self.take_while(|byte| byte.is_ascii_alphabetic());
                let at = civil::WEEKDAYS.iter().position(|known| known.as_bytes() == name);
                self.out.weekday = Some(at.unwrap_or(7) as u8);
            }
            Item::Half { capital } => self.half(capital)?,
            Item::Offset(style) => self.offset(style)?,
            Item::Zone => self.word()?,
            Item::Fraction(place) => self.fraction(place)?,
            Item::Separator => {
                let byte = self.take(1)?[0];
                self.canonical &= byte == b'T';
                return matches!(byte, b'T' | b't' | b' ').then_some(());
            }
        }
        Some(())
    }

    #[inline]
    fn set(&mut self, part: Part, value: i64) {
        match part {
            Part::Year => self.year = Some(value),
            Part::ShortYear => self.year = Some(if value < 69 { 2000 } else { 1900 } + value),
            Part::Month => self.month = Some(value),
            Part::Day => self.day = Some(value),
            Part::Hour => self.hour = value,
            Part::Hour12 => self.hour12 = Some(value),
            Part::Minute => self.minute = value,
            Part::Second => self.second = value,
        }
    }

    /// Two places, the first of which may be a space; one digit alone is read too.
    fn spaced(&mut self, part: Part) -> Option<()> {
        let padded = self.peek()? == b' ';
        self.at += usize::from(padded);
        let first = digits(self.take(1)?)?;
        let second = self.peek().filter(|byte| byte.is_ascii_digit() && !padded);
        self.canonical &= padded || second.is_some() && first != 0;
        self.at += usize::from(second.is_some());
        let value = second.map_or(first, |byte| first * 10 + i64::from(byte - b'0'));
        self.set(part, value);
        Some(())
    }

    fn half(&mut self, capital: bool) -> Option<()> {
        let text = self.take(2)?;
        let wanted = if capital { [text[0] & !0x20, b'M'] } else { [text[0] | 0x20, b'm'] };
        self.canonical &= *text == wanted;
        self.afternoon = Some(match &[text[0] | 0x20, text[1] | 0x20] {
            b"am" => false,
            b"pm" => true,
            _ => return None,
        });
        Some(())
    }

    fn offset(&mut self, style: OffsetStyle) -> Option<()> {
        match self.peek() {
            Some(byte @ (b'Z' | b'z')) => {
                self.at += 1;
                self.canonical &= style == OffsetStyle::Iso && byte == b'Z';
                self.out.offset = Some(0);
            }
            Some(sign @ (b'+' | b'-')) => {
                self.at += 1;
                let (minutes, written) = self.hours()?;
                let zero = minutes == 0 && (sign == b'-' || style == OffsetStyle::Iso);
                let wanted = match style {
                    OffsetStyle::Iso => OffsetStyle::Colon,
                    OffsetStyle::Hours if minutes % 60 != 0 => OffsetStyle::Colon,
                    other => other,
                };
                self.canonical &= written == wanted && !zero;
                self.out.offset = Some(if sign == b'-' { -minutes } else { minutes });
            }
            _ if style == OffsetStyle::Iso => self.canonical = false,
            _ => return None,
        }
        Some(())
    }

    /// The minutes behind the sign of an offset, and in which style they are written.
    fn hours(&mut self) -> Option<(i16, OffsetStyle)> {
        let hours = digits(self.take(2)?)?;
        let rest = &self.text[self.at..];
        let (minutes, style, len) = match rest {
            [b':', a, b, ..] if a.is_ascii_digit() && b.is_ascii_digit() => {
                (digits(&rest[1..3])?, OffsetStyle::Colon, 3)
            }
            [a, b, ..] if a.is_ascii_digit() && b.is_ascii_digit() => {
                (digits(&rest[..2])?, OffsetStyle::Plain, 2)
            }
            _ => (0, OffsetStyle::Hours, 0),
        };
        self.at += len;
        let total = hours * 60 + minutes;
        (minutes < 60 && total <= 18 * 60).then_some((total as i16, style))
    }

    /// A zone by a word: UTC and its other names, `UTC+02:00`, an IANA name. Other words name no zone: `EST` is one
    /// thing in New York and another in Sydney.
    fn word(&mut self) -> Option<()> {
        let start = self.at;
        let letters = self.take_while(|byte| byte.is_ascii_alphabetic());
        if letters.is_empty() {
            return None;
        }
        self.canonical &= letters == b"UTC";
        let utc = Zone::is_utc(letters);
        if utc && matches!(self.peek(), Some(b'+' | b'-')) {
            self.canonical = false;
            let sign = self.take(1)?[0];
            let (minutes, _) = self.hours()?;
            self.out.zone = Some(Zone::Offset(if sign == b'-' { -minutes } else { minutes }));
            return Some(());
        }
        let rest = self.take_while(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'+' | b'-')
        });
        self.canonical &= rest.is_empty();
        if rest.is_empty() && utc {
            self.out.zone = Some(Zone::Offset(0));
        } else if rest.contains(&b'/') {
            let name = std::str::from_utf8(&self.text[start..self.at]).ok()?;
            self.out.zone = Tz::from_str(name).ok().map(Zone::Named);
        }
        Some(())
    }

    fn fraction(&mut self, place: Place) -> Option<()> {
        let (fraction, to) = place.read(self.text, self.at)?;
        self.out.fraction = Some((fraction, self.at, to));
        self.at = to;
        Some(())
    }

    fn finish(self) -> Option<()> {
        let mut canonical = self.canonical;
        let hour = match (self.hour12, self.afternoon) {
            (Some(hour), Some(afternoon)) => {
                (1..=12).contains(&hour).then_some(())?;
                hour % 12 + if afternoon { 12 } else { 0 }
            }
            (Some(_), None) => return None,
            (None, Some(afternoon)) => {
                canonical &= (self.hour >= 12) == afternoon;
                self.hour
            }
            (None, None) => self.hour,
        };
        // A leap second is the one after it.
        if hour > 23 || self.minute > 59 || self.second > 60 {
            return None;
        }
        canonical &= self.second < 60;
        let date = match (self.year, self.month, self.day) {
            (Some(year), Some(month), Some(day)) => Date::Full(civil::days(year, month, day)?),
            (None, Some(month), Some(day)) => {
                // In a leap year, so that 29 February is one of the days.
                civil::days(2000, month, day)?;
                Date::Yearless(month, day)
            }
            _ => Date::Missing,
        };
        self.out.date = date;
        self.out.of_day = hour * 3600 + self.minute * 60 + self.second;
        self.out.canonical = canonical;
        self.out.len = self.at;
        Some(())
    }
}

/// The value of a few digits.
fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |value, &byte| {
        byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0'))
    })
}

/// The month of three letters.
fn month(name: &[u8]) -> Option<i64> {
    let &[a, b, c] = name else { return None };
    Some(match &[a | 0x20, b | 0x20, c | 0x20] {
        b"jan" => 1,
        b"feb" => 2,
        b"mar" => 3,
        b"apr" => 4,
        b"may" => 5,
        b"jun" => 6,
        b"jul" => 7,
        b"aug" => 8,
        b"sep" => 9,
        b"oct" => 10,
        b"nov" => 11,
        b"dec" => 12,
        _ => return None,
    })
}
