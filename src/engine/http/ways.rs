//! The ways in which a server can be asked for what stands at a cursor, best first, and which refusals mean that the next one is to be
//! tried.

use super::ServerKind;

/// One way of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// llama-server's `/infill`: the model's own tokens, laid out by the server.
    Infill,
    /// llama-server's `/completion` with our prompt.
    Completion,
    /// Ollama's `/api/generate` with a suffix, laid out by the model's template.
    GenerateSuffix,
    /// The same with our prompt and no template.
    GenerateRaw,
    /// `/v1/completions` with our prompt.
    Completions,
    /// `/v1/completions` with a suffix.
    CompletionsSuffix,
    /// Mistral's `/v1/fim/completions`.
    MistralFim,
    /// DeepSeek's `/beta/completions`.
    DeepSeekFim,
    /// Tabby's `/v1/completions` with segments.
    Segments,
    /// `/v1/chat/completions`: a model that knows conversations is asked to fill a hole.
    Chat,
}

/// What is known of a model before it is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Knowledge {
    /// Its name belongs to a family whose prompt we can write.
    pub family: bool,
    /// The server says that the family's markers are single tokens of its vocabulary.
    pub markers: Option<bool>,
    /// Ollama says that its template takes a suffix.
    pub insert: Option<bool>,
}

impl Way {
    /// As it is shown beside the model's family.
    pub fn title(self) -> &'static str {
        match self {
            Self::Infill => "/infill",
            Self::Completion => "/completion, our prompt",
            Self::GenerateSuffix => "/api/generate, its template",
            Self::GenerateRaw => "/api/generate, our prompt",
            Self::Completions => "/v1/completions, our prompt",
            Self::CompletionsSuffix => "/v1/completions, with a suffix",
            Self::MistralFim => "/v1/fim/completions",
            Self::DeepSeekFim => "/beta/completions",
            Self::Segments => "/v1/completions, segments",
            Self::Chat => "/v1/chat/completions, a hole to fill",
        }
    }

    pub fn path(self) -> &'static str {
        match self {
            Self::Infill => "/infill",
            Self::Completion => "/completion",
            Self::GenerateSuffix | Self::GenerateRaw => "/api/generate",
            Self::Completions | Self::CompletionsSuffix | Self::Segments => "/v1/completions",
            Self::MistralFim => "/v1/fim/completions",
            Self::DeepSeekFim => "/beta/completions",
            Self::Chat => "/v1/chat/completions",
        }
    }

    /// The prompt is a text of ours with special spellings in it.
    pub fn is_raw(self) -> bool {
        matches!(self, Self::Completion | Self::GenerateRaw | Self::Completions)
    }

    /// A prompt that was evaluated once is in a cache that the next request finds. Not where it costs money or does nothing.
    pub fn can_prefill(self) -> bool {
        matches!(self, Self::Infill | Self::Completion | Self::GenerateSuffix | Self::GenerateRaw | Self::Completions)
    }
}

/// The ways that are worth a try with a server of this kind, best first. Never empty.
pub fn ladder(kind: ServerKind, knowledge: Knowledge) -> Vec<Way> {
    let Knowledge { family, markers, insert } = knowledge;
    // Our own prompt has the cursor's line last, so that a keystroke costs that line and not all that stands behind the cursor; but
    // it is right only where the spellings are tokens.
    let ours = family && markers != Some(false);
    let mut ways: Vec<Way> = Vec::new();
    match kind {
        ServerKind::LlamaServer => {
            if ours && markers == Some(true) {
                ways.push(Way::Completion);
            }
            ways.push(Way::Infill);
            if ours {
                ways.push(Way::Completion);
            }
            ways.push(Way::Chat);
        }
        ServerKind::Ollama => {
            if insert != Some(false) {
                ways.push(Way::GenerateSuffix);
            }
            if ours {
                ways.push(Way::GenerateRaw);
            }
            ways.push(Way::Chat);
        }
        ServerKind::Vllm | ServerKind::LmStudio | ServerKind::OpenAi | ServerKind::Auto => {
            if ours {
                ways.push(Way::Completions);
            }
            if kind == ServerKind::OpenAi || kind == ServerKind::Auto {
                ways.push(Way::CompletionsSuffix);
            }
            ways.push(Way::Chat);
        }
        ServerKind::OpenAiChat => ways.push(Way::Chat),
        ServerKind::Mistral => ways.extend([Way::MistralFim, Way::Chat]),
        ServerKind::DeepSeek => ways.extend([Way::DeepSeekFim, Way::Chat]),
        ServerKind::Tabby => ways.push(Way::Segments),
    }
    let mut seen = Vec::with_capacity(ways.len());
    ways.retain(|way| !seen.contains(way) && (seen.push(*way), true).1);
    ways
}

