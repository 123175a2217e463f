//! From one version of a repository to the next.
//!
//! Few changed files are sorted by themselves and merged in; where much changed the order is made anew. Either way it is the
//! same order: the one that a rebuild from the same files would give.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Repository;
use super::encode::{Stored, encode};
use super::files::Files;
use super::order::Sorter;
use super::stream::Stream;
use super::vocabulary::Vocabulary;

/// Larger files have no tokens: data, or made by programs.
const MAX_FILE_BYTES: usize = 1 << 20;
/// A file that does not fit below this many tokens in all is left out: addresses have 32 bits.
const MAX_TOKENS: usize = 1 << 31;
/// The order is made anew when more than one place in this many is new: sorting is then cheaper than finding where each goes.
const MERGED_SHARE: usize = 8;
/// Tokens of files that are gone stay in the stream until they are one in this many, and more than `MIN_WASTE`.
const WASTED_SHARE: usize = 4;
const MIN_WASTE: usize = 1 << 16;

/// What became of a file.
#[derive(Clone, Debug)]
pub struct Change {
    /// From the repository's root, with `/`.
    pub path: Arc<str>,
    /// None where it is gone.
    pub text: Option<String>,
}

impl Repository {
    /// The version after `changes`; of several changes of a path the last one counts.
    ///
    /// Takes the time to sort what changed and to copy the order once.
    pub fn updated(&self, changes: impl IntoIterator<Item = Change>) -> Self {
        let mut draft = Draft::new(self);
        for change in changes {
            draft.apply(change);
        }
        draft.finish()
    }
}

/// A version in the making.
struct Draft<'a> {
    before: &'a Repository,
    vocabulary: Vocabulary,
    stream: Stream,
    /// Start and length by path.
    files: FxHashMap<Arc<str>, (u32, u32)>,
    live: usize,
}

impl<'a> Draft<'a> {
    fn new(before: &'a Repository) -> Self {
        let files: FxHashMap<_, _> =
            before.files.iter().map(|file| (file.path.clone(), (file.start, file.len))).collect();
        Self {
            before,
            vocabulary: (*before.vocabulary).clone(),
            stream: before.stream.clone(),
            live: files.values().map(|(_, len)| *len as usize).sum(),
            files,
        }
    }

    fn apply(&mut self, change: Change) {
        if let Some((start, len)) = self.files.remove(&change.path) {
            self.live -= len as usize;
            for token in (start..start + len).filter_map(|address| self.stream.get(address)) {
                self.vocabulary.release(token.number());
            }
        }
        let Some(text) = change.text.filter(|text| text.len() <= MAX_FILE_BYTES) else { return };
        let tokens = encode(&text, &mut self.vocabulary);
        if tokens.len() > 1 && self.stream.len() + tokens.len() < MAX_TOKENS {
            let start = self.stream.push(&tokens);
            self.files.insert(change.path, (start, tokens.len() as u32));
            self.live += tokens.len();
        }
    }

    fn finish(mut self) -> Repository {
        let wasted = self.stream.len() - self.live;
        let is_wasteful = wasted > MIN_WASTE && wasted > self.stream.len() / WASTED_SHARE;
        if is_wasteful {
            self.gather();
        }
        self.vocabulary.sort();
        let mut files: Vec<(Arc<str>, u32, u32)> =
            self.files.into_iter().map(|(path, (start, len))| (path, start, len)).collect();
        files.sort_unstable_by_key(|file| file.1);
        let files = Files::new(files);
        let known = if is_wasteful { 0 } else { self.before.stream.len() as u32 };
        let ranks = Ranks::new(&self.before.files, &files, known);
        let rank = |address| ranks.of(address);
        let sorter = Sorter { stream: &self.stream, vocabulary: &self.vocabulary, rank: &rank };
        let added: usize = files.iter().filter(|file| file.start >= known).map(|file| file.len as usize).sum();
        let order = if is_wasteful || added > self.live / MERGED_SHARE {
            sorter.sort_all(&|address| files.at(address).is_some())
        } else {
            let fresh = files.iter().filter(|file| file.start >= known);
            let mut fresh: Vec<u32> = fresh.flat_map(|file| file.start + 1..file.start + file.len).collect();
            sorter.sort(&mut fresh);
            merge(&self.before.order, &fresh, &sorter, &gone(self.before, &files))
        };
        Repository { vocabulary: Arc::new(self.vocabulary), stream: self.stream, order: Arc::new(order), files }
    }

