//! Signatures of definitions elsewhere as pieces of a prompt: by file, each under what holds it, in a budget of tokens.

use crate::engine::Snippet;
use crate::engine::prompt::heading;
use crate::index::Related;

/// Counts the tokens of a text, or estimates them from above.
pub type TokenCount<'a> = &'a dyn Fn(&str) -> usize;

/// Signatures that are too long for what is left before no shorter one is looked for.
const MOST_MISSES: usize = 8;
/// The tokens of a snippet's heading beside its path: a marker and a line break.
const HEADING_TOKENS: usize = 2;
/// What a long signature costs in likelihood: of two that are equally likely two short ones fit. Half a nat for each
/// doubling finds 0.7 % more than none in `benches/context`.
const LENGTH_WEIGHT: f32 = 0.7;

/// The best of `related` that fit into `budget` tokens, likeliest first.
pub fn fitting<'a>(related: &'a [Related], budget: usize, count: TokenCount<'_>) -> Vec<&'a Related> {
    let mut by_worth: Vec<(f32, usize, &Related)> = related
        .iter()
        .map(|entry| {
            let cost = count(&line(entry));
            (entry.score - LENGTH_WEIGHT * (cost.max(1) as f32).ln(), cost, entry)
        })
        .collect();
    // Stable: equal ones stay in the order of their places.
    by_worth.sort_by(|one, other| other.0.total_cmp(&one.0));
    let mut chosen: Vec<&Related> = Vec::new();
    let (mut left, mut misses) = (budget, 0);
    for (_, line_cost, entry) in by_worth {
        let of_file = || chosen.iter().filter(|other| other.found.path == entry.found.path);
        let heading = if of_file().next().is_none() { count(&heading(&entry.found.path)) + HEADING_TOKENS } else { 0 };
        let holder = entry.holder.as_ref().filter(|_| !of_file().any(|other| same_holder(other, entry)));
        let cost = line_cost + heading + holder.map_or(0, |holder| count(holder) + 1);
        if cost > left {
            misses += 1;
            if misses == MOST_MISSES {
                break;
            }
            continue;
        }
        left -= cost;
        chosen.push(entry);
    }
    chosen.sort_by(|one, other| other.score.total_cmp(&one.score));
    chosen
}

/// One snippet a file, the file of the likeliest one last, next to the cursor's own.
pub fn print(chosen: &[&Related]) -> Vec<Snippet> {
    let mut parts: Vec<(&str, Vec<&Related>)> = Vec::new();
    for entry in chosen {
        match parts.iter_mut().find(|(path, _)| *path == entry.found.path) {
            Some((_, entries)) => entries.push(entry),
            None => parts.push((&entry.found.path, vec![entry])),
        }
    }
    parts.reverse();
    parts.into_iter().map(|(path, entries)| Snippet { path: path.to_owned(), text: text(entries) }).collect()
}

/// What these snippets take of a budget.
pub fn tokens(snippets: &[Snippet], count: TokenCount<'_>) -> usize {
    let lines = |text: &str| text.split_inclusive('\n').map(count).sum::<usize>();
    snippets.iter().map(|snippet| count(&heading(&snippet.path)) + HEADING_TOKENS + lines(&snippet.text)).sum()
}

/// In the order of the file.
fn text(mut entries: Vec<&Related>) -> String {
    entries.sort_by_key(|entry| (entry.found.start, entry.found.name_at));
    let mut text = String::new();
    let mut before: Option<&Related> = None;
    for entry in entries {
        if let Some(holder) = entry.holder.as_ref().filter(|_| !before.is_some_and(|other| same_holder(other, entry))) {
            text.push_str(holder);
            text.push('\n');
        }
        text.push_str(&line(entry));
        before = Some(entry);
    }
    text
}

fn line(entry: &Related) -> String {
    let indent = if entry.holder.is_some() { "    " } else { "" };
    format!("{indent}{}\n", entry.signature)
}

fn same_holder(one: &Related, other: &Related) -> bool {
    one.holder == other.holder && one.found.containers == other.found.containers
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::index::{FEATURES, Found};
    use crate::syntax::{DefinitionKind, Place};

    pub fn entry(path: &str, signature: &str, score: f32) -> Related {
        let at = Place { row: signature.len() as u32, column: 0 };
        let found = Found {
            path: path.to_owned(),
            name: signature.to_owned(),
            containers: Vec::new(),
            kind: DefinitionKind::Function,
            name_at: at,
            start: at,
            end: at,
        };
        Related { found, signature: signature.to_owned(), holder: None, score, features: [0.0; FEATURES] }
    }

    /// A token a word.
    pub fn words(text: &str) -> usize {
        text.split_whitespace().count()
    }

    #[test]
    fn files_stand_by_their_likeliest_and_lines_in_their_order() {
        let mut inner = entry("b.rs", "fn inner(&self)", 1.0);
        inner.holder = Some("impl B".to_owned());
        let related = [
            entry("a.rs", "fn long_name_of_a()", 3.0),
            entry("b.rs", "fn b()", 2.0),
            inner,
            entry("a.rs", "fn a()", 0.5),
        ];
        let printed = print(&fitting(&related, 100, &words));
        let described: Vec<String> =
            printed.iter().map(|snippet| format!("{}: {}", snippet.path, snippet.text)).collect();
        assert_eq!(described, ["b.rs: fn b()\nimpl B\n    fn inner(&self)\n", "a.rs: fn a()\nfn long_name_of_a()\n"]);
    }

    #[test]
    fn never_more_than_the_budget() {
        let related: Vec<Related> = (0..60)
            .map(|number| entry(&format!("f{}", number % 7), &"x ".repeat(number % 13 + 1), number as f32))
            .collect();
        for budget in 0..90 {
            let chosen = fitting(&related, budget, &words);
            assert!(tokens(&print(&chosen), &words) <= budget, "{budget}");
            assert_eq!(chosen.is_empty(), budget < 4, "{budget}");
        }
    }
}
