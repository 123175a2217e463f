//! What suggestions turned out to be worth on the user's own code, and from where on to show.
//!
//! `tandem eval --calibrate` measures it, one file a model. Without one, what comes with the program counts for lookup and for
//! the starter model, and the confidence of any other model is taken at its word.

mod built_in;
mod file;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::choose;
use super::gate::{Contribution, Feature, GateAccount, Logistic, Scene, Verdict};
use super::{Source, Suggestion, Trigger};
use crate::config::{Eagerness, Level};

pub use file::model_digest;

/// Counts the formats of the file. 1 had curves of the confidence alone.
const FORMAT: u32 = 2;

/// Least probability to show a suggestion, for each eagerness.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    pub low: f32,
    pub medium: f32,
    pub high: f32,
}

/// What was measured. The default changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Calibration {
    format: u32,
    /// For people: what it was measured on.
    pub measured_on: String,
    /// By who wrote a suggestion: `lookup`, `model`, `both`. Where one is missing, the confidence counts as it is.
    #[serde(default)]
    pub weights: BTreeMap<String, Logistic>,
    pub thresholds: Option<Thresholds>,
}

impl Calibration {
    /// With the usual thresholds.
    pub fn new(measured_on: String, weights: BTreeMap<String, Logistic>) -> Self {
        Self { format: FORMAT, measured_on, weights, thresholds: None }
    }

    pub fn with_thresholds(self, thresholds: Thresholds) -> Self {
        Self { thresholds: Some(thresholds), ..self }
    }

    /// Least probability to show a suggestion.
    pub(super) fn threshold(&self, trigger: Trigger, eagerness: Eagerness) -> f32 {
        match trigger {
            Trigger::Invoked => 0.0,
            Trigger::Automatic => eagerness.threshold(|level| match (self.thresholds, level) {
                (None, level) => choose::threshold(level),
                (Some(thresholds), Level::Low) => thresholds.low,
                (Some(thresholds), Level::Medium) => thresholds.medium,
                (Some(thresholds), Level::High) => thresholds.high,
            }),
        }
    }

    /// How probable it is that the first line of a suggestion is right. Its confidence is that of its engine, and what else is
    /// known of it was described.
    pub fn confidence(&self, suggestion: &Suggestion) -> f32 {
        let weights = self.weights.get(word(suggestion.source));
        weights.map_or(suggestion.confidence, |weights| weights.probability(&suggestion.features))
    }

    /// Puts probabilities in place of the confidences of described suggestions, and orders them, the likeliest first. Tells
    /// what that went by.
    pub(super) fn judge(&self, suggestions: &mut [Suggestion], threshold: f32) -> GateAccount {
        let mut verdicts: Vec<Verdict> = suggestions.iter().map(|suggestion| self.verdict(suggestion)).collect();
        for (suggestion, verdict) in suggestions.iter_mut().zip(&verdicts) {
            suggestion.confidence = verdict.probability;
        }
        suggestions.sort_by(|one, other| other.confidence.total_cmp(&one.confidence));
        verdicts.sort_by(|one, other| other.probability.total_cmp(&one.probability));
        GateAccount { threshold, measured_on: self.measured_on.clone(), verdicts }
    }

    fn verdict(&self, suggestion: &Suggestion) -> Verdict {
        let weights = self.weights.get(word(suggestion.source));
        let mut told = weights.map(|weights| weights.contributions(&suggestion.features)).unwrap_or_default();
        told.sort_by(|(.., one), (.., other)| other.abs().total_cmp(&one.abs()));
        let contribution = |(feature, value, log_odds): (Feature, f32, f32)| {
            let feature = feature.word().to_owned();
            Contribution { feature, value, log_odds }
        };
        Verdict {
            text: suggestion.text.clone(),
            source: suggestion.source,
            confidence: suggestion.confidence,
            probability: self.confidence(suggestion),
            base: weights.map(|weights| weights.base),
            contributions: told.into_iter().map(contribution).collect(),
        }
    }

    /// Whether what lookup wrote would be shown if nothing else came.
    pub(super) fn is_enough(&self, scene: &Scene, from_lookup: Option<&Suggestion>, threshold: f32) -> bool {
        from_lookup.is_some_and(|suggestion| {
            let mut alone = [suggestion.clone()];
            scene.describe(&mut alone);
            self.confidence(&alone[0]) >= threshold
        })
    }

