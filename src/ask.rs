//! A question about the workspace, from the words to the cited answer: route, pack, gate, stream, cite, settle.
//!
//! Knows no editor and no terminal: who asks gets steps (`Step`) and shows them.

mod question;
mod step;

pub use question::{Focus, Kind, Question};
pub use step::{ConsentReply, ConsentRequest, Footer, Step};
