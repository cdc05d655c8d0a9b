//! What is usual around a gap: the median of the gaps beside it, however the sleep changes over the day?

/// Gaps to which a gap is compared, at most, with itself.
const WIDEST: usize = 15;

/// The median of each gap and its neighbours on both sides, mirrored at the ends.
pub(super) struct RunningMedian<'a> {
    gaps: &'a [u32],
    half: usize,
    sorted: [u32; WIDEST + 1],
    at: usize,
}

impl<'a> RunningMedian<'a> {
    /// `gaps` must be three or more.
    pub(super) fn new(gaps: &'a [u32]) -> Self {
        let half = (gaps.len() / 3).clamp(5, WIDEST) / 2;
        let mut sorted = [0; WIDEST + 1];
        for (i, slot) in sorted[..=2 * half].iter_mut().enumerate() {
            *slot = mirrored(gaps, i, half);
        }
        sorted[..=2 * half].sort_unstable();
        Self { gaps, half, sorted, at: 0 }
    }

    pub(super) fn next(&mut self) -> u32 {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_running_median_is_that_of_the_mirrored_window() {
        let mut x = 12345_u32;
        let gaps: Vec<u32> = (0..100)
            .map(|_| {
                x = x.wrapping_mul(1_103_515_245).wrapping_add(12345);
                1 + (x >> 16) % 50
            })
            .collect();
        for n in [3, 4, 5, 17, 18, 44, 45, 100] {
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
