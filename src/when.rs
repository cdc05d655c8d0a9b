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

/// A span of time such as `7d`, in microseconds.
fn span(text: &str) -> Option<Micros> {
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
    match DateTime::from_timestamp_micros(us) {
        Some(time) => time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        None => format!("{us}us"),
    }
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
    fn what_is_no_time_is_said() {
        for text in ["", "yesterday", "7x", "-7d", "2026-13-01", "99999999999999999999d"] {
            assert!(parse(text, NOW).is_err(), "{text}");
        }
    }
}
