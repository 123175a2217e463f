//! Conversations with a local model: the trait, jobs and their event streams. The same types travel to the engine host.
//!
//! What is asked comes as turns of text. How a model wants them written is its own affair (`template`), and text from files
//! can never become a special token of it (`layout`). Nothing in this folder knows llama.cpp.

mod fake;
mod fallback;
mod layout;
mod on_demand;
mod output;
mod sampling;
mod template;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};

use super::{CancelFlag, CancelOnDrop, EngineState, EngineStatus, ModelInfo};

pub use fake::FakeChat;
pub use layout::{ChatVocabulary, Layout, Segment, fit};
pub use on_demand::OnDemand;
pub use output::{Ending, Output};
pub use sampling::Sampler;
pub use template::{Ask, ChatTemplate, TemplateSource};

/// Most bytes of all turns of a job together.
pub const MOST_CHAT_BYTES: usize = 16 << 20;

/// Tokens of a job that says nothing of its answer's length.
pub const USUAL_ANSWER: u32 = 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ChatRole {
    System,
    User,
    Assistant,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatTurn {
    pub role: ChatRole,
    pub text: Arc<str>,
}

impl ChatTurn {
    pub fn new(role: ChatRole, text: impl Into<Arc<str>>) -> Self {
        Self { role, text: text.into() }
    }
}

/// A conversation whose next turn the model is to write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChatJob {
    pub turns: Vec<ChatTurn>,
    /// Most tokens of the answer, thinking included. The engine lowers it to what its window has room for.
    pub max_tokens: u32,
    /// 0 takes the likeliest token always.
    pub temperature: f32,
    /// What randomness begins with, where `temperature` is above 0.
    pub seed: u64,
    /// The answer ends before any of these. At most `MOST_STOPS`; empty ones are ignored.
    pub stop: Vec<String>,
    /// Most tokens of thinking of a model that thinks before it answers; it is made to end then. 0 asks it not to think at
    /// all, where its template knows how.
    pub reasoning_tokens: u32,
}

/// Most `ChatJob::stop` that are looked for.
pub const MOST_STOPS: usize = 16;

impl Default for ChatJob {
    fn default() -> Self {
        Self {
            turns: Vec::new(),
            max_tokens: USUAL_ANSWER,
            temperature: 0.0,
            seed: 0,
            stop: Vec::new(),
            reasoning_tokens: 0,
        }
    }
}

/// What was done with the prompt, sent before the first text. Tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatStarted {
    /// Of the whole prompt, as it was evaluated.
    pub tokens: u32,
    /// That were in the KV cache already, from the turn before.
    pub reused: u32,
    pub evaluated: u32,
    /// That the window had no room for, with the turns that they were of.
    pub cut: u32,
    /// Tokens of prompt and answer together that there is room for.
    pub window: u32,
}

/// Why an answer ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChatFinish {
    /// The model ended its turn, or wrote one of `ChatJob::stop`.
    Complete,
    /// `ChatJob::max_tokens`, or the end of the window.
    MaxTokens,
    /// It said the same again and again.
    Repeating,
    Cancelled,
    /// For the user: what happened and the way out.
    Failed(String),
}

/// Totals, in microseconds and counts. Sent last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatReport {
    /// Waiting behind other jobs, before it began.
    pub queue_us: u64,
    /// Rendering and tokenising.
    pub layout_us: u64,
    /// Prefill with what was done for others meanwhile.
    pub prefill_us: u64,
    /// From receipt by the engine to the first generated token.
    pub first_token_us: u64,
    pub total_us: u64,
    /// Inside llama.cpp for this job.
    pub compute_us: u64,
    /// Other jobs, completions, that were let ahead in between.
    pub yielded_us: u64,
    /// Generated tokens, and those of them that were thinking.
    pub generated: u32,
    pub thinking: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChatEvent {
    Started(ChatStarted),
    /// Whole characters of the answer.
    Text(String),
    /// Whole characters of what the model thinks before it answers.
    Thinking(String),
    Finished(ChatFinish),
    /// Always the last event, also after a failure or a cancel.
    Done(ChatReport),
}

