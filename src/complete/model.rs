//! Asks the model, and waits for as much of its answer as matters.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::account::Account;
use super::choose::{second_opinion, trust};
use super::collect::collect;
use super::flight::{Progress, Seat};
use super::gate::Scene;
use super::prompt;
use super::request::{Patience, Purpose, Request};
use super::shape::Shaper;
use super::trigger::Plan;
use super::{Reason, Suggestion, Ticket, debounce};
use crate::engine::lookup::{self, Corpus};
use crate::engine::{Engine, EngineState, EngineStatus, Job};

/// How long an ended generation is waited for, so that its report is in the account.
const REPORT_PATIENCE: Duration = Duration::from_millis(10);

/// What is known before the model is asked.
pub struct Question<'a> {
    pub plan: Plan,
    pub shaper: &'a Shaper,
    pub scene: &'a Scene,
    pub corpus: Option<&'a Arc<Corpus>>,
    pub from_lookup: Option<&'a Suggestion>,
    /// Least probability to be shown.
    pub bar: f32,
}

/// What the model wrote.
pub struct Heard {
    /// Shaped for the cursor, or why nothing of it can be shown.
    pub written: Result<Vec<Suggestion>, Reason>,
    /// No more will come.
    pub is_whole: bool,
    /// Fingerprints of what stood in its prompt from elsewhere.
    pub standing: Vec<u64>,
}

impl Heard {
    /// What it says is worth remembering of the model: a failure says nothing of the text, and an answer in the making little.
    pub fn is_telling(&self) -> bool {
        self.is_whole && !matches!(self.written, Err(Reason::EngineFailed(_)))
    }
}

/// The model's answer. None where there is no model that could be asked; an error where nobody wants the answer any more.
pub async fn ask(
    request: &mut Request,
    question: &Question<'_>,
    account: &mut Account,
) -> Result<Option<Heard>, Reason> {
    let Some((engine, status)) = ready_model(request) else { return Ok(None) };
    let Question { plan, shaper, .. } = *question;
    let patience = match status.paid() {
        // It waits for the end of typing itself, longer than any that is free.
        Some(paid) => request.patience.later(Duration::from_millis(paid.debounce_ms)),
        None => debounce::hold(request, plan).await?,
    };
    if status.paid().is_none() && patience != request.patience {
        account.stage("debounce");
    }
    let snippets = prompt::context(request, status.model.as_ref()).await;
    account.why.context = request.lane.desk.considered();
    account.stage("context");
    let standing = request.lane.desk.standing();
    let lookup_is_enough = request.calibration.is_enough(question.scene, question.from_lookup, question.bar);
    let (seat, waited) = loop {
        let job = prompt::job(request, plan, question.corpus.cloned(), question.from_lookup, snippets.clone());
        let seat = board(request, engine.as_ref(), job, &standing);
        account.boarded(&seat);
        account.stage("prompt");
        let waited = wait(&seat, &mut request.ticket, patience, lookup_is_enough, shaper, plan).await;
        account.reported(&seat);
        account.stage("engine");
        // A guess that this request joined had to give way to another's.
        if waited.is_err() || !seat.joined || !seat.was_cut_short() {
            break (seat, waited);
        }
    };
    let is_awaited = request.purpose == Purpose::Answer;
    if !is_awaited && seat.was_cut_short() {
        return Err(Reason::Stale);
    }
    let is_whole = waited? == Waited::ToTheEnd;
    let trust = trust(status.model.as_ref().map_or(0, |model| model.parameters));
    let mut written = collect(&seat, shaper, trust, account);
    if !is_whole && is_awaited {
        request.lane.keep(seat);
    }
    if let (Ok(written), Some(corpus)) = (&mut written, question.corpus) {
        second_opinion(written, question.from_lookup, |text| lookup::probability(corpus, text));
    }
    account.stage("shape");
    Ok(Some(Heard { written, is_whole, standing }))
}

