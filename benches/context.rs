//! What repository context finds: is the signature of what is about to be called in the prompt?
//!
//! `cargo bench --no-default-features --bench context -- [--sites=N] [--features=FILE] [--misses] [--typing] [--similar=PERCENT]
//! DIRECTORY …`. Call sites of functions that are
//! defined in other files, outside of functions, a fixed choice of them; the line of the call is cut out of the file, and the file as an editor
//! would have it, with the hole, is what the index knows. `--features` writes what is known of each candidate, for
//! `benches/context/fit.py`; `--misses` tells what was not found behind a bracket;
//! `--similar` is `completion.similarPercent`;
//! `--typing` types there instead, and counts how often the context changes.

mod context {
    pub mod baselines;
    pub mod retrieval;
    pub mod sites;
    pub mod typing;
}

use std::path::PathBuf;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| words.iter().find_map(|word| word.strip_prefix(name));
    let sites = value("--sites=").and_then(|number| number.parse().ok()).unwrap_or(200);
    let similar = value("--similar=").and_then(|number| number.parse().ok()).unwrap_or(0);
    let features = value("--features=").map(PathBuf::from);
    let tells_misses = words.iter().any(|word| word == "--misses");
    let directories: Vec<PathBuf> = words.iter().filter(|word| !word.starts_with('-')).map(PathBuf::from).collect();
    if directories.is_empty() {
        println!("context: no directories given: cargo bench --no-default-features --bench context -- DIRECTORY …");
        return;
    }
    if words.iter().any(|word| word == "--typing") {
        println!("{}", context::typing::Typing::heading());
        for directory in &directories {
            let typing = context::typing::run(directory, sites, similar);
            println!("{}", typing.row(&directory.file_name().unwrap_or_default().to_string_lossy()));
        }
        return;
    }
    let mut all = context::retrieval::Tally::default();
    println!("{}", context::retrieval::Tally::heading());
    for directory in &directories {
        let tally = context::retrieval::run(directory, sites, similar, features.as_deref(), tells_misses);
        println!("{}", tally.row(&directory.file_name().unwrap_or_default().to_string_lossy()));
        all.add(tally);
    }
    println!("{}", all.row("all"));
}
