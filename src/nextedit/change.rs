//! What changed of a definition, and a place that has not followed.

use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

use super::library::Page;
use crate::syntax::{DefinitionKind, ItemRole};
use crate::text::DocumentId;

/// A parameter as its signature spells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Empty where it has none, as a pattern has.
    pub name: String,
    /// The whole of it without its name: what it takes.
    pub rest: String,
    pub default: Option<String>,
    pub role: ItemRole,
}

/// What users of a definition have to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    pub name: String,
    /// None where they cannot be told.
    pub parameters: Option<Vec<Parameter>>,
    /// On one line.
    pub signature: String,
}

impl Shape {
    pub fn takes_the_same(&self, other: &Self) -> bool {
        self.parameters == other.parameters
    }
}

/// A definition that is not what it was when it last stood still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The same as long as it is the same definition of the same document.
    pub number: u64,
    pub document: DocumentId,
    /// Of the document in the index.
    pub path: String,
    pub kind: DefinitionKind,
    /// Names of the type that it is a member of: the one that it has, and those that it had. Empty where it is none.
    pub owners: Vec<String>,
    pub has_body: bool,
    pub now: Shape,
    /// What it was, the newest first.
    pub before: Vec<Shape>,
    /// Of its name as it is now, in bytes.
    pub name_at: Range<usize>,
    /// From its start to its body.
    pub head: Range<usize>,
    /// Of a local variable: the function that it lives in.
    pub scope: Option<Range<usize>>,
}

impl Change {
    /// Whether this is the type that it is a member of.
    pub fn is_owner(&self, name: &str) -> bool {
        self.owners.iter().any(|owner| owner == name)
    }
}

/// How surely a place means the definition that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Certainty {
    /// By scope, import, or a receiver whose type is told.
    Sure,
    /// Nothing else in the workspace has this name.
    Likely,
    /// Something else may be meant: for the user to look at, one by one.
    Possible,
}

/// What is to be done at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum PlaceKind {
    Rename,
    Signature,
}

/// Text to put in place of other text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    pub range: Range<usize>,
    pub text: String,
}

/// A place that has not followed a change.
#[derive(Clone, Debug)]
pub struct StalePlace {
    /// The text that the place is of. Offsets are of this version and no other.
    pub page: Arc<Page>,
    /// The name, in bytes.
    pub range: Range<usize>,
    pub kind: PlaceKind,
    pub certainty: Certainty,
    /// None where syntax does not say what should stand there.
    pub edit: Option<Replacement>,
    /// The former name, or the name of what takes other arguments now.
    pub name: String,
    /// A sentence.
    pub message: String,
    /// `Change::number`.
    pub change: u64,
    /// Where that definition stands, and its signature in bytes.
    pub document: DocumentId,
    pub head: Range<usize>,
}

impl StalePlace {
    /// May be changed together with others, unseen.
    pub fn is_safe(&self) -> bool {
        self.edit.is_some() && self.certainty <= Certainty::Likely
    }
}
