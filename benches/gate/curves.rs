//! What the gate was before it had weights: a rising curve over the engines' own confidence for each writer, by isotonic
//! regression, ten suggestions at a time.

use std::collections::BTreeMap;

use tandem::complete::gate::{Feature, log_odds};
use tandem::complete::source_word;
use tandem::eval::{Candidate, Record};

const LEAST_SAMPLES: usize = 50;
const TOGETHER: usize = 10;

/// Points by rising confidence, with the share that is right.
pub struct Curves(BTreeMap<&'static str, Vec<(f32, f32)>>);

impl Curves {
    pub fn fit(records: &[&Record]) -> Self {
        let mut by_source: BTreeMap<&'static str, Vec<(f32, bool)>> = BTreeMap::new();
        for candidate in records.iter().flat_map(|record| &record.candidates) {
            let sample = (candidate.suggestion().confidence, candidate.first_line);
            by_source.entry(source_word(candidate.source)).or_default().push(sample);
        }
        by_source.retain(|_, samples| samples.len() >= LEAST_SAMPLES);
        Self(by_source.into_iter().map(|(source, samples)| (source, isotonic(samples))).collect())
    }

    pub fn confidence(&self, candidate: &Candidate) -> f32 {
        let confidence = candidate.suggestion().confidence;
        let points = self.0.get(source_word(candidate.source)).map_or(&[][..], Vec::as_slice);
        let at = points.partition_point(|point| point.0 <= confidence);
        match (at.checked_sub(1).map(|before| points[before]), points.get(at)) {
            (Some(below), Some(above)) => below.1 + (confidence - below.0) / (above.0 - below.0) * (above.1 - below.1),
            (Some(end), None) | (None, Some(&end)) => end.1,
            (None, None) => confidence,
        }
    }
}

/// Pool adjacent violators, with one right and one wrong suggestion believed in for each step.
fn isotonic(mut samples: Vec<(f32, bool)>) -> Vec<(f32, f32)> {
    samples.sort_by(|one, other| one.0.total_cmp(&other.0));
    let worth = |step: &(f32, f32, f32)| (step.1 + 1.0) / (step.2 + 2.0);
    let mut steps: Vec<(f32, f32, f32)> = Vec::new();
    for own in samples.chunks(TOGETHER) {
        let count = own.len() as f32;
        let mean = own.iter().map(|sample| sample.0).sum::<f32>() / count;
        steps.push((mean, own.iter().filter(|sample| sample.1).count() as f32, count));
        while let [.., before, last] = steps.as_slice()
            && (worth(before) >= worth(last) || before.0 >= last.0)
        {
            let count = before.2 + last.2;
            let pooled = ((before.0 * before.2 + last.0 * last.2) / count, before.1 + last.1, count);
            steps.truncate(steps.len() - 2);
            steps.push(pooled);
        }
    }
    steps.iter().map(|step| (step.0, worth(step))).collect()
}

/// Puts a probability in place of each candidate's own confidence.
pub fn replace(record: &mut Record, probability: impl Fn(&Candidate) -> f32) {
    for candidate in &mut record.candidates {
        let probability = probability(candidate);
        candidate.features.set(Feature::Confidence, log_odds(probability));
    }
}
