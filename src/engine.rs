//! Local engines: what continues a text at a cursor.
//!
//! One trait, several backends: llama.cpp in this process (`llama`), llama.cpp in the engine host process (`host`),
//! the lookup engine that needs no model (`lookup`), and a scripted one for tests (`fake`). An engine knows prompts and
//! tokens; it knows nothing of documents, editors or the protocol.

pub mod fake;
pub mod fim;
pub mod host;
mod job;
#[cfg(feature = "llama")]
pub mod llama;
pub mod lookup;
pub mod power;
pub mod prompt;
pub mod sleep;
mod status;
pub mod threads;
pub mod turns;

pub use job::{
    CancelFlag, CancelOnDrop, Event, FimPrompt, Finish, Generation, GenerationSender, Job, PromptBudget, PromptReport,
    Report, Snippet, Task, TokenScore, TokenShare, Urgency, generation,
};
pub use status::{AdapterInfo, Device, EngineState, EngineStatus, MemoryUse, ModelInfo, Rest, SelfTest, StatusSender};

/// Something that continues a text at a cursor.
///
/// `generate` returns at once and never fails: what goes wrong arrives as `Finish::Failed` in the stream. Dropping the
/// `Generation` cancels the job; an engine looks at the flag at every decode step and every prefill chunk.
pub trait Engine: Send + Sync + 'static {
    fn generate(&self, job: Job) -> Generation;

    /// Work is about to come: a model that was put away begins to load. Does nothing in any other state.
    fn wake(&self) {}

    /// The state now, and a channel that tells of changes.
    fn status(&self) -> tokio::sync::watch::Receiver<EngineStatus>;
}
