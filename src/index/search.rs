//! Search for words: BM25 over files first, then over the pieces of the best ones.
//!
//! The tables tell how often a term stands in a file; the text of a few dozen files tells where. Equal indexes give equal
//! answers in equal order.

mod fused;

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};
use rustc_hash::FxHashMap;

pub use fused::{FoundBy, Ranks, SearchBy};

use super::chunks::{Chunk, chunks};
use super::facts::FileFacts;
use super::names::NameId;
use super::state::{File, FileId, State};
use super::{Shared, words};
use crate::syntax::DefinitionKind;

/// The usual constants of BM25 (Robertson and Zaragoza, 2009): how soon further mentions count less, and how much the
/// length of a text counts.
const K1: f64 = 1.2;
const B: f64 = 0.75;
/// Files whose text is read for one search: reading and cutting one takes about 0.2 ms.
const FILES_READ: usize = 24;
/// Fewer where they are long, but so many in any case: a megabyte takes about 5 ms.
const FEWEST_FILES: usize = 8;
const MOST_BYTES: u64 = 1 << 20;
/// How much more a word counts in the name of a definition than in its text.
const IN_NAME: f64 = 1.5;
const IN_OUTER_NAME: f64 = 0.75;
/// How much of a file's own score its pieces get: a piece in a file about the matter beats a stray mention.
const OF_FILE: f64 = 0.3;
/// Code of others and code that a program wrote.
pub const FOREIGN: f64 = 0.5;
/// Threads that read for one search, which is over in milliseconds.
const MOST_THREADS: usize = 4;
/// Terms of a query that are looked at; a pasted page is not a query.
const MOST_TERMS: usize = 32;

/// A place that a search found.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hit {
    /// From the workspace's root, with `/`.
    pub path: String,
    /// Rows counted from 0, the end excluded.
    pub rows: Range<u32>,
    /// What the place is, where it is a definition.
    pub kind: Option<DefinitionKind>,
    /// Its name with those of the definitions around it, joined by dots.
    pub name: Option<String>,
    /// Higher is better. Comparable within one answer only.
    pub score: f64,
    /// The row of the rows above in which most of the query stands.
    pub best_row: u32,
    /// Its text, without the white space around it.
    pub line: String,
    /// By what it was found, where vectors took part; the score is one of ranks then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<FoundBy>,
    /// And at which place of each list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ranks: Option<Ranks>,
}

impl Shared {
    /// At most `limit` places, best first. Words are split as in the index, so `parseHttp` finds `http_parser` too.
    pub fn search(&self, query: &str, limit: usize) -> Vec<Hit> {
        // Copies of the few files to read, so that no lock is held while the disk is.
        let (terms, files) = {
            let state = self.read();
            let terms = terms_of(&state, query);
            let files = best_files(&state, &terms);
            let files = files.into_iter().filter_map(|(score, id)| Some((score, state.file(id)?.clone())));
            (terms, files.collect::<Vec<_>>())
        };
        let spelled: Vec<&str> = terms.iter().map(|term| term.text.as_str()).collect();
        let Ok(finder) = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .ascii_case_insensitive(true)
            // A few words make a small automaton, and it reads megabytes.
            .kind(Some(AhoCorasickKind::DFA))
            .build(spelled)
        else {
            return Vec::new();
        };
        let next = AtomicUsize::new(0);
        let hits = Mutex::new(Vec::new());
        let work = || {
            let mut own = Vec::new();
            while let Some((score, file)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                self.search_file(file, *score, &terms, &finder, &mut own);
            }
            hits.lock().unwrap_or_else(PoisonError::into_inner).append(&mut own);
        };
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        std::thread::scope(|scope| {
            let others = 1..cores.min(MOST_THREADS).min(files.len());
            let others: Vec<_> = others.map(|_| scope.spawn(work)).collect();
            work();
            others.into_iter().for_each(|other| _ = other.join());
        });
        let mut hits = hits.into_inner().unwrap_or_else(PoisonError::into_inner);
        hits.sort_by(|one, other| {
            let place = |hit: &Hit| (hit.rows.start, hit.rows.end);
            other
                .score
                .total_cmp(&one.score)
                .then_with(|| one.path.cmp(&other.path))
                .then(place(one).cmp(&place(other)))
        });
        hits.truncate(limit);
        hits
    }

