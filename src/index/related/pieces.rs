//! Pieces of code elsewhere that speak of the same things as the lines around a cursor: in files that share its rarest words,
//! and where the user has just been.

use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};

use super::scope::is_word;
use super::{CursorText, IsLate, Related};
use crate::index::Shared;
use crate::index::chunks::chunks;
use crate::index::facts::FileFacts;
use crate::index::navigate::Found;
use crate::index::search::rarity;
use crate::index::state::File;

/// Files that are read for pieces beside those that were viewed: reading one takes 0.1 to 0.3 ms.
pub const FILES_READ: usize = 6;
/// Rows of a piece. Windows of 60 lines (Copilot) leave room for one or two in a thousand tokens.
const MOST_ROWS: usize = 24;
/// Lines around the cursor that pieces are compared with.
const LINES_BEFORE: usize = 24;
const LINES_AFTER: usize = 6;
/// Lines away at which a word counts half.
const HALF: f32 = 8.0;
/// Share of the words around the cursor, by their weight, below which a piece says nothing.
const LEAST: f32 = 0.2;
/// Share of a piece's lines that the cursor's own text may have, too: more, and models repeat it (llama.vim drops what is half
/// alike, reference/peers.md).
const MOST_KNOWN: f32 = 0.5;
/// Pieces of one file.
const MOST_OF_FILE: usize = 2;
/// What the user has just looked at is likelier to matter.
const VIEWED: f32 = 1.3;
/// Longest line of a piece in bytes.
const LONGEST_LINE: usize = 200;

/// A place that the user has been at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewed {
    /// From the root, with `/`.
    pub path: String,
    pub row: u32,
}

/// Some lines of a file.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Piece {
    pub path: String,
    pub rows: Range<u32>,
    /// Whole lines.
    pub text: String,
    /// Share of the words around the cursor that stand in it, weighted; more than 1 only where the user has been.
    pub score: f32,
}

/// The words around the cursor and the lines that are known anyway.
struct Query<'a> {
    words: FxHashMap<&'a str, (usize, f32)>,
    total: f32,
    known: FxHashSet<&'a str>,
}

impl Shared {
    /// At most `limit` pieces of these files and around these places, the best first. Reads files, so no lock may be held.
    pub fn pieces(
        &self,
        cursor: &CursorText<'_>,
        like: &[File],
        viewed: &[Viewed],
        limit: usize,
        is_late: IsLate<'_>,
    ) -> Vec<Piece> {
        let query = {
            let state = self.read();
            let files = state.totals().files;
            let having = |word: &str| {
                let term = state.names().find(&word.to_lowercase());
                term.map_or(1, |term| state.containing(term).len())
            };
            Query::new(cursor, &|word| rarity(files, having(word)) as f32)
        };
        let mut found: Vec<Piece> = Vec::new();
        let mut read: FxHashSet<&str> = FxHashSet::default();
        let visited: Vec<File> = {
            let state = self.read();
            viewed.iter().filter_map(|place| state.file_at(&place.path).cloned()).collect()
        };
        for file in visited.iter().chain(like).filter(|_| !query.words.is_empty()) {
            if is_late() || !read.insert(&file.path) {
                continue;
            }
            let Some(source) = self.source(file) else { continue };
            let lines: Vec<&str> = source.text.lines().collect();
            let empty = FileFacts::default();
            let facts = if source.is_indexed { &*file.facts } else { &empty };
            let is_own = *file.path == *cursor.path;
            let places: Vec<u32> =
                viewed.iter().filter(|place| place.path == *file.path).map(|place| place.row).collect();
            let mut pieces = query.pieces(facts, &lines);
            pieces.retain(|(rows, _)| {
                let is_seen = is_own && rows.start < cursor.seen.end && cursor.seen.start < rows.end;
                !is_seen && !query.knows(&lines, rows)
            });
            for (rows, score) in &mut pieces {
                if places.iter().any(|row| rows.contains(row)) {
                    *score *= VIEWED;
                }
            }
            pieces.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.start.cmp(&other.0.start)));
            found.extend(pieces.into_iter().take(MOST_OF_FILE).map(|(rows, score)| Piece {
                path: file.path.to_string(),
                text: text(&lines, &rows),
                rows,
                score,
            }));
        }
        found.sort_by(|one, other| {
            let place = |piece: &Piece| (piece.path.clone(), piece.rows.start);
            other.score.total_cmp(&one.score).then_with(|| place(one).cmp(&place(other)))
        });
        found.truncate(limit);
        found
    }
}

impl Shared {
    /// The text of the likeliest functions among these that have a body and at most so many rows, `limit` of them at most. What
    /// the reader of the cursor's file sees anyway is left out.
    pub fn bodies(&self, cursor: &CursorText<'_>, related: &[Related], limit: usize, most_rows: u32) -> Vec<Piece> {
        let mut found = Vec::new();
        let short = related.iter().filter(|entry| {
            let Found { kind, start, end, .. } = &entry.found;
            kind.is_callable() && (1..most_rows).contains(&(end.row - start.row))
        });
        for entry in short.take(limit) {
            let file = self.read().file_at(&entry.found.path).cloned();
            let source = file.and_then(|file| self.source(&file)).filter(|source| source.is_indexed);
            let Some(source) = source else { continue };
            let lines: Vec<&str> = source.text.lines().collect();
            let rows = entry.found.start.row..(entry.found.end.row + 1).min(lines.len() as u32);
            let is_seen =
                entry.found.path == cursor.path && rows.start < cursor.seen.end && cursor.seen.start < rows.end;
            if !is_seen && rows.start < rows.end {
                let path = entry.found.path.clone();
                // Behind every piece of similar code, in their order.
                found.push(Piece { path, text: text(&lines, &rows), rows, score: 0.0 });
            }
        }
        found
    }
}

