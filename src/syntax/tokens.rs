//! The tokens left of a cursor: the brackets that are open there and the last thing written.
//!
//! This is what stays reliable while someone types and the tree is full of errors: tree-sitter keeps every token, even
//! where it cannot tell what they make together. Walks by a cursor, never by recursion, and looks at a bounded window.

use std::ops::Range;

use tree_sitter::Node;

/// Bytes before the cursor in which every token of broken code is looked at. Enclosing nodes that begin before it still
/// tell their opening brackets.
const WINDOW: usize = 32 * 1024;
/// Children at the head of an enclosing node in which its bracket is sought when the node begins before the window.
const HEAD: u32 = 6;

/// An opening bracket that nothing closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open<'tree> {
    pub(super) token: Node<'tree>,
    pub(super) parent: Node<'tree>,
}

/// What stands left of a byte offset.
#[derive(Debug, Default)]
pub(super) struct Before<'tree> {
    /// Outermost first.
    pub(super) open: Vec<Open<'tree>>,
    /// The last token that ends at or before the offset; comments and line breaks are none.
    pub(super) last: Option<Node<'tree>>,
    /// Start of a quote that opened a string which the grammar gave up on.
    pub(super) quote: Option<usize>,
}

pub(super) fn before<'tree>(
    root: Node<'tree>,
    byte: usize,
    brackets: &[(String, String)],
    quotes: &[String],
) -> Before<'tree> {
    let window = byte.saturating_sub(WINDOW);
    let mut found = Before::default();
    let mut last_subtree = None;
    let mut ancestors: Vec<Node<'tree>> = Vec::new();
    let mut cursor = root.walk();
    'walk: loop {
        let node = cursor.node();
        if node.start_byte() >= byte && node.end_byte() > byte {
            break;
        }
        let is_whole = node.end_byte() <= byte;
        if is_comment(node) || node.is_missing() {
            // Not a token.
        } else if node.child_count() == 0 {
            if is_whole && !is_blank(node) {
                last_subtree = Some(node);
                if let Some(parent) = ancestors.last() {
                    found.push(Open { token: node, parent: *parent }, brackets, quotes);
                }
            }
        } else if !is_whole || node.has_error() {
            let begins_before = node.start_byte() < window;
            if begins_before && !node.is_error() {
                for child in (0..HEAD).filter_map(|index| node.child(index)) {
                    if child.child_count() == 0 && child.end_byte() <= window && !child.is_missing() {
                        found.push(Open { token: child, parent: node }, brackets, &[]);
                    }
                }
            }
            let entered = if begins_before {
                cursor.goto_first_child_for_byte(window).is_some()
            } else {
                cursor.goto_first_child()
            };
            if entered {
                ancestors.push(node);
                continue;
            }
        } else {
            last_subtree = Some(node);
        }
        while !cursor.goto_next_sibling() {
            ancestors.pop();
            if !cursor.goto_parent() {
                break 'walk;
            }
        }
    }
    found.last = last_subtree.map(last_leaf);
    found
}

impl<'tree> Before<'tree> {
    fn push(&mut self, token: Open<'tree>, brackets: &[(String, String)], quotes: &[String]) {
        let kind = token.token.kind();
        if brackets.iter().any(|(open, _)| open == kind) {
            self.open.push(token);
        } else if brackets.iter().any(|(_, close)| close == kind) {
            let closes = |open: &Open| brackets.iter().any(|(o, c)| o == open.token.kind() && c == kind);
            if let Some(at) = self.open.iter().rposition(closes) {
                self.open.truncate(at);
            }
        } else if token.parent.is_error() && quotes.iter().any(|quote| quote == kind) {
            self.quote = if self.quote.is_some() { None } else { Some(token.token.start_byte()) };
        }
    }
}

/// The first token that starts at or after `byte`.
pub(super) fn next(root: Node<'_>, byte: usize) -> Option<Node<'_>> {
    let mut cursor = root.walk();
    loop {
        let node = cursor.node();
        let skip = node.end_byte() <= byte || node.start_byte() == node.end_byte() || is_comment(node);
        if !skip {
            if node.child_count() == 0 {
                if node.start_byte() >= byte && !is_blank(node) {
                    return Some(node);
                }
            } else if cursor.goto_first_child_for_byte(byte).is_some() {
                continue;
            }
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return None;
            }
        }
    }
}

/// The nodes that hold the byte at `at`, outermost first.
pub(super) fn holding(root: Node<'_>, at: usize) -> Vec<Node<'_>> {
    let mut nodes = Vec::new();
    let mut cursor = root.walk();
    loop {
        let node = cursor.node();
        if node.start_byte() > at || node.end_byte() <= at {
            return nodes;
        }
        nodes.push(node);
        if cursor.goto_first_child_for_byte(at).is_none() {
            return nodes;
        }
    }
}

/// Tokens that lie within `range`, in order.
pub(super) fn within(root: Node<'_>, range: Range<usize>) -> Vec<Node<'_>> {
    let mut found = Vec::new();
    let mut cursor = root.walk();
    loop {
        let node = cursor.node();
        if node.start_byte() >= range.end {
            return found;
        }
        if node.end_byte() > range.start && !is_comment(node) && !node.is_missing() {
            if node.child_count() == 0 {
                if node.start_byte() >= range.start && node.end_byte() <= range.end && !is_blank(node) {
                    found.push(node);
                }
            } else if cursor.goto_first_child_for_byte(range.start).is_some() {
                continue;
            }
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
        }
    }
}

/// The first token of a node, comments included.
pub(super) fn first_leaf(mut node: Node<'_>) -> Node<'_> {
    while let Some(child) = node.child(0) {
        node = child;
    }
    node
}

fn last_leaf(mut node: Node<'_>) -> Node<'_> {
    loop {
        let children = node.child_count();
        let solid = |child: &Node| !is_comment(*child) && !is_blank(*child) && !child.is_missing();
        match (0..children).rev().filter_map(|index| node.child(index)).find(solid) {
            Some(child) => node = child,
            None => return node,
        }
    }
}

/// Error nodes can be "extra" like comments, but hold tokens.
fn is_comment(node: Node<'_>) -> bool {
    node.is_extra() && !node.is_error() && node.is_named()
}

/// Zero-width tokens and the line breaks that some grammars (Go) have as tokens.
fn is_blank(node: Node<'_>) -> bool {
    node.start_byte() == node.end_byte() || (node.child_count() == 0 && node.kind().trim().is_empty())
}
