//! What an edit of a definition leaves behind: uses of a name that it does not have any more, and calls that give it what
//! it does not take any more. Found by syntax and by the index, without a model.
//!
//! A `Tracker` follows one document: what it defines, and what that was called when it last stood still. A `Finder` asks
//! the index who may have meant it, reads those files as they are now, and says what should stand there. Where that is not
//! certain it says so, and where syntax does not suffice it gives the place alone.

mod arguments;
mod change;
mod finder;
mod library;
mod order;
mod pairing;
mod snapshot;
mod tracker;
mod uses;

pub use change::{Certainty, Change, Parameter, PlaceKind, Replacement, Shape, StalePlace};
pub use finder::{Finder, Findings};
pub use library::{Library, OpenText, Page};
pub use order::{Standpoint, order};
pub use snapshot::Snapshot;
pub use tracker::Tracker;

#[cfg(test)]
mod tests;
