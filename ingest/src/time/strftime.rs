//! What a strftime pattern says: the pieces of a calendar time that logs use, and which of them a pattern has.

mod read;
mod write;

pub(crate) use read::{Calendar, Date};

use super::fraction::{Digits, Place};

/// A piece of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    /// `%Y`, `%m`, `%d`, `%H`, `%I`, `%M`, `%S`, `%y`: this many digits.
    Digits(Part, usize),
    /// `%e`, `%k`, `%l`: two places, padded with a space.
    Spaced(Part),
    /// `%-d` and the like: one or two digits without padding.
    Bare(Part),
    /// `%b`: the month's first three letters in English.
    Month,
    /// `%B`: the month's English name.
    LongMonth,
    /// `%a`: the weekday's first three letters in English; read but not believed.
    Weekday,
    /// `%A`: the weekday's English name; read but not believed.
    LongWeekday,
    /// `%p` (`AM`), `%P` (`am`): which half of the day.
    Half {
        /// Whether it is written in capitals.
        capital: bool,
    },
    /// `%z`, `%:z`, `%#z`: the offset from UTC.
    Offset(OffsetStyle),
    /// `%Z`: a zone by a word.
    Zone,
    /// `%.3f`, `%3f`, `%f`: the fraction of the second, behind a byte or not.
    Fraction(Place),
    /// Between date and time in ISO 8601: `T`, or a space.
    Separator,
    /// A byte that stands there.
    Literal(u8),
}

/// What a number means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All four digits of the year.
    Year,
    /// The last two digits of the year: 69 to 99 are of the last century.
    ShortYear,
    /// The month from 1.
    Month,
    /// The day of the month from 1.
    Day,
    /// The hour from 0 to 23.
    Hour,
    /// The hour from 1 to 12.
    Hour12,
    /// The minute.
    Minute,
    /// The second.
    Second,
}

/// How an offset is written. All spellings are read by each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OffsetStyle {
    /// `+0200`
    Plain,
    /// `+02:00`
    Colon,
    /// `+02`
    Hours,
    /// `Z` or `+02:00`, and it may be absent.
    Iso,
}

/// A compiled strftime pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    items: Vec<Item>,
    /// Whether it prints UTC (Squid's `%tg`) rather than local time.
    pub(crate) utc: bool,
    /// What it was compiled from.
    text: String,
    /// The fraction, if there is one and what stands around it reads alike whatever it is.
    split: Option<Place>,
}

/// The codes that stand for several others.
fn expansion(code: u8) -> Option<&'static str> {
    Some(match code {
        b'F' => "%Y-%m-%d",
        b'T' => "%H:%M:%S",
        b'R' => "%H:%M",
        b'D' => "%m/%d/%y",
        b'r' => "%I:%M:%S %p",
        b'c' => "%a %b %e %H:%M:%S %Y",
        _ => return None,
    })
}

/// The piece at the beginning of `text`, which follows a `%`, and its length.
fn piece(text: &[u8]) -> Option<(Item, usize)> {
    let number = |code: u8| {
        Some(match code {
            b'm' => Part::Month,
            b'd' => Part::Day,
            b'H' => Part::Hour,
            b'I' => Part::Hour12,
            b'M' => Part::Minute,
            b'S' => Part::Second,
            _ => return None,
        })
    };
    let fraction = |lead, digits| Item::Fraction(Place { lead, digits });
    let fixed = |digit: u8| Digits::Fixed(usize::from(digit - b'0'));
    Some(match *text {
        [byte @ (b'.' | b','), b'f', ..] => (fraction(Some(byte), Digits::Any), 2),
        [byte @ (b'.' | b','), b'-', b'f', ..] => (fraction(Some(byte), Digits::Trimmed(0)), 3),
        [byte @ (b'.' | b','), digit @ b'1'..=b'9', b'f', ..] => {
            (fraction(Some(byte), fixed(digit)), 3)
        }
        [b'-', b'3', b'f', ..] => (fraction(None, Digits::Millis(1)), 3),
        [digit @ b'1'..=b'9', b'f', ..] => (fraction(None, fixed(digit)), 2),
        [b'f', ..] => (fraction(None, Digits::Micros), 1),
        [b':', b'z', ..] => (Item::Offset(OffsetStyle::Colon), 2),
        [b'#', b'z', ..] => (Item::Offset(OffsetStyle::Hours), 2),
        [b'-', code, ..] => (Item::Bare(number(code)?), 2),
        [code, ..] => {
            let item = match code {
                b'Y' => Item::Digits(Part::Year, 4),
                b'y' => Item::Digits(Part::ShortYear, 2),
                b'e' => Item::Spaced(Part::Day),
                b'k' => Item::Spaced(Part::Hour),
                b'l' => Item::Spaced(Part::Hour12),
                b'b' | b'h' => Item::Month,
                b'B' => Item::LongMonth,
                b'a' => Item::Weekday,
                b'A' => Item::LongWeekday,
                b'p' => Item::Half { capital: true },
                b'P' => Item::Half { capital: false },
                b'z' => Item::Offset(OffsetStyle::Plain),
                b'Z' => Item::Zone,
                b't' => Item::Literal(b'\t'),
                b'%' => Item::Literal(b'%'),
                _ => Item::Digits(number(code)?, 2),
            };
            (item, 1)
        }
        [] => return None,
    })
}

