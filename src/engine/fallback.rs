//! A server that writes, and the model in this machine for when it does not: when the server is down, slow to begin, or
//! may not be told of a text.
//!
//! Nobody waits for a server that is known to be down. One that fails, or is silent for `PATIENCE`, before its first word is
//! written in its place; after it, the text ends as the server left it, so that no text is put together from two. The model
//! here is made when it is first needed and put away when it was of no use for a while.

mod clock;
mod guard;
mod health;
mod here;
mod race;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;

use super::{
    CancelFlag, Engine, EngineState, EngineStatus, Finish, Generation, Job, ServerStatus, Urgency, Writer, generation,
};
pub use clock::{Clock, SystemClock};
pub use guard::{Guard, Kept};
use health::Health;
use here::Here;
pub use here::Maker;

/// How long the server may be silent before the model here begins beside it. With what a loaded model takes to its first
/// word, less than a second in all.
pub const PATIENCE: Duration = Duration::from_millis(600);

/// How long the model here is kept after it was last of use.
pub const KEPT: Duration = Duration::from_secs(5 * 60);

/// How often somebody looks whether it can be put away.
const LOOK: Duration = Duration::from_secs(60);

/// Who the server is.
#[derive(Clone, Debug)]
pub struct ServerSite {
    /// Host, and port where it is not the scheme's own.
    pub host: String,
    pub is_on_this_machine: bool,
}

/// See the room.
pub struct Fallback {
    inner: Arc<Inner>,
    runtime: Handle,
}

struct Inner {
    site: ServerSite,
    server: Arc<dyn Engine>,
    here: Here,
    guard: Option<Arc<dyn Guard>>,
    patience: Duration,
    clock: Arc<dyn Clock>,
    health: Mutex<Health>,
    tally: Mutex<Tally>,
    status: watch::Sender<EngineStatus>,
    /// Another engine stands in its place: nothing is sent any more.
    retired: CancelFlag,
}

/// What the status tells beside the engines' own words.
#[derive(Clone, Debug, Default)]
struct Tally {
    requests: u64,
    bytes: u64,
    withheld: std::collections::BTreeMap<String, u64>,
    kept: Option<String>,
}

/// What a fallback is made of.
pub struct FallbackParts {
    pub site: ServerSite,
    pub server: Arc<dyn Engine>,
    /// Makes the model in this machine; None where it is not wanted.
    pub here: Option<Maker>,
    /// What decides what may be sent; None for a server on this machine, and for one that decides that itself.
    pub guard: Option<Arc<dyn Guard>>,
    /// How long the server may be silent before the model here begins beside it.
    pub patience: Duration,
    pub clock: Arc<dyn Clock>,
}

impl Fallback {
    pub fn new(parts: FallbackParts, runtime: &Handle) -> Self {
        let FallbackParts { site, server, here, guard, patience, clock } = parts;
        let inner = Arc::new(Inner {
            site,
            here: Here::new(here),
            guard,
            patience,
            clock,
            health: Mutex::default(),
            tally: Mutex::default(),
            status: watch::Sender::new(server.status().borrow().clone()),
            retired: CancelFlag::default(),
            server,
        });
        inner.refresh();
        runtime.spawn(follow_server(Arc::downgrade(&inner), inner.server.status()));
        runtime.spawn(tidy(Arc::downgrade(&inner)));
        Self { inner, runtime: runtime.clone() }
    }
}

impl Engine for Fallback {
    fn generate(&self, job: Job) -> Generation {
        let (sender, stream) = generation();
        self.runtime.spawn(race::run(self.inner.clone(), job, sender));
        stream
    }

    fn wake(&self) {
        // The server has its own ways; the model here is only needed without it.
        if self.inner.health().is_down()
            && let Some(model) = self.inner.here.model()
        {
            model.wake();
        }
    }

    fn status(&self) -> watch::Receiver<EngineStatus> {
        self.inner.status.subscribe()
    }

    fn retire(&self) {
        self.inner.retired.cancel();
    }

    fn allow(&self, folder: &std::path::Path) -> Result<(), String> {
        self.inner.server.allow(folder)
    }

    fn close(&self) {
        if let Some(guard) = &self.inner.guard {
            guard.close();
        }
        self.inner.server.close();
    }
}

impl Drop for Fallback {
    /// What its guard writes down may wait for a disk, and whoever lets go of an engine does not.
    fn drop(&mut self) {
        if let Some(guard) = self.inner.guard.clone() {
            self.runtime.spawn_blocking(move || guard.close());
        }
    }
}

