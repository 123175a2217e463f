//! Patterns of `definitions.scm` and `imports.scm`, and the matcher that tries them.
//!
//! tree-sitter's own engine analyses a query against the whole grammar before it can be asked: 0.1 to 0.4 s for C++, Swift,
//! Scala or TypeScript, which is more than it takes to parse a small project. This one takes the patterns as they are and
//! tries those that begin with a node's kind at that node. Both give the same matches, and a test compares them.

use regex::bytes::Regex;
use tree_sitter::{Language, Node, TreeCursor};

use super::chain::{field_id, kind_id};
use super::reader::{self, Kind, RuleError, error};
use super::rules::TagCapture;

/// Most matches of one pattern at one node. A list of a million keys is data, not code.
const MOST_MATCHES: usize = 1 << 16;

/// From so many children on those that a pattern can mean at all are sought once, so that a thousand names do not each look
/// through all that follows.
const MANY_CHILDREN: usize = 48;

/// A pattern that begins with one kind of node.
#[derive(Debug)]
pub(super) struct Pattern {
    /// The kind that it begins with.
    pub(super) kind: u16,
    /// Its place in the file: of patterns that name the same thing the first counts.
    pub(super) number: usize,
    node: NodePattern,
    conditions: Vec<Condition>,
}

#[derive(Debug)]
struct NodePattern {
    kind: KindTest,
    captures: Vec<TagCapture>,
    without: Vec<u16>,
    children: Vec<ChildPattern>,
    /// No named child may follow the last one that matched.
    ends: bool,
}

#[derive(Debug)]
struct ChildPattern {
    field: Option<u16>,
    either: Vec<NodePattern>,
    is_optional: bool,
    /// No named child may stand between it and the one before.
    is_adjacent: bool,
    /// Otherwise one way to match it is as good as another.
    has_captures: bool,
}

#[derive(Clone, Copy, Debug)]
enum KindTest {
    Is(u16),
    Named,
    Any,
}

/// What the text of a capture must be.
#[derive(Debug)]
struct Condition {
    capture: TagCapture,
    test: TextTest,
    wanted: bool,
}

#[derive(Debug)]
enum TextTest {
    OneOf(Vec<String>),
    Matches(Regex),
}

/// The patterns of a file. A pattern that begins with one of several kinds comes once for each.
pub(super) fn compile(source: &str, language: &Language) -> Result<Vec<Pattern>, RuleError> {
    let mut patterns = Vec::new();
    for (number, pattern) in reader::read(source)?.iter().enumerate() {
        let mut roots = Vec::new();
        branches(pattern, &mut roots);
        for root in roots {
            let node = node_pattern(root, language)?;
            let KindTest::Is(kind) = node.kind else { return error("a pattern may not begin with `_`") };
            let mut conditions = Vec::new();
            collect_conditions(root, &mut conditions)?;
            patterns.push(Pattern { kind, number, node, conditions });
        }
    }
    Ok(patterns)
}

fn branches<'a>(pattern: &'a reader::Pattern, into: &mut Vec<&'a reader::Node>) {
    match pattern {
        reader::Pattern::Node(node) => into.push(node),
        reader::Pattern::Either(either) => either.iter().for_each(|branch| branches(branch, into)),
    }
}

fn node_pattern(node: &reader::Node, language: &Language) -> Result<NodePattern, RuleError> {
    let kind = match &node.kind {
        Kind::Named(kind) => KindTest::Is(kind_id(kind, true, language)?),
        Kind::Token(token) => KindTest::Is(kind_id(token, false, language)?),
        Kind::AnyNamed => KindTest::Named,
        Kind::Any => KindTest::Any,
    };
    let named = |capture: &String| match TagCapture::named(capture) {
        Some(capture) => Ok(capture),
        None => error(format!("@{capture} is no capture of definitions or imports")),
    };
    let mut children = Vec::new();
    let mut after_any = false;
    for child in &node.children {
        let mut found = Vec::new();
        branches(&child.pattern, &mut found);
        // tree-sitter counts tokens there, too; no file needs that.
        if after_any && child.is_adjacent {
            return error("no anchor may follow a bare `_`");
        }
        after_any = found.iter().any(|node| node.kind == Kind::Any);
        let either = found.into_iter().map(|node| node_pattern(node, language)).collect::<Result<Vec<_>, _>>()?;
        children.push(ChildPattern {
            field: child.field.as_ref().map(|field| field_id(field, language)).transpose()?,
            has_captures: either.iter().any(NodePattern::has_captures),
            either,
            is_optional: child.is_optional,
            is_adjacent: child.is_adjacent,
        });
    }
    if after_any && node.ends {
        return error("no anchor may follow a bare `_`");
    }
    Ok(NodePattern {
        kind,
        captures: node.captures.iter().map(named).collect::<Result<_, _>>()?,
        without: node.without.iter().map(|field| field_id(field, language)).collect::<Result<_, _>>()?,
        children,
        ends: node.ends,
    })
}

