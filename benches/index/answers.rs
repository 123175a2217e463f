//! Questions to an index that is there: symbols, words, the map.

use tandem::index::Index;

use super::cost::{Times, timed};

/// Questions of each kind.
const MANY: usize = 200;

pub fn run(index: &Index) {
    let names = names(index);
    if names.is_empty() {
        return;
    }
    let (mut lookups, mut fuzzy) = (Times::default(), Times::default());
    let (mut words, mut pairs) = (Times::default(), Times::default());
    let mut found = 0;
    for name in &names {
        found += lookups.add(|| index.definitions(name)).len();
        found += fuzzy.add(|| index.search_symbols(&shortened(name), 50)).len();
        found += words.add(|| index.search(name, 20)).len();
    }
    for pair in names.chunks_exact(2) {
        found += pairs.add(|| index.search(&format!("how does {} use {}", pair[0], pair[1]), 20)).len();
    }
    assert!(found > names.len(), "the questions have answers");
    println!("  lookup of a symbol by name {} ({} names)", lookups.describe(), names.len());
    println!(
        "  fuzzy symbol search {}; search by a name {}; by a question {}",
        fuzzy.describe(),
        words.describe(),
        pairs.describe()
    );
    let count = |text: &str| text.len().div_ceil(4);
    let (_, first) = timed(|| index.map(4096, &[], &count));
    let mut maps = Times::default();
    let mut focus: Vec<String> = index.definitions(&names[0]).into_iter().map(|found| found.path).collect();
    focus.truncate(1);
    for _ in 0..10 {
        let map = maps.add(|| index.map(4096, &focus, &count));
        assert!(map.tokens <= 4096);
    }
    println!(
        "  map of 4,096 tokens {}; the first, which makes the graph, {:.2} s CPU",
        maps.describe(),
        first.as_secs_f64()
    );
}

/// Different names that are defined, evenly spread over all of them.
fn names(index: &Index) -> Vec<String> {
    let state = index.read();
    let mut all: Vec<&str> = Vec::new();
    for id in state.ordered() {
        let Some(file) = state.file(id) else { continue };
        let code = file.language.is_some_and(|language| !language.is_outline());
        let names = file.facts.symbols.iter().map(|symbol| state.names().get(symbol.name));
        all.extend(names.filter(|name| code && name.len() > 2));
    }
    all.sort_unstable();
    all.dedup();
    let step = (all.len() / MANY).max(1);
    all.into_iter().step_by(step).take(MANY).map(str::to_owned).collect()
}

/// Every second character, as somebody in a hurry types.
fn shortened(name: &str) -> String {
    name.chars().step_by(2).collect()
}
