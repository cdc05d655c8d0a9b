//! Which pictures does a finding have? Their data, made from times and counts; drawing is `report/svg.rs`'s business.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use storage::clock::Micros;
use storage::day::Day;

use super::when;

/// One hour in microseconds.
pub const HOUR_US: Micros = 3_600_000_000;
/// Bars of a histogram of gaps.
const BINS: usize = 40;

/// A picture, as data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "chart", rename_all = "snake_case")]
pub enum Chart {
    /// Rows per hour: when somebody, or something, was at work.
    Activity {
        /// The hours with rows, in order.
        hours: Vec<Hour>,
    },
    /// The time between one check-in and the next.
    Gaps {
        /// The period, in seconds, if one is known.
        period_s: Option<f64>,
        /// The bars, in order.
        bins: Vec<Bin>,
        /// Gaps longer than the last bar.
        longer: u64,
    },
    /// A count per day against what is usual.
    Increase {
        /// What is counted: a method, a host.
        of: String,
        /// The days, in order.
        days: Vec<DayCount>,
        /// What is usual on a day.
        usual: Option<f64>,
    },
    /// Bytes per hour in both directions.
    Bytes {
        /// The hours with bytes, in order.
        hours: Vec<HourBytes>,
    },
}

/// The rows of one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hour {
    /// When it begins.
    #[serde(with = "when")]
    pub at: Micros,
    /// Its rows.
    pub count: u64,
}

/// One bar of a histogram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Lower end, in seconds, included.
    pub from_s: f64,
    /// Upper end, in seconds, excluded.
    pub to_s: f64,
    /// How many gaps.
    pub count: u64,
}

/// A count of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayCount {
    /// The day.
    pub day: Day,
    /// The count.
    pub count: u64,
}

/// Bytes of one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HourBytes {
    /// When it begins.
    #[serde(with = "when")]
    pub at: Micros,
    /// From the client.
    pub sent: u64,
    /// To the client.
    pub received: u64,
}

impl Chart {
    /// Rows per hour, from the times of the rows in any order.
    pub fn activity(times: impl IntoIterator<Item = Micros>) -> Self {
        let mut hours: BTreeMap<Micros, u64> = BTreeMap::new();
        for at in times {
            *hours.entry(hour_of(at)).or_default() += 1;
        }
        let hours = hours.into_iter().map(|(at, count)| Hour { at, count });
        Self::Activity { hours: hours.collect() }
    }

    /// A histogram of the gaps between the times, which need no order. The axis ends a little beyond the gap that 95 %
    /// of all do not exceed, so that one night without requests does not squeeze the rest into one bar.
    pub fn gaps(times: impl IntoIterator<Item = Micros>, period_s: Option<f64>) -> Self {
        let mut times: Vec<_> = times.into_iter().collect();
        times.sort_unstable();
        let seconds = |pair: &[Micros]| pair[1].saturating_sub(pair[0]) as f64 / 1e6;
        let mut gaps: Vec<f64> = times.windows(2).map(seconds).collect();
        gaps.sort_by(f64::total_cmp);
        let Some(&usual) = gaps.get(gaps.len().saturating_sub(1) * 95 / 100) else {
            return Self::Gaps { period_s, bins: Vec::new(), longer: 0 };
        };
        let width = (usual * 1.25).max(1.0) / BINS as f64;
        let mut bins: Vec<_> = (0..BINS)
            .map(|at| Bin { from_s: at as f64 * width, to_s: (at + 1) as f64 * width, count: 0 })
            .collect();
        let mut longer = 0;
        for gap in gaps {
            // Never negative, and a float too large for the index ends in `longer`.
            match bins.get_mut((gap / width) as usize) {
                Some(bin) => bin.count += 1,
                None => longer += 1,
            }
        }
        Self::Gaps { period_s, bins, longer }
    }

