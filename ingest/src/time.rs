//! When a line happened: reading the times that formats print, and printing them again.

pub(crate) mod civil;
mod epoch;
pub(crate) mod fraction;
mod guess;
pub(crate) mod header;
mod memo;
mod spec;
pub(crate) mod strftime;
mod year;
pub(crate) mod zone;

#[cfg(test)]
mod tests;

use chrono_tz::Tz;
use storage::clock::{DAY_US, Micros};

use crate::builder::sink::Reason;
pub(crate) use epoch::Unit;
use fraction::{Digits, Fraction};
pub(crate) use guess::guess;
pub(crate) use memo::Memo;
pub(crate) use spec::{parse_date, parse_spec};
use strftime::{Calendar, Date, Pattern};
use zone::Resolution;
pub(crate) use zone::{Zone, offset_minutes, offset_text};

const SECOND_US: Micros = 1_000_000;

/// 1990-01-01T00:00:00Z: no proxy log is older.
const YEAR_1990_US: Micros = 631_152_000 * SECOND_US;

/// How far ahead of the ingest a time may lie: clocks differ, and local times may be taken as UTC.
const AHEAD_US: Micros = 2 * DAY_US;

/// How the whole seconds of a time are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Base {
    /// A count since 1970.
    Epoch(Unit),
    /// A calendar time by a pattern of strftime.
    Calendar(Pattern),
}

/// A time as a format prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeSpec {
    /// The whole seconds, or all of it.
    pub(crate) base: Base,
    /// What stands between the seconds and the digits of a fraction, and how many of these there are. Up to three
    /// they are a count of milliseconds padded with zeros to this width, as Squid's `%tu` writes it; 0 is as many as
    /// needed.
    pub(crate) millis: Option<(Vec<u8>, usize)>,
}

/// Trust in a time: the values of `ts_quality`, the best first. Of two reasons for distrust the greater counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Quality {
    /// Zone printed, an epoch, or UTC by the format's rule.
    Exact = 0,
    /// No zone printed: the one given, or UTC.
    AssumedZone = 1,
    /// No year printed: the one that lies nearest.
    InferredYear = 2,
    /// The hour that the clocks repeat, or skip, when daylight saving ends or begins.
    Ambiguous = 3,
}

impl Quality {
    /// All of them; the position of each is its number.
    pub(crate) const NAMES: [&'static str; 4] =
        ["exact", "assumed_zone", "inferred_year", "ambiguous"];
}

/// What a text does not say about its time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Context {
    /// The zone of times that print none; without it they are taken as UTC.
    pub(crate) zone: Option<Zone>,
    /// Whether the log states `zone` (in a column of its own, in a header), so that it is not assumed.
    pub(crate) stated: bool,
    /// The date of times that print none, in days since 1970.
    pub(crate) date: Option<i64>,
    /// An instant that the line lies before, or little behind (file time, a full time in its neighbourhood): gives
    /// the year of times that print none.
    pub(crate) near: Option<Micros>,
}

/// A time that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time {
    /// Microseconds since 1970 UTC.
    pub(crate) ts: Micros,
    /// Nanoseconds beyond them, 0 to 999: `ts` can't hold them.
    pub(crate) nanos: u16,
    /// Trust in it.
    pub(crate) quality: Quality,
    /// Whether it is [`Quality::Ambiguous`] because the clocks skipped it; the offset before the gap was taken.
    pub(crate) gap: bool,
    /// The printed offset from UTC in minutes.
    pub(crate) offset: i16,
    /// Whether printing it, with its offset and nanoseconds and in the same context, gives the same text.
    pub(crate) exact: bool,
}

/// A moment for times without a year where only their form matters: 2026-11-20T12:00:00Z.
pub(crate) const NEAR_US: Micros = 1_795_176_000_000_000;

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

impl Context {
    /// Times without a zone are of this one.
    pub(crate) fn of_zone(zone: Option<Tz>) -> Self {
        Self { zone: zone.map(Zone::Named), ..Self::default() }
    }
}

impl Time {
    fn plus(mut self, fraction: Fraction) -> Self {
        let whole = self.ts.checked_add(fraction.nanos / 1000);
        self.ts = whole.unwrap_or(Micros::MAX);
        self.nanos = (fraction.nanos % 1000) as u16;
        self.exact &= fraction.canonical && whole.is_some();
        self
    }
}

impl TimeSpec {
    /// Seconds since 1970, a dot, milliseconds of this width (0: no milliseconds).
    pub(crate) fn epoch(width: usize) -> Self {
        let millis = (width > 0).then(|| (b".".to_vec(), width));
        Self { base: Base::Epoch(Unit::Seconds), millis }
    }

    /// How often a byte stands within a printed time.
    pub(crate) fn count(&self, byte: u8) -> usize {
        let between = self.millis.iter().flat_map(|(between, _)| between);
        let within = between.filter(|&&found| found == byte).count();
        match &self.base {
            Base::Epoch(_) => within,
            Base::Calendar(pattern) => within + pattern.count(byte),
        }
    }

    /// Whether a text is such a time, whatever day and year it may be of.
    pub(crate) fn reads(&self, text: &[u8]) -> bool {
        let context = Context { date: Some(0), near: Some(0), ..Context::default() };
        self.read_in(text, &context, &mut Memo::default()).is_some()
    }

    /// Whether times print no zone, and none follows from the format.
    pub(crate) fn needs_zone(&self) -> bool {
        self.pattern().is_some_and(|pattern| !pattern.utc && !pattern.prints_zone())
    }

