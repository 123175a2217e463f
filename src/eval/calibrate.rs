//! Fits what confidence is worth: isotonic regression of "its first line is right" on the engine's confidence.

use std::collections::BTreeMap;

use serde::Serialize;

use super::record::{Guess, Record};
use super::statistics::Rate;
use crate::complete::{Calibration, Knot, Suggestion, Thresholds, source_word};

/// Suggestions of one writer that are needed for a curve of its own.
const LEAST_SAMPLES: usize = 50;
/// Suggestions that are taken together before fitting, so that no single one makes a step.
const TOGETHER: usize = 10;
/// Shown suggestions that are needed to say of a threshold how many are right.
const LEAST_SHOWN: usize = 10;
/// How many of what is shown should be right, for each eagerness.
const TARGETS: [(&str, f64); 3] = [("low", 0.7), ("medium", 0.5), ("high", 0.3)];

/// What was fitted, and what it would have done to the records.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fit {
    #[serde(skip)]
    pub calibration: Calibration,
    pub suggestions: usize,
    /// Mean distance of confidence from what came true: as it was, and by curves that were fitted without the half of the
    /// records that they are tried on.
    pub error_before: f64,
    pub error_after: f64,
    pub thresholds: Vec<Threshold>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Threshold {
    pub eagerness: &'static str,
    pub probability: f32,
    /// The precision that was aimed at. Where no threshold reaches it, the one with the highest precision is taken.
    pub target: f64,
    pub precision: Rate,
    /// Of all right suggestions: those that are shown.
    pub recall: Rate,
}

/// Fits to the suggestions of these records. None where there are too few to say anything.
pub fn fit(records: &[&Record], measured_on: &str) -> Option<Fit> {
    let guesses: Vec<&Guess> = records.iter().filter_map(|record| record.guess.as_ref()).collect();
    let curves = curves(&guesses);
    if curves.is_empty() {
        return None;
    }
    let half = |odd: bool| {
        let own = records.iter().filter(move |record| (record.hole % 2 == 1) == odd);
        own.filter_map(|record| record.guess.as_ref()).collect::<Vec<_>>()
    };
    let (even, odd) = (half(false), half(true));
    let crossed = [(&even, &odd), (&odd, &even)].into_iter().flat_map(|(fitted, tried)| {
        let calibration = with(curves_of_half(fitted));
        tried.iter().map(move |guess| (probability(&calibration, guess), guess.first_line)).collect::<Vec<_>>()
    });
    let error_after = error(crossed.collect());
    let error_before = error(guesses.iter().map(|guess| (guess.confidence, guess.first_line)).collect());

    let whole = with(curves);
    let mut judged: Vec<(f32, bool)> =
        guesses.iter().map(|guess| (probability(&whole, guess), guess.first_line)).collect();
    judged.sort_by(|one, other| other.0.total_cmp(&one.0));
    let thresholds = TARGETS.map(|(eagerness, target)| threshold(eagerness, target, &judged));
    let [low, medium, high] = thresholds.each_ref().map(|threshold| threshold.probability);
    let calibration = Calibration::new(measured_on.to_owned(), whole.curves, Thresholds { low, medium, high });
    let (suggestions, thresholds) = (guesses.len(), thresholds.to_vec());
    Some(Fit { calibration, suggestions, error_before, error_after, thresholds })
}

fn curves(guesses: &[&Guess]) -> BTreeMap<String, Vec<Knot>> {
    curves_from(guesses, LEAST_SAMPLES)
}

fn curves_of_half(guesses: &[&Guess]) -> BTreeMap<String, Vec<Knot>> {
    curves_from(guesses, LEAST_SAMPLES / 2)
}

fn curves_from(guesses: &[&Guess], least: usize) -> BTreeMap<String, Vec<Knot>> {
    let mut by_source: BTreeMap<&str, Vec<(f32, bool)>> = BTreeMap::new();
    for guess in guesses {
        by_source.entry(source_word(guess.source)).or_default().push((guess.confidence, guess.first_line));
    }
    by_source.retain(|_, samples| samples.len() >= least);
    by_source.into_iter().map(|(source, samples)| (source.to_owned(), isotonic(samples))).collect()
}