/// Appends the pieces of `text`; the error is the place, in bytes, of what is not supported.
fn compile(text: &str, items: &mut Vec<Item>) -> Result<(), usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte != b'%' {
            items.push(Item::Literal(byte));
            at += 1;
            continue;
        }
        let rest = &bytes[at + 1..];
        let code = rest.first().copied().unwrap_or_default();
        if let Some(longer) = expansion(code) {
            compile(longer, items).map_err(|_| at)?;
            at += 2;
        } else if code == b'+' {
            compile("%Y-%m-%d", items).map_err(|_| at)?;
            items.push(Item::Separator);
            compile("%H:%M:%S%.f", items).map_err(|_| at)?;
            items.push(Item::Offset(OffsetStyle::Iso));
            at += 2;
        } else {
            let (item, len) = piece(rest).ok_or(at)?;
            items.push(item);
            at += 1 + len;
        }
    }
    Ok(())
}

/// The only fraction, if nothing before it is of a length that depends on its digits.
fn split(items: &[Item]) -> Option<Place> {
    let mut fractions = items.iter().enumerate().filter_map(|(at, item)| match item {
        Item::Fraction(place) => Some((at, *place)),
        _ => None,
    });
    let (at, place) = fractions.next().filter(|_| fractions.next().is_none())?;
    let before = at.checked_sub(1).and_then(|at| items.get(at));
    let fixed = matches!(before, Some(Item::Digits(..) | Item::Literal(_)));
    (place.lead.is_some() || fixed).then_some(place)
}

impl Pattern {
    /// `dd/Mon/yyyy:HH:MM:SS +zzzz`, the time of the Common Log Format.
    pub(crate) fn clf() -> Self {
        let text = "%d/%b/%Y:%H:%M:%S %z";
        let nothing = Self { items: Vec::new(), utc: false, text: text.into(), split: None };
        Self::compile(text, false).unwrap_or(nothing)
    }

    /// Compiles a pattern; the error is the place, in bytes, of what is not supported.
    pub(crate) fn compile(text: &str, utc: bool) -> Result<Self, usize> {
        let mut items = Vec::new();
        compile(text, &mut items)?;
        let split = split(&items);
        Ok(Self { items, utc, text: text.into(), split })
    }

    /// What it was compiled from.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The fraction, if times that differ in it alone can be told without reading the rest again.
    pub(crate) fn split(&self) -> Option<Place> {
        self.split
    }

    /// Its pieces.
    pub(crate) fn items(&self) -> &[Item] {
        &self.items
    }

    /// Whether it shows day, month, year and hour, without which a time can't be told.
    pub(crate) fn is_complete(&self) -> bool {
        self.has_year() && self.has_date() && self.has_hour()
    }

    /// Whether it shows the year.
    pub(crate) fn has_year(&self) -> bool {
        self.has(Part::Year) || self.has(Part::ShortYear)
    }

    /// Whether it shows month and day.
    pub(crate) fn has_date(&self) -> bool {
        let month = self.has(Part::Month)
            || self.items.iter().any(|item| matches!(item, Item::Month | Item::LongMonth));
        month && self.has(Part::Day)
    }

    /// Whether it shows the hour, and if only one of twelve, then the half of the day too.
    pub(crate) fn has_hour(&self) -> bool {
        let half = self.items.iter().any(|item| matches!(item, Item::Half { .. }));
        self.has(Part::Hour) || self.has(Part::Hour12) && half
    }

    /// Whether it shows this number.
    pub(crate) fn has(&self, wanted: Part) -> bool {
        self.items.iter().any(|item| {
            matches!(item, Item::Digits(part, _) | Item::Spaced(part) | Item::Bare(part) if *part == wanted)
        })
    }

    /// How often a byte stands in every time it prints; what a space pads is not counted.
    pub(crate) fn count(&self, byte: u8) -> usize {
        let of = |item: &Item| match *item {
            Item::Literal(found) => found == byte,
            Item::Offset(OffsetStyle::Colon) => byte == b':',
            Item::Fraction(place) => {
                place.lead == Some(byte) && matches!(place.digits, Digits::Fixed(_))
            }
            _ => false,
        };
        self.items.iter().filter(|item| of(item)).count()
    }

    /// Whether the zone is printed, as an offset or by a word.
    pub(crate) fn prints_zone(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Offset(_) | Item::Zone))
    }

    /// Whether it ends its time with a `Z`, as ISO 8601 marks UTC.
    pub(crate) fn ends_in_z(&self) -> bool {
        let second = |item: &Item| {
            matches!(item, Item::Fraction(_) | Item::Digits(Part::Second | Part::Minute, _))
        };
        self.items
            .windows(2)
            .any(|pair| second(&pair[0]) && pair[1] == Item::Literal(b'Z') && !self.prints_zone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_read_what_they_write() {
        for text in ["%d/%b/%Y:%H:%M:%S %z", "%FT%T", "%a, %e %b %y %R:%S", "%c", "%D %r"] {
            let pattern = Pattern::compile(text, true).unwrap();
            assert!(pattern.is_complete());
            for seconds in [0, 951_782_400, 1_795_169_425, 3_102_444_799] {
                let mut out = Vec::new();
                pattern.write(seconds, 0, 0, &mut out);
                let read = pattern.read(&out).unwrap();
                let Date::Full(days) = read.date else { panic!("{text}") };
                let shown = days * 86_400 + read.of_day;
                assert_eq!((shown % 3_153_600_000, read.canonical), (seconds, true), "{text}");
            }
        }
        assert_eq!(Pattern::compile("%Y %Q", false), Err(3));
        assert!(!Pattern::compile("%H:%M", false).unwrap().is_complete());
        assert!(!Pattern::compile("%F %I:%M", false).unwrap().is_complete());
    }
}