/// The engine, unless it cannot answer anyway. An idle one is asked: that is what starts it. One that sleeps is woken
/// before anything else is done, and not waited for: lookup answers, and the next key finds the model loading or there.
fn ready_model(request: &Request) -> Option<(Arc<dyn Engine>, EngineStatus)> {
    let engine = request.model.clone()?;
    let status = engine.status().borrow().clone();
    if status.paid().is_some() && !is_worth_paying(request) {
        return None;
    }
    match status.state {
        EngineState::Ready => Some((engine, status)),
        EngineState::Idle if request.purpose == Purpose::Answer => Some((engine, status)),
        EngineState::Asleep { wakes: true, .. } if request.purpose == Purpose::Answer => {
            engine.wake();
            None
        }
        EngineState::Idle | EngineState::Asleep { .. } | EngineState::Loading { .. } | EngineState::Failed { .. } => {
            None
        }
    }
}

/// Nobody pays for a guess, nor for an answer that comes when it is no longer waited for, as a menu does not.
pub(super) fn is_worth_paying(request: &Request) -> bool {
    request.purpose == Purpose::Answer && request.patience.hard >= Patience::GHOST_TEXT.hard
}

/// A seat in the flight of the request's lane.
fn board(request: &Request, engine: &dyn Engine, job: Job, standing: &[u64]) -> Seat {
    let head = job.prompt.head();
    let seat = request.flights.board(&request.lane.berths, engine, job, &request.circumstances(), standing);
    if !seat.joined {
        request.lane.evaluated.store(head, Ordering::Relaxed);
    } else if seat.is_ahead {
        request.lane.ahead().hand_over();
    }
    seat
}

/// How the waiting for a generation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waited {
    /// What is there now is all that will be.
    ToTheEnd,
    OutOfPatience,
}

/// Waits until the generation is over, or says enough, or patience ends. An error means that nobody wants the answer.
async fn wait(
    seat: &Seat,
    ticket: &mut Ticket,
    patience: Patience,
    lookup_is_enough: bool,
    shaper: &Shaper,
    plan: Plan,
) -> Result<Waited, Reason> {
    let mut progress = seat.progress.clone();
    let soft = tokio::time::sleep(patience.soft);
    let hard = tokio::time::sleep(patience.hard);
    tokio::pin!(soft, hard);
    let mut lines_seen = 0;
    loop {
        let (done, lines, enough) = {
            let progress = progress.borrow_and_update();
            let lines = progress.candidates.first().map_or(0, |first| first.text.matches('\n').count());
            // A look at every token would cost more than it saves; only a finished line can end a scope.
            let look = plan.candidates == 1 && lines > lines_seen;
            (progress.done, lines, look && says_enough(&progress, seat, shaper))
        };
        lines_seen = lines;
        if ticket.is_stale() {
            return Err(Reason::Stale);
        }
        if done {
            return Ok(Waited::ToTheEnd);
        }
        if enough {
            seat.end();
            // The engine's report follows within one decode step; a slow one is not waited for.
            let _ = tokio::time::timeout(REPORT_PATIENCE, progress.wait_for(|progress| progress.done)).await;
            return Ok(Waited::ToTheEnd);
        }
        tokio::select! {
            biased;
            () = ticket.stale() => return Err(Reason::Stale),
            changed = progress.changed() => if changed.is_err() { return Ok(Waited::ToTheEnd) },
            () = &mut hard => return Ok(Waited::OutOfPatience),
            () = &mut soft, if lookup_is_enough => return Ok(Waited::OutOfPatience),
        }
    }
}

fn says_enough(progress: &Progress, seat: &Seat, shaper: &Shaper) -> bool {
    let Some(candidate) = progress.candidates.first() else { return false };
    let rest = candidate.text.strip_prefix(seat.typed.as_str()).unwrap_or_default();
    shaper.is_complete(rest)
}
