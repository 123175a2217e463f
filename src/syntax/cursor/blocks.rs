//! Blocks and scopes at a cursor, by brackets or by indentation, also where the block is not closed yet.

use std::ops::Range;

use tree_sitter::Node;

use super::{Captured, Found, Scope};
use crate::syntax::SyntaxTree;
use crate::syntax::tokens::{self, Before};

/// Lines below the cursor in which the end of an unclosed block is sought by indentation.
const MAX_LINES: usize = 2_000;
/// Open lists around the cursor that are passed on the way to its block.
const MAX_LISTS: usize = 16;
/// Bytes in which the head of an indented block (`def` to `:`) is sought.
const MAX_HEADER: usize = 4 * 1024;

/// The innermost block at the cursor.
pub(super) struct OpenBlock {
    /// Where its bracket or its header's line starts.
    start: usize,
    /// Where its body starts: after the bracket or the colon.
    body: usize,
    pub(super) is_empty: bool,
    /// What follows is indented no more than the block's head: whatever the grammar made of it, it is outside.
    ends_by_indentation: bool,
}

impl SyntaxTree {
    /// The innermost block whose bracket is open at the cursor, or the indented block whose header stands right before
    /// the cursor.
    pub(super) fn open_block(&self, byte: usize, before: &Before<'_>) -> Option<OpenBlock> {
        if self.language().is_indented() {
            return self.open_indented_block(byte, before);
        }
        let open = before.open.iter().rev().take(MAX_LISTS).find(|open| !self.holds_items(open, byte))?;
        let token = open.token;
        let closers = || self.language().entry.brackets.iter().filter(|(o, _)| o == token.kind()).map(|(_, c)| c);
        let is_first = before.last.is_some_and(|last| last.start_byte() == token.start_byte());
        let next = tokens::next(self.root(), byte);
        let indent = self.indent(token.start_byte());
        let is_closed = next.is_some_and(|next| {
            closers().any(|close| close == next.kind())
                && (self.indent(next.start_byte()) >= indent || self.line_start(next.start_byte()) <= byte)
        });
        // Not closed yet: what follows belongs to the block only if it is indented under it.
        let ends_by_indentation = !is_closed && next.is_none_or(|next| self.is_below(next.start_byte(), byte, indent));
        let is_empty = is_first && (is_closed || ends_by_indentation) && !self.splits_a_token(byte);
        Some(OpenBlock { start: token.start_byte(), body: token.end_byte(), is_empty, ends_by_indentation })
    }

    fn open_indented_block(&self, byte: usize, before: &Before<'_>) -> Option<OpenBlock> {
        if !before.open.is_empty() {
            return None;
        }
        let mut last = before.last?;
        if let Some(string) = self.lone_string_ending_at(last.end_byte()) {
            last = self.tokens_before(string).last?;
        }
        if last.kind() != ":" {
            return None;
        }
        let header = self.header_of(last.end_byte())?;
        let (indent, colon) = (self.indent(header), last.end_byte());
        let on_header_line = self.line_start(byte) == self.line_start(colon);
        if !on_header_line && byte - self.line_start(byte) <= indent {
            return None;
        }
        let next = tokens::next(self.root(), byte);
        let is_empty =
            next.is_none_or(|next| self.is_below(next.start_byte(), byte, indent)) && !self.splits_a_token(byte);
        Some(OpenBlock { start: header, body: colon, is_empty, ends_by_indentation: false })
    }

    /// Whether the line of the last token opens a block by its words (`def f(x)`, `if x then`) and nothing but the
    /// block's end follows.
    pub(super) fn in_empty_word_block(&self, byte: usize, before: &Before<'_>) -> bool {
        let entry = &self.language().entry;
        let Some(last) = before.last.filter(|_| !entry.block_openers.is_empty()) else { return false };
        let is = |token: &Node<'_>, words: &[String]| words.iter().any(|word| word == token.kind());
        let line = self.line_start(last.start_byte());
        let tokens = tokens::within(self.root(), line..last.end_byte());
        // `return x if y` has the word, but no block.
        let is_modifier = |token: &Node<'_>| token.parent().is_some_and(|parent| parent.kind().ends_with("_modifier"));
        let head = tokens.iter().rposition(|token| is(token, &entry.block_heads) && !is_modifier(token));
        let is_closed = |head: usize| tokens[head + 1..].iter().any(|token| is(token, &entry.block_ends));
        if !is(&last, &entry.block_openers) && head.is_none_or(is_closed) {
            return false;
        }
        let indent = self.indent(line);
        let next = tokens::next(self.root(), byte);
        let is_ended = next.is_some_and(|next| is(&next, &entry.block_ends));
        let is_inside = self.line_start(byte) == line || byte - self.line_start(byte) > indent;
        let is_below = || next.is_none_or(|next| self.is_below(next.start_byte(), byte, indent));
        (is_ended || (is_inside && is_below())) && !self.splits_a_token(byte)
    }

