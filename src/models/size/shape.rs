//! The numbers of a model that its memory follows from, from its file's header or from the catalogue.

use crate::models::gguf::Header;

/// Feed-forward parts of which a token passes some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Experts {
    pub count: u32,
    pub used: u32,
    pub feed_forward: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// `general.architecture`.
    pub architecture: String,
    pub layers: u32,
    /// Elements of one token between the layers, and inside of a feed-forward part.
    pub embedding: u32,
    pub feed_forward: u32,
    pub heads: u32,
    /// Heads of the key-value cache; the most of any layer.
    pub kv_heads: u32,
    /// Elements of one head's key and of its value.
    pub key_size: u32,
    pub value_size: u32,
    pub vocabulary: u32,
    /// Tokens that it was trained on.
    pub context: u32,
    pub experts: Option<Experts>,
    /// The key-value cache holds one latent vector in place of keys and values.
    pub is_latent: bool,
    /// Tokens that some layers or all see, where not all tokens.
    pub window: Option<u32>,
}

/// Bytes of a model's weights, by the place where llama.cpp puts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weights {
    /// The embedding's table, which stays with the CPU.
    pub input: u64,
    /// All repeating layers together.
    pub layers: u64,
    /// The output's matrix and norm; without one the embedding's table serves.
    pub output: u64,
}

impl Weights {
    pub fn total(&self) -> u64 {
        self.input.saturating_add(self.layers).saturating_add(self.output)
    }

    pub fn of(header: &Header) -> Self {
        let mut weights = Self::default();
        for tensor in &header.tensors {
            let place = match tensor.name.as_str() {
                name if name.starts_with("blk.") => &mut weights.layers,
                name if name.starts_with("output.") => &mut weights.output,
                _ => &mut weights.input,
            };
            *place = place.saturating_add(tensor.bytes);
        }
        weights
    }

    /// From a file's size alone: the tables take as much a weight as the rest.
    pub fn of_bytes(shape: &Shape, bytes: u64, parameters: u64, is_tied: bool) -> Self {
        let table = u128::from(shape.vocabulary) * u128::from(shape.embedding);
        let input = (table * u128::from(bytes) / u128::from(parameters.max(1))).min(u128::from(bytes / 3)) as u64;
        let output = if is_tied { 0 } else { input };
        Self { input, layers: bytes - input - output, output }
    }
}

impl Shape {
    /// None where the header lacks a number that the formula needs.
    pub fn of(header: &Header) -> Option<Self> {
        let number = |key: &str| header.own_number(key).and_then(|number| u32::try_from(number).ok());
        let heads = number("attention.head_count").unwrap_or(0);
        let embedding = number("embedding_length")?;
        let head_size = embedding.checked_div(heads).unwrap_or(0);
        let expert_width = number("expert_feed_forward_length").unwrap_or(0);
        let experts = number("expert_count").filter(|count| *count > 0).map(|count| Experts {
            count,
            used: number("expert_used_count").unwrap_or(count),
            feed_forward: expert_width,
        });
        Some(Self {
            architecture: header.architecture().to_owned(),
            layers: number("block_count").filter(|layers| *layers > 0)?,
            embedding,
            feed_forward: number("feed_forward_length").unwrap_or(expert_width),
            heads,
            kv_heads: number("attention.head_count_kv").unwrap_or(heads),
            key_size: number("attention.key_length").unwrap_or(head_size),
            value_size: number("attention.value_length").unwrap_or(head_size),
            vocabulary: u32::try_from(header.vocabulary()).ok()?,
            context: number("context_length").unwrap_or(0),
            experts,
            is_latent: number("attention.key_length_mla").is_some(),
            window: number("attention.sliding_window").filter(|window| *window > 0),
        })
    }
}
