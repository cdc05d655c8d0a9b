//! When a line happened: reading the times that formats print, and printing them again.

pub(crate) mod civil;
pub(crate) mod strftime;

use chrono::{LocalResult, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;
use storage::clock::{DAY_US, Micros};

use crate::builder::sink::Reason;
use crate::lexer::number;
use strftime::Pattern;

const SECOND_US: Micros = 1_000_000;

/// 1990-01-01T00:00:00Z: no proxy log is older.
const YEAR_1990_US: Micros = 631_152_000 * SECOND_US;

/// How far ahead of the ingest a time may lie: clocks differ, and local times may be taken as UTC.
const AHEAD_US: Micros = 2 * DAY_US;

/// How the whole seconds of a time are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Base {
    /// Seconds since 1970.
    Epoch,
    /// A calendar time by a pattern of strftime.
    Calendar(Pattern),
}

/// A time as a format prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeSpec {
    /// The whole seconds.
    pub(crate) base: Base,
    /// What stands between the seconds and the milliseconds, and the width these are padded to with zeros.
    pub(crate) millis: Option<(Vec<u8>, usize)>,
}

/// Trust in a time: the values of `ts_quality`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Quality {
    /// Zone printed, an epoch, or UTC by the format's rule.
    Exact = 0,
    /// No zone printed: the one given, or UTC.
    AssumedZone = 1,
    /// The hour that the clocks repeat, or skip, when daylight saving ends or begins.
    Ambiguous = 2,
}

impl Quality {
    /// All of them; the position of each is its number.
    pub(crate) const NAMES: [&'static str; 3] = ["exact", "assumed_zone", "ambiguous"];
}

/// A time that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time {
    /// Microseconds since 1970 UTC.
    pub(crate) ts: Micros,
    /// Trust in it.
    pub(crate) quality: Quality,
    /// The printed offset from UTC in minutes.
    pub(crate) offset: i16,
    /// Whether printing it gives the same text.
    pub(crate) exact: bool,
}

/// The last calendar time a parser read: lines of the same second follow each other.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    text: Vec<u8>,
    time: Option<Time>,
}

/// Checks that a time is possible for a log read at `ingest_us`.
pub(crate) fn check(ts: Micros, ingest_us: Micros) -> Result<(), Reason> {
    if ts < YEAR_1990_US {
        return Err(Reason::TimeBefore1990);
    }
    if ts > ingest_us.saturating_add(AHEAD_US) {
        return Err(Reason::TimeInFuture);
    }
    Ok(())
}

impl TimeSpec {
    /// Seconds since 1970, a dot, milliseconds of this width (0: no milliseconds).
    pub(crate) fn epoch(width: usize) -> Self {
        Self { base: Base::Epoch, millis: (width > 0).then(|| (b".".to_vec(), width)) }
    }

    /// How often a byte stands within a printed time.
    pub(crate) fn count(&self, byte: u8) -> usize {
        let between = self.millis.iter().flat_map(|(between, _)| between);
        let within = between.filter(|&&found| found == byte).count();
        match &self.base {
            Base::Epoch => within,
            Base::Calendar(pattern) => within + pattern.count(byte),
        }
    }

    /// Reads a time.
    pub(crate) fn read(&self, text: &[u8], zone: Option<Tz>, memo: &mut Memo) -> Option<Time> {
        let (seconds, millis) = self.split(text);
        let mut time = match &self.base {
            Base::Epoch => {
                let value = number::digits(seconds)?;
                let ts = i64::try_from(value).ok()?.checked_mul(SECOND_US);
                Time {
                    // Far beyond any calendar: still a time, and refused as one in the future.
                    ts: ts.unwrap_or(Micros::MAX / 2),
                    quality: Quality::Exact,
                    offset: 0,
                    exact: ts.is_some() && seconds[0] != b'0',
                }
            }
            Base::Calendar(pattern) => memo.get(seconds, || calendar(pattern, seconds, zone))?,
        };
        match (millis, &self.millis) {
            (None, None) => {}
            (None, Some(_)) => time.exact = false,
            (Some(text), Some((_, width))) => {
                let (micros, exact) = fraction(text, *width)?;
                time.ts += micros;
                time.exact &= exact;
            }
            (Some(_), None) => return None,
        }
        Some(time)
    }

