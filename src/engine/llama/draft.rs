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

    /// Some of it was right already.
    pub fn holds(&self) -> bool {
        self.agreed > 0
    }
}

/// Where a draft came from: their hit rates differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DraftSource {
    Lookup,
    OwnTokens,
}

/// A draft: where it came from, and whether what came before it from there was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub source: DraftSource,
    pub streak: bool,
}

/// Widest batch whose cost is known.
const WIDEST: usize = 16;

/// Weight of a new measurement.
const SMOOTHING: f32 = 0.05;

/// Cost of a further token in a batch, as a share of a decode of one, while nothing was measured. Memory-bound models
/// are far cheaper, tiny ones on a CPU are close to this.
const UNKNOWN_COST: f32 = 0.6;

/// Drafting has to promise this much: estimates are noisy, and a wrong draft also costs a cut of the cache.
const MARGIN: f32 = 1.15;

/// Chooses a draft's width from what a decode of each width costs on this machine and how often drafts are right.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    /// Smoothed µs of a decode of one token; 0 while not measured. It grows with the context.
    one: f32,
    /// Cost of a decode of `index` tokens in decodes of one; 0 while not measured.
    relative: [f32; WIDEST + 1],
    /// Smoothed probability that a draft's token is right, by source: without and with a streak before it.
    hit_rate: [[f32; 2]; 2],
    most: usize,
}

impl Pace {
    /// `most`: widest draft allowed.
    pub fn new(most: usize) -> Self {
        Self { one: 0.0, relative: [0.0; WIDEST + 1], hit_rate: [[0.4, 0.8]; 2], most: most.min(WIDEST - 1) }
    }

    /// Most tokens that a draft may have.
    pub fn most(&self) -> usize {
        self.most
    }

    /// A decode of `width` tokens took this long.
    pub fn measured(&mut self, width: usize, microseconds: f32) {
        if width == 1 {
            // A hiccup of the machine is not a cost: one measurement moves the mean by a bounded step.
            let bounded = if self.one > 0.0 { microseconds.min(2.0 * self.one) } else { microseconds };
            self.one = if self.one > 0.0 { self.one + 4.0 * SMOOTHING * (bounded - self.one) } else { bounded };
        } else if width <= WIDEST && self.one > 0.0 {
            let before = self.relative_cost(width);
            let seen = (microseconds / self.one).clamp(1.0, 2.0 * before);
            self.relative[width] = before + 2.0 * SMOOTHING * (seen - before);
        }
    }

    /// Sets what was measured carefully: the best of several decodes of each width, in µs.
    pub fn calibrate(&mut self, costs: &[(usize, f32)]) {
        let Some((_, one)) = costs.iter().find(|(width, _)| *width == 1).copied().filter(|(_, cost)| *cost > 0.0)
        else {
            return;
        };
        self.one = one;
        for (width, cost) in costs.iter().filter(|(width, _)| (2..=WIDEST).contains(width)) {
            self.relative[*width] = (cost / one).max(1.0);
        }
    }

    /// Tells how a draft fared: `matched` of its first `seen` tokens were right, one after another.
    pub fn verified(&mut self, origin: Origin, seen: usize, matched: usize) {
        for index in 0..seen.min(matched + 1) {
            let rate = &mut self.hit_rate[origin.source as usize][usize::from(origin.streak || index > 0)];
            *rate += SMOOTHING * (f32::from(u8::from(index < matched)) - *rate);
            *rate = rate.clamp(0.02, 0.98);
        }
    }

    /// The width with the most expected tokens per time; 0 when a plain decode is best.
    pub fn width(&self, origin: Origin) -> usize {
        let [first, later] = self.hit_rate[origin.source as usize];
        let mut best = (0, MARGIN);
        let mut expected = 1.0;
        let mut right = 1.0;
        for width in 1..=self.most {
            right *= if width > 1 || origin.streak { later } else { first };
            expected += right;
            let value = expected / self.relative_cost(width + 1);
            if value > best.1 {
                best = (width, value);
            }
        }
        best.0
    }

    /// Between measured widths by a line; beyond them as the last step goes on.
    fn relative_cost(&self, width: usize) -> f32 {
        if width <= 1 {
            return 1.0;
        }
        let mut below = (1, 1.0);
        let mut slope = UNKNOWN_COST;
        for (known, cost) in self.relative.iter().copied().enumerate().skip(2).filter(|(_, cost)| *cost > 0.0) {
            slope = (cost - below.1) / (known - below.0) as f32;
            if known >= width {
                break;
            }
            below = (known, cost);
        }
        below.1 + slope.max(0.0) * (width - below.0) as f32
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

    const LOOKUP: Origin = Origin { source: DraftSource::Lookup, streak: true };
    const OWN: Origin = Origin { source: DraftSource::OwnTokens, streak: false };

    #[test]
    fn the_width_follows_cost_and_hit_rate() {
        let mut flat = Pace::new(10);
        flat.calibrate(&[(1, 1000.0), (2, 1000.0), (16, 1000.0)]);
        assert_eq!(flat.width(LOOKUP), 10, "verifying is free");
        let mut steep = Pace::new(10);
        steep.calibrate(&[(1, 1000.0), (2, 2000.0), (4, 4000.0)]);
        assert_eq!(steep.width(LOOKUP), 0, "each token costs a whole decode");
        for _ in 0..200 {
            flat.verified(OWN, 10, 0);
        }
        assert!(flat.width(OWN) <= flat.width(LOOKUP));
        let mut wrong = Pace::new(10);
        (0..200).for_each(|_| wrong.verified(OWN, 1, 0));
        assert_eq!(wrong.width(OWN), 0);
        (0..200).for_each(|_| wrong.verified(OWN, 3, 3));
        assert!(wrong.width(OWN) > 0, "what would have been right is learnt without drafting");
    }

    #[test]
    fn costs_between_and_beyond_the_known_ones_lie_on_lines() {
        let mut pace = Pace::new(10);
        pace.calibrate(&[(1, 100.0), (2, 150.0), (4, 210.0)]);
        let cost = |width| (pace.relative_cost(width) * 100.0).round();
        assert_eq!([1, 2, 3, 4, 5].map(cost), [100.0, 150.0, 180.0, 210.0, 240.0]);
    }
}
