//! The formula of `models::size` beside what llama.cpp itself says it would take, over shapes from 0.5B to 30B-A3B.
//!
//! `cargo bench --bench memory` (needs llama.cpp): files with holes for weights, so it takes a few megabytes of disk.

#[cfg(feature = "llama")]
#[path = "../tests/support/synth.rs"]
mod synth;

#[cfg(feature = "llama")]
#[path = "memory/table.rs"]
mod table;

fn main() {
    #[cfg(feature = "llama")]
    table::print();
    #[cfg(not(feature = "llama"))]
    println!("this build has no llama.cpp to compare with: build with the feature llama");
}
