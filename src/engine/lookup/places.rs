//! Which places are worth comparing with the cursor's context: those where its last token, or one like it, stands.

use super::document::DocumentTokens;
use super::lexer::TokenId;
use super::matching::Context;
use super::source::{Place, Source};
use super::view::{Origin, View};

/// Places that are looked at for one token, nearest first, so that a token on every line costs no more than others.
const MAX_VISITS: usize = 10_000;
/// Places kept whose last two tokens are the context's.
const MAX_PAIRS: usize = 120;
/// Places kept whose last two tokens are like the context's: one is another name.
const MAX_LIKE: usize = 50;
/// Places kept whose last token alone is the context's.
const MAX_SINGLE: usize = 24;
/// Places kept where a word begins as the typed one does.
const MAX_WORDS: usize = 200;

/// The positions in documents whose token may come next, the nearest of each sort first.
pub(super) fn find_places(view: &View<'_>, context: &Context<'_>, partial: &str) -> Vec<Origin> {
    let mut found = Places::default();
    let mut visits = MAX_VISITS;
    for (index, source) in view.sources.iter().enumerate() {
        let Some(tokens) = source.document() else { continue };
        if partial.is_empty() {
            found.after_last_token(index, source, tokens, context, &mut visits);
        } else {
            found.beginning_with(index, source, tokens, partial);
        }
    }
    let Places { mut pairs, like, single } = found;
    pairs.extend(like);
    pairs.extend(single);
    pairs
}

#[derive(Default)]
struct Places {
    pairs: Vec<Origin>,
    like: Vec<Origin>,
    single: Vec<Origin>,
}

impl Places {
    fn beginning_with(&mut self, index: usize, source: &Source<'_>, tokens: &DocumentTokens, partial: &str) {
        let fits = |position: &usize| tokens.starts_with(*position, partial);
        let space = MAX_WORDS.saturating_sub(self.pairs.len());
        let origin = |position| Origin { source: index, position };
        match source.place {
            Place::Before => self.pairs.extend(source.span.clone().rev().filter(fits).take(space).map(origin)),
            _ => self.pairs.extend(source.span.clone().filter(fits).take(space).map(origin)),
        }
    }

    fn after_last_token(
        &mut self,
        index: usize,
        source: &Source<'_>,
        tokens: &DocumentTokens,
        context: &Context<'_>,
        visits: &mut usize,
    ) {
        let ids = tokens.ids();
        let last = context.last();
        let second = context.tokens.len().checked_sub(2).and_then(|i| context.tokens.get(i)).map(|token| token.id);
        if last == TokenId::LINE_END && source.span.start == 0 && !source.span.is_empty() {
            self.single.push(Origin { source: index, position: 0 });
        }
        let origin = |position| Origin { source: index, position };
        nearest_first(source, tokens, last, visits, |position| {
            let before = position.checked_sub(1).and_then(|before| ids.get(before)).copied();
            let (list, limit) = match (before, second) {
                (Some(a), Some(b)) if a == b => (&mut self.pairs, MAX_PAIRS),
                (Some(a), Some(b)) if a.is_replaceable() && a.kind() == b.kind() => (&mut self.like, MAX_LIKE),
                _ => (&mut self.single, MAX_SINGLE),
            };
            if list.len() < limit {
                list.push(origin(position + 1));
            }
        });
        let Some(second) = second.filter(|_| last.is_replaceable()) else { return };
        nearest_first(source, tokens, second, visits, |position| {
            let other = ids.get(position + 1).copied().unwrap_or_default();
            if other != last
                && other.kind() == last.kind()
                && source.span.contains(&(position + 2))
                && self.like.len() < MAX_LIKE
            {
                self.like.push(origin(position + 2));
            }
        });
    }
}

/// Visits the positions of `id` in a source whose next token is in it too.
fn nearest_first(
    source: &Source<'_>,
    tokens: &DocumentTokens,
    id: TokenId,
    visits: &mut usize,
    mut visit: impl FnMut(usize),
) {
    let ids = tokens.ids();
    let bucket = tokens.near_positions_of(id);
    let from = bucket.partition_point(|&position| (position as usize) < source.span.start);
    let to = bucket.partition_point(|&position| (position as usize) + 1 < source.span.end);
    let bucket = bucket.get(from..to).unwrap_or_default();
    let mut step = |position: &u32| {
        *visits = visits.saturating_sub(1);
        let position = *position as usize;
        if ids.get(position) == Some(&id) {
            visit(position);
        }
        *visits > 0
    };
    match source.place {
        Place::Before => bucket.iter().rev().all(&mut step),
        Place::After | Place::Other(_) | Place::Repository => bucket.iter().all(&mut step),
    };
}
