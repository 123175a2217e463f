//! Keeps the account of one request while it runs: stages with their times, and what was decided.

use std::time::Instant;

use super::flight::Seat;
use super::{Decision, EngineJob, Outcome, Reason, Request, Stage, Suggestion, SyntaxCheck, Trigger, Why};
use crate::engine::Sent;
use crate::text::DocumentId;

/// Collects the account of a request while it runs.
pub struct Account {
    pub why: Why,
    pub from_memory: bool,
    started: Instant,
    stage_started: Instant,
}

impl Account {
    pub fn new(request: &Request) -> Self {
        let now = Instant::now();
        Self { why: Why::unanswered(request), from_memory: false, started: now, stage_started: now }
    }

    /// Books the time since the last stage under this name.
    pub fn stage(&mut self, name: &str) {
        let now = Instant::now();
        let us = (now - self.stage_started).as_micros() as u64;
        self.stage_started = now;
        self.why.stages.push(Stage { name: name.to_owned(), us });
    }

    /// The request has a seat in this flight.
    pub fn boarded(&mut self, seat: &Seat) {
        self.why.joined = seat.joined;
        self.why.engine_job = if seat.joined { EngineJob::Joined } else { EngineJob::Started };
        self.why.ahead = seat.joined && seat.is_ahead;
    }

    /// What the flight's engine has reported so far.
    pub fn reported(&mut self, seat: &Seat) {
        let progress = seat.progress.borrow();
        self.why.prompt = progress.prompt.clone();
        let sent = progress.prompt.as_ref().and_then(|prompt| prompt.sent.clone());
        let in_all = progress.report.as_ref().map_or(0, |report| report.sent_bytes);
        self.why.sent = sent.map(|sent| Sent { bytes: sent.bytes.max(in_all), ..sent });
        self.why.cost = progress.report.as_ref().and_then(|report| report.cost);
        self.why.engine = progress.report.clone();
    }

    /// Notes what the trial parse said.
    pub fn shaped(&mut self, shaped: Result<(String, SyntaxCheck), Reason>) -> Result<String, Reason> {
        self.why.syntax = match &shaped {
            Ok((_, check)) => *check,
            Err(Reason::BreaksSyntax) => SyntaxCheck::Failed,
            Err(_) => SyntaxCheck::Untried,
        };
        shaped.map(|(text, _)| text)
    }

    pub fn close(mut self, result: Result<Vec<Suggestion>, Reason>) -> (Outcome, Why) {
        let total_us = self.started.elapsed().as_micros() as u64;
        self.why.stages.push(Stage { name: "total".to_owned(), us: total_us });
        let outcome = match result {
            Ok(suggestions) => {
                let shown = suggestions.clone();
                self.why.decision = Decision::Shown { suggestions: shown, from_memory: self.from_memory };
                Outcome::Show(suggestions)
            }
            Err(reason) => {
                self.why.decision = Decision::Hidden { sentence: reason.to_string(), reason: reason.clone() };
                Outcome::Nothing(reason)
            }
        };
        if tracing::enabled!(tracing::Level::DEBUG) {
            self.log(&outcome);
        }
        (outcome, self.why)
    }

    /// Numbers and names only: what was written is the user's.
    fn log(&self, outcome: &Outcome) {
        let stages = self.why.stages.iter().map(|stage| format!("{}={}", stage.name, stage.us));
        let stages_us = stages.collect::<Vec<_>>().join(" ");
        let prompt = self.why.prompt.as_ref();
        let (reused, evaluated) = (prompt.map(|prompt| prompt.reused), prompt.map(|prompt| prompt.evaluated));
        match outcome {
            Outcome::Show(suggestions) => {
                let source = suggestions.first().map(|suggestion| suggestion.source);
                tracing::debug!(stages_us, ?source, reused, evaluated, from_memory = self.from_memory, "shown");
            }
            Outcome::Nothing(reason) => tracing::debug!(stages_us, %reason, reused, evaluated, "nothing shown"),
        }
    }
}

impl Why {
    /// The account of a request that was dropped before it was answered.
    pub fn unanswered(request: &Request) -> Self {
        let document = &request.document;
        Self {
            version: document.version(),
            offset: request.offset,
            ..Self::silent(document.id().clone(), request.trigger, Reason::Cancelled)
        }
    }

    /// The account of a request that ends before anything was done for it.
    pub fn silent(document: DocumentId, trigger: Trigger, reason: Reason) -> Self {
        Self {
            document,
            version: 0,
            offset: 0,
            trigger,
            context: Vec::new(),
            joined: false,
            engine_job: EngineJob::None,
            ahead: false,
            prompt: None,
            sent: None,
            cost: None,
            raw: None,
            finish: None,
            lookup: None,
            syntax: SyntaxCheck::default(),
            engine: None,
            considered: Vec::new(),
            gate: None,
            stages: Vec::new(),
            notes: Vec::new(),
            decision: Decision::Hidden { sentence: reason.to_string(), reason },
        }
    }
}