/// What is known of the model that answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatModel {
    pub name: String,
    /// Weights, for people to judge what may be expected; 0 where nobody said.
    pub parameters: u64,
    /// Tokens of prompt and answer together.
    pub window: u32,
    /// Tokens that the model was trained on.
    pub trained: u32,
    /// Where its template is from, for example `its own template`.
    pub template: String,
}

/// Something that goes on with a conversation.
///
/// `chat` returns at once and never fails: what goes wrong arrives as `ChatFinish::Failed` in the stream. Dropping the
/// `ChatStream` cancels the job; an engine looks at the flag at every step.
pub trait ChatEngine: Send + Sync + 'static {
    fn chat(&self, job: ChatJob) -> ChatStream;

    /// What answers here. Starts and loads what is needed for that, so it may take as long as a model takes to load. An error
    /// is a sentence: no model here holds a conversation, and why.
    fn model(&self) -> BoxFuture<'static, Result<ChatModel, String>>;

    /// Tokens of each text by itself, by the model's own vocabulary; special tokens in it are text. None where the vocabulary
    /// cannot be had now. Blocks: it may wait for another process.
    fn count(&self, texts: Vec<Arc<str>>) -> Option<Vec<u32>>;
}

/// The answering stream of one job. Dropping it cancels the job.
#[derive(Debug)]
pub struct ChatStream {
    events: mpsc::UnboundedReceiver<ChatEvent>,
    guard: CancelOnDrop,
}

impl ChatStream {
    /// The next event; None after `ChatEvent::Done`, or when the engine went away without one.
    pub async fn next(&mut self) -> Option<ChatEvent> {
        self.events.recv().await
    }

    /// The same for a thread outside the runtime.
    pub fn blocking_next(&mut self) -> Option<ChatEvent> {
        self.events.blocking_recv()
    }

    pub fn cancel(&self) {
        self.guard.cancel();
    }

    /// For one who wants to cancel while another reads.
    pub fn cancel_flag(&self) -> CancelFlag {
        self.guard.flag()
    }
}

/// The engine's end of a `ChatStream`. Bounded by the job's `max_tokens`, so the channel is not.
#[derive(Clone, Debug)]
pub struct ChatSender {
    events: mpsc::UnboundedSender<ChatEvent>,
    cancel: CancelFlag,
}

impl ChatSender {
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled() || self.events.is_closed()
    }

    pub fn cancel_flag(&self) -> &CancelFlag {
        &self.cancel
    }

    /// A receiver that is gone is a cancelled job, not an error.
    pub fn send(&self, event: ChatEvent) {
        let _ = self.events.send(event);
    }

    /// Ends a job that is not run any further.
    pub fn finish(&self, reason: ChatFinish) {
        self.send(ChatEvent::Finished(reason));
        self.send(ChatEvent::Done(ChatReport::default()));
    }
}

/// Makes the two ends of an answering stream.
pub fn chat_stream() -> (ChatSender, ChatStream) {
    let (sender, events) = mpsc::unbounded_channel();
    let cancel = CancelFlag::default();
    let guard = CancelOnDrop::new(cancel.clone());
    (ChatSender { events: sender, cancel }, ChatStream { events, guard })
}

/// Waits until an engine's model is loaded; what of it answers, or why nothing does. `wake` is called whenever the model
/// sleeps and may be had: who asks need not have known of it when the wait began, and it may fall asleep again meanwhile.
pub async fn chat_model_of(
    mut status: watch::Receiver<EngineStatus>,
    wake: impl Fn() + Send,
) -> Result<ChatModel, String> {
    loop {
        // Nothing is held while it is woken: that looks at the status, too.
        let now = status.borrow_and_update().clone();
        match now.state {
            EngineState::Ready | EngineState::Failed { .. } | EngineState::Asleep { wakes: false, .. } => {
                return match (now.chat_problem(), now.model) {
                    (None, Some(ModelInfo { chat: Some(chat), .. })) => Ok(chat),
                    (problem, _) => Err(problem.unwrap_or_else(|| "this engine answers no questions".to_owned())),
                };
            }
            EngineState::Asleep { wakes: true, .. } => wake(),
            EngineState::Idle | EngineState::Loading { .. } => {}
        }
        status.changed().await.map_err(|_| "the engine went away; ask again".to_owned())?;
    }
}
