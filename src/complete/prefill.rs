//! Evaluates the prompt of the next request before there is one, while the user is idle.
//!
//! Most keys need nothing of the kind: the prompt of the key before is in the KV cache. What was found late of the
//! repository, an edit elsewhere, typing that was answered from memory: after these the next request would pay for a prompt
//! that is known already.

use std::sync::atomic::Ordering;

use super::prompt::{context, job};
use super::suggest::analysis;
use super::trigger::{self, Plan};
use super::{Place, Request, wanted};
use crate::engine::{EngineState, Generation, Job, Task, Urgency};

/// A background job that evaluates what a request at this place would ask with. None where no request would be made or a
/// loaded model asked, and where that is evaluated already. `done` is to be told when it came to its end.
pub async fn prefill(request: &mut Request) -> Option<Prefill> {
    let settings = request.settings.clone();
    let settings = &settings.completion;
    let place = Place::at(request.document.rope(), request.offset);
    wanted::check(request).ok()?;
    trigger::check_text(&request.document, &place, request.trigger, settings).ok()?;
    let engine = request.model.clone()?;
    let status = engine.status().borrow().clone();
    if status.state != EngineState::Ready || status.paid().is_some() || request.flights.is_awaited() {
        return None;
    }
    let analysis = analysis(request).await?;
    let cursor = analysis.tree.as_ref().map(|tree| tree.cursor(request.offset));
    let plan = trigger::plan(&place, cursor.as_ref(), request.trigger, settings).ok()?;
    let snippets = context(request, status.model.as_ref()).await;
    if request.ticket.is_stale() {
        return None;
    }
    let job = job(request, Plan { candidates: 1, ..plan }, None, None, snippets);
    let head = job.prompt.head();
    if request.lane.evaluated.load(Ordering::Relaxed) == head {
        return None;
    }
    request.flights.counter.started(Task::Prefill);
    let job = Job { urgency: Urgency::Background, task: Task::Prefill, explain: false, ..job };
    Some(Prefill { generation: engine.generate(job), head })
}

/// A prefill under way. Dropping it ends it.
pub struct Prefill {
    generation: Generation,
    head: u64,
}

impl Prefill {
    /// Until it is over. What came to its end need not be done again.
    pub async fn finish(mut self, request: &Request) {
        use crate::engine::{Event, Finish};
        while let Some(event) = self.generation.next().await {
            request.flights.counter.spent(&event);
            if matches!(event, Event::Finished { reason: Finish::MaxTokens, .. }) {
                request.lane.evaluated.store(self.head, Ordering::Relaxed);
            }
        }
    }
}
