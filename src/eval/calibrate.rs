//! Fits what suggestions are worth: a weight for each of their features, by who wrote them, and thresholds for each
//! eagerness.

use std::collections::BTreeMap;

use serde::Serialize;

use super::gate::{Gate, Sample};
use super::record::{Candidate, Record};
use super::regression::{self, Observation};
use super::statistics::Rate;
use crate::complete::gate::Logistic;
use crate::complete::{Calibration, Thresholds, source_word};

/// Suggestions of one writer that are needed for weights of its own.
const LEAST_SAMPLES: usize = 50;
/// And how many of them have to be right, and wrong: of fewer, every weight would be a guess.
const LEAST_OF_EACH: usize = 5;
/// Shown suggestions that are needed to say of a threshold how many are right.
const LEAST_SHOWN: usize = 10;
/// How many of what is shown should be right, for each eagerness.
const TARGETS: [(&str, f64); 3] = [("low", 0.7), ("medium", 0.5), ("high", 0.3)];
/// Parts of the records that are left out in turn to see what weights are worth that were not fitted to them.
const PARTS: usize = 4;

/// What was fitted, and what it would have done to the records.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fit {
    #[serde(skip)]
    pub calibration: Calibration,
    /// Suggestions that were fitted to, those that lost against others included.
    pub suggestions: usize,
    /// By the engines' confidences as they were, and by weights that were fitted without the quarter of the records that they
    /// are tried on.
    pub before: Quality,
    pub after: Quality,
    pub thresholds: Vec<Threshold>,
}

/// How good probabilities are at the best suggestion of each position.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Quality {
    /// The first line of the best suggestion is right, of the positions that have one.
    pub first_line: Rate,
    /// All of it is.
    pub exact: Rate,
    /// Mean distance of the probability from the share that is right.
    pub calibration_error: f64,
    /// Mean square of the distance from what came true: 0 is best, 0.25 is a coin.
    pub brier: f64,
    /// Mean negative logarithm of the probability of what came true, in nats.
    pub log_loss: f64,
    /// With a threshold that keeps nine of ten right suggestions: of what it shows, how many are right, and of the wrong ones,
    /// how many it hides.
    pub precision_at_90_recall: Option<f64>,
    pub wrong_hidden_at_90_recall: Option<Rate>,
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

/// Fits to the suggestions of these records. Writers of whom too little is known keep what `known` says of them. None where
/// that is all of them.
pub fn fit(records: &[&Record], measured_on: &str, known: &Calibration) -> Option<Fit> {
    let own = weights(records);
    if own.is_empty() {
        return None;
    }
    let mut crossed = Vec::new();
    for part in 0..PARTS {
        let is_tried = |record: &&&Record| record.hole % PARTS == part;
        let (tried, fitted): (Vec<&Record>, Vec<&Record>) = records.iter().partition(|record| is_tried(record));
        let without = with(known, weights(&fitted), "");
        crossed.extend(tried.iter().filter_map(|record| best(record, &without)));
    }
    let calibration = with(known, own, measured_on);
    let mut judged: Vec<Judged> = records.iter().filter_map(|record| best(record, &calibration)).collect();
    judged.sort_by(|one, other| other.probability.total_cmp(&one.probability));
    let thresholds = TARGETS.map(|(eagerness, target)| threshold(eagerness, target, &judged));
    let [low, medium, high] = thresholds.each_ref().map(|threshold| threshold.probability);
    Some(Fit {
        calibration: calibration.with_thresholds(Thresholds { low, medium, high }),
        suggestions: records.iter().map(|record| record.candidates.len()).sum(),
        before: quality(records, &Calibration::default()),
        after: Quality::of(&crossed),
        thresholds: thresholds.to_vec(),
    })
}

/// How good the probabilities of a calibration are on records.
pub fn quality(records: &[&Record], calibration: &Calibration) -> Quality {
    let judged: Vec<Judged> = records.iter().filter_map(|record| best(record, calibration)).collect();
    Quality::of(&judged)
}

/// Weights by who wrote the suggestions, as far as there are enough of them.
fn weights(records: &[&Record]) -> BTreeMap<String, Logistic> {
    let mut by_source: BTreeMap<&str, Vec<Observation>> = BTreeMap::new();
    for candidate in records.iter().flat_map(|record| &record.candidates) {
        by_source.entry(source_word(candidate.source)).or_default().push((candidate.features, candidate.first_line));
    }
    by_source.retain(|_, observations| {
        let right = observations.iter().filter(|(_, is_right)| *is_right).count();
        observations.len() >= LEAST_SAMPLES && right.min(observations.len() - right) >= LEAST_OF_EACH
    });
    by_source.into_iter().map(|(source, observations)| (source.to_owned(), regression::fit(&observations))).collect()
}

fn with(known: &Calibration, own: BTreeMap<String, Logistic>, measured_on: &str) -> Calibration {
    let mut weights = known.weights.clone();
    weights.extend(own);
    Calibration::new(measured_on.to_owned(), weights)
}

/// The suggestion that is taken at a position.
#[derive(Clone, Copy, Debug)]
struct Judged {
    probability: f32,
    first_line: bool,
    exact: bool,
}

/// What a calibration takes for the best at a position; of two that are alike, what was better before.
fn best(record: &Record, calibration: &Calibration) -> Option<Judged> {
    let judge = |candidate: &Candidate| {
        let probability = calibration.confidence(&candidate.suggestion());
        Judged { probability, first_line: candidate.first_line, exact: candidate.exact }
    };
    let judged = record.candidates.iter().map(judge);
    judged.reduce(|best, next| if next.probability > best.probability { next } else { best })
}

impl Quality {
    fn of(judged: &[Judged]) -> Self {
        let count = judged.len().max(1) as f64;
        let mean = |loss: fn(f64, bool) -> f64| {
            judged.iter().map(|one| loss(f64::from(one.probability), one.first_line)).sum::<f64>() / count
        };
        let sample = |one: &Judged| Sample { confidence: f64::from(one.probability), is_right: one.first_line };
        let gate = Gate::of(judged.iter().map(sample).collect());
        let kept = gate.curve.iter().find(|point| point.recall >= 0.9);
        Self {
            first_line: Rate::count(judged.iter().map(|one| one.first_line)),
            exact: Rate::count(judged.iter().map(|one| one.exact)),
            calibration_error: gate.calibration_error,
            brier: mean(|probability, is_right| (probability - f64::from(u8::from(is_right))).powi(2)),
            log_loss: mean(|probability, is_right| {
                // What was held for impossible and came true would outweigh all else.
                let probability = probability.clamp(1e-4, 1.0 - 1e-4);
                -if is_right { probability } else { 1.0 - probability }.ln()
            }),
            precision_at_90_recall: kept.map(|point| point.precision),
            wrong_hidden_at_90_recall: gate.wrong_hidden_at_90_recall,
        }
    }
}

/// The lowest threshold from which on enough is right. `judged` by falling probability.
fn threshold(eagerness: &'static str, target: f64, judged: &[Judged]) -> Threshold {
    let all_right = judged.iter().filter(|one| one.first_line).count();
    let mut right = 0;
    let mut steps: Vec<(f32, usize, usize)> = Vec::new();
    for (at, one) in judged.iter().enumerate() {
        right += usize::from(one.first_line);
        let is_step = judged.get(at + 1).is_none_or(|next| next.probability < one.probability);
        if is_step && (at + 1 >= LEAST_SHOWN || at + 1 == judged.len()) {
            steps.push((one.probability, right, at + 1));
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

#[cfg(test)]
mod tests;
