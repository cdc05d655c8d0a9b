//! How alike are the gaps between the check-ins of a series, seen from close by?
//!
//! Requests close together are one check-in; gaps are compared with the median of their neighbours, so that a change of
//! the sleep does not matter; a gap of a few medians is missed check-ins, a longer one a pause. What is left is the
//! spread of the logarithm of the gaps: 0 for a clock, about .2 for 50 % jitter, .9 for chance, above 1 for browsing.

/// Requests that follow within so many seconds are one check-in; the best of these is taken.
const BURSTS: [u32; 3] = [1, 5, 20];
/// Fewer gaps than this have no quantiles.
const LEAST_GAPS: usize = 4;
/// Gaps on each side, at most, to which a gap is compared.
const WIDEST: usize = 15;
/// A gap of up to so many medians is missed check-ins; above it is a pause.
const MOST_MISSED: f64 = 5.0;

/// Rhythm of a series.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::functions) struct Regularity {
    /// Robust standard deviation of the logarithm of the gaps.
    pub(in crate::functions) spread: f64,
    /// Gaps that were used.
    pub(in crate::functions) gaps: usize,
    /// Typical gap in seconds.
    pub(in crate::functions) period: f64,
    /// Share of the gaps that are pauses.
    pub(in crate::functions) pauses: f64,
    /// Share of the gaps in which check-ins were missed.
    pub(in crate::functions) missed: f64,
}

/// The rhythm at that burst length which explains the (sorted, distinct) seconds best.
pub(super) fn best(
    seconds: &[u32],
    kept: &mut Vec<u32>,
    gaps: &mut Vec<u32>,
    ratios: &mut Vec<f64>,
) -> Option<Regularity> {
    let mut best: Option<Regularity> = None;
    let mut checkins = usize::MAX;
    for burst in BURSTS {
        collapse(seconds, burst, kept);
        if kept.len() == checkins {
            continue; // the same series again
        }
        checkins = kept.len();
        let Some(found) = regularity(kept, gaps, ratios) else { continue };
        let cost = |r: &Regularity| r.spread + 0.5 * r.pauses;
        if found.period >= 1.5 * f64::from(burst)
            && best.as_ref().is_none_or(|b| cost(&found) < cost(b))
        {
            best = Some(found);
        }
    }
    best
}

/// Keeps the first request of each burst.
fn collapse(seconds: &[u32], burst: u32, kept: &mut Vec<u32>) {
    kept.clear();
    kept.extend(seconds.first());
    kept.extend(seconds.windows(2).filter(|w| w[1] - w[0] > burst).map(|w| w[1]));
}

/// The rhythm of check-ins; `None` if there are too few.
fn regularity(checkins: &[u32], gaps: &mut Vec<u32>, ratios: &mut Vec<f64>) -> Option<Regularity> {
    gaps.clear();
    gaps.extend(checkins.windows(2).map(|w| w[1] - w[0]));
    let n = gaps.len();
    if n < LEAST_GAPS {
        return None;
    }
    ratios.clear();
    let (mut far, mut folded) = (0_usize, 0_usize);
    let mut median = RunningMedian::new(gaps);
    for &gap in gaps.iter() {
        let ratio = f64::from(gap) / f64::from(median.next());
        let times = ratio.round_ties_even();
        if times > MOST_MISSED {
            far += 1;
        } else if times >= 2.0 {
            folded += 1;
            ratios.push(ratio / times);
        } else {
            ratios.push(ratio);
        }
    }
    if ratios.len() < LEAST_GAPS {
        return None;
    }
    ratios.sort_unstable_by(f64::total_cmp);
    let q = |share| quantile(ratios.len(), share, |i| ratios[i].ln());
    let spread = 0.5 * (q(0.75) - q(0.25)) / 1.349 + 0.5 * (q(0.9) - q(0.1)) / 2.563;
    let period = geometric_median(gaps);
    let share = |count: usize| count as f64 / n as f64;
    Some(Regularity {
        spread,
        gaps: ratios.len(),
        period,
        pauses: share(far),
        missed: share(folded),
    })
}

