//! Definitions elsewhere in the workspace that code at a cursor is likely to use next.
//!
//! Candidates are what this file uses already, what it imports, what lies beside it, members of the types in scope, and what
//! comparable code uses: files that speak of the same things, functions of the same name, lines behind the same call. One table
//! of weights (`score`) ranks them all.

mod around;
mod features;
mod gather;
mod kin;
mod likely;
mod own;
mod pairs;
mod pieces;
mod scope;
mod score;
mod visible;

use std::ops::Range;

use rustc_hash::FxHashMap;

use self::around::Around;
use self::features::View;
use self::gather::Candidate;
use self::likely::Here;
use super::Shared;
use super::narrow::Near;
use super::navigate::{Found, found};
use super::signatures::OfFile;
use super::state::{File, FileId};

use self::score::Feature;
use self::visible::{Definition, is_visible};

pub use self::around::types_of;
pub use self::pieces::{Piece, Viewed};
pub use self::score::{FEATURES, Features};

/// Signatures that are read from their files beyond those that are asked for: some turn out to be of another version, and some
/// are not visible from here.
const SPARE: usize = 48;

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

/// Whether time is up. What asks it goes on with what it has by then.
pub type IsLate<'a> = &'a dyn Fn() -> bool;

/// How much is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// Definitions and pieces of similar code, at most.
    pub definitions: usize,
    pub pieces: usize,
    /// Places whose surroundings are candidates for pieces, the last one first.
    pub viewed: &'a [Viewed],
}

/// What is found for a cursor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Definitions that the reader of the cursor's file does not see, likeliest first.
    pub related: Vec<Related>,
    /// The best first.
    pub pieces: Vec<Piece>,
    /// The file's import statements, where the reader does not see them.
    pub imports: Option<Piece>,
    /// False where it was late before all was found that there is to find.
    pub is_whole: bool,
}

impl Shared {
    /// Equal indexes give equal answers, as long as they are whole.
    pub fn related(&self, cursor: &CursorText<'_>, wish: Wish<'_>, is_late: IsLate<'_>) -> Answer {
        let (ranked, like, mut is_whole) = self.with_links(|links, state| {
            let around = Around::new(state, cursor);
            let file = around.file.and_then(|id| Some((id, state.file(id)?)));
            let Some(((id, from), language)) = file.and_then(|file| Some((file, file.1.language?))) else {
                return (Vec::new(), Vec::new(), true);
            };
            let beside = links.directory(id).iter().copied().filter(|other| *other != id).collect();
            let here = Here { state, around: &around, from, family: language.family(), beside: &beside };
            let mut view = View::new(here, links);
            let is_whole = view.compare(is_late);
            let ranked = rank(&mut view, wish.definitions.saturating_add(SPARE));
            let like = view.like.iter().take(pieces::FILES_READ).map(|(_, file)| (*file).clone()).collect();
            (ranked, like, is_whole)
        });
        let related = self.with_signatures(ranked, cursor.path, wish.definitions, &mut is_whole, is_late);
        let mut pieces = Vec::new();
        if wish.pieces > 0 {
            pieces = self.pieces(cursor, &like, wish.viewed, wish.pieces, is_late);
            is_whole &= !is_late();
        }
        let imports = self.imports_above(cursor);
        Answer { related, pieces, imports, is_whole }
    }

    /// Outside of every lock, for files are read. When it is late only those are told whose signatures were read before.
    fn with_signatures(
        &self,
        ranked: Vec<(f32, Candidate, File)>,
        from: &str,
        limit: usize,
        is_whole: &mut bool,
        is_late: IsLate<'_>,
    ) -> Vec<Related> {
        let mut texts: FxHashMap<FileId, Option<OfFile>> = FxHashMap::default();
        let mut related: Vec<Related> = Vec::new();
        for (score, candidate, file) in ranked {
            let texts = texts.entry(candidate.file).or_insert_with(|| {
                let known = self.signatures.find(&file);
                *is_whole &= known.is_some() || !is_late();
                known.or_else(|| if is_late() { None } else { self.signatures(&file) })
            });
            let Some(texts) = texts else { continue };
            let spell = |index: u32| texts.get(index as usize).and_then(Option::as_ref);
            let Some(symbol) = file.facts.symbols.get(candidate.symbol as usize) else { continue };
            let Some(signature) = spell(candidate.symbol) else { continue };
            let found = found(&self.read(), &file.path, &file.facts, symbol);
            let definition = Definition { file: &file, symbol, name: &found.name, signature };
            let (mut features, mut score) = (candidate.features, score);
            // A class may stand in several files.
            let is_own_type = features[Feature::Inherited as usize] == 1.0;
            if !is_own_type && !is_visible(&definition, from) {
                features[Feature::Hidden as usize] = 1.0;
                score = score::score(&features);
            }
            let holder = symbol.container.and_then(spell).map(|holder| holder.text.clone());
            related.push(Related { found, signature: signature.text.clone(), holder, score, features });
        }
        // Stable: equal ones stay in the order of their places.
        related.sort_by(|one, other| other.score.total_cmp(&one.score));
        related.truncate(limit);
        related
    }
}

/// The best candidates, likeliest first, with the files that they are in.
fn rank(view: &mut View<'_>, most: usize) -> Vec<(f32, Candidate, File)> {
    let state = view.here.state;
    let candidates = gather::candidates(view).into_iter();
    let mut ranked: Vec<(f32, Candidate)> =
        candidates.map(|candidate| (score::score(&candidate.features), candidate)).collect();
    let place = |candidate: &Candidate| (state.file(candidate.file).map_or("", |file| &*file.path), candidate.symbol);
    let order = |one: &(f32, Candidate), other: &(f32, Candidate)| {
        other.0.total_cmp(&one.0).then_with(|| place(&one.1).cmp(&place(&other.1)))
    };
    if ranked.len() > most {
        ranked.select_nth_unstable_by(most, order);
        ranked.truncate(most);
    }
    ranked.sort_by(order);
    let with_file = |(score, candidate): (f32, Candidate)| {
        let file = state.file(candidate.file)?.clone();
        Some((score, candidate, file))
    };
    ranked.into_iter().filter_map(with_file).collect()
}

#[cfg(test)]
mod tests;