/// Conditions hold for the whole pattern, wherever they stand in it.
fn collect_conditions(node: &reader::Node, into: &mut Vec<Condition>) -> Result<(), RuleError> {
    for predicate in &node.predicates {
        let Some(capture) = TagCapture::named(&predicate.capture) else {
            return error(format!("@{} is no capture of definitions or imports", predicate.capture));
        };
        let wanted = !predicate.name.starts_with("not-");
        let test = match (predicate.name.trim_start_matches("not-"), predicate.words.as_slice()) {
            ("eq?" | "any-of?", words) => TextTest::OneOf(words.to_vec()),
            ("match?", [pattern]) => match Regex::new(pattern) {
                Ok(regex) => TextTest::Matches(regex),
                Err(problem) => return error(problem.to_string()),
            },
            (name, _) => return error(format!("#{name} is not known")),
        };
        into.push(Condition { capture, test, wanted });
    }
    for child in &node.children {
        let mut found = Vec::new();
        branches(&child.pattern, &mut found);
        found.into_iter().try_for_each(|node| collect_conditions(node, into))?;
    }
    Ok(())
}

impl NodePattern {
    fn has_captures(&self) -> bool {
        !self.captures.is_empty() || self.children.iter().any(|child| child.has_captures)
    }
}

/// The captured nodes of one match, in the order of the pattern.
pub(super) type Captured<'tree> = [(TagCapture, Node<'tree>)];

/// Memory for matching, kept between nodes.
pub(super) struct Matcher<'tree> {
    cursor: Option<TreeCursor<'tree>>,
    /// Children of the nodes that are being matched, the outermost first, with their field.
    children: Vec<(Node<'tree>, Option<u16>)>,
    captured: Vec<(TagCapture, Node<'tree>)>,
    matches: usize,
}

/// The children of one node while a pattern is tried on it.
struct Siblings<'p> {
    pattern: &'p NodePattern,
    /// Where they end in the matcher's memory.
    to: usize,
    /// See `Matcher::candidates`; empty where all are looked at.
    candidates: Vec<Vec<usize>>,
}

impl Siblings<'_> {
    /// The next place from `at` on that the `index`th child of the pattern may be at.
    fn next(&self, index: usize, at: usize) -> Option<usize> {
        match self.candidates.get(index) {
            Some(places) => places.get(places.partition_point(|place| *place < at)).copied(),
            None => Some(at).filter(|at| *at < self.to),
        }
    }
}

impl KindTest {
    fn fits(self, node: Node<'_>) -> bool {
        match self {
            Self::Is(kind) => node.kind_id() == kind,
            // As in tree-sitter's engine, nothing but `(ERROR)` asks for errors.
            Self::Named => node.is_named() && !node.is_error(),
            Self::Any => !node.is_error(),
        }
    }
}

impl<'tree> Matcher<'tree> {
    pub(super) fn new() -> Self {
        Self { cursor: None, children: Vec::new(), captured: Vec::new(), matches: 0 }
    }

