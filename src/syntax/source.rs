//! Files that are read once and not edited: parsed from one piece of memory, without keeping the tree.

use std::time::Duration;

use super::tags::Tags;
use super::{Language, tree};

/// What `text` defines, uses and imports. None when it is too long or takes longer than `limit` to parse.
pub fn tags_of_source(language: &Language, text: &[u8], limit: Duration) -> Option<Tags> {
    let tree = tree::parse_bytes(limit, language, text)?;
    Some(Tags::find(language.grammar().tags(), &tree, text))
}

/// Only parses: the floor that benches compare the index with.
pub fn parse_source(language: &Language, text: &[u8], limit: Duration) -> bool {
    tree::parse_bytes(limit, language, text).is_some()
}
