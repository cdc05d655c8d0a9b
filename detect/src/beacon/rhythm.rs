//! Is there a rhythm in a series of requests, and how far is it from what chance would give?
//!
//! The same gaps are looked at in five ways, each of which sees through something else, and each is held against what it
//! would see if the requests came by chance (gaps of an exponential law): that is the guard. What an implant can't help
//! is that one of the views stays narrow. Only gaps are used, no spectrum.

use super::absence;
use super::lattice;
use super::neighbours::RunningMedian;
use super::quantiles::quantiles;

/// Requests that follow within so many seconds are one check-in.
const BURSTS: [u32; 5] = [0, 1, 5, 20, 60];
/// A period must be so many times the length of a burst: joining requests makes even chance look regular, for no gap can be
/// shorter than a burst.
const PERIOD_PER_BURST: f64 = 6.0;
/// Shorter periods drown in whole seconds.
const LEAST_PERIOD: f64 = 1.0;
/// Fewer gaps than this have no quantiles.
const LEAST_GAPS: usize = 3;
/// A gap of up to so many medians is missed check-ins; above it is a pause.
const MOST_MISSED: f64 = 5.0;
/// A pause weighs at most so many medians of its neighbours.
const HEAVIEST: f64 = 20.0;
/// What whole seconds hide of a gap: the standard deviation of the difference of two cut times, in seconds.
const HIDDEN: f64 = 0.41;
/// Below this clocks decide, not the sleep.
const LEAST_SPREAD: f64 = 0.004;
/// Square of the number of standard deviations from chance at which the guard lets 63 % through.
const GUARD: f64 = 12.0;
/// What is left of the evidence if an absence had to be taken out.
const ABSENT: f64 = 0.9;

/// Evidence counts as one minus this power of the doubt: a timer with much jitter is as sure as a clock, once it is sure.
const DOUBT: i32 = 3;
/// So many gaps are half of what is needed to trust that it goes on.
const FEW: f64 = 1.5;

/// In which way a rhythm was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// All gaps as they are: plain sleep and jitter.
    Plain,
    /// Each gap against its neighbours, multiples divided back: changes of the sleep, some missed check-ins.
    Local,
    /// Gaps by the time they cover: requests that someone else makes in between count for little.
    Timed,
    /// Each gap against its neighbours, by the time it covers.
    LocalTimed,
    /// All gaps as multiples of one period: most check-ins missed.
    Lattice,
}

impl View {
    /// Spread that chance gives, and standard deviation of its logarithm times the root of the number of gaps; both
    /// from 300 series of exponential gaps at each of twelve lengths.
    fn chance(self) -> (f64, f64) {
        match self {
            Self::Plain => (1.18, 1.05),
            Self::Local => (0.71, 1.35),
            Self::Timed => (0.78, 0.85),
            Self::LocalTimed => (0.82, 0.95),
            Self::Lattice => (0.25, 1.1),
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Local => "local",
            Self::Timed => "timed",
            Self::LocalTimed => "local_timed",
            Self::Lattice => "lattice",
        }
    }
}

/// Rhythm of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Rhythm {
    /// How it was seen.
    pub view: View,
    /// Robust standard deviation of the logarithm of the gaps (of a lattice: mean distance from it in periods).
    pub spread: f64,
    /// Standard deviations between that and chance.
    pub sigma: f64,
    /// Gaps that it rests on; where gaps have weights, the number of equal ones that would weigh the same.
    pub gaps: f64,
    /// Check-ins.
    pub checkins: usize,
    /// Requests that followed within so many seconds were taken for the same check-in.
    pub burst: u32,
    /// Typical gap in seconds.
    pub period: f64,
    /// Width of the law of the gaps as share of its longest: 0.2 is a sleep that is cut by up to 20 %.
    pub jitter: f64,
    /// Share of the expected check-ins that did not come, pauses and absences aside.
    pub missed: f64,
    /// Share of the time, without absences, in gaps that are no pauses.
    pub duty: f64,
    /// Long absences that were taken out.
    pub absences: usize,
    /// Evidence of a rhythm, 0 to 1.
    pub evidence: f64,
}

/// Working space.
#[derive(Debug, Default)]
pub struct Space {
    kept: Vec<u32>,
    gaps: Vec<u32>,
    sorted: Vec<u32>,
    ratios: Vec<(f64, f64)>,
    folded: Vec<f64>,
}

