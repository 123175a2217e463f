//! From what an engine wrote to what may be shown: cut to the scope, without what stands there already, and nothing
//! that adds a syntax error.
//!
//! Shaping only removes text or changes its indentation; it never invents. Every step is a function of the text and the
//! lines around the cursor, so that each can be tested by itself; the trial parse comes last and sees what would be
//! accepted.

mod blocks;
mod indentation;
mod nesting;
mod noise;
mod overlap;
mod repetition;
mod scope;
mod trial;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::{Place, Reason, SyntaxCheck};
use crate::syntax::SyntaxTree;
pub(super) use blocks::begins_block;
use nesting::Nesting;
use trial::Trial;

/// Shapes what engines write for one place of one version of a text.
#[derive(Debug)]
pub struct Shaper {
    place: Place,
    /// Lines of the result; 1 stays on the cursor's line.
    max_lines: u32,
    /// Comments, strings and prose may hold what is no code. Looked up when the first text comes.
    is_code: OnceLock<bool>,
    trial: Option<Trial>,
}

impl Shaper {
    /// `tree` is that of the text in which the cursor is at byte `offset`; without one nothing is tried.
    pub fn new(place: Place, max_lines: u32, tree: Option<&Arc<SyntaxTree>>, offset: usize) -> Self {
        Self::within(trial::BUDGET, place, max_lines, tree, offset)
    }

    /// `new` with another limit for all its trial parses.
    pub fn within(
        budget: Duration,
        place: Place,
        max_lines: u32,
        tree: Option<&Arc<SyntaxTree>>,
        offset: usize,
    ) -> Self {
        let trial = tree.map(|tree| Trial::new(budget, Arc::clone(tree), offset));
        Self { place, max_lines: max_lines.max(1), is_code: OnceLock::new(), trial }
    }

    /// What may be shown of a raw continuation, and what the trial parse said of it.
    pub fn shape(&self, raw: &str) -> Result<(String, SyntaxCheck), Reason> {
        let text = self.written(raw)?;
        let begins_below = self.max_lines == 1 && text.starts_with('\n');
        let text = self.within_scope(&text);
        if begins_below && text.is_empty() {
            return Err(Reason::BelowLine);
        }
        let text = repetition::cut_loops(&text, &self.place);
        let text = overlap::cut_line_after(&text, &self.place);
        let text = overlap::cut_following_lines(&text, &self.place);
        let text = overlap::trim_end(&text, &self.place);
        if text.trim().is_empty() {
            return Err(Reason::Repeats);
        }
        self.try_out(text)
    }

    /// What is left of a shaped text when its start was typed: the rest of the line may have got closing brackets and
    /// quotes since, from the editor. What it was cut for them is tried again; what was not cut ends in the text that
    /// was tried already.
    pub fn reshape(&self, rest: &str) -> Option<String> {
        let text = overlap::cut_line_after(rest, &self.place);
        let text = overlap::cut_following_lines(&text, &self.place);
        if text.trim().is_empty() {
            return None;
        }
        if text == rest {
            return Some(text);
        }
        let leaves_open = || Nesting::leaves_open(&self.place.line_before, &text);
        match self.try_out(&text) {
            Ok((_, SyntaxCheck::Untried | SyntaxCheck::TimedOut)) if leaves_open() => None,
            tried => tried.ok().map(|(text, _)| text),
        }
    }

    /// True when more tokens cannot change the shaped result: the scope has ended or the text runs in circles.
    pub fn is_complete(&self, raw: &str) -> bool {
        let Ok(text) = self.written(raw) else { return false };
        // The last line may still grow, so only whole lines decide.
        let Some(end) = text.rfind('\n') else { return false };
        let whole = &text[..end];
        let lines = |text: &str| text.split('\n').count();
        lines(&self.within_scope(&text)) < lines(whole) || repetition::cut_loops(whole, &self.place).len() < whole.len()
    }

    /// What was written as code.
    fn written(&self, raw: &str) -> Result<String, Reason> {
        let text = printable(raw);
        if text.trim().is_empty() {
            return Err(Reason::NothingToSay);
        }
        let text = noise::cut_marks(&text, &self.place);
        let text = if self.is_code() { noise::cut_talk(text) } else { text };
        let text = noise::cut_echo(text, &self.place);
        if text.trim().is_empty() { Err(Reason::NotCode) } else { Ok(text.to_owned()) }
    }

    fn is_code(&self) -> bool {
        *self.is_code.get_or_init(|| self.trial.as_ref().is_some_and(Trial::is_in_code))
    }

    fn within_scope(&self, text: &str) -> String {
        scope::cut(&indentation::match_file(text, &self.place), &self.place, self.max_lines)
    }

    fn try_out(&self, text: &str) -> Result<(String, SyntaxCheck), Reason> {
        match &self.trial {
            Some(trial) => trial.fit(text, &self.place),
            None => Ok((text.to_owned(), SyntaxCheck::Untried)),
        }
    }
}

/// The text up to the first character that has no place in source code; `\r` goes, for editors put their own line
/// breaks in.
fn printable(raw: &str) -> String {
    raw.chars()
        .filter(|&character| character != '\r')
        .take_while(|&character| !character.is_control() || matches!(character, '\n' | '\t'))
        .take_while(|&character| character != char::REPLACEMENT_CHARACTER)
        .collect()
}

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