    /// The text of the seconds and that of the milliseconds.
    fn split<'a>(&self, text: &'a [u8]) -> (&'a [u8], Option<&'a [u8]>) {
        let Some((between, _)) = &self.millis else { return (text, None) };
        match text.iter().rposition(|byte| !byte.is_ascii_digit()) {
            Some(at) if text[..=at].ends_with(between) => {
                (&text[..at + 1 - between.len()], Some(&text[at + 1..]))
            }
            _ => (text, None),
        }
    }

    /// Prints a time. `offset` is the printed offset in minutes, `zone` the one for times without.
    pub(crate) fn write(&self, ts: Micros, offset: i16, zone: Option<Tz>, out: &mut Vec<u8>) {
        let seconds = ts.div_euclid(SECOND_US);
        match &self.base {
            Base::Epoch => out.extend_from_slice(seconds.to_string().as_bytes()),
            Base::Calendar(pattern) => {
                let shift = match (pattern.prints_zone() || pattern.utc, zone) {
                    (true, _) => i64::from(offset) * 60,
                    (false, zone) => local_offset(seconds, zone),
                };
                pattern.write(seconds + shift, offset, out);
            }
        }
        if let Some((between, width)) = &self.millis {
            let micros = ts.rem_euclid(SECOND_US);
            out.extend_from_slice(between);
            let text = match micros % 1000 {
                0 => format!("{:0width$}", micros / 1000),
                _ => format!("{micros:06}"),
            };
            out.extend_from_slice(text.as_bytes());
        }
    }
}

impl Memo {
    fn get(&mut self, text: &[u8], read: impl FnOnce() -> Option<Time>) -> Option<Time> {
        if self.text != text || self.text.is_empty() {
            self.time = read();
            self.text.clear();
            self.text.extend_from_slice(text);
        }
        self.time
    }
}

/// Microseconds of a printed fraction. Fewer digits than the width mean an unpadded count of milliseconds only where
/// the format prints them unpadded (width 1); otherwise digits are a decimal fraction.
fn fraction(text: &[u8], width: usize) -> Option<(Micros, bool)> {
    let value = i64::try_from(number::digits(text)?).ok()?;
    if width <= 1 && text.len() <= 3 {
        return Some((value * 1000, text.len() == 1 || text[0] != b'0'));
    }
    let micros = match text.len() {
        len @ 1..=6 => value * 10_i64.pow(6 - len as u32),
        len => value / 10_i64.pow(len as u32 - 6),
    };
    let exact = match text.len() {
        3 => width == 3,
        6 => micros % 1000 != 0,
        _ => false,
    };
    Some((micros, exact))
}

fn calendar(pattern: &Pattern, text: &[u8], zone: Option<Tz>) -> Option<Time> {
    let read = pattern.read(text)?;
    let exact = |ts: i64, offset: i16, canonical: bool| Time {
        ts: ts * SECOND_US,
        quality: Quality::Exact,
        offset,
        exact: canonical,
    };
    if let Some(offset) = read.offset {
        return Some(exact(read.seconds - i64::from(offset) * 60, offset, read.canonical));
    }
    if pattern.utc {
        return Some(exact(read.seconds, 0, read.canonical));
    }
    let Some(zone) = zone else {
        let time = exact(read.seconds, 0, read.canonical);
        return Some(Time { quality: Quality::AssumedZone, ..time });
    };
    let local = naive(read.seconds)?;
    let (seconds, quality) = match zone.offset_from_local_datetime(&local) {
        LocalResult::Single(offset) => {
            (read.seconds - i64::from(offset.fix().local_minus_utc()), Quality::AssumedZone)
        }
        LocalResult::Ambiguous(first, _) => {
            (read.seconds - i64::from(first.fix().local_minus_utc()), Quality::Ambiguous)
        }
        // A time the clocks skipped: taken with the offset that held before.
        LocalResult::None => {
            let before = local_offset(read.seconds - 86_400, Some(zone));
            (read.seconds - before, Quality::Ambiguous)
        }
    };
    let same = seconds + local_offset(seconds, Some(zone)) == read.seconds;
    Some(Time { quality, exact: read.canonical && same, ..exact(seconds, 0, true) })
}

