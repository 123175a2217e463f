//! The completion pipeline with the starter model: what a keystroke costs.
//!
//! `cargo bench --bench completion` (release build, llama.cpp on one thread). Times are wall times of a machine that may
//! be busy: the medians are what counts; tokens are exact.

#[cfg(feature = "llama")]
mod completion {
    pub mod editor;
    pub mod measure;
}

#[cfg(feature = "llama")]
fn main() {
    completion::measure::run();
}

#[cfg(not(feature = "llama"))]
fn main() {
    println!("this bench measures the model's path: run it with the default features");
}
