//! What instant does a source mean by a text?

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use storage::clock::{DAY_US, Micros};

/// The longest text that is looked at.
const LONGEST: usize = 64;

/// An instant: RFC 3339 with any offset, `2026-03-10 05:48:12` with or without fraction and `UTC`, a date alone (its
/// start), seconds since 1970. Without a zone it is UTC.
pub fn parse(text: &str) -> Option<Micros> {
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_micros());
    }
    if let Ok(seconds) = text.parse::<i64>() {
        return (seconds.abs() < 1 << 40).then_some(seconds * 1_000_000);
    }
    let bare = text.trim_end_matches("UTC").trim_end();
    for form in ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M"] {
        if let Ok(time) = NaiveDateTime::parse_from_str(bare, form) {
            return Some(time.and_utc().timestamp_micros());
        }
    }
    if let Ok(time) = DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%z") {
        return Some(time.timestamp_micros());
    }
    day(bare)
}

/// The same, but a date alone means its last second.
pub fn parse_last(text: &str) -> Option<Micros> {
    day(text.trim()).map(|start| start + DAY_US - 1_000_000).or_else(|| parse(text))
}

fn day(text: &str) -> Option<Micros> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(date.and_time(NaiveTime::MIN).and_utc().timestamp_micros())
}

/// An instant as RFC 3339 with `Z`, with a fraction only where there is one.
pub fn text(at: Micros) -> String {
    let form =
        if at.rem_euclid(1_000_000) == 0 { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%.6fZ" };
    DateTime::from_timestamp_micros(at).map_or_else(String::new, |at| at.format(form).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_all_their_spellings() {
        for (given, expected) in [
            ("2026-03-01T08:00:00+02:00", Some("2026-03-01T06:00:00Z")),
            ("2026-03-20T23:59:59.123456+00:00", Some("2026-03-20T23:59:59.123456Z")),
            ("2026-03-10 05:48:12", Some("2026-03-10T05:48:12Z")),
            ("2026-03-10 05:48:12 UTC", Some("2026-03-10T05:48:12Z")),
            ("2026-03-10", Some("2026-03-10T00:00:00Z")),
            ("1772323200", Some("2026-03-01T00:00:00Z")),
            ("99999999999999999999", None),
            ("yesterday", None),
            ("", None),
            ("None", None),
        ] {
            assert_eq!(parse(given).map(text).as_deref(), expected, "{given}");
        }
        assert_eq!(parse_last("2026-03-10").map(text).as_deref(), Some("2026-03-10T23:59:59Z"));
    }
}
