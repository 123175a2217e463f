//! llama.cpp on its own thread, in this process.
//!
//! One worker thread owns the model and its context; everybody else sends it jobs. This folder is the only place that
//! names the llama crates. llama.cpp aborts the process on some inputs, so what reaches it is checked here first, and
//! servers run it in the engine host.

mod backend;
mod candidates;
mod chat;
mod counter;
mod decode;
mod devices;
mod draft;
mod embed;
mod fit;
mod generate;
mod load;
mod lora;
#[cfg(any(test, feature = "dynamic-backends"))]
mod modules;
mod queue;
mod rehearsal;
mod scores;
mod self_test;
mod slots;
pub mod starter;
mod steps;
mod vocabulary;
mod worker;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use tokio::sync::watch;

pub use backend::ENVIRONMENT;
pub use counter::TokenCounter;
pub use devices::{all_gpus, machine};
pub use embed::LlamaEmbedder;
pub use rehearsal::rehearse;

use super::chat::ChatEngine;
use super::sleep::Life;
use super::{Engine, EngineState, EngineStatus, Finish, Generation, Job, Urgency, generation};
use crate::config::{CompletionSettings, EngineSettings, KvType};
use crate::models::fit::MOST_SLOTS;
use queue::Inbox;

/// The crate that llama.cpp is part of.
pub const VERSION: &str = "llama-cpp-sys-2 0.1.161";

/// Which model to load, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelConfig {
    /// A GGUF file; the built-in starter when absent.
    pub model: Option<PathBuf>,
    /// Where the starter is written.
    pub cache_directory: PathBuf,
    /// Tokens of context; 0 takes what the two next fields add up to, at most what the model was trained on.
    pub context_tokens: u32,
    /// Most prompt tokens that jobs will ask for.
    pub prompt_tokens: u32,
    /// Most tokens that jobs will have generated.
    pub generated_tokens: u32,
    /// Compute threads; 0 takes one less than the physical cores.
    pub threads: u32,
    /// As llama.cpp names it, or `cpu`; empty for its choice.
    pub device: String,
    /// An adapter, and with how much of its weight in percent.
    pub lora: Option<PathBuf>,
    pub lora_percent: u32,
    /// Layers on the GPU; absent means all that fit.
    pub gpu_layers: Option<u32>,
    /// Absent lets llama.cpp decide.
    pub flash_attention: Option<bool>,
    pub kv_type: KvType,
    /// Most prompts that are kept ready, when memory allows.
    pub most_slots: u32,
    /// Most draft tokens verified in one decode; 0 turns speculation off.
    pub max_draft_tokens: u32,
    /// Take the cursor's unfinished identifier off the prompt and let the model write it again. For comparison.
    pub heal_tokens: bool,
    /// Try known holes before the first job.
    pub self_test: bool,
    /// Most tokens of a conversation; 0 takes as much of the model's window as fits.
    pub chat_context_tokens: u32,
    /// What it is for, when it sleeps and what it leaves to others.
    pub life: Life,
}

impl ModelConfig {
    pub fn new(engine: &EngineSettings, completion: &CompletionSettings, cache_directory: PathBuf) -> Self {
        Self {
            model: engine.model.clone(),
            cache_directory,
            context_tokens: engine.context_tokens,
            prompt_tokens: completion
                .prefix_tokens
                .saturating_add(completion.suffix_tokens)
                .saturating_add(completion.snippet_tokens),
            generated_tokens: completion.max_tokens,
            threads: engine.threads,
            device: engine.device.clone(),
            lora: engine.lora.clone(),
            lora_percent: engine.lora_percent,
            gpu_layers: engine.gpu_layers,
            flash_attention: engine.flash_attention,
            kv_type: engine.kv_type,
            most_slots: MOST_SLOTS,
            max_draft_tokens: engine.max_draft_tokens,
            heal_tokens: true,
            self_test: true,
            chat_context_tokens: engine.chat_context_tokens,
            life: Life::new(engine.into()),
        }
    }
}

