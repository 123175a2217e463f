//! Turns candidates into probabilities of the next token.
//!
//! Every candidate has a weight, the exponential of the sum of its features' weights; so has "none of them". The
//! probability of a token is the share of the candidates that propose it. It is the copy mechanism of neural models
//! with a table instead of a network; the tables are fitted by maximum likelihood (`fit`).

use super::features::{BUCKETS, ESCAPE_FEATURES, FEATURES};
use super::lexer::TokenId;
use super::matching::{Candidate, Context, candidates};
use super::view::{Origin, View};

/// The weights of all features.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    pub candidate: [[f32; BUCKETS]; FEATURES],
    pub escape: [[f32; BUCKETS]; ESCAPE_FEATURES],
}

/// The fitted weights that `predict` uses.
pub static BUILT_IN: Weights =
    Weights { candidate: filled_up(&super::weights::CANDIDATE), escape: filled_up(&super::weights::ESCAPE) };

/// Weights behind the end of a row are zero.
const fn filled_up<const ROWS: usize>(rows: &[&[f32]; ROWS]) -> [[f32; BUCKETS]; ROWS] {
    let mut tables = [[0.0; BUCKETS]; ROWS];
    let mut row = 0;
    while row < ROWS {
        let mut column = 0;
        while column < rows[row].len() {
            tables[row][column] = rows[row][column];
            column += 1;
        }
        row += 1;
    }
    tables
}

impl Weights {
    pub fn score(&self, features: &[u8; FEATURES]) -> f32 {
        self.candidate.iter().zip(features).map(|(table, &at)| table.get(usize::from(at)).copied().unwrap_or(0.0)).sum()
    }

    pub fn escape_score(&self, features: &[u8; ESCAPE_FEATURES]) -> f32 {
        self.escape.iter().zip(features).map(|(table, &at)| table.get(usize::from(at)).copied().unwrap_or(0.0)).sum()
    }
}

/// One possible next token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proposal {
    pub id: TokenId,
    pub gap: u8,
    /// Where its text is.
    pub origin: Origin,
    /// The place that speaks for it most: its white space is copied.
    pub place: Origin,
    pub probability: f32,
}

/// The possible next tokens, the most probable first. The probabilities sum to less than 1.
pub(super) fn proposals(view: &View<'_>, context: &Context<'_>, weights: &Weights) -> Vec<Proposal> {
    let (candidates, escape) = candidates(view, context);
    let scores: Vec<f32> = candidates.iter().map(|candidate| weights.score(&candidate.features)).collect();
    let escape = weights.escape_score(&escape);
    let highest = scores.iter().copied().fold(escape, f32::max);
    let mut total = (escape - highest).exp();
    let mut proposals: Vec<(Proposal, f32)> = Vec::with_capacity(16);
    for (Candidate { id, gap, origin, place, .. }, score) in candidates.iter().zip(&scores) {
        let weight = (score - highest).exp();
        total += weight;
        match proposals.iter_mut().find(|(known, _)| known.id == *id && known.gap == *gap) {
            Some((known, best)) => {
                known.probability += weight;
                if weight > *best {
                    *best = weight;
                    (known.origin, known.place) = (*origin, *place);
                }
            }
            None => proposals
                .push((Proposal { id: *id, gap: *gap, origin: *origin, place: *place, probability: weight }, weight)),
        }
    }
    let mut proposals: Vec<Proposal> = proposals.into_iter().map(|(proposal, _)| proposal).collect();
    for proposal in &mut proposals {
        proposal.probability /= total;
    }
    proposals.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    proposals
}
