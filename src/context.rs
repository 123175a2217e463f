//! What a prompt may contain: the window around the cursor, signatures from elsewhere in the repository, the last edits,
//! and what was found out about the document's text.
//!
//! The exact cut to tokens is the engine's, which has the vocabulary.

mod analysis;
mod desk;
mod edits;
mod selection;
mod signatures;
mod window;

pub use analysis::Analysis;
pub use desk::{Considered, ContextQuery, Desk, SIGNATURES_PERCENT};
pub use edits::{Hunk, RecentEdits};
pub use selection::{ALLOWED_LOSS, Selection};
pub use signatures::TokenCount;
pub use window::{Window, window};