/// What a view found.
struct Found {
    view: View,
    spread: f64,
    gaps: f64,
    period: f64,
    jitter: f64,
    duty: f64,
}

impl Rhythm {
    /// How sure it is that there is a rhythm that goes on, 0 to 1.
    pub fn certainty(&self) -> f64 {
        (1.0 - (1.0 - self.evidence).powi(DOUBT)) * self.gaps / (self.gaps + FEW)
    }

    fn of(found: Found, burst: u32, checkins: usize, absences: usize) -> Self {
        let (evidence, sigma) = evidence(&found, absences);
        let Found { view, spread, gaps, period, jitter, duty } = found;
        let missed = 0.0;
        Self {
            view,
            spread,
            sigma,
            gaps,
            checkins,
            burst,
            period,
            jitter,
            missed,
            duty,
            absences,
            evidence,
        }
    }
}

/// The rhythm that is most certain. Seconds must be sorted and distinct.
pub fn best(seconds: &[u32], space: &mut Space) -> Option<Rhythm> {
    let mut best: Option<Rhythm> = None;
    let mut checkins = usize::MAX;
    for burst in BURSTS {
        collapse(seconds, burst, &mut space.kept);
        if space.kept.len() == checkins {
            continue; // the same series again
        }
        checkins = space.kept.len();
        let absences = between(space);
        if space.gaps.len() < LEAST_GAPS {
            break; // longer bursts leave fewer
        }
        let least = LEAST_PERIOD.max(PERIOD_PER_BURST * f64::from(burst));
        for found in looked_at(space).into_iter().flatten().filter(|f| f.period >= least) {
            let rhythm = Rhythm::of(found, burst, checkins, absences);
            if best.as_ref().is_none_or(|b| rhythm.certainty() > b.certainty()) {
                best = Some(rhythm);
            }
        }
    }
    if let Some(rhythm) = &mut best {
        collapse(seconds, rhythm.burst, &mut space.kept);
        between(space);
        rhythm.missed = missed(&space.gaps, rhythm);
    }
    best
}

/// The gaps between the kept seconds, without absences; their number.
fn between(space: &mut Space) -> usize {
    space.gaps.clear();
    space.gaps.extend(space.kept.windows(2).map(|w| w[1] - w[0]));
    absence::remove(&mut space.gaps, &mut space.sorted)
}

/// Share of the check-ins that the gaps have room for and that are not there.
fn missed(gaps: &[u32], rhythm: &Rhythm) -> f64 {
    let near = matches!(rhythm.view, View::Local | View::LocalTimed);
    let mut neighbours = near.then(|| RunningMedian::new(gaps));
    let (mut absent, mut expected) = (0.0, 0.0);
    for gap in gaps {
        let usual = neighbours.as_mut().map_or(rhythm.period, |n| f64::from(n.next()));
        let times = (f64::from(*gap) / usual).round_ties_even().max(1.0);
        if times <= MOST_MISSED {
            absent += times - 1.0;
            expected += times;
        }
    }
    absent / f64::max(expected, 1.0)
}

/// How much narrower than chance, how sure that is, and how much of the time it covers.
fn evidence(found: &Found, absences: usize) -> (f64, f64) {
    let (usual, deviation) = found.view.chance();
    let spread = found.spread.hypot(HIDDEN / found.period).max(LEAST_SPREAD);
    // Two gaps are used up by the median and the scale.
    let sigma = (usual / spread).ln() * (found.gaps - 2.0).max(1.0).sqrt() / deviation;
    let strength = (1.0 - spread / usual).max(0.0);
    let guard = 1.0 - (-sigma.max(0.0).powi(2) / GUARD).exp();
    let absent = if absences > 0 { ABSENT } else { 1.0 };
    (strength * guard * found.duty.sqrt() * absent, sigma)
}

/// Keeps the first request of each burst.
fn collapse(seconds: &[u32], burst: u32, kept: &mut Vec<u32>) {
    kept.clear();
    kept.extend(seconds.first());
    kept.extend(seconds.windows(2).filter(|w| w[1] - w[0] > burst).map(|w| w[1]));
}

