//! Vectors of texts by a model of its own, on a thread of its own: loaded with the first text, put away by the same rules as
//! every model, the least urgent of all. A query goes before the documents that wait, and before the rest of those that run.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::{LlamaContextParams, LlamaPoolingType};
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use tokio::sync::watch;

use super::backend::{backend, collect_complaints, reason_of};
use super::{ModelConfig, fit, load};
use crate::engine::embed::{EmbedEngine, EmbedError, EmbedJob, Prefixes, Purpose, normalised, prefixes};
use crate::engine::host::Role;
use crate::engine::power::Watch;
use crate::engine::sleep::{Sleeper, Step};
use crate::engine::{
    CancelFlag, Engine, EngineState, EngineStatus, Finish, Generation, Job, ModelInfo, StatusSender, generation,
};

/// Most tokens of a text. Pieces of code are shorter; and a model with a large vocabulary takes memory for the scores of all of
/// them at every token of a batch, though nobody asks for these here.
const MOST_TOKENS: u32 = 512;
/// Between two looks at the machine, and at a cancel.
const LOOK: Duration = Duration::from_secs(1);
const ANSWER_LOOK: Duration = Duration::from_millis(20);

struct Ticket {
    job: EmbedJob,
    cancel: CancelFlag,
    answer: SyncSender<Answer>,
}

type Answer = Result<Vec<Vec<f32>>, EmbedError>;

/// The model. Dropping it ends the running job within one text and joins the thread.
pub struct LlamaEmbedder {
    tickets: Option<Sender<Ticket>>,
    stop: CancelFlag,
    status: watch::Sender<EngineStatus>,
    worker: Option<JoinHandle<()>>,
}

impl LlamaEmbedder {
    /// Returns at once; the model loads with the first text. `config.model` is the file.
    pub fn start(config: ModelConfig) -> Self {
        let status = watch::Sender::new(EngineStatus::new("llama", EngineState::Idle));
        let (tickets, inbox) = channel();
        let stop = CancelFlag::default();
        let worker = std::thread::Builder::new().name("llama-embed".to_owned()).spawn({
            let (status, stop) = (status.clone(), stop.clone());
            move || {
                stand_back();
                Worker::new(&config, inbox, status, stop).run()
            }
        });
        let worker = worker.map_err(|error| {
            let reason = format!("the thread for vectors cannot be started: {error}; close other programs and retry");
            status.send_modify(|status| status.state = EngineState::Failed { reason });
        });
        Self { tickets: Some(tickets), stop, status, worker: worker.ok() }
    }
}

impl Drop for LlamaEmbedder {
    fn drop(&mut self) {
        self.stop.cancel();
        self.tickets = None;
        if let Some(worker) = self.worker.take() {
            let _ = worker.join();
        }
    }
}

impl Engine for LlamaEmbedder {
    fn generate(&self, _job: Job) -> Generation {
        let (sender, stream) = generation();
        sender.finish(Finish::Failed("this model compares texts and writes none".to_owned()));
        stream
    }

    fn embeddings(&self) -> Option<&dyn EmbedEngine> {
        Some(self)
    }

    fn status(&self) -> watch::Receiver<EngineStatus> {
        self.status.subscribe()
    }
}

impl EmbedEngine for LlamaEmbedder {
    fn embed(&self, job: EmbedJob, cancel: &CancelFlag, patience: Duration) -> Answer {
        job.check()?;
        let until = Instant::now() + patience;
        let (answer, answered) = sync_channel(1);
        // A flag of its own: who lost patience wants it no more, and may want the next.
        let flag = CancelFlag::default();
        let gone = || EmbedError::Failed("the model's thread has ended".to_owned());
        let tickets = self.tickets.as_ref().ok_or_else(gone)?;
        tickets.send(Ticket { job, cancel: flag.clone(), answer }).map_err(|_| gone())?;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match answered.recv_timeout(left.min(ANSWER_LOOK)) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Disconnected) => return Err(gone()),
                Err(RecvTimeoutError::Timeout) if cancel.is_cancelled() || left.is_zero() => {
                    flag.cancel();
                    return Err(if cancel.is_cancelled() { EmbedError::Cancelled } else { EmbedError::Late });
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

/// Of the processor's time this thread, and those that compute for it, get what others leave: a tenth where they want all of it.
/// Less would starve a query, which somebody waits for.
fn stand_back() {
    // On Linux priorities are of threads, elsewhere of processes: there it would slow down an editor's whole server.
    #[cfg(target_os = "linux")]
    // SAFETY: it takes numbers alone, 0 being the calling thread, and touches no memory.
    unsafe {
        libc::setpriority(libc::PRIO_PROCESS, 0, NICE);
    }
}

/// 10 weighs a tenth of the usual 0.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

struct Worker<'c> {
    config: &'c ModelConfig,
    inbox: Receiver<Ticket>,
    waiting: VecDeque<Ticket>,
    status: StatusSender,
    stop: CancelFlag,
    sleeper: Sleeper,
    watch: Watch,
}

impl<'c> Worker<'c> {
    fn new(config: &'c ModelConfig, inbox: Receiver<Ticket>, status: StatusSender, stop: CancelFlag) -> Self {
        let life = &config.life;
        let watch = match life.rules.need_no_watch() {
            true => Watch::idle(),
            false => Watch::start(life.machine.clone(), life.period, |_| {}),
        };
        let sleeper = Sleeper::new(life.rules.clone(), Role::Embedding, Instant::now());
        Self { config, inbox, waiting: VecDeque::new(), status, stop, sleeper, watch }
    }

