//! What comes back while a model answers.

use super::ProviderError;

/// The service that a request got, which its price depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceTier {
    /// The usual one; also where the provider tells none.
    #[default]
    Standard,
    /// Later, at half the price.
    Flex,
    Batch,
    /// Sooner, at a multiple of the price.
    Priority,
    Fast,
    Ultrafast,
    /// One that we know nothing of.
    Unknown,
}

/// Tokens of one request, as every provider's own counts translate to. Disjoint on the input side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Usage {
    /// Read anew, at the full price.
    pub input_uncached: u64,
    pub cache_read: u64,
    pub cache_write_short: u64,
    pub cache_write_long: u64,
    /// All of the output, reasoning included.
    pub output: u64,
    /// The part of `output` that was reasoning.
    pub reasoning: u64,
    pub tier: ServiceTier,
    /// Kept in one region, for which some providers ask more.
    pub is_regional: bool,
    /// What the provider says it cost, in pico-dollars.
    pub provider_cost: Option<u64>,
}

impl Usage {
    /// The whole prompt: price tiers go by it.
    pub fn input(&self) -> u64 {
        [self.cache_read, self.cache_write_short, self.cache_write_long]
            .into_iter()
            .fold(self.input_uncached, u64::saturating_add)
    }
}

/// Why a model stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    Complete,
    /// The limit on output was reached.
    Length,
    /// The model declined; the provider's category, if it gave one.
    Refused(Option<String>),
    /// Something else made the provider cut it off, by its own name for that, for example `recitation`.
    Filtered(String),
    /// Prompt and answer together filled the model's window.
    ContextFull,
    /// The stream ended without the event that ends it.
    Truncated,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The provider accepted the request. Usage: what it knows of the input by now.
    Started {
        request_id: Option<String>,
        model: Option<String>,
        usage: Option<Usage>,
    },
    Text(String),
    /// The model's reasoning, where it is shown.
    Thinking(String),
    /// A count that replaces the ones before it.
    Usage(Usage),
    /// The end, once. Usage is the provider's final count, and None where it never told one: then what came before in
    /// `Started` and `Usage` is the least that was used.
    Ended {
        reason: Reason,
        usage: Option<Usage>,
    },
    /// The end, once: an error, also one inside of an answer that began well.
    Failed(ProviderError),
}