    /// Whether `next` stands on a later line than `byte` and is indented by at most `indent`.
    fn is_below(&self, next: usize, byte: usize, indent: usize) -> bool {
        self.line_start(next) > byte && self.indent(next) <= indent
    }

    /// Whether `byte` is inside a token, or right after one that is still being written.
    fn splits_a_token(&self, byte: usize) -> bool {
        let node = self.root().descendant_for_byte_range(byte, byte);
        node.is_some_and(|node| {
            node.child_count() == 0 && !node.is_extra() && node.start_byte() < byte && byte < node.end_byte()
        })
    }

    /// The start of the string that ends at `byte`, if it is all that stands before `byte` on its lines: a docstring.
    fn lone_string_ending_at(&self, byte: usize) -> Option<usize> {
        let captured = self.captured(byte.checked_sub(1)?);
        let ends_here = |node: &&(Node, super::Region)| node.1 == super::Region::String && node.0.end_byte() == byte;
        let start = captured.regions.iter().find(ends_here)?.0.start_byte();
        (start == self.line_start(start) + self.indent(start)).then_some(start)
    }

    /// The start of the statement whose last token (a colon) ends at `colon`, if its first word opens a block.
    fn header_of(&self, colon: usize) -> Option<usize> {
        let entry = &self.language().entry;
        let mut depth = 0_usize;
        for token in tokens::within(self.root(), colon.saturating_sub(MAX_HEADER)..colon).iter().rev() {
            if entry.brackets.iter().any(|(_, close)| close == token.kind()) {
                depth += 1;
            } else if entry.brackets.iter().any(|(open, _)| open == token.kind()) {
                depth = depth.checked_sub(1)?;
            }
            let start = token.start_byte();
            if depth == 0 && start == self.line_start(start) + self.indent(start) {
                return entry.block_keywords.iter().any(|keyword| self.is_text(*token, keyword)).then_some(start);
            }
        }
        None
    }

    /// Scopes whose body holds `byte`, innermost first.
    pub(super) fn scopes(
        &self,
        byte: usize,
        captured: &Captured<'_>,
        before: &Before<'_>,
        block: Option<OpenBlock>,
    ) -> Vec<Scope> {
        let mut scopes: Vec<Scope> = self
            .distinct(&captured.scopes)
            .filter_map(|found| {
                let scope = self.scope(found);
                let is_inside = if scope.body == scope.range {
                    scope.range.start < byte && byte < scope.range.end
                } else {
                    scope.body.start <= byte && byte <= scope.body.end
                };
                is_inside.then_some(scope)
            })
            .collect();
        if self.language().is_indented() {
            self.add_indented(byte, before, &mut scopes);
        }
        if let Some(block) = block {
            self.add_open_block(byte, &block, &mut scopes);
        }
        scopes.sort_by_key(|scope| (std::cmp::Reverse(scope.body.start), scope.body.end, scope.range.len()));
        scopes
    }

    /// The block that is open at the cursor, where the grammar does not know it or gave it another's end.
    fn add_open_block(&self, byte: usize, block: &OpenBlock, scopes: &mut Vec<Scope>) {
        let is_block = |scope: &Scope| {
            scope.body.start == block.body || (self.language().is_indented() && scope.range.start == block.start)
        };
        let end = self.end_by_indentation(byte, self.indent(block.start));
        if let Some(scope) = scopes.iter_mut().find(|scope| is_block(scope)) {
            if block.ends_by_indentation && end < scope.body.end {
                (scope.range.end, scope.body.end) = (end, end);
            }
            return;
        }
        // The grammar may know what the block belongs to and only miss its end.
        let captured = self.captured(block.start);
        let known = self.distinct(&captured.scopes).map(|found| self.scope(found)).find(is_block);
        let (start, kind, name) = match known {
            Some(scope) => (scope.range.start, scope.kind, scope.name),
            None => (block.start, "block".to_owned(), None),
        };
        scopes.push(Scope { kind, range: start..end, body: block.body..end, name, indent: self.indent(start) });
    }

