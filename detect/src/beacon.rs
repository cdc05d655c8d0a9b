//! How much do the requests of one pair of client and host look like an implant that reports to its master?
//!
//! `rhythm` says how much evidence there is that the gaps are those of a timer, `cover` how much of the day it runs and how
//! alike the sizes are; `rita` has the formulas of RITA 5 to compare with. Everything works on whole seconds.
//! `state` keeps the requests of many groups until they are rated. `docs/beacons.md` has the reasons and the figures.

mod absence;
mod cover;
mod lattice;
mod neighbours;
mod quantiles;
pub mod rhythm;
pub mod rita;
pub mod state;

use rhythm::Rhythm;
use rita::Parts;

/// Seconds of a UTC day.
pub const DAY: u32 = 86_400;
/// More requests than this in one UTC day are a strobe, not a beacon.
pub const STROBE: usize = 86_400;
/// Fewer distinct seconds than this have no rhythm: 0.0.
pub const LEAST_SECONDS: usize = 4;
/// Fewer sizes than this have no quartiles: the size terms are left out.
const LEAST_SIZES: usize = 4;
/// Stands for an unknown size.
pub const NO_SIZE: u32 = u32::MAX;

/// One request: its second since 1970 above, its size below, so that sorting sorts by time.
pub fn row(second: u32, size: u32) -> u64 {
    u64::from(second) << 32 | u64::from(size)
}

/// The second of a request.
pub fn second(row: u64) -> u32 {
    (row >> 32) as u32
}

/// The size of a request, or [`NO_SIZE`].
pub fn size(row: u64) -> u32 {
    row as u32
}

/// Working space that is used for one group after the other.
#[derive(Debug, Default)]
pub struct Scratch {
    seconds: Vec<u32>,
    gaps: Vec<u32>,
    sizes: Vec<u32>,
    deviations: Vec<f64>,
    rhythm: rhythm::Space,
}

/// All that is known of one group that has a rhythm at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Rating {
    /// RITA's score and its parts.
    pub rita: Parts,
    /// The rhythm of the check-ins; `None` if there are too few of them.
    pub rhythm: Option<Rhythm>,
    /// Share of the day, or of a longer span, in which there is something, 0 to 1.
    pub coverage: f64,
    /// Share of the requests that are alike in size; `None` without sizes.
    pub alike: Option<f64>,
}

/// What is left of the score of a rhythm that runs for a moment of the day.
const SHORT: f64 = 0.7;
/// What is left of it if no two requests are alike in size.
const UNLIKE: f64 = 0.8;
/// So large a share of requests of the same size is all that can be asked: tasks and results come in between.
const ENOUGH_ALIKE: f64 = 0.5;

impl Rating {
    /// `beacon_score`.
    pub fn score(&self) -> f64 {
        let Some(rhythm) = &self.rhythm else { return 0.0 };
        let long = SHORT + (1.0 - SHORT) * self.coverage;
        let same =
            self.alike.map_or(1.0, |a| UNLIKE + (1.0 - UNLIKE) * (a / ENOUGH_ALIKE).min(1.0));
        (rhythm.certainty() * long * same).clamp(0.0, 1.0)
    }
}

/// The span of time in which regular coverage is expected: the UTC day if all lies in one, else from the first
/// request, and at least 24 hours back, to the last.
pub fn window(first: u32, last: u32) -> (i64, i64) {
    if first / DAY == last / DAY {
        let midnight = i64::from(first / DAY * DAY);
        return (midnight, midnight + i64::from(DAY));
    }
    (i64::from(first).min(i64::from(last) - i64::from(DAY)), i64::from(last))
}

/// Rates one group. `rows` must be sorted; `None` if it has no rhythm ([`LEAST_SECONDS`]).
pub fn rate(rows: &[u64], scratch: &mut Scratch) -> Option<Rating> {
    let rita = rate_rita(rows, scratch)?;
    let Scratch { seconds, sizes, rhythm: space, .. } = scratch;
    let rhythm = rhythm::best(seconds, space);
    let period = rhythm.as_ref().map_or(0.0, |r| r.period);
    let coverage = cover::coverage(seconds, period, DAY);
    let alike = (!sizes.is_empty()).then(|| cover::alike(sizes));
    Some(Rating { rita, rhythm, coverage, alike })
}

/// Only RITA's part of [`rate`].
pub fn rate_rita(rows: &[u64], scratch: &mut Scratch) -> Option<Parts> {
    if rows.len() < LEAST_SECONDS {
        return None;
    }
    scratch.seconds.clear();
    scratch.seconds.extend(rows.iter().map(|r| second(*r)));
    scratch.seconds.dedup();
    if scratch.seconds.len() < LEAST_SECONDS {
        return None;
    }
    scratch.gaps.clear();
    scratch.gaps.extend(scratch.seconds.windows(2).map(|w| w[1] - w[0]));
    scratch.sizes.clear();
    scratch.sizes.extend(rows.iter().map(|r| size(*r)).filter(|s| *s != NO_SIZE));
    if scratch.sizes.len() < LEAST_SIZES {
        scratch.sizes.clear();
    }
    scratch.gaps.sort_unstable();
    scratch.sizes.sort_unstable();
    let (first, last) = (scratch.seconds[0], scratch.seconds[scratch.seconds.len() - 1]);
    let bars = rita::bars(rows.iter().map(|r| second(*r)), window(first, last));
    Some(rita::parts(
        &scratch.gaps,
        &scratch.sizes,
        &bars,
        f64::from(last - first) / span(window(first, last)),
        &mut scratch.deviations,
    ))
}

fn span((from, to): (i64, i64)) -> f64 {
    (to - from) as f64
}

/// Whether some UTC day has more than [`STROBE`] requests. `rows` must be sorted.
pub fn is_strobe(rows: &[u64]) -> bool {
    let day = |r: &u64| second(*r) / DAY;
    rows.len() > STROBE && rows.chunk_by(|a, b| day(a) == day(b)).any(|d| d.len() > STROBE)
}

#[cfg(test)]
mod tests;
