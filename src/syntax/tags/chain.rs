//! Leaf rules: `references.scm` compiled to tables.
//!
//! Every second node of a tree is a name, so asking tree-sitter's query engine about each would cost more than parsing.
//! A leaf rule is a chain of nodes from an ancestor down to one captured leaf; it is checked against the path that the
//! walk has at hand anyway. The files stay valid queries, and a test compares the tables with tree-sitter's own engine.

use tree_sitter::Language;

use super::reader::{Kind, Pattern, RuleError, error, read};

/// What a leaf is, as captured in `references.scm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
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

/// Reads a query file of leaf rules, in order: where several match a leaf, the first counts.
pub(super) fn leaf_rules(source: &str, language: &Language) -> Result<Vec<LeafRule>, RuleError> {
    let mut rules = Vec::new();
    for pattern in read(source)? {
        let mut conditions = Vec::new();
        let mut chains = Vec::new();
        flatten(&pattern, language, &mut Vec::new(), &mut chains, &mut conditions)?;
        rules.extend(chains.into_iter().map(|(class, steps)| LeafRule {
            class,
            steps,
            conditions: conditions.clone(),
        }));
    }
    Ok(rules)
}

/// The number of a kind of nodes.
pub(super) fn kind_id(kind: &str, is_named: bool, language: &Language) -> Result<u16, RuleError> {
    match language.id_for_node_kind(kind, is_named) {
        0 => error(format!("there is no node kind `{kind}`, or it is a supertype")),
        id => Ok(id),
    }
}

/// The number of a field.
pub(super) fn field_id(field: &str, language: &Language) -> Result<u16, RuleError> {
    match language.field_id_for_name(field) {
        Some(id) => Ok(id.get()),
        None => error(format!("there is no field `{field}`")),
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
        Pattern::Either(branches) => {
            branches.iter().try_for_each(|branch| flatten(branch, language, above, chains, conditions))
        }
        Pattern::Node(node) => {
            for predicate in &node.predicates {
                let wanted = match predicate.name.as_str() {
                    "eq?" | "any-of?" => true,
                    "not-eq?" | "not-any-of?" => false,
                    other => return error(format!("leaf rules do not know #{other}")),
                };
                conditions.push(Condition { words: predicate.words.clone(), wanted });
            }
            let kind = match &node.kind {
                Kind::Named(kind) => Some(kind_id(kind, true, language)?),
                Kind::AnyNamed | Kind::Any => None,
                Kind::Token(_) => return error("a leaf rule is made of named nodes"),
            };
            if node.ends || !node.without.is_empty() {
                return error("leaf rules know neither anchors nor `!`");
            }
            let field = above.pop().and_then(|placeholder| placeholder.field);
            above.push(Step { kind, field });
            match (node.captures.as_slice(), node.children.as_slice()) {
                ([capture], []) => {
                    let Some(class) = LeafClass::named(capture) else {
                        return error(format!("@{capture} is no capture of leaf rules"));
                    };
                    chains.push((class, above.iter().rev().copied().collect()));
                }
                ([], [child]) => {
                    if child.is_optional || child.is_adjacent {
                        return error("leaf rules know neither anchors nor `?`");
                    }
                    let field = child.field.as_ref().map(|field| field_id(field, language)).transpose()?;
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
