//! What the index costs, beside tree-sitter's bare parse of the same files in the same run.
//!
//! `cargo bench --no-default-features --bench index -- DIRECTORY …` (public repositories, checked out somewhere).

mod index {
    pub mod cold;
    pub mod cost;
}

use std::path::PathBuf;

fn main() {
    let directories: Vec<PathBuf> =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).map(PathBuf::from).collect();
    if directories.is_empty() {
        println!("index: no directories given: cargo bench --no-default-features --bench index -- DIRECTORY …");
        return;
    }
    for directory in directories {
        index::cold::run(&directory);
    }
}
