//! Finds the places whose context is like the cursor's and describes each by a few small numbers.
//!
//! A match is exact as far as it goes, then goes on *in shape*: words and numbers may differ if they differ in the
//! same way each time. What differs is then replaced in what is copied: after `self.width = ` a place that reads
//! `self.height = height` proposes `width`.

use super::lexer::{Kind, TokenId};
use super::view::{ContextToken, Origin, Place, Source, View};

/// Candidates that are described; the nearest of those with the longest match are kept.
const MAX_CANDIDATES: usize = 160;
/// Places that are compared with the context at all, nearest first.
const MAX_PLACES: usize = 3_000;
/// Exact and shape matches are followed this far back.
const MAX_MATCH: usize = 40;
/// A shape match ends at more differing names than this.
const MAX_REPLACEMENTS: usize = 4;

/// Numbers that describe a candidate; each is an index into its table of weights.
pub const FEATURES: usize = 12;
/// Numbers that describe how likely none of the candidates is right.
pub const ESCAPE_FEATURES: usize = 5;
/// Every index is smaller than this.
pub const BUCKETS: usize = 40;

/// A proposal for the next token: a token of the corpus, or a token of the context that stands for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub id: TokenId,
    /// Where the proposed token's text is.
    pub origin: Origin,
    /// Where the match is: the white space and what follows come from there.
    pub place: Origin,
    pub gap: u8,
    pub features: [u8; FEATURES],
}

#[derive(Clone, Copy, Default)]
struct Match {
    exact: usize,
    /// Exact and in shape together.
    shape: usize,
    replacements: [(TokenId, usize); MAX_REPLACEMENTS],
    replaced: usize,
    /// The match reaches the beginning of the line: 1 in shape, 2 exactly.
    reaches_line: u8,
}

impl Default for TokenId {
    fn default() -> Self {
        TokenId::LINE_END
    }
}

/// The state of the line that is being written: which brackets and quotes are open.
#[derive(Clone, Copy, Default)]
struct Line {
    open: [u8; 8],
    depth: usize,
    quotes: u32,
}

/// What a step of prediction starts from: the view's context and what was generated since.
pub(super) struct Context<'c> {
    pub tokens: &'c [ContextToken],
    /// How many of the last tokens stand on the line that is being written.
    pub on_line: usize,
    /// Something is typed of the next token (only at the cursor itself).
    pub at_cursor: bool,
}

/// Finds the candidates for the token after `context`, best matches first, and the numbers for "none of them".
pub(super) fn candidates(view: &View<'_>, context: &Context<'_>) -> (Vec<Candidate>, [u8; ESCAPE_FEATURES]) {
    let partial = if context.at_cursor { view.typed.partial.as_str() } else { "" };
    let places = find_places(view, context, partial);
    let mut matches: Vec<(Match, Origin)> =
        places.into_iter().map(|place| (extend(view, context, place), place)).collect();
    // A stable sort keeps the nearest first among equals.
    matches.sort_by_key(|(found, _)| std::cmp::Reverse(found.exact * 2 + found.shape));
    matches.truncate(MAX_CANDIDATES);

    let line = Line::of(view, context);
    let last = context.tokens.last().map_or(TokenId::LINE_END, |token| token.id);
    let longest = matches.iter().map(|(found, _)| found.exact).max().unwrap_or(0);
    let mut candidates: Vec<Candidate> = Vec::with_capacity(matches.len());
    for (found, place) in &matches {
        let Some(source) = view.sources.get(place.source) else { continue };
        let Some(copied) = view.id(*place) else { continue };
        let replacement = found.replacements.iter().take(found.replaced).find(|(from, _)| *from == copied);
        let replacing = replacement.and_then(|(_, index)| context.tokens.get(*index));
        let (id, origin) = replacing.map_or((copied, *place), |token| (token.id, token.origin));
        // White space before a word that is typed in part is typed too.
        let gap = if partial.is_empty() { source.gap_code(place.position) } else { 0 };
        if context.at_cursor && !fits_cursor(view, context, id, origin, gap) {
            continue;
        }
        let state = match (found.replaced, replacing) {
            (0, _) => 0,
            (_, Some(_)) => 1,
            (_, None) => 2,
        };
        let rank = candidates.len();
        candidates.push(Candidate {
            id,
            origin,
            place: *place,
            gap,
            features: describe(view, context, found, source, *place, id, state, rank, longest, last, line, partial),
        });
    }
    let mut distinct: Vec<(TokenId, u8)> = candidates.iter().map(|candidate| (candidate.id, candidate.gap)).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let longest = candidates.iter().map(|c| c.features[0]).max().unwrap_or(0);
    let escape = [
        if candidates.is_empty() { 20 } else { longest },
        last.kind() as u8 * 6 + partial.len().min(5) as u8,
        log2(candidates.len()).min(9),
        log2(distinct.len()).min(9) + 10 * (longest > 3) as u8 + 10 * (longest > 6) as u8,
        line.quotes.min(1) as u8 + 2 * line.depth.min(3) as u8 + 8 * (context.on_line.min(3) as u8),
    ];
    (candidates, escape)
}

