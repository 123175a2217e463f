//! What the machine can spare for a model: memory, the battery's charge, heat. Read from the system's files below a
//! directory that tests replace, judged with patience so that nothing flaps, and turned into what the engine should do.
//!
//! Linux only: other systems tell these things through interfaces that would need unsafe code or a program of their own,
//! so there nothing is known, and nothing is done.

mod heat;
mod judge;
mod machine;
mod memory;
mod stance;
mod supply;
mod watch;

pub use heat::Heat;
pub use judge::{Conditions, Judge};
pub use machine::{Machine, Reading};
pub use memory::{Memory, Room, Stalls};
pub use stance::{Cause, Rules, Stance};
pub use watch::{PERIOD, Watch};

#[cfg(test)]
mod tests;
