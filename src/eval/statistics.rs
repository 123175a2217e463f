//! Shares and means with the range that they would have in other samples of the same size.

use serde::Serialize;

use super::random::Random;

/// Standard deviations on either side that hold 95 % of a normal distribution.
const Z: f64 = 1.959_964;
/// Samples drawn for an interval. 1,000 give its ends to about a tenth of its width.
const SAMPLES: usize = 1_000;
/// The intervals of equal records are equal.
const SEED: u64 = 95;

/// `hits` of `of`, as a share with its 95 % interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Rate {
    pub hits: usize,
    pub of: usize,
    /// 0 to 1; 0 where `of` is 0.
    pub share: f64,
    pub low: f64,
    pub high: f64,
}

impl Rate {
    /// Wilson's score interval: right for few trials and for shares near 0 and 1, where the usual one is not.
    pub fn new(hits: usize, of: usize) -> Self {
        if of == 0 {
            return Self { hits, of, share: 0.0, low: 0.0, high: 1.0 };
        }
        let (n, share) = (of as f64, hits as f64 / of as f64);
        let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        let (middle, scale) = (share + Z * Z / (2.0 * n), 1.0 + Z * Z / n);
        let (low, high) = ((middle - spread) / scale, (middle + spread) / scale);
        // Both ends are exact at the borders; the arithmetic is not.
        let (low, high) = (if hits == 0 { 0.0 } else { low }, if hits == of { 1.0 } else { high });
        Self { hits, of, share, low, high }
    }

    pub fn count(all: impl Iterator<Item = bool>) -> Self {
        let (hits, of) = all.fold((0, 0), |(hits, of), hit| (hits + usize::from(hit), of + 1));
        Self::new(hits, of)
    }
}

/// A mean with its 95 % interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Mean {
    pub of: usize,
    pub mean: f64,
    pub low: f64,
    pub high: f64,
}

impl Mean {
    /// By the bootstrap's percentiles. Of the differences of two variants at the same holes it is the paired bootstrap.
    pub fn new(values: &[f64]) -> Self {
        let of = values.len();
        if of == 0 {
            return Self::default();
        }
        let mean_of = |sum: f64| sum / of as f64;
        let mut random = Random::new(SEED);
        let mut means: Vec<f64> =
            (0..SAMPLES).map(|_| mean_of((0..of).map(|_| values[random.below(of as u64) as usize]).sum())).collect();
        means.sort_by(f64::total_cmp);
        Self { of, mean: mean_of(values.iter().sum()), low: percentile(&means, 2.5), high: percentile(&means, 97.5) }
    }

    /// Whether no difference is among what the interval holds.
    pub fn holds_zero(&self) -> bool {
        self.low <= 0.0 && self.high >= 0.0
    }
}

/// Of sorted values, between two of them in proportion. 0 where there are none.
pub fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let at = percent.clamp(0.0, 100.0) / 100.0 * last as f64;
    let (below, above) = (at.floor() as usize, at.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * (at - at.floor())
}

/// What is usual and what is rarely exceeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    pub of: usize,
    pub p50: f64,
    pub p95: f64,
}

impl Spread {
    pub fn new(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self { of: values.len(), p50: percentile(&values, 50.0), p95: percentile(&values, 95.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(one: f64, other: f64) -> bool {
        (one - other).abs() < 5e-4
    }

    #[test]
    fn rates_have_wilsons_interval() {
        // 8 of 10: (0.8 + 0.19207 ± 1.95996 · √(0.016 + 0.0096037)) / 1.38415, by hand.
        let rate = Rate::new(8, 10);
        assert!(close(rate.share, 0.8) && close(rate.low, 0.4902) && close(rate.high, 0.9433), "{rate:?}");
        // None of ten does not mean never: the upper end is z² / (n + z²).
        let rate = Rate::new(0, 10);
        assert!(rate.low == 0.0 && close(rate.high, 0.2775), "{rate:?}");
        let rate = Rate::new(10, 10);
        assert!(rate.high == 1.0 && close(rate.low, 0.7225), "{rate:?}");
        assert_eq!(Rate::new(0, 0), Rate { hits: 0, of: 0, share: 0.0, low: 0.0, high: 1.0 });
        assert_eq!(Rate::count([true, false, true].into_iter()), Rate::new(2, 3));
    }

    #[test]
    fn means_have_an_interval_around_them() {
        let values: Vec<f64> = (0..100).map(|number| f64::from(number % 2)).collect();
        let mean = Mean::new(&values);
        // The normal approximation: 0.5 ± 1.96 · 0.05.
        assert!(mean.mean == 0.5 && (mean.low - 0.402).abs() < 0.02 && (mean.high - 0.598).abs() < 0.02, "{mean:?}");
        assert_eq!(mean, Mean::new(&values), "the same numbers have the same interval");
        let same = Mean::new(&[0.25; 8]);
        assert_eq!((same.mean, same.low, same.high), (0.25, 0.25, 0.25));
        assert_eq!(Mean::new(&[]), Mean::default());
    }

    #[test]
    fn a_difference_that_is_always_there_is_none_of_chance() {
        assert!(!Mean::new(&[0.1, 0.2, 0.1, 0.3, 0.1]).holds_zero());
        assert!(Mean::new(&[0.1, -0.1, 0.2, -0.2, 0.0]).holds_zero());
        assert!(Mean::new(&[0.0; 20]).holds_zero());
    }

    #[test]
    fn percentiles_lie_between_values() {
        let values = [1.0, 2.0, 3.0, 5.0];
        assert_eq!([0.0, 50.0, 100.0].map(|percent| percentile(&values, percent)), [1.0, 2.5, 5.0]);
        assert_eq!((percentile(&[], 50.0), percentile(&[7.0], 95.0)), (0.0, 7.0));
        assert_eq!(Spread::new(vec![3.0, 1.0, 2.0]), Spread { of: 3, p50: 2.0, p95: 2.9 });
    }
}
