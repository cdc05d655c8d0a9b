//! When was the client simply not there: asleep, at home, switched off?

use super::DAY;

/// Shorter gaps are no absence.
const LEAST: u32 = 4 * 3600;
/// An absence is longer than so many usual gaps.
const TIMES: u32 = 5;

/// Takes the absences out of the gaps, the longest first, at most one for each day of the series, and gives their
/// number. A slow sleep is no absence: its gaps are all long.
pub(super) fn remove(gaps: &mut Vec<u32>, space: &mut Vec<u32>) -> usize {
    if !gaps.iter().any(|g| *g >= LEAST) {
        return 0;
    }
    space.clear();
    space.extend_from_slice(gaps);
    let at = space.len() / 2;
    let usual = *space.select_nth_unstable(at).1;
    let least = LEAST.max(usual.saturating_mul(TIMES).saturating_add(1));
    let span: u64 = gaps.iter().map(|g| u64::from(*g)).sum();
    let allowed = span.div_ceil(u64::from(DAY)).max(1) as usize;
    space.retain(|g| *g >= least);
    space.sort_unstable_by(|a, b| b.cmp(a));
    space.truncate(allowed);
    let Some(shortest) = space.last().copied() else { return 0 };
    let mut left = space.len();
    gaps.retain(|g| {
        let gone = *g >= shortest && left > 0;
        left -= usize::from(gone);
        !gone
    });
    space.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nights_are_absences_and_slow_sleeps_are_not() {
        let mut gaps = vec![300; 100];
        gaps[40] = 9 * 3600;
        assert_eq!(remove(&mut gaps, &mut vec![]), 1);
        assert_eq!(gaps, vec![300; 99]);
        let mut gaps = vec![4 * 3600; 12];
        assert_eq!((remove(&mut gaps, &mut vec![]), gaps.len()), (0, 12));
        let mut gaps = vec![60, 60, 60, 5 * 3600, 60, 60, 6 * 3600, 60, 60];
        assert_eq!(remove(&mut gaps, &mut vec![]), 1);
        assert_eq!(gaps, [60, 60, 60, 5 * 3600, 60, 60, 60, 60]);
        assert_eq!(remove(&mut vec![], &mut vec![]), 0);
    }
}
