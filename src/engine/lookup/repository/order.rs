//! All places of a repository in the order of what stands before them, the nearest token first. Places with a common
//! context stand together: the longest matches of any context are one binary search away.

use std::cmp::Ordering;

use super::Repository;
use super::encode::Stored;
use super::stream::Stream;
use super::vocabulary::{FILE_START, Vocabulary};
use crate::engine::lookup::lexer::TokenId;

/// Tokens before a place that order it. Longer contexts hardly ever tell two places apart that go on differently.
pub const DEPTH: usize = 12;
/// Places that are sorted at a time, 16 bytes each: the peak of a rebuild.
const AT_A_TIME: usize = 1 << 20;
/// What orders places: their contexts; among equal ones the path, then the place in the file.
pub struct Sorter<'a> {
    pub stream: &'a Stream,
    pub vocabulary: &'a Vocabulary,
    /// The place of an address among all paths, in their order.
    pub rank: &'a dyn Fn(u32) -> u32,
}

impl Sorter<'_> {
    /// Orders all tokens for which `include` holds; they are followed by nothing else in the stream's order.
    pub fn sort_all(&self, include: &dyn Fn(u32) -> bool) -> Vec<u32> {
        let slices = self.slices();
        let mut order = Vec::with_capacity(self.stream.len());
        for slice in 0..slices.count {
            let from = order.len();
            let mut before = None;
            for address in 0..self.stream.len() as u32 {
                let Some(token) = self.stream.get(address) else { break };
                let is_here = before.is_some_and(|before: Stored| slices.of(before.number()) == slice);
                if is_here && token.number() != FILE_START && include(address) {
                    order.push(address);
                }
                before = Some(token);
            }
            if let Some(part) = order.get_mut(from..) {
                self.sort(part);
            }
        }
        order.shrink_to_fit();
        order
    }

    /// Sorts in place: two tokens at a time as one number, then the places that are equal so far by the next two.
    pub fn sort(&self, places: &mut [u32]) {
        self.sort_from(places, 0);
    }

    fn sort_from(&self, places: &mut [u32], level: usize) {
        if level >= DEPTH {
            places.sort_by_cached_key(|&place| ((self.rank)(place), place));
            return;
        }
        let mut keyed: Vec<(u64, u32)> = places.iter().map(|&place| (self.key(place, level), place)).collect();
        keyed.sort_unstable();
        for (slot, (_, place)) in places.iter_mut().zip(&keyed) {
            *slot = *place;
        }
        let mut start = 0;
        let runs: Vec<(usize, u64)> = keyed.chunk_by(|a, b| a.0 == b.0).map(|run| (run.len(), run[0].0)).collect();
        drop(keyed);
        for (len, key) in runs {
            if len > 1
                && let Some(run) = places.get_mut(start..start + len)
            {
                self.sort_from(run, if ends(key) { DEPTH } else { level + 2 });
            }
            start += len;
        }
    }

    /// The tokens `level` and `level + 1` places before; nothing stands before a file's start.
    fn key(&self, place: u32, level: usize) -> u64 {
        let token = |back: usize| {
            place
                .checked_sub(back as u32 + 1)
                .and_then(|at| self.stream.get(at))
                .map_or(TokenId(0), |token| self.vocabulary.id(token.number()))
        };
        let first = token(level);
        let second = if first == Vocabulary::FILE_START { TokenId(0) } else { token(level + 1) };
        u64::from(first.0) << 32 | u64::from(second.0)
    }

    pub fn compare(&self, a: u32, b: u32) -> Ordering {
        let id = |token: Stored| self.vocabulary.id(token.number());
        let contexts = self.stream.before(a).map(id).take(DEPTH).cmp(self.stream.before(b).map(id).take(DEPTH));
        contexts.then_with(|| ((self.rank)(a), a).cmp(&((self.rank)(b), b)))
    }

    /// Cuts the words, in the order of their ids, so that about `AT_A_TIME` places follow the words of each slice.
    fn slices(&self) -> Slices {
        let mut counts = vec![0u32; self.vocabulary.len()];
        for address in 0..self.stream.len() as u32 {
            if let Some(token) = self.stream.get(address)
                && let Some(count) = counts.get_mut(token.number() as usize)
            {
                *count += 1;
            }
        }
        let mut words: Vec<u32> = (0..counts.len() as u32).collect();
        words.sort_unstable_by_key(|&word| self.vocabulary.id(word));
        let mut slices = Slices { of: vec![0; counts.len()], count: 1 };
        let mut filled = 0;
        for word in words {
            let count = counts[word as usize] as usize;
            if filled > 0 && filled + count > AT_A_TIME {
                slices.count += 1;
                filled = 0;
            }
            filled += count;
            slices.of[word as usize] = slices.count - 1;
        }
        slices
    }
}

/// Whether a file's start is among the two tokens of a key: what stands before it is nothing.
fn ends(key: u64) -> bool {
    let start = Vocabulary::FILE_START.0;
    (key >> 32) as u32 == start || key as u32 == start
}

struct Slices {
    of: Vec<u32>,
    count: u32,
}

impl Slices {
    fn of(&self, word: u32) -> u32 {
        self.of.get(word as usize).copied().unwrap_or(0)
    }
}

/// A context to look for: the tokens before the cursor, nearest first, `DEPTH` at most.
pub type Query<'a> = &'a [TokenId];

impl Repository {
    /// Where the places would stand whose context is `query` and nothing more.
    pub(super) fn insertion_point(&self, query: Query<'_>) -> usize {
        self.order.partition_point(|&place| self.compare_with(place, query) == Ordering::Less)
    }

    /// How many tokens before a place are those of `query`.
    pub(super) fn common(&self, place: u32, query: Query<'_>) -> usize {
        let before = self.stream.before(place).map(|token| self.vocabulary.id(token.number()));
        before.zip(query).take_while(|(there, here)| there == *here).count()
    }

    fn compare_with(&self, place: u32, query: Query<'_>) -> Ordering {
        let mut before = self.stream.before(place).map(|token| self.vocabulary.id(token.number()));
        for here in query {
            match before.next().map(|there| there.cmp(here)) {
                None => return Ordering::Less,
                Some(Ordering::Equal) => {}
                Some(other) => return other,
            }
        }
        // Its context begins with the query: it stands behind the query itself.
        Ordering::Greater
    }
}