    /// Until nobody can ask any more.
    fn run(mut self) {
        let mut has_slept = false;
        while let Ok(first) = self.inbox.recv() {
            let now = Instant::now();
            let conditions = self.watch.conditions();
            let keeps_away = match has_slept {
                true => Some(self.sleeper.resting(now, &conditions))
                    .filter(|resting| !resting.wakes)
                    .map(|rest| rest.reason),
                false => self.sleeper.stance(&conditions).sleep.map(|cause| self.sleeper.why(cause, &conditions)),
            };
            if let Some(reason) = keeps_away {
                let _ = first.answer.try_send(Err(EmbedError::Away(reason)));
                continue;
            }
            self.waiting.push_back(first);
            let lived = catch_unwind(AssertUnwindSafe(|| self.live()));
            let failure = match lived {
                Ok(Ok(())) => None,
                Ok(Err(reason)) => Some(reason),
                Err(_) => Some("the engine failed inside; the next text starts afresh".to_owned()),
            };
            has_slept = true;
            if let Some(reason) = failure {
                tracing::warn!("{reason}");
                self.sleeper.failed(Instant::now(), reason.clone());
                self.status.send_modify(|status| status.state = EngineState::Failed { reason: reason.clone() });
                for ticket in self.waiting.drain(..) {
                    let _ = ticket.answer.try_send(Err(EmbedError::Failed(reason.clone())));
                }
            }
        }
    }

