//! How a pattern prints a time.

use super::{Item, OffsetStyle, Part, Pattern};
use crate::time::civil;
use crate::time::zone::{offset_colon, offset_text};

impl Pattern {
    /// Writes a time whose calendar shows `seconds` since 1970 and a fraction of so many nanoseconds.
    pub(crate) fn write(&self, seconds: i64, nanos: i64, offset: i16, out: &mut Vec<u8>) {
        let days = seconds.div_euclid(86_400);
        let date = civil::date(days);
        let of_day = seconds.rem_euclid(86_400);
        let value = |part| value(part, date, of_day);
        let (month, weekday) = (date.1 as usize - 1, days.rem_euclid(7) as usize);
        let afternoon = of_day >= 43_200;
        for &item in self.items() {
            match item {
                Item::Literal(byte) => out.push(byte),
                Item::Digits(part, width) => put(out, &format!("{:0width$}", value(part))),
                Item::Spaced(part) => put(out, &format!("{:2}", value(part))),
                Item::Bare(part) => put(out, &value(part).to_string()),
                Item::Month => put(out, &civil::MONTHS[month][..3]),
                Item::LongMonth => put(out, civil::MONTHS[month]),
                Item::Weekday => put(out, &civil::WEEKDAYS[weekday][..3]),
                Item::LongWeekday => put(out, civil::WEEKDAYS[weekday]),
                Item::Half { capital } => put(
                    out,
                    match (capital, afternoon) {
                        (true, false) => "AM",
                        (true, true) => "PM",
                        (false, false) => "am",
                        (false, true) => "pm",
                    },
                ),
                Item::Offset(style) => put(
                    out,
                    &match style {
                        OffsetStyle::Plain => offset_text(offset),
                        OffsetStyle::Hours if offset % 60 == 0 => {
                            offset_text(offset)[..3].to_owned()
                        }
                        OffsetStyle::Iso if offset == 0 => "Z".to_owned(),
                        _ => offset_colon(offset),
                    },
                ),
                Item::Zone => put(out, "UTC"),
                Item::Fraction(place) => place.write(nanos, out),
                Item::Separator => out.push(b'T'),
            }
        }
    }
}

fn value(part: Part, (year, month, day): (i64, i64, i64), of_day: i64) -> i64 {
    match part {
        Part::Year => year,
        Part::ShortYear => year.rem_euclid(100),
        Part::Month => month,
        Part::Day => day,
        Part::Hour => of_day / 3600,
        Part::Hour12 => (of_day / 3600 + 11) % 12 + 1,
        Part::Minute => of_day / 60 % 60,
        Part::Second => of_day % 60,
    }
}

fn put(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}
