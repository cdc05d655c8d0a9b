//! Where on the paper does a time lie, and which times are worth a tick?

use storage::clock::{DAY_US, Micros};
use storage::day::Day;

use super::super::chart::HOUR_US;

/// Times further away than 3,000 years are no times; they lie at the edge.
const FAR: Micros = 100_000_000_000_000_000;

/// A range of time laid on a stretch of paper.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// Begin.
    pub(super) from: Micros,
    /// End.
    pub(super) to: Micros,
    left: f64,
    wide: f64,
}

impl Span {
    /// Lays `from..to` on the paper from `left`, `wide` pixels wide. An empty range counts as an hour.
    pub(super) fn new(from: Micros, to: Micros, left: f64, wide: f64) -> Self {
        let (from, to) = (from.clamp(-FAR, FAR), to.clamp(-FAR, FAR));
        let to = if to > from { to } else { from + HOUR_US };
        Self { from, to, left, wide }
    }

    /// The place of a time; times outside lie at the edge.
    pub(super) fn x(&self, at: Micros) -> f64 {
        let at = at.clamp(self.from, self.to);
        self.left + (at - self.from) as f64 / self.long() * self.wide
    }

    /// The width of a stretch of time.
    pub(super) fn width(&self, long: Micros) -> f64 {
        long as f64 / self.long() * self.wide
    }

    fn long(&self) -> f64 {
        (self.to - self.from) as f64
    }

    /// Whole days, or hours of a short range, at most about 14 of them, each with its words.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let long = self.to - self.from;
        if long <= 2 * DAY_US {
            let step = if long <= DAY_US / 2 { HOUR_US } else { 3 * HOUR_US };
            return self.every(step, |at| {
                let hour = at.rem_euclid(DAY_US) / HOUR_US;
                if hour == 0 {
                    Day::of(at).to_string().chars().skip(5).collect()
                } else {
                    format!("{hour:02}:00")
                }
            });
        }
        let days = long / DAY_US;
        self.every((days / 14 + 1) * DAY_US, |at| Day::of(at).to_string().chars().skip(5).collect())
    }

    fn every(&self, step: Micros, word: impl Fn(Micros) -> String) -> Vec<(f64, String)> {
        let first = self.from.div_euclid(step) * step;
        let mut ticks = Vec::new();
        let mut at = if first < self.from { first + step } else { first };
        while at < self.to && ticks.len() < 40 {
            ticks.push((self.x(at), word(at)));
            at += step;
        }
        ticks
    }
}

/// A length of time: `45 s`, `12 min`, `3.5 h`, `2 d`.
pub(super) fn seconds(value: f64) -> String {
    let (value, unit) = match value {
        v if v < 120.0 => (v, "s"),
        v if v < 7_200.0 => (v / 60.0, "min"),
        v if v < 172_800.0 => (v / 3_600.0, "h"),
        v => (v / 86_400.0, "d"),
    };
    let text = format!("{value:.1}");
    format!("{} {unit}", text.strip_suffix(".0").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_few_and_on_whole_days() {
        for days in [1, 2, 3, 7, 30, 90, 400] {
            let ticks = Span::new(HOUR_US, HOUR_US + days * DAY_US, 0.0, 100.0).ticks();
            assert!((1..=16).contains(&ticks.len()), "{days} days: {}", ticks.len());
        }
        let ticks = Span::new(0, 3 * DAY_US, 0.0, 300.0).ticks();
        assert_eq!(ticks[1], (100.0, "01-02".to_owned()));
    }

    #[test]
    fn extreme_times_stay_on_the_paper() {
        let span = Span::new(Micros::MIN, Micros::MAX, 0.0, 10.0);
        assert!(span.x(0).is_finite() && span.ticks().len() <= 40);
        let empty = Span::new(5, 5, 0.0, 10.0);
        assert_eq!((empty.x(4), empty.x(Micros::MAX)), (0.0, 10.0));
    }

    #[test]
    fn lengths_of_time_are_words() {
        let all = [1.0, 90.5, 900.0, 12_600.0, 345_600.0].map(seconds);
        assert_eq!(all, ["1 s", "90.5 s", "15 min", "3.5 h", "4 d"]);
    }
}
