//! Leaf rules: `references.scm` compiled to tables.
//!
//! Every second node of a tree is a name, so asking tree-sitter's query engine about each would cost more than parsing.
//! A leaf rule is a chain of nodes from an ancestor down to one captured leaf; it is checked against the path that the
//! walk has at hand anyway. The files stay valid queries, and a test compares the tables with tree-sitter's own engine.

use std::fmt;

use tree_sitter::Language;

/// What a leaf is, as captured in `references.scm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum ReferenceKind {
    /// What is called by its name alone: function, constructor, macro.
    Call,
    /// What is called on an object, a type or a module: `a.b()`, `A::b()`.
    Method,
    /// A type's name.
    Type,
    /// A type that is extended or implemented here.
    Inherit,
    /// A member that is read or written, not called.
    Member,
    /// Any other use of a name.
    Value,
    /// Stands in an import. No capture: the walk knows.
    Import,
}

impl ReferenceKind {
    pub const ALL: [Self; 7] =
        [Self::Call, Self::Method, Self::Type, Self::Inherit, Self::Member, Self::Value, Self::Import];

    /// The word behind `@reference.`, and the one that people read.
    pub fn word(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Method => "method",
            Self::Type => "type",
            Self::Inherit => "inherit",
            Self::Member => "member",
            Self::Value => "value",
            Self::Import => "import",
        }
    }
}

/// What a leaf rule says of its leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeafClass {
    Reference(ReferenceKind),
    /// The name of a parameter or a local variable.
    Local,
    /// Neither: stands before a more general rule.
    Ignored,
}

impl LeafClass {
    pub(super) fn named(capture: &str) -> Option<Self> {
        match capture {
            "local" => Some(Self::Local),
            "ignore" => Some(Self::Ignored),
            _ => {
                let word = capture.strip_prefix("reference.")?;
                ReferenceKind::ALL.into_iter().find(|kind| kind.word() == word).map(Self::Reference)
            }
        }
    }
}

/// One node of a chain: what it must be and which field of its parent it must stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// None for `_`.
    pub(super) kind: Option<u16>,
    pub(super) field: Option<u16>,
}

/// The captured leaf's text must be one of `words`, or must not.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    words: Vec<String>,
    wanted: bool,
}

#[derive(Clone, Debug)]
pub(super) struct LeafRule {
    pub(super) class: LeafClass,
    /// The leaf first, then its parent, and so on.
    pub(super) steps: Vec<Step>,
    conditions: Vec<Condition>,
}

impl LeafRule {
    pub(super) fn accepts(&self, text: &[u8]) -> bool {
        self.conditions
            .iter()
            .all(|condition| condition.words.iter().any(|word| word.as_bytes() == text) == condition.wanted)
    }
}

/// Why a query file cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RuleError(String);

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn error<T>(message: impl Into<String>) -> Result<T, RuleError> {
    Err(RuleError(message.into()))
}

/// Reads a query file of leaf rules, in order: where several match a leaf, the first counts.
pub(super) fn leaf_rules(source: &str, language: &Language) -> Result<Vec<LeafRule>, RuleError> {
    let mut rules = Vec::new();
    for pattern in read(source)? {
        let mut conditions = Vec::new();
        let mut chains = Vec::new();
        flatten(&pattern, language, &mut Vec::new(), &mut chains, &mut conditions)?;
        rules.extend(
            chains.into_iter().map(|(class, steps)| LeafRule { class, steps, conditions: conditions.clone() }),
        );
    }
    Ok(rules)
}

/// The kinds that the patterns of a query file begin with.
pub(super) fn root_kinds(source: &str, language: &Language) -> Result<Vec<u16>, RuleError> {
    let mut kinds = Vec::new();
    for pattern in read(source)? {
        roots(&pattern, language, &mut kinds)?;
    }
    Ok(kinds)
}

