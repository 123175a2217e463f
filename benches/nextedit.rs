//! What a rename leaves behind, on real repositories: which places are found, and how long that takes.
//!
//! `cargo bench --no-default-features --bench nextedit -- [--definitions=N] [--misses] DIRECTORY …`. A fixed choice of
//! definitions that are used elsewhere is renamed one after the other in a document that is open, and taken back. Of a name that the
//! repository defines once, and that is long enough to be nobody else's, every whole word in code of that family of languages
//! should follow: against these, places are right or missed. `--misses` tells which were not found.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustc_hash::{FxHashMap, FxHashSet};
use tandem::config::IndexSettings;
use tandem::index::{Index, IndexOptions, Role};
use tandem::nextedit::{Finder, Library, OpenText, Page, PlaceKind, Snapshot, StalePlace, Tracker};
use tandem::syntax::{Language, Place, Region, SyntaxTree};
use tandem::text::Document;

/// A shorter name is a word of libraries, too.
const LEAST_NAME: usize = 8;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| words.iter().find_map(|word| word.strip_prefix(name));
    let most = value("--definitions=").and_then(|number| number.parse().ok()).unwrap_or(100);
    let tells = words.iter().any(|word| word == "--misses");
    let directories: Vec<PathBuf> = words.iter().filter(|word| !word.starts_with('-')).map(PathBuf::from).collect();
    if directories.is_empty() {
        println!("nextedit: no directories given: cargo bench --no-default-features --bench nextedit -- DIRECTORY …");
        return;
    }
    println!("{}", Tally::HEADING);
    let mut all = Tally::default();
    for directory in &directories {
        let tally = run(directory, most, tells);
        println!("{}", tally.row(&directory.file_name().unwrap_or_default().to_string_lossy()));
        all.add(tally);
    }
    println!("{}", all.row("all"));
}

/// A definition to rename.
struct Target {
    path: String,
    name: String,
    name_at: Place,
    is_member: bool,
}

#[derive(Default)]
struct Tally {
    renamed: usize,
    /// Places that should follow, and those among them that were found: to be changed together, and at all.
    wanted: usize,
    safe: usize,
    safe_right: usize,
    found: usize,
    right: usize,
    /// The same of functions and types alone.
    wanted_plain: usize,
    right_plain: usize,
    cut: usize,
    times: Vec<Duration>,
}

impl Tally {
    const HEADING: &str = "repository | renames | should follow | safe: right of found, of all | offered: right of \
                           found, of all | not members: of all | ms p50, p95, most";

    fn add(&mut self, other: Self) {
        self.renamed += other.renamed;
        self.wanted += other.wanted;
        self.safe += other.safe;
        self.safe_right += other.safe_right;
        self.found += other.found;
        self.right += other.right;
        self.wanted_plain += other.wanted_plain;
        self.right_plain += other.right_plain;
        self.cut += other.cut;
        self.times.extend(other.times);
    }

    fn row(&self, name: &str) -> String {
        let share = |part: usize, whole: usize| format!("{:.1} %", 100.0 * part as f64 / whole.max(1) as f64);
        let mut times = self.times.clone();
        times.sort_unstable();
        let at = |share: usize| times.get((times.len() * share / 100).min(times.len().saturating_sub(1)));
        let ms = |share: usize| format!("{:.1}", at(share).copied().unwrap_or_default().as_secs_f64() * 1000.0);
        format!(
            "{name} | {} ({} cut) | {} | {}, {} | {}, {} | {} | {}, {}, {}",
            self.renamed,
            self.cut,
            self.wanted,
            share(self.safe_right, self.safe),
            share(self.safe_right, self.wanted),
            share(self.right, self.found),
            share(self.right, self.wanted),
            share(self.right_plain, self.wanted_plain),
            ms(50),
            ms(95),
            ms(100),
        )
    }
}

fn run(directory: &Path, most: usize, tells: bool) -> Tally {
    let index = Index::open(directory, IndexOptions::new(&IndexSettings::default(), None));
    index.settle();
    index.update_graph();
    let mut tally = Tally::default();
    for target in targets(&index, most) {
        rename(&index, &target, &mut tally, tells);
    }
    tally
}

/// Definitions of names that are defined once, used in another file and long.
fn targets(index: &Index, most: usize) -> Vec<Target> {
    let state = index.read();
    let mut targets = Vec::new();
    for file in state.ordered().into_iter().filter_map(|id| state.file(id)) {
        let is_code = file.language.is_some_and(|language| !language.is_outline());
        if !is_code || file.is_vendored || file.is_generated {
            continue;
        }
        for symbol in &file.facts.symbols {
            let name = state.names().get(symbol.name);
            let is_plain = name.chars().all(|character| character.is_alphanumeric() || character == '_');
            let uses = state.using(symbol.name);
            let once = state.defining(symbol.name).len() == 1
                && file.facts.symbols.iter().filter(|other| other.name == symbol.name).count() == 1;
            if name.len() < LEAST_NAME || !is_plain || !once || uses.len() < 2 || Role::of(symbol.kind) == Role::Section
            {
                continue;
            }
            let container = symbol.container.and_then(|index| file.facts.symbols.get(index as usize));
            targets.push(Target {
                path: file.path.to_string(),
                name: name.to_owned(),
                name_at: symbol.name_at,
                is_member: container.is_some_and(|container| container.kind.has_members()),
            });
        }
    }
    // An even choice over all of them.
    let step = (targets.len() / most.max(1)).max(1);
    targets.into_iter().step_by(step).take(most).collect()
}

