//! The models that Tandem knows by name: `models/catalogue.toml`, which is inside the program.
//!
//! A fact that could not be confirmed stands in its entry's list of unconfirmed fields, and whoever shows it says so.

use std::sync::LazyLock;

use serde::Deserialize;

use super::name::{ModelName, Quantisation};
use super::size::{self, Shape};

const TEXT: &str = include_str!("../../models/catalogue.toml");

/// What a model is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Fills in the middle.
    Completion,
    /// Answers questions.
    Chat,
    /// Turns texts into vectors.
    Embedding,
}

/// Whether the licence lets a company use the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CommercialUse {
    Yes,
    /// Under conditions, which the licence's note names.
    Conditions,
    No,
}

/// A licence as entries name it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Licence {
    /// SPDX identifier, or a `LicenseRef-` where SPDX has none.
    pub id: String,
    pub title: String,
    pub url: String,
    pub commercial: CommercialUse,
    /// What a user should know before work is done with it; empty where there is nothing.
    #[serde(default)]
    pub note: String,
}

/// Experts of a mixture: only some of them compute a token, but all of them take memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Experts {
    pub count: u32,
    /// How many of them a token passes.
    pub used: u32,
    /// Those that every token passes, besides.
    #[serde(default)]
    pub shared: u32,
    /// Width of one expert's hidden layer.
    pub feed_forward: u32,
    /// Layers at the beginning that have a usual feed-forward part in place of experts.
    #[serde(default)]
    pub dense_layers: u32,
}

/// Attention over compressed keys and values (DeepSeek's MLA), in elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Latent {
    /// Width of what keys and values are made from.
    pub rank: u32,
    /// The part of a key that carries its position.
    pub rope_size: u32,
    /// Width of one head's key and of one head's value.
    pub key_size: u32,
    pub value_size: u32,
}

/// The model's dimensions, from its published configuration. Memory follows from them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelShape {
    /// As GGUF files name it (`general.architecture`).
    pub architecture: String,
    pub layers: u32,
    pub heads: u32,
    pub kv_heads: u32,
    /// Elements of one head.
    pub head_size: u32,
    pub embedding: u32,
    /// Width of the hidden layer; of the dense layers where there are experts.
    pub feed_forward: u32,
    /// Matrices of a feed-forward part: three where it is gated, else two.
    pub feed_forward_matrices: u32,
    /// Rows of the embedding table.
    pub vocabulary: u32,
    /// The table of embeddings serves as the output, too.
    pub tied_embeddings: bool,
    /// Tokens that it was trained on.
    pub context: u32,
    /// Tokens that a layer looks back, where not all of them.
    #[serde(default)]
    pub sliding_window: Option<u32>,
    /// Of so many layers one looks back at everything; absent where all layers have the window.
    #[serde(default)]
    pub sliding_period: Option<u32>,
    #[serde(default)]
    pub experts: Option<Experts>,
    #[serde(default)]
    pub latent: Option<Latent>,
}

/// One file to be had, or several parts of one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelFile {
    pub quantisation: Quantisation,
    /// `owner/name` on a hub.
    pub repository: String,
    /// The file in it; the first part where there are several (`…-00001-of-00003.gguf`).
    pub file: String,
    /// Of all parts. An estimate where it is unconfirmed: the hub tells the true number.
    pub bytes: u64,
    #[serde(default)]
    pub unconfirmed: Vec<String>,
}

/// One model.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    pub name: String,
    pub title: String,
    pub role: Role,
    /// As `engine::fim` names it; absent where the model cannot fill in the middle.
    #[serde(default)]
    pub family: Option<String>,
    /// It answers questions, too, in a chat template.
    #[serde(default)]
    pub has_chat: bool,
    /// Billions of weights, all of them, as its makers count.
    pub parameters: f64,
    pub licence: String,
    /// Least memory of a device, in GiB, at which it is recommended with its default file and a context of 8,192 tokens.
    pub memory_gib: u32,
    /// The file that a name without a quantisation means.
    pub default: Quantisation,
    /// What a user should know; empty where there is nothing.
    #[serde(default)]
    pub note: String,
    /// Fields that could not be confirmed, as paths: `shape.context`, `licence`.
    #[serde(default)]
    pub unconfirmed: Vec<String>,
    pub shape: ModelShape,
    #[serde(rename = "file")]
    pub files: Vec<ModelFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    licence: Vec<Licence>,
    #[serde(rename = "model")]
    entries: Vec<Entry>,
}

