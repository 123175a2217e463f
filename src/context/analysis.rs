//! What is known of one version of a document beyond its text.

use std::sync::Arc;

use crate::engine::lookup::DocumentTokens;
use crate::syntax::SyntaxTree;

/// Made off the protocol task; a request waits for the one of its version, briefly, and goes on without it.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// Counts the changes of the document, whatever the client calls its versions.
    pub revision: u64,
    /// None for a language without a grammar, or a text that took too long to parse.
    pub tree: Option<Arc<SyntaxTree>>,
    pub tokens: Option<Arc<DocumentTokens>>,
    /// The text took too long to parse; before this revision it is not tried again, for each try costs the limit.
    pub next_parse: u64,
}
