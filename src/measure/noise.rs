//! Repeated measurements: what is usual, how far a single one lies from it, and when a difference is more than that.

use serde::{Deserialize, Serialize};

use crate::eval::percentile;

/// Rounds below which nothing is concluded: a spread of two values says nothing.
pub const FEWEST_ROUNDS: usize = 3;
/// A smaller difference is not worth a setting, whatever the noise.
pub const LEAST_GAIN: f64 = 0.05;
/// Median absolute deviations to a standard deviation of a normal distribution.
const TO_DEVIATION: f64 = 1.4826;

/// The median of some rounds and how far single rounds lie from it. Medians, because a machine's hiccups go one way only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    pub of: usize,
    pub median: f64,
    /// Half the width that holds about 95 of 100 rounds: two standard deviations, taken from the median absolute deviation.
    pub spread: f64,
}

impl Series {
    pub fn new(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let median = percentile(&values, 50.0);
        let mut distances: Vec<f64> = values.iter().map(|value| (value - median).abs()).collect();
        distances.sort_by(f64::total_cmp);
        Self { of: values.len(), median, spread: 2.0 * TO_DEVIATION * percentile(&distances, 50.0) }
    }

    /// Of ratios of two times taken side by side: the share of time saved, negative where more is needed.
    pub fn gain(&self) -> f64 {
        if self.of == 0 { 0.0 } else { 1.0 - self.median }
    }

    /// Of such ratios: whether what is saved or lost is more than the noise, and worth a thought.
    pub fn is_clear(&self) -> bool {
        self.of >= FEWEST_ROUNDS && self.gain().abs() > self.spread && self.gain().abs() >= LEAST_GAIN
    }

    pub fn is_better(&self) -> bool {
        self.is_clear() && self.gain() > 0.0
    }

    pub fn is_worse(&self) -> bool {
        self.is_clear() && self.gain() < 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_hiccup_moves_neither_median_nor_spread_far() {
        let calm = Series::new([10.0, 11.0, 9.0, 10.0, 10.5]);
        let hiccup = Series::new([10.0, 11.0, 9.0, 10.0, 900.0]);
        assert_eq!((calm.of, calm.median), (5, 10.0));
        assert_eq!(hiccup.median, 10.0);
        assert!(hiccup.spread < 4.0, "{hiccup:?}");
        assert_eq!(Series::new([]), Series::default());
        assert_eq!(Series::new([f64::NAN, f64::INFINITY, 2.0]).of, 1, "what was divided by nothing is no measurement");
    }

    #[test]
    fn a_gain_counts_when_it_is_beyond_the_noise() {
        let ratios = |values: &[f64]| Series::new(values.iter().copied());
        assert!(ratios(&[0.5, 0.52, 0.49, 0.51]).is_better());
        assert!(ratios(&[1.5, 1.6, 1.55]).is_worse());
        // A tenth faster on average, but single rounds swing by more than that.
        let noisy = ratios(&[0.9, 0.6, 1.2, 0.8, 1.05]);
        assert!(noisy.gain() > 0.09 && !noisy.is_better() && !noisy.is_worse(), "{noisy:?}");
        assert!(!ratios(&[0.97, 0.97, 0.97]).is_clear(), "too small to matter");
        assert!(!ratios(&[0.5, 0.5]).is_clear(), "too few rounds");
        assert!(!Series::default().is_clear());
    }
}
