//! What a strftime pattern says: calendar times read and written by the pieces that logs use.

use super::{civil, offset_minutes, offset_text};

const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];
const WEEKDAYS: [&[u8; 3]; 7] = [b"Thu", b"Fri", b"Sat", b"Sun", b"Mon", b"Tue", b"Wed"];

/// A piece of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    /// `%Y`, `%m`, `%d`, `%H`, `%M`, `%S`, `%y`: this many digits.
    Digits(Part, usize),
    /// `%e`: day of the month, padded with a space.
    SpacedDay,
    /// `%b`: the month's first three letters in English.
    Month,
    /// `%a`: the weekday's first three letters in English; read but not believed.
    Weekday,
    /// `%z`: `+0100`.
    Offset,
    /// A byte that stands there.
    Literal(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Year,
    ShortYear,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

/// A compiled strftime pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    items: Vec<Item>,
    /// Whether it prints UTC (Squid's `%tg`) rather than local time.
    pub(crate) utc: bool,
}

/// What a pattern read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calendar {
    /// Seconds since 1970 as the calendar shows them, offset not applied.
    pub(crate) seconds: i64,
    /// The printed offset in minutes.
    pub(crate) offset: Option<i16>,
    /// Whether writing gives the same text.
    pub(crate) canonical: bool,
}

impl Pattern {
    /// `dd/Mon/yyyy:HH:MM:SS +zzzz`, the time of the Common Log Format.
    pub(crate) fn clf() -> Self {
        Self::compile("%d/%b/%Y:%H:%M:%S %z", false)
            .unwrap_or_else(|_| Self { items: Vec::new(), utc: false })
    }

    /// Compiles a pattern; the error is the place, in bytes, of what is not supported.
    pub(crate) fn compile(text: &str, utc: bool) -> Result<Self, usize> {
        use Part::{Day, Hour, Minute, Month, Second, ShortYear, Year};
        let two = |part| Item::Digits(part, 2);
        let lit = Item::Literal;
        let mut items = Vec::new();
        let mut bytes = text.bytes().enumerate();
        while let Some((at, byte)) = bytes.next() {
            if byte != b'%' {
                items.push(lit(byte));
                continue;
            }
            let hour_minute = [two(Hour), lit(b':'), two(Minute)];
            match bytes.next().map(|(_, code)| code) {
                Some(b'Y') => items.push(Item::Digits(Year, 4)),
                Some(b'y') => items.push(two(ShortYear)),
                Some(b'm') => items.push(two(Month)),
                Some(b'd') => items.push(two(Day)),
                Some(b'e') => items.push(Item::SpacedDay),
                Some(b'H') => items.push(two(Hour)),
                Some(b'M') => items.push(two(Minute)),
                Some(b'S') => items.push(two(Second)),
                Some(b'b' | b'h') => items.push(Item::Month),
                Some(b'a') => items.push(Item::Weekday),
                Some(b'z') => items.push(Item::Offset),
                Some(b'F') => items.extend([
                    Item::Digits(Year, 4),
                    lit(b'-'),
                    two(Month),
                    lit(b'-'),
                    two(Day),
                ]),
                Some(b'T') => {
                    items.extend(hour_minute);
                    items.extend([lit(b':'), two(Second)]);
                }
                Some(b'R') => items.extend(hour_minute),
                Some(b'%') => items.push(lit(b'%')),
                _ => return Err(at),
            }
        }
        Ok(Self { items, utc })
    }

    /// Whether it shows day, month, year and hour, without which a time can't be told.
    pub(crate) fn is_complete(&self) -> bool {
        let has = |wanted: &[Item]| wanted.iter().any(|item| self.items.contains(item));
        has(&[Item::Digits(Part::Year, 4), Item::Digits(Part::ShortYear, 2)])
            && has(&[Item::Digits(Part::Month, 2), Item::Month])
            && has(&[Item::Digits(Part::Day, 2), Item::SpacedDay])
            && has(&[Item::Digits(Part::Hour, 2)])
    }

    /// How often a byte stands between the pieces.
    pub(crate) fn count(&self, byte: u8) -> usize {
        self.items.iter().filter(|&&item| item == Item::Literal(byte)).count()
    }

