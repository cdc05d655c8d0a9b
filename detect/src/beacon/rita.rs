//! What does RITA 5 say of a series of gaps, sizes and the bars of a histogram?
//!
//! The formulas are those that RITA publishes; the code is our own. Scores are rounded to three places as it does.

/// Number of bars in the histogram of the window.
pub const BARS: usize = 24;
/// Fewer non-empty bars than this cover no day.
const LEAST_COVERED: usize = 6;
/// Fewer non-empty bars than this are not looked at for two heights.
const LEAST_BIMODAL: usize = 11;

/// RITA's score and what it is made of, each 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// The mean of the parts that are there.
    pub score: f64,
    /// How symmetric and narrow the gaps are.
    pub gaps: f64,
    /// The same of the sizes; `None` without sizes.
    pub sizes: Option<f64>,
    /// How much of the window is covered.
    pub duration: f64,
    /// How even the histogram is.
    pub histogram: f64,
}

/// All parts from sorted gaps, sorted sizes (empty: unknown), the histogram, and the share of the window between
/// first and last request.
pub fn parts(
    gaps: &[u32],
    sizes: &[u32],
    bars: &[u32],
    covered: f64,
    deviations: &mut Vec<f64>,
) -> Parts {
    let gaps = dispersion(gaps, 1.0, deviations).score;
    let sizes = (!sizes.is_empty()).then(|| dispersion(sizes, 0.0, deviations).score);
    let histogram = histogram(bars, LEAST_BIMODAL);
    let duration = duration(bars, covered);
    let score = match sizes {
        Some(sizes) => weighted(&[gaps, sizes, histogram, duration], &[0.25; 4]),
        None => weighted(&[gaps, histogram, duration], &[1.0 / 3.0; 3]),
    };
    Parts { score, gaps, sizes, duration, histogram }
}

fn weighted(parts: &[f64], weights: &[f64]) -> f64 {
    round3(parts.iter().zip(weights).map(|(p, w)| p * w).sum()).clamp(0.0, 1.0)
}

fn round3(x: f64) -> f64 {
    (x * 1000.0 + 0.5).floor() / 1000.0
}

fn ceil3(x: f64) -> f64 {
    (x * 1000.0).ceil() / 1000.0
}

/// Shape of a sample.
#[derive(Debug, PartialEq)]
pub struct Dispersion {
    /// Bowley's skew.
    pub skew: f64,
    /// Median distance from the median.
    pub mad: f64,
    /// Both as a score.
    pub score: f64,
}

/// Mean of 1 - |Bowley skew| and 1 - MAD/median. `values` must be sorted; `default` stands for the latter where the
/// median is below 1.
pub fn dispersion(values: &[u32], default: f64, deviations: &mut Vec<f64>) -> Dispersion {
    if values.is_empty() {
        return Dispersion { skew: 0.0, mad: 0.0, score: round3((1.0 + default) / 2.0) };
    }
    let half = values.len() / 2;
    let middle = median(values);
    let (low, high) = match half {
        0 => (middle, middle),
        _ => (median(&values[..half]), median(&values[values.len() - half..])),
    };
    let defined = high - low >= 10.0 && middle != low && middle != high;
    let skew = if defined { (low + high - 2.0 * middle) / (high - low) } else { 0.0 };
    deviations.clear();
    deviations.extend(values.iter().map(|v| (f64::from(*v) - middle).abs()));
    let mad = median_of(deviations);
    let narrow = if middle >= 1.0 { ((middle - mad) / middle).max(0.0) } else { default };
    Dispersion { skew, mad, score: round3((1.0 - skew.abs() + narrow) / 2.0) }
}

/// Median of sorted values.
fn median(sorted: &[u32]) -> f64 {
    let at = sorted.len() / 2;
    match sorted.len() % 2 {
        1 => f64::from(sorted[at]),
        _ => f64::midpoint(f64::from(sorted[at - 1]), f64::from(sorted[at])),
    }
}

/// Median of values in any order; reorders them.
fn median_of(values: &mut [f64]) -> f64 {
    let (at, even) = (values.len() / 2, values.len().is_multiple_of(2));
    let (below, middle, _) = values.select_nth_unstable_by(at, f64::total_cmp);
    let middle = *middle;
    match even {
        true => f64::midpoint(below.iter().copied().fold(0.0, f64::max), middle),
        false => middle,
    }
}

/// Requests in each of the equal parts of the window; its end belongs to the last.
pub fn bars(seconds: impl Iterator<Item = u32>, window: (i64, i64)) -> [u32; BARS] {
    let mut bars = [0; BARS];
    let (from, length) = (window.0, (window.1 - window.0).max(1));
    for second in seconds {
        let at = (i64::from(second) - from) * BARS as i64 / length;
        bars[at.clamp(0, BARS as i64 - 1) as usize] += 1;
    }
    bars
}

/// How even the bars are, or how well two heights explain them.
pub fn histogram(bars: &[u32], least_bimodal: usize) -> f64 {
    let n = bars.len().max(1) as f64;
    let mean = bars.iter().map(|b| f64::from(*b)).sum::<f64>() / n;
    if mean <= 0.0 {
        return 0.0;
    }
    let variance = bars.iter().map(|b| (f64::from(*b) - mean).powi(2)).sum::<f64>() / n;
    let variation = variance.sqrt() / mean;
    let even = if variation > 1.0 { 0.0 } else { round3(1.0 - variation) };
    even.max(two_heights(bars, least_bimodal))
}

