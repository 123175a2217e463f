//! A syntax tree of one version of a text: parsed incrementally, within a time limit, and counted for errors.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use ropey::Rope;
use tree_sitter::{InputEdit, Node, ParseOptions, Parser, Tree};

use super::Language;
use super::tags::{Binding, Tags};
use crate::text::Edit;

mod trial;

pub use trial::Bracket;

/// Longest parse. A file of a usual size takes 1 to 20 ms (about 8 MB/s), so only hostile or generated text meets it.
const PARSE_LIMIT: Duration = Duration::from_millis(200);
/// Texts above this are not tried at all: they could not be parsed within the limit, and each edit would pay for it.
const MAX_BYTES: usize = 2 << 20;
/// Levels of nesting that any thread's stack can take (a thread of tokio has 2 MiB). tree-sitter's parser releases its
/// own stack by recursion, about 100 bytes a level, so that `[{(` 30,000 times ends a process.
const SAFE_NESTING: usize = 4_000;
/// Stack per byte of text where the nesting may be deeper: each level takes at least one byte of text.
const STACK_BYTES_PER_LEVEL: usize = 256;

thread_local! {
    /// A parser keeps its stacks between parses, so each thread keeps one.
    static PARSER: RefCell<Parser> = RefCell::new(Parser::new());
    /// Levels of nesting that this thread's stack can take.
    static STACK_LEVELS: Cell<usize> = const { Cell::new(SAFE_NESTING) };
}

/// Starts a thread that parses texts of up to 1 MiB without starting another one for their nesting. Its stack is address
/// space, not memory, until a text is nested that deep.
pub fn spawn_parsing_thread(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    deep_thread(name).spawn(move || {
        STACK_LEVELS.set(DEEP_LEVELS);
        work();
    })
}

/// `spawn_parsing_thread` in a scope.
pub fn spawn_scoped_parsing_thread<'scope>(
    scope: &'scope std::thread::Scope<'scope, '_>,
    name: &str,
    work: impl FnOnce() + Send + 'scope,
) -> std::io::Result<std::thread::ScopedJoinHandle<'scope, ()>> {
    deep_thread(name).spawn_scoped(scope, move || {
        STACK_LEVELS.set(DEEP_LEVELS);
        work();
    })
}

/// Levels that a parsing thread takes.
const DEEP_LEVELS: usize = 1 << 20;

fn deep_thread(name: &str) -> std::thread::Builder {
    std::thread::Builder::new().name(name.to_owned()).stack_size((1 << 20) + DEEP_LEVELS * STACK_BYTES_PER_LEVEL)
}

/// A tree and the text that it was parsed from. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct SyntaxTree {
    language: &'static Language,
    tree: Tree,
    text: Rope,
    /// At least as many levels as the parser nested to make this tree.
    nesting: usize,
    /// Counted when first asked for.
    errors: Arc<OnceLock<usize>>,
}

impl SyntaxTree {
    /// Parses `text`; with the tree of the version before and the edits since, only what changed.
    /// None when parsing took longer than its limit (hostile input): the caller goes on without a tree.
    pub fn parse(language: &'static Language, text: &Rope, before: Option<(&SyntaxTree, &[Edit])>) -> Option<Self> {
        Self::parse_within(PARSE_LIMIT, language, text, before)
    }

    /// `parse` with another limit, for tests and for work in the background.
    pub fn parse_within(
        limit: Duration,
        language: &'static Language,
        text: &Rope,
        before: Option<(&SyntaxTree, &[Edit])>,
    ) -> Option<Self> {
        let mut nesting = text.len_bytes();
        let before = before.filter(|(tree, _)| tree.language == language).map(|(old, edits)| {
            let mut tree = old.tree.clone();
            for edit in edits {
                tree.edit(&input_edit(edit));
            }
            nesting = nesting.min(old.nesting_after(edits));
            tree
        });
        let tree = parse(limit, language, text, before.as_ref(), nesting)?;
        if nesting > SAFE_NESTING {
            nesting = nesting_of(&tree);
        }
        Some(Self { language, tree, text: text.clone(), nesting, errors: Arc::default() })
    }

    /// Each byte that comes or goes changes the nesting by one level at most.
    fn nesting_after(&self, edits: &[Edit]) -> usize {
        let changed = |edit: &Edit| edit.old_end_byte.max(edit.new_end_byte).saturating_sub(edit.start_byte) * 2;
        edits.iter().map(changed).sum::<usize>().saturating_add(self.nesting)
    }

