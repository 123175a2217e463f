//! What an engine says of itself: for the status line, `doctor` and `why`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::chat::ChatModel;
use crate::models::fit::Plan;

/// Where the layers of a model are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// `CPU`, or the name that the backend gives its device.
    pub name: String,
    /// Layers on this device.
    pub layers: u32,
}

/// What the engine found out when it tried the model on known holes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SelfTest {
    /// Known holes filled with the expected text, and how many there were.
    pub holes_filled: u32,
    pub holes: u32,
    /// A special token appeared as text in a continuation.
    pub leaks_special_tokens: bool,
    /// Some continuation ended by itself.
    pub stops: bool,
    /// The KV cache can be cut back to a common prefix (recurrent and hybrid models cannot).
    pub can_reuse_prefix: bool,
    /// One sentence per thing that is wrong, each with the way out.
    pub warnings: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// `general.name` of the GGUF, else the file's stem.
    pub name: String,
    pub path: Option<PathBuf>,
    pub architecture: String,
    pub parameters: u64,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Tokens of context in use, and in training.
    pub context: u32,
    pub trained_context: u32,
    /// The FIM family and where its tokens came from, for example `qwen (metadata)`.
    pub fim: String,
    pub devices: Vec<Device>,
    pub threads: u32,
    pub load_ms: u64,
    /// Bytes that the key-value cache takes.
    pub kv_bytes: u64,
    pub self_test: Option<SelfTest>,
    /// What answers questions here.
    pub chat: Option<ChatModel>,
    /// Why nothing does, a sentence.
    pub chat_refusal: Option<String>,
    /// The sizes that were chosen, and what is less about them than was wanted, a sentence each.
    pub plan: Option<Plan>,
    pub lowered: Vec<String>,
    /// What llama.cpp took, by device.
    pub memory: Vec<MemoryUse>,
    pub adapter: Option<AdapterInfo>,
}

/// Bytes on one device, as llama.cpp reports them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryUse {
    /// As llama.cpp names it; `CPU` for the machine's memory.
    pub device: String,
    pub weights: u64,
    pub kv: u64,
    pub compute: u64,
}

/// An adapter that is used, or the reason why it is not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdapterInfo {
    /// `general.name` of its file; empty where it is not used.
    pub name: String,
    pub path: PathBuf,
    /// Of the weight that it was trained with.
    pub percent: u32,
    pub warning: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EngineState {
    /// No model is wanted or none was asked for yet.
    Idle,
    /// 0.0 to 1.0.
    Loading {
        progress: f32,
    },
    Ready,
    /// The model was put away: its memory is free, and lookup answers.
    Asleep {
        /// For the user: why, and until when.
        reason: String,
        /// A job wakes it. Otherwise it stays away until the reason is gone, and jobs fail with the reason.
        wakes: bool,
    },
    /// For the user: what happened and the way out.
    Failed {
        reason: String,
    },
}

/// What an engine gives back to the machine, and how often it did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rest {
    /// How often the model was put away, and how often it was loaded again.
    pub sleeps: u32,
    pub wakes: u32,
    /// Why it was put away last.
    pub last_reason: Option<String>,
    /// ms from the job that woke it to the model being ready, the last time.
    pub wake_ms: Option<u64>,
    /// Why it takes less than it may, a sentence each: battery, heat, memory pressure, a busy machine.
    pub polite_because: Vec<String>,
    /// Compute threads now; absent while no model is loaded.
    pub threads: Option<u32>,
}

/// Who writes suggestions where a server may be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Writer {
    #[default]
    Server,
    /// The model in this machine.
    Here,
    /// The server does not answer, and there is nobody else.
    Nobody,
}

/// A server that is asked, who writes in its place, and what it was sent since this process began.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerStatus {
    /// Host, and port where it is not the scheme's own.
    pub host: String,
    pub is_on_this_machine: bool,
    pub writer: Writer,
    /// Why the server is not asked now, a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down: Option<String>,
    /// Why the last request was not sent to it, a sentence; None where it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
    pub requests: u64,
    /// Of requests' bodies.
    pub bytes: u64,
    /// Requests that stayed here, by what kept them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub withheld: BTreeMap<String, u64>,
    /// Of a service that costs money. Clients are told of it in words of their own (`lsp::ext`).
    #[serde(skip)]
    pub paid: Option<PaidStatus>,
}

/// A paid service that writes suggestions, and what it cost since this process began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaidStatus {
    /// The user's name for it.
    pub provider: String,
    pub model: String,
    /// It is asked after so many ms without a key.
    pub debounce_ms: u64,
    /// Requests that were paid for.
    pub answered: u64,
    /// Pico-dollars, those of cancelled requests included.
    pub cost: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_cost: Option<u64>,
    /// The user was never asked about suggestions in this folder: what would be sent, as a question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wants_yes: Option<String>,
    #[serde(skip)]
    pub wants_yes_for: Option<PathBuf>,
    /// A limit of which most is gone: a sentence without its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EngineStatus {
    /// `llama`, `lookup`, `fake`.
    pub engine: String,
    pub state: EngineState,
    pub model: Option<ModelInfo>,
    /// How often the engine host ended unexpectedly and had to be started again. An increase is worth one message.
    pub restarts: u32,
    #[serde(default)]
    pub rest: Rest,
    /// Of an engine that asks a server. It is in no process but this one.
    #[serde(skip)]
    pub server: Option<ServerStatus>,
}

pub type StatusSender = tokio::sync::watch::Sender<EngineStatus>;

impl EngineStatus {
    pub fn new(engine: &str, state: EngineState) -> Self {
        Self { engine: engine.to_owned(), state, model: None, restarts: 0, rest: Rest::default(), server: None }
    }

    /// Why a conversation cannot be held now, a sentence; None where it can.
    pub fn chat_problem(&self) -> Option<String> {
        match (&self.state, &self.model) {
            (EngineState::Failed { reason } | EngineState::Asleep { reason, wakes: false }, _) => Some(reason.clone()),
            (EngineState::Asleep { wakes: true, .. }, _) => None,
            (EngineState::Loading { progress }, _) => Some(format!("the model is loading ({:.0} %)", progress * 100.0)),
            (EngineState::Idle, _) | (EngineState::Ready, None) => Some("no model is loaded".to_owned()),
            (EngineState::Ready, Some(model)) => match (&model.chat, &model.chat_refusal) {
                (Some(_), _) => None,
                (None, why) => Some(why.clone().unwrap_or_else(|| "this model answers no questions".to_owned())),
            },
        }
    }

    /// The paid service that the next job would go to.
    pub fn paid(&self) -> Option<&PaidStatus> {
        let server = self.server.as_ref().filter(|server| server.writer == Writer::Server)?;
        server.paid.as_ref()
    }

    pub fn is_ready(&self) -> bool {
        self.state == EngineState::Ready
    }
}
