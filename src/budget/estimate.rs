//! What a request can cost, before it is sent.

use std::sync::Arc;

use super::{Amount, Calibration, Picodollars, PriceRow, TextSize, WindowState};
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
    pub fn of(planned: &Planned<'_>, row: &Arc<PriceRow>, calibration: &Calibration) -> Self {
        let input = row.tokenizer.bounds(planned.size, calibration.scale(row));
        Self::with_input(planned, row, input)
    }

    /// With bounds on the prompt that are known better.
    pub fn with_input(planned: &Planned<'_>, row: &Arc<PriceRow>, input: (u64, u64)) -> Self {
        let Planned { size, max_output, cache } = *planned;
        let money = (least(row, input), most(row, input.1, cache, max_output));
        Self { row: Arc::clone(row), size: *size, cache, input, max_output, money }
    }

    /// The most tokens that it can take, prompt and answer: what is reserved.
    pub fn tokens(&self) -> u64 {
        self.input.1.saturating_add(u64::from(self.max_output))
    }

    /// Why the model cannot take it, whatever it costs: a sentence with the numbers.
    pub fn misfit(&self) -> Option<String> {
        let (id, least) = (&self.row.id, self.input.0);
        let window = self.row.max_input.or(self.row.context).filter(|window| least > *window);
        if let Some(window) = window {
            return Some(format!("the question has at least {least} tokens, and `{id}` reads {window} at most"));
        }
        let answer = self.row.max_output.filter(|most| u64::from(self.max_output) > *most)?;
        Some(format!("`{id}` writes {answer} tokens at most; lower `cloud.maxOutputTokens`"))
    }

    /// With so much less of an answer that it fits into what is left; None where an answer of `LEAST_OUTPUT` tokens does not
    /// (or of as many as were asked for, if these were fewer). None as an argument: there is no such limit.
    pub fn fitting(&self, money: Option<Picodollars>, tokens: Option<u64>) -> Option<Self> {
        let fits = |estimate: &Self| {
            money.is_none_or(|left| estimate.money.1 <= left) && tokens.is_none_or(|left| estimate.tokens() <= left)
        };
        if fits(self) {
            return Some(self.clone());
        }
        let least = self.max_output.min(LEAST_OUTPUT);
        // The most that fits lies between what surely fits and what surely does not.
        let mut best = fits(&self.with_output(least)).then_some(least)?;
        let mut too_much = self.max_output;
        while too_much - best > 1 {
            let middle = best + (too_much - best) / 2;
            if fits(&self.with_output(middle)) { best = middle } else { too_much = middle }
        }
        Some(self.with_output(best))
    }

    /// The same for what these windows leave; None, too, where one of them lets nothing pass at all.
    pub fn within(&self, windows: &[WindowState]) -> Option<Self> {
        let left = |is_money: bool| {
            let of_unit = windows.iter().filter(|window| matches!(window.limit.amount, Amount::Money(_)) == is_money);
            of_unit.map(WindowState::left).min()
        };
        self.fitting(left(true).map(Picodollars), left(false))
            .filter(|fit| windows.iter().all(|window| fit.passes(window)))
    }

    /// Whether a window has room for it.
    pub fn passes(&self, window: &WindowState) -> bool {
        window.admits(self.wanted(window.limit.amount))
    }

    /// What it takes of a limit, in its unit.
    pub fn wanted(&self, unit: Amount) -> u64 {
        match unit {
            Amount::Money(_) => self.money.1.0,
            Amount::Tokens(_) => self.tokens(),
        }
    }

    /// The same prompt with another limit on the answer.
    pub(super) fn with_output(&self, max_output: u32) -> Self {
        let planned = Planned { size: &self.size, max_output, cache: self.cache };
        Self::with_input(&planned, &self.row, self.input)
    }
}

/// The most that such a request can cost, over all tiers that its prompt may fall into: a later one need not be dearer.
fn most(row: &PriceRow, prompt: u64, cache: Option<CacheLife>, output: u32) -> Picodollars {
    let costs = row.segments(prompt).map(|(rates, _, end)| {
        rates.dearest_input(cache).times(end).saturating_add(rates.output.times(u64::from(output)))
    });
    costs.max().unwrap_or_default()
}

/// The least that a prompt within these bounds can cost.
fn least(row: &PriceRow, (low, high): (u64, u64)) -> Picodollars {
    let costs = row
        .segments(high)
        .filter(|(_, _, end)| *end >= low)
        .map(|(rates, start, _)| rates.cheapest_input().times(start.max(low)));
    costs.min().unwrap_or_default()
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
