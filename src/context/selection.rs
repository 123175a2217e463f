//! Which signatures stand in a document's prompts, and where: they keep their place while they are worth it.
//!
//! A prompt's tokens are in the KV cache up to the first one that changed, and what stands here stands at its head: a
//! signature more, and the whole window behind it is evaluated again. So a selection stays, byte for byte, until too much of
//! what would be chosen now is missing; then the missing is appended, and what does not fit makes it anew.

use rustc_hash::FxHashSet;

use super::signatures::{self, TokenCount};
use crate::engine::Snippet;
use crate::index::Related;

/// How much of the likelihood of what would be chosen now may be missing where nothing is lost by a change.
pub const ALLOWED_LOSS: f32 = 0.15;

/// A signature by its file and text: a changed one is another one.
type Key = (String, String);

/// What stands in the prompts of one document.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    snippets: Vec<Snippet>,
    shown: FxHashSet<Key>,
    tokens: usize,
    budget: usize,
}

impl Selection {
    /// The snippets for a prompt, given what is likely now (likeliest first). `allowed_loss`: from 0, which takes up
    /// every change, to 1, which takes up none.
    pub fn choose(
        &mut self,
        related: &[Related],
        budget: usize,
        count: TokenCount<'_>,
        allowed_loss: f32,
    ) -> &[Snippet] {
        let wanted = signatures::fitting(related, budget, count);
        let best = wanted.first().map_or(0.0, |entry| entry.score);
        let likelihood = |entry: &&Related| (entry.score - best).exp();
        let all: f32 = wanted.iter().map(likelihood).sum();
        let missing: Vec<&Related> = wanted.iter().copied().filter(|entry| !self.shown.contains(&key(entry))).collect();
        let lost: f32 = missing.iter().map(likelihood).sum();
        let is_of_budget = self.budget == budget;
        if is_of_budget && (missing.is_empty() || lost <= allowed_loss * all) {
            return &self.snippets;
        }
        let addition = signatures::print(&missing);
        let tokens = self.tokens + signatures::tokens(&addition, count);
        if is_of_budget && tokens <= budget {
            self.snippets.extend(addition);
            self.tokens = tokens;
        } else {
            self.snippets = signatures::print(&wanted);
            self.tokens = signatures::tokens(&self.snippets, count);
            self.shown.clear();
            self.budget = budget;
        }
        self.shown.extend(wanted.iter().map(|entry| key(entry)));
        &self.snippets
    }

    pub fn snippets(&self) -> &[Snippet] {
        &self.snippets
    }

    /// What the snippets take of the budget.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// Whether this definition's signature stands in the prompts.
    pub fn shows(&self, entry: &Related) -> bool {
        self.shown.contains(&key(entry))
    }
}

fn key(entry: &Related) -> Key {
    (entry.found.path.clone(), entry.signature.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::signatures::tests::{entry, words};

    fn paths(snippets: &[Snippet]) -> Vec<&str> {
        snippets.iter().map(|snippet| snippet.path.as_str()).collect()
    }

    #[test]
    fn stays_while_little_is_missing_and_grows_at_its_end() {
        let mut selection = Selection::default();
        let first = [entry("a", "fn a()", 3.0), entry("b", "fn b()", 2.0)];
        let before = selection.choose(&first, 60, &words, ALLOWED_LOSS).to_vec();
        assert_eq!(paths(&before), ["b", "a"]);
        // The order of the likely ones does not matter, nor does one that is unlikely.
        let other = [entry("b", "fn b()", 3.0), entry("a", "fn a()", 2.0), entry("c", "fn c()", 0.5)];
        assert_eq!(selection.choose(&other, 60, &words, ALLOWED_LOSS), before);
        let needed = [entry("c", "fn c()", 3.0), entry("a", "fn a()", 2.0)];
        assert_eq!(paths(selection.choose(&needed, 60, &words, ALLOWED_LOSS)), ["b", "a", "c"]);
        assert_eq!(selection.choose(&needed, 60, &words, 1.0).len(), 3);
    }

    #[test]
    fn is_made_anew_when_it_is_full_or_the_budget_is_another() {
        let mut selection = Selection::default();
        for number in 0..40 {
            let path = format!("file{number}");
            let snippets = selection.choose(&[entry(&path, "fn f(a: A)", 1.0)], 40, &words, ALLOWED_LOSS);
            assert_eq!(snippets.last().map(|snippet| snippet.path.as_str()), Some(path.as_str()));
            assert!(signatures::tokens(snippets, &words) <= 40);
        }
        assert_eq!(selection.choose(&[entry("x", "fn x()", 1.0)], 30, &words, 1.0).len(), 1);
        assert_eq!(selection.choose(&[entry("x", "fn x()", 1.0)], 0, &words, 1.0), []);
    }

    #[test]
    fn a_changed_signature_is_another_one() {
        let mut selection = Selection::default();
        selection.choose(&[entry("a", "fn a()", 1.0)], 60, &words, ALLOWED_LOSS);
        let snippets = selection.choose(&[entry("a", "fn a(x: X)", 1.0)], 60, &words, ALLOWED_LOSS);
        assert_eq!(snippets.last().map(|snippet| snippet.text.as_str()), Some("fn a(x: X)\n"));
    }
}