/// Suggestions with nearly the same worth.
#[derive(Clone, Copy, Debug)]
struct Block {
    confidence: f64,
    right: f64,
    count: f64,
}

impl Block {
    /// One right and one wrong are added: of ten that were all right the eleventh may be wrong.
    fn probability(&self) -> f64 {
        (self.right + 1.0) / (self.count + 2.0)
    }
}

/// Rising steps that come nearest to the samples (pool adjacent violators), as a knot for each step.
fn isotonic(mut samples: Vec<(f32, bool)>) -> Vec<Knot> {
    samples.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut blocks: Vec<Block> = Vec::new();
    // The last chunk may be short; it is pooled with the one before.
    let whole = (samples.len() / TOGETHER).max(1);
    for chunk in 0..whole {
        let end = if chunk + 1 == whole { samples.len() } else { (chunk + 1) * TOGETHER };
        let own = &samples[chunk * TOGETHER..end];
        let count = own.len() as f64;
        let confidence = own.iter().map(|sample| f64::from(sample.0)).sum::<f64>() / count;
        let right = own.iter().filter(|sample| sample.1).count() as f64;
        blocks.push(Block { confidence, right, count });
        while let [.., before, last] = blocks.as_slice()
            && (before.probability() >= last.probability() || before.confidence >= last.confidence)
        {
            let count = before.count + last.count;
            let confidence = (before.confidence * before.count + last.confidence * last.count) / count;
            let pooled = Block { confidence, right: before.right + last.right, count };
            blocks.truncate(blocks.len() - 2);
            blocks.push(pooled);
        }
    }
    let knot = |block: &Block| Knot { confidence: block.confidence as f32, probability: block.probability() as f32 };
    let mut knots: Vec<Knot> = blocks.iter().map(knot).collect();
    knots.dedup_by(|next, before| next.confidence <= before.confidence);
    knots
}

fn with(curves: BTreeMap<String, Vec<Knot>>) -> Calibration {
    let mut calibration = Calibration::default();
    calibration.curves = curves;
    calibration
}

fn probability(calibration: &Calibration, guess: &Guess) -> f32 {
    let (text, source, confidence) = (String::new(), guess.source, guess.confidence);
    calibration.confidence(&Suggestion { text, source, log_probability: None, confidence })
}

/// The lowest threshold from which on enough is right. `judged` by falling probability.
fn threshold(eagerness: &'static str, target: f64, judged: &[(f32, bool)]) -> Threshold {
    let all_right = judged.iter().filter(|sample| sample.1).count();
    let mut right = 0;
    let mut steps: Vec<(f32, usize, usize)> = Vec::new();
    for (at, sample) in judged.iter().enumerate() {
        right += usize::from(sample.1);
        let is_step = judged.get(at + 1).is_none_or(|next| next.0 < sample.0);
        if is_step && (at + 1 >= LEAST_SHOWN || at + 1 == judged.len()) {
            steps.push((sample.0, right, at + 1));
        }
    }
    let precision = |step: &(f32, usize, usize)| step.1 as f64 / step.2 as f64;
    let reaching = steps.iter().rev().find(|step| precision(step) >= target);
    let best =
        || steps.iter().max_by(|one, other| precision(one).total_cmp(&precision(other)).then(one.2.cmp(&other.2)));
    let (probability, right, shown) = reaching.or_else(best).copied().unwrap_or((1.0, 0, 0));
    let (precision, recall) = (Rate::new(right, shown), Rate::new(right, all_right));
    Threshold { eagerness, probability, target, precision, recall }
}