/// The median of each gap and its neighbours on both sides, mirrored at the ends.
struct RunningMedian<'a> {
    gaps: &'a [u32],
    half: usize,
    sorted: [u32; WIDEST + 1],
    at: usize,
}

impl<'a> RunningMedian<'a> {
    /// `gaps` must be [`LEAST_GAPS`] or more.
    fn new(gaps: &'a [u32]) -> Self {
        let half = (gaps.len() / 3).clamp(5, WIDEST) / 2;
        let mut sorted = [0; WIDEST + 1];
        for (i, slot) in sorted[..=2 * half].iter_mut().enumerate() {
            *slot = mirrored(gaps, i, half);
        }
        sorted[..=2 * half].sort_unstable();
        Self { gaps, half, sorted, at: 0 }
    }

    fn next(&mut self) -> u32 {
        if self.half == 2 {
            // Most groups are small: five values have a median without being kept in order.
            let at = self.at;
            self.at += 1;
            return median_of_five([0, 1, 2, 3, 4].map(|i| mirrored(self.gaps, at + i, 2)));
        }
        let width = 2 * self.half + 1;
        if self.at > 0 {
            let old = mirrored(self.gaps, self.at - 1, self.half);
            let new = mirrored(self.gaps, self.at - 1 + width, self.half);
            replace(&mut self.sorted[..width], old, new);
        }
        self.at += 1;
        self.sorted[self.half]
    }
}

/// The middle one of five.
fn median_of_five([a, b, c, d, e]: [u32; 5]) -> u32 {
    // The lowest and the highest of four can't be it; it is the middle one of the other two and the fifth.
    let low = a.min(b).max(c.min(d));
    let high = a.max(b).min(c.max(d));
    low.min(high).max(low.max(high).min(e))
}

/// Element `i` of the gaps with `half` mirrored ones before and behind.
fn mirrored(gaps: &[u32], i: usize, half: usize) -> u32 {
    let n = gaps.len();
    if i < half {
        gaps[half - i]
    } else if i < half + n {
        gaps[i - half]
    } else {
        gaps[2 * n + half - 2 - i]
    }
}

/// Puts `new` for one `old` and keeps the order.
fn replace(sorted: &mut [u32], old: u32, new: u32) {
    let mut at = sorted.iter().position(|v| *v >= old).unwrap_or(0);
    while at + 1 < sorted.len() && sorted[at + 1] < new {
        sorted[at] = sorted[at + 1];
        at += 1;
    }
    while at > 0 && sorted[at - 1] > new {
        sorted[at] = sorted[at - 1];
        at -= 1;
    }
    sorted[at] = new;
}

/// Quantile of `n` ordered values, linear between neighbours.
fn quantile(n: usize, share: f64, value: impl Fn(usize) -> f64) -> f64 {
    let at = share * (n - 1) as f64;
    let below = at as usize;
    let part = at - below as f64;
    let low = value(below);
    if part == 0.0 || below + 1 >= n {
        return low;
    }
    low + (value(below + 1) - low) * part
}

/// Median, of an even number the geometric mean of the middle two. Reorders the gaps.
fn geometric_median(gaps: &mut [u32]) -> f64 {
    let (at, even) = (gaps.len() / 2, gaps.len().is_multiple_of(2));
    let (below, middle, _) = gaps.select_nth_unstable(at);
    let middle = f64::from(*middle);
    match below.iter().max() {
        Some(lower) if even => (f64::from(*lower) * middle).sqrt(),
        _ => middle,
    }
}

/// Score of a rhythm, 0 to 1: narrow spread, many check-ins, a filled span, few pauses, sizes alike. Sizes must be
/// sorted; without any, their factor is left out.
pub(super) fn score(r: &Regularity, seconds: &[u32], sizes: &[u32]) -> f64 {
    let n = r.gaps as f64;
    let steady = (-0.6 * r.spread).exp() * n / (n + 8.0) * fill(seconds, r.period).sqrt();
    let score = steady * (1.0 - 2.0 * r.pauses).max(0.0);
    if sizes.is_empty() {
        return score;
    }
    let q = |share| quantile(sizes.len(), share, |i| f64::from(sizes[i]));
    let varied = (q(0.75) - q(0.25)) / q(0.5).max(1.0);
    score * (0.7 + 0.3 * (-1.5 * varied.min(3.0)).exp())
}

