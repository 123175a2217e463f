//! What stands around a cursor: names and words by how near they are, and what is called or asked at the cursor itself.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::CursorText;
use super::scope::{is_word, last_word, variables};
use crate::index::names::NameId;
use crate::index::state::{FileId, State};
use crate::index::words;

/// Lines above and below the cursor that count. Names further away still count as used in the file.
const LINES_BEFORE: usize = 60;
const LINES_AFTER: usize = 20;
/// Lines away at which a name counts half.
const HALF: f32 = 8.0;
/// Calls before the cursor whose followers elsewhere are asked for, and lines in which they count.
const CALLED: usize = 3;
const CALLED_LINES: usize = 12;
/// Types of a receiver that are asked for their members.
const MOST_TYPES: usize = 8;
/// What stands below was not read yet by who writes downwards.
const AFTER: f32 = 0.5;

/// The cursor's surroundings in the index's own numbers. What the index has never seen is left out.
#[derive(Debug, Default)]
pub struct Around {
    pub file: Option<FileId>,
    /// Its rows that are seen anyway.
    pub seen: Range<u32>,
    /// Names with how near they are: 1 on the cursor's line, less further away.
    pub names: FxHashMap<NameId, f32>,
    /// Terms of these words, in the same way.
    pub terms: FxHashMap<NameId, f32>,
    /// The callee whose argument list is open at the cursor.
    pub callee: Option<NameId>,
    /// What stands before the dot, arrow or double colon at the cursor.
    pub receiver: Option<NameId>,
    /// Types that the receiver is said to have.
    pub receiver_types: Vec<NameId>,
    /// Types of variables, with how near the variable's name stands.
    pub types: FxHashMap<NameId, f32>,
    /// The cursor's row, as far as the window tells.
    pub row: u32,
    /// The beginning of a name directly before the cursor.
    pub started: String,
    /// Names that were called last, the nearest first.
    pub called: Vec<NameId>,
}

impl Around {
    pub fn new(state: &State, cursor: &CursorText<'_>) -> Self {
        let mut around = Self { file: state.find(cursor.path), seen: cursor.seen.clone(), ..Self::default() };
        let start = floor(cursor.before, cursor.before.len().saturating_sub(8192));
        let before = &cursor.before[start..];
        let head = before.trim_end_matches(is_word);
        around.started = before[head.len()..].to_owned();
        for (distance, line) in before.rsplit('\n').take(LINES_BEFORE).enumerate() {
            // The name in the making is not one yet.
            let line = if distance == 0 { line.trim_end_matches(is_word) } else { line };
            around.add_line(state, line, nearness(distance));
        }
        let end = floor(cursor.after, 4096.min(cursor.after.len()));
        for (distance, line) in cursor.after[..end].split('\n').take(LINES_AFTER).enumerate() {
            around.add_line(state, line, AFTER * nearness(distance));
        }
        around.called = called(head).filter_map(|name| state.names().find(name)).take(CALLED).collect();
        around.callee = open_callee(head).and_then(|name| state.names().find(name));
        let rows = cursor.before.bytes().filter(|byte| *byte == b'\n').count();
        around.row = cursor.seen.start.saturating_add(u32::try_from(rows).unwrap_or(u32::MAX));
        let pairs: Vec<(&str, &str)> = variables(before).chain(variables(&cursor.after[..end])).collect();
        around.add_types(state, &pairs);
        if let Some(receiver) = receiver(head) {
            around.receiver = state.names().find(receiver);
            let types = spoken_types(receiver, &pairs);
            around.receiver_types = types.into_iter().filter_map(|name| state.names().find(name)).collect();
        }
        around
    }

    /// Types of what stands near.
    fn add_types(&mut self, state: &State, pairs: &[(&str, &str)]) {
        for (variable, name) in pairs {
            let near = state.names().find(variable).and_then(|variable| self.names.get(&variable)).copied();
            if let Some((near, name)) = near.zip(state.names().find(name)) {
                raise(&mut self.types, name, near);
            }
        }
    }

    fn add_line(&mut self, state: &State, line: &str, nearness: f32) {
        for word in line.split(|character| !is_word(character)).filter(|word| !word.is_empty()) {
            if let Some(name) = state.names().find(word) {
                raise(&mut self.names, name, nearness);
            }
            words::terms(word, |term| {
                if let Some(term) = state.names().find(term) {
                    raise(&mut self.terms, term, nearness);
                }
            });
        }
    }
}