/// Share of the bars that have one of the two commonest heights.
pub fn two_heights(bars: &[u32], least: usize) -> f64 {
    let filled = bars.iter().filter(|b| **b > 0).count();
    if filled < least {
        return 0.0;
    }
    let mut groups: Vec<usize> = height_groups(bars, 0.05).into_iter().map(|(_, n)| n).collect();
    groups.sort_unstable_by(|a, b| b.cmp(a));
    let two: usize = groups.iter().take(2).sum();
    round3(two as f64 / filled.saturating_sub(1).max(1) as f64).min(1.0)
}

/// The heights of non-empty bars, put together where they differ by less than `tolerance` of the highest: lower
/// edge and number.
pub fn height_groups(bars: &[u32], tolerance: f64) -> Vec<(u32, usize)> {
    let highest = bars.iter().copied().max().unwrap_or(0);
    let width = ((f64::from(highest) * tolerance).ceil() as u32).max(1);
    let mut groups: Vec<(u32, usize)> = Vec::new();
    for edge in bars.iter().filter(|b| **b > 0).map(|b| b / width * width) {
        match groups.iter_mut().find(|g| g.0 == edge) {
            Some(group) => group.1 += 1,
            None => groups.push((edge, 1)),
        }
    }
    groups
}

/// Covered share of the window, or of half a day without a hole, whichever is better.
pub fn duration(bars: &[u32], covered: f64) -> f64 {
    if bars.iter().filter(|b| **b > 0).count() < LEAST_COVERED {
        return 0.0;
    }
    let steady = ceil3(longest_run(bars) as f64 / 12.0).min(1.0);
    ceil3(covered).min(1.0).max(steady)
}

/// Longest run of non-empty bars, which may go on round the end.
pub fn longest_run(bars: &[u32]) -> usize {
    let (mut run, mut longest) = (0, 0);
    for bar in bars.iter().chain(bars) {
        run = if *bar > 0 { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest.min(bars.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(mut values: Vec<u32>, default: f64) -> Dispersion {
        values.sort_unstable();
        dispersion(&values, default, &mut Vec::new())
    }

    fn close(got: f64, expected: f64) {
        assert!((got - expected).abs() < 0.0011, "{got} is not {expected}");
    }

    #[test]
    fn gaps_as_rita_has_them() {
        let d = shape(vec![98, 99, 99, 100, 100, 100, 101, 101, 102], 1.0);
        close(d.skew, 0.0);
        close(d.mad, 1.0);
        close(d.score, 0.995);
        let d = shape(vec![1, 299, 25, 4975, 90, 2, 42, 500, 1500], 1.0);
        close(d.skew, 0.845);
        close(d.mad, 89.0);
        close(d.score, 0.083);
        let d = shape(vec![98, 300, 98, 300, 98, 300, 98, 300, 98, 300], 1.0);
        close(d.mad, 101.0);
        close(d.score, 0.746);
    }

    #[test]
    fn sizes_as_rita_has_them() {
        let d = shape((1..=10).collect(), 0.0);
        close(d.mad, 2.5);
        close(d.score, 0.773);
        let d = shape(vec![524_885, 1, 5000, 98_654, 50, 41, 965_842, 3], 0.0);
        close(d.skew, 0.984);
        close(d.mad, 2523.0);
        close(d.score, 0.0085);
        close(shape(vec![0; 10], 0.0).score, 0.5);
        close(shape(vec![0; 10], 1.0).score, 1.0);
        let d = shape(vec![7, 8, 7, 8, 7, 8, 7, 8, 7], 1.0);
        assert_eq!((d.skew, d.score), (0.0, 1.0));
        let d = shape(vec![1, 1, 2, 2, 2, 2], 1.0);
        assert_eq!((d.skew, d.score), (0.0, 1.0));
    }

    #[test]
    fn histograms_as_rita_has_them() {
        let ramp: Vec<u32> = (1..=10).collect();
        close(histogram(&ramp, 6), 0.478);
        let comb = [4, 1, 4, 1, 4, 1, 4, 1, 4, 1];
        close(histogram(&comb, 99), 0.4);
        close(histogram(&comb, 6), 1.0);
        for (bars, even, run) in [
            (&[1, 0, 2, 0, 3, 0, 2, 1][..], 0.064, 3),
            (&[7, 2, 1, 0, 0, 1, 0, 0, 0, 1][..], 0.0, 4),
            (&[2, 0, 3, 0, 1][..], 0.028, 2),
        ] {
            close(histogram(bars, 11), even);
            assert_eq!(longest_run(bars), run);
        }
        assert_eq!(height_groups(&[100, 105, 100, 300, 305, 300], 0.1), [(93, 3), (279, 3)]);
        let bars = [2002, 2000, 1999, 2005, 1990, 0, 0, 0, 0, 0, 0, 2000, 2001, 2002, 2003, 2004];
        assert_eq!(height_groups(&bars, 0.05), [(1919, 10)]);
        assert_eq!(longest_run(&bars), 10);
    }

    #[test]
    fn times_fall_into_bars() {
        let times = [0, 3599, 3600, 86_399, 86_400];
        let bars = bars(times.into_iter(), (0, 86_400));
        assert_eq!((bars[0], bars[1], bars[23]), (2, 1, 2));
    }

    #[test]
    fn durations_as_rita_has_them() {
        let mut bars = [0; 24];
        bars[..6].fill(1);
        bars[12..18].fill(1);
        close(duration(&bars, 0.5), 0.5);
        bars[..12].fill(1);
        close(duration(&bars, 0.5), 1.0);
        let mut bars = [0; 24];
        bars[..3].fill(1);
        close(duration(&bars, 0.5), 0.0);
        bars[..6].fill(1);
        close(duration(&bars, 0.25), 0.5);
    }

    #[test]
    fn totals_as_rita_has_them() {
        close(weighted(&[0.8, 0.7, 0.6, 0.5], &[0.2, 0.2, 0.3, 0.3]), 0.63);
    }
}
