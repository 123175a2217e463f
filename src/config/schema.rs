//! Every setting, with its default. `docs/configuration.md` is generated from the same list.

mod cloud;
mod engine;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::eagerness::Eagerness;
pub use cloud::{
    AskSettings, BudgetSettings, CloudEffort, CloudSettings, ConsentMode, PrivacySettings, ProviderAuth, ProviderKind,
    ProviderSettings, RouteChoice, SecretsMode,
};
pub use engine::{
    EngineChoice, EngineSettings, HostMode, KvType, ModelsSettings, Politeness, ServerKind, ServerSettings,
    is_model_name,
};

/// All settings. Unknown keys are an error with the key's path, so that a typo is seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    pub completion: CompletionSettings,
    pub engine: EngineSettings,
    pub models: ModelsSettings,
    pub index: IndexSettings,
    pub stats: StatsSettings,
    pub log: LogSettings,
    pub cloud: CloudSettings,
    pub budget: BudgetSettings,
    pub privacy: PrivacySettings,
    pub ask: AskSettings,
}

/// Who asks for suggestions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TriggerMode {
    /// The user's key alone.
    Manual,
    /// Typing, too.
    #[default]
    Automatic,
}

/// How long work waits behind a keystroke.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Value", try_from = "Value")]
pub enum Debounce {
    /// As the rhythm of typing and the model's speed say.
    #[default]
    Auto,
    /// So many ms after every automatic request.
    Fixed(u64),
}

impl From<Debounce> for Value {
    fn from(debounce: Debounce) -> Self {
        match debounce {
            Debounce::Auto => Value::from("auto"),
            Debounce::Fixed(ms) => Value::from(ms),
        }
    }
}

impl TryFrom<Value> for Debounce {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match (value.as_str(), value.as_u64()) {
            (Some("auto"), _) => Ok(Debounce::Auto),
            (_, Some(ms)) => Ok(Debounce::Fixed(ms)),
            _ => Err(format!("{value} is neither `auto` nor a number of milliseconds")),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct CompletionSettings {
    pub enabled: bool,
    pub trigger: TriggerMode,
    pub eagerness: Eagerness,
    /// Most lines of a suggestion; 1 keeps every suggestion on the cursor's line.
    pub max_lines: u32,
    /// Most tokens of a suggestion.
    pub max_tokens: u32,
    /// Language ids in which nothing is suggested.
    pub disabled_languages: Vec<String>,
    /// Patterns in git's syntax of documents in which nothing is suggested.
    pub disabled_paths: Vec<String>,
    pub in_comments: bool,
    pub in_strings: bool,
    /// Documents above this size in bytes get no suggestions.
    pub max_document_bytes: usize,
    /// Answer `tandem why` about the last request.
    pub why: bool,
    /// Pause after an automatic request.
    pub debounce_ms: Debounce,
    /// Prepare what follows a shown suggestion, and a changed prompt while the user is idle.
    pub look_ahead: bool,
    /// The user is idle after this many ms without an edit or a request.
    pub idle_ms: u64,
    /// Candidates on explicit invoke.
    pub candidates: u32,
    /// Prompt tokens for text before the cursor, after it, and from elsewhere.
    pub prefix_tokens: u32,
    pub suffix_tokens: u32,
    pub snippet_tokens: u32,
    /// Percent of the latter for pieces of similar code.
    pub similar_percent: u32,
    /// Tell of uses that a rename or another signature left behind.
    pub next_edit: bool,
    /// A provider may write, through the gate.
    pub cloud: bool,
    /// A name from `cloud.providers`, or a kind of provider; empty for that of questions.
    pub cloud_provider: String,
    /// Empty for the provider's usual one.
    pub cloud_model: String,
    /// A provider is asked after this many ms without a key.
    pub cloud_debounce_ms: u64,
}

impl CompletionSettings {
    /// The name of the provider that is asked for suggestions, where one is; empty for nobody.
    pub fn cloud_provider(&self, cloud: &CloudSettings) -> String {
        let own = self.cloud_provider.trim();
        if own.is_empty() { cloud.provider.clone() } else { own.to_owned() }
    }
}

impl Default for CompletionSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            trigger: TriggerMode::Automatic,
            eagerness: Eagerness::default(),
            max_lines: 12,
            max_tokens: 96,
            disabled_languages: Vec::new(),
            disabled_paths: Vec::new(),
            in_comments: true,
            in_strings: true,
            max_document_bytes: 4 << 20,
            why: true,
            debounce_ms: Debounce::Auto,
            look_ahead: true,
            idle_ms: 700,
            candidates: 3,
            prefix_tokens: 1536,
            suffix_tokens: 512,
            snippet_tokens: 1024,
            similar_percent: 0,
            next_edit: true,
            cloud: false,
            cloud_provider: String::new(),
            cloud_model: String::new(),
            cloud_debounce_ms: 400,
        }
    }
}

/// Who notices that files change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WatchMode {
    Off,
    /// The editor tells.
    Client,
    /// The server watches by itself.
    Server,
    /// The editor where it offers to, otherwise the server.
    #[default]
    Auto,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct IndexSettings {
    pub enabled: bool,
    pub watch: WatchMode,
    /// Threads that parse; 0 takes half of the cores, at most 8.
    pub threads: u32,
    /// Percent of a core that each of them may take.
    pub cpu_share: u32,
    /// MiB that the index may take; beyond it files are only listed.
    pub max_memory_mb: usize,
    pub max_files: usize,
    /// MiB that lookup's tokens of a folder may take; 0 for none.
    pub lookup_memory_mb: usize,
    /// MiB that the vectors of a folder's code may take, where there is a model that makes them.
    pub vectors_mb: usize,
    /// Larger files are not read.
    pub max_file_bytes: usize,
    /// Longest parse of a file in ms; after it only the file's words are indexed.
    pub max_parse_ms: u64,
    /// Patterns in git's syntax of what to leave out.
    pub exclude: Vec<String>,
    /// Keep the index between runs, in the cache directory.
    pub persist: bool,
    /// Answer `documentSymbol`, `definition` and `references` too.
    pub navigation: bool,
}

impl Default for IndexSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            watch: WatchMode::Auto,
            threads: 0,
            cpu_share: 100,
            max_memory_mb: 2048,
            max_files: 200_000,
            lookup_memory_mb: 256,
            vectors_mb: 256,
            max_file_bytes: 1 << 20,
            max_parse_ms: 1000,
            exclude: Vec::new(),
            persist: true,
            navigation: false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct StatsSettings {
    /// Count what becomes of suggestions, on this machine and for its user.
    pub enabled: bool,
    /// Days that the counts are kept.
    pub keep_days: u32,
}

impl Default for StatsSettings {
    fn default() -> Self {
        Self { enabled: true, keep_days: 400 }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct LogSettings {
    /// A `tracing` filter, for example `info` or `tandem::complete=debug`. `info` when absent.
    pub filter: Option<String>,
    /// Write to a rotating file in the state directory instead of stderr.
    pub file: bool,
}
