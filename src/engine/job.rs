//! One request to an engine, and the stream that answers it. The same types travel to the engine host.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, mpsc};

use super::lookup::Corpus;

/// A piece of another file (or of another part of this one) that stands before the cursor's file in the prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snippet {
    /// Path relative to the workspace, with `/`.
    pub path: String,
    pub text: String,
}

/// Where the paths of a prompt are from: what judges them needs the folders' rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The folder that the cursor's file is in. None of a text that is no file of any folder.
    pub folder: Option<PathBuf>,
    /// Other folders that are open: snippets may be of them.
    pub others: Vec<PathBuf>,
}

/// The parts of a fill-in-the-middle prompt, as text. The engine tokenises, trims to the budget and lays them out in
/// the order that its model wants: only it has the vocabulary.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FimPrompt {
    /// The workspace's name, for models with a repository token.
    pub repository: Option<String>,
    /// Path of the cursor's file, relative to the workspace, with `/`.
    pub path: String,
    /// In the order in which they are to stand; the last is nearest to the cursor's file.
    pub snippets: Vec<Snippet>,
    /// Text before the cursor. May be longer than the budget; the engine cuts at its head.
    pub prefix: Arc<str>,
    /// Text after the cursor. May be longer than the budget; the engine cuts at its tail.
    pub suffix: Arc<str>,
    /// Where the cursor stands in its file, in bytes. Stays in this process.
    #[serde(skip)]
    pub offset: usize,
    /// Stays in this process.
    #[serde(skip)]
    pub origin: Arc<Origin>,
}

impl FimPrompt {
    /// Bytes of all its texts and paths.
    pub fn bytes(&self) -> usize {
        let snippets = self.snippets.iter().map(|snippet| snippet.path.len() + snippet.text.len());
        let name = self.repository.as_ref().map_or(0, String::len);
        snippets.sum::<usize>() + name + self.path.len() + self.prefix.len() + self.suffix.len()
    }

    /// Fingerprint of all but the cursor's line: where it is another one, more than that line has to be evaluated.
    pub fn head(&self) -> u64 {
        use std::hash::BuildHasher;
        let above = self.prefix.rfind('\n').map_or("", |line_break| &self.prefix[..line_break]);
        let snippets: Vec<_> = self.snippets.iter().map(|snippet| (&snippet.path, &snippet.text)).collect();
        rustc_hash::FxBuildHasher.hash_one((&self.path, snippets, above, &self.suffix))
    }
}

/// Upper bounds in tokens. The engine lowers them when the model's context is smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptBudget {
    pub prefix: u32,
    pub suffix: u32,
    pub snippets: u32,
}

impl PromptBudget {
    /// What of it a model of so many tokens of context has room for, when `max_tokens` are to be generated: all parts give
    /// way alike, and a prefix of one token is always left.
    pub fn within(self, context: u32, max_tokens: u32) -> Self {
        const MARKERS: u32 = 8;
        // The headings of files; longer ones are charged to the snippets.
        const HEADINGS: u32 = 64;
        let room = u64::from(context.saturating_sub(max_tokens.saturating_add(MARKERS + HEADINGS)).max(1));
        let prefix = self.prefix.max(1);
        let wanted = u64::from(prefix) + u64::from(self.suffix) + u64::from(self.snippets);
        if wanted <= room {
            return Self { prefix, ..self };
        }
        let share = |part: u32| u64::from(part) * room / wanted;
        let (suffix, snippets) = (share(self.suffix), share(self.snippets));
        let small = |part: u64| u32::try_from(part).unwrap_or(u32::MAX);
        let prefix = small(room.saturating_sub(suffix + snippets).max(1));
        Self { prefix, suffix: small(suffix), snippets: small(snippets) }
    }
}

/// Whether somebody waits for a job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Urgency {
    #[default]
    Awaited,
    /// A guess at what will be asked for. It runs while nobody waits for any job, whoever's, and the next awaited one ends
    /// it at its next step: as `Finish::Cancelled` where it runs, as `Finish::Superseded` where it waits for the same lane.
    Background,
}

