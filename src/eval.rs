//! The pipeline measured on a repository: text is cut out of its files, and what would be suggested there is compared with
//! it.
//!
//! Everything goes the way of an editor's request: open documents, the index, the engines, the gate. Nothing here prints;
//! whoever runs it shows the summary. The same seed, files and settings choose the same holes.

mod calibrate;
mod copies;
mod find;
mod gate;
mod hole;
mod journal;
mod random;
mod record;
mod regression;
mod run;
mod sample;
mod score;
mod search;
mod statistics;
mod summary;

pub use calibrate::{Fit, Quality, Threshold, fit, quality};
pub use gate::{Bin, Gate, Point};
pub use hole::{Copies, Hole, Kind, fingerprint};
pub use journal::{Header, Journal};
pub use record::{Candidate, Guess, Prompt, Record};
pub use run::Runner;
pub use sample::{Plan, Sample, sample};
pub use search::{
    Found, LOOKED_AT, QuestionKind, SearchFigures, SearchPlan, SearchQuestion, SearchRanks, ask, prepare,
};
pub use statistics::{Mean, Rate, Spread, percentile};
pub use summary::{Difference, Figures, Group, Summary, Tokens, VariantSummary};

#[cfg(test)]
mod testing;
