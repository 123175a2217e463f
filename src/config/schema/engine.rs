//! The settings of local models: which one, where it runs, and a server that runs one for the user.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Which engine writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineChoice {
    /// The model where it loads, and lookup beside it.
    #[default]
    Auto,
    /// Lookup alone: no model is loaded.
    Lookup,
}

/// Where llama.cpp runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostMode {
    /// In the engine host process, shared by all windows: a crash of C++ code does not take the server with it.
    #[default]
    Process,
    /// In this process; for one-shot commands and tests.
    InProcess,
}

/// Type of the KV cache's entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KvType {
    #[default]
    F16,
    Q8_0,
    Q4_0,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct EngineSettings {
    pub choice: EngineChoice,
    pub host: HostMode,
    /// A GGUF file, or the name of a model (`is_model_name`); the starter model when absent.
    pub model: Option<PathBuf>,
    /// As llama.cpp names it, or `cpu`; empty for its choice.
    pub device: String,
    /// An adapter for the model, and with how much of its weight.
    pub lora: Option<PathBuf>,
    pub lora_percent: u32,
    /// Tokens of context; 0 takes what the budget needs, at most what the model was trained on.
    pub context_tokens: u32,
    /// Compute threads; 0 takes one less than the machine's physical cores.
    pub threads: u32,
    /// Layers on the GPU; absent means all that fit.
    pub gpu_layers: Option<u32>,
    /// Absent lets llama.cpp decide.
    pub flash_attention: Option<bool>,
    pub kv_type: KvType,
    /// Most draft tokens verified in one decode; 0 turns speculation off.
    pub max_draft_tokens: u32,
    /// The host exits after this many seconds without a client.
    pub host_idle_seconds: u64,
    /// The model is unloaded after this many minutes without a job; 0 never.
    pub unload_minutes: u64,
    /// An idle model is unloaded when memory runs short.
    pub unload_under_pressure: bool,
    pub on_battery: Politeness,
    pub when_hot: Politeness,
    /// The model that answers questions, a file or a name; where absent the one that completes, if it can.
    pub chat_model: Option<PathBuf>,
    /// Tokens; 0 takes as much of the model's window as fits.
    pub chat_context_tokens: u32,
    /// The model for search by meaning, a file or a name; absent for none.
    pub embedding_model: Option<PathBuf>,
    pub server: ServerSettings,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            choice: EngineChoice::Auto,
            host: HostMode::Process,
            model: None,
            context_tokens: 0,
            threads: 0,
            gpu_layers: None,
            flash_attention: None,
            kv_type: KvType::F16,
            max_draft_tokens: 10,
            host_idle_seconds: 30,
            device: String::new(),
            lora: None,
            lora_percent: 100,
            unload_minutes: 30,
            unload_under_pressure: true,
            on_battery: Politeness::Polite,
            when_hot: Politeness::Polite,
            chat_model: None,
            chat_context_tokens: 0,
            embedding_model: None,
            server: ServerSettings::default(),
        }
    }
}

/// How much the model holds back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Politeness {
    /// It sleeps: lookup completes alone.
    Lookup,
    /// Fewer threads, nothing in advance.
    #[default]
    Polite,
    /// As always.
    Same,
}

/// What an engine's server speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServerKind {
    /// Found out by asking it.
    #[default]
    Auto,
    LlamaServer,
    Ollama,
    Vllm,
    LmStudio,
    Tabby,
    /// OpenAI's completions, with a prompt of our own.
    #[serde(rename = "openai")]
    OpenAi,
    /// OpenAI's chat completions, with a hole to fill.
    #[serde(rename = "openai-chat")]
    OpenAiChat,
    Mistral,
    #[serde(rename = "deepseek")]
    DeepSeek,
}

/// A server that writes suggestions in the place of the model in this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct ServerSettings {
    pub kind: ServerKind,
    /// Empty for none.
    pub url: String,
    /// As the server names it; empty for the one that it has.
    pub model: String,
    pub key_env: Option<String>,
    pub key_command: Vec<String>,
    pub keyring: Option<String>,
    /// Another machine, and the user's. Left out: no.
    pub is_local: Option<bool>,
    /// The model in this machine writes while the server does not.
    pub fallback: bool,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            kind: ServerKind::Auto,
            url: String::new(),
            model: String::new(),
            key_env: None,
            key_command: Vec::new(),
            keyring: None,
            is_local: None,
            fallback: true,
        }
    }
}

/// Where models come from and where they are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelsSettings {
    /// A hub that answers as Hugging Face's does.
    pub hub: String,
    /// Absent: `models` in the data directory.
    pub directory: Option<PathBuf>,
    /// The variable that holds the hub's token.
    pub token_env: String,
}

impl Default for ModelsSettings {
    fn default() -> Self {
        Self { hub: "https://huggingface.co".to_owned(), directory: None, token_env: "HF_TOKEN".to_owned() }
    }
}

/// Whether what stands for a model is a name and not a path: a name has no separator and no `.gguf` at its end.
pub fn is_model_name(model: &Path) -> bool {
    model.to_str().is_some_and(|text| {
        let is_file = text.rsplit_once('.').is_some_and(|(_, kind)| kind.eq_ignore_ascii_case("gguf"));
        !is_file && !text.is_empty() && !text.contains(['/', '\\']) && !text.starts_with(['~', '.'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_paths() {
        for name in ["auto", "qwen2.5-coder-1.5b", "qwen2.5-coder-1.5b:q8_0", "starcoder2-3b:Q4_K_M"] {
            assert!(is_model_name(Path::new(name)), "{name}");
        }
        for path in ["", "m.gguf", "M.GGUF", "./m", "models/m", "/m", "~", "~/m", "..", "c:\\m"] {
            assert!(!is_model_name(Path::new(path)), "{path}");
        }
    }
}