/// All views of the gaps.
fn looked_at(space: &mut Space) -> [Option<Found>; 5] {
    space.sorted.clear();
    space.sorted.extend_from_slice(&space.gaps);
    space.sorted.sort_unstable();
    let timed = timed(&space.sorted);
    let period = timed.period;
    let (local, local_timed) = local(space, period);
    let lattice = lattice::find(&space.sorted).map(|l| Found {
        view: View::Lattice,
        spread: l.distance,
        gaps: l.gaps,
        period: l.period,
        jitter: (4.0 * l.distance).min(1.0),
        duty: l.duty,
    });
    [Some(plain(&space.sorted)), local, Some(timed), Some(local_timed), lattice]
}

/// Spread of ratios at their quantiles 10, 25, 75 and 90 %, and the width of the uniform law that has them.
fn spread([low, lower, upper, high]: [f64; 4]) -> (f64, f64) {
    let log = |a: f64, b: f64| (b / a.max(f64::MIN_POSITIVE)).ln();
    let spread = 0.5 * log(lower, upper) / 1.349 + 0.5 * log(low, high) / 2.563;
    let width = (high - low) / 0.8;
    (spread, (width / (high + 0.1 * width)).clamp(0.0, 1.0))
}

const SHARES: [f64; 4] = [0.1, 0.25, 0.75, 0.9];

fn plain(sorted: &[u32]) -> Found {
    let n = sorted.len();
    let items = || sorted.iter().map(|g| (f64::from(*g), 1.0));
    let (spread, jitter) = spread(quantiles(items(), n as f64, SHARES));
    let [period] = quantiles(items(), n as f64, [0.5]);
    let total: f64 = sorted.iter().map(|g| f64::from(*g)).sum();
    let longest = (MOST_MISSED + 0.5) * period;
    let covered: f64 = sorted.iter().map(|g| f64::from(*g)).filter(|g| *g <= longest).sum();
    Found { view: View::Plain, spread, gaps: n as f64, period, jitter, duty: covered / total }
}

fn timed(sorted: &[u32]) -> Found {
    let items = || sorted.iter().map(|g| (f64::from(*g), f64::from(*g)));
    let (total, squares) = items().fold((0.0, 0.0), |(t, s), (g, _)| (t + g, s + g * g));
    let (spread, jitter) = spread(quantiles(items(), total, SHARES));
    let [period] = quantiles(items(), total, [0.5]);
    Found { view: View::Timed, spread, gaps: total * total / squares, period, jitter, duty: 1.0 }
}

