//! A machine whose speed is the test's, and whose time passes only when its engine works.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

use super::ask::{Clock, Launch, Running};
use crate::config::{KvType, Settings};
use crate::engine::{
    Device, Engine, EngineState, EngineStatus, Event, Finish, Generation, GenerationSender, Job, ModelInfo,
    PromptReport, Report, TokenScore, generation,
};

#[derive(Clone, Default)]
pub struct Time(Arc<AtomicU64>);

impl Time {
    pub fn pass(&self, time: Duration) {
        self.0.fetch_add(time.as_micros() as u64, Ordering::Relaxed);
    }

    pub fn clock(&self) -> Clock {
        let time = self.0.clone();
        Arc::new(move || Duration::from_micros(time.load(Ordering::Relaxed)))
    }
}

/// Something that depends on an engine's settings.
type Of<T> = Arc<dyn Fn(&Settings) -> T + Send + Sync>;

/// Starts engines that read and write at a given speed, changed by their settings as the test says.
#[derive(Clone)]
pub struct Machine {
    time: Time,
    reads: f64,
    writes: f64,
    context: u32,
    gpu: bool,
    fails: Option<(usize, String)>,
    waits_for_cancels: bool,
    /// What settings make of an engine's speed: times of its reading and writing.
    speed: Of<(f64, f64)>,
    /// Each request takes so many times what it should; in turns, whoever is asked.
    noise: Vec<f64>,
    turns: Arc<AtomicUsize>,
    pub free_memory: Option<u64>,
    pub refuses: Of<Option<String>>,
    pub started: Arc<Mutex<Vec<Settings>>>,
}

impl Machine {
    pub fn new(time: &Time) -> Self {
        Self {
            time: time.clone(),
            reads: 2000.0,
            writes: 100.0,
            context: 4096,
            gpu: false,
            fails: None,
            waits_for_cancels: false,
            speed: Arc::new(|_| (1.0, 1.0)),
            noise: vec![1.0],
            turns: Arc::default(),
            free_memory: None,
            refuses: Arc::new(|_| None),
            started: Arc::default(),
        }
    }

    pub fn reads_at(self, reads: f64) -> Self {
        Self { reads, ..self }
    }

    pub fn writes_at(self, writes: f64) -> Self {
        Self { writes, ..self }
    }

    pub fn with_context(self, context: u32) -> Self {
        Self { context, ..self }
    }

    pub fn with_gpu(self) -> Self {
        Self { gpu: true, ..self }
    }

    pub fn with_noise(self, noise: &[f64]) -> Self {
        Self { noise: noise.to_vec(), ..self }
    }

    pub fn with_speed(self, speed: impl Fn(&Settings) -> (f64, f64) + Send + Sync + 'static) -> Self {
        Self { speed: Arc::new(speed), ..self }
    }

    pub fn fails_after(self, requests: usize, reason: &str) -> Self {
        Self { fails: Some((requests, reason.to_owned())), ..self }
    }

    pub fn waits_for_cancels(self) -> Self {
        Self { waits_for_cancels: true, ..self }
    }

    pub fn running(&self, settings: &Settings) -> Running {
        let (reads, writes) = (self.speed)(settings);
        let (cpu, gpu) = (vec![("CPU", 29)], vec![("Graphics", 29)]);
        let devices = if self.gpu && settings.engine.gpu_layers != Some(0) { gpu } else { cpu };
        let info = ModelInfo {
            name: "scripted".into(),
            path: None,
            architecture: "none".into(),
            parameters: 1_000_000,
            bytes: 1 << 20,
            context: self.context,
            trained_context: self.context,
            fim: "none".into(),
            devices: devices.into_iter().map(|(name, layers)| Device { name: name.into(), layers }).collect(),
            threads: settings.engine.threads.max(1),
            load_ms: 1,
            kv_bytes: if settings.engine.kv_type == KvType::F16 { 200 << 20 } else { 100 << 20 },
            ..ModelInfo::default()
        };
        let machine = Self { reads: self.reads * reads, writes: self.writes * writes, ..self.clone() };
        let drafts = settings.engine.max_draft_tokens > 0;
        Running { engine: Arc::new(Scripted::new(machine, drafts)), info, process: None }
    }
}