    /// Whether the offset from UTC is printed.
    pub(crate) fn prints_zone(&self) -> bool {
        self.items.contains(&Item::Offset)
    }

    /// Reads a time that fills all of `text`.
    pub(crate) fn read(&self, text: &[u8]) -> Option<Calendar> {
        let (mut year, mut month, mut day) = (None, None, None);
        let (mut hour, mut minute, mut second) = (0, 0, 0);
        let (mut offset, mut canonical, mut weekday) = (None, true, None);
        let mut rest = text;
        let mut take = |len: usize| {
            let (head, tail) = rest.split_at_checked(len)?;
            rest = tail;
            Some(head)
        };
        for &item in &self.items {
            match item {
                Item::Literal(byte) => (take(1)? == [byte]).then_some(())?,
                Item::Digits(part, len) => {
                    let value = two_or_four(take(len)?)?;
                    match part {
                        Part::Year => year = Some(value),
                        Part::ShortYear => {
                            year = Some(if value < 69 { 2000 } else { 1900 } + value)
                        }
                        Part::Month => month = Some(value),
                        Part::Day => day = Some(value),
                        Part::Hour => hour = value,
                        Part::Minute => minute = value,
                        Part::Second => second = value,
                    }
                }
                Item::SpacedDay => {
                    let text = take(2)?;
                    canonical &= text[0] != b'0';
                    day = Some(two_or_four(if text[0] == b' ' { &text[1..] } else { text })?);
                }
                Item::Month => {
                    let name = take(3)?;
                    let at = MONTHS.iter().position(|known| known.eq_ignore_ascii_case(name))?;
                    canonical &= MONTHS[at] == name;
                    month = Some(at as i64 + 1);
                }
                Item::Weekday => weekday = Some(take(3)?),
                Item::Offset => {
                    let text = take(5)?;
                    let minutes = offset_minutes(text)?;
                    canonical &= minutes != 0 || text[0] == b'+';
                    offset = Some(minutes);
                }
            }
        }
        let days = civil::days(year?, month?, day?)?;
        if !rest.is_empty() || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        canonical &= weekday.is_none_or(|name| WEEKDAYS[days.rem_euclid(7) as usize] == name);
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second;
        Some(Calendar { seconds, offset, canonical })
    }

    /// Writes a time whose calendar shows `seconds` since 1970.
    pub(crate) fn write(&self, seconds: i64, offset: i16, out: &mut Vec<u8>) {
        let days = seconds.div_euclid(86_400);
        let (year, month, day) = civil::date(days);
        let of_day = seconds.rem_euclid(86_400);
        for &item in &self.items {
            match item {
                Item::Literal(byte) => out.push(byte),
                Item::Digits(part, width) => {
                    let value = match part {
                        Part::Year => year,
                        Part::ShortYear => year.rem_euclid(100),
                        Part::Month => month,
                        Part::Day => day,
                        Part::Hour => of_day / 3600,
                        Part::Minute => of_day / 60 % 60,
                        Part::Second => of_day % 60,
                    };
                    out.extend_from_slice(format!("{value:0width$}").as_bytes());
                }
                Item::SpacedDay => out.extend_from_slice(format!("{day:2}").as_bytes()),
                Item::Month => out.extend_from_slice(MONTHS[(month - 1) as usize]),
                Item::Weekday => out.extend_from_slice(WEEKDAYS[days.rem_euclid(7) as usize]),
                Item::Offset => out.extend_from_slice(offset_text(offset).as_bytes()),
            }
        }
    }
}

/// The value of a few digits.
fn two_or_four(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |value, &byte| {
        byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_read_what_they_write() {
        for text in ["%d/%b/%Y:%H:%M:%S %z", "%FT%T", "%a, %e %b %y %R:%S"] {
            let pattern = Pattern::compile(text, true).unwrap();
            assert!(pattern.is_complete());
            for seconds in [0, 951_782_400, 1_795_169_425, 3_102_444_799] {
                let mut out = Vec::new();
                pattern.write(seconds, 0, &mut out);
                let read = pattern.read(&out).unwrap();
                assert_eq!((read.seconds, read.canonical), (seconds, true), "{text}");
            }
        }
        assert_eq!(Pattern::compile("%Y %Q", false), Err(3));
        assert!(!Pattern::compile("%H:%M", false).unwrap().is_complete());
    }
}
