//! Reads the language of query files: as much of it as they use, and refuses the rest.

use std::fmt;

/// Why a query file cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RuleError(pub(super) String);

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(super) fn error<T>(message: impl Into<String>) -> Result<T, RuleError> {
    Err(RuleError(message.into()))
}

/// One pattern of a query file.
#[derive(Debug)]
pub(super) enum Pattern {
    Node(Node),
    /// `[…]`: one of these.
    Either(Vec<Pattern>),
}

/// What a node must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `(kind)`
    Named(String),
    /// `"token"`
    Token(String),
    /// `(_)`
    AnyNamed,
    /// `_`
    Any,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) captures: Vec<String>,
    pub(super) children: Vec<Child>,
    /// Fields that it may not have: `!field`.
    pub(super) without: Vec<String>,
    /// An anchor behind the last child.
    pub(super) ends: bool,
    pub(super) predicates: Vec<Predicate>,
}

#[derive(Debug)]
pub(super) struct Child {
    pub(super) field: Option<String>,
    pub(super) pattern: Pattern,
    /// `?`
    pub(super) is_optional: bool,
    /// An anchor before it.
    pub(super) is_adjacent: bool,
}

/// `(#name @capture "word" …)`
#[derive(Clone, Debug)]
pub(super) struct Predicate {
    pub(super) name: String,
    pub(super) capture: String,
    pub(super) words: Vec<String>,
}

impl Node {
    fn new(kind: Kind) -> Self {
        Self { kind, captures: vec![], children: vec![], without: vec![], ends: false, predicates: vec![] }
    }
}

pub(super) fn read(source: &str) -> Result<Vec<Pattern>, RuleError> {
    let mut reader = Reader { words: split(source), at: 0 };
    let mut patterns = Vec::new();
    while reader.peek().is_some() {
        match reader.pattern()? {
            (pattern, false) => patterns.push(pattern),
            (_, true) => return error("a pattern that need not match finds everything"),
        }
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

    /// With whether it is optional.
    fn pattern(&mut self) -> Result<(Pattern, bool), RuleError> {
        let mut pattern = match self.next()? {
            "(" => self.node()?,
            "[" => {
                let mut branches = Vec::new();
                while self.peek() != Some("]") {
                    match self.pattern()? {
                        (branch, false) => branches.push(branch),
                        (_, true) => return error("`?` belongs behind the `]`"),
                    }
                }
                self.next()?;
                Pattern::Either(branches)
            }
            "_" => Pattern::Node(Node::new(Kind::Any)),
            word if word.starts_with('"') => Pattern::Node(Node::new(Kind::Token(unquoted(word)))),
            word => return error(format!("`{word}` where a pattern should begin")),
        };
        let mut is_optional = false;
        while let Some(word) = self.peek() {
            match word {
                "?" => is_optional = true,
                "*" | "+" => return error(format!("`{word}` is not known here")),
                _ => match word.strip_prefix('@') {
                    Some(capture) => capture_with(&mut pattern, capture),
                    None => break,
                },
            }
            self.at += 1;
        }
        Ok((pattern, is_optional))
    }

    /// Behind the opening bracket. A bracket around a pattern holds its predicates.
    fn node(&mut self) -> Result<Pattern, RuleError> {
        if matches!(self.peek(), Some("(" | "[")) {
            let (mut group, _) = self.pattern()?;
            while self.peek() != Some(")") {
                match self.next()? {
                    "(" if self.peek().is_some_and(|word| word.starts_with('#')) => {
                        let predicate = self.predicate()?;
                        add_predicate(&mut group, &predicate);
                    }
                    word => return error(format!("`{word}` in a group: only predicates may follow its pattern")),
                }
            }
            self.next()?;
            return Ok(group);
        }
        let mut node = Node::new(match self.next()? {
            "_" => Kind::AnyNamed,
            kind => Kind::Named(kind.to_owned()),
        });
        let mut is_adjacent = false;
        loop {
            match self.next()? {
                ")" => {
                    node.ends = is_adjacent;
                    return Ok(Pattern::Node(node));
                }
                "." => is_adjacent = true,
                word if word.starts_with('!') => node.without.push(word[1..].to_owned()),
                "(" if self.peek().is_some_and(|word| word.starts_with('#')) => node.predicates.push(self.predicate()?),
                word => {
                    let field = word.strip_suffix(':').map(str::to_owned);
                    if field.is_none() {
                        self.at -= 1;
                    }
                    let (pattern, is_optional) = self.pattern()?;
                    node.children.push(Child { field, pattern, is_optional, is_adjacent });
                    is_adjacent = false;
                }
            }
        }
    }

    fn predicate(&mut self) -> Result<Predicate, RuleError> {
        let name = self.next()?.trim_start_matches('#').to_owned();
        let Some(capture) = self.next()?.strip_prefix('@') else {
            return error(format!("#{name} is about no capture"));
        };
        let mut words = Vec::new();
        loop {
            match self.next()? {
                ")" => return Ok(Predicate { name, capture: capture.to_owned(), words }),
                word if word.starts_with('"') => words.push(unquoted(word)),
                word => return error(format!("#{name} compares with a text, not with `{word}`")),
            }
        }
    }
}

fn add_predicate(pattern: &mut Pattern, predicate: &Predicate) {
    match pattern {
        Pattern::Node(node) => node.predicates.push(predicate.clone()),
        Pattern::Either(branches) => branches.iter_mut().for_each(|branch| add_predicate(branch, predicate)),
    }
}

fn capture_with(pattern: &mut Pattern, capture: &str) {
    match pattern {
        Pattern::Node(node) => node.captures.push(capture.to_owned()),
        Pattern::Either(branches) => branches.iter_mut().for_each(|branch| capture_with(branch, capture)),
    }
}

fn unquoted(word: &str) -> String {
    let inner = word.strip_prefix('"').unwrap_or(word);
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    let mut text = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        text.push(match character {
            '\\' => match characters.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('0') => '\0',
                Some(other) => other,
                None => '\\',
            },
            other => other,
        });
    }
    text
}

/// The words of a query file, without comments. A string keeps its quotes.
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
