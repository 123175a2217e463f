//! A keystroke in a long file, up to the graph that knows of it.

use std::collections::BTreeMap;

use tandem::index::Index;
use tandem::syntax::{Language, SyntaxTree};
use tandem::text::{Change, Document, Position, PositionEncoding, Range};

use super::cost::Times;

const ROWS: usize = 5_000;
const KEYS: &str = "    let fetched = cache.lookup(key);\n";

/// Types into the longest file of the workspace's main language, made 5,000 lines long by repeating it.
pub fn run(index: &Index) {
    index.update_graph();
    let Some((path, language)) = longest(index) else { return };
    let Some(text) = index.text(&path) else { return };
    let mut long = String::new();
    while long.lines().count() < ROWS {
        long.push_str(&text);
        long.push('\n');
    }
    let long: String = long.split_inclusive('\n').take(ROWS).collect();
    let full = index.root().join(&path);
    let mut document = Document::new("bench", "", 0, &long);
    let mut tree = SyntaxTree::parse(language, document.rope(), None);
    index.set_document(&full, Some(language), document.rope(), tree.as_ref());
    index.update_graph();
    let mut times = Times::default();
    let middle = u32::try_from(ROWS / 2).expect("a row");
    let keys = KEYS.chars().cycle().take(300);
    for (number, key) in (0..).zip(keys) {
        let column = u32::try_from(number % KEYS.len()).expect("a column");
        let row = middle + u32::try_from(number / KEYS.len()).expect("a row");
        let at = Position::new(row, column);
        let change = Change { range: Some(Range { start: at, end: at }), text: key.to_string() };
        times.add(|| {
            let edits = document.apply(1, &[change], PositionEncoding::Utf8);
            let before = tree.take();
            tree = SyntaxTree::parse(language, document.rope(), before.as_ref().map(|tree| (tree, &edits[..])));
            index.set_document(&full, Some(language), document.rope(), tree.as_ref());
            index.update_graph();
        });
    }
    index.close_document(&full);
    index.settle();
    let kb = long.len() / 1000;
    println!("  keystroke to graph in {ROWS} lines ({kb} kB) of {} ({path}) {}", language.name, times.describe());
}

/// The longest file of the language with most files, within the limits.
fn longest(index: &Index) -> Option<(String, &'static Language)> {
    let state = index.read();
    let code = || state.files().filter_map(|(_, file)| Some((file, file.language.filter(|one| !one.is_outline())?)));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    code().for_each(|(_, language)| *counts.entry(&language.name).or_default() += 1);
    let main = counts.into_iter().max_by_key(|(_, count)| *count)?.0;
    let own = code().filter(|(file, language)| language.name == main && file.omission.is_none());
    let (file, language) = own.max_by_key(|(file, _)| (file.stamp.bytes.min(400_000), file.path.clone()))?;
    Some((file.path.to_string(), language))
}
