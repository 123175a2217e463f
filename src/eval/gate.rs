//! The gate in numbers: how many of the suggestions of some confidence are right, and what a threshold would hide.

use serde::Serialize;

use super::statistics::Rate;

/// A suggestion as the gate saw it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// 0 to 1.
    pub confidence: f64,
    /// Its first line is what stood there: that is what the confidence is an estimate of.
    pub is_right: bool,
}

/// What is shown, and what is right of it, from a threshold on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    pub threshold: f64,
    /// The share of what is shown that is right.
    pub precision: f64,
    /// The share of what is right that is shown.
    pub recall: f64,
    pub shown: usize,
}

/// Suggestions of about the same confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// The mean of their confidences.
    pub confidence: f64,
    pub right: Rate,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gate {
    /// By falling threshold.
    pub curve: Vec<Point>,
    /// Ten equal steps of confidence, without those that nothing fell into.
    pub bins: Vec<Bin>,
    /// With a threshold that keeps nine of ten right suggestions: the share of the wrong ones that it hides.
    pub wrong_hidden_at_90_recall: Option<Rate>,
    /// The mean distance between confidence and the share that is right, weighed by the bins' sizes.
    pub calibration_error: f64,
}

const BINS: usize = 10;
const KEPT: f64 = 0.9;

impl Gate {
    pub fn of(mut samples: Vec<Sample>) -> Self {
        samples.sort_by(|one, other| other.confidence.total_cmp(&one.confidence));
        let curve = curve(&samples);
        let wrong = samples.iter().filter(|sample| !sample.is_right).count();
        let kept = curve.iter().find(|point| point.recall >= KEPT);
        let wrong_hidden_at_90_recall = kept.filter(|_| wrong > 0).map(|point| {
            let shown_wrong = samples[..point.shown].iter().filter(|sample| !sample.is_right).count();
            Rate::new(wrong - shown_wrong, wrong)
        });
        let bins = bins(&samples);
        let distance = |bin: &Bin| (bin.confidence - bin.right.share).abs() * bin.right.of as f64;
        let calibration_error = bins.iter().map(distance).sum::<f64>() / samples.len().max(1) as f64;
        Self { curve, bins, wrong_hidden_at_90_recall, calibration_error }
    }
}

/// A point where the confidence changes. `samples` by falling confidence.
fn curve(samples: &[Sample]) -> Vec<Point> {
    let all_right = samples.iter().filter(|sample| sample.is_right).count();
    let mut right = 0;
    let mut points = Vec::new();
    for (at, sample) in samples.iter().enumerate() {
        right += usize::from(sample.is_right);
        let shown = at + 1;
        if samples.get(shown).is_some_and(|next| next.confidence == sample.confidence) {
            continue;
        }
        let (precision, recall) = (right as f64 / shown as f64, right as f64 / all_right.max(1) as f64);
        points.push(Point { threshold: sample.confidence, precision, recall, shown });
    }
    points
}

fn bins(samples: &[Sample]) -> Vec<Bin> {
    let bin_of = |sample: &Sample| ((sample.confidence.clamp(0.0, 1.0) * BINS as f64) as usize).min(BINS - 1);
    let bin = |number: usize| {
        let inside: Vec<&Sample> = samples.iter().filter(|sample| bin_of(sample) == number).collect();
        let confidence = inside.iter().map(|sample| sample.confidence).sum::<f64>() / inside.len().max(1) as f64;
        Bin { confidence, right: Rate::count(inside.iter().map(|sample| sample.is_right)) }
    };
    (0..BINS).map(bin).filter(|bin| bin.right.of > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(samples: &[(f64, bool)]) -> Gate {
        Gate::of(samples.iter().map(|&(confidence, is_right)| Sample { confidence, is_right }).collect())
    }

    #[test]
    fn a_lower_threshold_shows_more_of_less_worth() {
        let gate = gate(&[(0.9, true), (0.3, false), (0.6, true), (0.6, false)]);
        let points: Vec<_> =
            gate.curve.iter().map(|point| (point.threshold, point.shown, point.precision, point.recall)).collect();
        assert_eq!(points, [(0.9, 1, 1.0, 0.5), (0.6, 3, 2.0 / 3.0, 1.0), (0.3, 4, 0.5, 1.0)]);
    }

    #[test]
    fn wrong_ones_are_hidden_where_the_right_ones_stay() {
        // Ten right ones; the lowest of them lies below three of the four wrong ones, but nine in ten may do without it.
        let mut samples: Vec<(f64, bool)> = (0..9).map(|number| (0.9 - f64::from(number) * 0.01, true)).collect();
        samples.extend([(0.85, false), (0.5, false), (0.4, false), (0.3, false), (0.1, true)]);
        assert_eq!(gate(&samples).wrong_hidden_at_90_recall, Some(Rate::new(3, 4)));
        assert_eq!(gate(&[(0.5, true)]).wrong_hidden_at_90_recall, None, "nothing wrong to hide");
        assert_eq!(gate(&[(0.5, false)]).wrong_hidden_at_90_recall, None, "nothing right to keep");
    }

    #[test]
    fn confidence_is_compared_with_what_came_true() {
        let gate = gate(&[(0.1, false), (0.15, true), (0.95, true), (1.0, true)]);
        let bins: Vec<_> = gate.bins.iter().map(|bin| (bin.confidence, bin.right.hits, bin.right.of)).collect();
        assert_eq!(bins, [(0.125, 1, 2), (0.975, 2, 2)]);
        assert!((gate.calibration_error - (0.375 * 2.0 + 0.025 * 2.0) / 4.0).abs() < 1e-12);
        assert_eq!(Gate::of(Vec::new()), Gate::default());
    }
}
