//! Writes GGUF files of any shape, for tests and measurements: real architectures, real vocabularies, and weights that are
//! random or take no disk at all. What a real model of that shape costs, one of these costs, too; what it says is noise.
//!
//! Include it with `#[path = "support/synth.rs"] mod synth;`. It names nothing of the crate.
#![allow(dead_code, unused_imports, reason = "each test uses a part of it")]

#[path = "synth/adapter.rs"]
mod adapter;
#[path = "synth/file.rs"]
mod file;
#[path = "synth/layout.rs"]
mod layout;
#[path = "synth/shapes.rs"]
mod shapes;
#[path = "synth/thesaurus.rs"]
mod thesaurus;
#[path = "synth/vocabulary.rs"]
mod vocabulary;
#[path = "synth/weights.rs"]
mod weights;

use std::io;
use std::path::Path;

pub use adapter::Adapter;
pub use file::{File, Tensor, Value};
pub use shapes::{Experts, KNOWN, Latent, Spec, known, tiny};
pub use thesaurus::Thesaurus;
pub use weights::Kind;

/// What the weights are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// Noise of a trained model's size, the same for the same number.
    Random(u64),
    /// Zeros that are holes in the file: any size takes a few megabytes of disk. The model answers, with nothing.
    Sparse,
}

impl Spec {
    /// The file as it is described, before anything is written: keys may be added or changed.
    pub fn file(&self) -> File {
        let mut file = File { keys: layout::keys(self), tensors: layout::tensors(self) };
        file.keys.extend(vocabulary::keys(self));
        if let Some(template) = &self.chat_template {
            file.set("tokenizer.chat_template", Value::Text(template.clone()));
        }
        file
    }

    /// Writes the model to a file.
    pub fn write(&self, path: &Path, weights: Weights) -> io::Result<()> {
        self.file().write(path, weights)
    }

    /// Bytes of all tensors.
    pub fn weight_bytes(&self) -> u64 {
        layout::tensors(self).iter().map(Tensor::bytes).sum()
    }
}
