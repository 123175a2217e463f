//! The kinds of servers, and what each is called.

use serde::{Deserialize, Serialize};

use crate::config::ServerKind;

/// As `engine.server.kind` spells it; also what the status calls the engine.
pub fn word(kind: ServerKind) -> &'static str {
    match kind {
        ServerKind::Auto => "auto",
        ServerKind::LlamaServer => "llama-server",
        ServerKind::Ollama => "ollama",
        ServerKind::Vllm => "vllm",
        ServerKind::LmStudio => "lm-studio",
        ServerKind::Tabby => "tabby",
        ServerKind::OpenAi => "openai",
        ServerKind::OpenAiChat => "openai-chat",
        ServerKind::Mistral => "mistral",
        ServerKind::DeepSeek => "deepseek",
    }
}

/// As its makers write it, for sentences.
pub fn title(kind: ServerKind) -> &'static str {
    match kind {
        ServerKind::Auto => "the server",
        ServerKind::LlamaServer => "llama-server",
        ServerKind::Ollama => "Ollama",
        ServerKind::Vllm => "vLLM",
        ServerKind::LmStudio => "LM Studio",
        ServerKind::Tabby => "Tabby",
        ServerKind::OpenAi | ServerKind::OpenAiChat => "the OpenAI-compatible server",
        ServerKind::Mistral => "Mistral",
        ServerKind::DeepSeek => "DeepSeek",
    }
}

/// A model that a server offers, as far as it tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// As requests name it.
    pub name: String,
    /// Tokens of context, as the server is set up or the model was trained.
    pub context: Option<u32>,
    pub parameters: Option<u64>,
    /// Size of the weights in bytes.
    pub bytes: Option<u64>,
    /// In memory now. None where the server does not tell.
    pub is_loaded: Option<bool>,
    /// Known to be no model that writes, for example one for embeddings.
    pub is_other: bool,
}
