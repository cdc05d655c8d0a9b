//! A small seeded generator of random numbers, so that the same seed gives the same log everywhere.

/// SplitMix64: eight lines, good enough for traffic, and no dependency that could change its stream.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// Starts a stream.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed ^ 0x6477_656c_6c21)
    }

    /// The next 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end` (0 if `end` is 0).
    pub(super) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }

    /// A position in something of length `len`.
    pub(super) fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// A number from `from` to `to`, both included.
    pub(super) fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to - from + 1)
    }

    /// A number in 0..1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit exactly")]
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True once in `n` times.
    pub(super) fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// One of a list.
    pub(super) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.index(list.len())]
    }

    /// A position below `len`, the first ones much more often (roughly Zipf).
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a position far below 2^53"
    )]
    pub(super) fn ranked(&mut self, len: usize) -> usize {
        let at = ((len as f64 + 1.0).powf(self.unit()) - 1.0) as usize;
        at.min(len.saturating_sub(1))
    }

    /// A position below `len`, the first ones more often (the square of an even choice).
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a position far below 2^53"
    )]
    pub(super) fn skewed(&mut self, len: usize) -> usize {
        ((self.unit().powi(2) * len as f64) as usize).min(len.saturating_sub(1))
    }

    /// A size with a long tail: most near `typical`, a few a hundred times that.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "sizes of replies are far below 2^53"
    )]
    pub(super) fn size(&mut self, typical: u64) -> u64 {
        let spread = (self.unit() + self.unit() + self.unit() - 1.5) * 2.4;
        (typical as f64 * spread.exp()) as u64 + 120
    }

    /// A pause around `mean`, exponentially distributed.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "pauses are far below 2^53"
    )]
    pub(super) fn pause(&mut self, mean: u64) -> u64 {
        (-(1.0 - self.unit()).ln() * mean as f64) as u64 + 1
    }
}