    pub fn language(&self) -> &'static Language {
        self.language
    }

    /// The text that the tree was parsed from.
    pub fn text(&self) -> &Rope {
        &self.text
    }

    /// Definitions, references and imports of the whole text.
    pub fn tags(&self) -> Tags {
        let text = self.text.to_string();
        Tags::find(self.language.grammar().tags(), &self.tree, text.as_bytes())
    }

    /// `tags`, and the local names that are bound, in the order of the text.
    pub fn tags_and_bindings(&self) -> (Tags, Vec<Binding>) {
        let text = self.text.to_string();
        Tags::find_with_bindings(self.language.grammar().tags(), &self.tree, text.as_bytes())
    }

    pub(super) fn root(&self) -> Node<'_> {
        self.tree.root_node()
    }

    /// Whether the trees have the same nodes at the same places. Trees of one text may differ where the code is broken.
    pub fn has_nodes_of(&self, other: &Self) -> bool {
        let (mut own, mut its) = (self.tree.walk(), other.tree.walk());
        loop {
            let (node, twin) = (own.node(), its.node());
            let is_same = node.kind_id() == twin.kind_id()
                && node.range() == twin.range()
                && node.is_missing() == twin.is_missing()
                && node.is_extra() == twin.is_extra()
                && own.field_id() == its.field_id();
            if !is_same {
                return false;
            }
            let goes_down = own.goto_first_child();
            if goes_down != its.goto_first_child() {
                return false;
            }
            if goes_down {
                continue;
            }
            loop {
                let goes_on = own.goto_next_sibling();
                if goes_on != its.goto_next_sibling() {
                    return false;
                }
                if goes_on {
                    break;
                }
                if !(own.goto_parent() && its.goto_parent()) {
                    return true;
                }
            }
        }
    }

    /// ERROR and MISSING nodes in the whole tree: the measure of "adds a parse error".
    pub fn error_count(&self) -> usize {
        *self.errors.get_or_init(|| count_errors(&self.tree))
    }
}

/// `nesting`: most levels that the parser may nest.
fn parse(limit: Duration, language: &Language, text: &Rope, before: Option<&Tree>, nesting: usize) -> Option<Tree> {
    let length = text.len_bytes();
    let read = |byte: usize| {
        if byte >= length {
            return &[][..];
        }
        let (chunk, start, ..) = text.chunk_at_byte(byte);
        &chunk.as_bytes()[byte - start..]
    };
    parse_chunks(limit, language, length, read, before, nesting)
}

/// A text that lies in one piece, from nothing. None when it is longer than 2 MiB or takes longer than `limit`.
pub(super) fn parse_bytes(limit: Duration, language: &Language, text: &[u8]) -> Option<Tree> {
    parse_chunks(limit, language, text.len(), |byte| text.get(byte..).unwrap_or_default(), None, text.len())
}

/// `read` gives the text from a byte on, as much as lies in one piece, and nothing at the end.
fn parse_chunks<'text>(
    limit: Duration,
    language: &Language,
    length: usize,
    read: impl Fn(usize) -> &'text [u8] + Sync,
    before: Option<&Tree>,
    nesting: usize,
) -> Option<Tree> {
    if length > MAX_BYTES {
        return None;
    }
    if nesting <= STACK_LEVELS.get() {
        return PARSER.with_borrow_mut(|parser| parse_here(parser, limit, language, &read, before));
    }
    let stack = (1 << 20) + length * STACK_BYTES_PER_LEVEL;
    std::thread::scope(|scope| {
        let parse = || parse_here(&mut Parser::new(), limit, language, &read, before);
        // The stack is address space, not memory, until the parser goes that deep.
        let thread = std::thread::Builder::new().name("deep-parse".to_owned()).stack_size(stack);
        thread.spawn_scoped(scope, parse).ok()?.join().ok()?
    })
}

fn parse_here<'text>(
    parser: &mut Parser,
    limit: Duration,
    language: &Language,
    read: &impl Fn(usize) -> &'text [u8],
    before: Option<&Tree>,
) -> Option<Tree> {
    let mut read = |byte: usize, _| read(byte);
    let deadline = Instant::now() + limit;
    let mut in_time =
        |_: &_| if Instant::now() < deadline { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
    parser.set_language(&language.grammar().language).ok()?;
    let options = ParseOptions::new().progress_callback(&mut in_time);
    let tree = parser.parse_with_options(&mut read, before, Some(options));
    // An unfinished parse would be resumed by the next one, which has another text.
    parser.reset();
    tree
}

/// The depth of the tree, and the tokens of what did not become a tree: each may have been a level.
fn nesting_of(tree: &Tree) -> usize {
    let (mut depth, mut deepest, mut loose) = (0_usize, 0_usize, 0_usize);
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        if node.is_error() {
            loose += node.child_count() as usize;
        }
        if cursor.goto_first_child() {
            depth += 1;
            deepest = deepest.max(depth);
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return deepest + loose;
            }
            depth -= 1;
        }
    }
}

/// Goes only where errors are, and by a cursor: a tree can be deeper than the stack.
fn count_errors(tree: &Tree) -> usize {
    let mut count = 0;
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        count += usize::from(node.is_error() || node.is_missing() || misses_a_hidden_token(node));
        if node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return count;
            }
        }
    }
}

/// A grammar can miss a token that has no visible node, such as Go's line end.
fn misses_a_hidden_token(node: Node<'_>) -> bool {
    node.has_error() && !node.children(&mut node.walk()).any(|child| child.has_error() || child.is_missing())
}

fn input_edit(edit: &Edit) -> InputEdit {
    let point = |point: crate::text::Point| tree_sitter::Point { row: point.row, column: point.column };
    InputEdit {
        start_byte: edit.start_byte,
        old_end_byte: edit.old_end_byte,
        new_end_byte: edit.new_end_byte,
        start_position: point(edit.start_point),
        old_end_position: point(edit.old_end_point),
        new_end_position: point(edit.new_end_point),
    }
}

#[cfg(test)]
mod tests;
