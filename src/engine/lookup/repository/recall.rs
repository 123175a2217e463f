//! What a repository says about the next token: the places with the longest matches, and how often each token follows.
//!
//! The counts are interpolated with back-off (Witten and Bell): the longest context first, each shorter one filling what the
//! longer leaves open. Nearer files count more, which makes of one table a cache for the directory and one for the rest.

use std::cmp::Reverse;
use std::ops::Range;

use super::encode::ODD_GAP;
use super::order::DEPTH;
use super::vantage::Vantage;
use crate::engine::lookup::lexer::TokenId;

/// Places of one length of match that are looked at; of more, this many spread evenly.
const MAX_OF_LENGTH: usize = 160;
/// The same where most of them do not begin with the typed word.
const MAX_FILTERED: usize = 1_000;
/// Shorter matches are looked for until this many places were seen.
const ENOUGH: usize = 120;
/// Words that begin as typed: each is looked for by itself up to this many, beyond it contexts are searched for them.
const MAX_WORDS: usize = 64;
/// Places of each such word.
const MAX_OF_WORD: usize = 12;
/// Places that are proposed.
const MAX_PLACES: usize = 32;
/// And of those that propose the same token.
const MAX_OF_TOKEN: usize = 4;

/// How often tokens follow.
#[derive(Clone, Debug, Default)]
pub struct Support {
    /// Length of the longest match.
    pub longest: usize,
    /// Probability of each token that was seen, with the white space before it.
    shares: Vec<((TokenId, u8), f32)>,
}

#[derive(Clone, Debug, Default)]
pub struct Recalled {
    /// Addresses of tokens that may come next, the longest matches first, the nearest among equals.
    pub places: Vec<u32>,
    pub support: Support,
}

/// A place that was looked at.
#[derive(Clone, Copy)]
struct Seen {
    address: u32,
    token: (TokenId, u8),
    length: usize,
    nearness: u8,
    weight: f32,
}

impl Support {
    /// The probability of a token; 0 where it was not seen.
    pub fn of(&self, id: TokenId, gap: u8) -> f32 {
        self.shares.iter().find(|(token, _)| *token == (id, gap)).map_or(0.0, |(_, share)| *share)
    }

    /// The probability of the most probable token.
    pub fn highest(&self) -> f32 {
        self.shares.iter().map(|(_, share)| *share).fold(0.0, f32::max)
    }
}

impl Vantage {
    /// `context` are the tokens before the next one, nearest first. What begins with `partial` counts alone; its white space is
    /// typed already.
    pub fn recall(&self, context: &[TokenId], partial: &str) -> Recalled {
        let context = context.get(..context.len().min(DEPTH)).unwrap_or_default();
        let words = if partial.is_empty() { None } else { Some(self.repository().vocabulary.beginning_with(partial)) };
        let seen = match words {
            Some(words) if words.len() <= MAX_WORDS => self.see_words(words, context),
            _ => self.see(context, partial),
        };
        let support =
            Support { longest: seen.iter().map(|seen| seen.length).max().unwrap_or(0), shares: interpolate(&seen) };
        Recalled { places: choose(seen), support }
    }

    /// The places after `context`, after shorter and shorter ends of it until there are enough.
    fn see(&self, context: &[TokenId], partial: &str) -> Vec<Seen> {
        let repository = self.repository();
        let at = repository.insertion_point(context);
        let (mut run, mut seen) = (at..at, Vec::new());
        while seen.len() < ENOUGH {
            let common = |index: Option<usize>| {
                index
                    .and_then(|index| repository.order.get(index))
                    .map_or(0, |&place| repository.common(place, context))
            };
            let length = common(run.start.checked_sub(1)).max(common(Some(run.end)));
            let Some(shorter) = context.get(..length).filter(|shorter| !shorter.is_empty()) else { break };
            let wider = repository.widen(&run, shorter);
            let count = wider.len() - run.len();
            let most = if partial.is_empty() { MAX_OF_LENGTH } else { MAX_FILTERED };
            let ring = (wider.start..run.start).chain(run.end..wider.end);
            let step = count.div_ceil(most).max(1);
            for index in ring.step_by(step) {
                let Some(&address) = repository.order.get(index) else { continue };
                if partial.is_empty() || repository.text(address).starts_with(partial) {
                    let gap = if partial.is_empty() { repository.gap(address) } else { 0 };
                    seen.extend(self.look_at(address, gap, length, step as f32));
                }
            }
            run = wider;
        }
        seen
    }

