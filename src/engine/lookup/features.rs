//! Describes a candidate, and the chance that none is right, by a few small numbers: indices into tables of weights.
//!
//! Changing anything here changes the meaning of the fitted weights: fit again (`benches/lookup.rs --fit`).

use super::lexer::{Bracket, Kind, LinePlace, TokenId};
use super::matching::{Context, Match};
use super::view::{Origin, Place, Source, View};

/// Numbers that describe a candidate.
pub const FEATURES: usize = 15;
/// Numbers that describe how likely none of the candidates is right.
pub const ESCAPE_FEATURES: usize = 6;
/// Every index is smaller than this.
pub const BUCKETS: usize = 48;

/// Tokens of a line that are looked at.
const LINE_TOKENS: usize = 80;

/// What all candidates of one step have in common.
pub(super) struct Setting<'s> {
    view: &'s View<'s>,
    partial: &'s str,
    at_cursor: bool,
    last: TokenId,
    /// The longest exact match of all candidates.
    longest: usize,
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
    pub fn new(view: &'s View<'s>, context: &Context<'_>, partial: &'s str, longest: usize) -> Self {
        let start = context.tokens.len().saturating_sub(context.on_line);
        let line: Vec<TokenId> = context.tokens.iter().skip(start).map(|token| token.id).collect();
        let above = context.tokens.get(..start.saturating_sub(1)).and_then(|before| {
            let begin = before.iter().rposition(|token| token.id == TokenId::LINE_END).map_or(0, |end| end + 1);
            before.get(begin).map(|token| token.id)
        });
        let open = OpenBrackets::of(&line);
        Self { view, partial, at_cursor: context.at_cursor, last: context.last(), longest, open, line, above }
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
        let is_complete = !self.partial.is_empty() && source.tokens.range(position).len() == self.partial.len();
        let (same_indentation, follows) = self.surroundings(source, position);
        let (same_beginning, same_above) = self.line_beginning(source, position);
        let same_depth = (source.tokens.line_place(position).depth == self.open.place.depth) as u8;
        let nearness = match source.place {
            Place::Before => log2(source.span.end.saturating_sub(position) / 4).min(13),
            Place::After => 14 + log2(position.saturating_sub(source.span.start) / 4).min(12),
            Place::Other(rank) => 27 + bucket(rank, &[0, 1, 3]),
        };
        let origin = match source.place {
            Place::Before => 0,
            Place::After => 1,
            Place::Other(0) => 2,
            Place::Other(_) => 3,
        };
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
            coarse * 4 + origin,
            bucket(self.longest - matched, &[0, 1, 3, 7]) + 5 * bucket(self.longest, &[0, 1, 2, 4, 8, 16]),
            same_beginning + 4 * same_depth + 8 * kind,
            same_beginning + 4 * same_above + 8 * coarse,
            same_depth + 2 * kind + 8 * coarse,
        ]
    }

    pub fn describe_escape(&self, candidates: usize, distinct: usize) -> [u8; ESCAPE_FEATURES] {
        let longest = bucket(self.longest, &[0, 1, 2, 3, 4, 5, 6, 8, 11, 15, 23]);
        // A line below the cursor's begins otherwise than a line that the cursor stands at the beginning of.
        let line_tokens = if self.line.is_empty() && !self.at_cursor { 4 } else { self.line.len().min(3) as u8 };
        let known: usize = self.view.sources.iter().map(|source| source.span.len()).sum();
        [
            if candidates == 0 { 20 } else { longest },
            self.last.kind() as u8 * 6 + self.partial.len().min(5) as u8,
            log2(candidates).min(9),
            log2(distinct).min(9) + 10 * (longest > 3) as u8 + 10 * (longest > 6) as u8,
            self.open.in_quotes as u8 + 2 * self.open.place.depth.min(3) + 8 * line_tokens,
            log2(known).min(20) + 21 * (self.view.sources.len() > 2) as u8,
        ]
    }

    /// Whether the candidate's line is indented like the cursor's (0, 1), and how far what follows that line is what
    /// follows the cursor's line (0 to 5).
    fn surroundings(&self, source: &Source<'_>, position: usize) -> (u8, u8) {
        let ids = source.tokens.ids();
        let line_end = ids.iter().skip(position).take(LINE_TOKENS).position(|id| *id == TokenId::LINE_END);
        let Some(line_end) = line_end.map(|offset| position + offset) else { return (0, 0) };
        let same = source.tokens.indentation(line_end) == self.view.indentation;
        let after = ids.get(line_end + 1..).unwrap_or_default();
        let follows = after.iter().zip(&self.view.following).take_while(|(a, b)| a == b).count();
        (same as u8, bucket(follows, &[0, 1, 2, 4, 7]))
    }

    /// How many tokens the candidate's line and this one begin with in common (0 to 3), and whether the lines above
    /// them begin with the same token (0, 1).
    fn line_beginning(&self, source: &Source<'_>, position: usize) -> (u8, u8) {
        let ids = source.tokens.ids();
        let begin = position.saturating_sub(usize::from(source.tokens.line_place(position).index));
        let there = ids.get(begin..position).unwrap_or_default();
        let same = there.iter().zip(&self.line).take_while(|(a, b)| a == b).count();
        let above =
            begin.checked_sub(1).map_or(0, |end| end.saturating_sub(usize::from(source.tokens.line_place(end).index)));
        let same_above = begin > 0 && ids.get(above).copied() == self.above;
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

/// The index of the first limit that `value` does not exceed.
fn bucket(value: usize, limits: &[usize]) -> u8 {
    limits.iter().position(|limit| value <= *limit).unwrap_or(limits.len()) as u8
}

/// 0 for 0, then one more for each doubling.
fn log2(value: usize) -> u8 {
    (usize::BITS - value.leading_zeros()) as u8
}
