//! The completion pipeline: trigger → context → prompt → generate → shape → choose → remember; and what is
//! prepared before it is asked for.
//!
//! A completion never leaves the machine, and answers nothing rather than something stale.

mod account;
mod ahead;
mod anchor;
mod basis;
mod calibration;
mod choose;
mod collect;
mod counts;
pub mod debounce;
mod doubt;
mod flight;
pub mod gate;
mod lane;
mod memory;
mod model;
mod outcome;
mod place;
mod prefill;
mod prompt;
mod request;
pub mod shape;
mod silence;
mod suggest;
mod trigger;
mod wanted;

pub use ahead::look_ahead;
pub use calibration::{Calibration, Thresholds, model_digest, word as source_word};
pub use counts::LookAheadCounts;
pub use flight::Flights;
pub use lane::{Lane, Ticket};
pub use outcome::{Decision, EngineJob, Outcome, Reason, Source, Stage, Suggestion, SyntaxCheck, Trigger, Why};
pub use place::Place;
pub use prefill::prefill;
pub use request::{Patience, Purpose, Request};
pub use suggest::{recall, suggest};
pub use wanted::Paused;
