//! The settings of questions: which cloud model, what it may cost, what may be sent.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct CloudSettings {
    pub enabled: bool,
    /// A name from `providers`, or a kind of provider; empty for nobody.
    pub provider: String,
    pub model: String,
    /// By the user's name for them.
    pub providers: BTreeMap<String, ProviderSettings>,
    pub max_output_tokens: u32,
    pub effort: CloudEffort,
    pub consent: ConsentMode,
    pub ca_file: Option<PathBuf>,
}

impl Default for CloudSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            provider: String::new(),
            model: String::new(),
            providers: BTreeMap::new(),
            max_output_tokens: 8192,
            effort: CloudEffort::Medium,
            consent: ConsentMode::Workspace,
            ca_file: None,
        }
    }
}

/// One provider. What is left out is as the kind usually has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct ProviderSettings {
    /// Left out: the provider's name is its kind.
    pub kind: Option<ProviderKind>,
    pub base_url: Option<String>,
    pub key_env: Option<String>,
    pub key_command: Vec<String>,
    pub keyring: Option<String>,
    pub region: Option<String>,
    pub price_as: Option<String>,
    pub api_version: Option<String>,
    /// Left out: as the kind's own servers want it.
    pub auth: Option<ProviderAuth>,
    /// Left out: only where the address is one of this machine.
    pub is_local: Option<bool>,
}

/// How a key is shown, where that is not as the kind's own servers want it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderAuth {
    /// `authorization: Bearer KEY`.
    Bearer,
}

/// Who is at the other end, and so which wire format and habits are to be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProviderKind {
    Anthropic,
    /// The Responses API.
    #[serde(rename = "openai")]
    OpenAi,
    /// Chat Completions at OpenAI.
    #[serde(rename = "openai-chat")]
    OpenAiChat,
    Gemini,
    Bedrock,
    Azure,
    #[serde(rename = "openrouter")]
    OpenRouter,
    Mistral,
    #[serde(rename = "deepseek")]
    DeepSeek,
    /// Any server with OpenAI's chat completions.
    Compatible,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CloudEffort {
    Low,
    #[default]
    Medium,
    High,
}

/// How far a yes of the user reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConsentMode {
    /// One request.
    Every,
    /// A workspace, if the user wants that.
    #[default]
    Workspace,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct BudgetSettings {
    /// As people write them; `budget::Limit` reads them.
    pub limits: Vec<String>,
    /// IANA name.
    pub time_zone: String,
    /// `postgres://…`, or empty for the file in the state directory.
    pub ledger: String,
    pub burst_percent: u32,
}

impl Default for BudgetSettings {
    fn default() -> Self {
        Self { limits: Vec::new(), time_zone: "UTC".to_owned(), ledger: String::new(), burst_percent: 20 }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct PrivacySettings {
    pub local_only: Vec<String>,
    pub internal: Vec<String>,
    pub secrets: SecretsMode,
    pub keep_contents: bool,
    pub audit_days: u32,
}

impl Default for PrivacySettings {
    fn default() -> Self {
        Self {
            local_only: Vec::new(),
            internal: Vec::new(),
            secrets: SecretsMode::Redact,
            keep_contents: false,
            audit_days: 365,
        }
    }
}

/// What a found secret does to its question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretsMode {
    Local,
    #[default]
    Redact,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct AskSettings {
    pub route: RouteChoice,
    pub context_tokens: u32,
    pub comments: bool,
    pub keep_threads: bool,
}

impl Default for AskSettings {
    fn default() -> Self {
        Self { route: RouteChoice::Ask, context_tokens: 60_000, comments: true, keep_threads: true }
    }
}

/// Where the user wants questions answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RouteChoice {
    Local,
    #[default]
    Ask,
    Auto,
    Cloud,
}
