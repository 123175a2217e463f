//! What became of suggestions: shown, accepted, typed by hand, rejected, and whether what was accepted still stands.
//!
//! For the user alone. Counts and features are kept in a database in the user's state directory; neither source text nor
//! the path of a file is. Nothing here can reach a network, and nothing here may hold up a keystroke: `Tracker` is a
//! state machine over events without threads, clock or disk, `Recorder` hands what it decides to a thread that writes.

mod change;
mod decision;
mod figures;
mod offer;
mod open;
mod reading;
mod recorder;
mod report;
mod similarity;
mod store;
mod tracker;
mod watch;

pub use figures::{Choice, Event, Figures, Kept, Mark, Outcome, Position, Row, Source, Trigger};
pub use recorder::{Ledger, Recorder};
pub use report::{Group, Grouping, KeptTotals, Latency, Rate, Report, Totals, wilson};
pub use store::{Retention, Store, StoreError};
pub use tracker::{Answer, Moment, Tracker};
