//! What completion wants to know about one place in a text.

use std::ops::Range;

use streaming_iterator::StreamingIterator;
use tree_sitter::{Node, QueryCursor};

use super::SyntaxTree;
use super::grammar::Capture;
use super::tokens::{self, Before, Open};

/// Enclosing nodes that are asked what they are, innermost first. Real code is 10 to 60 deep.
const MAX_DEPTH: usize = 256;

/// Bytes before the cursor in which the start of an unclosed block comment is sought.
const MAX_COMMENT: usize = 4 * 1024;

/// Bytes after an opening bracket whose tokens tell a record from a block.
const MAX_RECORD_HEAD: usize = 128;

/// What kind of text a byte offset stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    Code,
    Comment,
    String,
}

/// A named or anonymous block that encloses the cursor: function, class, `match`, plain block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The node's kind in its grammar, for example `function_item`; `block` for one that is not closed yet.
    pub kind: String,
    /// The whole node, in bytes.
    pub range: Range<usize>,
    /// Its body (between the braces, or the indented block), in bytes; the same as `range` where there is none. Holds
    /// the cursor.
    pub body: Range<usize>,
    /// The text of the node's name, where it has one.
    pub name: Option<String>,
    /// Bytes of white space at the head of the line where `range` starts.
    pub indent: usize,
}

/// What completion wants to know about one place in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub region: Region,
    /// The innermost block around the cursor has nothing in it but white space and comments (in Python also its
    /// docstring), and nothing but its end follows.
    pub in_empty_block: bool,
    /// The innermost bracket that is open at the cursor holds items, not statements: arguments, parameters, array,
    /// record. It may have been opened on an earlier line.
    pub in_list: bool,
    /// Start of the innermost bracket that is open at the cursor, of whatever kind, in bytes.
    pub open_bracket: Option<usize>,
    /// Innermost first. Only scopes whose body holds the cursor.
    pub scopes: Vec<Scope>,
}

/// A scope as the query found it.
struct Found<'tree> {
    node: Node<'tree>,
    body: Option<Node<'tree>>,
    name: Option<Node<'tree>>,
    is_block: bool,
}

