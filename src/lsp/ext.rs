//! What Tandem adds to the protocol, as it travels. `docs/lsp-extensions.md` describes it and is locked to this file and
//! those below it: a test fails when one changes without the other.

mod answer;
mod budget;
mod consent;
mod paid;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower_lsp::gen_lsp_types::{Position, Range, TextDocumentIdentifier, TextEdit, Uri};

use crate::complete::{self, Decision, LookAheadCounts};
use crate::config::Eagerness;
use crate::context::Considered;
use crate::engine::{self, EngineState, Sent, ServerStatus};
use crate::index::VectorStatus;
use crate::nextedit::{Certainty, PlaceKind};
use crate::session;

pub use answer::{ANSWER, Address, Answer, Event, File};
pub use budget::{BUDGET, BudgetState};
pub use consent::{Consent, ConsentParams, choice};
pub use paid::{Cost, Paid};

/// Notification to the client and request from it (without parameters).
pub const STATUS: &str = "tandem/status";
/// Request: `DocumentParams` to `DocumentText`, or null when the document is not open.
pub const DOCUMENT_TEXT: &str = "tandem/documentText";
/// Request: `PositionParams` to `Why`, or null when nothing was asked there.
pub const WHY: &str = "tandem/why";

/// Request: `NextEditParams` to `NextEdit`, or null when nothing is stale.
pub const NEXT_EDIT: &str = "tandem/nextEdit";

/// Notification from the client: `WorkspaceTrust`.
pub const WORKSPACE_TRUST: &str = "tandem/workspaceTrust";

/// Whether the editor trusts what is open in it. While it does not, nothing leaves this machine.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceTrust {
    pub is_trusted: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentParams {
    pub text_document: TextDocumentIdentifier,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PositionParams {
    pub text_document: TextDocumentIdentifier,
    pub position: Position,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NextEditParams {
    pub text_document: TextDocumentIdentifier,
    pub position: Position,
    #[serde(default)]
    pub context: Option<NextEditContext>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub struct NextEditContext {
    /// Places to pass over, to look at one after the other.
    #[serde(default)]
    pub skip: u32,
}

/// A place that has not followed the change of a definition.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NextEdit {
    pub uri: Uri,
    /// Of the open document that range and edit belong to; absent for a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i32>,
    pub range: Range,
    pub kind: PlaceKind,
    pub certainty: Certainty,
    /// The name that stands there.
    pub name: String,
    /// What changed, in a sentence.
    pub message: String,
    /// Absent where syntax does not say what should stand there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit: Option<TextEdit>,
    /// Places that come after this one.
    pub more: u32,
    /// There are still more than were counted.
    pub is_cut: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentText {
    pub text: String,
    pub version: i32,
}

/// What a status line can show. Fields that have nothing to say are absent.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// `idle`, `loading`, `ready`, `asleep` or `failed`: the model. Lookup works in all of them.
    pub state: &'static str,
    /// Share of the model that is loaded, 0 to 100, while it loads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentage: Option<u32>,
    /// Why it failed and the way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Why it was put away, and until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asleep_because: Option<String>,
    /// What it gave back to the machine; absent where it never did and takes all that it may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest: Option<Rest>,
    /// `llama`, `lookup` or `fake`.
    pub engine: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Where the model's layers are, for example `CPU`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// A server that is asked for suggestions, who writes in its place, and what it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerStatus>,
    /// A paid service that writes suggestions, and what it cost since the server began; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestions: Option<Paid>,
    /// What the model's self-test found wrong, and what is less about it than was wanted, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The user wants nothing for a while; absent otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
    /// When the pause ends by itself, in seconds since 1970, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<i64>,
    /// Requests that wait for an answer.
    pub busy: u32,
    /// Receipt to answer of the last request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_latency_ms: Option<f64>,
    /// `lookup`, `model` or `both`: who wrote what was shown last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_source: Option<complete::Source>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nothing_shown_because: Option<String>,
    /// What preparing later answers cost until the last answer, and how much of it was of use.
    #[serde(skip_serializing_if = "is_nothing")]
    pub look_ahead: LookAheadCounts,
    /// Absent before the first question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub questions: Option<Questions>,
    /// As it holds now: a word, a number, or both.
    pub eagerness: Eagerness,
    /// Absent until it was looked into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud: Option<Cloud>,
    /// Absent where the cloud is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub today: Option<Today>,
    /// How far the vectors for search by meaning are; absent without a model for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vectors: Option<VectorStatus>,
}

/// How often the model was put away, and what it takes less of now.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rest {
    pub sleeps: u32,
    pub wakes: u32,
    /// Why it was put away last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_reason: Option<String>,
    /// From the request that woke it to its being ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wake_ms: Option<u64>,
    /// Why it takes less than it may, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub polite_because: Vec<String>,
    /// Compute threads now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<u32>,
}

impl Rest {
    fn of(rest: &engine::Rest) -> Option<Self> {
        (rest.sleeps > 0 || !rest.polite_because.is_empty()).then(|| Self {
            sleeps: rest.sleeps,
            wakes: rest.wakes,
            last_reason: rest.last_reason.clone(),
            wake_ms: rest.wake_ms,
            polite_because: rest.polite_because.clone(),
            threads: rest.threads,
        })
    }
}

/// Whom questions may go to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cloud {
    /// Why no model can be asked now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_off: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// What was spent today, and the limit in money of which most is gone.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Today {
    /// In dollars, as people write it.
    pub cost: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// Of that limit, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
}

