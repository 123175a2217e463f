//! A weight for each feature: from what is known of a suggestion to the log-odds that its first line is right.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::features::{Feature, Features};

/// What a feature counts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weight {
    /// The feature's mean where the weight was fitted. A feature that is missing counts as usual: nothing.
    pub mean: f32,
    /// Log-odds for each unit above the mean.
    pub weight: f32,
}

/// A logistic model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Logistic {
    /// Log-odds where all features are as usual.
    pub base: f32,
    /// By the features' words. Those that are not named count nothing.
    pub weights: BTreeMap<String, Weight>,
}

impl Logistic {
    /// What each known feature adds to the log-odds, in the order of the features.
    pub fn contributions(&self, features: &Features) -> Vec<(Feature, f32, f32)> {
        let added = |(feature, value): (Feature, f32)| {
            let Weight { mean, weight } = self.weights.get(feature.word())?;
            Some((feature, value, weight * (value - mean)))
        };
        features.iter().filter_map(added).collect()
    }

    /// 0 to 1.
    pub fn probability(&self, features: &Features) -> f32 {
        let log_odds = self.base + self.contributions(features).iter().map(|(.., added)| added).sum::<f32>();
        1.0 / (1.0 + (-log_odds).exp())
    }

    pub fn is_sound(&self) -> bool {
        let is_known = |(word, weight): (&String, &Weight)| {
            Feature::named(word).is_some() && weight.mean.is_finite() && weight.weight.is_finite()
        };
        self.base.is_finite() && self.weights.iter().all(is_known)
    }
}

/// The log-odds of a probability; of 0 and 1 what is far beyond any that is told.
pub fn log_odds(probability: f32) -> f32 {
    let probability = probability.clamp(1e-6, 1.0 - 1e-6);
    (probability / (1.0 - probability)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usual_or_missing_counts_nothing() {
        let weights = [("entropy", 2.0, -1.0), ("lines", 0.0, 0.5)];
        let weights = weights.map(|(word, mean, weight)| (word.to_owned(), Weight { mean, weight }));
        let model = Logistic { base: 0.0, weights: weights.into() };
        let mut features = Features::default();
        assert_eq!(model.probability(&features), 0.5);
        features.set(Feature::Entropy, 2.0);
        features.set(Feature::Comment, 1.0);
        assert_eq!(model.probability(&features), 0.5, "as usual, and one that was not fitted");
        features.set(Feature::Entropy, 3.0);
        features.set(Feature::Lines, 1.0);
        assert_eq!(model.contributions(&features), [(Feature::Entropy, 3.0, -1.0), (Feature::Lines, 1.0, 0.5)]);
        assert!((model.probability(&features) - 1.0 / (1.0 + 0.5f32.exp())).abs() < 1e-6);
    }

    #[test]
    fn a_model_of_nonsense_is_not_sound() {
        let model = |word: &str, mean, weight| Logistic {
            base: 0.0,
            weights: [(word.to_owned(), Weight { mean, weight })].into(),
        };
        assert!(model("entropy", 0.0, 1.0).is_sound() && Logistic::default().is_sound());
        assert!(!model("moonPhase", 0.0, 1.0).is_sound());
        assert!(!model("entropy", f32::NAN, 1.0).is_sound() && !model("entropy", 0.0, f32::INFINITY).is_sound());
        assert!(!Logistic { base: f32::NAN, ..Logistic::default() }.is_sound());
    }

    #[test]
    fn log_odds_of_certainty_are_finite() {
        assert_eq!(log_odds(0.5), 0.0);
        assert!(log_odds(0.0).is_finite() && log_odds(1.0).is_finite() && log_odds(1.0) > 10.0);
    }
}
