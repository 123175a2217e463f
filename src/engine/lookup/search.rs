//! Finds the most probable rest of a line: best-first over partial lines, which is exact as long as it may expand.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::lexer::TokenId;
use super::matching::Context;
use super::mixture::{Proposal, Weights, proposals};
use super::view::{ContextToken, View};

/// Partial lines that are expanded at most; each costs a scan of the sources.
const MAX_EXPANSIONS: usize = 24;
/// Partial lines below this probability are given up.
const FLOOR: f32 = 0.004;
/// A beginning of a line is preferred to a shorter one from this probability on.
const LIKELY: f32 = 0.15;
/// Continuations of one partial line.
const MAX_BRANCHES: usize = 5;

/// A line, or the beginning of one.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub tokens: Vec<Proposal>,
    pub logprob: f32,
    /// Its last token is the line's end, which is not in `tokens`.
    pub ended: Option<Proposal>,
}

struct Open(Line);

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Open {}
impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Open {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.logprob.total_cmp(&other.0.logprob).then(other.0.tokens.len().cmp(&self.0.tokens.len()))
    }
}

/// Where the search for a line begins.
#[derive(Clone, Copy)]
pub(super) struct Start<'a> {
    /// All tokens before it, oldest first.
    pub context: &'a [ContextToken],
    /// How many of them stand on its line.
    pub on_line: usize,
    /// It begins at the cursor, so that what is typed there constrains it.
    pub at_cursor: bool,
}

/// The most probable rests of the line, best first, at most `count`; no two begin alike. When no whole line is found,
/// the longest probable beginning of one.
pub(super) fn best_lines(
    view: &View<'_>,
    weights: &Weights,
    start: Start<'_>,
    max_tokens: usize,
    count: usize,
) -> Vec<Line> {
    let Start { context: before, on_line, at_cursor } = start;
    // A token of which everything is typed adds nothing; lines differ in the first one that does.
    let adds = |token: &Proposal| !at_cursor || view.adds(token.origin);
    let added =
        |line: &Line| line.tokens.iter().enumerate().find(|(i, t)| *i > 0 || adds(t)).map(|(_, t)| (t.id, t.gap));
    let mut open = BinaryHeap::from([Open(Line::default())]);
    let mut longest = Line::default();
    let mut found: Vec<Line> = Vec::new();
    let mut context: Vec<ContextToken> = Vec::with_capacity(before.len() + max_tokens);
    let mut expansions = if count > 1 { MAX_EXPANSIONS * 2 } else { MAX_EXPANSIONS };
    while expansions > 0
        && let Some(Open(line)) = open.pop()
    {
        let first_added = added(&line);
        if line.ended.is_some() {
            if found.iter().all(|known| added(known) != first_added) {
                found.push(line);
            }
            if found.len() >= count {
                return found;
            }
            continue;
        }
        expansions -= 1;
        let adds_text = first_added.is_some();
        // The first that adds anything stands when nothing longer is probable.
        if adds_text
            && (longest.tokens.is_empty() || (line.logprob > LIKELY.ln() && line.tokens.len() > longest.tokens.len()))
        {
            longest = line.clone();
        }
        if line.tokens.len() >= max_tokens {
            continue;
        }
        context.clear();
        context.extend_from_slice(before);
        context.extend(line.tokens.iter().map(|token| ContextToken { id: token.id, origin: token.origin }));
        let first = line.tokens.is_empty();
        let step = Context { tokens: &context, on_line: on_line + line.tokens.len(), at_cursor: at_cursor && first };
        for proposal in proposals(view, &step, weights).into_iter().take(MAX_BRANCHES) {
            let logprob = line.logprob + proposal.probability.ln();
            if logprob < FLOOR.ln() {
                break;
            }
            let mut next = Line { tokens: line.tokens.clone(), logprob, ended: None };
            if proposal.id == TokenId::LINE_END {
                if !adds_text {
                    continue;
                }
                next.ended = Some(proposal);
            } else {
                next.tokens.push(proposal);
            }
            open.push(Open(next));
        }
    }
    if found.is_empty() && !longest.tokens.is_empty() {
        found.push(longest);
    }
    found
}
