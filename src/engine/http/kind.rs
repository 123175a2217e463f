//! The kinds of servers, and what each is called.

use serde::{Deserialize, Serialize};

/// What speaks at the other end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServerKind {
    /// Found out by what it answers.
    #[default]
    Auto,
    LlamaServer,
    Ollama,
    Vllm,
    LmStudio,
    Tabby,
    /// Any server with `/v1/completions`.
    OpenAi,
    /// Any server with `/v1/chat/completions`, asked to fill a hole.
    OpenAiChat,
    Mistral,
    DeepSeek,
}

impl ServerKind {
    pub const ALL: [Self; 10] = [
        Self::Auto,
        Self::LlamaServer,
        Self::Ollama,
        Self::Vllm,
        Self::LmStudio,
        Self::Tabby,
        Self::OpenAi,
        Self::OpenAiChat,
        Self::Mistral,
        Self::DeepSeek,
    ];

    /// As `engine.server.kind` spells it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::LlamaServer => "llama-server",
            Self::Ollama => "ollama",
            Self::Vllm => "vllm",
            Self::LmStudio => "lm-studio",
            Self::Tabby => "tabby",
            Self::OpenAi => "openai",
            Self::OpenAiChat => "openai-chat",
            Self::Mistral => "mistral",
            Self::DeepSeek => "deepseek",
        }
    }

    /// By its word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// As its makers write it, for sentences.
    pub fn title(self) -> &'static str {
        match self {
            Self::Auto => "the server",
            Self::LlamaServer => "llama-server",
            Self::Ollama => "Ollama",
            Self::Vllm => "vLLM",
            Self::LmStudio => "LM Studio",
            Self::Tabby => "Tabby",
            Self::OpenAi | Self::OpenAiChat => "the OpenAI-compatible server",
            Self::Mistral => "Mistral",
            Self::DeepSeek => "DeepSeek",
        }
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
