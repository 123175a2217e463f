//! Typing sessions made from real commits, played in real time: how much of the typing needs the model, how much the model
//! computes, and whether what is shown stays.
//!
//! `cargo bench --bench replay -- [--minutes=10] [--speed=1] [--accept=no] [--seed=1] [--no-look-ahead] [--keys=FILE]
//! REPOSITORY[@COMMIT] …`.
//! The commits that lead to COMMIT (or HEAD) are typed, oldest first, as many as fill the minutes: the files as they were
//! before are put into a directory of their own, each changed place is gone to, and what is new there is typed key by key
//! with the pauses of a person, with the completion asked for as VS Code does. A suggestion that is what is about to be typed
//! is accepted. Several repositories are played at the same time, each with an engine of its own. `--speed=2` halves all
//! pauses, which makes the machine look half as fast.
//! `--keys` writes what came of each key.

#[cfg(feature = "llama")]
#[path = "index/cost.rs"]
#[allow(dead_code)]
mod cost;
#[cfg(feature = "llama")]
mod replay {
    pub mod counted;
    pub mod editor;
    pub mod figures;
    pub mod hands;
    pub mod history;
    pub mod play;
}

#[cfg(feature = "llama")]
fn main() -> std::process::ExitCode {
    replay::play::run()
}

#[cfg(not(feature = "llama"))]
fn main() {
    println!("this bench measures the model's path: run it with the default features");
}
