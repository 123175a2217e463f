//! One attempt of one request from its reservation to its end. However it ends, ledger and audit log are told, once.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use super::audit::{Came, Contents, Digest, EndResult};
use super::policy::Reach;
use super::{ClearedPrompt, Door, Withheld};
use crate::budget::{self, End, Estimate, Outcome, Picodollars, Progress, Refusal, Reserved, Settlement, Stage};
use crate::privacy::secrets::{Scanner, redact};
use crate::providers::{ProviderError, Reason, Usage};

/// How a request ended, as whoever sent it saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Certainly not a byte of it reached the provider: no address, no connection, no TLS.
    Unsent(ProviderError),
    /// A status that says so (3xx, 4xx, 5xx) came instead of an answer.
    Rejected(ProviderError),
    /// The stream came to its own end. Usage is None where the provider never told.
    Ended { reason: Reason, usage: Option<Usage> },
    /// It broke, stalled, or an error came, after it was sent.
    Failed(ProviderError),
    /// The user did not want it any more, after it was sent.
    Cancelled,
}

/// What a request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// None: nothing was spent.
    pub settlement: Option<Settlement>,
    pub usage: Usage,
    /// What could not be written down, if anything: then all that was reserved counts as spent.
    pub problem: Option<String>,
}

/// The common part of reservation, record and permit.
pub(super) struct Ticket {
    door: Door,
    prompt: Arc<ClearedPrompt>,
    estimate: Estimate,
    reserved: Option<Reserved>,
    attempt: u32,
    /// In the audit log.
    number: Option<u64>,
    opened: Option<Instant>,
    progress: Progress,
    usage: Usage,
    request_id: Option<String>,
    has_text: bool,
    /// The answer, where it is kept.
    answer: String,
    is_over: bool,
}

impl Ticket {
    pub fn new(
        door: Door,
        prompt: Arc<ClearedPrompt>,
        estimate: Estimate,
        reserved: Option<Reserved>,
        attempt: u32,
    ) -> Self {
        Self {
            door,
            prompt,
            estimate,
            reserved,
            attempt,
            number: None,
            opened: None,
            progress: Progress::default(),
            usage: Usage::default(),
            request_id: None,
            has_text: false,
            answer: String::new(),
            is_over: false,
        }
    }

    pub fn door(&self) -> &Door {
        &self.door
    }

    pub fn prompt(&self) -> &Arc<ClearedPrompt> {
        &self.prompt
    }

    pub fn estimate(&self) -> &Estimate {
        &self.estimate
    }

    pub fn reserved(&self) -> Option<Reserved> {
        self.reserved
    }

    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    pub fn number(&self) -> Option<u64> {
        self.number
    }

    pub fn recorded(&mut self, number: u64) {
        self.number = Some(number);
    }

    /// From here on it may have been sent.
    pub fn open(&mut self) -> Result<(), Withheld> {
        if self.opened.is_some() {
            return Err(Withheld::NoConsent);
        }
        if let Some(reserved) = self.reserved {
            let noted = self.door.ledger.advance(reserved, Stage::Sent, Picodollars::ZERO);
            noted.map_err(|error| Withheld::Budget(Refusal::Ledger(error)))?;
        }
        self.progress.written();
        self.opened = Some(Instant::now());
        Ok(())
    }

    pub fn accepted(&mut self, request_id: Option<&str>) {
        self.request_id = request_id.map(str::to_owned).or_else(|| self.request_id.take());
        self.note_floor();
    }

    pub fn usage(&mut self, usage: &Usage) {
        self.usage = *usage;
        self.progress.usage(usage);
        // All that was reserved counts anyway: more is worth a write.
        if self.progress.floor(&self.estimate) > self.estimate.money.1 {
            self.note_floor();
        }
    }

    pub fn text(&mut self, text: &str) {
        if let Some(opened) = self.opened
            && !std::mem::replace(&mut self.has_text, true)
        {
            self.progress.silent_for(opened.elapsed());
        }
        self.progress.text(text);
        if self.door.keeps_contents {
            self.answer.push_str(text);
        }
    }

    /// Does the ledger not take it, all that was reserved counts: nothing is lost by going on.
    fn note_floor(&self) {
        let floor = self.progress.floor(&self.estimate);
        if let Some(reserved) = self.reserved
            && let Err(error) = self.door.ledger.advance(reserved, Stage::Streaming, floor)
        {
            tracing::warn!(%error, "how far a request has come is not in the ledger");
        }
    }

