//! Search by meaning: what vectors find that words do not, and what they cost.
//!
//! `cargo bench --bench semantic -- --model FILE DIRECTORY …` asks what comments say of functions without the comments, and names in
//! other words, by words, by vectors and by both; FILE is an embedding model (GGUF), the directories are repositories. Without
//! `--model`, words are hashed in its place, which is the floor for every model. `--questions N` of each kind (300).
//! `cargo bench --no-default-features --bench semantic -- --scale [PIECES] [--dimensions N] [--searches N]` measures everything but the model: a
//! made-up repository, vectors that are noise.

#[path = "index/cost.rs"]
mod cost;

mod semantic {
    pub mod quality;
    pub mod scale;
}

use std::path::PathBuf;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let after = |name: &str| {
        let at = words.iter().position(|word| word == name)?;
        words.get(at + 1).filter(|word| !word.starts_with('-')).cloned()
    };
    let number = |name: &str, usual: usize| after(name).map_or(usual, |word| word.parse().expect("a number"));
    if words.iter().any(|word| word == "--scale") {
        let (pieces, dimensions) = (number("--scale", 100_000), number("--dimensions", 384));
        semantic::scale::run(pieces, dimensions, number("--searches", 200));
        return;
    }
    let options = ["--model", "--questions"];
    let is_value = |at: usize| at > 0 && options.contains(&words[at - 1].as_str());
    let directories: Vec<PathBuf> = (0..words.len())
        .filter(|at| !words[*at].starts_with('-') && !is_value(*at))
        .map(|at| PathBuf::from(&words[at]))
        .collect();
    if directories.is_empty() {
        println!("semantic: no directories given: cargo bench --bench semantic -- --model FILE DIRECTORY …");
        return;
    }
    semantic::quality::run(after("--model").map(PathBuf::from), number("--questions", 300), &directories);
}
