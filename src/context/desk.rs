//! What a document's prompts know of the rest of the repository, found off the protocol task.
//!
//! A request never waits for it longer than its patience: it goes on with what an earlier one found, and what comes late is
//! there for the next. Where there is nothing from an earlier one, what is found in time is used without the rest. Within a word
//! nothing is asked again, because what is likely has not changed.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::edits::{self, Hunk};
use super::pieces::{Pieces, fitting};
use super::selection::Selection;
use crate::engine::Snippet;
use crate::index::{Answer, CursorText, Index, Piece, Related, Viewed, Wish};

/// Definitions that are asked for: more than fit into a usual budget.
const ASKED: usize = 160;
/// Pieces of similar code that are asked for.
const PIECES: usize = 6;
/// Bodies that are asked for where signatures leave room, and rows of one.
const BODIES: usize = 3;
const MOST_BODY_ROWS: u32 = 15;
/// Share of the budget that signatures leave, in percent, from which on bodies take it.
const ROOM_PERCENT: usize = 25;
/// Share of the budget that is for edits, in percent; the rest is for signatures, and for pieces where the settings say so.
pub const EDITS_PERCENT: usize = 10;
/// Share of the signatures' part that the document's own imports may take.
const IMPORTS_PERCENT: usize = 15;
const IMPORTS_STEP: usize = 32;
/// Share of the patience in which a first answer is looked for; the rest is for the way to and from the thread that does.
const SEARCH_PERCENT: u32 = 70;
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
    /// Where the user was last, the newest first.
    pub viewed: Vec<Viewed>,
    /// Tokens.
    pub budget: usize,
    /// Percent of the budget for pieces of similar code.
    pub similar_percent: usize,
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
    /// The situation that all was found for.
    situation: Option<u64>,
    related: Vec<Related>,
    /// The document's own import statements, where the window does not show them.
    imports: Option<Piece>,
    found: Vec<Piece>,
    /// What the likeliest definitions do, where their signatures leave room for it.
    bodies: Vec<Piece>,
    selection: Selection,
    pieces: Pieces,
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
        let deadline = Instant::now() + patience * SEARCH_PERCENT / 100;
        let shares = Shares::of(&query);
        let edits = edits::snippets(&query.edits, shares.edits, &estimate);
        let situation = situation(&query);
        let (index, query_path) = (query.index.clone(), query.path.clone());
        if self.state().situation != Some(situation) && !self.is_busy.swap(true, Ordering::AcqRel) {
            self.questions.fetch_add(1, Ordering::Relaxed);
            let desk = self.clone();
            let (tell, told) = tokio::sync::oneshot::channel::<()>();
            tokio::task::spawn_blocking(move || {
                let _free = Free(&desk.is_busy);
                // Something is better than nothing, but not than what an earlier request found.
                let is_first = desk.state().related.is_empty();
                let is_late = || Instant::now() >= deadline;
                if is_first && desk.find(&query, &shares, situation, &is_late) {
                    return;
                }
                // Whoever waits goes on with what there is by now; else until the end, when it is dropped.
                let waiting = (!is_first).then_some(tell);
                desk.find(&query, &shares, situation, &|| false);
                drop(waiting);
            });
            let _ = tokio::time::timeout(patience, told).await;
        }
        let mut state = self.state();
        let State { related, imports, found, bodies, selection, pieces, .. } = &mut *state;
        // What was ignored or deleted since it was found is told no more, whatever that costs.
        let known = index.read();
        let is_known = |path: &str| known.find(path).is_some();
        related.retain(|entry| is_known(&entry.found.path));
        found.retain(|piece| is_known(&piece.path));
        bodies.retain(|piece| is_known(&piece.path));
        if !selection.snippets().iter().all(|snippet| is_known(&snippet.path)) {
            *selection = Selection::default();
        }
        if !pieces.snippets().iter().all(|snippet| is_known(&snippet.path)) {
            *pieces = Pieces::default();
        }
        drop(known);
        let imports = imports.as_ref().and_then(|imports| fitting(imports, shares.imports, &estimate));
        // In steps: a selection of another budget is made anew.
        let for_imports = imports.as_ref().map_or(0, |(_, tokens)| tokens.next_multiple_of(IMPORTS_STEP));
        let for_signatures = shares.signatures.saturating_sub(for_imports);
        let mut snippets = selection.choose(related, for_signatures, &estimate, allowed_loss).to_vec();
        let left = for_signatures.saturating_sub(selection.tokens());
        let room = if left >= shares.room { left } else { 0 };
        snippets.extend(imports.map(|(text, _)| Snippet { path: query_path, text }));
        let wanted: Vec<Piece> = found.iter().chain(&*bodies).cloned().collect();
        snippets.extend_from_slice(pieces.choose(&wanted, shares.pieces + room, &estimate));
        // Last, for they change more often than the others do.
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

    /// Finds what is likely here and keeps it. True where that is all there is.
    fn find(&self, query: &ContextQuery, shares: &Shares, situation: u64, is_late: &dyn Fn() -> bool) -> bool {
        let ContextQuery { path, before, after, rows, viewed, .. } = query;
        let cursor = CursorText { path, before, after, seen: rows.clone() };
        let pieces = if shares.pieces > 0 { PIECES } else { 0 };
        let wish = Wish { definitions: ASKED, pieces, viewed };
        let Answer { related, pieces, imports, is_whole } = query.index.related_by(&cursor, wish, is_late);
        let mut fresh = Selection::default();
        fresh.choose(&related, shares.signatures, &estimate, 0.0);
        let has_room = shares.signatures.saturating_sub(fresh.tokens()) >= shares.room;
        let bodies = if has_room { query.index.bodies(&cursor, &related, BODIES, MOST_BODY_ROWS) } else { Vec::new() };
        let mut state = self.state();
        (state.related, state.found, state.bodies, state.imports) = (related, pieces, bodies, imports);
        state.situation = is_whole.then_some(situation);
        is_whole
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

/// Tokens for each kind of snippet.
#[derive(Clone, Copy, Debug)]
struct Shares {
    signatures: usize,
    pieces: usize,
    edits: usize,
    /// Of those for signatures.
    imports: usize,
    /// What signatures must leave before others take it.
    room: usize,
}

impl Shares {
    fn of(query: &ContextQuery) -> Self {
        let of_budget = |percent: usize| query.budget * percent / 100;
        let edits = of_budget(EDITS_PERCENT);
        let pieces = of_budget(query.similar_percent.min(100 - EDITS_PERCENT));
        let signatures = query.budget - edits - pieces;
        Self {
            signatures,
            pieces,
            edits,
            imports: signatures * IMPORTS_PERCENT / 100,
            room: signatures * ROOM_PERCENT / 100,
        }
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
