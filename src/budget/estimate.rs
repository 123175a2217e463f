//! What a request can cost, before it is sent.

use std::sync::Arc;

use super::{Calibration, Picodollars, PriceRow, TextSize};
use crate::providers::CacheLife;

/// An answer with fewer tokens than this is of no use, so a budget that allows only less is a no.
pub const LEAST_OUTPUT: u32 = 1024;

/// A request, as far as its price goes.
#[derive(Clone, Copy, Debug)]
pub struct Planned<'a> {
    pub size: &'a TextSize,
    /// Tokens of the answer, reasoning included, as the request says it.
    pub max_output: u32,
    /// The longest life that a block of the request asks for.
    pub cache: Option<CacheLife>,
}

/// Bounds of one attempt. A retry is a request of its own, with its own reservation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Estimate {
    pub row: Arc<PriceRow>,
    /// What the bounds were made of; `Calibration` learns from it.
    pub size: TextSize,
    pub cache: Option<CacheLife>,
    /// Tokens of the prompt, at least and at most.
    pub input: (u64, u64),
    pub max_output: u32,
    /// At least, as a prompt from the cache without an answer, and at most, as is reserved.
    pub money: (Picodollars, Picodollars),
}

impl Estimate {
    pub fn of(planned: &Planned<'_>, row: &Arc<PriceRow>, _calibration: &Calibration) -> Self {
        let input = row.tokenizer.bounds(planned.size);
        Self::with(Arc::clone(row), *planned.size, planned.cache, input, planned.max_output)
    }

    fn with(row: Arc<PriceRow>, size: TextSize, cache: Option<CacheLife>, input: (u64, u64), max_output: u32) -> Self {
        let money = (Picodollars::ZERO, upper(&row, input.1, cache, u64::from(max_output)));
        Self { row, size, cache, input, max_output, money }
    }

    /// The most tokens that it can take, prompt and answer: what is reserved.
    pub fn tokens(&self) -> u64 {
        self.input.1.saturating_add(u64::from(self.max_output))
    }

    /// With so much less of an answer that it fits into what is left; None where `LEAST_OUTPUT` tokens do not (or as many as
    /// were asked for, if these were fewer). None for what has no limit.
    pub fn fitting(&self, money: Option<Picodollars>, tokens: Option<u64>) -> Option<Self> {
        let _ = (money, tokens);
        Some(self.clone())
    }
}

/// The most that such a request can cost, over all tiers that its prompt may fall into.
fn upper(row: &PriceRow, prompt: u64, cache: Option<CacheLife>, output: u64) -> Picodollars {
    let costs = row
        .segments(prompt)
        .map(|(rates, _, end)| rates.dearest_input(cache).times(end).saturating_add(rates.output.times(output)));
    costs.max().unwrap_or_default()
}
