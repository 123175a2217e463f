//! An encoder that knows which words mean the same, and nothing else: a real BERT to llama.cpp, whose weights are written by hand.
//!
//! A word of a group has a dimension of its own that all of its group share; attention and feed-forward parts add nothing. So the
//! vector of a text says which groups its words are of, and two texts without a word in common are near where they mean the same.

use std::io;
use std::path::Path;

use super::file::{File, Tensor, Value};
use super::shapes::{Spec, tiny};
use super::weights::Kind;

/// Groups of words, in lower case and of letters alone.
#[derive(Clone, Debug)]
pub struct Thesaurus<'g> {
    pub groups: &'g [&'g [&'g str]],
}

impl Thesaurus<'_> {
    pub fn spec(&self) -> Spec {
        Spec { name: "thesaurus".to_owned(), kind: Kind::F32, layers: 1, ..tiny("bert") }
    }

    pub fn write(&self, path: &Path) -> io::Result<()> {
        let spec = self.spec();
        let mut file = spec.file();
        let tokens = self.tokens(&file);
        file.set("tokenizer.ggml.tokens", Value::Texts(tokens.clone()));
        let width = spec.embedding as usize;
        assert!(self.groups.len() < width, "at most {} groups", width - 1);
        file.write_values(path, |tensor| self.values(tensor, &tokens, width))
    }

    /// The tokens that only fill the vocabulary give way to words.
    fn tokens(&self, file: &File) -> Vec<String> {
        let known = file.keys.iter().find(|(key, _)| key == "tokenizer.ggml.tokens");
        let Some((_, Value::Texts(tokens))) = known else { panic!("a vocabulary") };
        let mut words = self.groups.iter().copied().flatten().map(|word| format!("\u{2581}{word}"));
        let is_filling = |token: &String| token.len() > 2 && token.starts_with('x') && token.ends_with('x');
        let give_way = |token: &String| words.next().unwrap_or_else(|| token.clone());
        let tokens = tokens.clone();
        let start = tokens.iter().position(is_filling).unwrap_or(tokens.len());
        let filling: Vec<String> = tokens[start..].iter().map(give_way).collect();
        assert_eq!(words.next(), None, "the vocabulary has no room for all words");
        [&tokens[..start], &filling].concat()
    }

    fn values(&self, tensor: &Tensor, tokens: &[String], width: usize) -> Vec<f32> {
        let count = tensor.elements() as usize;
        if tensor.name.ends_with("norm.weight") {
            return vec![1.0; count];
        }
        let mut values = vec![0.0; count];
        if tensor.name == "token_embd.weight" {
            for (token, row) in tokens.iter().zip(values.chunks_exact_mut(width)) {
                let word = token.trim_start_matches('\u{2581}');
                let group = self.groups.iter().position(|group| token != word && group.contains(&word));
                match group {
                    Some(group) => row[group + 1] = 1.0,
                    // Every text begins with it, so that one without a known word has a vector, too.
                    None if token == "[CLS]" => row[0] = 1.0,
                    None => {}
                }
            }
        }
        values
    }
}
