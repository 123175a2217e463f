//! `HostEngine`: an `Engine` whose work is done by the host process.
//!
//! One task (`drive`) owns the connection and its life; callers only register jobs and hand over frames, so nothing
//! here waits. When the host is lost, every open job ends at once with a sentence, and the host is started again.

mod chats;
mod embeds;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::BufReader;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::config::HostConfig;
use super::connection::MAX_JOBS;
use super::frame::{FrameError, MAX_FRAME, decode, encode, read_frame};
use super::link::{Connected, open};
use super::outbox::{Drained, Outbox, outbox};
use super::protocol::{Answer, Request};
use super::recovery::{ENDS_TO_GIVE_UP, Next, Recovery, WINDOW};
use crate::engine::{Engine, EngineState, EngineStatus, Event, Finish, Generation, GenerationSender, Job, generation};

/// Most bytes of requests that a host may leave unread.
const UNREAD_BYTES: usize = 2 * MAX_FRAME;

/// How long the reason of an end is waited for. It is there as soon as the system has taken the process away.
const REASON_TIME: Duration = Duration::from_secs(1);

/// Most jobs without a last event. The host has the finer rule.
const MOST_JOBS: usize = 2 * MAX_JOBS;

const STARTING: &str = "The engine host is still starting; try again in a moment.";
const ENDED: &str = "The engine host ended unexpectedly and is being started again; try again in a moment.";

/// The client's end. Dropping it closes the connection, which cancels its jobs.
pub struct HostEngine {
    shared: Arc<Shared>,
    runtime: Handle,
    driver: AbortHandle,
}

struct Shared {
    link: Mutex<Link>,
    /// Asks the driver for a connection.
    wanted: watch::Sender<bool>,
    status: watch::Sender<EngineStatus>,
    next_job: AtomicU64,
}

#[derive(Default)]
struct Link {
    /// Present while a host is connected.
    outbox: Option<Outbox>,
    /// Process id of the connected host.
    process: Option<u32>,
    /// Jobs without a last event.
    jobs: HashMap<u64, GenerationSender>,
    /// Conversations without a last event, and counts without an answer.
    open: chats::Open,
    /// Why a job that comes now fails.
    absent_because: Option<String>,
    /// A job is no reason to start the host any more.
    given_up: bool,
}

impl HostEngine {
    /// Starts nothing: the first job, or `connect`, does. `runtime` must have its IO and time drivers enabled.
    pub fn new(config: HostConfig, runtime: &Handle) -> Self {
        let shared = Arc::new(Shared {
            link: Mutex::default(),
            wanted: watch::Sender::new(false),
            status: watch::Sender::new(EngineStatus::new("llama", EngineState::Idle)),
            next_job: AtomicU64::new(1),
        });
        let driver = runtime.spawn(drive(shared.clone(), config)).abort_handle();
        Self { shared, runtime: runtime.clone(), driver }
    }

    /// Connects in the background, so that the model is loaded before the first job. Also tries again after the host
    /// was left down because it ended too often.
    pub fn connect(&self) {
        self.shared.lock().given_up = false;
        self.shared.wanted.send_replace(true);
    }

    /// Process id of the connected host.
    pub fn host_process(&self) -> Option<u32> {
        self.shared.lock().process
    }
}

impl Drop for HostEngine {
    fn drop(&mut self) {
        self.driver.abort();
        self.shared.disconnect("The engine was put away.");
    }
}

impl Engine for HostEngine {
    fn conversations(&self) -> Option<&dyn crate::engine::chat::ChatEngine> {
        Some(self)
    }

    fn embeddings(&self) -> Option<&dyn crate::engine::embed::EmbedEngine> {
        Some(self)
    }

    fn generate(&self, job: Job) -> Generation {
        let (sender, stream) = generation();
        match self.shared.submit(job, &sender) {
            Err(sentence) => sender.finish(Finish::Failed(sentence)),
            Ok(job) => {
                // Only the flag: a clone of the sender would keep the stream open after its last event.
                let (cancel, shared) = (sender.cancel_flag().clone(), self.shared.clone());
                self.runtime.spawn(async move {
                    cancel.cancelled().await;
                    shared.cancel(job);
                });
            }
        }
        stream
    }

    /// A host that is not there loads its model when it is started.
    fn wake(&self) {
        self.shared.wake();
    }

