//! Finds the next place of a kind in a file, from a line on.
//!
//! A place is one where somebody could be writing: what follows the cursor is what an editor would have there.

use std::ops::Range;

use super::hole::Kind;
use super::random::Random;
use crate::syntax::{Region, SyntaxTree, Token};

/// Lines of a block's body, blank ones aside.
const MOST_BLOCK_LINES: usize = 8;
/// Whole lines that are cut out at once.
const MOST_LINES: u64 = 5;
/// Lines that are looked at for the next place of a kind. Farther away it would be another place of the file.
const REACH: usize = 80;

/// A parsed file and what is asked of it more than once.
pub struct Source<'a> {
    text: &'a str,
    tree: &'a SyntaxTree,
    /// Where each line starts.
    lines: Vec<usize>,
    /// Where names of definitions end: brackets behind them hold parameters.
    definitions: Vec<usize>,
}

impl<'a> Source<'a> {
    /// `tree` is of `text`.
    pub fn new(text: &'a str, tree: &'a SyntaxTree) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut definitions: Vec<usize> = tree.tags().definitions.iter().map(|found| found.name.end as usize).collect();
        definitions.sort_unstable();
        Self { text, tree, lines, definitions }
    }

    /// The bytes to cut out for the first place of `kind` at or after the line that holds `byte`. None where there is none
    /// near.
    pub fn find(&self, kind: Kind, byte: usize, random: &mut Random) -> Option<Range<usize>> {
        let first = self.lines.partition_point(|start| *start <= byte).saturating_sub(1);
        let on_line = |line: usize| match kind {
            Kind::Line => self.rest_of_line(line, random),
            Kind::Arguments => self.arguments(line, random),
            Kind::Lines => self.whole_lines(line, 1 + random.clone().below(MOST_LINES) as usize),
            Kind::Block => self.block(line),
        };
        let range = (first..self.lines.len().min(first + REACH)).find_map(on_line)?;
        self.says_something(&range).then_some(range)
    }

    /// White space and brackets alone are nothing to ask for.
    fn says_something(&self, range: &Range<usize>) -> bool {
        self.text.get(range.clone()).is_some_and(|text| text.chars().any(char::is_alphanumeric))
    }

    fn rest_of_line(&self, line: usize, random: &mut Random) -> Option<Range<usize>> {
        let (tokens, end) = self.tokens_of(line)?;
        let starts: Vec<usize> = tokens.iter().map(|token| token.range.start).collect();
        let useful = |start: &usize| self.says_something(&(*start..end)) && self.is_code(*start);
        let starts: Vec<usize> = starts.into_iter().filter(useful).collect();
        let start = *starts.get(random.below(starts.len() as u64) as usize)?;
        Some(start..end)
    }

    fn arguments(&self, line: usize, random: &mut Random) -> Option<Range<usize>> {
        let (tokens, end) = self.tokens_of(line)?;
        let calls: Vec<Range<usize>> = (1..tokens.len()).filter_map(|at| self.arguments_at(&tokens, at, end)).collect();
        calls.get(random.below(calls.len() as u64) as usize).cloned()
    }

    /// What stands in the brackets that open with the token at `at`, if they are a call's and the last text of the line.
    fn arguments_at(&self, tokens: &[Token], at: usize, line_end: usize) -> Option<Range<usize>> {
        let open = &tokens[at];
        let callee = &tokens[at - 1];
        // A macro of Rust has a mark between its name and its brackets.
        let is_callee = callee.is_named || self.word(callee) == "!";
        if self.word(open) != "(" || !is_callee || callee.range.end != open.range.start {
            return None;
        }
        let mut depth = 0_usize;
        let close = tokens[at..].iter().find(|token| {
            match self.word(token) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        })?;
        let range = open.range.end..close.range.start;
        // An editor closes brackets by itself; other text behind the cursor is there only when somebody comes back.
        let is_last = !self.says_something(&(close.range.start..line_end));
        let is_definition = self.definitions.binary_search(&callee.range.end).is_ok();
        let is_place = || self.is_code(range.start) && self.tree.cursor(range.start).in_list;
        (self.word(close) == ")" && is_last && !is_definition && self.says_something(&range) && is_place())
            .then_some(range)
    }

    /// At most `most` lines: a statement, and those that follow it.
    fn whole_lines(&self, line: usize, most: usize) -> Option<Range<usize>> {
        let (tokens, _) = self.tokens_of_start(line)?;
        let start = tokens.first()?.range.start;
        let cursor = self.tree.cursor(start);
        if cursor.region != Region::Code || cursor.in_list {
            return None;
        }
        let indent = start - self.lines[line];
        let mut last = self.statement(line, start, most)?;
        while let Some(next) = last.checked_add(1).filter(|next| *next < self.lines.len()) {
            let following = self.tokens_of_start(next).and_then(|(tokens, _)| Some(tokens.first()?.range.start));
            let Some(following) = following.filter(|start| start - self.lines[next] == indent) else { break };
            let room = most.saturating_sub(next - line);
            let Some(end) = self.statement(next, following, room) else { break };
            last = end;
        }
        Some(start..self.end_of(last))
    }

    /// The last line of the largest statement that begins at `start`, is the only one on its lines, and has at most `most`
    /// of them.
    fn statement(&self, line: usize, start: usize, most: usize) -> Option<usize> {
        self.tree.nodes_starting_at(start).into_iter().find_map(|node| {
            let last = self.lines.partition_point(|start| *start < node.end).saturating_sub(1);
            let rest = self.text.get(node.end..self.end_of(last)).unwrap_or_default();
            (last < line + most && matches!(rest.trim(), "" | ";")).then_some(last)
        })
    }

    /// The body of a block that opens at the end of this line.
    fn block(&self, line: usize) -> Option<Range<usize>> {
        let (_, start) = self.tokens_of(line)?;
        let cursor = self.tree.cursor(start);
        if cursor.region != Region::Code || cursor.in_list {
            return None;
        }
        let line_start = self.lines[line];
        let scope = cursor.scopes.first()?;
        let opens_here = scope.body.start >= line_start && self.is_parameters(scope.body.start..start);
        // Where no bracket opens a body (`def` … `end`), the scope begins with its head.
        let begins_here = scope.body == scope.range && (line_start..start).contains(&scope.range.start);
        let end = if opens_here {
            scope.body.end
        } else if begins_here {
            let last = self.tree.tokens_within(start..scope.range.end).pop()?;
            (last.range.end == scope.range.end).then_some(last.range.start)?
        } else {
            return None;
        };
        let body = self.text.get(start..end)?;
        let lines = body.lines().filter(|line| !line.trim().is_empty()).count();
        let range = start..start + body.trim_end().len();
        ((1..=MOST_BLOCK_LINES).contains(&lines) && self.says_something(&range)).then_some(range)
    }

    /// Nothing, or what some languages have behind the opening of a block: `|a|`, `a ->`, `a in`.
    fn is_parameters(&self, range: Range<usize>) -> bool {
        let text = self.text.get(range).map(str::trim);
        text.is_some_and(|text| text.is_empty() || ["|", "->", " in"].iter().any(|end| text.ends_with(end)))
    }

    /// The tokens of a line that ends with a token, and where that is.
    fn tokens_of(&self, line: usize) -> Option<(Vec<Token>, usize)> {
        let (tokens, end) = self.tokens_of_start(line)?;
        (tokens.last()?.range.end == end).then_some((tokens, end))
    }

    /// The tokens of a line that begins with a token, and the line's end.
    fn tokens_of_start(&self, line: usize) -> Option<(Vec<Token>, usize)> {
        let (start, end) = (*self.lines.get(line)?, self.end_of(line));
        let tokens = self.tree.tokens_within(start..end);
        let indent = self.text.get(start..end)?.len() - self.text.get(start..end)?.trim_start().len();
        (tokens.first()?.range.start == start + indent).then_some((tokens, end))
    }

    /// The end of a line without white space.
    fn end_of(&self, line: usize) -> usize {
        let start = self.lines[line];
        let end = self.lines.get(line + 1).copied().unwrap_or(self.text.len());
        start + self.text.get(start..end).unwrap_or_default().trim_end().len()
    }

    fn is_code(&self, byte: usize) -> bool {
        self.tree.cursor(byte).region == Region::Code
    }

    fn word(&self, token: &Token) -> &'a str {
        self.text.get(token.range.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
