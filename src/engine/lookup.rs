//! The lookup engine: continues by the longest matching token context. Needs no model, answers in microseconds.

mod corpus;

pub use corpus::Corpus;