    fn status(&self) -> watch::Receiver<EngineStatus> {
        self.shared.status.subscribe()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        let is_asleep = matches!(self.status.borrow().state, EngineState::Asleep { .. });
        if let (true, Some(outbox), Ok(frame)) = (is_asleep, &self.lock().outbox, encode(&Request::Wake)) {
            outbox.send(frame);
        }
    }

    /// Registers the job and hands it to the writer; its number, or why it fails.
    fn submit(&self, job: Job, sender: &GenerationSender) -> Result<u64, String> {
        // The prompt is copied outside the lock, and not at all when there is no host.
        self.check_connected()?;
        let number = self.next_job.fetch_add(1, Ordering::Relaxed);
        let frame = encode(&Request::Generate { job: number, what: job })
            .map_err(|error| format!("The request cannot go to the engine host: {error}."))?;
        let mut link = self.lock();
        if link.jobs.len() >= MOST_JOBS {
            return Err("The engine host does not keep up with the requests; try again in a moment.".to_owned());
        }
        // The connection of now, which need not be the one of the check.
        let Some(outbox) = &link.outbox else { return Err(ENDED.to_owned()) };
        // A frame that does not go means that the driver is about to end all jobs.
        outbox.send(frame);
        link.jobs.insert(number, sender.clone());
        Ok(number)
    }

    /// Why there is no host; asks for one then.
    fn check_connected(&self) -> Result<(), String> {
        let link = self.lock();
        if link.outbox.is_some() {
            return Ok(());
        }
        if !link.given_up {
            self.wanted.send_replace(true);
        }
        Err(link.absent_because.clone().unwrap_or_else(|| STARTING.to_owned()))
    }

    fn cancel(&self, job: u64) {
        let link = self.lock();
        if let (true, Some(outbox)) = (link.jobs.contains_key(&job), &link.outbox)
            && let Ok(frame) = encode(&Request::Cancel { job })
        {
            outbox.send(frame);
        }
    }

    fn deliver(&self, job: u64, event: Event) {
        let mut link = self.lock();
        if matches!(event, Event::Done(_)) {
            if let Some(sender) = link.jobs.remove(&job) {
                sender.send(event);
            }
        } else if let Some(sender) = link.jobs.get(&job) {
            sender.send(event);
        }
    }

    /// No job goes to the host from here on; those that are open still have their end before them.
    fn detach(&self) {
        let mut link = self.lock();
        link.outbox = None;
        link.process = None;
        link.absent_because = Some(ENDED.to_owned());
        drop(link);
        self.set_state(EngineState::Loading { progress: 0.0 });
    }

    /// Ends every open job with the sentence; jobs that come later get it, too.
    fn disconnect(&self, sentence: &str) {
        let (jobs, open) = {
            let mut link = self.lock();
            link.outbox = None;
            link.process = None;
            link.absent_because = Some(sentence.to_owned());
            (std::mem::take(&mut link.jobs), std::mem::take(&mut link.open))
        };
        open.end(sentence);
        for sender in jobs.values() {
            sender.finish(Finish::Failed(sentence.to_owned()));
        }
    }

    fn set_state(&self, state: EngineState) {
        self.status.send_modify(|status| status.state = state);
    }

    /// What the host says of its engine; the count of restarts is ours.
    fn mirror(&self, status: EngineStatus) {
        self.status.send_modify(|ours| *ours = EngineStatus { restarts: ours.restarts, ..status });
    }
}

/// The life of the connection. Ends only when the engine is dropped.
async fn drive(shared: Arc<Shared>, config: HostConfig) {
    let mut wanted = shared.wanted.subscribe();
    while wanted.wait_for(|wanted| *wanted).await.is_ok() {
        let mut recovery = Recovery::default();
        while let Some(pause) = host_once(&shared, &config, &mut recovery).await {
            tokio::time::sleep(pause).await;
        }
        // Wishes from before the end have been served.
        shared.wanted.send_replace(false);
    }
}

