//! tree-sitter: languages as data, incremental trees, and the questions that completion asks of them.
//!
//! Parsing never fails: it returns a tree with error nodes, or nothing where there is no grammar or no time.

mod cursor;
mod grammar;
mod language;
mod layout;
mod lists;
mod source;
mod tags;
mod tokens;
mod tree;

pub use cursor::{CommentLine, Cursor, Region, Scope};
pub use grammar::grammars_fingerprint;
pub use language::Language;
pub use layout::Token;
pub use lists::{Call, Item, ItemRole, List};
pub use source::{parse_source, tags_of_source};
pub use tags::{Binding, Definition, DefinitionKind, Import, Place, Reference, ReferenceKind, Tags};
pub use tree::{Bracket, SyntaxTree, spawn_parsing_thread, spawn_scoped_parsing_thread};
