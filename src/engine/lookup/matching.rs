//! Compares the cursor's context with the places that are like it, and collects what each proposes.
//!
//! A match is exact as far as it goes, then goes on *in shape*: words and numbers may differ if they differ in the
//! same way each time. What differs is then replaced in what is copied: after `self.width = ` a place that reads
//! `self.height = height` proposes `width`.

use super::features::{ESCAPE_FEATURES, FEATURES, Proposed, Setting};
use super::lexer::TokenId;
use super::places::find_places;
use super::view::{ContextToken, Origin, View};

/// Candidates of the documents that are described, and as many of the repository; the nearest of those with the longest
/// match are kept.
const MAX_CANDIDATES: usize = 64;
/// Exact and shape matches are followed this far back.
const MAX_MATCH: usize = 40;
/// A shape match ends at more differing names than this.
const MAX_REPLACEMENTS: usize = 4;

/// A proposal for the next token: a token of the corpus, or a token of the context that stands for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub id: TokenId,
    /// Where the proposed token's text is.
    pub origin: Origin,
    /// Where the match is: the white space comes from there.
    pub place: Origin,
    pub gap: u8,
    pub features: [u8; FEATURES],
}

/// What a step of prediction starts from: the view's context and what was generated since.
pub(super) struct Context<'c> {
    pub tokens: &'c [ContextToken],
    /// How many of the last tokens stand on the line that is being written.
    pub on_line: usize,
    /// The next token is the one at the cursor: what is typed constrains it.
    pub at_cursor: bool,
}

impl Context<'_> {
    pub fn last(&self) -> TokenId {
        self.tokens.last().map_or(TokenId::LINE_END, |token| token.id)
    }

    /// The token `back` tokens before the last one.
    fn back(&self, back: u8) -> Option<&ContextToken> {
        self.tokens.iter().rev().nth(usize::from(back))
    }
}

/// How far the tokens before a place are the context.
#[derive(Clone, Copy, Default)]
pub(super) struct Match {
    pub exact: u8,
    /// Exact and in shape together.
    pub shape: u8,
    /// The match reaches the beginning of the line: 1 in shape, 2 exactly.
    pub reaches_line: u8,
    /// A name there, and how far before the context's end the name here stands.
    replacements: [(TokenId, u8); MAX_REPLACEMENTS],
    replaced: u8,
}

/// Finds the candidates for the token after `context`, best matches first, and the numbers for "none of them".
pub(super) fn candidates(view: &View<'_>, context: &Context<'_>) -> (Vec<Candidate>, [u8; ESCAPE_FEATURES]) {
    let partial = if context.at_cursor { view.typed.partial.as_str() } else { "" };
    let recalled = view.recall(context.tokens, partial);
    let documents = matched(view, context, find_places(view, context, partial));
    let repository = matched(view, context, view.places_in_repository(&recalled));
    let longest = documents.iter().chain(&repository).map(|(_, found)| usize::from(found.exact)).max().unwrap_or(0);
    let setting = Setting::new(view, context, partial, longest, &recalled.support);
    let mut candidates: Vec<Candidate> = Vec::with_capacity(documents.len() + repository.len());
    let ranked = documents.iter().enumerate().chain(repository.iter().enumerate());
    let mut left_out = 0;
    for (rank, (place, found)) in ranked {
        // Ranks count what is proposed.
        if rank == 0 {
            left_out = 0;
        }
        let (Some(source), Some(copied)) = (view.sources.get(place.source), view.id(*place)) else { continue };
        let replacement = found.replacement(copied).and_then(|back| context.back(back));
        let (id, origin) = replacement.map_or((copied, *place), |token| (token.id, token.origin));
        // White space before a word that is typed in part is typed too.
        let gap = if partial.is_empty() { source.gap_code(place.position) } else { 0 };
        if context.at_cursor && !fits_cursor(view, context, id, origin, gap) {
            left_out += 1;
            continue;
        }
        let (is_replacement, rank) = (replacement.is_some(), rank - left_out);
        let features = setting.describe(&Proposed { source, place: *place, id, found, is_replacement, rank });
        candidates.push(Candidate { id, origin, place: *place, gap, features });
    }
    let mut distinct: Vec<(TokenId, u8)> = candidates.iter().map(|candidate| (candidate.id, candidate.gap)).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let escape = setting.describe_escape(candidates.len(), distinct.len());
    (candidates, escape)
}

/// The best matches among `places`: the longest first, among equals in the order of `places`.
fn matched(view: &View<'_>, context: &Context<'_>, places: Vec<Origin>) -> Vec<(Origin, Match)> {
    let matches: Vec<Match> = places.iter().map(|&place| Match::new(view, context, place)).collect();
    let mut order: Vec<(u8, u16)> =
        (0u16..).zip(&matches).map(|(i, found)| (!(found.exact * 2 + found.shape), i)).collect();
    order.sort_unstable();
    order.truncate(MAX_CANDIDATES);
    let both = |index: usize| Some((*places.get(index)?, *matches.get(index)?));
    order.into_iter().filter_map(|(_, index)| both(usize::from(index))).collect()
}

/// Whether a proposal continues what is typed at the cursor: the beginning of a word, or white space.
fn fits_cursor(view: &View<'_>, context: &Context<'_>, id: TokenId, origin: Origin, gap: u8) -> bool {
    let typed = &view.typed;
    if typed.partial.is_empty() {
        return context.on_line == 0 || gap >= typed.gap.min(15) as u8;
    }
    let source = view.sources.get(origin.source);
    id.is_replaceable() && source.is_some_and(|source| source.starts_with(origin.position, &typed.partial))
}

impl Match {
    /// Follows the match backwards from the token before `place`.
    fn new(view: &View<'_>, context: &Context<'_>, place: Origin) -> Self {
        let mut found = Self::default();
        let Some(source) = view.sources.get(place.source) else { return found };
        let mut there = source.before(place.position);
        let mut line_differs = false;
        for (back, here) in (0u8..).zip(context.tokens.iter().rev().take(MAX_MATCH)) {
            let Some(there) = there.next() else { break };
            if here.id != there {
                if !found.replace(context, there, back) {
                    break;
                }
                line_differs = true;
            }
            found.shape += 1;
            if found.replaced == 0 {
                found.exact += 1;
            }
            if there == TokenId::LINE_END && found.reaches_line == 0 {
                found.reaches_line = if line_differs { 1 } else { 2 };
            }
        }
        found
    }

    /// Notes that `there` stands for the name that is `back` tokens before the context's end; false when it cannot.
    fn replace(&mut self, context: &Context<'_>, there: TokenId, back: u8) -> bool {
        let Some(here) = context.back(back).map(|token| token.id) else { return false };
        if !here.is_replaceable() || here.kind() != there.kind() {
            return false;
        }
        if let Some(known) = self.replacement(there) {
            return context.back(known).is_some_and(|token| token.id == here);
        }
        let Some(slot) = self.replacements.get_mut(usize::from(self.replaced)) else { return false };
        *slot = (there, back);
        self.replaced += 1;
        true
    }

    /// How many names differ.
    pub fn replaced(&self) -> u8 {
        self.replaced
    }

    /// How far before the context's end the name stands that stands for `there`.
    fn replacement(&self, there: TokenId) -> Option<u8> {
        let known = self.replacements.iter().take(usize::from(self.replaced));
        known.into_iter().find(|(from, _)| *from == there).map(|(_, back)| *back)
    }
}
