//! Describes a candidate, and the chance that none is right, by a few small numbers: indices into tables of weights.
//!
//! Changing anything here changes the meaning of the fitted weights: fit again (`benches/lookup.rs --fit`).

use super::lexer::{Bracket, Kind, LinePlace, TokenId};
use super::matching::{Context, Match};
use super::repository::Support;
use super::source::{Place, Source};
use super::view::{Origin, View};

/// Numbers that describe a candidate.
pub const FEATURES: usize = 17;
/// Numbers that describe how likely none of the candidates is right.
pub const ESCAPE_FEATURES: usize = 7;
/// Every index is smaller than this.
pub const BUCKETS: usize = 64;

/// What all candidates of one step have in common.
pub(super) struct Setting<'s> {
    view: &'s View<'s>,
    partial: &'s str,
    at_cursor: bool,
    last: TokenId,
    /// The longest exact match of all candidates.
    longest: usize,
    /// What the repository says.
    support: &'s Support,
    open: OpenBrackets,
    /// The line that is being written, as far as it is.
    line: Vec<TokenId>,
    /// The first token of the line above it.
    above: Option<TokenId>,
}

/// What a candidate proposes and where from.
pub(super) struct Proposed<'s> {
    pub source: &'s Source<'s>,
    pub place: Origin,
    pub id: TokenId,
    pub found: &'s Match,
    /// The proposed token is a name of the context that stands for the copied one.
    pub is_replacement: bool,
    /// How many candidates match better or as well and nearer.
    pub rank: usize,
}

/// Brackets and quotes that are open on the line that is being written.
#[derive(Clone, Copy, Default)]
struct OpenBrackets {
    open: [u8; 8],
    place: LinePlace,
    in_quotes: bool,
}

impl<'s> Setting<'s> {
    pub fn new(
        view: &'s View<'s>,
        context: &Context<'_>,
        partial: &'s str,
        longest: usize,
        support: &'s Support,
    ) -> Self {
        let start = context.tokens.len().saturating_sub(context.on_line);
        let line: Vec<TokenId> = context.tokens.iter().skip(start).map(|token| token.id).collect();
        let above = context.tokens.get(..start.saturating_sub(1)).and_then(|before| {
            let begin = before.iter().rposition(|token| token.id == TokenId::LINE_END).map_or(0, |end| end + 1);
            before.get(begin).map(|token| token.id)
        });
        let open = OpenBrackets::of(&line);
        Self { view, partial, at_cursor: context.at_cursor, last: context.last(), longest, support, open, line, above }
    }

    pub fn describe(&self, proposed: &Proposed<'_>) -> [u8; FEATURES] {
        let Proposed { source, place, id, found, is_replacement, rank } = *proposed;
        let position = place.position;
        let (matched, shape) = (usize::from(found.exact), usize::from(found.shape));
        let exact = bucket(matched, &[0, 1, 2, 3, 4, 5, 6, 8, 11, 15, 23]);
        let coarse = bucket(matched, &[0, 1, 2, 4]);
        let extra = bucket(shape - matched, &[0, 2, 4, 8]);
        let replaced = found.replaced().min(3);
        let state = if replaced == 0 { 0 } else { 2 - is_replacement as u8 };
        let kind = id.kind() as u8;
        let partial = bucket(self.partial.len(), &[0, 1, 2, 4]);
        let is_complete = !self.partial.is_empty() && source.text_len(position) == self.partial.len();
        let (same_indentation, follows) = self.surroundings(source, position);
        let (same_beginning, same_above) = self.line_beginning(source, position);
        let same_depth = (source.line_place(position).depth == self.open.place.depth) as u8;
        let nearness = match source.place {
            Place::Before => log2(source.span.end.saturating_sub(position) / 4).min(13),
            Place::After => 14 + log2(position.saturating_sub(source.span.start) / 4).min(12),
            Place::Other(rank) => 27 + bucket(rank, &[0, 1, 3]),
            Place::Repository => 31 + self.view.nearness(place),
        };
        let origin = match source.place {
            Place::Before => 0,
            Place::After => 1,
            Place::Other(0) => 2,
            Place::Other(_) => 3,
            Place::Repository => 4,
        };
        let is_here = matches!(source.place, Place::Before | Place::After);
        [
            exact,
            if replaced == 0 { extra } else { 5 + extra.saturating_sub(1) * 3 + replaced - 1 },
            found.reaches_line * 2 + same_indentation + 6 * self.line.is_empty() as u8 + 12 * (state == 1) as u8,
            nearness,
            follows + 6 * coarse,
            state * 4 + kind + 12 * (shape > 6) as u8,
            bucket(rank, &[0, 1, 2, 5, 10, 20]) + 7 * coarse,
            partial * 2 + is_complete as u8 + 10 * (matched > 0) as u8,
            self.last.kind() as u8 * 5 + coarse,
            self.open.toward(id) + 20 * (coarse > 2) as u8,
            if origin < 4 { coarse * 4 + origin } else { 20 + coarse },
            bucket(self.longest - matched, &[0, 1, 3, 7]) + 5 * bucket(self.longest, &[0, 1, 2, 4, 8, 16]),
            same_beginning + 4 * same_depth + 8 * kind,
            same_beginning + 4 * same_above + 8 * coarse,
            same_depth + 2 * kind + 8 * coarse,
            self.supported(id, if self.partial.is_empty() { source.gap_code(position) } else { 0 }),
            if is_here { 0 } else { 1 + self.view.stands_in_document(id) as u8 + 2 * kind + 8 * (coarse > 2) as u8 },
        ]
    }

