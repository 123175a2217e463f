//! Counts tokens as a model does, from its file's vocabulary alone.

use std::path::Path;

use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;

use super::backend::{backend, collect_complaints, reason_of};
use crate::engine::fim::Token;
use crate::models::gguf;

/// A model's vocabulary; its weights are not read.
#[derive(Debug)]
pub struct TokenCounter {
    model: LlamaModel,
}

impl TokenCounter {
    /// `Err` is a sentence.
    pub fn load(path: &Path) -> Result<Self, String> {
        let sentence = |reason: &str| format!("the vocabulary of {} cannot be read: {reason}", path.display());
        gguf::check(path).map_err(|error| sentence(&format!("{error:#}")))?;
        if path.to_str().is_none_or(|text| text.contains('\0')) {
            return Err(sentence("its path is not valid UTF-8; move the file"));
        }
        let backend = backend().map_err(|error| sentence(&error))?;
        let parameters = LlamaModelParams::default().with_vocab_only(true);
        let (model, complaints) = collect_complaints(|| LlamaModel::load_from_file(backend, path, &parameters));
        let model = model.map_err(|error| sentence(&reason_of(&complaints).unwrap_or_else(|| error.to_string())))?;
        Ok(Self { model })
    }

    /// Tokens of a text by itself: nothing is put before it, and what looks like a special token is text.
    pub fn count(&self, text: &str) -> usize {
        self.tokens(text).len()
    }

    /// The tokens that `count` counts.
    pub fn tokens(&self, text: &str) -> Vec<Token> {
        self.model.vocab().tokenize(text.as_bytes(), false, false).into_iter().map(|token| token.0).collect()
    }
}
