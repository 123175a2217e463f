//! `HttpEngine`: an `Engine` whose work is done by a server.
//!
//! One task (`watch`) looks at the server until it is there, and again when a job lost it; each job that runs is a task of its own.
//! Callers only put jobs into lanes, so nothing here waits.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::client::Client;
use super::counts::TokenCounts;
use super::failure::{Class, Trouble};
use super::lanes::{Entry, Lanes};
use super::look::{Known, look};
use super::serve::{self, Ticket};
use super::window::Windows;
use super::{HttpConfig, KeySource, ServerKind, self_test, word};
use crate::engine::{Engine, EngineState, EngineStatus, Finish, Generation, Job, Urgency, generation};

/// Pause between two looks at a model that is being loaded.
const LOADING_PAUSE: Duration = Duration::from_millis(250);

const STARTING: &str = "The server was not reached yet; try again in a moment.";

/// Dropping it closes its connections, which cancels its jobs.
pub struct HttpEngine {
    status: watch::Sender<EngineStatus>,
    /// The error is what every job is answered with.
    shared: Result<Arc<Shared>, String>,
    driver: Option<AbortHandle>,
}

pub(super) struct Shared {
    pub client: Client,
    pub config: HttpConfig,
    status: watch::Sender<EngineStatus>,
    runtime: Handle,
    lanes: Mutex<Lanes<Ticket>>,
    next_job: AtomicU64,
    link: Mutex<Link>,
    pub text: Mutex<Text>,
    /// A job lost the server: the watcher looks for it.
    lost: Notify,
    /// The user wants a look now.
    asked: Notify,
    /// A job succeeded since the server was found.
    has_served: AtomicBool,
}

/// What is known of the server now.
struct Link {
    known: Option<Arc<Known>>,
    /// Why a job that comes now fails.
    absent: String,
    /// The server asked for a pause until then.
    busy: Option<(Instant, String)>,
}

/// Windows of lanes and counts of lines.
pub(super) struct Text {
    pub windows: Windows,
    pub counts: TokenCounts,
}

impl HttpEngine {
    /// Starts to look for the server and returns at once; `status` tells how it goes. An address that code may not go to is a status,
    /// too. `runtime` must have its IO and time drivers enabled.
    pub fn new(config: HttpConfig, keys: Arc<dyn KeySource>, runtime: &Handle) -> Self {
        let state = EngineState::Loading { progress: 0.0 };
        let status = watch::Sender::new(EngineStatus::new(word(config.kind), state));
        let client = match Client::new(&config, keys) {
            Ok(client) => client,
            Err(reason) => {
                status.send_modify(|status| status.state = EngineState::Failed { reason: reason.clone() });
                return Self { status, shared: Err(reason), driver: None };
            }
        };
        let link = Link { known: None, absent: STARTING.to_owned(), busy: None };
        let shared = Arc::new(Shared {
            client,
            config,
            status: status.clone(),
            runtime: runtime.clone(),
            lanes: Mutex::default(),
            next_job: AtomicU64::new(1),
            link: Mutex::new(link),
            text: Mutex::new(Text { windows: Windows::default(), counts: TokenCounts::new(false) }),
            lost: Notify::new(),
            asked: Notify::new(),
            has_served: AtomicBool::new(false),
        });
        let driver = runtime.spawn(watch(shared.clone())).abort_handle();
        Self { status, shared: Ok(shared), driver: Some(driver) }
    }

    /// Looks at the server at once, where it is waited for: the user has just started it.
    pub fn connect(&self) {
        if let Ok(shared) = &self.shared {
            shared.asked.notify_one();
        }
    }
}

impl Drop for HttpEngine {
    fn drop(&mut self) {
        if let Some(driver) = &self.driver {
            driver.abort();
        }
        if let Ok(shared) = &self.shared {
            let waiting = lock(&shared.lanes).close();
            for entry in waiting {
                entry.job.sender.finish(Finish::Failed("The engine was put away.".to_owned()));
            }
        }
    }
}