fn roots(pattern: &Pattern, language: &Language, kinds: &mut Vec<u16>) -> Result<(), RuleError> {
    match pattern {
        Pattern::Node { kind, .. } if kind != "_" => kinds.push(kind_id(kind, language)?),
        Pattern::Node { .. } | Pattern::Token => return error("a pattern may not begin with `_` or a token"),
        Pattern::Either(branches) => {
            for branch in branches {
                roots(branch, language, kinds)?;
            }
        }
    }
    Ok(())
}

fn kind_id(kind: &str, language: &Language) -> Result<u16, RuleError> {
    match language.id_for_node_kind(kind, true) {
        0 => error(format!("there is no node kind `{kind}`, or it is a supertype")),
        id => Ok(id),
    }
}

type Chain = (LeafClass, Vec<Step>);

/// Turns the branches of a pattern into chains. `above` holds the steps from the root down.
fn flatten(
    pattern: &Pattern,
    language: &Language,
    above: &mut Vec<Step>,
    chains: &mut Vec<Chain>,
    conditions: &mut Vec<Condition>,
) -> Result<(), RuleError> {
    match pattern {
        Pattern::Token => error("a leaf rule is made of named nodes"),
        Pattern::Either(branches) => {
            branches.iter().try_for_each(|branch| flatten(branch, language, above, chains, conditions))
        }
        Pattern::Node { kind, captures, children, predicates } => {
            for predicate in predicates {
                let wanted = match predicate.name.as_str() {
                    "eq?" | "any-of?" => true,
                    "not-eq?" | "not-any-of?" => false,
                    other => return error(format!("leaf rules do not know #{other}")),
                };
                conditions.push(Condition { words: predicate.words.clone(), wanted });
            }
            let kind = if kind == "_" { None } else { Some(kind_id(kind, language)?) };
            let field = above.pop().and_then(|placeholder| placeholder.field);
            above.push(Step { kind, field });
            match (captures.as_slice(), children.as_slice()) {
                ([capture], []) => {
                    let Some(class) = LeafClass::named(capture) else {
                        return error(format!("@{capture} is no capture of leaf rules"));
                    };
                    chains.push((class, above.iter().rev().copied().collect()));
                }
                ([], [child]) => {
                    let field = match &child.field {
                        Some(name) => match language.field_id_for_name(name) {
                            Some(id) => Some(id.get()),
                            None => return error(format!("there is no field `{name}`")),
                        },
                        None => None,
                    };
                    above.push(Step { kind: None, field });
                    flatten(&child.pattern, language, above, chains, conditions)?;
                    above.pop();
                }
                _ => return error("a leaf rule is a chain: one child a node, one capture at its end"),
            }
            // The placeholder that the caller made, with its field and no kind yet.
            above.pop();
            above.push(Step { kind: None, field });
            Ok(())
        }
    }
}

/// A query pattern, as much of it as is needed here.
#[derive(Debug)]
enum Pattern {
    Node { kind: String, captures: Vec<String>, children: Vec<Child>, predicates: Vec<Predicate> },
    Either(Vec<Pattern>),
    /// A quoted token.
    Token,
}

#[derive(Debug)]
struct Child {
    field: Option<String>,
    pattern: Pattern,
}

#[derive(Clone, Debug)]
struct Predicate {
    name: String,
    words: Vec<String>,
}

fn read(source: &str) -> Result<Vec<Pattern>, RuleError> {
    let mut reader = Reader { words: split(source), at: 0 };
    let mut patterns = Vec::new();
    while reader.peek().is_some() {
        patterns.push(reader.pattern()?);
    }
    Ok(patterns)
}