/// Share of the slots of the series' own span that have a request; a slot has room for four check-ins.
fn fill(seconds: &[u32], period: f64) -> f64 {
    let (Some(first), Some(last)) = (seconds.first(), seconds.last()) else { return 0.0 };
    let slot = (4.0 * period).max(300.0);
    let span = f64::from(last - first).max(1.0);
    let (mut filled, mut previous) = (0_u32, u32::MAX);
    for second in seconds {
        let at = (f64::from(second - first) / slot) as u32;
        if at != previous {
            filled += 1;
            previous = at;
        }
    }
    f64::from(filled) / (span / slot).ceil().max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(seconds: &[u32]) -> Option<Regularity> {
        best(seconds, &mut Vec::new(), &mut Vec::new(), &mut Vec::new())
    }

    #[test]
    fn a_clock_has_no_spread() {
        let seconds: Vec<u32> = (0..100).map(|i| 1000 + i * 60).collect();
        let r = of(&seconds).unwrap();
        assert_eq!((r.spread, r.gaps, r.period, r.pauses, r.missed), (0.0, 99, 60.0, 0.0, 0.0));
        assert!(score(&r, &seconds, &[]) > 0.9);
    }

    #[test]
    fn bursts_missed_checkins_and_pauses_are_seen() {
        let mut seconds: Vec<u32> = (0..200).map(|i| i * 60).collect();
        let bursts: Vec<u32> = (0..200).step_by(3).flat_map(|i| [i * 60 + 1, i * 60 + 3]).collect();
        seconds.extend(bursts);
        seconds.sort_unstable();
        let r = of(&seconds).unwrap();
        assert_eq!((r.spread, r.period), (0.0, 60.0));
        let seconds: Vec<u32> = (0..200).filter(|i| i % 7 != 3).map(|i| i * 60).collect();
        let r = of(&seconds).unwrap();
        assert_eq!((r.spread, r.pauses), (0.0, 0.0));
        assert!(r.missed > 0.1);
        let seconds: Vec<u32> =
            (0..200).filter(|i| !(50..90).contains(i)).map(|i| i * 60).collect();
        let r = of(&seconds).unwrap();
        assert_eq!((r.spread, r.missed, r.gaps), (0.0, 0.0, 158));
        assert!(r.pauses > 0.0);
    }

    #[test]
    fn a_changed_sleep_does_not_matter() {
        let mut at = 0;
        let seconds: Vec<u32> = (0..300)
            .map(|i| {
                at += if i < 150 { 60 } else { 300 };
                at
            })
            .collect();
        assert!(of(&seconds).unwrap().spread < 0.01);
    }

    #[test]
    fn too_few_have_no_rhythm() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[1, 100, 200, 300]), None);
        assert!(of(&[1, 100, 200, 300, 400]).is_some());
        assert_eq!(of(&[1, 2, 3, 4, 5, 6, 7, 8]), None);
    }

    #[test]
    fn the_running_median_is_that_of_the_mirrored_window() {
        let mut x = 12345_u32;
        let gaps: Vec<u32> = (0..100)
            .map(|_| {
                x = x.wrapping_mul(1_103_515_245).wrapping_add(12345);
                1 + (x >> 16) % 50
            })
            .collect();
        for n in [4, 5, 17, 18, 44, 45, 100] {
            let gaps = &gaps[..n];
            let half = (n / 3).clamp(5, 15) / 2;
            let mut padded: Vec<u32> = gaps[1..=half].iter().rev().copied().collect();
            padded.extend(gaps);
            padded.extend(gaps[n - 1 - half..n - 1].iter().rev());
            let mut running = RunningMedian::new(gaps);
            for window in padded.windows(2 * half + 1) {
                let mut window = window.to_vec();
                window.sort_unstable();
                assert_eq!(running.next(), window[half], "{n}");
            }
        }
    }
}