    /// After the last statement of an indented block the cursor is outside the block's node, but still in the block
    /// while it is indented more than the block's head.
    fn add_indented(&self, byte: usize, before: &Before<'_>, scopes: &mut Vec<Scope>) {
        let Some(last) = before.last.map(|last| last.end_byte()) else { return };
        let line = self.line_start(byte);
        let column = byte - line;
        if last > line || self.indent(byte) < column {
            return;
        }
        let captured = self.captured(last.saturating_sub(1));
        for found in self.distinct(&captured.scopes) {
            let mut scope = self.scope(found);
            let is_open =
                scope.indent < column && scope.body.end <= byte && scope.body.end >= last && scope.body != scope.range;
            if is_open && !scopes.iter().any(|other| other.range.start == scope.range.start) {
                scope.range.end = byte;
                scope.body.end = byte;
                scopes.push(scope);
            }
        }
    }

    /// Without the plain blocks that are other scopes' bodies, and each node once, by its match with a name.
    fn distinct<'a, 'tree>(&self, found: &'a [Found<'tree>]) -> impl Iterator<Item = &'a Found<'tree>> {
        found
            .iter()
            .enumerate()
            .filter(|(index, scope)| {
                let is_body =
                    || scope.is_block && found.iter().any(|other| !other.is_block && other.body == Some(scope.node));
                let is_again = || {
                    found.iter().enumerate().any(|(at, other)| {
                        let is_better = other.name.is_some() && scope.name.is_none();
                        let is_equal = other.name.is_some() == scope.name.is_some();
                        other.node == scope.node && (is_better || (is_equal && at < *index))
                    })
                };
                !is_body() && !is_again()
            })
            .map(|(_, scope)| scope)
    }

    fn scope(&self, found: &Found<'_>) -> Scope {
        let range = found.node.byte_range();
        Scope {
            kind: found.node.kind().to_owned(),
            body: self
                .inside(found.body.unwrap_or(found.node))
                .unwrap_or_else(|| found.body.map_or(range.clone(), |body| body.byte_range())),
            name: found.name.map(|name| self.text().byte_slice(name.byte_range()).to_string()),
            indent: self.indent(range.start),
            range,
        }
    }

    /// Between the block brackets that are children of `node`.
    fn inside(&self, node: Node<'_>) -> Option<Range<usize>> {
        let entry = &self.language().entry;
        let bracket = entry.block_bracket.as_deref()?;
        let close = entry.brackets.iter().find(|(open, _)| open == bracket).map(|(_, close)| close.as_str())?;
        let mut cursor = node.walk();
        let open = node.children(&mut cursor).take(16).find(|child| child.kind() == bracket)?;
        let last = node.child(node.child_count().checked_sub(1)?)?;
        let end = if last.kind() == close && !last.is_missing() { last.start_byte() } else { node.end_byte() };
        (open.end_byte() <= end).then(|| open.end_byte()..end)
    }

    /// Where a block ends that nothing closes: before the first line below `byte` that is not indented more than its
    /// head.
    fn end_by_indentation(&self, byte: usize, indent: usize) -> usize {
        let text = self.text();
        let line = text.byte_to_line(byte);
        let mut end = byte;
        for number in line + 1..text.len_lines().min(line + MAX_LINES) {
            let start = text.line_to_byte(number);
            let is_blank =
                text.bytes_at(start).take_while(|byte| !matches!(byte, b'\n' | b'\r')).all(|b| b.is_ascii_whitespace());
            if !is_blank && self.indent(start) <= indent {
                return end;
            }
            end = if number + 1 < text.len_lines() { text.line_to_byte(number + 1) } else { text.len_bytes() };
        }
        text.len_bytes().min(end.max(byte))
    }
}
