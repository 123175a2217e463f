//! What a prompt may contain: the window around the cursor, and what was found out about the document's text.
//!
//! The exact cut to tokens is the engine's, which has the vocabulary.

mod analysis;
mod window;

pub use analysis::Analysis;
pub use window::{Window, window};
