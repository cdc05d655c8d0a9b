//! How much do the requests of one pair of client and host look like an implant that reports to its master?
//!
//! Two views of the same series are fused: `rita` (the formulas of RITA 5, which see regular coverage of a day) and
//! `regular` (how alike the gaps between check-ins are, whatever the time of day). Everything works on whole seconds.
//! `state` keeps the requests of many groups until they are rated, `udaf` gives all of it to DataFusion.

pub(super) mod regular;
pub(super) mod rita;
pub(super) mod state;
pub(super) mod udaf;

use regular::Regularity;
use rita::Parts;

/// Seconds of a UTC day.
pub(super) const DAY: u32 = 86_400;
/// More requests than this in one UTC day are a strobe, not a beacon.
pub(super) const STROBE: usize = 86_400;
/// Fewer distinct seconds than this have no rhythm: 0.0.
pub(super) const LEAST_SECONDS: usize = 4;
/// Fewer sizes than this have no quartiles: the size terms are left out.
const LEAST_SIZES: usize = 4;
/// Stands for an unknown size.
pub(super) const NO_SIZE: u32 = u32::MAX;

/// One request: its second since 1970 above, its size below, so that sorting sorts by time.
pub(super) fn row(second: u32, size: u32) -> u64 {
    u64::from(second) << 32 | u64::from(size)
}

/// The second of a request.
pub(super) fn second(row: u64) -> u32 {
    (row >> 32) as u32
}

/// The size of a request, or [`NO_SIZE`].
pub(super) fn size(row: u64) -> u32 {
    row as u32
}

/// Working space that is used for one group after the other.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    seconds: Vec<u32>,
    gaps: Vec<u32>,
    sizes: Vec<u32>,
    kept: Vec<u32>,
    ratios: Vec<f64>,
    deviations: Vec<f64>,
}

/// All that is known of one group that has a rhythm at all.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rating {
    /// RITA's score and its parts.
    pub(super) rita: Parts,
    /// How regular the check-ins are; `None` if there are too few of them.
    pub(super) regular: Option<Regularity>,
    /// The score of the regularity, 0 to 1.
    pub(super) core: f64,
}

impl Rating {
    /// `beacon_score`.
    pub(super) fn score(&self) -> f64 {
        (0.4 * self.rita.score + 0.6 * self.core).clamp(0.0, 1.0)
    }
}

/// The span of time in which regular coverage is expected: the UTC day if all lies in one, else from the first
/// request, and at least 24 hours back, to the last.
pub(super) fn window(first: u32, last: u32) -> (i64, i64) {
    if first / DAY == last / DAY {
        let midnight = i64::from(first / DAY * DAY);
        return (midnight, midnight + i64::from(DAY));
    }
    (i64::from(first).min(i64::from(last) - i64::from(DAY)), i64::from(last))
}

/// Rates one group. `rows` must be sorted; `None` if it has no rhythm ([`LEAST_SECONDS`]).
pub(super) fn rate(rows: &[u64], scratch: &mut Scratch) -> Option<Rating> {
    let rita = rate_rita(rows, scratch)?;
    let regular =
        regular::best(&scratch.seconds, &mut scratch.kept, &mut scratch.gaps, &mut scratch.ratios);
    let core =
        regular.as_ref().map_or(0.0, |r| regular::score(r, &scratch.seconds, &scratch.sizes));
    Some(Rating { rita, regular, core })
}

/// Only RITA's part of [`rate`].
pub(super) fn rate_rita(rows: &[u64], scratch: &mut Scratch) -> Option<Parts> {
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
pub(super) fn is_strobe(rows: &[u64]) -> bool {
    let day = |r: &u64| second(*r) / DAY;
    rows.len() > STROBE && rows.chunk_by(|a, b| day(a) == day(b)).any(|d| d.len() > STROBE)
}

#[cfg(test)]
mod tests;
