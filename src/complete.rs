//! The completion pipeline: trigger → context → prompt → generate → shape → choose → remember.
//!
//! A completion never leaves the machine, and answers nothing rather than something stale.

mod account;
mod anchor;
mod calibration;
mod choose;
mod collect;
mod flight;
pub mod gate;
mod lane;
mod memory;
mod outcome;
mod place;
mod request;
pub mod shape;
mod suggest;
mod trigger;

pub use calibration::{Calibration, Thresholds, model_digest, word as source_word};
pub use flight::Flights;
pub use lane::{Lane, Ticket};
pub use outcome::{Decision, Outcome, Reason, Source, Stage, Suggestion, SyntaxCheck, Trigger, Why};
pub use place::Place;
pub use request::{Patience, Request};
pub use suggest::{recall, suggest};