impl From<&session::CloudStatus> for Cloud {
    fn from(cloud: &session::CloudStatus) -> Self {
        Self { is_off: cloud.is_off.clone(), provider: cloud.provider.clone(), model: cloud.model.clone() }
    }
}

impl From<&session::SpentStatus> for Today {
    fn from(spent: &session::SpentStatus) -> Self {
        let fullest = spent.fullest.as_ref();
        Self {
            cost: spent.today.to_string(),
            limit: fullest.map(|(limit, _)| limit.clone()),
            share: fullest.map(|(_, share)| *share),
        }
    }
}

/// Questions that are being answered, and what became of the last one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Questions {
    pub running: u32,
    /// The index, a local model, or provider and model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<String>,
    /// Why it was answered there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route_reason: Option<String>,
    /// In dollars, as people write it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<String>,
}

impl Questions {
    fn of(status: &session::QuestionStatus) -> Option<Self> {
        let last = status.last.as_ref();
        let questions = Self {
            running: status.running,
            answered_by: last.map(|last| last.answered_by.clone()),
            route_reason: last.map(|last| last.route_reason.clone()),
            cost: last.map(|last| last.cost.to_string()),
        };
        (*status != session::QuestionStatus::default()).then_some(questions)
    }
}

fn is_nothing(counts: &LookAheadCounts) -> bool {
    *counts == LookAheadCounts::default()
}

/// The account of one completion request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Why {
    /// Version of the document that was completed.
    pub version: i32,
    /// Byte offset of the cursor in it.
    pub offset: usize,
    pub trigger: complete::Trigger,
    /// The generation was under way for an earlier keystroke; prompt and tokens are those of that one.
    pub joined: bool,
    /// `none`, `started` or `joined`: what it had to do with the engine.
    pub engine_job: complete::EngineJob,
    /// The answer was prepared, or begun, while the suggestion before it was shown.
    pub ahead: bool,
    /// The exact prompt with its special tokens, where the engine was asked to keep it.
    pub prompt: Option<String>,
    pub tokens: Option<Tokens>,
    /// Where the prompt went, and with how many bytes, if a server was asked.
    pub sent: Option<Sent>,
    /// What was paid for it; absent where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// What the model wrote before it was shaped.
    pub raw: Option<String>,
    /// How the model ended.
    pub finish: Option<Value>,
    /// What the lookup engine wrote before it was shaped.
    pub lookup: Option<Lookup>,
    /// Definitions elsewhere in the repository that were considered for the prompt, likeliest first.
    pub context: Vec<Considered>,
    /// What the trial parse said: `untried`, `passed`, `trimmed`, `failed` or `timedOut`.
    pub syntax: complete::SyntaxCheck,
    /// What the gate thought of what was suggested, and why.
    pub gate: Option<complete::gate::GateAccount>,
    pub stages: Vec<Stage>,
    /// What could not take part in the answer, a sentence each.
    pub notes: Vec<String>,
    pub decision: Decision,
}

