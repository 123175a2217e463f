//! `git checkout` of another branch: a thousand files with other contents at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tandem::config::IndexSettings;
use tandem::index::{Index, IndexOptions};
use tandem::syntax::{Language, parse_source, spawn_parsing_thread};

use super::cost::timed;

const FILES: usize = 1_000;

/// In a copy: what is measured is not written to.
pub fn run(directory: &Path) {
    let copy = tempfile::tempdir().expect("a directory");
    let index = Index::open(directory, IndexOptions::new(&IndexSettings::default(), None));
    index.settle();
    let files: Vec<(String, Option<&'static Language>)> = {
        let state = index.read();
        let files = state.ordered().into_iter().filter_map(|id| state.file(id));
        files.map(|file| (file.path.to_string(), file.language)).collect()
    };
    drop(index);
    for (path, _) in &files {
        let to = copy.path().join(path);
        std::fs::create_dir_all(to.parent().expect("a parent")).expect("a directory");
        std::fs::copy(directory.join(path), to).expect("a copy");
    }
    let index = Index::open(copy.path(), IndexOptions::new(&IndexSettings::default(), None));
    index.settle();
    index.update_graph();
    measure(&index, "a name in it is another", rename(copy.path(), &files));
    measure(&index, "its whole content is another", exchange(copy.path(), &files));
}

fn measure(index: &Index, what: &str, changed: Vec<(PathBuf, &'static Language)>) {
    if changed.is_empty() {
        return;
    }
    let before = index.read().generation();
    let texts: Vec<(&'static Language, Vec<u8>)> =
        changed.iter().map(|(path, language)| (*language, std::fs::read(path).expect("a changed file"))).collect();
    let parse = move || {
        for (language, text) in &texts {
            parse_source(language, text, Duration::from_secs(10));
        }
    };
    let (_, floor) = timed(|| spawn_parsing_thread("floor", parse).expect("a thread").join().expect("no panic"));
    let started = Instant::now();
    let (_, cpu) = timed(|| {
        index.changed(changed.iter().map(|(path, _)| path.clone()).collect());
        index.settle();
    });
    let wall = started.elapsed();
    let (_, graph) = timed(|| index.update_graph());
    // Some neighbours are equal, empty files above all.
    assert!(index.read().generation() >= before + changed.len() as u64 / 2, "other contents count");
    println!(
        "  checkout of {} files, {what}: {:.3} s CPU ({:.3} s wall), {:.2} s per core-second of parsing them; graph {:.3} s CPU",
        changed.len(),
        cpu.as_secs_f64(),
        wall.as_secs_f64(),
        cpu.as_secs_f64() / floor.as_secs_f64(),
        graph.as_secs_f64()
    );
}

/// Up to `FILES` files in which the word that stands there most often has got a `2` at its end.
fn rename(root: &Path, files: &[(String, Option<&'static Language>)]) -> Vec<(PathBuf, &'static Language)> {
    let mut changed = Vec::new();
    for (path, language) in files {
        let Some(language) = language.filter(|language| !language.is_outline() && changed.len() < FILES) else {
            continue;
        };
        let Ok(text) = std::fs::read_to_string(root.join(path)) else { continue };
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        // Longer than the words of a language.
        words.filter(|word| word.len() > 9).for_each(|word| *counts.entry(word).or_default() += 1);
        let Some((word, _)) = counts.into_iter().max_by_key(|(_, count)| *count) else { continue };
        std::fs::write(root.join(path), text.replace(word, &format!("{word}2"))).expect("it can be written");
        changed.push((root.join(path), language));
    }
    changed
}

/// Gives up to `FILES` files the contents of their neighbours of the same language.
fn exchange(root: &Path, files: &[(String, Option<&'static Language>)]) -> Vec<(PathBuf, &'static Language)> {
    let mut languages: Vec<&'static Language> = files.iter().filter_map(|(_, language)| *language).collect();
    languages.sort_by_key(|language| &language.name);
    languages.dedup_by_key(|language| &language.name);
    let mut changed = Vec::new();
    for language in languages.into_iter().filter(|language| !language.is_outline()) {
        let paths: Vec<PathBuf> = files
            .iter()
            .filter(|(_, of)| of.is_some_and(|of| of.name == language.name))
            .map(|(path, _)| root.join(path))
            .take(FILES - changed.len())
            .collect();
        let mut contents: Vec<Vec<u8>> = paths.iter().map(|path| std::fs::read(path).expect("a file")).collect();
        contents.rotate_left(1.min(paths.len()));
        // Of a language with one file the neighbour is itself.
        if let [alone] = &mut contents[..] {
            alone.extend_from_slice(b"\nonce_more\n");
        }
        for (path, content) in paths.into_iter().zip(contents) {
            std::fs::write(&path, content).expect("it can be written");
            changed.push((path, language));
        }
    }
    changed
}
