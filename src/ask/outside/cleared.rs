//! A prompt that the gate let through, and its way from there.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::remote::{Answering, Cleared, Ended, Finish, Given, Update, Wanted};
use super::still::Still;
use crate::budget::{
    Account, Admission, Crossing, Entry, Guard, Ledger, LedgerError, Limit, Outcome, Period, Picodollars, Refusal,
    Reserved, Settlement, Span, Stage, WindowState,
};
use crate::cloud::{self, Cloud, Exchange, LastLook};
use crate::gate::{ClearedPrompt, Consent, Door, Ending, Preview, Remembered, Withheld};
use crate::providers::Usage;

/// Events that wait for who shows them.
const MOST_UPDATES: usize = 64;

#[derive(Debug)]
pub struct Prompt {
    door: Door,
    prompt: Arc<ClearedPrompt>,
    preview: Preview,
    cloud: Arc<Cloud>,
    still: Still,
}

impl Prompt {
    pub fn new(door: Door, prompt: ClearedPrompt, preview: Preview, cloud: Arc<Cloud>, still: Still) -> Self {
        Self { door, prompt: Arc::new(prompt), preview, cloud, still }
    }

    fn yes(&self, given: Given) -> Result<Consent, Withheld> {
        match given {
            Given::Once => Ok(Consent::once(&self.preview)),
            Given::Workspace => self.door.remember(&self.preview),
            Given::Before => match self.door.consent(&self.preview) {
                Remembered::Yes(consent) => Ok(consent),
                Remembered::Ask { .. } => Err(Withheld::NoConsent),
            },
        }
    }
}

impl Cleared for Prompt {
    fn preview(&self) -> &Preview {
        &self.preview
    }

    fn consent(&self) -> Wanted {
        match self.door.consent(&self.preview) {
            Remembered::Yes(_) => Wanted::No,
            Remembered::Ask { why, may_remember } => Wanted::Yes { why, may_remember },
        }
    }

    fn texts(&self) -> Vec<Arc<str>> {
        self.prompt.texts().to_vec()
    }

    fn send(&self, given: Given, allowed: &[Guard], cancel: CancellationToken) -> Result<Answering, Withheld> {
        self.still.holds(&self.prompt)?;
        let consent = Arc::new(self.yes(given)?);
        let door = Arc::new(Door { guards: self.door.guards.without(allowed), ..self.door.clone() });
        let (prompt, cloud, still) = (self.prompt.clone(), self.cloud.clone(), self.still.clone());
        let last_look: LastLook = Arc::new(move |prompt| still.holds(prompt));
        let (told, mut heard) = mpsc::channel(MOST_UPDATES);
        let (out, updates) = mpsc::channel(MOST_UPDATES);
        let (done, ended) = oneshot::channel();
        // When nobody takes them any more, the sender learns it from its own channel.
        tokio::spawn(async move {
            while let Some(update) = heard.recv().await {
                if out.send(of_cloud(update)).await.is_err() {
                    break;
                }
            }
        });
        tokio::spawn(async move {
            let exchange = cloud.ask(&door, &prompt, &consent, &last_look, &told, &cancel).await;
            drop(told);
            let crossings = tokio::task::spawn_blocking(move || door.crossings(&prompt)).await.unwrap_or_default();
            // Nobody may be left to be told; it is settled all the same.
            let _ = done.send(summed(exchange, &crossings));
        });
        Ok(Answering { updates, ended })
    }
}

fn of_cloud(update: cloud::Update) -> Update {
    match update {
        cloud::Update::Event(event) => Update::Event(event),
        cloud::Update::Again { why, .. } => Update::Again(why),
    }
}

/// All attempts together: each was paid for.
fn summed(exchange: Exchange, crossings: &[Crossing]) -> Ended {
    let mut ended = Ended {
        finish: match exchange.finish {
            cloud::Finish::Answered(reason) => Finish::Answered(reason),
            cloud::Finish::Failed(error) => Finish::Failed(error),
            cloud::Finish::Cancelled => Finish::Cancelled,
            cloud::Finish::Withheld(withheld, error) => Finish::Withheld(withheld, error),
        },
        has_left: exchange.answers.iter().any(|answer| !matches!(answer.ending, Ending::Unsent(_))),
        usage: Usage::default(),
        cost: Picodollars::ZERO,
        outcome: None,
        notes: Vec::new(),
    };
    for answer in exchange.answers {
        let (settled, usage) = (&answer.settled, &answer.settled.usage);
        if let Some(settlement) = &settled.settlement {
            ended.cost = ended.cost.saturating_add(settlement.money);
            ended.outcome =
                Some(ended.outcome.map_or(settlement.outcome, |other| less_sure(other, settlement.outcome)));
        }
        let sum = &mut ended.usage;
        sum.input_uncached = sum.input_uncached.saturating_add(usage.input_uncached);
        sum.cache_read = sum.cache_read.saturating_add(usage.cache_read);
        sum.cache_write_short = sum.cache_write_short.saturating_add(usage.cache_write_short);
        sum.cache_write_long = sum.cache_write_long.saturating_add(usage.cache_write_long);
        sum.output = sum.output.saturating_add(usage.output);
        sum.reasoning = sum.reasoning.saturating_add(usage.reasoning);
        ended.notes.extend(settled.problem.clone());
    }
    ended.notes.extend(
        crossings
            .iter()
            .map(|Crossing { window, percent }| format!("{percent} % of the limit of {} are used.", window.limit)),
    );
    ended
}

fn less_sure(one: Outcome, other: Outcome) -> Outcome {
    let doubt = |outcome| match outcome {
        Outcome::Counted => 0,
        Outcome::Estimated => 1,
        Outcome::Presumed => 2,
    };
    if doubt(one) >= doubt(other) { one } else { other }
}

/// In place of a ledger that cannot be opened: it lets nothing pass.
#[derive(Debug)]
pub struct NoLedger(pub LedgerError);

impl NoLedger {
    fn no<T>(&self) -> Result<T, LedgerError> {
        Err(self.0.clone())
    }
}

impl Ledger for NoLedger {
    fn reserve(&self, _: &Admission<'_>) -> Result<Reserved, Refusal> {
        Err(Refusal::Ledger(self.0.clone()))
    }

    fn advance(&self, _: Reserved, _: Stage, _: Picodollars) -> Result<(), LedgerError> {
        self.no()
    }

    fn settle(&self, _: Reserved, _: &Settlement) -> Result<(), LedgerError> {
        self.no()
    }

    fn release(&self, _: Reserved) -> Result<(), LedgerError> {
        self.no()
    }

    fn windows(&self, _: &Account, _: &[Limit]) -> Result<Vec<WindowState>, LedgerError> {
        self.no()
    }

    fn crossings(&self, _: &Account, _: &[Limit]) -> Result<Vec<Crossing>, LedgerError> {
        self.no()
    }

    fn reconcile(&self) -> Result<usize, LedgerError> {
        self.no()
    }

    fn entries(&self, _: i64, _: i64) -> Result<Vec<Entry>, LedgerError> {
        self.no()
    }

    fn span(&self, _: Period) -> Result<Option<Span>, LedgerError> {
        self.no()
    }
}
