//! Keeps the account of one request while it runs: stages with their times, and what was decided.

use std::time::Instant;

use super::{Decision, Outcome, Reason, Request, Stage, Suggestion, SyntaxCheck, Why};

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
        let why = Why {
            document: request.document.id().clone(),
            version: request.document.version(),
            offset: request.offset,
            trigger: request.trigger,
            context: Vec::new(),
            joined: false,
            prompt: None,
            raw: None,
            finish: None,
            lookup: None,
            syntax: SyntaxCheck::default(),
            engine: None,
            considered: Vec::new(),
            gate: None,
            stages: Vec::new(),
            decision: Decision::Hidden { reason: Reason::Cancelled, sentence: Reason::Cancelled.to_string() },
        };
        Self { why, from_memory: false, started: now, stage_started: now }
    }

    /// Books the time since the last stage under this name.
    pub fn stage(&mut self, name: &str) {
        let now = Instant::now();
        let us = (now - self.stage_started).as_micros() as u64;
        self.stage_started = now;
        self.why.stages.push(Stage { name: name.to_owned(), us });
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
