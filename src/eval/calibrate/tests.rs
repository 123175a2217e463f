//! Weights fitted to made-up suggestions.

use super::*;
use crate::complete::Source;
use crate::complete::gate::{Feature, log_odds};
use crate::eval::random::Random;
use crate::eval::testing::record;

/// Suggestions of one position: who wrote them, how sure they are, whether they are right.
type Made = Vec<(Source, f32, bool)>;

fn records(positions: &[Made]) -> Vec<Record> {
    let candidate = |&(source, confidence, is_right): &(Source, f32, bool)| {
        let mut candidate = record(0, 0).candidates.remove(0);
        candidate.features.set(Feature::Confidence, log_odds(confidence));
        (candidate.source, candidate.first_line, candidate.exact) = (source, is_right, is_right);
        candidate
    };
    let made = |(hole, position): (usize, &Made)| {
        let candidates = position.iter().map(candidate).collect();
        Record { candidates, ..record(0, hole) }
    };
    positions.iter().enumerate().map(made).collect()
}

/// An engine that is right half as often as it says.
fn boaster(count: usize) -> Vec<Made> {
    let mut random = Random::new(1);
    let mut share = || random.below(1_000) as f32 / 1_000.0;
    let mut one = || {
        let confidence = share();
        vec![(Source::Model, confidence, 2.0 * share() < confidence)]
    };
    (0..count).map(|_| one()).collect()
}

fn fitted(records: &[Record]) -> Option<Fit> {
    fit(&records.iter().collect::<Vec<_>>(), "here", &Calibration::default())
}

fn worth(fit: &Fit, source: Source, confidence: f32) -> f32 {
    let record = &records(&[vec![(source, confidence, true)]])[0];
    best(record, &fit.calibration).unwrap().probability
}

#[test]
fn a_boaster_is_believed_less() {
    let fit = fitted(&records(&boaster(2_000))).unwrap();
    for confidence in [0.3, 0.6, 0.8] {
        let worth = worth(&fit, Source::Model, confidence);
        assert!((worth - confidence / 2.0).abs() < 0.1, "{confidence}: {worth}");
    }
    let (before, after) = (&fit.before, &fit.after);
    assert!(before.calibration_error > 0.2 && after.calibration_error < 0.08, "{fit:#?}");
    assert!(after.brier < before.brier && after.log_loss < before.log_loss, "{fit:#?}");
    assert_eq!((fit.suggestions, after.first_line.of), (2_000, 2_000));
    let [low, medium, high] = fit.thresholds.as_slice() else { panic!("{fit:?}") };
    assert!(low.probability >= medium.probability && medium.probability > high.probability, "{:?}", fit.thresholds);
    assert!(high.precision.share >= 0.3 && high.recall.share > 0.7, "{high:?}");
    assert!(
        low.precision.share < 0.7 && low.precision.of >= LEAST_SHOWN,
        "out of reach, so the best there is: {low:?}"
    );
}

#[test]
fn the_text_of_the_likelier_writer_is_taken() {
    // Lookup says little and is right, the model says much and is wrong.
    let mut random = Random::new(5);
    let mut position = || {
        let is_right = random.below(10) < 8;
        vec![(Source::Model, 0.7, random.below(10) < 1), (Source::Lookup, 0.5, is_right)]
    };
    let records = records(&(0..300).map(|_| position()).collect::<Vec<_>>());
    let fit = fitted(&records).unwrap();
    assert!(fit.before.exact.share < 0.2 && fit.after.exact.share > 0.7, "{fit:#?}");
}

#[test]
fn each_writer_has_weights_of_its_own_and_few_suggestions_make_none() {
    let mut all = boaster(200);
    all.extend((0..60).map(|number| vec![(Source::Lookup, 0.5, number % 4 > 0)]));
    all.extend((0..10).map(|_| vec![(Source::Both, 0.5, true)]));
    let fit = fitted(&records(&all)).unwrap();
    let sources: Vec<&String> = fit.calibration.weights.keys().collect();
    assert_eq!(sources, ["lookup", "model"], "of ten suggestions nothing is said");
    let lookup = worth(&fit, Source::Lookup, 0.5);
    assert!((lookup - 46.0 / 62.0).abs() < 1e-3, "{lookup}");
    assert_eq!(worth(&fit, Source::Both, 0.5), 0.5, "as it says itself");
}

#[test]
fn of_whom_too_little_is_seen_what_was_known_stays() {
    let known = [("both".to_owned(), Logistic { base: 2.0, ..Logistic::default() })];
    let known = Calibration::new(String::new(), known.into());
    let records = records(&boaster(200));
    let fit = fit(&records.iter().collect::<Vec<_>>(), "here", &known).unwrap();
    assert_eq!(fit.calibration.weights["both"], known.weights["both"]);
    assert!(fit.calibration.weights.contains_key("model"));
    assert_eq!(fit.calibration.measured_on, "here");
}

#[test]
fn of_few_suggestions_or_of_one_kind_alone_nothing_is_fitted() {
    assert_eq!(fitted(&records(&boaster(49))), None);
    assert_eq!(fitted(&[]), None);
    let wrong = |right: usize| {
        let one = |number: usize| vec![(Source::Model, 0.5, number < right)];
        fitted(&records(&(0..100).map(one).collect::<Vec<_>>()))
    };
    assert_eq!(wrong(LEAST_OF_EACH - 1), None, "of four right ones every weight would be a guess");
    assert!(wrong(LEAST_OF_EACH).is_some());
}
