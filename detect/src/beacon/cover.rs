//! How much of the day, and how alike in size: what speaks for an implant beside its rhythm?

/// Shorter slots than this are filled by chance, not by persistence.
const LEAST_SLOT: f64 = 3600.0;
/// A slot has room for so many check-ins, so that slow sleeps are not thought absent.
const CHECKINS: f64 = 2.5;
/// Sizes within this factor and so many bytes are alike: a check-in differs by a counter or an identifier.
const ALIKE: f64 = 1.05;
const ALIKE_BYTES: f64 = 8.0;

/// Share of the slots of `window` seconds (but at least the series' own span), from the first second on, in which
/// something happened.
pub(super) fn coverage(seconds: &[u32], period: f64, window: u32) -> f64 {
    let (Some(first), Some(last)) = (seconds.first(), seconds.last()) else { return 0.0 };
    let window = f64::from((last - first).max(window));
    let slots = (window / LEAST_SLOT.max(CHECKINS * period)).floor().max(1.0);
    let (mut filled, mut previous) = (0_u32, u32::MAX);
    for second in seconds {
        let at = (f64::from(second - first) * slots / window).min(slots - 1.0) as u32;
        filled += u32::from(at != previous);
        previous = at;
    }
    f64::from(filled) / slots
}

/// Share of the sorted sizes in the densest range of sizes that are alike; 0 without any.
pub(super) fn alike(sizes: &[u32]) -> f64 {
    let (mut most, mut from) = (0, 0);
    for (to, size) in sizes.iter().enumerate() {
        while f64::from(*size) > f64::from(sizes[from]) * ALIKE + ALIKE_BYTES {
            from += 1;
        }
        most = most.max(to + 1 - from);
    }
    most as f64 / sizes.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u32 = 86_400;

    #[test]
    fn coverage_is_of_the_day_and_slow_sleeps_cover_it() {
        let every = |gap: u32, n: u32| (0..n).map(|i| 777 + i * gap).collect::<Vec<u32>>();
        assert_eq!(coverage(&every(60, 1440), 60.0, DAY), 1.0);
        assert_eq!(coverage(&every(60, 180), 60.0, DAY), 3.0 / 24.0);
        assert_eq!(coverage(&every(14_400, 6), 14_400.0, DAY), 1.0);
        assert_eq!(coverage(&every(60, 2880), 60.0, DAY), 1.0);
        assert_eq!(coverage(&[5], 0.0, DAY), 1.0 / 24.0);
        assert_eq!(coverage(&[], 0.0, DAY), 0.0);
    }

    #[test]
    fn alike_is_the_densest_range() {
        assert_eq!(alike(&[]), 0.0);
        assert_eq!(alike(&[212; 9]), 1.0);
        assert_eq!(alike(&[100, 400, 405, 420, 428, 3000, 9000, 9001]), 0.5);
    }
}
