//! What a model is given to answer from: parts that stay the same from question to question first, then what this question is
//! about, then the question. Never more tokens than asked for, and every byte with its source.
//!
//! Equal workspaces and questions give equal packs, byte for byte: nothing in here has a clock, and what was searched on several
//! threads is put into an order of its own.

mod excerpts;
mod fit;
pub mod git;
mod instructions;
mod names;
mod stable;
mod texts;
mod wanted;

use std::ops::Range;
use std::sync::Arc;

use super::remote::Reach;
use super::{Question, Workspace};
use crate::gate::{Piece, Section, Source};
use crate::index::TokenCount;

pub use excerpts::{Shown, quoted};
pub use instructions::{for_question, instructions};
pub use names::names_in;

/// What a pack is made from.
pub struct Ground<'a> {
    pub workspace: &'a Workspace,
    pub question: &'a Question,
    /// How far files may travel to whom it is for.
    pub reach: &'a dyn Fn(&str) -> Reach,
    pub count: TokenCount<'a>,
    /// Nobody who writes files of the workspace knows it: what looks like the end of a file and has it not, is none.
    pub tag: &'a str,
}

/// How much there may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// Of the whole prompt.
    pub tokens: usize,
    /// Of the prompt before this part.
    pub taken: usize,
    /// Prompts of more tokens than these cost more.
    pub tiers: Vec<u64>,
}

impl Room {
    pub fn left(&self) -> usize {
        self.tokens.saturating_sub(self.taken)
    }
}

/// A part of a prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pack {
    pub pieces: Vec<Piece>,
    pub tokens: usize,
    /// What of files is in it.
    pub shown: Vec<Shown>,
    /// Files that would have been in it and may not leave.
    pub withheld: Vec<String>,
    /// Relevant places that there was no room for.
    pub left_out: usize,
}

/// Instructions, the map and the documents: the same until one of these changes, whatever is asked. `tokens`: at most so many.
pub fn stable(ground: &Ground<'_>, tokens: usize) -> Pack {
    stable::pack(ground, tokens)
}

/// What this question is about, best first until the room is full. `known`: what the thread has shown before; what is still as
/// it was is not repeated, and what is not is shown anew.
pub fn relevant(ground: &Ground<'_>, room: &Room, known: &[Shown]) -> Pack {
    let mut texts = texts::Texts::new(ground.workspace);
    let gathered = wanted::gather(ground, &mut texts, room.left(), known);
    fit::fit(ground, &mut texts, gathered, room, known)
}

/// Tokens of what the question is about by itself: its focus, whole.
pub fn needed(ground: &Ground<'_>) -> usize {
    let Some(focus) = &ground.question.focus else { return (ground.count)(&ground.question.text) };
    let text = ground.workspace.text(&focus.path).unwrap_or_default();
    let part = focus.range.clone().and_then(|range| text.get(range));
    (ground.count)(part.unwrap_or(&text)) + (ground.count)(&ground.question.text)
}

/// A file that the question is about, by its focus or by its words, and that may not leave.
pub fn stays(ground: &Ground<'_>) -> Option<String> {
    let focus = ground.question.focus.iter().map(|focus| focus.path.clone());
    let names = names_in(&ground.question.text);
    let paths = names.paths.iter().filter_map(|path| ground.workspace.find(path));
    let definitions = names.symbols.iter().filter_map(|name| {
        let found = ground.workspace.index.definitions(name);
        // A name with definitions elsewhere, too, is not about this file.
        let all_stay = !found.is_empty() && found.iter().all(|found| (ground.reach)(&found.path) != Reach::Out);
        found.into_iter().next().filter(|_| all_stay).map(|found| found.path)
    });
    focus.chain(paths).chain(definitions).find(|path| (ground.reach)(path) != Reach::Out)
}

/// One block of a request.
pub fn section(pieces: Vec<Piece>) -> Section {
    Section { pieces, cache: None }
}

fn piece(text: String, source: Source) -> Piece {
    Piece { text: Arc::from(text), source }
}

fn file_piece(text: String, path: &str, bytes: Range<usize>) -> Piece {
    piece(text, Source::File { path: path.to_owned(), bytes })
}

#[cfg(test)]
mod tests;
