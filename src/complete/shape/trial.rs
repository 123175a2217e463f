//! The trial parse: what is shown adds no syntax error to the document.
//!
//! A count alone can be fooled while someone types: `if ` is one error and `if x {` is one, too, but the second asks for
//! a bracket that nobody wrote. So a text that leaves errors behind may not leave a bracket or a quote of its own open
//! either, and each further line must be worth it: of the line prefixes with the fewest errors, the longest is shown.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::nesting::Nesting;
use crate::complete::{Place, Reason, SyntaxCheck};
use crate::syntax::{Region, SyntaxTree};

/// All trial parses of one request. One takes 0.1 to 0.4 ms in files of 3,000 lines (docs/benchmarks.md).
pub const BUDGET: Duration = Duration::from_millis(20);
/// Shorter first lines that are tried where no whole line is safe.
const TOKEN_ENDS: usize = 12;

/// Tries texts at one place of one version.
#[derive(Debug)]
pub struct Trial {
    tree: Arc<SyntaxTree>,
    offset: usize,
    /// Microseconds that are left of `BUDGET`.
    left_us: AtomicU64,
}

/// What a text would do to the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    /// `errors` of the whole document with the text in it, no more than without it. `beside` says that one of them
    /// stands in the text or at its ends. Fewer is better.
    Safe {
        errors: usize,
        beside: bool,
    },
    Breaks,
}

/// No time is left.
struct TimedOut;

impl Trial {
    pub fn new(budget: Duration, tree: Arc<SyntaxTree>, offset: usize) -> Self {
        Self { tree, offset, left_us: AtomicU64::new(budget.as_micros() as u64) }
    }

    /// The cursor stands neither in a comment nor in a string, and the language is not prose.
    pub fn is_in_code(&self) -> bool {
        !self.tree.language().is_prose() && self.tree.region(self.offset) == Region::Code
    }

    /// The longest safe part of `text`: of its whole lines, else of its first line's tokens.
    pub fn fit(&self, text: &str, place: &Place) -> Result<(String, SyntaxCheck), Reason> {
        let whole = match self.effect(text) {
            Ok(Effect::Safe { beside: false, .. }) => return Ok((text.to_owned(), SyntaxCheck::Passed)),
            Ok(effect) => effect,
            Err(TimedOut) => return Ok((text.to_owned(), SyntaxCheck::TimedOut)),
        };
        let (mut best, mut end) = (whole, text.len());
        let mut is_in_time = true;
        for shorter in line_ends(text) {
            let Ok(effect) = self.effect(&text[..shorter]) else {
                is_in_time = false;
                break;
            };
            if effect < best {
                (best, end) = (effect, shorter);
            }
        }
        if best == Effect::Breaks && is_in_time {
            let safe = |end: &usize| matches!(self.effect(&text[..*end]), Ok(Effect::Safe { .. }));
            end = token_ends(text, place).into_iter().take(TOKEN_ENDS).find(safe).ok_or(Reason::BreaksSyntax)?;
        } else if best == Effect::Breaks {
            return Err(Reason::BreaksSyntax);
        }
        let check = if end == text.len() { SyntaxCheck::Passed } else { SyntaxCheck::Trimmed };
        Ok((text[..end].to_owned(), check))
    }

    fn effect(&self, text: &str) -> Result<Effect, TimedOut> {
        let left = self.left_us.load(Ordering::Relaxed);
        let started = Instant::now();
        let effect = self.effect_within(Duration::from_micros(left), text);
        // Counting errors in a long broken text takes its time, too.
        let spent = started.elapsed().as_micros() as u64;
        self.left_us.store(left.saturating_sub(spent), Ordering::Relaxed);
        effect
    }

    fn effect_within(&self, limit: Duration, text: &str) -> Result<Effect, TimedOut> {
        let tree = self.tree.with(limit, self.offset..self.offset, text).ok_or(TimedOut)?;
        let errors = tree.error_count();
        if errors == 0 {
            return Ok(Effect::Safe { errors, beside: false });
        }
        let inserted = self.offset..self.offset + text.len();
        let breaks = errors > self.tree.error_count()
            || tree.closes_too_much(inserted.clone())
            || self.leaves_open(&tree, inserted.clone());
        if breaks {
            return Ok(Effect::Breaks);
        }
        Ok(Effect::Safe { errors, beside: tree.has_error_in(inserted) })
    }

    /// Whether a bracket or a quote of the inserted text's own stays open.
    fn leaves_open(&self, tree: &SyntaxTree, inserted: Range<usize>) -> bool {
        let open = tree.open_brackets(inserted.end);
        let (outer, own): (Vec<_>, Vec<_>) = open.iter().partition(|bracket| bracket.at < inserted.start);
        if !own.is_empty() && tree.left_open(inserted.end, &open) > tree.left_open(inserted.end, &outer) {
            return true;
        }
        tree.region(inserted.end) == Region::String && self.tree.region(self.offset) != Region::String
    }
}

/// Ends of the whole lines of `text` but the last one, longest first; lines that are blank end nothing.
fn line_ends(text: &str) -> Vec<usize> {
    let ends = text.match_indices('\n').map(|(at, _)| text[..at].trim_end().len());
    let mut ends: Vec<usize> = ends.filter(|&end| end > 0).collect();
    ends.dedup();
    ends.reverse();
    ends
}

/// Ends in the first line, longest first, where a name, a value or a closing bracket ends and no bracket or quote of the
/// line's own is open. At the start of a line only what makes a statement.
fn token_ends(text: &str, place: &Place) -> Vec<usize> {
    let line = text.split('\n').next().unwrap_or_default();
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let closes_after = place.line_after.trim_start().chars().next().filter(|after| matches!(after, ')' | ']' | '}'));
    let mut ends = Vec::new();
    let mut characters = line.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let end = at + character.len_utf8();
        let next = characters.peek().map(|(_, next)| *next);
        let ends_token = match character {
            ';' | ')' => true,
            ']' | '}' | '"' | '\'' | '`' | '>' => !place.at_line_start(),
            _ => is_word(character) && !next.is_some_and(is_word) && !place.at_line_start(),
        };
        // The light reading may not know the quotes around a bracket (a regular expression): the parse decides.
        let meets_closer = closes_after.is_some() && next == closes_after;
        let is_balanced = || ends_token && !Nesting::leaves_open(&place.line_before, &line[..end]);
        if end < text.len() && !line[..end].trim().is_empty() && (meets_closer || is_balanced()) {
            ends.push(end);
        }
    }
    ends.reverse();
    ends
}

#[cfg(test)]
mod tests;