    /// Whether times need [`Context::date`].
    pub(crate) fn needs_date(&self) -> bool {
        self.pattern().is_some_and(|pattern| !pattern.has_date())
    }

    fn pattern(&self) -> Option<&Pattern> {
        match &self.base {
            Base::Calendar(pattern) => Some(pattern),
            Base::Epoch(_) => None,
        }
    }

    /// Reads a time that says everything but its zone.
    pub(crate) fn read(&self, text: &[u8], zone: Option<Tz>, memo: &mut Memo) -> Option<Time> {
        self.read_in(text, &Context::of_zone(zone), memo)
    }

    /// Reads a time that fills all of `text`. One memo serves one spec.
    pub(crate) fn read_in(&self, text: &[u8], cx: &Context, memo: &mut Memo) -> Option<Time> {
        let (seconds, digits) = self.split(text);
        let time = match &self.base {
            Base::Epoch(unit) => unit.read(seconds)?,
            Base::Calendar(pattern) => memo.get(pattern, seconds, cx)?,
        };
        match (digits, &self.millis) {
            (None, None) => Some(time),
            (None, Some(_)) => Some(Time { exact: false, ..time }),
            (Some(text), Some((_, width))) => Some(time.plus(digits_of(*width).read(text)?)),
            (Some(_), None) => None,
        }
    }

    /// The text of the seconds and that of the digits behind them.
    fn split<'a>(&self, text: &'a [u8]) -> (&'a [u8], Option<&'a [u8]>) {
        let Some((between, _)) = &self.millis else { return (text, None) };
        match text.iter().rposition(|byte| !byte.is_ascii_digit()) {
            Some(at) if text[..=at].ends_with(between) => {
                (&text[..at + 1 - between.len()], Some(&text[at + 1..]))
            }
            _ => (text, None),
        }
    }

    /// How many bytes at the beginning of `text` are a time, whatever follows.
    pub(crate) fn prefix_len(&self, text: &[u8]) -> Option<usize> {
        let run = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let len = match &self.base {
            Base::Epoch(_) => Some(run(text)).filter(|&len| len > 0)?,
            Base::Calendar(pattern) => pattern.read_start(text)?.len,
        };
        let dot: &[u8] = match (&self.base, &self.millis) {
            (_, Some((between, _))) => between,
            (Base::Epoch(Unit::Auto), None) => b".",
            _ => return Some(len),
        };
        let digits = text[len..].strip_prefix(dot).map_or(0, run);
        Some(if digits > 0 { len + dot.len() + digits } else { len })
    }

    /// Prints a time with `nanos` beyond its microseconds; `offset` is the printed one in minutes, `cx` what it was read in.
    pub(crate) fn write_in(
        &self,
        ts: Micros,
        nanos: u16,
        offset: i16,
        cx: &Context,
        out: &mut Vec<u8>,
    ) {
        let seconds = ts.div_euclid(SECOND_US);
        let fraction = ts.rem_euclid(SECOND_US) * 1000 + i64::from(nanos);
        match &self.base {
            Base::Epoch(unit) => unit.write(seconds, fraction, out),
            Base::Calendar(pattern) => {
                let shift = match cx.zone {
                    _ if pattern.prints_zone() || pattern.utc => i64::from(offset) * 60,
                    Some(zone) => zone.offset_at(seconds),
                    None => 0,
                };
                pattern.write(seconds + shift, fraction, offset, out);
            }
        }
        if let Some((between, width)) = &self.millis {
            out.extend_from_slice(between);
            digits_of(*width).write(fraction, out);
        }
    }
}

/// How so many digits behind the seconds are written.
fn digits_of(width: usize) -> Digits {
    match width {
        0 => Digits::Trimmed(1),
        1..=3 => Digits::Millis(width),
        _ => Digits::Fixed(width.min(9)),
    }
}

/// The time of what a pattern read, its fraction left aside.
fn resolve(read: &Calendar, utc: bool, cx: &Context) -> Option<Time> {
    let (zone, mut quality) = match (read.offset, read.zone) {
        (Some(minutes), _) => (Zone::Offset(minutes), Quality::Exact),
        (None, Some(zone)) => (zone, Quality::Exact),
        (None, None) if utc => (Zone::Offset(0), Quality::Exact),
        (None, None) => match cx.zone {
            Some(zone) if cx.stated => (zone, Quality::Exact),
            zone => (zone.unwrap_or(Zone::Offset(0)), Quality::AssumedZone),
        },
    };
    let at = |days: i64| zone.instant(days * 86_400 + read.of_day);
    let (days, (seconds, resolution)) = match read.date {
        Date::Full(days) => (days, at(days)?),
        Date::Missing => (cx.date?, at(cx.date?)?),
        Date::Yearless(month, day) => {
            quality = Quality::InferredYear;
            year::infer(cx.near?, month, day, at)?
        }
    };
    if resolution != Resolution::Single {
        quality = Quality::Ambiguous;
    }
    let gap = resolution == Resolution::Gap;
    let weekday = read.weekday.is_none_or(|weekday| i64::from(weekday) == days.rem_euclid(7));
    Some(Time {
        ts: seconds.checked_mul(SECOND_US)?,
        nanos: 0,
        quality,
        gap,
        offset: match (read.offset, read.zone) {
            (Some(minutes), _) | (None, Some(Zone::Offset(minutes))) => minutes,
            _ => 0,
        },
        exact: read.canonical && weekday && !gap,
    })
}