/// Takes up what the server says of itself, until one of the two is gone. One that only loads for longer than anybody waits is
/// as good as down.
async fn follow_server(inner: Weak<Inner>, mut status: watch::Receiver<EngineStatus>) {
    let mut was_ready = false;
    loop {
        let state = status.borrow_and_update().state.clone();
        let Some(strong) = inner.upgrade() else { return };
        let is_ready = state == EngineState::Ready;
        if is_ready != was_ready || matches!(state, EngineState::Failed { .. }) {
            strong.health().said(strong.clock.now(), &state);
        }
        was_ready = is_ready;
        strong.refresh();
        let is_loading = matches!(state, EngineState::Loading { .. }) && !strong.health().is_down();
        let late = strong.clock.sleep(PATIENCE);
        drop(strong);
        tokio::select! {
            changed = status.changed() => if changed.is_err() { return },
            () = late, if is_loading => {
                let Some(inner) = inner.upgrade() else { return };
                let why = format!("{} is not ready yet: it loads its model, or does not say that it has", inner.site.host);
                inner.health().said(inner.clock.now(), &EngineState::Failed { reason: why });
                inner.refresh();
            }
        }
    }
}

/// Takes up what the model in this machine says of itself, until it is put away.
async fn follow_model(inner: Weak<Inner>, mut status: watch::Receiver<EngineStatus>) {
    while status.changed().await.is_ok() {
        let Some(inner) = inner.upgrade() else { return };
        inner.refresh();
    }
}

async fn tidy(inner: Weak<Inner>) {
    loop {
        let Some(clock) = inner.upgrade().map(|inner| inner.clock.clone()) else { return };
        clock.sleep(LOOK).await;
        let Some(inner) = inner.upgrade() else { return };
        inner.put_away();
    }
}

impl Inner {
    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The model here, made where there is none yet. None where none is wanted or none can be made.
    async fn model(self: &Arc<Self>) -> Option<Arc<dyn Engine>> {
        if let Some(model) = self.here.used(self.clock.now()) {
            return Some(model);
        }
        // Whoever asked may go meanwhile; what is being made is kept for the next one.
        let inner = self.clone();
        let making = tokio::spawn(async move {
            let (model, is_new) = inner.here.take(inner.clock.now()).await?;
            if is_new {
                tokio::spawn(follow_model(Arc::downgrade(&inner), model.status()));
                inner.refresh();
            }
            Some(model)
        });
        making.await.ok().flatten()
    }

    /// Lets go of the model here, if the server is there and the model was not needed for long.
    fn put_away(&self) {
        if self.health().is_down() {
            return;
        }
        let model = self.here.put_away(self.clock.now(), KEPT);
        if model.is_some() {
            tracing::info!("the server is back: the model in this machine is put away");
        }
        drop(model);
        self.refresh();
    }

    /// A job was not sent.
    fn withhold(&self, reason: &str, sentence: &str) {
        let mut tally = self.tally();
        *tally.withheld.entry(reason.to_owned()).or_default() += 1;
        tally.kept = Some(sentence.to_owned());
        drop(tally);
        self.refresh();
    }

    /// A job was sent with so many bytes; `requests` is 0 for more of one that was counted.
    fn count(&self, job: &Job, requests: u64, bytes: u64) {
        if let Some(guard) = &self.guard {
            guard.sent(job, requests, bytes);
        }
        let mut tally = self.tally();
        tally.requests += requests;
        tally.bytes += bytes;
        tally.kept = None;
        drop(tally);
        self.refresh();
    }

    /// Says anew how it is, if that has changed.
    fn refresh(&self) {
        let server = self.server.status().borrow().clone();
        let paid = server.server.as_ref().and_then(|server| server.paid.clone());
        let down = self.health().down().map(str::to_owned);
        let model = self.here.model().map(|model| model.status().borrow().clone());
        let can_help =
            self.here.can_help() && !matches!(&model, Some(EngineStatus { state: EngineState::Failed { .. }, .. }));
        let writer = match (&down, can_help) {
            (None, _) => Writer::Server,
            (Some(_), true) => Writer::Here,
            (Some(_), false) => Writer::Nobody,
        };
        let mut merged = match (writer, model) {
            // Where nobody stands behind the server, what it says itself decides whether it is asked.
            (Writer::Server | Writer::Nobody, _) => server,
            (Writer::Here, Some(model)) => model,
            // The next job makes it.
            (Writer::Here, None) => EngineStatus::new(&server.engine, EngineState::Idle),
        };
        let Tally { requests, bytes, withheld, kept } = self.tally().clone();
        merged.server = Some(ServerStatus {
            host: self.site.host.clone(),
            is_on_this_machine: self.site.is_on_this_machine,
            writer,
            down,
            kept,
            requests,
            bytes,
            withheld,
            paid,
        });
        self.status.send_if_modified(|status| {
            let is_new = *status != merged;
            *status = merged;
            is_new
        });
    }
}

/// Nobody is shown what comes of it.
fn is_guess(job: &Job) -> bool {
    job.urgency == Urgency::Background || job.task == super::Task::Prefill
}

/// Ends a job for which there is nobody.
fn nobody(sentence: &str) -> Finish {
    Finish::Failed(sentence.to_owned())
}
