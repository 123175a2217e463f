//! Definitions elsewhere in the workspace that code at a cursor is likely to use next.
//!
//! Candidates come from five places: what this file uses already, what it imports, what lies beside it, what files that
//! speak of the same things use, and what is named around the cursor. One table of weights (`score`) ranks them all.

mod around;
mod gather;
mod pairs;
mod score;

use std::ops::Range;

use rustc_hash::FxHashMap;

use self::around::Around;
use self::gather::Candidate;
use super::Shared;
use super::navigate::{Found, found};
use super::signatures::OfFile;
use super::state::{File, FileId};

pub use self::around::types_of;
pub use self::score::{FEATURES, Features};

/// Signatures that are read from their files, for each that is asked for: some turn out to be of another version, or equal.
const SPARE: usize = 16;

/// The text around a cursor, as much of it as matters: a screen or two.
#[derive(Clone, Debug)]
pub struct CursorText<'a> {
    /// Path of the cursor's file from the root, with `/`. It need not be in the index.
    pub path: &'a str,
    /// Ends at the cursor.
    pub before: &'a str,
    /// Starts at the cursor.
    pub after: &'a str,
    /// Rows of the file that its reader sees anyway; definitions of the file in other rows are candidates, too.
    pub seen: Range<u32>,
}

/// A definition that may be used at the cursor.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Related {
    #[serde(flatten)]
    pub found: Found,
    /// One line, without the body.
    pub signature: String,
    /// That of the definition directly around it.
    pub holder: Option<String>,
    /// Higher is likelier. Comparable within one answer only.
    pub score: f32,
    pub features: Features,
}

impl Shared {
    /// At most `limit` definitions that the reader of the cursor's file does not see, likeliest first. Equal indexes give equal answers.
    pub fn related(&self, cursor: CursorText<'_>, limit: usize) -> Vec<Related> {
        let ranked: Vec<(f32, Candidate, File)> = self.with_links(|links, state| {
            let around = Around::new(state, &cursor);
            let mut ranked: Vec<(f32, Candidate)> = gather::candidates(state, links, &around)
                .into_iter()
                .map(|candidate| (score::score(&candidate.features), candidate))
                .collect();
            let place =
                |candidate: &Candidate| (state.file(candidate.file).map_or("", |file| &*file.path), candidate.symbol);
            let order = |one: &(f32, Candidate), other: &(f32, Candidate)| {
                other.0.total_cmp(&one.0).then_with(|| place(&one.1).cmp(&place(&other.1)))
            };
            let kept = limit.saturating_add(SPARE);
            if ranked.len() > kept {
                ranked.select_nth_unstable_by(kept, order);
                ranked.truncate(kept);
            }
            ranked.sort_by(order);
            let with_file = ranked.into_iter().filter_map(|(score, candidate)| {
                let file = state.file(candidate.file)?.clone();
                Some((score, candidate, file))
            });
            with_file.collect()
        });
        self.with_signatures(ranked, limit)
    }

    /// Outside of every lock, for files are read.
    fn with_signatures(&self, ranked: Vec<(f32, Candidate, File)>, limit: usize) -> Vec<Related> {
        let mut texts: FxHashMap<FileId, Option<OfFile>> = FxHashMap::default();
        let mut related: Vec<Related> = Vec::new();
        for (score, candidate, file) in ranked {
            if related.len() == limit {
                break;
            }
            let Some(texts) = texts.entry(candidate.file).or_insert_with(|| self.signatures(&file)) else { continue };
            let spell = |index: u32| texts.get(index as usize).cloned().flatten();
            let Some(symbol) = file.facts.symbols.get(candidate.symbol as usize) else { continue };
            let Some(signature) = spell(candidate.symbol) else { continue };
            let holder = symbol.container.and_then(spell);
            let found = found(&self.read(), &file.path, &file.facts, symbol);
            related.push(Related { found, signature, holder, score, features: candidate.features });
        }
        related
    }
}