    /// Bytes per hour, from (time, sent, received) of the rows in any order.
    pub fn bytes(rows: impl IntoIterator<Item = (Micros, u64, u64)>) -> Self {
        let mut hours: BTreeMap<Micros, (u64, u64)> = BTreeMap::new();
        for (at, sent, received) in rows {
            let hour = hours.entry(hour_of(at)).or_default();
            hour.0 = hour.0.saturating_add(sent);
            hour.1 = hour.1.saturating_add(received);
        }
        let hours =
            hours.into_iter().map(|(at, (sent, received))| HourBytes { at, sent, received });
        Self::Bytes { hours: hours.collect() }
    }

    /// Adds the hours of another chart of the same kind.
    fn add(&mut self, other: &Self) {
        match (self, other) {
            (Self::Activity { hours }, Self::Activity { hours: more }) => {
                let mut all: BTreeMap<Micros, u64> = BTreeMap::new();
                for hour in hours.iter().chain(more) {
                    let count = all.entry(hour.at).or_default();
                    *count = count.saturating_add(hour.count);
                }
                *hours = all.into_iter().map(|(at, count)| Hour { at, count }).collect();
            }
            (Self::Bytes { hours }, Self::Bytes { hours: more }) => {
                let all = hours.iter().chain(more).map(|hour| (hour.at, hour.sent, hour.received));
                if let Self::Bytes { hours: all } = Self::bytes(all.collect::<Vec<_>>()) {
                    *hours = all;
                }
            }
            _ => {}
        }
    }
}

/// The charts of several days of one thing: what counts hours is drawn over all days, of the rest the first is kept.
pub fn merged<'a>(days: impl IntoIterator<Item = &'a [Chart]>) -> Vec<Chart> {
    let mut out: Vec<Chart> = Vec::new();
    for chart in days.into_iter().flatten() {
        let kind = std::mem::discriminant(chart);
        match out.iter_mut().find(|known| std::mem::discriminant(*known) == kind) {
            Some(known) => known.add(chart),
            None => out.push(chart.clone()),
        }
    }
    out
}

/// When the hour of a time begins.
pub fn hour_of(at: Micros) -> Micros {
    at.div_euclid(HOUR_US).saturating_mul(HOUR_US)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_does_not_squeeze_the_beacon() {
        let minute = 60_000_000;
        let mut times: Vec<_> = (0..100).map(|at| at * minute).collect();
        times.extend((0..100).map(|at| at * minute + 8 * HOUR_US));
        let Chart::Gaps { bins, longer, .. } = Chart::gaps(times, Some(60.0)) else { panic!() };
        assert_eq!(longer, 1);
        assert_eq!(bins.iter().map(|bin| bin.count).sum::<u64>(), 198);
        assert!(bins.iter().any(|bin| bin.count == 198 && bin.from_s <= 60.0 && bin.to_s > 60.0));
    }

    #[test]
    fn days_of_one_thing_are_drawn_together() {
        let day = |at| {
            [
                Chart::activity([at, at + 1]),
                Chart::bytes([(at, 1, 2)]),
                Chart::gaps([at, at + 9], None),
            ]
        };
        let (one, two) = (day(0), day(HOUR_US));
        let merged = merged([&one[..], &two[..], &one[..]]);
        assert_eq!(merged.len(), 3);
        let hours = vec![Hour { at: 0, count: 4 }, Hour { at: HOUR_US, count: 2 }];
        assert_eq!(merged[0], Chart::Activity { hours });
        let Chart::Bytes { hours } = &merged[1] else { panic!() };
        assert_eq!((hours[0].sent, hours[0].received, hours.len()), (2, 4, 2));
        assert_eq!(merged[2], one[2]);
    }

    #[test]
    fn no_gap_at_all_is_no_bar() {
        for times in [vec![], vec![5]] {
            let Chart::Gaps { bins, longer, .. } = Chart::gaps(times, None) else { panic!() };
            assert_eq!((bins.len(), longer), (0, 0));
        }
        let Chart::Gaps { bins, .. } = Chart::gaps([7, 7, 7], None) else { panic!() };
        assert_eq!(bins[0].count, 2);
    }

    #[test]
    fn hours_before_1970_are_hours_too() {
        let Chart::Activity { hours } = Chart::activity([-1, 0, 1]) else { panic!() };
        assert_eq!(hours, [Hour { at: -HOUR_US, count: 1 }, Hour { at: 0, count: 2 }]);
    }
}