    pub fn settle(mut self, ending: &Ending) -> Settled {
        if let Some(opened) = self.opened.filter(|_| !self.has_text) {
            self.progress.silent_for(opened.elapsed());
        }
        let end = match ending {
            Ending::Unsent(_) => {
                self.progress = Progress::default();
                End::Broken
            }
            Ending::Rejected(_) => {
                self.progress.rejected();
                End::Broken
            }
            Ending::Ended { reason, usage } => {
                match usage {
                    Some(usage) => {
                        self.usage = *usage;
                        self.progress.usage(usage);
                    }
                    None => self.progress.without_last_count(),
                }
                if *reason == Reason::Truncated { End::Broken } else { End::Complete }
            }
            Ending::Failed(_) | Ending::Cancelled => End::Broken,
        };
        let settlement = budget::settlement(&self.progress, end, &self.estimate, self.prompt.endpoint());
        let (result, detail) = in_words(ending);
        // The ledger first: what is learned may have to wait for others, and is worth less.
        let settled = self.end(settlement, result, detail);
        if settlement.is_some_and(|settlement| settlement.outcome == Outcome::Counted)
            && self.prompt.reach() == Reach::Cloud
            && let Err(error) = self.door.calibration.learn(&self.estimate, &self.usage)
        {
            tracing::warn!(%error, "what a request taught about counting is not kept");
        }
        settled
    }

    /// Tells ledger and audit log.
    fn end(&mut self, settlement: Option<Settlement>, result: EndResult, detail: Option<String>) -> Settled {
        self.is_over = true;
        let told = match (self.reserved, &settlement) {
            (None, _) => Ok(()),
            (Some(reserved), Some(settlement)) => self.door.ledger.settle(reserved, settlement),
            (Some(reserved), None) => self.door.ledger.release(reserved),
        };
        let mut problem = told.err().map(|error| error.to_string());
        if let Some(of) = self.number {
            self.keep_answer(of);
            let came = Came {
                of,
                result,
                detail,
                request_id: self.request_id.take(),
                usage: self.usage,
                cost: settlement.map_or(Picodollars::ZERO, |settlement| settlement.money),
                cost_is: settlement.map(|settlement| settlement.outcome),
                problem: problem.clone(),
            };
            if let Err(error) = self.door.audit.outcome(came, self.door.now()) {
                tracing::warn!(%error, of, "what became of a request is not in the audit log");
                problem = Some(problem.map_or_else(|| error.to_string(), |first| format!("{first}; {error}")));
            }
        }
        Settled { settlement, usage: self.usage, problem }
    }

    fn keep_answer(&self, of: u64) {
        if self.answer.is_empty() {
            return;
        }
        // A model may have made up, or put together, what a scanner knows.
        let clean = redact(&self.answer, &Scanner::shared().find(&self.answer), self.prompt.placeholders());
        let kept = Contents::of(self.door.audit.file()).keep_answer(Digest(*self.prompt.digest()), of, &clean);
        if let Err(error) = kept {
            tracing::warn!(%error, of, "an answer is not kept");
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        if self.opened.is_none() {
            self.end(None, EndResult::NotSent, None);
            return;
        }
        let floor = self.progress.floor(&self.estimate);
        let presumed = Settlement {
            money: self.estimate.money.1.max(floor),
            tokens: self.estimate.tokens(),
            outcome: Outcome::Presumed,
            own_cost: None,
            provider_cost: None,
        };
        self.end(Some(presumed), EndResult::Unknown, None);
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("prompt", &self.prompt)
            .field("reserved", &self.reserved)
            .field("attempt", &self.attempt)
            .field("number", &self.number)
            .field("is_open", &self.opened.is_some())
            .finish_non_exhaustive()
    }
}

/// For the record: nothing of a message's text, which may quote what was sent.
fn in_words(ending: &Ending) -> (EndResult, Option<String>) {
    let error = |error: &ProviderError| {
        let status = error.status.map(|status| format!(" {status}")).unwrap_or_default();
        Some(format!("{:?}{status}", error.class))
    };
    match ending {
        Ending::Unsent(why) => (EndResult::NotSent, error(why)),
        Ending::Rejected(why) => (EndResult::Rejected, error(why)),
        Ending::Failed(why) => (EndResult::Failed, error(why)),
        Ending::Cancelled => (EndResult::Cancelled, None),
        Ending::Ended { reason, .. } => match reason {
            Reason::Complete => (EndResult::Complete, None),
            Reason::Length => (EndResult::Length, None),
            Reason::Refused(category) => (EndResult::Refused, category.clone()),
            Reason::Filtered(filter) => (EndResult::Filtered, Some(filter.clone())),
            Reason::ContextFull => (EndResult::ContextFull, None),
            Reason::Truncated => (EndResult::Truncated, None),
        },
    }
}