/// Whether an error says that this way is not to be had here, rather than that something else is wrong.
pub fn is_refusal(way: Way, status: u16, message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    match status {
        404 | 405 | 501 => !says(&["model"]) || says(&["infill", "fim", "not supported"]),
        400 | 422 => match way {
            Way::Infill => {
                says(&["infill is not supported", "infill", "fim", "fill-in", "not supported by this model"])
            }
            Way::GenerateSuffix => says(&["does not support insert", "insert", "suffix"]),
            Way::CompletionsSuffix => says(&["suffix"]),
            Way::MistralFim | Way::DeepSeekFim => says(&["fim", "suffix", "invalid model"]),
            Way::Completion | Way::Completions | Way::GenerateRaw => {
                says(&["does not support completion", "not support the completions", "chat model", "raw mode"])
            }
            Way::Chat | Way::Segments => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: ServerKind, family: bool, markers: Option<bool>, insert: Option<bool>) -> Vec<Way> {
        ladder(kind, Knowledge { family, markers, insert })
    }

    #[test]
    fn each_kind_has_its_order() {
        use ServerKind as Kind;
        use Way::{Chat, Completion, Completions, CompletionsSuffix, GenerateRaw, GenerateSuffix, Infill};
        assert_eq!(of(Kind::LlamaServer, false, None, None), [Infill, Chat]);
        assert_eq!(of(Kind::LlamaServer, true, None, None), [Infill, Completion, Chat]);
        assert_eq!(of(Kind::LlamaServer, true, Some(true), None), [Completion, Infill, Chat]);
        assert_eq!(of(Kind::LlamaServer, true, Some(false), None), [Infill, Chat], "the name lies");
        assert_eq!(of(Kind::Ollama, true, None, Some(true)), [GenerateSuffix, GenerateRaw, Chat]);
        assert_eq!(of(Kind::Ollama, true, None, Some(false)), [GenerateRaw, Chat]);
        assert_eq!(of(Kind::Ollama, false, None, Some(false)), [Chat]);
        assert_eq!(of(Kind::Vllm, true, None, None), [Completions, Chat]);
        assert_eq!(of(Kind::OpenAi, true, None, None), [Completions, CompletionsSuffix, Chat]);
        assert_eq!(of(Kind::OpenAi, false, None, None), [CompletionsSuffix, Chat]);
        assert_eq!(of(Kind::Mistral, true, None, None), [Way::MistralFim, Chat]);
        assert_eq!(of(Kind::Tabby, true, None, None), [Way::Segments]);
    }

    #[test]
    fn what_servers_say_of_a_way_that_they_do_not_have() {
        for (way, status, message) in [
            (Way::Infill, 501, "Infill is not supported by this model: prefix token is missing."),
            (Way::Infill, 400, "Infill is not supported by this model"),
            (Way::Infill, 404, "File Not Found"),
            (Way::GenerateSuffix, 400, "registry.ollama.ai/library/llama3:latest does not support insert"),
            (Way::CompletionsSuffix, 400, "suffix is not currently supported"),
            (Way::Completions, 404, "Not Found"),
            (Way::Completions, 400, "The model `x` does not support Completions API"),
            (Way::MistralFim, 400, "Invalid model: mistral-large"),
        ] {
            assert!(is_refusal(way, status, message), "{way:?} {status} {message}");
        }
        for (way, status, message) in [
            (Way::Completions, 404, "The model `x` does not exist."),
            (Way::GenerateSuffix, 404, "model 'x' not found"),
            (Way::Infill, 400, "request (1539 tokens) exceeds the available context size"),
            (Way::Infill, 503, "Loading model"),
            (Way::Chat, 400, "suffix is not currently supported"),
            (Way::Completions, 401, "suffix"),
        ] {
            assert!(!is_refusal(way, status, message), "{way:?} {status} {message}");
        }
    }
}
