//! The first index of a directory, and the next start.

use std::path::Path;
use std::time::Duration;

use tandem::config::IndexSettings;
use tandem::index::{Index, IndexOptions};
use tandem::syntax::{Language, parse_source, spawn_parsing_thread};

use super::cost::{memory, timed};

pub fn run(directory: &Path) {
    let store = tempfile::tempdir().expect("a directory");
    let options = IndexOptions::new(&IndexSettings::default(), Some(store.path().to_owned()));
    let (before, _) = memory();
    let started = std::time::Instant::now();
    let (index, cold) = timed(|| {
        let index = Index::open(directory, options.clone());
        index.settle();
        index
    });
    let wall = started.elapsed();
    let (after, peak) = memory();
    let totals = index.read().totals();
    let estimate = index.read().bytes();
    let paths: Vec<String> = index.read().files().map(|(_, file)| file.path.to_string()).collect();
    let root = index.root().to_owned();
    drop(index);

    // On a thread as the index has them, so that neither side starts one for each file.
    let most = options.file.bytes;
    let floor = timed(|| {
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
    .1;
    let (again, warm) = timed(|| {
        let index = Index::open(directory, options.clone());
        index.settle();
        index
    });
    let mb = |bytes: u64| bytes as f64 / 1e6;
    println!("{}", directory.display());
    println!(
        "  {} files, {:.1} MB, {} definitions, {} references, {} imports",
        totals.files,
        mb(totals.source_bytes),
        totals.definitions,
        totals.references,
        totals.imports
    );
    println!(
        "  cold {:.2} s CPU ({:.2} s wall), floor {:.2} s CPU, ratio {:.2}; warm {:.3} s CPU, {:.1} % of cold",
        cold.as_secs_f64(),
        wall.as_secs_f64(),
        floor.as_secs_f64(),
        cold.as_secs_f64() / floor.as_secs_f64(),
        warm.as_secs_f64(),
        warm.as_secs_f64() / cold.as_secs_f64() * 100.0
    );
    println!(
        "  memory +{:.1} MB after, peak {:.1} MB (goal {:.1}), estimate {:.1} MB, {:.0} bytes a definition or reference; stored {:.1} MB",
        mb(after.saturating_sub(before)),
        mb(peak),
        80.0 + 0.5 * mb(totals.source_bytes),
        mb(estimate as u64),
        after.saturating_sub(before) as f64 / (totals.definitions + totals.references) as f64,
        again.stored_at().and_then(|file| file.metadata().ok()).map_or(0.0, |data| mb(data.len()))
    );
    assert_eq!(again.read().totals(), totals, "the stored index is the same");
}