    /// Calls `each` with every match of a pattern that begins at `node`. Depth of recursion is that of the pattern.
    pub(super) fn run(
        &mut self,
        pattern: &Pattern,
        node: Node<'tree>,
        text: &[u8],
        each: &mut dyn FnMut(&Captured<'tree>),
    ) {
        self.matches = 0;
        self.node(&pattern.node, node, &mut |this| {
            this.matches += 1;
            if pattern.conditions.iter().all(|condition| condition.holds(&this.captured, text)) {
                each(&this.captured);
            }
        });
    }

    fn node(&mut self, pattern: &NodePattern, node: Node<'tree>, then: &mut dyn FnMut(&mut Self)) {
        if !pattern.kind.fits(node) || pattern.without.iter().any(|field| node.child_by_field_id(*field).is_some()) {
            return;
        }
        let captured = self.captured.len();
        self.captured.extend(pattern.captures.iter().map(|capture| (*capture, node)));
        if pattern.children.is_empty() {
            then(self);
        } else {
            let first = self.children.len();
            self.list_children(node);
            let to = self.children.len();
            let candidates = if to - first > MANY_CHILDREN { self.candidates(pattern, first) } else { Vec::new() };
            let lacks = |(child, found): (&ChildPattern, &Vec<usize>)| !child.is_optional && found.is_empty();
            if !pattern.children.iter().zip(&candidates).any(lacks) {
                self.children_from(&Siblings { pattern, to, candidates }, 0, first, None, then);
            }
            self.children.truncate(first);
        }
        self.captured.truncate(captured);
    }

    /// For each child of a pattern the places of nodes that it can be at all, from `first` on.
    fn candidates(&self, pattern: &NodePattern, first: usize) -> Vec<Vec<usize>> {
        let places = |child: &ChildPattern| {
            let nodes = self.children.iter().enumerate().skip(first);
            let can_be = |(node, field): &(Node<'tree>, Option<u16>)| {
                (child.field.is_none() || child.field == *field) && child.either.iter().any(|one| one.kind.fits(*node))
            };
            nodes.filter(|(_, found)| can_be(found)).map(|(at, _)| at).collect()
        };
        pattern.children.iter().map(places).collect()
    }

    /// Matches the children of a pattern from the `index`th on with the nodes from `from` on. `adjacent` stands above what
    /// the pattern says.
    fn children_from(
        &mut self,
        siblings: &Siblings<'_>,
        index: usize,
        from: usize,
        adjacent: Option<bool>,
        then: &mut dyn FnMut(&mut Self),
    ) {
        let Some(child) = siblings.pattern.children.get(index) else {
            let is_last = || self.children[from..siblings.to].iter().all(|(node, _)| !node.is_named());
            if !siblings.pattern.ends || is_last() {
                then(self);
            }
            return;
        };
        let before = self.matches;
        let is_adjacent = adjacent.unwrap_or(child.is_adjacent);
        let mut next = from;
        while let Some(at) = siblings.next(index, next) {
            if is_adjacent && self.children[next..at].iter().any(|(node, _)| node.is_named()) {
                break;
            }
            next = at + 1;
            let (node, field) = self.children[at];
            if child.field.is_none() || child.field == field {
                for branch in &child.either {
                    self.node(branch, node, &mut |this| this.children_from(siblings, index + 1, at + 1, None, then));
                }
            }
            let is_done = self.matches > before && !child.has_captures;
            if (is_adjacent && node.is_named()) || is_done || self.matches > MOST_MATCHES {
                break;
            }
        }
        if child.is_optional && self.matches == before {
            // What follows something that is not there: free where an anchor stands only behind that, the first named
            // child where one stands before it at the beginning.
            let adjacent = match (child.is_adjacent, index) {
                (false, _) => Some(false),
                (true, 0) => Some(true),
                (true, _) => None,
            };
            self.children_from(siblings, index + 1, from, adjacent, then);
        }
    }

    fn list_children(&mut self, node: Node<'tree>) {
        let cursor = self.cursor.get_or_insert_with(|| node.walk());
        cursor.reset(node);
        let mut more = cursor.goto_first_child();
        while more {
            self.children.push((cursor.node(), cursor.field_id().map(std::num::NonZero::get)));
            more = cursor.goto_next_sibling();
        }
    }
}

impl Condition {
    /// What was not captured is under no condition.
    fn holds(&self, captured: &Captured<'_>, text: &[u8]) -> bool {
        captured.iter().filter(|(capture, _)| *capture == self.capture).all(|(_, node)| {
            let text = text.get(node.byte_range()).unwrap_or_default();
            let fits = match &self.test {
                TextTest::OneOf(words) => words.iter().any(|word| word.as_bytes() == text),
                TextTest::Matches(regex) => regex.is_match(text),
            };
            fits == self.wanted
        })
    }
}