    fn search_file(&self, file: &File, of_file: f64, terms: &[Term], finder: &AhoCorasick, hits: &mut Vec<Hit>) {
        let Some(source) = self.source(file) else { return };
        let lines: Vec<&str> = source.text.lines().collect();
        // Facts of another version have other places.
        let empty = FileFacts::default();
        let facts = if source.is_indexed { &*file.facts } else { &empty };
        let mentions = mentions(&source.text, terms, finder);
        if mentions.is_empty() {
            return;
        }
        let pieces = chunks(facts, &lines);
        let mean = lines.len() as f64 / pieces.len().max(1) as f64;
        let mut mentions = mentions.iter().peekable();
        for piece in pieces {
            let mut counts = vec![0_u32; terms.len()];
            let mut by_row: FxHashMap<u32, f64> = FxHashMap::default();
            while let Some((row, term)) = mentions.next_if(|(row, _)| *row < piece.rows.end) {
                counts[*term] += 1;
                *by_row.entry(*row).or_default() += terms[*term].rarity / f64::from(counts[*term]);
            }
            if by_row.is_empty() {
                continue;
            }
            let names = names_of(self, facts, &piece);
            let mut score = bm25(terms, &counts, f64::from(piece.rows.end - piece.rows.start), mean);
            if let Some(names) = &names {
                let in_name = |term: &Term| match (names.own.contains(&term.text), names.outer.contains(&term.text)) {
                    (true, _) => term.rarity * IN_NAME,
                    (false, true) => term.rarity * IN_OUTER_NAME,
                    (false, false) => 0.0,
                };
                score += terms.iter().map(in_name).sum::<f64>();
            }
            score += of_file * OF_FILE;
            score *= if file.is_vendored || file.is_generated { FOREIGN } else { 1.0 };
            let best = by_row.iter().max_by(|one, other| one.1.total_cmp(other.1).then(other.0.cmp(one.0)));
            let best_row = best.map_or(piece.rows.start, |(row, _)| *row);
            hits.push(Hit {
                path: file.path.to_string(),
                rows: piece.rows,
                kind: names.as_ref().map(|names| names.kind),
                name: names.map(|names| names.full),
                score,
                best_row,
                line: lines.get(best_row as usize).map_or_else(String::new, |line| shorten(line.trim())),
                by: None,
                ranks: None,
            });
        }
    }
}

/// One term of a query.
struct Term {
    id: Option<NameId>,
    text: String,
    /// BM25's inverse document frequency.
    rarity: f64,
}

/// Distinct terms in the order of the query.
fn terms_of(state: &State, query: &str) -> Vec<Term> {
    let mut texts: Vec<String> = Vec::new();
    // In the order of the query, which counting by word would lose.
    for word in query.split(|character: char| !character.is_alphanumeric() && character != '_') {
        words::terms(word, |term| {
            if texts.len() < MOST_TERMS && !texts.iter().any(|known| known == term) {
                texts.push(term.to_owned());
            }
        });
    }
    let files = state.totals().files;
    texts
        .into_iter()
        .map(|text| {
            let id = state.names().find(&text);
            let having = id.map_or(0, |id| state.containing(id).len());
            Term { id, text, rarity: rarity(files, having) }
        })
        .collect()
}

/// BM25's inverse document frequency of a term that `having` of so many files have.
pub fn rarity(files: usize, having: usize) -> f64 {
    let (files, having) = (files as f64, having as f64);
    (1.0 + (files - having + 0.5) / (having + 0.5)).ln()
}

