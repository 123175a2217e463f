//! Local engines: what continues a text at a cursor.
//!
//! One trait, several backends: llama.cpp in this process (`llama`), llama.cpp in the engine host process (`host`),
//! the lookup engine that needs no model (`lookup`), a server with the model here behind it (`fallback`), and a scripted one
//! for tests (`fake`). An engine knows prompts and tokens; it knows nothing of documents, editors or the protocol.

pub mod chat;
pub mod embed;
#[cfg(any(feature = "llama", feature = "cloud"))]
mod emit;
#[cfg(feature = "cloud")]
pub(crate) use emit::{Emitter, Stop};
pub mod fake;
pub mod fallback;
pub mod fim;
#[cfg(any(feature = "llama", feature = "cloud"))]
mod holes;
pub mod host;
#[cfg(feature = "cloud")]
pub mod http;
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
    CancelFlag, CancelOnDrop, Cost, Event, FimPrompt, Finish, Generation, GenerationSender, Job, Origin, PromptBudget,
    PromptReport, Report, Sent, Snippet, Task, TokenScore, TokenShare, Urgency, generation,
};
pub use status::{
    AdapterInfo, Device, EngineState, EngineStatus, MemoryUse, ModelInfo, PaidStatus, Rest, SelfTest, ServerStatus,
    StatusSender, Writer,
};

/// Something that continues a text at a cursor.
///
/// `generate` returns at once and never fails: what goes wrong arrives as `Finish::Failed` in the stream. Dropping the
/// `Generation` cancels the job; an engine looks at the flag at every decode step and every prefill chunk.
pub trait Engine: Send + Sync + 'static {
    fn generate(&self, job: Job) -> Generation;

    /// Work is about to come: a model that was put away begins to load. Does nothing in any other state.
    fn wake(&self) {}

    /// The same model for conversations, where it holds any.
    fn conversations(&self) -> Option<&dyn chat::ChatEngine> {
        None
    }

    /// The same model for vectors of texts, where it makes any.
    fn embeddings(&self) -> Option<&dyn embed::EmbedEngine> {
        None
    }

    /// The state now, and a channel that tells of changes.
    fn status(&self) -> tokio::sync::watch::Receiver<EngineStatus>;

    /// The user saw what a paid service would be told of this folder, and said yes to it from now on. Waits for a disk. An error
    /// is a sentence.
    fn allow(&self, _folder: &std::path::Path) -> Result<(), String> {
        Err("no paid service writes suggestions here (`completion.cloud`)".to_owned())
    }

    /// Another engine stands in its place from now on: what it has sent elsewhere and has no answer to ends now, and nothing more
    /// is sent. Must not wait.
    fn retire(&self) {}

    /// The process is about to end: writes down what has to be written. May wait for a disk.
    fn close(&self) {}
}
