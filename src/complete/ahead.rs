//! Looks one step ahead: while a suggestion is shown, what follows its acceptance is asked for and remembered.
//!
//! It is a guess that costs power, so it is made for what is likely to be accepted only, by a model that is loaded anyway,
//! as a job that gives way to every request, and it ends with the first edit that goes another way. Accepting a word or a line
//! needs nothing: the rest is remembered. What is accepted in parts ends at the same place as the whole.

use std::sync::Arc;
use std::time::Duration;

use ropey::Rope;
use tokio::sync::watch;

use super::account::Account;
use super::anchor::Anchor;
use super::basis::Circumstances;
use super::suggest::{analysis, run};
use super::{Lane, Patience, Purpose, Request, Suggestion, Ticket};
use crate::context::Analysis;
use crate::text::{Change, PositionEncoding, Range};

/// Least confidence, as calibrated, of a suggestion whose acceptance is prepared: one of four guesses comes true at worst.
/// With `completion.eagerness` at `high`, less likely ones are shown.
const PLAUSIBLE: f32 = 0.25;
/// Longest parse of the text as it would be. A usual file takes less than 1 ms; without its tree nothing is prepared.
const PARSE_LIMIT: Duration = Duration::from_millis(50);

/// The step that is being prepared for a document, or was.
#[derive(Debug)]
pub struct Ahead {
    /// Numbers of tickets.
    newest: watch::Sender<u64>,
    step: Option<Step>,
}

#[derive(Debug)]
struct Step {
    from: Anchor,
    text: String,
    /// Where the cursor stands when all of it was accepted.
    to: Anchor,
}

impl Default for Ahead {
    fn default() -> Self {
        Self { newest: watch::Sender::new(0), step: None }
    }
}

impl Ahead {
    /// None where this very step was begun already: what is shown is the rest of the same text.
    fn begin(&mut self, from: Anchor, text: &str, to: Anchor) -> Option<Ticket> {
        if self.step.as_ref().is_some_and(|step| step.to == to) {
            return None;
        }
        self.step = Some(Step { from, text: text.to_owned(), to });
        Some(Ticket::next(&self.newest))
    }

    /// Nobody will want it.
    pub fn end(&mut self) {
        if self.step.take().is_some() {
            self.newest.send_modify(|newest| *newest += 1);
        }
    }

    /// A request does the rest.
    pub fn hand_over(&self) {
        self.newest.send_modify(|newest| *newest += 1);
    }

    /// Whether a cursor at one of these places stands on the way: a part of the text, or all of it, was inserted.
    pub fn is_at(&self, text: &Rope, places: &[usize]) -> bool {
        self.step.as_ref().is_some_and(|step| {
            let is_on_the_way = |typed: &str| step.text.starts_with(typed);
            places.iter().any(|at| step.from.typed_since(text, *at, step.text.len(), is_on_the_way).is_some())
        })
    }
}

impl Lane {
    /// Begins to look ahead of a suggestion that is shown at `offset`. None where that is not worth it, or done already.
    pub fn begin_ahead(&self, text: &Rope, offset: usize, shown: &Suggestion) -> Option<Ticket> {
        if shown.confidence < PLAUSIBLE {
            return None;
        }
        let mut accepted = text.clone();
        accepted.insert(text.byte_to_char(offset.min(text.len_bytes())), &shown.text);
        let to = Anchor::at(&accepted, offset + shown.text.len());
        self.ahead().begin(Anchor::at(text, offset), &shown.text, to)
    }
}

/// Asks as if `text` had been accepted at the request's place, and remembers the answer for that place. The request has the
/// ticket of `Lane::begin_ahead`.
pub async fn look_ahead(mut request: Request, text: String) {
    let Some(analysis) = analysis(&mut request).await else { return };
    let Ok(Some(request)) = tokio::task::spawn_blocking(move || accepted(request, analysis, &text)).await else {
        return;
    };
    let (rope, path) = (request.document.rope(), request.index.as_ref().map(|(_, path)| path.as_str()));
    let desk = &request.lane.desk;
    let now = Circumstances { text: rope, offset: request.offset, desk, edits: &request.edits, path };
    // Undone and shown again: what follows it is still there.
    if request.ticket.is_stale() || request.lane.knows(&now) {
        return;
    }
    let mut request = Request { purpose: Purpose::LookAhead, patience: Patience::COMMAND, ..request };
    let mut account = Account::new(&request);
    let result = run(&mut request, &mut account).await;
    tracing::debug!(is_ready = result.is_ok(), engine = ?account.why.engine_job, "looked ahead");
}

/// The request at the end of `text`, in the document that has it. None where the text cannot be parsed in time: what is
/// remembered must have passed the trial of the real place.
fn accepted(request: Request, analysis: Analysis, text: &str) -> Option<Request> {
    let mut document = request.document.clone();
    let place = document.position_at(request.offset, PositionEncoding::Utf8);
    let change = Change { range: Some(Range { start: place, end: place }), text: text.to_owned() };
    let edits = document.apply(document.version(), &[change], PositionEncoding::Utf8);
    let tree = match &analysis.tree {
        Some(tree) => Some(Arc::new(tree.with(PARSE_LIMIT, request.offset..request.offset, text)?)),
        None => None,
    };
    let tokens = analysis.tokens.map(|mut tokens| {
        Arc::make_mut(&mut tokens).apply(document.rope(), &edits);
        tokens
    });
    // A receiver keeps the last value when its sender is gone.
    let (_, analysis) = watch::channel(Analysis { tree, tokens, ..analysis });
    Some(Request { offset: request.offset + text.len(), document, analysis, ..request })
}