    pub fn describe_escape(&self, candidates: usize, distinct: usize) -> [u8; ESCAPE_FEATURES] {
        let longest = bucket(self.longest, &[0, 1, 2, 3, 4, 5, 6, 8, 11, 15, 23]);
        // A line below the cursor's begins otherwise than a line that the cursor stands at the beginning of.
        let line_tokens = if self.line.is_empty() && !self.at_cursor { 4 } else { self.line.len().min(3) as u8 };
        let known: usize = self.view.sources.iter().map(|source| source.span.len()).sum();
        let others = self.view.sources.iter().any(|source| matches!(source.place, Place::Other(_)));
        [
            if candidates == 0 { 20 } else { longest },
            self.last.kind() as u8 * 6 + self.partial.len().min(5) as u8,
            log2(candidates).min(9),
            log2(distinct).min(9) + 10 * (longest > 3) as u8 + 10 * (longest > 6) as u8,
            self.open.in_quotes as u8 + 2 * self.open.place.depth.min(3) + 8 * line_tokens,
            log2(known).min(20) + 21 * others as u8,
            if self.view.repository().is_none() {
                0
            } else {
                1 + self.repository_length() * 6 + share(self.support.highest()).div_ceil(2)
            },
        ]
    }

    /// How probable the repository says a token is, 1 to 10, and how long its longest match is; 0 without a repository.
    fn supported(&self, id: TokenId, gap: u8) -> u8 {
        if self.view.repository().is_none() {
            return 0;
        }
        1 + share(self.support.of(id, gap)) + 10 * self.repository_length().min(5)
    }

    fn repository_length(&self) -> u8 {
        bucket(self.support.longest, &[1, 2, 3, 5, 8])
    }

    /// Whether the candidate's line is indented like the cursor's (0, 1), and how far what follows that line is what
    /// follows the cursor's line (0 to 5).
    fn surroundings(&self, source: &Source<'_>, position: usize) -> (u8, u8) {
        let Some(line_end) = source.line_end(position) else { return (0, 0) };
        let same = source.indentation(line_end) == self.view.indentation;
        let after = (line_end + 1..).map_while(|at| source.id(at));
        let follows = after.zip(&self.view.following).take_while(|(a, b)| a == *b).count();
        (same as u8, bucket(follows, &[0, 1, 2, 4, 7]))
    }

    /// How many tokens the candidate's line and this one begin with in common (0 to 3), and whether the lines above
    /// them begin with the same token (0, 1).
    fn line_beginning(&self, source: &Source<'_>, position: usize) -> (u8, u8) {
        let begin = source.line_start(position);
        let there = (begin..position).map_while(|at| source.id(at));
        let same = there.zip(&self.line).take_while(|(a, b)| a == *b).count();
        let above = begin.checked_sub(1).map_or(0, |end| source.line_start(end));
        let same_above = begin > 0 && source.id(above) == self.above;
        (same.min(3) as u8, same_above as u8)
    }
}

impl OpenBrackets {
    fn of(line: &[TokenId]) -> Self {
        let mut state = Self::default();
        for &id in line {
            if let Some(Bracket::Opens(open)) = id.bracket()
                && let Some(slot) = state.open.get_mut(usize::from(state.place.depth))
            {
                *slot = open;
            }
            state.in_quotes ^= id.is_double_quote();
            state.place = state.place.after(id);
        }
        state
    }

    /// How a proposal stands to what is open: 0 for what neither opens nor closes.
    fn toward(self, id: TokenId) -> u8 {
        let innermost = self.place.depth.checked_sub(1).and_then(|top| self.open.get(usize::from(top))).copied();
        if id.kind() == Kind::LineEnd {
            let open = match innermost {
                None => 1,
                Some(b'(') => 2,
                Some(b'[') => 3,
                Some(_) => 4,
            };
            return open + 4 * self.in_quotes as u8;
        }
        match id.bracket() {
            Some(Bracket::Opens(b'{')) => 14 + innermost.is_some() as u8,
            Some(Bracket::Opens(_)) => 16,
            Some(Bracket::Closes(open)) => match innermost {
                Some(found) if found == open => 11,
                Some(_) => 12,
                None => 13,
            },
            None if id.is_double_quote() => 9 + self.in_quotes as u8,
            None => 0,
        }
    }
}

/// A probability as a small number: 0 for none, 9 for nearly one.
fn share(probability: f32) -> u8 {
    [0.0, 0.01, 0.03, 0.08, 0.18, 0.35, 0.55, 0.75, 0.9].iter().filter(|limit| probability > **limit).count() as u8
}

/// The index of the first limit that `value` does not exceed.
fn bucket(value: usize, limits: &[usize]) -> u8 {
    limits.iter().position(|limit| value <= *limit).unwrap_or(limits.len()) as u8
}

/// 0 for 0, then one more for each doubling.
fn log2(value: usize) -> u8 {
    (usize::BITS - value.leading_zeros()) as u8
}