/// The model in this process. Dropping it ends the running job within one decode step and joins the thread.
pub struct LlamaEngine {
    default_handle: LlamaHandle,
    next_client: AtomicU64,
    worker: Option<JoinHandle<()>>,
}

/// One client's way to the engine. Lanes of different clients do not touch, and clients take turns.
#[derive(Clone)]
pub struct LlamaHandle {
    client: u64,
    inbox: Arc<Inbox>,
    status: watch::Sender<EngineStatus>,
    /// Loaded when tokens are first counted: the worker has no time for that.
    counter: Arc<OnceLock<Option<TokenCounter>>>,
}

impl LlamaEngine {
    /// Returns at once; the model loads on the worker's thread, and `status` tells how far it is.
    pub fn start(config: ModelConfig) -> Self {
        let status = watch::Sender::new(EngineStatus::new("llama", EngineState::Loading { progress: 0.0 }));
        let inbox = Arc::new(Inbox::default());
        let worker = std::thread::Builder::new().name("llama".to_owned()).spawn({
            let (inbox, status) = (inbox.clone(), status.clone());
            move || worker::run(&config, &inbox, &status)
        });
        let worker = worker
            .map_err(|error| {
                let reason = format!("the engine's thread cannot be started: {error}; close other programs and retry");
                inbox.close(&reason);
                status.send_modify(|status| status.state = EngineState::Failed { reason });
            })
            .ok();
        let default_handle = LlamaHandle { client: 0, inbox, status, counter: Arc::default() };
        Self { default_handle, next_client: AtomicU64::new(1), worker }
    }

    /// A handle for a further client. Numbers are never given twice.
    pub fn handle(&self) -> LlamaHandle {
        LlamaHandle { client: self.next_client.fetch_add(1, Ordering::Relaxed), ..self.default_handle.clone() }
    }
}

impl Drop for LlamaEngine {
    fn drop(&mut self) {
        self.default_handle.inbox.close("the engine was shut down");
        if let Some(worker) = self.worker.take() {
            // The worker catches its panics; there is nothing to learn from one here.
            let _ = worker.join();
        }
    }
}

impl Engine for LlamaEngine {
    fn conversations(&self) -> Option<&dyn ChatEngine> {
        Some(self)
    }

    fn generate(&self, job: Job) -> Generation {
        self.default_handle.generate(job)
    }

    fn wake(&self) {
        self.default_handle.wake();
    }

    fn status(&self) -> watch::Receiver<EngineStatus> {
        self.default_handle.status()
    }
}

impl Engine for LlamaHandle {
    fn conversations(&self) -> Option<&dyn ChatEngine> {
        Some(self)
    }

    fn generate(&self, job: Job) -> Generation {
        let (sender, stream) = generation();
        let refusal = match &self.status.borrow().state {
            EngineState::Ready => None,
            EngineState::Failed { reason } => Some(reason.clone()),
            EngineState::Loading { progress } => Some(format!("the model is loading ({:.0} %)", progress * 100.0)),
            // Nobody loads a model for a guess.
            EngineState::Asleep { wakes: true, .. } if job.urgency == Urgency::Awaited => {
                self.inbox.wake();
                Some("the model was asleep and is being loaded; try again in a moment".to_owned())
            }
            EngineState::Asleep { reason, .. } => Some(reason.clone()),
            EngineState::Idle => Some("no model is loaded".to_owned()),
        };
        match refusal {
            Some(reason) => sender.finish(Finish::Failed(reason)),
            None => self.inbox.push(self.client, job, sender),
        }
        stream
    }

    fn wake(&self) {
        if matches!(self.status.borrow().state, EngineState::Asleep { .. }) {
            self.inbox.wake();
        }
    }

    fn status(&self) -> watch::Receiver<EngineStatus> {
        self.status.subscribe()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_is_the_one_that_is_linked() {
        let (name, version) = super::VERSION.split_once(' ').unwrap();
        let manifest = include_str!("../../Cargo.toml");
        assert!(manifest.contains(&format!("[dependencies.{name}]\nversion = \"={version}\"")));
    }
}