impl Catalogue {
    /// The one inside the program. A test reads all of it; one that could not be read is empty.
    pub fn builtin() -> &'static Catalogue {
        static BUILTIN: LazyLock<Catalogue> = LazyLock::new(|| {
            Catalogue::read(TEXT).unwrap_or_else(|error| {
                tracing::error!("the catalogue of models cannot be read: {error}");
                Catalogue { licence: Vec::new(), entries: Vec::new() }
            })
        });
        &BUILTIN
    }

    pub fn read(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// In the order of the file: by role, then by family and size.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// By name alone, whatever the quantisation.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// The entry and the file that a name means.
    pub fn find(&self, name: &ModelName) -> Option<(&Entry, &ModelFile)> {
        let entry = self.entry(name.name())?;
        Some((entry, entry.file(name.quantisation())?))
    }

    pub fn licence(&self, entry: &Entry) -> Option<&Licence> {
        self.licence.iter().find(|licence| licence.id == entry.licence)
    }
}

impl Entry {
    /// The file of this quantisation, or the default one.
    pub fn file(&self, quantisation: Option<&Quantisation>) -> Option<&ModelFile> {
        let wanted = quantisation.unwrap_or(&self.default);
        self.files.iter().find(|file| file.quantisation == *wanted)
    }

    /// Everything that could not be confirmed, that of the files, too.
    pub fn unconfirmed(&self) -> Vec<String> {
        let of_files = self
            .files
            .iter()
            .flat_map(|file| file.unconfirmed.iter().map(|field| format!("{}.{field}", file.quantisation)));
        self.unconfirmed.iter().cloned().chain(of_files).collect()
    }
}

impl ModelShape {
    /// Weights as they follow from the dimensions: matrices only, since norms and biases are below one part in a thousand.
    pub fn weights(&self) -> u64 {
        let wide = u64::from;
        let (embedding, head) = (wide(self.embedding), wide(self.head_size));
        let attention = match &self.latent {
            // Queries, the compression, what is made of it, and the output.
            Some(latent) => {
                let (rank, rope) = (wide(latent.rank), wide(latent.rope_size));
                let (key, value) = (wide(latent.key_size), wide(latent.value_size));
                let heads = wide(self.heads);
                embedding * heads * key
                    + embedding * (rank + rope)
                    + rank * heads * (key - rope + value)
                    + heads * value * embedding
            }
            None => 2 * embedding * head * (wide(self.heads) + wide(self.kv_heads)),
        };
        let dense = wide(self.feed_forward_matrices) * embedding * wide(self.feed_forward);
        let layers = wide(self.layers);
        let feed_forward = match &self.experts {
            Some(experts) => {
                let one = wide(self.feed_forward_matrices) * embedding * wide(experts.feed_forward);
                let mixed = (wide(experts.count) + wide(experts.shared)) * one + embedding * wide(experts.count);
                let dense_layers = wide(experts.dense_layers);
                dense_layers * dense + layers.saturating_sub(dense_layers) * mixed
            }
            None => layers * dense,
        };
        let tables = if self.tied_embeddings { 1 } else { 2 };
        layers * attention + feed_forward + tables * embedding * wide(self.vocabulary)
    }
}

impl From<&ModelShape> for Shape {
    fn from(shape: &ModelShape) -> Self {
        let (key_size, value_size) = match &shape.latent {
            // One vector for all heads: what was compressed, with its position.
            Some(latent) => (latent.rank + latent.rope_size, latent.rank),
            None => (shape.head_size, shape.head_size),
        };
        Self {
            architecture: shape.architecture.clone(),
            layers: shape.layers,
            embedding: shape.embedding,
            feed_forward: shape.feed_forward,
            heads: shape.heads,
            kv_heads: if shape.latent.is_some() { 1 } else { shape.kv_heads },
            key_size,
            value_size,
            vocabulary: shape.vocabulary,
            context: shape.context,
            experts: shape.experts.map(|experts| size::Experts {
                count: experts.count,
                used: experts.used + experts.shared,
                feed_forward: experts.feed_forward,
            }),
            is_latent: shape.latent.is_some(),
            window: shape.sliding_window,
        }
    }
}

#[cfg(test)]
mod tests;