/// The offset of `zone` from UTC at a UTC time, in seconds.
fn local_offset(seconds: i64, zone: Option<Tz>) -> i64 {
    match (zone, naive(seconds)) {
        (Some(zone), Some(utc)) => {
            i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc())
        }
        _ => 0,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn clf() -> TimeSpec {
        TimeSpec { base: Base::Calendar(Pattern::clf()), millis: None }
    }

    fn read(spec: &TimeSpec, text: &str, zone: Option<Tz>) -> Option<Time> {
        let time = spec.read(text.as_bytes(), zone, &mut Memo::default())?;
        let mut out = Vec::new();
        spec.write(time.ts, time.offset, zone, &mut out);
        assert_eq!(time.exact, out == text.as_bytes(), "{text} {time:?}");
        Some(time)
    }

    #[test]
    fn epochs() {
        let spec = TimeSpec::epoch(3);
        let time = read(&spec, "1795169425.918", None).unwrap();
        assert_eq!((time.ts, time.exact), (1_795_169_425_918_000, true));
        assert_eq!(read(&spec, "1795169425.918123", None).unwrap().ts, 1_795_169_425_918_123);
        assert_eq!(read(&spec, "1795169425.5", None).unwrap().ts, 1_795_169_425_500_000);
        assert_eq!(read(&spec, "1795169425", None).unwrap().ts, 1_795_169_425_000_000);
        assert!(read(&spec, "-1795169425.918", None).is_none());
        assert!(read(&spec, "1795169425.", None).is_none());
        assert_eq!(read(&TimeSpec::epoch(1), "1795169425.5", None).unwrap().ts % 1_000_000, 5_000);
        assert!(check(read(&spec, "253402300799999.000", None).unwrap().ts, 0).is_err());
    }

    #[test]
    fn clf_times() {
        let time = read(&clf(), "20/Nov/2026:10:10:25 +0330", None).unwrap();
        assert_eq!((time.ts / SECOND_US, time.offset), (1_795_156_825, 210));
        assert!(read(&clf(), "31/Feb/2026:10:10:25 +0000", None).is_none());
        assert!(read(&clf(), "20/Nov/2026:10:10:61 +0000", None).is_none());
        assert!(!read(&clf(), "20/Nov/2026:10:10:25 -0000", None).unwrap().exact);
        assert!(!read(&clf(), "20/nov/2026:10:10:25 +0000", None).unwrap().exact);
    }

    #[test]
    fn local_times_fold_and_skip() {
        let pattern = Pattern::compile("%Y-%m-%d %H:%M:%S", false).unwrap();
        let spec = TimeSpec { base: Base::Calendar(pattern), millis: None };
        let zone = Some(chrono_tz::Europe::Berlin);
        let quality = |text: &str, zone| read(&spec, text, zone).unwrap().quality;
        assert_eq!(quality("2026-07-01 12:00:00", zone), Quality::AssumedZone);
        assert_eq!(quality("2026-07-01 12:00:00", None), Quality::AssumedZone);
        // The hour repeats: its first occurrence is summer time, +02:00.
        let fold = read(&spec, "2026-10-25 02:30:00", zone).unwrap();
        assert_eq!((fold.ts / SECOND_US, fold.quality), (1_792_888_200, Quality::Ambiguous));
        let gap = read(&spec, "2026-03-29 02:30:00", zone).unwrap();
        assert_eq!((gap.quality, gap.exact), (Quality::Ambiguous, false));
    }
}