impl Engine for HttpEngine {
    fn generate(&self, job: Job) -> Generation {
        match &self.shared {
            Ok(shared) => shared.submit(job),
            Err(reason) => {
                let (sender, stream) = generation();
                sender.finish(Finish::Failed(reason.clone()));
                stream
            }
        }
    }

    fn status(&self) -> watch::Receiver<EngineStatus> {
        self.status.subscribe()
    }
}

impl Shared {
    /// Puts a job into its lane.
    pub fn submit(self: &Arc<Self>, job: Job) -> Generation {
        let (sender, stream) = generation();
        if let Err(reason) = self.check(&job) {
            sender.finish(reason);
            return stream;
        }
        let number = self.next_job.fetch_add(1, Ordering::Relaxed);
        let (lane, urgency, cancel) = (job.lane, job.urgency, sender.cancel_flag().clone());
        let job = Ticket { job, sender, received: Instant::now() };
        let over = lock(&self.lanes).add(Entry { number, lane, urgency, cancel: cancel.clone(), job });
        for entry in over {
            entry.job.sender.finish(Finish::Superseded);
        }
        if !self.start_jobs(number) {
            // It waits. Only the flag is kept: a clone of the sender would keep the stream open after its last event.
            let shared = self.clone();
            self.runtime.spawn(async move {
                cancel.cancelled().await;
                let cancelled = lock(&shared.lanes).take_cancelled();
                for entry in cancelled {
                    entry.job.sender.finish(Finish::Cancelled);
                }
            });
        }
        stream
    }

    /// Why a job ends before it waits.
    fn check(&self, job: &Job) -> Result<(), Finish> {
        let known = self.known().map_err(|trouble| Finish::Failed(trouble.sentence))?;
        if job.urgency == Urgency::Background && !self.may_guess(&known) {
            return Err(Finish::Superseded);
        }
        Ok(())
    }

    /// Guesses cost somebody else's time where a machine is shared, and money where it is a service: they go where a slot is known to
    /// be free.
    fn may_guess(&self, known: &Known) -> bool {
        match known.kind {
            ServerKind::Mistral | ServerKind::DeepSeek => false,
            // It says whether a slot is free.
            ServerKind::LlamaServer => self.config.is_yours(),
            _ => self.client.address.is_loopback(),
        }
    }

    /// Starts what may run now; whether the job of this number did.
    fn start_jobs(self: &Arc<Self>, number: u64) -> bool {
        let mut is_started = false;
        loop {
            let Some(entry) = lock(&self.lanes).start() else { return is_started };
            is_started |= entry.number == number;
            let running = RunningJob { shared: self.clone(), number: entry.number };
            self.runtime.spawn(async move {
                serve::run(&running.shared, entry).await;
                drop(running);
            });
        }
    }

    /// The server, or why there is none.
    pub fn known(&self) -> Result<Arc<Known>, Trouble> {
        let mut link = lock(&self.link);
        if let Some((until, sentence)) = &link.busy {
            if Instant::now() < *until {
                return Err(Trouble::new(Class::Busy(*until - Instant::now()), sentence.clone()));
            }
            link.busy = None;
        }
        link.known.clone().ok_or_else(|| Trouble::new(Class::Down, link.absent.clone()))
    }

    /// The server's slot for a lane; None lets the server choose.
    pub fn slot(&self, known: &Known, lane: u64) -> Option<u32> {
        // On a shared machine a slot that is somebody else's now would be waited for.
        let is_ours = known.kind == ServerKind::LlamaServer && self.client.address.is_loopback();
        let has_several = known.slots.is_some_and(|slots| slots > 1);
        (is_ours && has_several).then(|| lock(&self.lanes).slot(lane))
    }

    /// Takes notice of a job that came to its end.
    pub fn served(&self) {
        self.has_served.store(true, Ordering::Relaxed);
    }