/// Connects and serves until the host is lost; the pause before the next try, or None when somebody must want it first.
async fn host_once(shared: &Shared, config: &HostConfig, recovery: &mut Recovery) -> Option<Duration> {
    shared.set_state(EngineState::Loading { progress: 0.0 });
    let (lived, sentence) = match open(config).await {
        Err(error) => {
            let sentence = format!("{error:#}");
            shared.disconnect(&sentence);
            (Duration::ZERO, sentence)
        }
        Ok(connected) => {
            let since = Instant::now();
            match attend(shared, connected).await {
                Lost::Goodbye(reason) => {
                    tracing::info!("the engine host ended: {reason}");
                    shared.disconnect("The engine host ended; the next request starts it again.");
                    shared.lock().absent_because = None;
                    shared.set_state(EngineState::Idle);
                    return None;
                }
                Lost::Broken(sentence) => {
                    shared.status.send_modify(|status| status.restarts += 1);
                    (since.elapsed(), sentence)
                }
            }
        }
    };
    tracing::warn!("{sentence}");
    match recovery.ended(Instant::now(), lived) {
        Next::StartAfter(pause) => {
            if !pause.is_zero() {
                shared.set_state(EngineState::Failed { reason: sentence });
            }
            Some(pause)
        }
        Next::StayDown => {
            let reason = format!(
                "The engine host ended {ENDS_TO_GIVE_UP} times within {} s and is not started again. Last: {sentence} \
                 Choose another model (engine.model), less of it (engine.gpuLayers, engine.contextTokens) or the processor \
                 (engine.device = \"cpu\", where a graphics driver is at fault), or restart the server to try again.",
                WINDOW.as_secs()
            );
            tracing::error!("{reason}");
            shared.lock().given_up = true;
            shared.disconnect(&reason);
            shared.set_state(EngineState::Failed { reason });
            None
        }
    }
}

enum Lost {
    /// In good order; nothing to repair.
    Goodbye(String),
    /// A sentence.
    Broken(String),
}

/// Serves one connection. When it returns, every open job has ended.
async fn attend(shared: &Shared, connected: Connected) -> Lost {
    let Connected { stream, process, mut launched, log } = connected;
    tracing::info!(process, "connected to the engine host");
    let (outbox, drain) = outbox(UNREAD_BYTES);
    {
        let mut link = shared.lock();
        link.outbox = Some(outbox);
        link.process = Some(process);
        link.absent_because = None;
    }
    let answers = read_answers(&stream, shared);
    tokio::pin!(answers);
    let ended = tokio::select! {
        biased;
        ended = &mut answers => ended,
        drained = drain.write_to(&stream) => match drained {
            // A host that closed may have said goodbye before, which stands unread in the socket.
            Drained::Failed(error) => match tokio::time::timeout(REASON_TIME, answers).await {
                Ok(Ok(Some(reason))) => Ok(Some(reason)),
                _ => Err(error.into()),
            },
            Drained::Overflow | Drained::Done => Err(FrameError::Cut),
        },
    };
    let phrase = match ended {
        Ok(Some(reason)) => return Lost::Goodbye(reason),
        Ok(None) => "it closed the connection".to_owned(),
        Err(error) => error.to_string(),
    };
    shared.detach();
    // Who started the host knows better why it ended.
    let phrase = match &mut launched {
        Some(launched) => launched.end_within(REASON_TIME).await.unwrap_or(phrase),
        None => phrase,
    };
    let hint = log.hint();
    shared.disconnect(&format!("{ENDED} What is known: {phrase}; {hint}."));
    Lost::Broken(format!("The engine host ended unexpectedly ({phrase}; {hint})."))
}

/// Reads until the end; the reason of a goodbye, or None when the host closed without one.
async fn read_answers(
    stream: impl tokio::io::AsyncRead + Unpin,
    shared: &Shared,
) -> Result<Option<String>, FrameError> {
    let mut reader = BufReader::with_capacity(64 << 10, stream);
    let mut body = Vec::new();
    while read_frame(&mut reader, &mut body, MAX_FRAME).await? {
        match decode(&body)? {
            Answer::Status(status) => shared.mirror(*status),
            Answer::Event { job, event } => shared.deliver(job, event),
            Answer::Chat { job, event } => shared.deliver_chat(job, event),
            Answer::Vectors { job, vectors } => shared.deliver_vectors(job, vectors),
            Answer::Counted { job, tokens } => shared.deliver_count(job, tokens),
            Answer::Goodbye { reason } => return Ok(Some(reason)),
        }
    }
    Ok(None)
}
