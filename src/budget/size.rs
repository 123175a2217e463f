//! How many tokens a text can be, without the model's vocabulary.

use crate::providers::Request;

/// What of a text decides how many tokens it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TextSize {
    /// All of it, in UTF-8.
    pub bytes: u64,
    /// Of these, the bytes that may each be a token.
    pub dense: u64,
    /// Blocks and turns: each may bring a few tokens of its own.
    pub parts: u64,
}

/// Families of vocabularies, each with a bound of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tokenizer {
    /// Claude from Opus 4.7 on.
    Claude,
    ClaudeOlder,
    /// OpenAI's since GPT-4o.
    O200k,
    Gemini,
    /// Not known: as the most wasteful of the others.
    #[default]
    Other,
}

impl TextSize {
    pub fn of(text: &str) -> Self {
        let mut size = Self::default();
        size.add(text);
        size
    }

    pub fn of_request(request: &Request) -> Self {
        let mut size = Self::default();
        let blocks = request.system.iter().chain(request.turns.iter().flat_map(|turn| &turn.blocks));
        for block in blocks {
            size.add(&block.text);
        }
        size.parts += request.turns.len() as u64;
        size
    }

    /// Takes another block in.
    pub fn add(&mut self, text: &str) {
        self.bytes += text.len() as u64;
        self.parts += 1;
    }
}

impl Tokenizer {
    const NAMES: [(Self, &'static str); 4] = [
        (Self::Claude, "claude"),
        (Self::ClaudeOlder, "claude-older"),
        (Self::O200k, "o200k"),
        (Self::Gemini, "gemini"),
    ];

    pub fn of_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(tokenizer, _)| *tokenizer)
    }

    /// Tokens of a text, at least and at most.
    pub fn bounds(self, size: &TextSize) -> (u64, u64) {
        (size.bytes / 8, size.bytes + size.parts * 8)
    }
}