impl<'a> Query<'a> {
    fn new(cursor: &CursorText<'a>, rarity: &dyn Fn(&str) -> f32) -> Self {
        let mut weights: FxHashMap<&str, f32> = FxHashMap::default();
        let before = cursor.before.rsplit('\n').take(LINES_BEFORE).enumerate();
        let after = cursor.after.split('\n').take(LINES_AFTER).enumerate();
        for (distance, line) in before.chain(after) {
            for word in words(line) {
                let weight = weights.entry(word).or_default();
                *weight = weight.max(HALF / (HALF + distance as f32));
            }
        }
        // In an order of their own, so that sums are the same each time.
        let mut ordered: Vec<(&str, f32)> = weights.into_iter().collect();
        ordered.sort_unstable_by(|one, other| one.0.cmp(other.0));
        // What stands everywhere, as keywords do, says nothing.
        ordered.iter_mut().for_each(|(word, weight)| *weight *= rarity(word));
        let total = ordered.iter().map(|(_, weight)| weight).sum();
        let words = ordered.into_iter().enumerate().map(|(at, (word, weight))| (word, (at, weight))).collect();
        let lines = cursor.before.lines().chain(cursor.after.lines());
        let known = lines.map(str::trim).filter(|line| line.len() > 3).collect();
        Self { words, total, known }
    }

    /// The windows of a file's chunks that have enough of the words, each with its share of them.
    fn pieces(&self, facts: &FileFacts, lines: &[&str]) -> Vec<(Range<u32>, f32)> {
        let of_rows: Vec<Vec<(usize, f32)>> =
            lines.iter().map(|line| words(line).filter_map(|word| self.words.get(word).copied()).collect()).collect();
        let mut found = Vec::new();
        for chunk in chunks(facts, lines) {
            let rows = chunk.rows.start as usize..chunk.rows.end as usize;
            let windows = (rows.len().max(MOST_ROWS) - MOST_ROWS) / (MOST_ROWS / 4) + 1;
            let best = (0..windows)
                .map(|window| {
                    let start =
                        (rows.start + window * (MOST_ROWS / 4)).min(rows.end.saturating_sub(MOST_ROWS).max(rows.start));
                    let window = start..rows.end.min(start + MOST_ROWS);
                    let score = self.score(&of_rows[window.clone()]);
                    (window, score)
                })
                .max_by(|one, other| one.1.total_cmp(&other.1).then(other.0.start.cmp(&one.0.start)));
            let Some((window, score)) = best.filter(|(_, score)| *score >= LEAST) else { continue };
            let is_blank = |row: &usize| lines[*row].trim().is_empty();
            let start = window.clone().find(|row| !is_blank(row)).unwrap_or(window.start);
            let end = window.clone().rev().find(|row| !is_blank(row)).map_or(window.end, |row| row + 1);
            if let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(end)) {
                found.push((start..end, score));
            }
        }
        found
    }

    fn score(&self, rows: &[Vec<(usize, f32)>]) -> f32 {
        let mut seen = FxHashSet::default();
        let sum: f32 = rows.iter().flatten().filter(|(word, _)| seen.insert(*word)).map(|(_, weight)| weight).sum();
        sum / self.total.max(f32::MIN_POSITIVE)
    }

    /// Most of its lines stand around the cursor already.
    fn knows(&self, lines: &[&str], rows: &Range<u32>) -> bool {
        let own = &lines[rows.start as usize..rows.end as usize];
        let own: Vec<&str> = own.iter().map(|line| line.trim()).filter(|line| line.len() > 3).collect();
        let known = own.iter().filter(|line| self.known.contains(*line)).count();
        known as f32 > own.len() as f32 * MOST_KNOWN
    }
}

/// Words of at least three letters; shorter ones stand everywhere.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|character| !is_word(character));
    words.filter(|word| word.len() >= 3 && !word.starts_with(|first: char| first.is_ascii_digit()))
}

/// The lines, moved to the left together, each of bounded length.
fn text(lines: &[&str], rows: &Range<u32>) -> String {
    let lines = &lines[rows.start as usize..rows.end as usize];
    let indent = |line: &&&str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let common = lines.iter().filter(|line| !line.trim().is_empty()).map(|line| indent(&line)).min().unwrap_or(0);
    let mut text = String::new();
    for line in lines {
        let line = line.get(common..).unwrap_or_else(|| line.trim()).trim_end();
        let end = line.char_indices().nth(LONGEST_LINE).map_or(line.len(), |(at, _)| at);
        text.push_str(&line[..end]);
        text.push('\n');
    }
    text
}