/// Both views against the neighbours.
fn local(space: &mut Space, long_period: f64) -> (Option<Found>, Found) {
    let Space { gaps, sorted, ratios, folded, .. } = space;
    ratios.clear();
    folded.clear();
    let (mut total, mut covered) = (0.0, 0.0);
    let (mut weights, mut squares) = (0.0, 0.0);
    let mut median = RunningMedian::new(gaps);
    for &gap in gaps.iter() {
        let (gap, usual) = (f64::from(gap), f64::from(median.next()));
        let ratio = gap / usual;
        let weight = gap.min(HEAVIEST * usual);
        weights += weight;
        squares += weight * weight;
        ratios.push((ratio, weight));
        total += gap;
        let times = ratio.round_ties_even();
        if times <= MOST_MISSED {
            covered += gap;
            folded.push(ratio / times.max(1.0));
        }
    }
    ratios.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (timed_spread, timed_jitter) = spread(quantiles(ratios.iter().copied(), weights, SHARES));
    let timed = Found {
        view: View::LocalTimed,
        spread: timed_spread,
        gaps: weights * weights / squares,
        period: long_period,
        jitter: timed_jitter,
        duty: 1.0,
    };
    let counted = (folded.len() >= LEAST_GAPS).then(|| {
        folded.sort_unstable_by(f64::total_cmp);
        let n = folded.len() as f64;
        let (spread, jitter) = spread(quantiles(folded.iter().map(|r| (*r, 1.0)), n, SHARES));
        let [period] =
            quantiles(sorted.iter().map(|g| (f64::from(*g), 1.0)), sorted.len() as f64, [0.5]);
        Found { view: View::Local, spread, gaps: n, period, jitter, duty: covered / total }
    });
    (counted, timed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(seconds: &[u32]) -> Option<Rhythm> {
        best(seconds, &mut Space::default())
    }

    /// The next of a series of numbers that look like chance.
    fn chance(state: &mut u32) -> f64 {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (f64::from(*state >> 8) + 0.5) / f64::from(1_u32 << 24)
    }

    fn walk(n: usize, gap: impl FnMut(f64, usize) -> f64) -> Vec<u32> {
        walk_from(4711, n, gap)
    }

    fn walk_from(mut state: u32, n: usize, mut gap: impl FnMut(f64, usize) -> f64) -> Vec<u32> {
        let mut at = 1_000_000.0;
        let mut seconds: Vec<u32> = (0..n)
            .map(|i| {
                at += gap(chance(&mut state), i);
                at as u32
            })
            .collect();
        seconds.dedup();
        seconds
    }

    #[test]
    fn a_clock_is_certain() {
        let r = of(&walk(100, |_, _| 60.0)).unwrap();
        assert_eq!((r.spread, r.period, r.missed, r.jitter, r.absences), (0.0, 60.0, 0.0, 0.0, 0));
        assert!(r.evidence > 0.98, "{r:?}");
    }

    #[test]
    fn jitter_is_measured() {
        for jitter in [0.2, 0.5, 0.9] {
            let r = of(&walk(1000, |u, _| 60.0 * (1.0 - jitter * u))).unwrap();
            assert!((r.jitter - jitter).abs() < 0.2, "{jitter} {r:?}");
            assert!(r.evidence > 0.45, "{jitter} {r:?}");
        }
    }

    #[test]
    fn chance_is_no_rhythm() {
        for n in [6, 8, 20, 100, 1000] {
            let mut found: Vec<f64> = (0..99)
                .map(|i| of(&walk_from(i * 7919, n, |u, _| -300.0 * u.ln())).unwrap().evidence)
                .collect();
            found.sort_unstable_by(f64::total_cmp);
            assert!(found[49] < 0.2 && found[93] < 0.55, "{n} {} {}", found[49], found[93]);
        }
    }

    #[test]
    fn changes_of_the_sleep_are_followed() {
        let r = of(&walk(400, |_, i| [60.0, 300.0, 30.0, 900.0][i / 100])).unwrap();
        assert!(r.evidence > 0.9, "{r:?}");
        assert!(matches!(r.view, View::Local | View::LocalTimed), "{r:?}");
    }

    #[test]
    fn missed_checkins_are_counted() {
        let r = of(&walk(200, |u, _| if u < 0.3 { 120.0 } else { 60.0 })).unwrap();
        assert!((r.missed - 0.23).abs() < 0.05, "{r:?}");
        assert!(r.evidence > 0.9, "{r:?}");
        let r =
            of(&walk(400, |u, i| 60.0 * (1.0 + (u.ln() / 0.6_f64.ln()).floor()) + (i % 7) as f64));
        assert_eq!(r.as_ref().unwrap().view, View::Lattice);
        assert!(r.unwrap().evidence > 0.6);
    }

    #[test]
    fn a_beacon_behind_a_browsed_host_is_seen() {
        let mut seconds = walk(144, |u, _| 600.0 * (1.0 - 0.2 * u));
        for visit in 0..4 {
            let start = seconds[30 + 20 * visit] + 17;
            let browsed = walk(60, |u, _| -20.0 * u.ln());
            seconds.extend(browsed.iter().map(|t| t - browsed[0] + start));
        }
        seconds.sort_unstable();
        seconds.dedup();
        let r = of(&seconds).unwrap();
        assert!(r.evidence > 0.8 && (r.period - 560.0).abs() < 60.0, "{r:?}");
    }

    #[test]
    fn a_sleeping_laptop_is_away() {
        let r = of(&walk(150, |_, i| if i == 70 { 30_000.0 } else { 300.0 })).unwrap();
        assert_eq!((r.absences, r.missed), (1, 0.0));
        assert!(r.evidence > 0.85, "{r:?}");
    }

    #[test]
    fn too_few_have_no_rhythm() {
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[1, 100, 200]), None);
        assert!(of(&[1, 100, 200, 300]).is_some());
        // A page's requests in a few seconds: whole seconds alone make them look even.
        assert!(of(&[1, 2, 3, 4, 5, 6, 7, 8]).unwrap().evidence < 0.3);
    }
}
