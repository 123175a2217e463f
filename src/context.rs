//! What a prompt may contain: the window around the cursor, signatures from elsewhere in the repository, the last edits,
//! and what was found out about the document's text.
//!
//! The exact cut to tokens is the engine's, which has the vocabulary.

mod analysis;
mod desk;
mod edits;
mod pieces;
mod selection;
mod signatures;
mod views;
mod window;

pub use analysis::Analysis;
pub use desk::{Considered, ContextQuery, Desk, EDITS_PERCENT};
pub use edits::{Hunk, RecentEdits};
pub use selection::{ALLOWED_LOSS, Selection};
pub use signatures::TokenCount;
pub use views::{RecentViews, View};
pub use window::{Window, window};