/// Mean distance in ten steps of confidence, weighed by their sizes.
fn error(judged: Vec<(f32, bool)>) -> f64 {
    use super::gate::{Gate, Sample};

    let sample = |(confidence, is_right): (f32, bool)| Sample { confidence: f64::from(confidence), is_right };
    Gate::of(judged.into_iter().map(sample).collect()).calibration_error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complete::Source;
    use crate::eval::random::Random;
    use crate::eval::testing::record;

    /// Records with suggestions of these confidences.
    fn records(guesses: &[(Source, f32, bool)]) -> Vec<Record> {
        let made = |(hole, &(source, confidence, is_right)): (usize, &(Source, f32, bool))| {
            let mut record = record(0, hole);
            let guess = record.guess.as_mut().unwrap();
            (guess.source, guess.confidence, guess.first_line) = (source, confidence, is_right);
            record
        };
        guesses.iter().enumerate().map(made).collect()
    }

    /// An engine that is right half as often as it says.
    fn boaster(count: usize) -> Vec<(Source, f32, bool)> {
        let mut random = Random::new(1);
        let mut share = || random.below(1_000) as f32 / 1_000.0;
        let mut one = || {
            let confidence = share();
            (Source::Model, confidence, 2.0 * share() < confidence)
        };
        (0..count).map(|_| one()).collect()
    }

    fn fitted(records: &[Record]) -> Option<Fit> {
        fit(&records.iter().collect::<Vec<_>>(), "here")
    }

    #[test]
    fn steps_rise_and_violators_are_pooled() {
        // 20 of confidence 0.1 of which 10 are right, 10 of 0.5 of which none, 10 of 0.9 of which all.
        let mut samples: Vec<(f32, bool)> = (0..20).map(|number| (0.1, number % 2 == 0)).collect();
        samples.extend((0..10).map(|_| (0.5, false)));
        samples.extend((0..10).map(|_| (0.9, true)));
        let knots = isotonic(samples);
        let [first, last] = knots.as_slice() else { panic!("{knots:?}") };
        assert!((first.confidence - 7.0 / 30.0).abs() < 1e-6, "{knots:?}");
        assert!((first.probability - 11.0 / 32.0).abs() < 1e-6 && (last.probability - 11.0 / 12.0).abs() < 1e-6);
        assert_eq!(isotonic(vec![(0.5, true)]).len(), 1);
    }

    #[test]
    fn a_boaster_is_believed_half() {
        let fit = fitted(&records(&boaster(1_000))).unwrap();
        let worth = |confidence| probability(&fit.calibration, &Guess { confidence, ..guess() });
        for confidence in [0.3, 0.6, 0.9] {
            assert!((worth(confidence) - confidence / 2.0).abs() < 0.12, "{confidence}: {}", worth(confidence));
        }
        assert!(fit.error_before > 0.2 && fit.error_after < 0.1, "{} {}", fit.error_before, fit.error_after);
        assert_eq!(fit.suggestions, 1_000);
        let [low, medium, high] = fit.thresholds.as_slice() else { panic!("{fit:?}") };
        assert!(low.probability >= medium.probability && medium.probability > high.probability, "{:?}", fit.thresholds);
        assert!(high.precision.share >= 0.3 && high.recall.share > 0.7, "{high:?}");
        assert!(
            low.precision.share < 0.7 && low.precision.of >= LEAST_SHOWN,
            "out of reach, so the best there is: {low:?}"
        );
    }

    fn guess() -> Guess {
        let mut guess = record(0, 0).guess.unwrap();
        guess.source = Source::Model;
        guess
    }

    #[test]
    fn each_writer_has_a_curve_of_its_own() {
        let mut all = boaster(200);
        all.extend((0..60).map(|number| (Source::Lookup, 0.5, number % 4 > 0)));
        all.extend((0..10).map(|_| (Source::Both, 0.5, true)));
        let fit = fitted(&records(&all)).unwrap();
        let sources: Vec<&String> = fit.calibration.curves.keys().collect();
        assert_eq!(sources, ["lookup", "model"], "of ten suggestions nothing is said");
        let lookup = probability(&fit.calibration, &Guess { source: Source::Lookup, confidence: 0.5, ..guess() });
        assert!((lookup - 46.0 / 62.0).abs() < 1e-6, "{lookup}");
    }

    #[test]
    fn of_few_suggestions_nothing_is_fitted() {
        assert_eq!(fitted(&records(&boaster(49))), None);
        assert_eq!(fitted(&[]), None);
    }
}
