//! Which description reads these texts: for dialects whose time may be written in several ways.

use storage::clock::Micros;

use super::{Context, Memo, Quality, TimeSpec, YEAR_1990_US, parse_spec};

/// 2100-01-01T00:00:00Z: a number beyond it is no time in this unit.
const YEAR_2100_US: Micros = 4_102_444_800_000_000;

/// What is tried, the likelier first.
pub(super) const CANDIDATES: &[&str] = &[
    "epoch.3",
    "epoch.6",
    "epoch.9",
    "epoch.f",
    "epoch",
    "epoch_ms",
    "epoch_us",
    "epoch_ns",
    "epoch_auto",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S%.3f",
    "%Y-%m-%d %H:%M:%S%,3f",
    "%Y-%m-%d %H:%M:%S%.6f",
    "%Y-%m-%d %H:%M:%S%.9f",
    "%Y-%m-%d %H:%M:%S %z",
    "%Y-%m-%d %H:%M:%S%:z",
    "%Y-%m-%d %H:%M:%S%#z",
    "%Y-%m-%d %H:%M:%S%.3f%:z",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S %Z",
    "%Y-%m-%d %H:%M:%SZ",
    "%Y-%m-%d %H:%M:%S%.3fZ",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%dT%H:%M:%S%.3fZ",
    "%Y-%m-%dT%H:%M:%S%.6fZ",
    "%Y-%m-%dT%H:%M:%S%.9fZ",
    "%Y-%m-%dT%H:%M:%S%.7fZ",
    "%Y-%m-%dT%H:%M:%S%.-fZ",
    "%Y-%m-%dT%H:%M:%S%:z",
    "%Y-%m-%dT%H:%M:%S%.3f%:z",
    "%Y-%m-%dT%H:%M:%S%.6f%:z",
    "%Y-%m-%dT%H:%M:%S%.9f%:z",
    "%Y-%m-%dT%H:%M:%S%.7f%:z",
    "%Y-%m-%dT%H:%M:%S%.-f%:z",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S%.3f%z",
    "%Y-%m-%dT%H:%M:%S%.6f%z",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%.3f",
    "%Y-%m-%dT%H:%M:%S%.6f",
    "%Y-%m-%dT%H:%M:%S%.9f",
    "iso",
    "%Y-%m-%d\t%H:%M:%S",
    "date=%Y-%m-%d time=%H:%M:%S",
    "%d/%b/%Y:%H:%M:%S %z",
    "%d/%b/%Y:%H:%M:%S",
    "%d/%b/%Y:%H:%M:%S%.3f",
    "%d/%b/%Y:%H:%M:%S%.3f %z",
    "%d/%b/%Y %H:%M:%S",
    "%d/%b/%Y\t%H:%M:%S",
    "%a %b %e %H:%M:%S %Y",
    "%a %b %d %H:%M:%S %Y",
    "%a %b %e %H:%M:%S %Z %Y",
    "%a %b %e %H:%M:%S %z %Y",
    "%a %b %d %H:%M:%S%.6f %Y",
    "utc:%a, %d %b %Y %H:%M:%S GMT",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a, %d %b %Y %H:%M:%S %Z",
    "%b %e %H:%M:%S",
    "%b %d %H:%M:%S",
    "%b %e %Y %H:%M:%S",
    "%b %d %Y %H:%M:%S",
    "%b %e %H:%M:%S %Y",
    "%b %e %H:%M:%S%.3f",
    "%b %d %H:%M:%S%.3f",
    "%Y %b %e %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S%.3f",
    "%Y/%m/%d %H:%M:%S%.6f",
    "%Y:%m:%d-%H:%M:%S",
    "%Y.%m.%d %H:%M:%S",
    "%Y.%-m.%-d %H:%M:%S",
    "%Y.%-m.%-d %-H:%M:%S",
    "%Y%m%d%H%M%S",
    "%Y%m%dT%H%M%SZ",
    "%Y%m%d %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S%.3f",
    "%m/%d/%Y %H:%M:%S%.3f",
    "%d.%m.%Y %H:%M:%S",
    "%d-%m-%Y %H:%M:%S",
    "%m-%d-%Y %H:%M:%S",
    "%d-%b-%Y %H:%M:%S",
    "%d %b %Y %H:%M:%S",
    "%d%b%Y %H:%M:%S",
    "%e%b%Y %H:%M:%S",
    "%-d%b%Y %H:%M:%S",
    "%d/%m/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M:%S %p",
    "%-d/%-m/%Y %-I:%M:%S %p",
    "%-m/%-d/%Y %-I:%M:%S %p",
    "%-d/%-m/%Y, %-I:%M:%S%.3f %p",
    "%-m/%-d/%Y, %-I:%M:%S%.3f %p",
    "%-d/%-m/%Y, %-I:%M:%S %p",
    "%-m/%-d/%Y, %-I:%M:%S %p",
    "%-d/%-m/%Y %-H:%M:%S",
    "%-m/%-d/%Y %-H:%M:%S",
    "%Y-%m-%d %I:%M:%S %p",
    "%b %e, %Y %-I:%M:%S %p",
    "%d/%m/%y %H:%M:%S",
    "%m/%d/%y %H:%M:%S",
    "%y/%m/%d %H:%M:%S",
    "%y-%m-%d %H:%M:%S",
    "%m.%d %H:%M:%S",
    "%m/%d %H:%M:%S",
    "%m-%d %H:%M:%S",
    "%H:%M:%S",
    "%H:%M:%S%.3f",
];

/// How well a candidate reads the texts; the greater the better.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    /// How many it reads.
    read: usize,
    /// How many it prints again as they were.
    exact: usize,
    /// How close to each other the times are, negated: lines that follow each other don't jump by months, so that day
    /// and month of `03/04/2026` can be told apart.
    spread: Micros,
}

/// The description that reads most of these texts, and prints most of them again as they were; of equals the one by
/// which the times lie closest together, then the likelier. `None` if no text is a time.
pub(crate) fn guess(samples: &[&[u8]]) -> Option<TimeSpec> {
    let mut best: Option<(Fit, TimeSpec)> = None;
    for text in CANDIDATES {
        let Ok(spec) = parse_spec(text) else { continue };
        let fit = fit(&spec, samples);
        if fit.read > 0 && best.as_ref().is_none_or(|(found, _)| fit > *found) {
            best = Some((fit, spec));
        }
    }
    best.map(|(_, spec)| spec)
}

fn fit(spec: &TimeSpec, samples: &[&[u8]]) -> Fit {
    let cx =
        Context { date: Some(20_000), near: Some(20_000 * 86_400_000_000), ..Context::default() };
    let mut memo = Memo::default();
    let mut fit = Fit { read: 0, exact: 0, spread: 0 };
    let (mut low, mut high) = (Micros::MAX, Micros::MIN);
    for text in samples {
        let Some(time) = spec.read_in(text, &cx, &mut memo) else { continue };
        if (YEAR_1990_US..YEAR_2100_US).contains(&time.ts) {
            fit.read += 1;
            fit.exact += usize::from(time.exact);
            // The year that was inferred says nothing about the neighbourhood.
            if time.quality != Quality::InferredYear {
                (low, high) = (low.min(time.ts), high.max(time.ts));
            }
        }
    }
    if low <= high {
        fit.spread = low - high;
    }
    fit
}