/// What is done with a prompt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    #[default]
    Write,
    /// Only evaluate it, so that the next job of the lane finds it in the KV cache. Ends as `Finish::MaxTokens` without
    /// text. `max_tokens` is that of the job to come: it decides how much of the prompt there is room for.
    Prefill,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The document that asks, as a number of the caller's choice. A newer job of the same lane of the same client
    /// replaces the one that waits; KV slots and window heads are remembered per lane.
    pub lane: u64,
    pub urgency: Urgency,
    pub task: Task,
    pub prompt: FimPrompt,
    pub budget: PromptBudget,
    /// Most tokens to generate for a candidate.
    pub max_tokens: u32,
    /// Most lines to generate; 1 ends before the first line break. A line break at the very start (a cursor at the end
    /// of a finished line) does not count.
    pub max_lines: u32,
    /// How many different continuations are wanted (1 for automatic requests). They differ in their first token.
    pub candidates: u32,
    /// A guess at the continuation by the lookup engine, verified in one batch. Never changes the result.
    pub draft: Option<String>,
    /// Report the exact prompt as text (`PromptReport::text`).
    pub explain: bool,
    /// The tokens that the lookup engine continues from. Stays in this process.
    #[serde(skip)]
    pub corpus: Option<Arc<Corpus>>,
}

/// What an engine says of one generated token.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TokenScore {
    /// Natural logarithm of the token's probability.
    pub logprob: f32,
    /// Length in bytes of the token's text.
    pub bytes: u32,
    /// Of the first token of a candidate: the entropy, in nats, of the distribution that it was chosen from. 0 where only one
    /// token was possible, the logarithm of the vocabulary's size where all were alike. None of later tokens, and from
    /// engines that do not tell.
    pub entropy: Option<f32>,
}

/// How many prompt tokens a part of the prompt took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenShare {
    /// `markers`, `repository`, `snippets`, `path`, `prefix`, `suffix`, `line` (the cursor's line up to the cursor).
    pub source: String,
    pub tokens: u32,
}

/// What was done with the prompt, sent before the first token.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PromptReport {
    pub tokens: u32,
    pub shares: Vec<TokenShare>,
    /// Prompt tokens that were in the KV cache already.
    pub reused: u32,
    /// Prompt tokens that were evaluated for this job.
    pub evaluated: u32,
    /// The prompt as text with its special tokens, when the job asked for it.
    pub text: Option<String>,
    /// Where it was sent, by an engine that asks a server. Stays in this process.
    #[serde(skip)]
    pub sent: Option<Sent>,
    /// Why the model in this machine writes in a server's place, a sentence; None where it does not. Stays in this process.
    #[serde(skip)]
    pub here_because: Option<String>,
}

/// A request to a server, as it left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// Host, and port where it is not the scheme's own.
    pub host: String,
    /// Of the body.
    pub bytes: u64,
}

/// Totals of a job, in microseconds and counts. Sent last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Waiting behind other jobs.
    pub queue_us: u64,
    pub tokenize_us: u64,
    pub prefill_us: u64,
    pub decode_us: u64,
    /// From receipt by the engine to the first generated token.
    pub first_token_us: u64,
    pub total_us: u64,
    /// Time inside llama.cpp's decode calls; `total_us - queue_us - compute_us` is our overhead.
    pub compute_us: u64,
    /// Generated tokens of all candidates.
    pub generated: u32,
    /// Decode calls after the prefill.
    pub decodes: u32,
    pub drafted: u32,
    pub accepted: u32,
    /// Bytes of all bodies that were sent for it, by an engine that asks a server. Stays in this process.
    #[serde(skip)]
    pub sent_bytes: u64,
    /// What was paid for it, by an engine that asks a paid service. Stays in this process.
    #[serde(skip)]
    pub cost: Option<Cost>,
}

/// What a suggestion of a paid service cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    pub picodollars: u64,
    /// By the provider's own count; otherwise it is the most that it can have been.
    pub is_counted: bool,
}

