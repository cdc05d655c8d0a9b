//! Are the gaps multiples of one period, so that most check-ins may be missing?

/// Where the search for the period starts: some of the shortest gaps are a single period, if not most are missing.
const STARTS: [f64; 4] = [0.1, 0.2, 0.35, 0.5];
/// Multiples from which the period is taken; the error of longer ones is too large.
const CLOSE: f64 = 4.0;
/// Multiples that count at all; jitter adds up, and beyond this chance hits the lattice too.
const FARTHEST: f64 = 6.0;
/// Shorter periods are hit by whole seconds alone.
const LEAST_PERIOD: f64 = 8.0;
/// Mean distance of chance, also that of gaps below half a period.
const CHANCE: f64 = 0.25;
/// Fewer gaps than this say nothing.
const LEAST_GAPS: f64 = 4.0;

/// A period and how well the gaps are multiples of it.
pub(super) struct Lattice {
    /// In seconds.
    pub(super) period: f64,
    /// Mean distance of a gap from the next multiple, in periods.
    pub(super) distance: f64,
    /// Gaps that were used.
    pub(super) gaps: f64,
    /// Share of the time in them.
    pub(super) duty: f64,
}

/// The best lattice of sorted gaps.
pub(super) fn find(sorted: &[u32]) -> Option<Lattice> {
    let mut best: Option<Lattice> = None;
    for start in STARTS {
        let at = ((sorted.len() - 1) as f64 * start) as usize;
        let period = refined(sorted, f64::from(sorted[at]));
        if period < LEAST_PERIOD || best.as_ref().is_some_and(|b| b.period == period) {
            continue;
        }
        let found = measured(sorted, period);
        if found.gaps >= LEAST_GAPS && best.as_ref().is_none_or(|b| found.distance < b.distance) {
            best = Some(found);
        }
    }
    best
}

/// Multiple of the period that is next to the gap; 0 below half of one.
fn multiple(gap: f64, period: f64) -> f64 {
    (gap / period).round_ties_even()
}

/// A better period, from all gaps of a few.
fn refined(sorted: &[u32], start: f64) -> f64 {
    let mut period = start;
    for _ in 0..3 {
        let (mut time, mut periods) = (0.0, 0.0);
        let from = sorted.partition_point(|g| f64::from(*g) < 0.5 * period);
        for gap in sorted[from..].iter().map(|g| f64::from(*g)) {
            let times = multiple(gap, period);
            if times > CLOSE {
                break;
            }
            time += if times >= 1.0 { gap } else { 0.0 };
            periods += times;
        }
        if periods > 0.0 {
            period = time / periods;
        }
    }
    period
}

fn measured(sorted: &[u32], period: f64) -> Lattice {
    let (mut distance, mut gaps, mut time, mut total) = (0.0, 0.0, 0.0, 0.0);
    for gap in sorted.iter().map(|g| f64::from(*g)) {
        total += gap;
        let times = multiple(gap, period);
        if times > FARTHEST {
            continue;
        }
        gaps += 1.0;
        time += gap;
        distance += if times < 1.0 { CHANCE } else { (gap / period - times).abs() };
    }
    Lattice {
        period,
        distance: distance / f64::max(gaps, 1.0),
        gaps,
        duty: time / f64::max(total, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_period_is_found_though_most_checkins_are_missing() {
        let mut gaps: Vec<u32> =
            (0..200_u32).map(|i| 60 * [3, 1, 2, 5, 2, 4][i as usize % 6] + i % 5).collect();
        gaps.sort_unstable();
        let lattice = find(&gaps).unwrap();
        assert!((lattice.period - 61.0).abs() < 1.0, "{}", lattice.period);
        assert!(lattice.distance < 0.05, "{}", lattice.distance);
        assert!(find(&[1, 1, 1, 2, 2]).is_none());
    }
}