/// Whether a proposal continues what is typed at the cursor: the beginning of a word, or white space.
fn fits_cursor(view: &View<'_>, context: &Context<'_>, id: TokenId, origin: Origin, gap: u8) -> bool {
    let typed = &view.typed;
    if typed.partial.is_empty() {
        return context.on_line == 0 || gap >= typed.gap.min(15) as u8;
    }
    let source = view.sources.get(origin.source);
    id.is_replaceable() && source.is_some_and(|source| source.tokens.starts_with(origin.position, &typed.partial))
}

/// The positions whose next token may come next, the nearest first.
fn find_places(view: &View<'_>, context: &Context<'_>, partial: &str) -> Vec<Origin> {
    let mut places = Vec::with_capacity(256);
    let last = context.tokens.last().map_or(TokenId::LINE_END, |token| token.id);
    let second = context.tokens.len().checked_sub(2).and_then(|i| context.tokens.get(i)).map(|token| token.id);
    for (index, source) in view.sources.iter().enumerate() {
        let mut keep = |position: usize| {
            places.push(Origin { source: index, position });
            places.len() < MAX_PLACES
        };
        let ids = source.tokens.ids();
        let span = source.span.clone();
        let is_place = |position: usize| {
            if !partial.is_empty() {
                return source.tokens.starts_with(position, partial);
            }
            let Some(before) = position.checked_sub(1) else { return last == TokenId::LINE_END };
            let found = ids.get(before).copied();
            found == Some(last)
                || (last.is_replaceable()
                    && found.is_some_and(TokenId::is_replaceable)
                    && second.is_some()
                    && before.checked_sub(1).and_then(|i| ids.get(i)).copied() == second)
        };
        let goes_on = match source.place {
            Place::Before => span.rev().filter(|&p| is_place(p)).all(&mut keep),
            Place::After | Place::Other(_) => span.into_iter().filter(|&p| is_place(p)).all(&mut keep),
        };
        if !goes_on {
            break;
        }
    }
    places
}

/// Follows a match backwards from the token before `place`.
fn extend(view: &View<'_>, context: &Context<'_>, place: Origin) -> Match {
    let mut found = Match::default();
    let Some(source) = view.sources.get(place.source) else { return found };
    let ids = source.tokens.ids();
    let mut line_differs = false;
    for back in 1..=MAX_MATCH {
        let Some(index) = context.tokens.len().checked_sub(back) else { break };
        let (Some(here), there) = (context.tokens.get(index), place.position.checked_sub(back)) else { break };
        let there = match there {
            Some(position) if position >= source.span.start => ids.get(position).copied().unwrap_or_default(),
            // The beginning of a document counts as the beginning of a line.
            _ if back == 1 || found.shape + 1 == back => TokenId::LINE_END,
            _ => break,
        };
        if here.id != there {
            if !here.id.is_replaceable() || here.id.kind() != there.kind() {
                break;
            }
            let known = found.replacements.iter().take(found.replaced).find(|(from, _)| *from == there);
            match known {
                Some((_, index)) if context.tokens.get(*index).is_some_and(|token| token.id == here.id) => {}
                Some(_) => break,
                None if found.replaced == MAX_REPLACEMENTS => break,
                None => {
                    found.replacements[found.replaced] = (there, index);
                    found.replaced += 1;
                }
            }
            line_differs = true;
        }
        found.shape += 1;
        if found.replaced == 0 {
            found.exact += 1;
        }
        if here.id == TokenId::LINE_END && found.reaches_line == 0 {
            found.reaches_line = if line_differs { 1 } else { 2 };
        }
        if place.position < back {
            break;
        }
    }
    found
}

