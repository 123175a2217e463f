//! What the tests share: a place of their own for each host, jobs, and patience that ends.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tandem::engine::fake::FakeEngine;
use tandem::engine::host::{Claim, Ended, HostAddress, HostConfig, HostEngine, HostIdentity, HostPaths, serve};
use tandem::engine::{
    Engine, EngineState, EngineStatus, Event, FimPrompt, Finish, Generation, GenerationSender, Job, PromptBudget, Task,
    Urgency, generation,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// A named test.
pub type Test = (&'static str, fn());

/// A bound against hanging, not a measurement.
const PATIENCE: Duration = Duration::from_secs(30);

/// A runtime directory, a client's runtime and what this test's hosts are told.
pub struct Place {
    pub runtime: Runtime,
    pub config: HostConfig,
    _directory: TempDir,
}

impl Place {
    /// Hosts started here are this program, with these arguments for its scripted engine.
    pub fn new(arguments: &[&str]) -> Self {
        let directory = tempfile::Builder::new().prefix("th").tempdir().expect("tempdir");
        let below = |name: &str| directory.path().join(name);
        let paths = HostPaths { runtime_dir: below("run"), state_dir: below("state"), cache_dir: below("cache") };
        let config = HostConfig {
            paths,
            program: std::env::current_exe().expect("a path"),
            arguments: std::iter::once(&"engine").chain(arguments).map(Into::into).collect(),
            identity: HostIdentity { binary: "0.0.0+test".into(), model: "scripted".into() },
            idle: Duration::from_millis(200),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        Self { runtime: runtime.expect("a runtime"), config, _directory: directory }
    }

    pub fn engine(&self) -> HostEngine {
        HostEngine::new(self.config.clone(), self.runtime.handle())
    }

    /// An engine with a connection whose host is ready.
    pub fn ready(&self) -> HostEngine {
        let engine = self.engine();
        engine.connect();
        wait("the engine is ready", || engine.status().borrow().is_ready());
        engine
    }

    pub fn address(&self, turn: u32) -> HostAddress {
        // SAFETY: no arguments, no effects.
        HostAddress::new(&self.config.paths, &self.config.identity, unsafe { libc::geteuid() }, turn)
    }

    /// A host in this process, found like any other.
    pub fn serve(&self, identity: &HostIdentity, engine: Arc<dyn Engine>) -> tokio::task::JoinHandle<Ended> {
        let _inside = self.runtime.enter();
        let claim = Claim::take(self.address(0)).expect("works").expect("free");
        let (identity, idle) = (identity.clone(), Duration::from_secs(3600));
        self.runtime
            .spawn(async move { serve(&claim, identity, idle, |_| engine.clone(), std::future::pending()).await })
    }

    pub fn files(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(&self.config.paths.runtime_dir) else { return Vec::new() };
        entries.map(|entry| entry.expect("an entry").path()).collect()
    }
}

/// Looks again until it holds.
pub fn wait(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "still not: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

pub fn job(lane: u64, prefix: &str) -> Job {
    let prompt = FimPrompt { path: "a.rs".into(), prefix: prefix.into(), suffix: "\n}".into(), ..FimPrompt::default() };
    Job {
        lane,
        urgency: Urgency::Awaited,
        task: Task::Write,
        prompt,
        budget: PromptBudget { prefix: 1000, suffix: 1000, snippets: 0 },
        max_tokens: 10_000,
        max_lines: 100,
        candidates: 1,
        draft: None,
        explain: false,
        corpus: None,
    }
}

/// All events; the stream must end by itself.
pub fn drain(mut stream: Generation) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(event) = stream.blocking_next() {
        events.push(event);
    }
    assert!(matches!(events.last(), Some(Event::Done(_))), "the last event is {:?}", events.last());
    events
}

pub fn text(events: &[Event]) -> String {
    events
        .iter()
        .filter_map(|event| if let Event::Delta { text, .. } = event { Some(text.as_str()) } else { None })
        .collect()
}

pub fn reason(events: &[Event]) -> Finish {
    let reasons =
        events.iter().filter_map(|event| if let Event::Finished { reason, .. } = event { Some(reason) } else { None });
    let reasons: Vec<&Finish> = reasons.collect();
    assert_eq!(reasons.len(), 1, "{events:?}");
    reasons[0].clone()
}

/// The sentence of a failed job.
pub fn sentence(events: &[Event]) -> String {
    match reason(events) {
        Finish::Failed(sentence) => sentence,
        other => panic!("it did not fail: {other:?}"),
    }
}

/// Asks until it does not fail, as an editor does with each keystroke.
pub fn complete(engine: &HostEngine) -> String {
    let start = Instant::now();
    loop {
        let events = drain(engine.generate(job(1, "fn ")));
        match reason(&events) {
            Finish::Failed(sentence) => assert!(start.elapsed() < PATIENCE, "it still fails: {sentence}"),
            _ => return text(&events),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// False for a zombie, too.
pub fn is_alive(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"));
    match stat {
        Ok(stat) => !stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')),
        // SAFETY: signal 0 only asks.
        Err(_) if cfg!(not(target_os = "linux")) => unsafe { libc::kill(process as i32, 0) == 0 },
        Err(_) => false,
    }
}

pub fn signal(process: u32, signal: i32) {
    // SAFETY: the process is a host that this test started.
    assert_eq!(unsafe { libc::kill(process as i32, signal) }, 0);
}

pub fn echo() -> Arc<dyn Engine> {
    Arc::new(FakeEngine::new(|job| job.prompt.prefix.chars().rev().collect()))
}

/// An engine that never answers by itself: it keeps the senders for the test.
pub struct Probe {
    pub jobs: Mutex<Vec<(Job, GenerationSender)>>,
    /// Times that work was announced to it.
    pub wakes: AtomicUsize,
    status: watch::Sender<EngineStatus>,
}

impl Probe {
    pub fn new() -> Arc<Self> {
        let status = watch::Sender::new(EngineStatus::new("probe", EngineState::Ready));
        Arc::new(Self { jobs: Mutex::default(), wakes: AtomicUsize::new(0), status })
    }

    pub fn set_state(&self, state: EngineState) {
        self.status.send_modify(|status| status.state = state);
    }

    pub fn count(&self) -> usize {
        self.jobs.lock().expect("no panic").len()
    }

    pub fn cancelled(&self) -> usize {
        self.jobs.lock().expect("no panic").iter().filter(|(_, sender)| sender.is_cancelled()).count()
    }
}

impl Engine for Probe {
    fn generate(&self, job: Job) -> Generation {
        let (sender, stream) = generation();
        self.jobs.lock().expect("no panic").push((job, sender));
        stream
    }

    fn wake(&self) {
        self.wakes.fetch_add(1, Ordering::Relaxed);
    }

    fn status(&self) -> watch::Receiver<EngineStatus> {
        self.status.subscribe()
    }
}