/// Everything that the query captures at one place.
#[derive(Default)]
struct Captured<'tree> {
    scopes: Vec<Found<'tree>>,
    regions: Vec<(Node<'tree>, Region)>,
    /// Block or list.
    classes: Vec<(Node<'tree>, Capture)>,
}

impl SyntaxTree {
    /// `byte` is clamped to the text and moved down to a character boundary.
    pub fn cursor(&self, byte: usize) -> Cursor {
        let byte = byte.min(self.text().len_bytes());
        let byte = self.text().char_to_byte(self.text().byte_to_char(byte));
        let captured = byte.checked_sub(1).map(|left| self.captured(left)).unwrap_or_default();
        let mut before = self.tokens_before(byte);
        let line = self.line_start(byte);

        let mut region = Region::Code;
        if let Some((node, kind)) = self.region_at(&captured, byte) {
            region = kind;
            if kind != Region::Code {
                before.open.retain(|open| open.token.start_byte() < node.start_byte());
            }
        } else if let Some(quote) = before.quote.filter(|quote| *quote >= line) {
            region = Region::String;
            before.open.retain(|open| open.token.start_byte() < quote);
        } else if let Some(comment) = self.unclosed_comment(byte) {
            region = Region::Comment;
            before.open.retain(|open| open.token.start_byte() < comment);
        }

        let open = before.open.last().copied();
        let in_list = open.is_some_and(|open| self.holds_items(&open, byte));
        let block = self.open_block(byte, &before);
        let is_empty = || block.as_ref().is_some_and(|block| block.is_empty) || self.in_empty_word_block(byte, &before);
        let in_empty_block = region == Region::Code && !in_list && is_empty();
        let scopes = self.scopes(byte, &captured, &before, block);
        let open_bracket = open.map(|open| open.token.start_byte());
        Cursor { region, in_empty_block, in_list, open_bracket, scopes }
    }

    fn tokens_before(&self, byte: usize) -> Before<'_> {
        let entry = &self.language().entry;
        tokens::before(self.root(), byte, &entry.brackets, &entry.quotes)
    }

    /// Captures of the nodes that hold the byte at `at`, the innermost `MAX_DEPTH` of them.
    ///
    /// Node by node: one run over the whole tree would look at every sibling again for each sibling, which takes
    /// minutes in a file that is one error.
    fn captured(&self, at: usize) -> Captured<'_> {
        let mut captured = Captured::default();
        let nodes = tokens::holding(self.root(), at);
        for node in nodes.iter().rev().take(MAX_DEPTH) {
            self.capture(*node, &mut captured);
        }
        captured
    }

    /// Captures of the patterns that begin at `node` itself.
    fn capture<'tree>(&self, node: Node<'tree>, captured: &mut Captured<'tree>) {
        let grammar = self.language().grammar().cursor();
        let Some(query) = grammar.query() else { return };
        let mut cursor = QueryCursor::new();
        cursor.set_max_start_depth(Some(0));
        let mut matches = cursor.matches(query, node, |node: Node| self.bytes_of(node));
        while let Some(found) = matches.next() {
            let (mut scope, mut body, mut name, mut is_block) = (None, None, None, false);
            for capture in found.captures() {
                let node = capture.node;
                match grammar.capture(capture.index) {
                    Some(Capture::Scope) => scope = Some(node),
                    Some(Capture::ScopeBody) => body = Some(node),
                    Some(Capture::ScopeName) => name = Some(node),
                    Some(Capture::ScopeBlock) => (scope, body, is_block) = (Some(node), Some(node), true),
                    Some(Capture::Comment) => captured.regions.push((node, Region::Comment)),
                    Some(Capture::String) => captured.regions.push((node, Region::String)),
                    Some(Capture::Code) => captured.regions.push((node, Region::Code)),
                    Some(Capture::Block) => captured.classes.push((node, Capture::Block)),
                    Some(Capture::List) => captured.classes.push((node, Capture::List)),
                    None => (),
                }
            }
            captured.scopes.extend(scope.map(|node| Found { node, body, name, is_block }));
        }
    }

    fn bytes_of<'a>(&'a self, node: Node<'_>) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let end = node.end_byte().min(self.text().len_bytes());
        self.text().byte_slice(node.start_byte().min(end)..end).chunks().map(str::as_bytes)
    }

    /// The innermost region that holds `byte`.
    fn region_at<'tree>(&self, captured: &Captured<'tree>, byte: usize) -> Option<(Node<'tree>, Region)> {
        let holds = |(node, region): &&(Node, Region)| {
            let is_open = || match region {
                Region::Comment => self.is_open_comment(*node),
                _ => node.child_count() > 0 && node.child(node.child_count() - 1).is_some_and(|last| last.is_missing()),
            };
            node.start_byte() < byte && (byte < node.end_byte() || (byte == node.end_byte() && is_open()))
        };
        captured
            .regions
            .iter()
            .filter(holds)
            .max_by_key(|(node, _)| (node.start_byte(), usize::MAX - node.end_byte()))
            .copied()
    }

    /// Whether typing at the comment's end goes on with it: a line comment whose line break is not part of it, or a
    /// block comment without its end.
    fn is_open_comment(&self, node: Node<'_>) -> bool {
        if let Some((open, close)) = &self.language().entry.block_comment
            && self.starts_with(node.start_byte(), open)
        {
            return !self.starts_with(node.end_byte().saturating_sub(close.len()), close);
        }
        let Some(mark) = &self.language().line_comment else { return false };
        let is_line_comment = self.starts_with(node.start_byte(), mark);
        is_line_comment && node.end_byte() > 0 && self.text().get_byte(node.end_byte() - 1) != Some(b'\n')
    }

    /// Where a block comment starts that is still being written: the grammar has no node for it.
    fn unclosed_comment(&self, byte: usize) -> Option<usize> {
        let (open, close) = self.language().entry.block_comment.as_ref().filter(|_| self.root().has_error())?;
        let text = self.text();
        let start = text.char_to_byte(text.byte_to_char(byte.saturating_sub(MAX_COMMENT)));
        let before = text.byte_slice(start..byte).to_string();
        let at = before.rfind(open.as_str())?;
        let is_closed = before[at + open.len()..].contains(close.as_str());
        let is_text =
            || self.region_at(&self.captured(start + at), start + at + 1).is_some_and(|(_, r)| r != Region::Code);
        (!is_closed && !is_text()).then_some(start + at)
    }

    /// Whether an open bracket is one of items rather than of statements.
    fn holds_items(&self, open: &Open<'_>, byte: usize) -> bool {
        match self.class_of(open.parent) {
            Some(Capture::Block) => return false,
            Some(Capture::List) => return true,
            _ => (),
        }
        let entry = &self.language().entry;
        if entry.block_bracket.as_deref() != Some(open.token.kind()) {
            return true;
        }
        // A brace that the grammar could not place: what stands after and before it tells a record from a block.
        if self.looks_like_a_record(open.token.end_byte()..byte) {
            return true;
        }
        let is_any = |token: Node<'_>, list: &[String]| list.iter().any(|text| self.is_text(token, text));
        let Some(last) = self.tokens_before(open.token.start_byte()).last else { return false };
        if is_any(last, &entry.record_openers) {
            return true;
        }
        let is_type = self.text().byte_slice(last.byte_range()).get_char(0).is_some_and(char::is_uppercase);
        is_type
            && self.tokens_before(last.start_byte()).last.is_some_and(|token| is_any(token, &entry.record_name_openers))
    }

    /// `name:` or `.name` or `value,` right after the bracket.
    fn looks_like_a_record(&self, inside: Range<usize>) -> bool {
        let head = inside.start..inside.end.min(inside.start + MAX_RECORD_HEAD);
        let tokens = tokens::within(self.root(), head);
        let is = |index: usize, text: &str| tokens.get(index).is_some_and(|token| self.is_text(*token, text));
        let is_name = tokens.first().is_some_and(|token| token.is_named());
        is(0, ".") || (is_name && (is(1, ":") || is(1, ",")))
    }

    fn class_of(&self, node: Node<'_>) -> Option<Capture> {
        let mut captured = Captured::default();
        self.capture(node, &mut captured);
        captured.classes.iter().find(|(captured, _)| *captured == node).map(|(_, class)| *class)
    }

    fn is_text(&self, node: Node<'_>, text: &str) -> bool {
        node.byte_range().len() == text.len() && self.starts_with(node.start_byte(), text)
    }

    fn starts_with(&self, byte: usize, text: &str) -> bool {
        let end = (byte + text.len()).min(self.text().len_bytes());
        byte <= end && self.text().get_byte_slice(byte..end).is_some_and(|slice| slice == text)
    }

    fn line_start(&self, byte: usize) -> usize {
        self.text().line_to_byte(self.text().byte_to_line(byte))
    }

    /// Bytes of white space at the head of the line that holds `byte`.
    fn indent(&self, byte: usize) -> usize {
        self.text().bytes_at(self.line_start(byte)).take_while(|byte| matches!(byte, b' ' | b'\t')).count()
    }
}

mod blocks;
mod comments;

pub use comments::CommentLine;

#[cfg(test)]
mod tests;
