//! What a file defines, uses and imports: one walk over its tree.
//!
//! Definitions and imports are rare: their patterns are tried at the nodes that they can begin with (`pattern`). Names are
//! frequent and go through tables (`chain`). Never recursive over the tree: trees can be deeper than a stack.

mod chain;
mod found;
mod pattern;
mod reader;
mod rules;
mod walk;

use std::ops::Range;

pub use chain::ReferenceKind;
pub(super) use rules::TagRules;

/// What kind of thing is defined; the word behind `@definition.` in `definitions.scm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DefinitionKind {
    Module,
    Namespace,
    Class,
    Struct,
    Enum,
    Variant,
    Interface,
    Type,
    Function,
    Method,
    Constructor,
    Macro,
    Constant,
    Variable,
    Field,
    /// Adds to something that is defined elsewhere: `impl`, `extension`, `instance`. It holds definitions and is none.
    Extension,
    /// A section of prose.
    Heading,
    /// An entry of a data file.
    Key,
    /// A rule of a style sheet.
    Selector,
    /// An element of a document that has a name.
    Element,
}

impl DefinitionKind {
    pub const ALL: [Self; 20] = [
        Self::Module,
        Self::Namespace,
        Self::Class,
        Self::Struct,
        Self::Enum,
        Self::Variant,
        Self::Interface,
        Self::Type,
        Self::Function,
        Self::Method,
        Self::Constructor,
        Self::Macro,
        Self::Constant,
        Self::Variable,
        Self::Field,
        Self::Extension,
        Self::Heading,
        Self::Key,
        Self::Selector,
        Self::Element,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Module => "module",
            Self::Namespace => "namespace",
            Self::Class => "class",
            Self::Struct => "struct",
            Self::Enum => "enum",
            Self::Variant => "variant",
            Self::Interface => "interface",
            Self::Type => "type",
            Self::Function => "function",
            Self::Method => "method",
            Self::Constructor => "constructor",
            Self::Macro => "macro",
            Self::Constant => "constant",
            Self::Variable => "variable",
            Self::Field => "field",
            Self::Extension => "extension",
            Self::Heading => "heading",
            Self::Key => "key",
            Self::Selector => "selector",
            Self::Element => "element",
        }
    }

    /// By its word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Functions directly inside are methods.
    pub fn has_members(self) -> bool {
        matches!(self, Self::Class | Self::Struct | Self::Enum | Self::Interface | Self::Extension)
    }

    /// Has code inside, in which local variables live.
    pub fn is_callable(self) -> bool {
        matches!(self, Self::Function | Self::Method | Self::Constructor | Self::Macro)
    }
}

/// A place in a text: a row counted from 0 and a column in bytes. Both are clamped to `u32`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Place {
    pub row: u32,
    pub column: u32,
}

/// Something that has a name here. All offsets are bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    pub kind: DefinitionKind,
    pub name: Range<u32>,
    pub name_at: Place,
    /// The whole of it.
    pub range: Range<u32>,
    pub start: Place,
    pub end: Place,
    /// Where its body begins; what stands before is its signature. None without a body.
    pub body: Option<u32>,
    /// The definition around it, as an index into `Tags::definitions`.
    pub container: Option<u32>,
}

/// A name that is used here and not bound to a local variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub kind: ReferenceKind,
    pub name: Range<u32>,
    pub at: Place,
}

/// A local name that is bound here: a parameter or a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    pub name: Range<u32>,
    /// The function that it lives in, as an index into `Tags::definitions`.
    pub callable: Option<u32>,
}

/// A statement that brings in names from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    pub at: Place,
    /// As written, without quotes and angle brackets.
    pub path: String,
    /// Imported names, where they stand beside the path.
    pub names: Vec<String>,
}

/// Everything found in a file, each list in the order of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    pub definitions: Vec<Definition>,
    pub references: Vec<Reference>,
    pub imports: Vec<Import>,
}

#[cfg(test)]
mod tests;
