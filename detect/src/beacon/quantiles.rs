//! Where do given shares of a weighted sample lie?

/// Values at rising shares of the total weight. Items (value, weight) must come in rising order of value; a value stands
/// in the middle of its weight, and between values it is interpolated. Without items all are 0.
pub(super) fn quantiles<const N: usize>(
    items: impl Iterator<Item = (f64, f64)>,
    total: f64,
    shares: [f64; N],
) -> [f64; N] {
    let mut out = [0.0; N];
    let (mut next, mut sum) = (0, 0.0);
    let mut before: Option<(f64, f64)> = None;
    for (value, weight) in items {
        let middle = sum + 0.5 * weight;
        while next < N && shares[next] * total <= middle {
            out[next] = match before {
                Some((at, low)) if middle > at => {
                    low + (value - low) * (shares[next] * total - at) / (middle - at)
                }
                _ => value,
            };
            next += 1;
        }
        before = Some((middle, value));
        if next == N {
            return out;
        }
        sum += weight;
    }
    let last = before.map_or(0.0, |(_, value)| value);
    out[next..].fill(last);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_plain_and_weighted_samples() {
        let plain = (1..=4).map(|v| (f64::from(v), 1.0));
        assert_eq!(quantiles(plain, 4.0, [0.0, 0.125, 0.25, 0.5, 1.0]), [1.0, 1.0, 1.5, 2.5, 4.0]);
        let heavy = [(1.0, 1.0), (10.0, 9.0)].into_iter();
        assert_eq!(quantiles(heavy, 10.0, [0.05, 0.55, 0.9]), [1.0, 10.0, 10.0]);
        assert_eq!(quantiles([].into_iter(), 0.0, [0.5]), [0.0]);
    }
}