/// Tokens of the prompt and of the answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    pub prompt: u32,
    pub by_source: Vec<Share>,
    /// Prompt tokens that were in the KV cache, and those that were evaluated.
    pub reused: u32,
    pub evaluated: u32,
    pub generated: u32,
    /// Guesses of the lookup engine that were verified, and those that were right.
    pub drafted: u32,
    pub accepted: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Share {
    pub source: String,
    pub tokens: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lookup {
    pub text: String,
    /// 0 to 1.
    pub confidence: f32,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    pub name: String,
    pub ms: f64,
}

impl From<&session::Status> for Status {
    fn from(status: &session::Status) -> Self {
        let (state, percentage, failure, asleep_because) = match &status.engine.state {
            EngineState::Idle => ("idle", None, None, None),
            EngineState::Loading { progress } => ("loading", Some(percentage(*progress)), None, None),
            EngineState::Ready => ("ready", None, None, None),
            EngineState::Asleep { reason, .. } => ("asleep", None, None, Some(reason.clone())),
            EngineState::Failed { reason } => ("failed", None, Some(reason.clone()), None),
        };
        let model = status.engine.model.as_ref();
        let devices: Vec<&str> = model.iter().flat_map(|model| &model.devices).map(|d| d.name.as_str()).collect();
        Self {
            state,
            percentage,
            failure,
            asleep_because,
            rest: Rest::of(&status.engine.rest),
            engine: status.engine.engine.clone(),
            model: model.map(|model| model.name.clone()),
            device: (!devices.is_empty()).then(|| devices.join(", ")),
            server: status.engine.server.clone(),
            suggestions: Paid::of(status),
            warnings: model.map(warnings).unwrap_or_default(),
            paused: status.pause.is_some(),
            paused_until: status.pause.and_then(|pause| pause.until()),
            busy: status.busy,
            last_latency_ms: status.last_latency_us.map(milliseconds),
            last_source: status.last_source,
            nothing_shown_because: status.nothing_shown_because.clone(),
            look_ahead: status.look_ahead,
            questions: Questions::of(&status.questions),
            eagerness: status.eagerness,
            cloud: status.cloud.as_ref().map(Cloud::from),
            today: status.cloud.as_ref().and_then(|cloud| cloud.spent.as_ref()).map(Today::from),
            vectors: status.vectors.clone(),
        }
    }
}

fn warnings(model: &engine::ModelInfo) -> Vec<String> {
    let of_test = model.self_test.iter().flat_map(|test| test.warnings.iter().cloned());
    let of_adapter = model.adapter.as_ref().filter(|adapter| !adapter.name.is_empty());
    of_test.chain(model.lowered.iter().cloned()).chain(of_adapter.and_then(|adapter| adapter.warning.clone())).collect()
}

impl From<complete::Why> for Why {
    fn from(why: complete::Why) -> Self {
        let engine = why.engine.unwrap_or_default();
        let tokens = why.prompt.as_ref().map(|prompt| Tokens {
            prompt: prompt.tokens,
            by_source: (prompt.shares.iter())
                .map(|share| Share { source: share.source.clone(), tokens: share.tokens })
                .collect(),
            reused: prompt.reused,
            evaluated: prompt.evaluated,
            generated: engine.generated,
            drafted: engine.drafted,
            accepted: engine.accepted,
        });
        Self {
            version: why.version,
            offset: why.offset,
            trigger: why.trigger,
            joined: why.joined,
            engine_job: why.engine_job,
            ahead: why.ahead,
            prompt: why.prompt.and_then(|prompt| prompt.text),
            tokens,
            sent: why.sent,
            cost: why.cost.map(Cost::from),
            raw: why.raw,
            finish: why.finish.and_then(|finish| serde_json::to_value(finish).ok()),
            lookup: why.lookup.map(|(text, confidence)| Lookup { text, confidence }),
            context: why.context,
            syntax: why.syntax,
            gate: why.gate,
            stages: why
                .stages
                .into_iter()
                .map(|stage| Stage { name: stage.name, ms: milliseconds(stage.us) })
                .collect(),
            notes: why.notes,
            decision: why.decision,
        }
    }
}

fn milliseconds(us: u64) -> f64 {
    us as f64 / 1000.0
}

/// 0 to 100 of 0.0 to 1.0, whatever an engine reports.
pub fn percentage(progress: f32) -> u32 {
    (progress.clamp(0.0, 1.0) * 100.0) as u32
}

#[cfg(test)]
mod tests;