struct Reader<'a> {
    words: Vec<&'a str>,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).copied()
    }

    fn next(&mut self) -> Result<&'a str, RuleError> {
        let word = self.peek().ok_or(RuleError("the file ends inside a pattern".to_owned()))?;
        self.at += 1;
        Ok(word)
    }

    fn pattern(&mut self) -> Result<Pattern, RuleError> {
        let mut pattern = match self.next()? {
            "(" => self.node()?,
            "[" => {
                let mut branches = Vec::new();
                while self.peek() != Some("]") {
                    branches.push(self.pattern()?);
                }
                self.next()?;
                Pattern::Either(branches)
            }
            "_" => Pattern::Node { kind: "_".to_owned(), captures: vec![], children: vec![], predicates: vec![] },
            word if word.starts_with('"') => Pattern::Token,
            word => return error(format!("`{word}` where a pattern should begin")),
        };
        while let Some(word) = self.peek() {
            if let Some(capture) = word.strip_prefix('@') {
                capture_with(&mut pattern, capture);
            } else if !matches!(word, "?" | "*" | "+") {
                break;
            }
            self.at += 1;
        }
        Ok(pattern)
    }

    /// Behind the opening bracket. A bracket that holds patterns is a group, which counts as its first one.
    fn node(&mut self) -> Result<Pattern, RuleError> {
        let (mut children, mut predicates) = (Vec::new(), Vec::new());
        if matches!(self.peek(), Some("(" | "[")) {
            let mut group = self.pattern()?;
            while self.peek() != Some(")") {
                match self.next()? {
                    "(" if self.peek().is_some_and(|word| word.starts_with('#')) => predicates.push(self.predicate()?),
                    "." => {}
                    _ => {
                        self.at -= 1;
                        self.pattern()?;
                    }
                }
            }
            self.next()?;
            add_predicates(&mut group, &predicates);
            return Ok(group);
        }
        let kind = self.next()?.to_owned();
        loop {
            match self.next()? {
                ")" => break,
                "." | "/" => {}
                word if word.starts_with('!') => {}
                "(" if self.peek().is_some_and(|word| word.starts_with('#')) => predicates.push(self.predicate()?),
                word => {
                    let field = word.strip_suffix(':').map(str::to_owned);
                    if field.is_none() {
                        self.at -= 1;
                    }
                    children.push(Child { field, pattern: self.pattern()? });
                }
            }
        }
        Ok(Pattern::Node { kind, captures: Vec::new(), children, predicates })
    }

    fn predicate(&mut self) -> Result<Predicate, RuleError> {
        let name = self.next()?.trim_start_matches('#').to_owned();
        let mut words = Vec::new();
        loop {
            match self.next()? {
                ")" => return Ok(Predicate { name, words }),
                word if word.starts_with('@') => {}
                word => words.push(word.trim_matches('"').to_owned()),
            }
        }
    }
}

fn add_predicates(pattern: &mut Pattern, predicates: &[Predicate]) {
    match pattern {
        Pattern::Node { predicates: own, .. } => own.extend_from_slice(predicates),
        Pattern::Either(branches) => branches.iter_mut().for_each(|branch| add_predicates(branch, predicates)),
        Pattern::Token => {}
    }
}

fn capture_with(pattern: &mut Pattern, capture: &str) {
    match pattern {
        Pattern::Node { captures, .. } => captures.push(capture.to_owned()),
        Pattern::Either(branches) => branches.iter_mut().for_each(|branch| capture_with(branch, capture)),
        Pattern::Token => {}
    }
}

/// The words of a query file, without comments. A string keeps its opening quote.
fn split(source: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let bytes = source.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let start = at;
        at += 1;
        match byte {
            b';' => at += bytes[at..].iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len() - at),
            b'"' => {
                while bytes.get(at).is_some_and(|byte| *byte != b'"') {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at = (at + 1).min(bytes.len());
                words.push(&source[start..at]);
            }
            b'(' | b')' | b'[' | b']' | b'*' | b'+' | b'?' => words.push(&source[start..at]),
            byte if byte.is_ascii_whitespace() => {}
            _ => {
                let ends = |byte: &u8| byte.is_ascii_whitespace() || b"()[]\"*+;".contains(byte);
                at += bytes[at..].iter().position(ends).unwrap_or(bytes.len() - at);
                // The `?` of a predicate belongs to its name, that of a pattern does not follow a word.
                words.push(&source[start..at]);
            }
        }
    }
    words
}
