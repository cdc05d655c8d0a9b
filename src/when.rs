//! Which instant does a person mean by `--since 7d` or `--until 2026-11-20`?

use chrono::{DateTime, NaiveDateTime};
use storage::{Day, Micros};

/// Reads a time: RFC 3339, a bare date (00:00 UTC), a date and time without zone (UTC), or an age such as `7d`, `24h`,
/// `30m`, `90s`, `2w` before `now`.
pub(crate) fn parse(text: &str, now: Micros) -> Result<Micros, String> {
    let text = text.trim();
    if let Ok(day) = text.parse::<Day>() {
        return Ok(day.start());
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.timestamp_micros());
    }
    for form in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
    {
        let bare = text.strip_suffix('Z').unwrap_or(text);
        if let Ok(time) = NaiveDateTime::parse_from_str(bare, form) {
            return Ok(time.and_utc().timestamp_micros());
        }
    }
    if text == "now" {
        return Ok(now);
    }
    if let Some(age) = span(text) {
        return Ok(now.saturating_sub(age));
    }
    Err(format!(
        "`{text}` is no time; write 2026-11-20, 2026-11-20T08:00:00Z, or an age such as 7d, 24h, 30m"
    ))
}

/// Reads days, both ends included: `2026-11-01..2026-11-20`, or one day.
pub(crate) fn days(text: &str) -> Result<(Day, Day), String> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    match (first.trim().parse::<Day>(), last.trim().parse::<Day>()) {
        (Ok(first), Ok(last)) if first <= last => Ok((first, last)),
        (Ok(_), Ok(_)) => Err(format!("`{text}` ends before it begins")),
        _ => Err(format!("`{text}` is no range of days; write it as 2026-11-01..2026-11-20")),
    }
}

/// A span of time such as `7d`, in microseconds.
pub(crate) fn span(text: &str) -> Option<Micros> {
    let unit = text.chars().last()?;
    let number: i64 = text.strip_suffix(unit)?.parse().ok()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return None,
    };
    if number < 0 {
        return None;
    }
    number.checked_mul(seconds)?.checked_mul(1_000_000)
}

/// Writes an instant as RFC 3339 in UTC, with as many digits of the second as it has.
pub(crate) fn rfc3339(us: Micros) -> String {
    detect::finding::time(us)
}

/// Reads a correction of a clock: `+1h`, `-90s`, `1h30m`, `+00:05:00`, `-250ms`.
pub(crate) fn shift(text: &str) -> Result<Micros, String> {
    let bad = || {
        format!("`{text}` is no correction of a clock; write it as +1h, -90s, 1h30m or +00:05:00")
    };
    let (sign, rest) = match text.trim().as_bytes() {
        [b'-', ..] => (-1, &text.trim()[1..]),
        [b'+', ..] => (1, &text.trim()[1..]),
        _ => (1, text.trim()),
    };
    let size = if rest.contains(':') { clock_size(rest) } else { unit_size(rest) };
    size.and_then(|size| size.checked_mul(sign)).ok_or_else(bad)
}

/// `05:00:00` (hours, minutes, seconds, maybe with a fraction).
fn clock_size(text: &str) -> Option<Micros> {
    let mut parts = text.split(':');
    let hours: Micros = digits(parts.next()?)?;
    let minutes: Micros = digits(parts.next()?).filter(|minutes| *minutes < 60)?;
    let (seconds, fraction) = match parts.next() {
        None => (0, 0),
        Some(seconds) => {
            let (whole, part) = seconds.split_once('.').unwrap_or((seconds, "0"));
            if part.len() > 6 {
                return None;
            }
            (digits(whole).filter(|it| *it < 60)?, digits(&format!("{part:0<6}"))?)
        }
    };
    if parts.next().is_some() {
        return None;
    }
    hours
        .checked_mul(3600)?
        .checked_add(minutes * 60 + seconds)?
        .checked_mul(1_000_000)?
        .checked_add(fraction)
}

/// `1h30m`, `90s`, `250ms`, `2d`.
fn unit_size(text: &str) -> Option<Micros> {
    let (mut sum, mut rest) = (0_i64, text);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, after) = rest.split_at(end);
        let unit = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let factor: Micros = match &after[..unit] {
            "d" => 86_400_000_000,
            "h" => 3_600_000_000,
            "m" | "min" => 60_000_000,
            "s" => 1_000_000,
            "ms" => 1_000,
            _ => return None,
        };
        sum = sum.checked_add(digits(number)?.checked_mul(factor)?)?;
        rest = &after[unit..];
    }
    (!text.is_empty()).then_some(sum)
}

fn digits(text: &str) -> Option<Micros> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = 1_795_478_400_000_000; // 2026-11-24T00:00:00Z

    #[test]
    fn every_spelling_of_a_time() {
        let check = |text: &str, expect: &str| {
            assert_eq!(rfc3339(parse(text, NOW).unwrap()), expect, "{text}");
        };
        check("2026-11-20", "2026-11-20T00:00:00Z");
        check("2026-11-20T08:30:00Z", "2026-11-20T08:30:00Z");
        check("2026-11-20T08:30:00.25+02:00", "2026-11-20T06:30:00.250Z");
        check("2026-11-20 08:30", "2026-11-20T08:30:00Z");
        check("2026-11-20 08:30:01", "2026-11-20T08:30:01Z");
        check("7d", "2026-11-17T00:00:00Z");
        check("24h", "2026-11-23T00:00:00Z");
        check("30m", "2026-11-23T23:30:00Z");
        check("1w", "2026-11-17T00:00:00Z");
        check("now", "2026-11-24T00:00:00Z");
    }

    #[test]
    fn ranges_of_days() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let range = (day("2026-11-01"), day("2026-11-20"));
        assert_eq!(days("2026-11-01..2026-11-20"), Ok(range));
        assert_eq!(days("2026-11-01"), Ok((range.0, range.0)));
        for text in ["", "..", "2026-11-20..2026-11-01", "2026-11-01..", "2026-11-01...2026-11-20"]
        {
            assert!(days(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_said() {
        for text in ["", "yesterday", "7x", "-7d", "2026-13-01", "99999999999999999999d"] {
            assert!(parse(text, NOW).is_err(), "{text}");
        }
    }

    #[test]
    fn every_spelling_of_a_correction() {
        for (text, shift_us) in [
            ("+1h", 3_600_000_000),
            ("-90s", -90_000_000),
            ("+00:05:00", 300_000_000),
            ("-01:00", -3_600_000_000),
            ("1h30m", 5_400_000_000),
            ("-250ms", -250_000),
            ("+00:00:00.25", 250_000),
            ("2d", 172_800_000_000),
            ("0s", 0),
        ] {
            assert_eq!(shift(text), Ok(shift_us), "{text}");
        }
        for text in [
            "",
            "+",
            "1",
            "h",
            "1x",
            "--1h",
            "00:60:00",
            "1:2:3:4",
            "99999999999999d",
            "1h:3",
            "+ 1h",
        ] {
            assert!(shift(text).is_err(), "{text}");
        }
    }
}
