//! What a document's prompts know of the rest of the repository, found off the protocol task.
//!
//! A request never waits for it longer than its patience: it goes on with what an earlier one found, and what comes late is
//! there for the next. Within a word nothing is asked again, because what is likely has not changed.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::edits::{self, Hunk};
use super::selection::Selection;
use crate::engine::Snippet;
use crate::index::{CursorText, Index, Related};

/// Definitions that are asked for: more than fit into a usual budget.
const ASKED: usize = 160;
/// Share of the budget that is for signatures, in percent; the rest is for edits.
pub const SIGNATURES_PERCENT: usize = 90;
/// Bytes of a token, from below: vocabularies give 3.0 to 4.2 on code. The engine, which can count, cuts what is too much.
const BYTES_A_TOKEN: usize = 3;

/// The place that context is wanted for.
#[derive(Clone, Debug)]
pub struct ContextQuery {
    pub index: Arc<Index>,
    /// Path of the document in the index.
    pub path: String,
    pub before: Arc<str>,
    pub after: Arc<str>,
    /// Rows of the document that `before` and `after` are of.
    pub rows: Range<u32>,
    /// The last edits elsewhere, the oldest first, with the path of each.
    pub edits: Vec<(String, Hunk)>,
    /// Tokens.
    pub budget: usize,
}

/// A definition whose signature was considered for the prompt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Considered {
    pub path: String,
    pub name: String,
    pub score: f32,
    pub is_shown: bool,
}

/// One document's.
#[derive(Debug, Default)]
pub struct Desk {
    state: Mutex<State>,
    is_busy: AtomicBool,
    questions: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    /// The situation that `related` was found for.
    situation: Option<u64>,
    related: Vec<Related>,
    selection: Selection,
}

impl Desk {
    /// Snippets for a prompt at this place. `allowed_loss` as in `Selection::choose`.
    pub async fn snippets(
        self: &Arc<Self>,
        query: ContextQuery,
        patience: Duration,
        allowed_loss: f32,
    ) -> Vec<Snippet> {
        if query.budget == 0 {
            return Vec::new();
        }
        let budget = query.budget * SIGNATURES_PERCENT / 100;
        let edits = edits::snippets(&query.edits, query.budget - budget, &estimate);
        let situation = situation(&query);
        let index = query.index.clone();
        if self.state().situation != Some(situation) && !self.is_busy.swap(true, Ordering::AcqRel) {
            self.questions.fetch_add(1, Ordering::Relaxed);
            let desk = self.clone();
            let found = tokio::task::spawn_blocking(move || {
                let _free = Free(&desk.is_busy);
                let ContextQuery { path, before, after, rows, .. } = &query;
                let cursor = CursorText { path, before, after, seen: rows.clone() };
                let related = query.index.related(cursor, ASKED);
                let mut state = desk.state();
                (state.related, state.situation) = (related, Some(situation));
            });
            let _ = tokio::time::timeout(patience, found).await;
        }
        let mut state = self.state();
        let State { related, selection, .. } = &mut *state;
        // What was ignored or deleted since it was found is told no more, whatever that costs.
        let known = index.read();
        related.retain(|entry| known.find(&entry.found.path).is_some());
        if selection.snippets().iter().any(|snippet| known.find(&snippet.path).is_none()) {
            *selection = Selection::default();
        }
        drop(known);
        let mut snippets = selection.choose(related, budget, &estimate, allowed_loss).to_vec();
        // Last, for they change more often than signatures do.
        snippets.extend(edits);
        snippets
    }

    /// A fingerprint of each snippet of the selection that stands in the prompts now.
    pub fn standing(&self) -> Vec<u64> {
        use std::hash::BuildHasher;
        let hasher = rustc_hash::FxBuildHasher;
        let state = self.state();
        state.selection.snippets().iter().map(|snippet| hasher.hash_one((&snippet.path, &snippet.text))).collect()
    }

    /// How often the index was asked so far.
    pub fn questions(&self) -> u64 {
        self.questions.load(Ordering::Relaxed)
    }

    /// What was considered last, likeliest first.
    pub fn considered(&self) -> Vec<Considered> {
        let state = self.state();
        let considered = state.related.iter().map(|entry| Considered {
            path: entry.found.path.clone(),
            name: entry.found.full_name(),
            score: entry.score,
            is_shown: state.selection.shows(entry),
        });
        considered.collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Also when the index panicked.
struct Free<'a>(&'a AtomicBool);

impl Drop for Free<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

fn estimate(text: &str) -> usize {
    text.len().div_ceil(BYTES_A_TOKEN)
}

/// Equal while the user types a word: the text before it, and what follows the cursor.
fn situation(query: &ContextQuery) -> u64 {
    use std::hash::{Hash, Hasher};
    let word = |character: char| character.is_alphanumeric() || character == '_';
    let mut hasher = rustc_hash::FxHasher::default();
    (&query.path, query.before.trim_end_matches(word), query.after.lines().next()).hash(&mut hasher);
    hasher.finish()
}
