//! Drafts for speculative decoding, and how wide they should be. A draft never changes the result, only its cost.

use crate::engine::fim::Token;

/// Lengths of the context that a copy has to match, longest first.
const LONGEST_MATCH: usize = 4;
const SHORTEST_MATCH: usize = 2;

/// Continues `tokens` by what followed the last earlier occurrence of their end (prompt lookup).
pub(super) fn from_own_tokens(tokens: &[Token], most: usize, out: &mut Vec<Token>) {
    if most == 0 {
        return;
    }
    for length in (SHORTEST_MATCH..=LONGEST_MATCH).rev() {
        if tokens.len() <= length {
            continue;
        }
        let (rest, end) = tokens.split_at(tokens.len() - length);
        let last = end[length - 1];
        // Newest first: nearby code is the best guess. `at` is the index of the match's last token.
        let matches = |at: usize| tokens[at] == last && tokens[at + 1 - length..at] == end[..length - 1];
        if let Some(at) = (length - 1..rest.len() + length - 1).rev().find(|&at| matches(at)) {
            let from = at + 1;
            out.extend_from_slice(&tokens[from..(from + most).min(tokens.len())]);
            return;
        }
    }
}

/// The lookup engine's guess, followed as long as the generation agrees with it.
#[derive(Debug, Default)]
pub(super) struct Guess {
    tokens: Vec<Token>,
    agreed: usize,
}

impl Guess {
    pub fn new(tokens: Vec<Token>) -> Self {
        Self { tokens, agreed: 0 }
    }

    /// Tells of a generated token. One that differs ends the guess.
    pub fn advance(&mut self, token: Token) {
        if self.tokens.get(self.agreed) == Some(&token) {
            self.agreed += 1;
        } else {
            self.agreed = self.tokens.len();
        }
    }

    pub fn next(&self, most: usize) -> &[Token] {
        let rest = &self.tokens[self.agreed..];
        &rest[..most.min(rest.len())]
    }
}

/// Where a draft came from: their hit rates differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DraftSource {
    Lookup,
    OwnTokens,
}

/// Chooses a draft's width from what a decode of each width costs on this machine and how often drafts are right.
#[derive(Debug)]
pub(super) struct Pace {
    /// Smoothed µs of a decode with 1, 2, 4, 8 and 16 tokens; 0 while not measured.
    cost: [f32; 5],
    /// Smoothed probability that a drafted token is right, by source.
    hit_rate: [f32; 2],
    most: usize,
}

const SMOOTHING: f32 = 0.1;

impl Pace {
    /// `most`: widest draft allowed.
    pub fn new(most: usize) -> Self {
        // Before anything was measured: drafts of lookup are right more often than not.
        Self { cost: [0.0; 5], hit_rate: [0.7, 0.6], most: most.min(15) }
    }

    /// A decode of `width` tokens took this long.
    pub fn measured(&mut self, width: usize, microseconds: f32) {
        if width == 0 || width > 16 {
            return;
        }
        let bucket = (usize::BITS - (width - 1).leading_zeros()) as usize;
        let cost = &mut self.cost[bucket.min(4)];
        // A hiccup of the machine is not a cost: one measurement moves the mean by a bounded step.
        *cost = if *cost == 0.0 { microseconds } else { *cost + SMOOTHING * (microseconds.min(4.0 * *cost) - *cost) };
    }

    pub fn verified(&mut self, source: DraftSource, drafted: usize, accepted: usize) {
        let rate = &mut self.hit_rate[source as usize];
        // The tokens after the first wrong one say nothing.
        let tried = (accepted + 1).min(drafted);
        for index in 0..tried {
            *rate += SMOOTHING * (f32::from(u8::from(index < accepted)) - *rate);
        }
        *rate = rate.clamp(0.02, 0.98);
    }

    /// The width with the most expected tokens per time; 0 when a plain decode is best.
    pub fn width(&self, source: DraftSource) -> usize {
        let rate = self.hit_rate[source as usize];
        let mut best = (0, 1.0 / self.cost_of(1));
        let mut expected = 1.0;
        let mut power = 1.0;
        for width in 1..=self.most {
            power *= rate;
            expected += power;
            let value = expected / self.cost_of(width + 1);
            if value > best.1 {
                best = (width, value);
            }
        }
        best.0
    }

    /// µs of a decode of `width` tokens: between measured widths by a line; beyond them a token costs a quarter of a
    /// decode.
    fn cost_of(&self, width: usize) -> f32 {
        const WIDTHS: [f32; 5] = [1.0, 2.0, 4.0, 8.0, 16.0];
        let width = width as f32;
        let one = if self.cost[0] > 0.0 { self.cost[0] } else { 1.0 };
        let mut below = (1.0, one);
        for (known, cost) in WIDTHS.iter().zip(self.cost).skip(1).filter(|(_, cost)| *cost > 0.0) {
            if *known >= width {
                return below.1 + (cost - below.1) * (width - below.0) / (known - below.0);
            }
            below = (*known, cost);
        }
        below.1 + (width - below.0) * one / 4.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drafted(tokens: &[Token], most: usize) -> Vec<Token> {
        let mut out = Vec::new();
        from_own_tokens(tokens, most, &mut out);
        out
    }

    #[test]
    fn copies_what_followed_the_longest_and_newest_match() {
        assert_eq!(drafted(&[1, 2, 3, 4, 9, 2, 3], 3), [4, 9, 2]);
        assert_eq!(drafted(&[1, 2, 8, 1, 2, 7, 1, 2], 2), [7, 1], "the newest");
        assert_eq!(drafted(&[5, 1, 2, 8, 6, 1, 2, 7, 5, 1, 2], 1), [8], "the longest");
        assert_eq!(drafted(&[1, 2, 3], 4), Vec::<Token>::new());
        assert_eq!(drafted(&[1, 1, 1, 1], 9), [1], "a run goes on");
        assert_eq!(drafted(&[], 3), Vec::<Token>::new());
    }

    #[test]
    fn a_guess_ends_at_the_first_difference() {
        let mut guess = Guess::new(vec![1, 2, 3]);
        guess.advance(1);
        assert_eq!(guess.next(5), [2, 3]);
        assert_eq!(guess.next(1), [2]);
        guess.advance(7);
        assert_eq!(guess.next(5), Vec::<Token>::new());
        guess.advance(2);
    }

    #[test]
    fn the_width_follows_cost_and_hit_rate() {
        let mut flat = Pace::new(10);
        (1..=16).for_each(|width| flat.measured(width, 1000.0));
        assert_eq!(flat.width(DraftSource::Lookup), 10, "verifying is free");
        let mut steep = Pace::new(10);
        [1, 2, 4, 8, 16].into_iter().for_each(|width| steep.measured(width, 1000.0 * width as f32));
        assert_eq!(steep.width(DraftSource::Lookup), 0, "each token costs a whole decode");
        for _ in 0..100 {
            flat.verified(DraftSource::OwnTokens, 10, 0);
        }
        assert!(flat.width(DraftSource::OwnTokens) <= flat.width(DraftSource::Lookup));
    }
}
