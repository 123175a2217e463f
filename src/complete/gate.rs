//! Show or hide: what is known of a suggestion, and how probable that makes it that its first line is right.
//!
//! A suggestion is described by a fixed list of numbers, a weight for each turns them into log-odds, and what a weight added
//! is told to the user. The weights come with the program for lookup and the starter model; `tandem eval --calibrate` fits
//! those of any model.

mod features;
mod logistic;
mod scene;
mod verdict;

pub use features::{Feature, Features, line_end};
pub use logistic::{Logistic, Weight, log_odds};
pub use scene::Scene;
pub use verdict::{Contribution, GateAccount, Verdict};
