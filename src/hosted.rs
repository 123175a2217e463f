//! Suggestions of a paid service while the user types: an engine whose every request goes through the gate, as questions do.
//!
//! Nothing here sends: a job becomes a draft, the gate clears, reserves and records it, and `cloud` sends the permit. What is
//! typed asks by itself, so this room asks as seldom as it can: after a pause without a key, one request at a time, never for a
//! guess, never again what failed a moment ago. A no is a sentence, and the model in this machine writes (`engine::fallback`).

mod draft;
mod place;
mod rest;
mod run;
mod words;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::engine::fallback::Clock;
use crate::engine::{
    Engine, EngineState, EngineStatus, Finish, Generation, Job, ModelInfo, PaidStatus, ServerStatus, Task, Urgency,
    Writer, generation,
};
pub use place::{HostedParts, LedgerSource, Place, TIMEOUTS};
use rest::Rest;

/// Tokens of context that prompts are laid out for: none of these models has less, and no prompt of typing wants more.
const CONTEXT: u32 = 32_768;

/// How long whoever ends the process waits for a request's end to be written down.
const CLOSING: Duration = Duration::from_secs(1);

/// See the room.
pub struct HostedEngine {
    inner: Arc<Inner>,
    runtime: Handle,
}

struct Inner {
    place: Place,
    clock: Arc<dyn Clock>,
    debounce: Duration,
    /// Number of the newest job: it ends all before it.
    newest: watch::Sender<u64>,
    /// Held by the request that is under way, until its end is in the ledger.
    flight: tokio::sync::Mutex<()>,
    rest: Mutex<Rest>,
    tally: Mutex<Tally>,
    status: watch::Sender<EngineStatus>,
}

/// What the status tells of money.
#[derive(Clone, Debug, Default)]
struct Tally {
    answered: u64,
    /// Pico-dollars since the engine began.
    cost: u64,
    last_cost: Option<u64>,
    /// The folder that nobody allowed suggestions in, and what would be sent.
    asks: Option<(PathBuf, String)>,
    notice: Option<String>,
}

impl HostedEngine {
    /// Opens nothing: the ledger is opened by the first request.
    pub fn new(place: Place, debounce: Duration, clock: Arc<dyn Clock>, runtime: &Handle) -> Self {
        let status = EngineStatus::new("hosted", EngineState::Ready);
        let inner = Arc::new(Inner {
            place,
            clock,
            debounce,
            newest: watch::Sender::new(0),
            flight: tokio::sync::Mutex::default(),
            rest: Mutex::default(),
            tally: Mutex::default(),
            status: watch::Sender::new(status),
        });
        inner.refresh();
        Self { inner, runtime: runtime.clone() }
    }
}

impl Engine for HostedEngine {
    fn generate(&self, job: Job) -> Generation {
        let (sender, stream) = generation();
        // Nobody pays for a guess.
        if job.urgency == Urgency::Background || job.task == Task::Prefill {
            sender.finish(Finish::Superseded);
            return stream;
        }
        let mut number = 0;
        self.inner.newest.send_modify(|newest| {
            *newest += 1;
            number = *newest;
        });
        self.runtime.spawn(run::run(self.inner.clone(), job, sender, number));
        stream
    }

    fn status(&self) -> watch::Receiver<EngineStatus> {
        self.inner.status.subscribe()
    }

    fn allow(&self, folder: &Path) -> Result<(), String> {
        self.inner.place.allow(folder).map_err(|withheld| words::withheld(&withheld, self.inner.place.host()))?;
        self.inner.tally().asks = None;
        self.inner.refresh();
        Ok(())
    }

    fn retire(&self) {
        self.inner.newest.send_modify(|newest| *newest += 1);
    }

    fn close(&self) {
        self.retire();
        // What is under way is cancelled by that, and settled before it lets go.
        let ended = async { tokio::time::timeout(CLOSING, self.inner.flight.lock()).await.is_ok() };
        if !self.runtime.block_on(ended) {
            tracing::warn!("a suggestion's cost was not settled in time: all that was reserved counts");
        }
    }
}

impl Inner {
    fn rest(&self) -> MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The service is left alone for a while, if it rests now; told again when that is over.
    fn rested(self: &Arc<Self>) {
        let left = self.rest().left(self.clock.now());
        if let Some(left) = left {
            let (inner, over): (Weak<Self>, _) = (Arc::downgrade(self), self.clock.sleep(left));
            tokio::spawn(async move {
                over.await;
                if let Some(inner) = inner.upgrade() {
                    inner.refresh();
                }
            });
        }
        self.refresh();
    }

    fn refresh(&self) {
        let state = match self.rest().why(self.clock.now()) {
            Some(why) => EngineState::Failed { reason: why.to_owned() },
            None => EngineState::Ready,
        };
        let tally = self.tally().clone();
        let paid = PaidStatus {
            provider: self.place.provider().to_owned(),
            model: self.place.model().to_owned(),
            debounce_ms: u64::try_from(self.debounce.as_millis()).unwrap_or(u64::MAX),
            answered: tally.answered,
            cost: tally.cost,
            last_cost: tally.last_cost,
            wants_yes: tally.asks.as_ref().map(|(_, sentence)| sentence.clone()),
            wants_yes_for: tally.asks.map(|(folder, _)| folder),
            notice: tally.notice,
        };
        let model = ModelInfo {
            name: self.place.model().to_owned(),
            context: CONTEXT,
            fim: "by the provider".to_owned(),
            ..ModelInfo::default()
        };
        let server = ServerStatus {
            host: self.place.host().to_owned(),
            is_on_this_machine: false,
            writer: Writer::Server,
            paid: Some(paid),
            ..ServerStatus::default()
        };
        let fresh = EngineStatus { model: Some(model), server: Some(server), ..EngineStatus::new("hosted", state) };
        self.status.send_if_modified(|status| {
            let is_new = *status != fresh;
            *status = fresh;
            is_new
        });
    }
}