/// Notes a weight where it is more than what is known.
pub fn raise(weights: &mut FxHashMap<NameId, f32>, name: NameId, weight: f32) {
    let known = weights.entry(name).or_default();
    *known = known.max(weight);
}

fn nearness(lines: usize) -> f32 {
    HALF / (HALF + lines as f32)
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The name before the innermost bracket that is open at the end of `text`: `f` in `f(a, g(b), `.
fn open_callee(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    // An argument list of more than a few lines is a table.
    let start = text.char_indices().rev().filter(|(_, character)| *character == '\n').nth(12).map_or(0, |(at, _)| at);
    for (at, character) in text[start..].char_indices().rev() {
        match character {
            ')' | ']' | '}' => depth += 1,
            '(' | '[' | '{' if depth > 0 => depth -= 1,
            '(' => return last_word(without_type_arguments(&text[start..start + at])),
            '[' | '{' | ';' => return None,
            _ => {}
        }
    }
    None
}

/// Names in front of brackets, the last first.
fn called(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.rsplit('\n').take(CALLED_LINES).map(str::len).sum::<usize>() + CALLED_LINES;
    let start = floor(text, text.len().saturating_sub(lines));
    let text = &text[start..];
    text.rmatch_indices('(').filter_map(|(at, _)| last_word(without_type_arguments(&text[..at])))
}

/// `parse::<u8>` is called by `parse`, `vec!` by `vec`.
fn without_type_arguments(text: &str) -> &str {
    let text = text.trim_end().trim_end_matches('!');
    if !text.ends_with('>') {
        return text;
    }
    let mut depth = 0_usize;
    for (at, character) in text.char_indices().rev() {
        match character {
            '>' => depth += 1,
            '<' if depth == 1 => return text[..at].trim_end_matches([':', ' ']),
            '<' => depth = depth.saturating_sub(1),
            '\n' | ';' => break,
            _ => {}
        }
    }
    text
}

/// `a` in `a.`, `a->`, `a::` and `a?.`.
fn receiver(text: &str) -> Option<&str> {
    let text = text.strip_suffix("::").or_else(|| text.strip_suffix("->")).or_else(|| text.strip_suffix('.'))?;
    last_word(text.trim_end_matches(['?', '!']))
}

/// Types that the text gives a variable. The nearest first, and before all a type's own name before `::` or a dot.
pub fn types_of<'a>(variable: &'a str, text: &'a str) -> Vec<&'a str> {
    spoken_types(variable, &variables(text).collect::<Vec<_>>())
}

/// Types of a variable among these pairs, as `types_of` has them.
fn spoken_types<'a>(variable: &'a str, pairs: &[(&str, &'a str)]) -> Vec<&'a str> {
    let own = Some(variable).filter(|name| name.starts_with(char::is_uppercase));
    let spoken = pairs.iter().rev().filter(|(name, _)| *name == variable).map(|(_, name)| *name);
    own.into_iter().chain(spoken).take(MOST_TYPES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_open_call_is_found() {
        assert_eq!(open_callee("x = load("), Some("load"));
        assert_eq!(open_callee("x = a.load(one, two(3), [4, "), None);
        assert_eq!(open_callee("x = a.load(one, two(3), [4], "), Some("load"));
        assert_eq!(open_callee("let n = text.parse::<Vec<u8>>("), Some("parse"));
        assert_eq!(open_callee("println!("), Some("println"));
        assert_eq!(open_callee("load(\n    1,\n    "), Some("load"));
        assert_eq!(open_callee("load(1); "), None);
        assert_eq!(open_callee("if (a) {"), None);
        assert_eq!(open_callee("(1 + "), None);
    }

    #[test]
    fn the_receiver_and_its_types_are_read_from_the_text() {
        assert_eq!(receiver("    self.budget."), Some("budget"));
        assert_eq!(receiver("    Ledger::"), Some("Ledger"));
        assert_eq!(receiver("    p->"), Some("p"));
        assert_eq!(receiver("    a?."), Some("a"));
        assert_eq!(receiver("    a + "), None);
        let pairs: Vec<_> = variables("fn f(x: &mut Ledger, y: Budget) { let x = Book::of(y); }").collect();
        assert_eq!(spoken_types("x", &pairs), ["Book", "Ledger"]);
        assert_eq!(spoken_types("Ledger", &pairs), ["Ledger"]);
        assert_eq!(spoken_types("z", &pairs), [""; 0]);
    }
}
