//! The lookup engine: continues by the longest matching token context. Needs no model, answers in microseconds.
//!
//! It copies only from what it is given (the cursor's document, other open documents, a repository's tokens); it reads no
//! files and keeps nothing between requests.

mod corpus;
mod document;
mod engine;
mod features;
pub mod fit;
mod judge;
mod lexer;
mod matching;
mod mixture;
mod places;
mod predict;
mod render;
mod repository;
mod search;
mod source;
mod view;
mod weights;

pub use corpus::{Corpus, MAX_DOCUMENTS};
pub use document::{DocumentTokens, MAX_DOCUMENT_BYTES};
pub use engine::LookupEngine;
pub use features::{BUCKETS, ESCAPE_FEATURES, FEATURES};
pub use judge::probability;
pub use mixture::{BUILT_IN, Weights};
pub use predict::{Limits, Prediction, predict, predict_several, predict_with};
pub use repository::{Change, Repository, Vantage};