    /// The places of each of `words`, those with the longest match before them.
    fn see_words(&self, words: &[u32], context: &[TokenId]) -> Vec<Seen> {
        let repository = self.repository();
        let mut seen = Vec::new();
        for &word in words {
            let mut query = [TokenId::LINE_END; DEPTH];
            let len = DEPTH.min(context.len() + 1);
            for (slot, id) in query.iter_mut().zip([&repository.vocabulary.id(word)].into_iter().chain(context)) {
                *slot = *id;
            }
            let query = query.get(..len).unwrap_or_default();
            let at = repository.insertion_point(query);
            let around =
                [at.checked_sub(1), Some(at)].into_iter().flatten().filter_map(|index| repository.order.get(index));
            let length = around.map(|&place| repository.common(place, query)).max().unwrap_or(0);
            let Some(shorter) = query.get(..length).filter(|shorter| !shorter.is_empty()) else { continue };
            let run = repository.widen(&(at..at), shorter);
            let step = run.len().div_ceil(MAX_OF_WORD).max(1);
            let places = run.step_by(step).filter_map(|index| repository.order.get(index)?.checked_sub(1));
            seen.extend(places.filter_map(|address| self.look_at(address, 0, length - 1, step as f32)));
        }
        seen
    }

    fn look_at(&self, address: u32, gap: u8, length: usize, weight: f32) -> Option<Seen> {
        let nearness = self.nearness(address).filter(|_| gap != ODD_GAP)?;
        let token = (self.repository().id(address)?, gap);
        Some(Seen { address, token, length, nearness, weight: weight * Self::count(nearness) })
    }
}

impl super::Repository {
    /// The run of places whose context begins with `query`, around a part of it. Costs the logarithm of what is added.
    pub(super) fn widen(&self, run: &Range<usize>, query: &[TokenId]) -> Range<usize> {
        let fits = |index: usize| self.order.get(index).is_some_and(|&place| self.common(place, query) >= query.len());
        let mut end = run.end;
        let mut step = 1;
        while fits(end + step - 1) {
            end += step;
            step *= 2;
        }
        while step > 0 {
            if fits(end + step - 1) {
                end += step;
            }
            step /= 2;
        }
        let mut start = run.start;
        let mut step = 1;
        while start >= step && fits(start - step) {
            start -= step;
            step *= 2;
        }
        while step > 0 {
            if start >= step && fits(start - step) {
                start -= step;
            }
            step /= 2;
        }
        start..end
    }
}

/// The probability of each token: from the shortest matches to the longest, each leaving to the shorter ones as much as it
/// has different tokens.
fn interpolate(seen: &[Seen]) -> Vec<((TokenId, u8), f32)> {
    let mut tokens: Vec<(TokenId, u8)> = seen.iter().map(|seen| seen.token).collect();
    tokens.sort_unstable();
    tokens.dedup();
    let mut lengths: Vec<usize> = seen.iter().map(|seen| seen.length).collect();
    lengths.sort_unstable();
    lengths.dedup();
    let mut shares = vec![0.0f32; tokens.len()];
    let mut counts = vec![0.0f32; tokens.len()];
    for length in lengths {
        counts.fill(0.0);
        let mut total = 0.0;
        for seen in seen.iter().filter(|seen| seen.length >= length) {
            if let Ok(index) = tokens.binary_search(&seen.token) {
                counts[index] += seen.weight;
                total += seen.weight;
            }
        }
        let different = counts.iter().filter(|count| **count > 0.0).count() as f32;
        for (share, count) in shares.iter_mut().zip(&counts) {
            *share = (count + different * *share) / (total + different);
        }
    }
    tokens.into_iter().zip(shares).collect()
}

/// The places to propose.
fn choose(mut seen: Vec<Seen>) -> Vec<u32> {
    // Stable: among equals the order of the repository stays, which is the same for the same files.
    seen.sort_by_key(|seen| (Reverse(seen.length), seen.nearness));
    let mut counts: Vec<((TokenId, u8), usize)> = Vec::new();
    let mut places = Vec::with_capacity(MAX_PLACES);
    for seen in seen {
        let count = match counts.iter_mut().find(|(token, _)| *token == seen.token) {
            Some((_, count)) => count,
            None => {
                counts.push((seen.token, 0));
                let Some((_, count)) = counts.last_mut() else { continue };
                count
            }
        };
        *count += 1;
        if *count <= MAX_OF_TOKEN {
            places.push(seen.address);
        }
        if places.len() >= MAX_PLACES {
            break;
        }
    }
    places
}
