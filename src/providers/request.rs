//! A question as every provider can be asked it.

use std::sync::Arc;

/// How long the provider is to keep what it read up to here, for the next question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CacheLife {
    /// Minutes: 5 at Anthropic, 30 at OpenAI.
    Short,
    /// Hours: 1 at Anthropic, 12 at OpenAI. Dearer to write.
    Long,
}

/// A piece of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub text: Arc<str>,
    /// Everything up to the end of this block is stable and worth keeping.
    pub cache: Option<CacheLife>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    User,
    Assistant,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub role: Role,
    pub blocks: Vec<Block>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effort {
    Low,
    Medium,
    High,
}

/// What stands behind a hole that is to be filled, with what stands before it in the request's only turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fill {
    /// May be empty.
    pub suffix: Arc<str>,
    /// The text ends before any of these; four at most.
    pub stops: Vec<String>,
}

/// One request. Sampling parameters are left out on purpose: newer models refuse them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// As the provider spells it.
    pub model: String,
    pub system: Vec<Block>,
    /// Begins and ends with the user's.
    pub turns: Vec<Turn>,
    /// The text goes on at the end of the only turn, and up to this. None of a question.
    pub fill: Option<Fill>,
    /// Tokens, reasoning included. Always sent: it is what the budget reserves.
    pub max_output: u32,
    pub effort: Option<Effort>,
    /// Says nothing of who the user is; providers want it against abuse, and to route to the same cache.
    pub user_tag: Option<String>,
}

impl Request {
    /// All texts of it, in the order in which they are sent.
    pub fn texts(&self) -> impl Iterator<Item = &Arc<str>> {
        let blocks = self.system.iter().chain(self.turns.iter().flat_map(|turn| &turn.blocks));
        blocks.map(|block| &block.text).chain(self.fill.iter().map(|fill| &fill.suffix))
    }

    /// Whether anything is to be kept for hours: writing that is dearer.
    pub fn asks_for_long_cache(&self) -> bool {
        let blocks = self.system.iter().chain(self.turns.iter().flat_map(|turn| &turn.blocks));
        blocks.into_iter().any(|block| block.cache == Some(CacheLife::Long))
    }
}
