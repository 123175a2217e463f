//! Whether a model fits a machine, and how: layers on the GPU, tokens of context, prompts kept ready, the type of the
//! key-value cache. Nothing here touches a device; who asks brings what the machine has.

pub mod choice;
mod ladder;
mod machine;
#[cfg(test)]
mod tests;

pub use choice::{Candidate, Choice, Pace, choose};
pub use ladder::{Plan, Step, TooLarge, Wish, ladder};
pub use machine::{Gpu, Machine, Rate, Source, gibibytes};

/// Sequences that hold lanes' prompts when memory allows.
pub const MOST_SLOTS: u32 = 4;

/// Most candidates of one job: each takes a sequence while it is written.
pub const MOST_CANDIDATES: u32 = 4;

/// Longest prefill step: on a CPU a cancel waits for it, on a GPU it takes a few ms whatever its length.
pub const CPU_BATCH: u32 = 64;
pub const GPU_BATCH: u32 = 512;
