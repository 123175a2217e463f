//! What a request did cost, from what was seen of it.
//!
//! Where the provider's count came, that is it. Where it did not, nobody tells: then the prompt counts as the provider said or
//! as was reserved, and the answer as the most that can have been written by then. Providers that go on writing after the
//! connection is closed bill all of it.

use std::time::Duration;

use super::{Estimate, Outcome, Picodollars, PriceRow, Settlement, TextSize};
use crate::providers::{Endpoint, Usage};

/// Tokens that a hosted model is presumed to write in a second at most: what it may have thought in secret before its first
/// word is bounded by it. An assumption; the fast ones that are known write half as many.
const FASTEST_TOKENS_A_SECOND: u128 = 500;

/// What is known of a request, from the moment in which it was to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    is_written: bool,
    is_rejected: bool,
    usage: Option<Usage>,
    output: TextSize,
    silence: Option<Duration>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The stream came to its own end. A count that was noted is the last one.
    Complete,
    /// Cancelled, cut off, stalled, or failed inside of an answer.
    Broken,
}

impl Progress {
    /// To be called before the first byte is written: from here on the provider may have it.
    pub fn written(&mut self) {
        self.is_written = true;
    }

    /// A status of 300 and above came instead of an answer: nothing was begun.
    pub fn rejected(&mut self) {
        self.is_rejected = true;
    }

    /// A count that replaces the ones before it.
    pub fn usage(&mut self, usage: &Usage) {
        self.usage = Some(*usage);
    }

    /// No final count came: what was counted of the answer is of its beginning.
    pub fn without_last_count(&mut self) {
        if let Some(usage) = &mut self.usage {
            (usage.output, usage.reasoning) = (0, 0);
        }
    }

    /// A piece of the answer, shown reasoning included.
    pub fn text(&mut self, text: &str) {
        self.output.append(text);
    }

    /// How long it was from the last byte of the request to the first text, or to the end where none came. Unless this is
    /// said, the model counts as having thought in secret as long as it was allowed to.
    pub fn silent_for(&mut self, silence: Duration) {
        self.silence = Some(silence);
    }

    /// The least that is spent by now.
    pub fn floor(&self, estimate: &Estimate) -> Picodollars {
        self.usage.map_or(Picodollars::ZERO, |usage| estimate.row.cost(&usage))
    }
}

/// What a request did cost; None where nothing did, so that its reservation is released: it was not sent, or turned away
/// before anything was written.
pub fn settlement(progress: &Progress, end: End, estimate: &Estimate, endpoint: &Endpoint) -> Option<Settlement> {
    if !progress.is_written || progress.is_rejected {
        return None;
    }
    let row = &*estimate.row;
    let counted = progress.usage.filter(|usage| usage.input() > 0);
    let streamed = row.tokenizer.text_bound(&progress.output);
    Some(match counted {
        // More text than was counted is a count that is wrong.
        Some(usage) if end == End::Complete && (usage.output > 0 || streamed == 0) => {
            settled(row, &usage, Outcome::Counted)
        }
        _ => {
            let goes_on = end == End::Broken && !endpoint.stops_billing_on_disconnect();
            estimated(progress, estimate, goes_on, counted, streamed)
        }
    })
}

fn settled(row: &PriceRow, usage: &Usage, outcome: Outcome) -> Settlement {
    let provider_cost = usage.provider_cost.map(Picodollars);
    let own_cost = row.cost(usage);
    // The dearer one of the two: a price table may be old, and a gateway may ask more.
    let money = own_cost.max(provider_cost.unwrap_or_default());
    let tokens = usage.input().saturating_add(usage.output);
    Settlement { money, tokens, outcome, own_cost: Some(own_cost), provider_cost }
}

fn estimated(
    progress: &Progress,
    estimate: &Estimate,
    goes_on: bool,
    counted: Option<Usage>,
    streamed: u64,
) -> Settlement {
    let allowed = u64::from(estimate.max_output);
    let thought = match progress.silence {
        Some(silence) if !goes_on => {
            u64::try_from((silence.as_millis() * FASTEST_TOKENS_A_SECOND).div_ceil(1000)).unwrap_or(u64::MAX)
        }
        _ => allowed,
    };
    let output = streamed.saturating_add(thought).min(allowed).max(counted.map_or(0, |usage| usage.output));
    if let Some(usage) = counted {
        return settled(&estimate.row, &Usage { output, ..usage }, Outcome::Estimated);
    }
    let upper = estimate.with_output(u32::try_from(output).unwrap_or(u32::MAX));
    let outcome = if output >= allowed { Outcome::Presumed } else { Outcome::Estimated };
    Settlement { money: upper.money.1, tokens: upper.tokens(), outcome, own_cost: None, provider_cost: None }
}

#[cfg(test)]
mod tests;