    fn is_sound(&self) -> bool {
        let is_share = |share: f32| (0.0..=1.0).contains(&share);
        let thresholds = self.thresholds.is_none_or(|all| [all.low, all.medium, all.high].into_iter().all(is_share));
        thresholds && self.weights.values().all(Logistic::is_sound)
    }
}

/// Who wrote a suggestion, as the name of its weights.
pub fn word(source: Source) -> &'static str {
    match source {
        Source::Lookup => "lookup",
        Source::Model => "model",
        Source::Both => "both",
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::complete::gate::Weight;

    fn suggestion(source: Source, confidence: f32) -> Suggestion {
        Suggestion::new("x".to_owned(), source, confidence)
    }

    pub(super) fn measured() -> Calibration {
        let weights = [("confidence".to_owned(), Weight { mean: 0.5, weight: 0.5 })];
        let of_model = Logistic { base: -1.0, weights: weights.into() };
        let thresholds = Thresholds { low: 0.7, medium: 0.5, high: 0.3 };
        Calibration::new("here".to_owned(), [("model".to_owned(), of_model)].into()).with_thresholds(thresholds)
    }

    #[test]
    fn another_worth_is_another_order() {
        let mut both = [suggestion(Source::Model, 0.6), suggestion(Source::Lookup, 0.55)];
        let account = measured().judge(&mut both, 0.25);
        let (first, second) = (&both[0], &both[1]);
        assert_eq!((first.source, first.confidence), (Source::Lookup, 0.55), "of lookup nothing was measured");
        assert!(second.source == Source::Model && second.confidence < 0.3, "{second:?}");
        let told: Vec<f32> = account.verdicts.iter().map(|verdict| verdict.confidence).collect();
        assert_eq!((told, account.threshold), (vec![0.55, 0.6], 0.25));
    }

    #[test]
    fn weights_make_probabilities_and_tell_what_they_went_by() {
        let weights = [("entropy", -1.0), ("rival", 3.0), ("comment", 9.0)];
        let weights = weights.map(|(word, weight)| (word.to_owned(), Weight { mean: 1.0, weight }));
        let of_model = Logistic { base: 0.0, weights: weights.into() };
        let calibration = Calibration::new("here".to_owned(), [("model".to_owned(), of_model)].into());
        let mut sure = suggestion(Source::Model, 0.1);
        sure.features.set(Feature::Entropy, 0.0);
        sure.features.set(Feature::Rival, 0.5);
        let mut all = [suggestion(Source::Lookup, 0.3), sure];
        let account = calibration.judge(&mut all, 0.5);
        let [first, second] = account.verdicts.as_slice() else { panic!("{account:?}") };
        assert_eq!((second.source, second.probability, second.base), (Source::Lookup, 0.3, None));
        assert!((first.probability - 1.0 / (1.0 + 0.5f32.exp())).abs() < 1e-6, "{first:?}");
        let told: Vec<_> = first.contributions.iter().map(|one| (one.feature.as_str(), one.log_odds)).collect();
        assert_eq!(
            told,
            [("rival", -1.5), ("entropy", 1.0)],
            "the most telling first, and nothing of what is not known"
        );
    }

    #[test]
    fn thresholds_are_those_measured_unless_the_user_asks_by_key() {
        let eager = [Level::Low, Level::Medium, Level::High].map(Eagerness::Level);
        assert_eq!(eager.map(|eagerness| measured().threshold(Trigger::Automatic, eagerness)), [0.7, 0.5, 0.3]);
        assert_eq!(eager.map(|eagerness| measured().threshold(Trigger::Invoked, eagerness)), [0.0; 3]);
        let usual = Calibration::default();
        assert_eq!(eager.map(|eagerness| usual.threshold(Trigger::Automatic, eagerness)), [0.5, 0.25, 0.1]);
        let of = |calibration: &Calibration, eagerness| calibration.threshold(Trigger::Automatic, eagerness);
        assert_eq!(of(&measured(), Eagerness::Number(60)), 0.4, "a number means the same everywhere");
        assert_eq!(
            of(&measured(), Eagerness::Strictest(Level::Medium, 60)),
            0.5,
            "what was measured is the stricter one"
        );
        assert_eq!(of(&usual, Eagerness::Strictest(Level::Medium, 60)), 0.4);
    }
}