fn rename(index: &Arc<Index>, target: &Target, tally: &mut Tally, tells: bool) {
    let Some(text) = index.text(&target.path) else { return };
    let Some(at) = offset(&text, target.name_at).filter(|at| text[*at..].starts_with(&target.name)) else { return };
    let mut renamed = text.clone();
    renamed.insert_str(at + target.name.len(), "Next");
    let full = index.folder().join(&target.path);
    let open = |text: &str| {
        let document = Document::new(&*full.to_string_lossy(), "", 0, text);
        let language = Language::detect("", &target.path, "")?.of_content(&target.path, text.as_bytes());
        let tree = Arc::new(SyntaxTree::parse(language, document.rope(), None)?);
        Some((document, language, tree))
    };
    let (Some((before, language, old_tree)), Some((after, _, tree))) = (open(&text), open(&renamed)) else { return };
    let first = Page::new(&target.path, before.clone(), old_tree.clone(), true);
    let mut tracker = Tracker::new(before.id().clone(), &target.path, &Snapshot::new(&first), Duration::ZERO);
    index.set_document(&full, Some(language), after.rope(), Some(&tree));

    let started = Instant::now();
    let page = Page::new(&target.path, after.clone(), tree.clone(), true);
    tracker.update(&Snapshot::new(&page), Duration::from_secs(60));
    let mut texts = FxHashMap::default();
    texts.insert(target.path.clone(), OpenText { document: after, tree });
    let findings = Finder::default().find(&tracker.changes(), &mut Library::new(index, &texts));
    tally.times.push(started.elapsed());

    index.set_document(&full, Some(language), before.rope(), Some(&old_tree));
    tally.renamed += 1;
    if findings.is_cut {
        // Beyond the limit nothing is missed.
        tally.cut += 1;
        return;
    }
    let wanted = wanted(index, target, language, &renamed);
    let key = |place: &StalePlace| (place.page.path.clone(), place.range.start);
    let places: Vec<&StalePlace> = findings.places.iter().filter(|place| place.kind == PlaceKind::Rename).collect();
    let right = |place: &&&StalePlace| wanted.contains(&key(place));
    let safe = places.iter().filter(|place| place.is_safe());
    tally.wanted += wanted.len();
    tally.safe += safe.clone().count();
    tally.safe_right += safe.filter(right).count();
    tally.found += places.len();
    tally.right += places.iter().filter(right).count();
    if !target.is_member {
        tally.wanted_plain += wanted.len();
        tally.right_plain += places.iter().filter(right).count();
    }
    if tells {
        let found: FxHashSet<(String, usize)> = places.iter().map(|place| key(place)).collect();
        for (path, at) in wanted.difference(&found) {
            println!("  missed: {} of {} in {path} at byte {at}", target.name, target.path);
        }
        for (path, at) in found.difference(&wanted) {
            println!("  too much: {} of {} in {path} at byte {at}", target.name, target.path);
        }
    }
}

/// Every whole word in code of the family. `home` is the text of the target's own file.
fn wanted(index: &Index, target: &Target, language: &Language, home: &str) -> FxHashSet<(String, usize)> {
    let paths: Vec<String> = {
        let state = index.read();
        let of_family = state.files().filter(|(_, file)| {
            file.language.is_some_and(|other| other.family() == language.family())
                && !file.is_vendored
                && !file.is_generated
                && file.omission.is_none()
        });
        of_family.map(|(_, file)| file.path.to_string()).collect()
    };
    let mut wanted = FxHashSet::default();
    for path in paths {
        let text = if path == target.path { home.to_owned() } else { index.text(&path).unwrap_or_default() };
        if !text.contains(&target.name) {
            continue;
        }
        let document = Document::new(&*path, "", 0, &text);
        let Some(page) = Page::of_document(&path, &document, true) else { continue };
        let is_word = |character: char| character.is_alphanumeric() || character == '_';
        for (at, name) in text.match_indices(&target.name) {
            let is_whole = !text[..at].ends_with(is_word) && !text[at + name.len()..].starts_with(is_word);
            if is_whole && page.tree.region(at + 1) == Region::Code {
                wanted.insert((path.clone(), at));
            }
        }
    }
    wanted
}

fn offset(text: &str, place: Place) -> Option<usize> {
    let before: usize = text.split_inclusive('\n').take(place.row as usize).map(str::len).sum();
    Some(before + place.column as usize).filter(|at| text.is_char_boundary(*at))
}