/// The files with the best scores, best first.
fn best_files(state: &State, terms: &[Term]) -> Vec<(f64, FileId)> {
    let totals = state.totals();
    let mean = totals.length as f64 / totals.files.max(1) as f64;
    // By file number: common words stand in most files.
    let mut scores: Vec<f64> = Vec::new();
    for term in terms {
        let Some(id) = term.id else { continue };
        for (file, count) in state.containing(id) {
            let length = state.file(file).map_or(0, |file| file.facts.length);
            if scores.len() <= file as usize {
                scores.resize(file as usize + 1, 0.0);
            }
            scores[file as usize] += term.rarity * saturated(f64::from(count), f64::from(length), mean);
        }
    }
    let foreign = |file: FileId| state.file(file).is_some_and(|file| file.is_vendored || file.is_generated);
    let found = (0..).zip(scores).filter(|(_, score)| *score > 0.0);
    let mut best: Vec<(f64, FileId)> =
        found.map(|(file, score)| (if foreign(file) { score * FOREIGN } else { score }, file)).collect();
    let path = |file: FileId| state.file(file).map_or("", |file| &*file.path);
    let order = |one: &(f64, FileId), other: &(f64, FileId)| {
        other.0.total_cmp(&one.0).then_with(|| path(one.1).cmp(path(other.1)))
    };
    if best.len() > FILES_READ {
        best.select_nth_unstable_by(FILES_READ, order);
        best.truncate(FILES_READ);
    }
    best.sort_by(order);
    let mut bytes = 0;
    let mut count = 0;
    best.retain(|(_, file)| {
        bytes += state.file(*file).map_or(0, |file| file.stamp.bytes);
        count += 1;
        count <= FEWEST_FILES || bytes <= MOST_BYTES
    });
    best
}

fn bm25(terms: &[Term], counts: &[u32], length: f64, mean: f64) -> f64 {
    terms.iter().zip(counts).map(|(term, count)| term.rarity * saturated(f64::from(*count), length, mean)).sum()
}

fn saturated(count: f64, length: f64, mean: f64) -> f64 {
    count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length / mean.max(1.0)))
}

/// Row and term of every mention, in the order of the text.
fn mentions(text: &str, terms: &[Term], finder: &AhoCorasick) -> Vec<(u32, usize)> {
    let bytes = text.as_bytes();
    let in_word = |at: usize| bytes.get(at).is_some_and(|byte| words::is_in_word(*byte));
    let mut found = Vec::new();
    let (mut row, mut counted, mut done) = (0_u32, 0_usize, 0_usize);
    while let Some(place) = finder.find(Input::new(text).range(done..)) {
        // The word around the match; its terms are asked, so that `art` is not found in `start`.
        let (mut start, mut end) = (place.start(), place.end());
        while start > done && in_word(start - 1) {
            start -= 1;
        }
        while in_word(end) {
            end += 1;
        }
        done = end;
        row += u32::try_from(memchr::memchr_iter(b'\n', &bytes[counted..start]).count()).unwrap_or(0);
        counted = start;
        words::terms(text.get(start..end).unwrap_or_default(), |term| {
            found.extend(terms.iter().position(|known| known.text == term).map(|term| (row, term)));
        });
    }
    found
}

/// What a piece's definition is called.
pub struct PieceNames {
    pub kind: DefinitionKind,
    /// Terms of its own name, and of those around it.
    own: Vec<String>,
    outer: Vec<String>,
    pub full: String,
}

pub fn names_of(shared: &Shared, facts: &FileFacts, piece: &Chunk) -> Option<PieceNames> {
    let symbol = facts.symbols.get(piece.symbol? as usize)?;
    let state = shared.read();
    let (mut own, mut outer) = (Vec::new(), Vec::new());
    words::terms(state.names().get(symbol.name), |term| own.push(term.to_owned()));
    for name in facts.containers(symbol) {
        words::terms(state.names().get(name), |term| outer.push(term.to_owned()));
    }
    Some(PieceNames { kind: symbol.kind, own, outer, full: super::navigate::full_name(&state, facts, symbol) })
}

/// A line for people to recognise.
fn shorten(line: &str) -> String {
    const MOST: usize = 160;
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