    /// Takes notice of what went wrong with a job.
    pub fn note(&self, trouble: &Trouble) {
        match trouble.class {
            Class::Busy(wait) => lock(&self.link).busy = Some((Instant::now() + wait, trouble.sentence.clone())),
            Class::Down | Class::Loading | Class::Key | Class::Model => {
                self.set_absent(trouble);
                self.lost.notify_one();
            }
            Class::Way | Class::Other => tracing::debug!("{trouble}"),
        }
    }

    /// Waits so long, or until the user asks; then the pause after the next failure.
    async fn wait(&self, pause: Duration) -> Duration {
        let timeouts = &self.config.timeouts;
        match tokio::time::timeout(pause, self.asked.notified()).await {
            Ok(()) => timeouts.pause,
            Err(_) => (pause * 2).min(timeouts.longest_pause),
        }
    }

    fn set_absent(&self, trouble: &Trouble) {
        let mut link = lock(&self.link);
        link.known = None;
        link.absent = trouble.sentence.clone();
        drop(link);
        let state = match trouble.class {
            Class::Loading => EngineState::Loading { progress: 0.0 },
            _ => EngineState::Failed { reason: trouble.sentence.clone() },
        };
        self.status.send_if_modified(|status| std::mem::replace(&mut status.state, state.clone()) != state);
    }

    fn set_known(&self, known: Arc<Known>) {
        *lock(&self.text) = Text { windows: Windows::default(), counts: TokenCounts::new(known.counts) };
        lock(&self.lanes).set_slots(known.slots.unwrap_or(1) as usize);
        let mut link = lock(&self.link);
        link.known = Some(known.clone());
        link.busy = None;
        drop(link);
        self.status.send_modify(|status| {
            word(known.kind).clone_into(&mut status.engine);
            status.state = EngineState::Ready;
            status.model = Some(known.info());
        });
    }

    /// Says anew how the server is asked, and what a self-test found.
    pub fn publish(&self, known: &Known, test: Option<crate::engine::SelfTest>) {
        self.status.send_modify(|status| {
            if let Some(model) = &mut status.model {
                model.fim = known.describe();
                if test.is_some() {
                    model.self_test = test;
                }
            }
        });
    }
}

/// A job under way. However it ends, its lane is free then.
struct RunningJob {
    shared: Arc<Shared>,
    number: u64,
}

impl Drop for RunningJob {
    fn drop(&mut self) {
        lock(&self.shared.lanes).ended(self.number);
        self.shared.start_jobs(self.number);
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The life of the connection. Ends only when the engine is dropped.
async fn watch(shared: Arc<Shared>) {
    let mut pause = shared.config.timeouts.pause;
    loop {
        match look(&shared.client, &shared.config).await {
            Ok(known) => {
                let known = Arc::new(known);
                tracing::info!("{} at {}: {}", word(known.kind), shared.client.address.text(), known.describe());
                shared.has_served.store(false, Ordering::Relaxed);
                // What jobs lost before this look is found.
                let _ = shared.lost.notified().now_or_never();
                shared.set_known(known.clone());
                let is_free = !matches!(known.kind, ServerKind::Mistral | ServerKind::DeepSeek);
                let test = async {
                    if shared.config.self_test && is_free {
                        self_test::run(&shared, &known).await;
                    }
                    std::future::pending::<()>().await;
                };
                let asked = tokio::select! {
                    () = shared.lost.notified() => false,
                    () = shared.asked.notified() => true,
                    () = test => false,
                };
                if asked || shared.has_served.load(Ordering::Relaxed) {
                    pause = shared.config.timeouts.pause;
                } else {
                    // It answers small questions and fails at work: it is left alone for as long as one that does not answer.
                    pause = shared.wait(pause).await;
                }
            }
            Err(trouble) => {
                let is_loading = trouble.class == Class::Loading;
                tracing::debug!("{trouble}");
                shared.set_absent(&trouble);
                let now = match trouble.class {
                    Class::Busy(wait) => wait,
                    _ if is_loading => LOADING_PAUSE,
                    _ => pause,
                };
                let next = shared.wait(now).await;
                pause = if is_loading || matches!(trouble.class, Class::Busy(_)) { pause } else { next };
            }
        }
    }
}
