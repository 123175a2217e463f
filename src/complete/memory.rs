//! Suggestions that were made, so that typing along, deleting back and undoing are answered without an engine.

use std::collections::VecDeque;

use ropey::Rope;

use super::Suggestion;
use super::anchor::Anchor;

/// Places remembered for a document. llama.vim keeps 250 prompts of all buffers; a document rarely has more than a few
/// places that the user comes back to, and each look-up compares with all of them.
const PLACES: usize = 32;

#[derive(Debug)]
struct Remembered {
    anchor: Anchor,
    suggestions: Vec<Suggestion>,
}

/// The suggestions of one document, newest first.
#[derive(Debug, Default)]
pub struct Memory {
    places: VecDeque<Remembered>,
}

impl Memory {
    pub fn remember(&mut self, anchor: Anchor, suggestions: Vec<Suggestion>) {
        self.places.retain(|place| place.anchor != anchor);
        self.places.push_front(Remembered { anchor, suggestions });
        self.places.truncate(PLACES);
    }

    /// What is left of the suggestions of a place in front of the cursor, when everything typed since is their start.
    pub fn recall(&self, text: &Rope, offset: usize) -> Option<Vec<Suggestion>> {
        self.places.iter().find_map(|place| {
            let longest = place.suggestions.iter().map(|suggestion| suggestion.text.len()).max()?;
            let typed = place.anchor.typed_since(text, offset, longest, |typed| {
                place.suggestions.iter().any(|suggestion| has_more(suggestion, typed))
            })?;
            Some(
                place
                    .suggestions
                    .iter()
                    .filter(|suggestion| has_more(suggestion, &typed))
                    .map(|s| s.after(&typed))
                    .collect(),
            )
        })
    }

    pub fn clear(&mut self) {
        self.places.clear();
    }
}

fn has_more(suggestion: &Suggestion, typed: &str) -> bool {
    suggestion.text.strip_prefix(typed).is_some_and(|rest| !rest.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complete::Source;

    fn parse(fixture: &str) -> (Rope, usize) {
        let offset = fixture.find("$0").expect("fixture has a cursor");
        (Rope::from_str(&fixture.replacen("$0", "", 1)), offset)
    }

    fn suggestion(text: &str) -> Suggestion {
        Suggestion::new(text.to_owned(), Source::Model, 1.0)
    }

    fn recall(made_at: &str, texts: &[&str], now: &str) -> Option<Vec<String>> {
        let (text, offset) = parse(made_at);
        let mut memory = Memory::default();
        memory.remember(Anchor::at(&text, offset), texts.iter().map(|text| suggestion(text)).collect());
        let (text, offset) = parse(now);
        memory.recall(&text, offset).map(|found| found.into_iter().map(|suggestion| suggestion.text).collect())
    }

    #[test]
    fn typing_along_leaves_the_rest() {
        assert_eq!(recall("x = $0\n", &["foo(bar)"], "x = fo$0\n"), Some(vec!["o(bar)".into()]));
        assert_eq!(recall("x = $0\n", &["foo(bar)"], "x = $0\n"), Some(vec!["foo(bar)".into()]));
    }

    #[test]
    fn typing_something_else_forgets() {
        assert_eq!(recall("x = $0\n", &["foo(bar)"], "x = fa$0\n"), None);
        assert_eq!(recall("x = $0\n", &["foo"], "x = foo$0\n"), None);
    }

    #[test]
    fn only_the_candidates_that_still_fit_are_left() {
        assert_eq!(recall("x = $0\n", &["foo", "far", "bar"], "x = f$0\n"), Some(vec!["oo".into(), "ar".into()]));
    }

    #[test]
    fn an_automatic_bracket_does_not_end_typing_along() {
        assert_eq!(recall("x = $0\ny\n", &["foo(bar)"], "x = foo($0)\ny\n"), Some(vec!["bar)".into()]));
    }

    #[test]
    fn line_breaks_can_be_typed() {
        assert_eq!(recall("if a $0\n", &["{\n    b\n}"], "if a {\n    $0\n"), Some(vec!["b\n}".into()]));
    }

    #[test]
    fn the_newest_place_wins_and_old_ones_go() {
        let mut memory = Memory::default();
        for number in 0..100 {
            let text = Rope::from_str(&format!("line {number} = "));
            memory.remember(Anchor::at(&text, text.len_bytes()), vec![suggestion("x")]);
        }
        assert_eq!(memory.places.len(), PLACES);
        let text = Rope::from_str("line 99 = ");
        assert!(memory.recall(&text, text.len_bytes()).is_some());
        let text = Rope::from_str("line 3 = ");
        assert!(memory.recall(&text, text.len_bytes()).is_none());
    }
}