#[expect(clippy::too_many_arguments, reason = "one call; a struct would only repeat the names")]
fn describe(
    view: &View<'_>,
    context: &Context<'_>,
    found: &Match,
    source: &Source<'_>,
    place: Origin,
    id: TokenId,
    state: u8,
    rank: usize,
    longest: usize,
    last: TokenId,
    line: Line,
    partial: &str,
) -> [u8; FEATURES] {
    let exact = bucket(found.exact, &[0, 1, 2, 3, 4, 5, 6, 8, 11, 15, 23]);
    let coarse = bucket(found.exact, &[0, 1, 2, 4]);
    let extra = bucket(found.shape - found.exact, &[0, 2, 4, 8]);
    let replaced = found.replaced.min(3) as u8;
    let (same_indentation, follows) = surroundings(view, source, place);
    let distance = match source.place {
        Place::Before => log2(source.span.end.saturating_sub(place.position) / 4).min(13),
        Place::After => 14 + log2((place.position - source.span.start) / 4).min(12),
        Place::Other(rank) => 27 + bucket(rank, &[0, 1, 3]),
    };
    let complete = !partial.is_empty() && usize::from(id_len(view, source, place)) == partial.len();
    let kind = id.kind() as u8;
    [
        exact,
        if replaced == 0 { extra } else { 5 + extra.saturating_sub(1) * 3 + replaced - 1 },
        found.reaches_line * 2 + same_indentation + 6 * (context.on_line == 0) as u8 + 12 * (state == 1) as u8,
        distance,
        follows + 6 * coarse,
        state * 4 + kind + 12 * (found.shape > 6) as u8,
        bucket(rank, &[0, 1, 2, 5, 10, 20]) + 7 * coarse,
        bucket(partial.len(), &[0, 1, 2, 4]) * 2 + complete as u8 + 10 * (found.exact > 0) as u8,
        last.kind() as u8 * 5 + coarse,
        line.closing(view, id) + 20 * (coarse > 2) as u8,
        coarse * 4 + source_class(source.place),
        bucket(longest - found.exact, &[0, 1, 3, 7]) + 5 * bucket(longest, &[0, 1, 2, 4, 8, 16]),
    ]
}

fn id_len(_view: &View<'_>, source: &Source<'_>, place: Origin) -> u16 {
    source.tokens.range(place.position).len() as u16
}

fn source_class(place: Place) -> u8 {
    match place {
        Place::Before => 0,
        Place::After => 1,
        Place::Other(0) => 2,
        Place::Other(_) => 3,
    }
}

/// Whether the candidate's line is indented like the cursor's (0, 1), and how far what follows that line is what
/// follows the cursor's line (0 to 5).
fn surroundings(view: &View<'_>, source: &Source<'_>, place: Origin) -> (u8, u8) {
    const LINE_TOKENS: usize = 80;
    let ids = source.tokens.ids();
    let line_end = ids.iter().skip(place.position).take(LINE_TOKENS).position(|id| *id == TokenId::LINE_END);
    let Some(line_end) = line_end.map(|offset| place.position + offset) else { return (0, 0) };
    let same = source.tokens.indentation(line_end) == view.indentation;
    let after = ids.get(line_end + 1..).unwrap_or_default();
    let follows = after.iter().zip(&view.following).take_while(|(a, b)| a == b).count();
    (same as u8, bucket(follows, &[0, 1, 2, 4, 7]))
}

impl Line {
    fn of(view: &View<'_>, context: &Context<'_>) -> Self {
        let mut line = Line::default();
        let start = context.tokens.len().saturating_sub(context.on_line);
        for token in context.tokens.get(start..).unwrap_or_default() {
            match mark(view, token.id) {
                open @ (b'(' | b'[' | b'{') => {
                    if let Some(slot) = line.open.get_mut(line.depth) {
                        *slot = open;
                        line.depth += 1;
                    }
                }
                b')' | b']' | b'}' => line.depth = line.depth.saturating_sub(1),
                b'"' => line.quotes ^= 1,
                _ => {}
            }
        }
        line
    }

    /// How a proposal stands to what is open: 0 for what neither opens nor closes.
    fn closing(self, view: &View<'_>, id: TokenId) -> u8 {
        let innermost = self.depth.checked_sub(1).and_then(|top| self.open.get(top)).copied();
        if id == TokenId::LINE_END {
            let open = match innermost {
                None => 1,
                Some(b'(') => 2,
                Some(b'[') => 3,
                Some(_) => 4,
            };
            return open + 4 * self.quotes as u8;
        }
        let open = match mark(view, id) {
            b')' => b'(',
            b']' => b'[',
            b'}' => b'{',
            b'"' => return 9 + self.quotes as u8,
            b'{' => return 14 + (self.depth > 0) as u8,
            b'(' | b'[' => return 16,
            _ => return 0,
        };
        match innermost {
            Some(found) if found == open => 11,
            Some(_) => 12,
            None => 13,
        }
    }
}

/// The byte of a bracket or quote; 0 for everything else.
fn mark(_view: &View<'_>, id: TokenId) -> u8 {
    static MARKS: std::sync::LazyLock<[(TokenId, u8); 7]> = std::sync::LazyLock::new(|| {
        ["(", ")", "[", "]", "{", "}", "\""].map(|text| (TokenId::new(Kind::Punctuation, text), text.as_bytes()[0]))
    });
    MARKS.iter().find(|(mark, _)| *mark == id).map_or(0, |(_, byte)| *byte)
}

/// The index of the first limit that `value` does not exceed.
fn bucket(value: usize, limits: &[usize]) -> u8 {
    limits.iter().position(|limit| value <= *limit).unwrap_or(limits.len()) as u8
}

/// 0 for 0, then one more for each doubling.
fn log2(value: usize) -> u8 {
    (usize::BITS - value.leading_zeros()) as u8
}