    /// Loads the model and serves until it is to go. It is gone on return.
    ///
    /// # Errors
    /// A sentence for the user when the model cannot be used.
    fn live(&mut self) -> Result<(), String> {
        let start = Instant::now();
        self.status.send_modify(|status| status.state = EngineState::Loading { progress: 0.0 });
        let path = self.config.model.clone().ok_or("no model is named for vectors (engine.embeddingModel)")?;
        // Its texts are short, and an adapter is for the model that completes.
        let asked = ModelConfig { context_tokens: MOST_TOKENS, lora: None, ..self.config.clone() };
        let opened = fit::open(&path, &asked, || {
            let stop = self.stop.clone();
            move |_| !stop.is_cancelled()
        })?;
        let (model, bytes) = (&opened.model, opened.bytes);
        let mut reader = Reader::new(model, &path, &opened.config)?;
        let identity = load::identity(model, &path);
        let info = ModelInfo {
            name: if identity.name.is_empty() { identity.file_stem } else { identity.name },
            path: Some(path),
            architecture: identity.architecture,
            parameters: model.n_params(),
            bytes,
            trained_context: model.n_ctx_train(),
            context: reader.window,
            threads: reader.threads,
            devices: opened.devices(),
            lowered: opened.step.lowered.clone(),
            load_ms: start.elapsed().as_millis() as u64,
            ..ModelInfo::default()
        };
        tracing::info!(model = info.name, load_ms = info.load_ms, "the model for vectors is loaded");
        self.sleeper.loaded(Instant::now());
        self.status.send_modify(|status| {
            status.model = Some(info);
            status.state = EngineState::Ready;
        });
        while !self.stop.is_cancelled() {
            self.gather();
            if let Some(ticket) = self.take(|_| true) {
                self.serve(&mut reader, ticket);
                self.sleeper.worked(Instant::now());
                continue;
            }
            match self.inbox.recv_timeout(LOOK) {
                Ok(ticket) => self.waiting.push_back(ticket),
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) => {
                    let conditions = self.watch.conditions();
                    // It goes first: it waits for nobody's memory.
                    if let Step::Sleep(cause) = self.sleeper.idle(Instant::now(), &conditions, false) {
                        let reason = self.sleeper.why(cause, &conditions);
                        tracing::info!(reason, "the model for vectors is put away");
                        self.sleeper.put_away(Instant::now(), cause);
                        self.status.send_modify(|status| {
                            status.rest.sleeps += 1;
                            status.state = EngineState::Asleep { reason, wakes: true };
                        });
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    fn gather(&mut self) {
        self.waiting.extend(self.inbox.try_iter());
    }

    /// The first query that waits, else the first document.
    fn take(&mut self, fits: impl Fn(&Ticket) -> bool) -> Option<Ticket> {
        let is_query = |ticket: &Ticket| ticket.job.purpose == Purpose::Query;
        let query = self.waiting.iter().position(|ticket| is_query(ticket) && fits(ticket));
        let at = query.or_else(|| self.waiting.iter().position(fits))?;
        self.waiting.remove(at)
    }

    fn serve(&mut self, reader: &mut Reader<'_>, ticket: Ticket) {
        let mut vectors = Vec::with_capacity(ticket.job.texts.len());
        for text in &ticket.job.texts {
            if ticket.cancel.is_cancelled() || self.stop.is_cancelled() {
                let _ = ticket.answer.try_send(Err(EmbedError::Cancelled));
                return;
            }
            match reader.vector(ticket.job.purpose, text) {
                Ok(vector) => vectors.push(vector),
                Err(reason) => {
                    let _ = ticket.answer.try_send(Err(EmbedError::Failed(reason)));
                    return;
                }
            }
            // Somebody waits for a query; a batch of documents is nobody's.
            if ticket.job.purpose == Purpose::Document {
                self.gather();
                while let Some(query) = self.take(|ticket| ticket.job.purpose == Purpose::Query) {
                    self.serve(reader, query);
                }
            }
        }
        // Who asked may have lost patience.
        let _ = ticket.answer.try_send(Ok(vectors));
    }
}

/// A context for texts of one batch each.
struct Reader<'m> {
    model: &'m LlamaModel,
    context: LlamaContext<'m>,
    batch: LlamaBatch<'m>,
    prefixes: Prefixes,
    window: u32,
    threads: u32,
}

impl<'m> Reader<'m> {
    fn new(model: &'m LlamaModel, path: &Path, config: &ModelConfig) -> Result<Self, String> {
        let identity = load::identity(model, path);
        let pooling = pooling(model, &identity.architecture)?;
        let window = model.n_ctx_train().clamp(1, MOST_TOKENS);
        // Half of what completion takes: it must not feel this.
        let threads = load::threads(config).div_ceil(2);
        // A model that reads in both directions wants the whole text in one step.
        let parameters = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(window))
            .with_n_batch(window)
            .with_n_ubatch(window)
            .with_n_seq_max(1)
            .with_embeddings(true)
            .with_pooling_type(pooling)
            .with_no_perf(true)
            .with_n_threads(threads as i32)
            .with_n_threads_batch(threads as i32)
            .with_flash_attention_policy(load::flash_attention_policy(config.flash_attention));
        let backend = backend()?;
        let (context, complaints) = collect_complaints(|| {
            let _making = load::MAKING.lock();
            model.new_context(backend, parameters)
        });
        let context = context.map_err(|error| {
            let reason = reason_of(&complaints).unwrap_or_else(|| error.to_string());
            format!(
                "llama.cpp cannot make a context for vectors: {reason}; choose a smaller model (engine.embeddingModel)"
            )
        })?;
        let says = [identity.architecture, identity.name, identity.basename, identity.file_stem];
        let prefixes = prefixes(says.iter().map(String::as_str));
        let batch = LlamaBatch::new(window as usize, 1);
        Ok(Self { model, context, batch, prefixes, window, threads })
    }

    /// # Errors
    /// The model makes none: a phrase.
    fn vector(&mut self, purpose: Purpose, text: &str) -> Result<Vec<f32>, String> {
        let vocabulary = self.model.vocab();
        let prefix = match purpose {
            Purpose::Query => self.prefixes.query,
            Purpose::Document => self.prefixes.document,
        };
        // What looks like a special token in code is text.
        let mut tokens = vocabulary.tokenize(format!("{prefix}{text}").as_bytes(), true, false);
        let window = self.window as usize;
        if tokens.len() > window {
            // The last may be the mark that its vector is taken from.
            let last = tokens[tokens.len() - 1];
            tokens.truncate(window);
            tokens[window - 1] = last;
        }
        if tokens.is_empty() {
            return Err("a text without tokens has no vector".to_owned());
        }
        self.batch.clear();
        self.batch.add_sequence(&tokens, 0, true).map_err(|error| error.to_string())?;
        self.context.clear_kv_cache();
        self.context.decode(&mut self.batch).map_err(|error| format!("the model cannot read a text: {error}"))?;
        let vector =
            self.context.embeddings_seq_ith(0).map_err(|error| format!("the model made no vector: {error}"))?;
        normalised(vector.to_vec()).ok_or_else(|| "the model made a vector of zeros".to_owned())
    }
}

/// How a model makes one vector of many: as its file says, else their mean.
fn pooling(model: &LlamaModel, architecture: &str) -> Result<LlamaPoolingType, String> {
    let said = model.meta_val_str(&format!("{architecture}.pooling_type")).ok();
    match said.as_deref().and_then(|said| said.parse::<i32>().ok()).map(LlamaPoolingType::from) {
        Some(LlamaPoolingType::Rank) => {
            Err("this model ranks pairs of texts and makes no vectors; choose another (engine.embeddingModel)"
                .to_owned())
        }
        Some(pooling @ (LlamaPoolingType::Cls | LlamaPoolingType::Last | LlamaPoolingType::Mean)) => Ok(pooling),
        _ => Ok(LlamaPoolingType::Mean),
    }
}