/// Why a candidate ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Finish {
    /// The model said that the middle is complete.
    EndOfText,
    MaxTokens,
    MaxLines,
    /// The lookup engine has nothing more that is likely enough.
    Exhausted,
    Cancelled,
    /// A newer job of the same lane came before this one started; of a background job: somebody waits for one.
    Superseded,
    /// For the user: what happened and the way out.
    Failed(String),
    /// It was not sent to a paid service, by a rule or a limit that says nothing of the service itself.
    Withheld {
        /// To count by, such as `secret`.
        reason: String,
        /// For the user, with the way out.
        sentence: String,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    Started(PromptReport),
    /// Whole characters only: bytes of an unfinished character wait for the next token.
    Delta {
        candidate: u32,
        text: String,
        tokens: Vec<TokenScore>,
    },
    Finished {
        candidate: u32,
        reason: Finish,
    },
    /// Always the last event, also after a failure or a cancel.
    Done(Report),
}

/// Says to an engine that nobody waits for this job any more.
#[derive(Clone, Debug, Default)]
pub struct CancelFlag(Arc<Cancel>);

#[derive(Debug, Default)]
struct Cancel {
    set: AtomicBool,
    told: Notify,
}

impl CancelFlag {
    pub fn cancel(&self) {
        self.0.set.store(true, Ordering::Release);
        self.0.told.notify_waiters();
    }

    pub fn is_cancelled(&self) -> bool {
        self.0.set.load(Ordering::Acquire)
    }

    /// Resolves when the flag is set, so that a proxy can pass the cancel on.
    pub async fn cancelled(&self) {
        let told = self.0.told.notified();
        tokio::pin!(told);
        // Registered before the look at the flag: a cancel between the two is not missed.
        told.as_mut().enable();
        if !self.is_cancelled() {
            told.await;
        }
    }
}

/// Cancels when dropped.
#[derive(Debug)]
pub struct CancelOnDrop(CancelFlag);

impl CancelOnDrop {
    pub fn new(flag: CancelFlag) -> Self {
        Self(flag)
    }

    pub fn cancel(&self) {
        self.0.cancel();
    }

    pub fn flag(&self) -> CancelFlag {
        self.0.clone()
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// The answering stream of one job. Dropping it cancels the job.
#[derive(Debug)]
pub struct Generation {
    events: mpsc::UnboundedReceiver<Event>,
    guard: CancelOnDrop,
}

impl Generation {
    /// The next event; None after `Event::Done`, or when the engine went away without one.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// The same for a thread outside the runtime.
    pub fn blocking_next(&mut self) -> Option<Event> {
        self.events.blocking_recv()
    }

    pub fn cancel(&self) {
        self.guard.0.cancel();
    }

    /// For one who wants to cancel while another reads.
    pub fn cancel_flag(&self) -> CancelFlag {
        self.guard.0.clone()
    }
}

/// The engine's end of a `Generation`. Bounded by the job's `max_tokens` and `candidates`, so the channel is not.
#[derive(Clone, Debug)]
pub struct GenerationSender {
    events: mpsc::UnboundedSender<Event>,
    cancel: CancelFlag,
}

impl GenerationSender {
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled() || self.events.is_closed()
    }

    pub fn cancel_flag(&self) -> &CancelFlag {
        &self.cancel
    }

    /// A receiver that is gone is a cancelled job, not an error.
    pub fn send(&self, event: Event) {
        let _ = self.events.send(event);
    }

    /// Ends a job that never ran.
    pub fn finish(&self, reason: Finish) {
        self.send(Event::Finished { candidate: 0, reason });
        self.send(Event::Done(Report::default()));
    }
}

/// Makes the two ends of an answering stream.
pub fn generation() -> (GenerationSender, Generation) {
    let (sender, events) = mpsc::unbounded_channel();
    let cancel = CancelFlag::default();
    (GenerationSender { events: sender, cancel: cancel.clone() }, Generation { events, guard: CancelOnDrop(cancel) })
}
