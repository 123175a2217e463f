//! A question about the workspace, from the words to the cited answer: route, pack, gate, stream, cite, settle.
//!
//! Knows no editor and no terminal: who asks gets steps (`Step`) and shows them.

mod asker;
mod cite;
mod diff;
mod here;
mod inert;
mod measure;
#[cfg(feature = "cloud")]
mod outside;
mod pack;
mod question;
mod refusal;
pub mod remote;
mod retrieval;
mod route;
mod step;
#[cfg(test)]
mod testing;
mod threads;
mod workspace;

pub use asker::{Asked, Asker, Parts, Payload};
pub use cite::{Cited, Passage};
pub use diff::Diff;
pub use measure::{Packed, measure_pack};
#[cfg(feature = "cloud")]
pub use outside::{Outside, OutsideParts};
pub use question::{Focus, Kind, Question};
pub use step::{ConsentReply, ConsentRequest, Footer, Step};
pub use threads::{Thread, ThreadEntry, ThreadTurn, Threads};
pub use workspace::{OpenText, Workspace};