    /// Writes the stream and the vocabulary anew without what is gone.
    fn gather(&mut self) {
        let (mut vocabulary, mut stream) = (Vocabulary::default(), Stream::default());
        let ordered: BTreeMap<u32, Arc<str>> =
            self.files.iter().map(|(path, (start, _))| (*start, path.clone())).collect();
        for (start, path) in ordered {
            let Some((_, len)) = self.files.get(&path).copied() else { continue };
            let tokens: Vec<Stored> = (start..start + len)
                .filter_map(|address| self.stream.get(address))
                .map(|token| {
                    // The numbers without a text are the same in every vocabulary.
                    let (number, text) = (token.number(), self.vocabulary.text(token.number()));
                    let id = self.vocabulary.id(number);
                    token.renumbered(if text.is_empty() { number } else { vocabulary.intern(id, text) })
                })
                .collect();
            self.files.insert(path, (stream.push(&tokens), len));
        }
        (self.vocabulary, self.stream) = (vocabulary, stream);
    }
}

/// The order of the paths of two versions. Places that are gone have one too, so that the old order is an order still.
struct Ranks<'a> {
    before: (&'a Files, Vec<u32>),
    now: (&'a Files, Vec<u32>),
    /// Addresses from here on are the newer version's alone.
    known: u32,
}

impl<'a> Ranks<'a> {
    fn new(before: &'a Files, now: &'a Files, known: u32) -> Self {
        let mut paths: Vec<&str> = before.iter().chain(now.iter()).map(|file| &*file.path).collect();
        paths.sort_unstable();
        let ranks = |files: &Files| {
            files.iter().map(|file| paths.partition_point(|path| *path < &*file.path) as u32).collect::<Vec<u32>>()
        };
        Self { before: (before, ranks(before)), now: (now, ranks(now)), known }
    }

    fn of(&self, address: u32) -> u32 {
        let (files, ranks) = if address < self.known { &self.before } else { &self.now };
        files.at(address).and_then(|file| ranks.get(file)).copied().unwrap_or(u32::MAX)
    }
}

/// A bit for each address of a file of `before` that is not in `files`.
fn gone(before: &Repository, files: &Files) -> Bits {
    let mut gone = Bits(vec![0; before.stream.len().div_ceil(64)]);
    for file in before.files.iter().filter(|file| files.find(&file.path).is_none_or(|now| now.start != file.start)) {
        (file.start..file.start + file.len).for_each(|address| gone.set(address));
    }
    gone
}

struct Bits(Vec<u64>);

impl Bits {
    fn set(&mut self, at: u32) {
        if let Some(word) = self.0.get_mut(at as usize / 64) {
            *word |= 1 << (at % 64);
        }
    }

    fn get(&self, at: u32) -> bool {
        self.0.get(at as usize / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }
}

/// Both in order; the places that are gone are left out.
fn merge(old: &[u32], fresh: &[u32], sorter: &Sorter<'_>, gone: &Bits) -> Vec<u32> {
    let mut merged = Vec::with_capacity(old.len() + fresh.len());
    let mut rest = old;
    let keep = |merged: &mut Vec<u32>, part: &[u32]| merged.extend(part.iter().filter(|place| !gone.get(**place)));
    for &place in fresh {
        let before = rest.partition_point(|&other| sorter.compare(other, place) == Ordering::Less);
        let (part, after) = rest.split_at(before);
        keep(&mut merged, part);
        merged.push(place);
        rest = after;
    }
    keep(&mut merged, rest);
    merged.shrink_to_fit();
    merged
}