impl Launch for Machine {
    async fn start(&self, settings: &Settings) -> Result<Running, String> {
        self.started.lock().unwrap().push(settings.clone());
        match (self.refuses)(settings) {
            Some(reason) => Err(reason),
            None => Ok(self.running(settings)),
        }
    }

    fn resident(&self, _running: &Running) -> Option<u64> {
        Some(5 << 20)
    }

    fn cpu_seconds(&self, _running: &Running) -> Option<f64> {
        Some(0.5)
    }

    fn free_memory(&self) -> Option<u64> {
        self.free_memory
    }
}

/// Four bytes are a token. Remembers the last prompt of each lane, as a cache does.
struct Scripted {
    machine: Machine,
    drafts: bool,
    cache: Mutex<HashMap<u64, String>>,
    requests: AtomicUsize,
    status: watch::Sender<EngineStatus>,
}

impl Scripted {
    fn new(machine: Machine, drafts: bool) -> Self {
        let status = watch::Sender::new(EngineStatus::new("fake", EngineState::Ready));
        Self { machine, drafts, cache: Mutex::default(), requests: AtomicUsize::new(0), status }
    }

    /// The prefix cut to its budget. As windows do, its head stays where it is while keys are added.
    fn prompt(&self, job: &Job) -> String {
        let budget = job.budget.within(self.machine.context, job.max_tokens);
        let bytes = budget.prefix as usize * 4;
        let surplus = job.prompt.prefix.len().saturating_sub(bytes);
        let skip = surplus.next_multiple_of(512).min(job.prompt.prefix.len());
        let prefix = String::from_utf8_lossy(&job.prompt.prefix.as_bytes()[skip..]);
        format!("{}\n{prefix}", job.prompt.path)
    }
}

impl Engine for Scripted {
    fn generate(&self, job: Job) -> Generation {
        let (sender, stream) = generation();
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        if let Some((after, reason)) = &self.machine.fails
            && number >= *after
        {
            sender.finish(Finish::Failed(reason.clone()));
            return stream;
        }
        if self.machine.waits_for_cancels {
            std::thread::spawn(move || wait(&sender));
            return stream;
        }
        let turn = self.machine.turns.fetch_add(1, Ordering::Relaxed);
        let noise = self.machine.noise[turn % self.machine.noise.len()];
        let prompt = self.prompt(&job);
        let before = self.cache.lock().unwrap().insert(job.lane, prompt.clone()).unwrap_or_default();
        let common = prompt.bytes().zip(before.bytes()).take_while(|(one, other)| one == other).count();
        let (tokens, reused) = (prompt.len().div_ceil(4), common / 4);
        let evaluated = (tokens - reused).max(1);
        let text = "word ".repeat(job.max_tokens as usize);
        // Of three drafted tokens two are right.
        let drafted = if self.drafts && job.draft.is_some() { job.max_tokens / 2 } else { 0 };
        let accepted = drafted * 2 / 3;
        let prefill = noise * evaluated as f64 / self.machine.reads;
        let decode = noise * f64::from(job.max_tokens.saturating_sub(1)) / self.machine.writes;
        self.machine.time.pass(Duration::from_secs_f64(prefill + decode));
        sender.send(Event::Started(PromptReport {
            tokens: tokens as u32,
            reused: reused as u32,
            evaluated: evaluated as u32,
            ..PromptReport::default()
        }));
        let scores = vec![TokenScore { logprob: -0.1, bytes: 5, entropy: None }; job.max_tokens as usize];
        sender.send(Event::Delta { candidate: 0, text, tokens: scores });
        sender.send(Event::Finished { candidate: 0, reason: Finish::MaxTokens });
        sender.send(Event::Done(Report {
            prefill_us: (prefill * 1e6) as u64,
            decode_us: (decode * 1e6) as u64,
            generated: job.max_tokens,
            decodes: job.max_tokens.saturating_sub(1 + accepted),
            drafted,
            accepted,
            ..Report::default()
        }));
        stream
    }

    fn status(&self) -> watch::Receiver<EngineStatus> {
        self.status.subscribe()
    }
}

fn wait(sender: &GenerationSender) {
    sender.send(Event::Started(PromptReport::default()));
    sender.send(Event::Delta { candidate: 0, text: "word".into(), tokens: Vec::new() });
    while !sender.is_cancelled() {
        std::thread::yield_now();
    }
    sender.finish(Finish::Cancelled);
}
