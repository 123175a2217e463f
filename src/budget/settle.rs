//! What a request did cost, from what was seen of it.
//!
//! Where the provider's count came, that is it. Where it did not, nobody tells: then the prompt counts as the provider said or
//! as was reserved, and the answer as the most that can have been written by then. Providers that go on writing after the
//! connection is closed bill all of it.

use std::time::Duration;

use super::{Estimate, Outcome, Picodollars, PriceRow, Settlement, TextSize};
use crate::providers::{Endpoint, Event, Reason, Usage};

/// Tokens that a hosted model is presumed to write in a second at most: what it may have thought in secret before its first
/// word is bounded by it. An assumption; the fast ones that are known write half as many.
const FASTEST_TOKENS_A_SECOND: u128 = 500;

/// What is known of a request, from the moment in which it was to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    is_written: bool,
    is_accepted: bool,
    is_rejected: bool,
    is_complete: bool,
    usage: Option<Usage>,
    output: TextSize,
    /// From the last byte of the request to the first of the answer's text.
    silence: Option<Duration>,
}

/// How a reservation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Settle(Settlement),
    /// Nothing was sent, or it was turned away before anything was written.
    Release,
}

impl Progress {
    /// To be called before the first byte is written: from here on the provider may have it.
    pub fn written(&mut self) {
        self.is_written = true;
    }

    /// The status of an answer. Another one than 200 says that nothing was begun.
    pub fn status(&mut self, status: u16) {
        match status {
            200..=299 => self.is_accepted = true,
            _ => self.is_rejected = !self.is_accepted,
        }
    }

    pub fn note(&mut self, event: &Event) {
        match event {
            Event::Started { usage, .. } => {
                self.is_accepted = true;
                self.usage = usage.or(self.usage);
            }
            Event::Text(text) | Event::Thinking(text) => self.output.append(text),
            Event::Usage(usage) => self.usage = Some(*usage),
            Event::Ended { reason, usage } => {
                self.is_complete = *reason != Reason::Truncated;
                self.usage = usage.or(self.usage);
            }
            Event::Failed(error) => {
                if let Some(status) = error.status {
                    self.status(status);
                }
            }
        }
    }

    /// How long it has been since it was written. The last one before the first text bounds what a model may have thought in
    /// secret; unless one is given, it counts as having thought as long as it was allowed to.
    pub fn elapsed(&mut self, elapsed: Duration) {
        if self.output.bytes == 0 || self.silence.is_none() {
            self.silence = Some(elapsed);
        }
    }

    /// The least that is spent by now.
    pub fn floor(&self, estimate: &Estimate) -> Picodollars {
        self.usage.map_or(Picodollars::ZERO, |usage| estimate.row.cost(&usage))
    }
}

/// How a request's reservation ends, by what is known of it at its end.
pub fn settlement(progress: &Progress, estimate: &Estimate, endpoint: &Endpoint) -> Ending {
    if !progress.is_written || progress.is_rejected {
        return Ending::Release;
    }
    let row = &*estimate.row;
    let counted = progress.usage.filter(|usage| usage.input() > 0);
    let streamed = row.tokenizer.text_bound(&progress.output);
    Ending::Settle(match counted {
        // More text than was counted is a count that is wrong.
        Some(usage) if progress.is_complete && (usage.output > 0 || streamed == 0) => {
            settled(row, &usage, Outcome::Counted)
        }
        _ => estimated(progress, estimate, endpoint, counted, streamed),
    })
}

fn settled(row: &PriceRow, usage: &Usage, outcome: Outcome) -> Settlement {
    let provider_cost = usage.provider_cost.map(Picodollars);
    // The dearer one of the two: a price table may be old, and a gateway may ask more.
    let money = row.cost(usage).max(provider_cost.unwrap_or_default());
    let tokens = usage.input().saturating_add(usage.output);
    Settlement { money, tokens, outcome, provider_cost }
}

fn estimated(
    progress: &Progress,
    estimate: &Estimate,
    endpoint: &Endpoint,
    counted: Option<Usage>,
    streamed: u64,
) -> Settlement {
    let allowed = u64::from(estimate.max_output);
    let goes_on = !progress.is_complete && !endpoint.stops_billing_on_disconnect();
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
    Settlement { money: upper.money.1, tokens: upper.tokens(), outcome, provider_cost: None }
}

#[cfg(test)]
mod tests;
