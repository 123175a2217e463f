//! Cuts the text around the cursor to its budgets so that the KV cache survives typing: the head of the prefix stays
//! where it is until the budget is full, and an old suffix is kept while it differs little.

use super::cache::TokenCache;
use crate::engine::fim::{Token, Vocabulary};

/// A token is seldom longer than this many bytes on average, so text beyond `budget * BYTES_PER_TOKEN` is not looked at.
const BYTES_PER_TOKEN: usize = 12;

/// Share of the budget that a fresh cut fills, in percent; the rest is room for typing before the next cut.
const FILL_PERCENT: usize = 75;

/// How much of the window's head identifies it, in bytes.
const HEAD_BYTES: usize = 160;

/// An old suffix is kept while fewer than this share of its tokens differ, in percent (Copilot's threshold).
const SUFFIX_CHANGE_PERCENT: usize = 10;

/// A change among the first tokens after the cursor is never ignored: the model would write them again.
const SUFFIX_EXACT_TOKENS: usize = 16;

/// What is remembered of a lane's last window.
#[derive(Clone, Debug, Default)]
pub(super) struct LaneWindow {
    /// The first bytes of the window, empty when nothing is remembered.
    head: String,
    /// The start of the last suffix as text and as the tokens that were used for it.
    suffix_text: String,
    suffix_budget: usize,
    suffix: Vec<Token>,
}

/// Appends the tokens of the end of `text`, at most `budget`, cut at a line start that stays the same from call to call.
/// Returns the byte offset at which the window starts.
pub(super) fn prefix(
    cache: &mut TokenCache,
    vocabulary: &impl Vocabulary,
    text: &str,
    budget: usize,
    lane: &mut LaneWindow,
    out: &mut Vec<Token>,
) -> usize {
    let before = out.len();
    let floor = floor_of(text, budget);
    if let Some(start) = remembered_start(&text[floor..], &lane.head).map(|start| floor + start) {
        cache.tokenize(vocabulary, &text[start..], out);
        let tokens = out.len() - before;
        // Far above the last cursor little of the window is left: it is better cut anew.
        if tokens <= budget && (start == 0 || tokens * 2 >= budget) {
            return start;
        }
        out.truncate(before);
    }

    let mut start = floor;
    cache.tokenize(vocabulary, &text[start..], out);
    if out.len() - before > budget {
        out.truncate(before);
        start = cut_start(cache, vocabulary, text, floor, budget * FILL_PERCENT / 100);
        cache.tokenize(vocabulary, &text[start..], out);
        // A single line may be longer than the budget: its head goes, token by token.
        let surplus = (out.len() - before).saturating_sub(budget);
        out.drain(before..before + surplus);
    }
    lane.head.clear();
    lane.head.push_str(&text[start..ceil_boundary(text, (start + HEAD_BYTES).min(text.len()))]);
    start
}

/// Appends the tokens of the start of `text`, at most `budget`, or the lane's old ones when they are nearly the same.
pub(super) fn suffix(
    cache: &mut TokenCache,
    vocabulary: &impl Vocabulary,
    text: &str,
    budget: usize,
    lane: &mut LaneWindow,
    out: &mut Vec<Token>,
) {
    let before = out.len();
    let end = ceil_boundary(text, (budget * BYTES_PER_TOKEN).min(text.len()));
    if lane.suffix_budget == budget && lane.suffix_text == text[..end] {
        out.extend_from_slice(&lane.suffix);
        return;
    }
    lane.suffix_budget = budget;
    lane.suffix_text.clear();
    lane.suffix_text.push_str(&text[..end]);
    let rule = cache.rule();
    for part in rule.split(&text[..end]) {
        if out.len() - before >= budget {
            break;
        }
        cache.tokenize(vocabulary, part, out);
    }
    out.truncate(before + budget);
    if nearly_same(&lane.suffix, &out[before..]) && lane.suffix.len() <= budget {
        out.truncate(before);
        out.extend_from_slice(&lane.suffix);
    } else {
        lane.suffix.clear();
        lane.suffix.extend_from_slice(&out[before..]);
    }
}

fn nearly_same(old: &[Token], new: &[Token]) -> bool {
    let longest = old.len().max(new.len());
    let shortest = old.len().min(new.len());
    let head = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    if head < SUFFIX_EXACT_TOKENS {
        return head == longest;
    }
    let tail = old.iter().rev().zip(new.iter().rev()).take(shortest - head).take_while(|(old, new)| old == new).count();
    (longest - head - tail) * 100 < longest * SUFFIX_CHANGE_PERCENT
}

/// Where in `text` the remembered head stands, nearest to the end.
fn remembered_start(text: &str, head: &str) -> Option<usize> {
    if head.is_empty() {
        return None;
    }
    // Only at line starts; the search is from the start because windows rarely move.
    let mut from = 0;
    while let Some(found) = text.get(from..)?.find(head) {
        let start = from + found;
        if start == 0 || text.as_bytes()[start - 1] == b'\n' {
            return Some(start);
        }
        from = ceil_boundary(text, start + 1);
    }
    None
}

/// The earliest line start from which on at most `target` tokens stand. At least the last line is kept.
fn cut_start(cache: &mut TokenCache, vocabulary: &impl Vocabulary, text: &str, floor: usize, target: usize) -> usize {
    let mut start = text.len();
    let mut total = 0;
    for line in text[floor..].split_inclusive('\n').rev() {
        total += cache.count_line(vocabulary, line);
        if total > target && start < text.len() {
            break;
        }
        start -= line.len();
        if total > target {
            break;
        }
    }
    start
}

/// The offset before which text is not looked at: a line start where there is one.
fn floor_of(text: &str, budget: usize) -> usize {
    let room = budget * BYTES_PER_TOKEN;
    if text.len() <= room {
        return 0;
    }
    let floor = ceil_boundary(text, text.len() - room);
    text[floor..].find('\n').map_or(floor, |line_break| floor + line_break + 1)
}

fn ceil_boundary(text: &str, mut index: usize) -> usize {
    while index < text.len() && !text.is_char_boundary(index) {
        index += 1;
    }
    index.min(text.len())
}
