//! How many tokens a text can be, without the model's vocabulary.
//!
//! Proven is only this: every vocabulary in use works on bytes, so a text has no more tokens than bytes. That is far too much
//! to reserve, so ordinary text (ASCII words, punctuation, blanks) is counted by its pieces, with a weight for each that
//! covered every one of the texts it was tried on; docs/budget.md tells which. Whatever is not ordinary counts a token for
//! each byte: other scripts, digits (or three of them, where the vocabulary has all such numbers), and long runs that look
//! like hashes or encoded data.

mod scan;

use crate::providers::Request;

/// What of a text decides how many tokens it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TextSize {
    /// All of it, in UTF-8.
    pub bytes: u64,
    /// The ordinary part, in quarters of a token.
    pub quarters: u64,
    /// Bytes that may each be a token, digits of numbers aside.
    pub dense: u64,
    /// Digits of numbers, and the threes that the numbers are cut into, the rest of each being one, too.
    pub digits: u64,
    pub triples: u64,
    /// Runs of ASCII letters: no token spans two of them.
    pub words: u64,
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
    /// Not known: small vocabularies make the most tokens.
    #[default]
    Other,
}

/// Tokens that a provider may put around a block or a turn, and around the whole.
const TOKENS_A_PART: u64 = 8;
const TOKENS_A_REQUEST: u64 = 32;

/// The most tokens around so many blocks and turns.
pub fn tokens_around(parts: u64) -> u64 {
    TOKENS_A_REQUEST.saturating_add(TOKENS_A_PART.saturating_mul(parts))
}

impl TextSize {
    pub fn of(text: &str) -> Self {
        let mut size = Self::default();
        size.add(text);
        size
    }

    pub fn of_request(request: &Request) -> Self {
        let mut size = Self::default();
        request.texts().for_each(|text| size.add(text));
        size.parts += request.turns.len() as u64;
        size
    }

    /// Takes another block in.
    pub fn add(&mut self, text: &str) {
        self.parts += 1;
        self.append(text);
    }

    /// Takes in what belongs to a block that was begun: a piece of a stream. Each may begin a token.
    pub fn append(&mut self, text: &str) {
        scan::scan(text.as_bytes(), self);
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

    /// The weight of the ordinary part, in per cent of o200k's. On usual code this comes to the rules of thumb in use: a token
    /// for 3 bytes with o200k's and Gemini's vocabularies, 1.1 for 2.5 bytes with Claude's newer one, which makes 30 % more
    /// of the same text than the older one by its maker's words.
    fn percent(self) -> u64 {
        match self {
            Self::O200k => 100,
            Self::Gemini => 105,
            Self::ClaudeOlder => 120,
            Self::Claude => 140,
            Self::Other => 170,
        }
    }

    /// Tokens of a text, at least and at most. `scale` in per mille is what was learned of the ordinary part
    /// (`Calibration`); above 1000 it holds for all of it.
    pub fn bounds(self, size: &TextSize, scale: u64) -> (u64, u64) {
        let text = self.of_text(size, scale.min(1000));
        let most = text.saturating_add(tokens_around(size.parts));
        let most = if scale > 1000 { most.saturating_mul(scale).div_ceil(1000) } else { most };
        ((size.words / 4).saturating_mul(3).min(most), most)
    }

    /// The most tokens of a text with nothing around it.
    pub fn text_bound(self, size: &TextSize) -> u64 {
        self.of_text(size, 1000)
    }

    fn of_text(self, size: &TextSize, scale: u64) -> u64 {
        let ordinary = u128::from(size.quarters) * u128::from(self.percent()) * u128::from(scale);
        let ordinary = u64::try_from(ordinary.div_ceil(400_000)).unwrap_or(u64::MAX);
        ordinary.saturating_add(self.unscaled(size)).min(size.bytes)
    }

    /// The part that is bounded by what vocabularies are made like, not by what was seen of them. OpenAI's have every number of
    /// up to three digits, and cut longer ones into such; of the others it is not known, so each digit counts.
    pub(super) fn unscaled(self, size: &TextSize) -> u64 {
        let numbers = if self == Self::O200k { size.triples } else { size.digits };
        size.dense.saturating_add(numbers)
    }
}

#[cfg(test)]
mod tests;
