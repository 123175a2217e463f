//! Where a request goes, and which of the wire formats is spoken there.

use crate::config::ProviderKind;

/// The shape of requests and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WireFormat {
    AnthropicMessages,
    OpenAiResponses,
    OpenAiChat,
    Gemini,
    BedrockConverse,
}

/// One provider as the user has set it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The user's name for it; limits and records go by it.
    pub name: String,
    pub kind: ProviderKind,
    /// Scheme, host, port and the path that requests' paths are appended to, without a slash at the end.
    pub base_url: String,
    /// Of Bedrock.
    pub region: Option<String>,
    /// The version of the interface that is asked for, where it has one.
    pub api_version: Option<String>,
    /// On this machine, or on one that the user calls theirs: nothing leaves, nothing is paid.
    pub is_local: bool,
}
