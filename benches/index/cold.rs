//! The first index of a directory, the first answer, and the next start.

use std::path::Path;
use std::time::{Duration, Instant};

use ropey::Rope;
use tandem::config::IndexSettings;
use tandem::index::{Index, IndexOptions};
use tandem::syntax::{Language, SyntaxTree, parse_source, spawn_parsing_thread};

use super::cost::{mb, memory, timed};

/// Starts of an unchanged workspace; the median counts.
const WARM_STARTS: usize = 5;

pub fn run(directory: &Path) {
    let store = tempfile::tempdir().expect("a directory");
    let options = IndexOptions::new(&IndexSettings::default(), Some(store.path().to_owned()));
    let (before, _) = memory();
    let started = Instant::now();
    let (index, cold) = timed(|| {
        let index = Index::open(directory, options.clone());
        index.settle();
        index
    });
    let wall = started.elapsed();
    let (after, _) = memory();
    let totals = index.read().totals();
    let estimate = index.read().bytes();
    let paths: Vec<String> = index.read().files().map(|(_, file)| file.path.to_string()).collect();
    let (saved, save) = timed(|| index.save());
    saved.expect("the index can be stored");
    let (_, peak) = memory();
    drop(index);

    // On a thread as the index has them, so that neither side starts one for each file.
    let floor = floor(directory, paths, options.file.bytes);
    let start = || {
        let index = Index::open(directory, options.clone());
        index.settle();
        index
    };
    let mut warm: Vec<Duration> = (0..WARM_STARTS).map(|_| timed(start).1).collect();
    warm.sort_unstable();
    let warm = warm[WARM_STARTS / 2];
    let again = start();
    println!(
        "  {} files, {:.1} MB, {} definitions, {} references, {} imports",
        totals.files,
        mb(totals.source_bytes),
        totals.definitions,
        totals.references,
        totals.imports
    );
    let cold = cold + save;
    println!(
        "  cold {:.2} s CPU with {:.2} s to store it ({:.2} s wall), floor {:.2} s CPU, ratio {:.2}; warm {:.3} s CPU, {:.1} % of cold",
        cold.as_secs_f64(),
        save.as_secs_f64(),
        wall.as_secs_f64(),
        floor.as_secs_f64(),
        cold.as_secs_f64() / floor.as_secs_f64(),
        warm.as_secs_f64(),
        warm.as_secs_f64() / cold.as_secs_f64() * 100.0
    );
    let tagged = (totals.definitions + totals.references) as f64;
    println!(
        "  memory {:.1} MB before, +{:.1} after: {:.0} bytes a definition or reference ({:.0} by estimate); peak {:.1} MB (goal {:.1}); stored {:.1} MB",
        mb(before),
        mb(after.saturating_sub(before)),
        after.saturating_sub(before) as f64 / tagged,
        estimate as f64 / tagged,
        mb(peak),
        80.0 + 0.5 * mb(totals.source_bytes),
        again.stored_at().and_then(|file| file.metadata().ok()).map_or(0.0, |data| mb(data.len()))
    );
    assert_eq!(again.read().totals().definitions, totals.definitions, "the stored index is the same");
    assert_eq!(again.read().totals().references, totals.references, "the stored index is the same");
    drop(again);
    first_answer(directory);
}

/// CPU time of parsing the same files on one thread.
fn floor(directory: &Path, paths: Vec<String>, most: u64) -> Duration {
    let root = directory.to_owned();
    timed(|| {
        let parse = move || {
            for path in &paths {
                let Some(language) = Language::detect("", path, "") else { continue };
                let Ok(text) = std::fs::read(root.join(path)) else { continue };
                if text.len() as u64 <= most && !text.contains(&0) {
                    parse_source(language, &text, Duration::from_secs(10));
                }
            }
        };
        spawn_parsing_thread("floor", parse).expect("a thread").join().expect("no panic");
    })
    .1
}

/// From the opening of a workspace with one document open, nothing stored, to the outline of a file
/// beside it.
fn first_answer(directory: &Path) {
    let paths = {
        let index = Index::open(directory, IndexOptions::new(&IndexSettings::default(), None));
        index.settle();
        let state = index.read();
        // Late in the order of paths, so that nearness is what brings it forward.
        let code = |path: &str| Language::detect("", path, "").is_some_and(|language| !language.is_outline());
        let last = state.ordered().into_iter().rev().filter_map(|id| state.file(id));
        let paths: Vec<String> = last.map(|file| file.path.to_string()).filter(|path| code(path)).collect();
        let folder = |path: &str| path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let has_symbols = |path: &str| state.file_at(path).is_some_and(|file| !file.facts.symbols.is_empty());
        let fits = |pair: &&[String]| folder(&pair[0]) == folder(&pair[1]) && has_symbols(&pair[1]);
        paths.windows(2).find(fits).map(<[String]>::to_vec)
    };
    let Some(paths) = paths else { return };
    let [open, beside] = &paths[..] else { return };
    let text = std::fs::read_to_string(directory.join(open)).unwrap_or_default();
    let started = Instant::now();
    let index = Index::open(directory, IndexOptions::new(&IndexSettings::default(), None));
    let rope = Rope::from_str(&text);
    let language = Language::detect("", open, "");
    let tree = language.and_then(|language| SyntaxTree::parse(language, &rope, None));
    index.set_document(&index.root().join(open), language, &rope, tree.as_ref());
    while index.outline(beside).is_none_or(|outline| outline.is_empty()) {
        if started.elapsed() > Duration::from_secs(60) {
            println!("  first useful answer: none within a minute");
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let done = index.read().totals().files;
    println!("  first useful answer after {:.0} ms, {done} files known by then", started.elapsed().as_secs_f64() * 1e3);
}
