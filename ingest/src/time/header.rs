//! What the date in a header line says: `#Date`, `#Start-Date` of W3C logs, `#open` of Zeek.

use super::strftime::{Date, Pattern};
use super::zone::Zone;

/// What is tried, in this order.
const PATTERNS: &[&str] = &[
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d\t%H:%M:%S%.f",
    "%Y-%m-%d-%H-%M-%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H",
    "%Y-%m-%d",
    "%d-%b-%Y %H:%M:%S",
    "%d/%b/%Y %H:%M:%S",
    "%a %b %e %H:%M:%S %Y",
];

/// A date in a header line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeaderDate {
    /// Days since 1970.
    pub(crate) days: i64,
    /// Seconds since midnight, as far as they are printed.
    pub(crate) of_day: i64,
    /// The zone that stands behind it: an offset, or a name that says which.
    pub(crate) zone: Option<Zone>,
}

/// Reads the date of a header line: `2021-04-16 13:51:09 EST (UTC-0400)`, `2024-03-22T13`, `12-Jan-1996 00:00:00`.
pub(crate) fn read(text: &[u8]) -> Option<HeaderDate> {
    let text = text.trim_ascii();
    PATTERNS.iter().find_map(|pattern| {
        let pattern = Pattern::compile(pattern, false).ok()?;
        let read = pattern.read_start(text)?;
        let Date::Full(days) = read.date else { return None };
        let rest = &text[read.len..];
        let ends = rest.first().is_none_or(|byte| !byte.is_ascii_digit() && *byte != b':');
        let zone = Zone::read(rest);
        ends.then_some(HeaderDate { days, of_day: read.of_day, zone })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_headers() {
        let read =
            |text: &str| read(text.as_bytes()).map(|date| (date.days, date.of_day, date.zone));
        let of_day = 13 * 3600 + 51 * 60 + 9;
        assert_eq!(
            read("2022-04-16 13:51:09 EST (UTC-0400)"),
            Some((19_098, of_day, Some(Zone::Offset(-240))))
        );
        assert_eq!(read(" 2022-04-16 13:51:09 EST"), Some((19_098, of_day, None)));
        assert_eq!(read("2022-04-16T13"), Some((19_098, 13 * 3600, None)));
        assert_eq!(read("16-Apr-2022 13:51:09"), Some((19_098, of_day, None)));
        assert_eq!(read("2022-04-16-13-51-09"), Some((19_098, of_day, None)));
        assert_eq!(read("2022-04-16 13:51:09Z"), Some((19_098, of_day, Some(Zone::Offset(0)))));
        assert_eq!(
            read("2022-04-16 13:51:09.128 +02:00"),
            Some((19_098, of_day, Some(Zone::Offset(120))))
        );
        assert_eq!(read("2022-04-16"), Some((19_098, 0, None)));
        assert_eq!(read("yesterday"), None);
        assert_eq!(read(""), None);
    }
}
