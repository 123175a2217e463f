//! Fits the weights by maximum likelihood: gradient descent (Adam) on the log-probability of each token of the truth,
//! or of "none of them" where no candidate proposes it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tandem::engine::lookup::fit::{Observation, observe};
use tandem::engine::lookup::{BUCKETS, BUILT_IN, ESCAPE_FEATURES, FEATURES, Repository, Weights};

use super::positions::{Cursor, File};
use super::report::corpus;
use super::repository::{build, with_repository};

const EPOCHS: usize = 14;
const BATCH: usize = 256;
/// Pulls weights that nothing speaks for towards zero.
const DECAY: f32 = 2e-6;

const PARAMETERS: usize = (FEATURES + ESCAPE_FEATURES) * BUCKETS;

pub fn fit(files: &[File], cursors: &[Cursor], folders: &[PathBuf], target: &Path) {
    let repositories: Vec<Arc<Repository>> = folders.iter().map(|folder| Arc::new(build(folder))).collect();
    let (mut train, mut check) = (Vec::new(), Vec::new());
    for (index, cursor) in cursors.iter().enumerate() {
        // Half with neighbouring files open, half without; for every fourth cursor the next line is to be written too.
        let (next, below) = match cursor.suffix.match_indices('\n').nth(1) {
            Some((end, _)) if index % 12 == 0 => cursor.suffix.split_at(end),
            _ => ("", cursor.suffix.as_str()),
        };
        let mut corpus = corpus(files, cursor, below, index % 2 == 0);
        // The repository is there in two cases of three: without an index lookup must know itself as well.
        if index % 3 != 0 {
            corpus = with_repository(corpus, files, cursor, folders, &repositories);
        }
        let truth = format!("{}{next}", cursor.truth);
        // Every tenth cursor's tokens are held back to see when the fit stops helping.
        let kept: &mut Vec<Observation> = if index % 10 == 9 { &mut check } else { &mut train };
        observe(&corpus, &truth, |observation| kept.push(observation));
    }
    let (train, check) = (train.as_slice(), check.as_slice());
    println!("{} tokens to fit, {} to check", train.len(), check.len());
    let start = &BUILT_IN;
    let mut parameters = flatten(start);
    println!("before: {:.4} nats a token", loss(check, &parameters));
    let mut order: Vec<usize> = (0..train.len()).collect();
    let (mut first, mut second) = (vec![0.0f32; PARAMETERS], vec![0.0f32; PARAMETERS]);
    let mut random = super::positions::Random(7);
    let mut step = 0;
    for epoch in 0..EPOCHS {
        for i in (1..order.len()).rev() {
            order.swap(i, random.below(i + 1));
        }
        let rate = 0.03 * (1.0 - epoch as f32 / EPOCHS as f32) + 0.001;
        for batch in order.chunks(BATCH) {
            let mut gradient = vec![0.0f32; PARAMETERS];
            for &index in batch {
                accumulate(&train[index], &parameters, &mut gradient);
            }
            step += 1;
            for i in 0..PARAMETERS {
                let g = gradient[i] / batch.len() as f32 + DECAY * parameters[i];
                first[i] = 0.9 * first[i] + 0.1 * g;
                second[i] = 0.999 * second[i] + 0.001 * g * g;
                let m = first[i] / (1.0 - 0.9f32.powi(step));
                let v = second[i] / (1.0 - 0.999f32.powi(step));
                parameters[i] -= rate * m / (v.sqrt() + 1e-8);
            }
        }
        let fitted = loss(&train[..check.len().min(train.len())], &parameters);
        println!("epoch {epoch}: {fitted:.4} fit, {:.4} check", loss(check, &parameters));
    }
    std::fs::write(target, source(&parameters)).expect("the weights can be written");
}

fn flatten(weights: &Weights) -> Vec<f32> {
    weights.candidate.iter().chain(&weights.escape).flatten().copied().collect()
}

fn score(features: &[u8], offset: usize, parameters: &[f32]) -> f32 {
    features.iter().enumerate().map(|(i, &f)| parameters[(offset + i) * BUCKETS + usize::from(f)]).sum()
}

/// Weights of all candidates and of none, normalised to sum to 1, and the mass of what is right.
fn shares(observation: &Observation, parameters: &[f32]) -> (Vec<f32>, f32, f32) {
    let mut scores: Vec<f32> = observation.candidates.iter().map(|(f, _)| score(f, 0, parameters)).collect();
    let escape = score(&observation.escape, FEATURES, parameters);
    let highest = scores.iter().copied().fold(escape, f32::max);
    let mut escape = (escape - highest).exp();
    let mut total = escape;
    for score in &mut scores {
        *score = (*score - highest).exp();
        total += *score;
    }
    let mut right = 0.0;
    let mut known = false;
    for (score, (_, is_right)) in scores.iter_mut().zip(&observation.candidates) {
        *score /= total;
        if *is_right {
            right += *score;
            known = true;
        }
    }
    escape /= total;
    (scores, escape, if known { right } else { escape })
}

fn loss(observations: &[Observation], parameters: &[f32]) -> f32 {
    let sum: f64 = observations.iter().map(|o| -f64::from(shares(o, parameters).2.max(1e-9).ln())).sum();
    (sum / observations.len().max(1) as f64) as f32
}

fn accumulate(observation: &Observation, parameters: &[f32], gradient: &mut [f32]) {
    let (shares, escape, right) = shares(observation, parameters);
    let known = observation.candidates.iter().any(|(_, is_right)| *is_right);
    for (share, (features, is_right)) in shares.iter().zip(&observation.candidates) {
        let wanted = if *is_right { share / right.max(1e-9) } else { 0.0 };
        for (i, &f) in features.iter().enumerate() {
            gradient[i * BUCKETS + usize::from(f)] += share - wanted;
        }
    }
    let wanted = if known { 0.0 } else { 1.0 };
    for (i, &f) in observation.escape.iter().enumerate() {
        gradient[(FEATURES + i) * BUCKETS + usize::from(f)] += escape - wanted;
    }
}

/// The source of `src/engine/lookup/weights.rs`.
fn source(parameters: &[f32]) -> String {
    let mut text = String::from(
        "//! The fitted weights of the mixture. Generated by `benches/lookup.rs --fit`: fit again, do not edit.\n\n\
         use super::features::{ESCAPE_FEATURES, FEATURES};\n",
    );
    for (name, count, from) in [("CANDIDATE", "FEATURES", 0), ("ESCAPE", "ESCAPE_FEATURES", FEATURES)] {
        let rows = if from == 0 { FEATURES } else { ESCAPE_FEATURES };
        let _ = writeln!(text, "\n#[rustfmt::skip]\npub const {name}: [&[f32]; {count}] = [");
        for row in parameters.chunks(BUCKETS).skip(from).take(rows) {
            let used = row.iter().rposition(|weight| weight.abs() >= 0.005).map_or(0, |last| last + 1);
            text.push_str("    &[");
            for (index, weight) in row[..used].iter().enumerate() {
                let separator = if index == 0 {
                    ""
                } else if index % 16 == 0 {
                    ",\n      "
                } else {
                    ", "
                };
                let _ = write!(text, "{separator}{:.2}", if weight.abs() < 0.005 { 0.0 } else { *weight });
            }
            text.push_str("],\n");
        }
        text.push_str("];\n");
    }
    text
}
