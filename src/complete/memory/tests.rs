//! Places as texts with a cursor mark.

use super::*;
use crate::complete::Source;
use crate::context::Desk;

/// A memory, and the text that the user sees.
#[derive(Default)]
struct Notes {
    memory: Memory,
    desk: Desk,
}

fn parse(fixture: &str) -> (Rope, usize) {
    let offset = fixture.find("$0").expect("fixture has a cursor");
    (Rope::from_str(&fixture.replacen("$0", "", 1)), offset)
}

fn suggestion(text: &str) -> Suggestion {
    Suggestion::new(text.to_owned(), Source::Model, 1.0)
}

impl Notes {
    fn place(&self, fixture: &str, texts: &[&str], snippets: Vec<u64>, is_prepared: bool) -> Remembered {
        let (text, offset) = parse(fixture);
        let now = Circumstances { text: &text, offset, desk: &self.desk, edits: &[], path: None };
        let suggestions = texts.iter().map(|text| suggestion(text)).collect();
        Remembered::new(Anchor::at(&text, offset), Basis::new(&now, snippets), suggestions, is_prepared)
    }

    fn remember(&mut self, fixture: &str, texts: &[&str]) {
        let place = self.place(fixture, texts, Vec::new(), false);
        self.memory.remember(place);
    }

    fn prepare(&mut self, fixture: &str, text: &str) {
        let place = self.place(fixture, &[text], Vec::new(), true);
        self.memory.remember(place);
    }

    fn recalled(&mut self, fixture: &str) -> Option<Recalled> {
        let (text, offset) = parse(fixture);
        self.memory.recall(&Circumstances { text: &text, offset, desk: &self.desk, edits: &[], path: None })
    }

    fn recall(&mut self, fixture: &str) -> Option<Vec<String>> {
        Some(self.recalled(fixture)?.suggestions.into_iter().map(|suggestion| suggestion.text).collect())
    }

    /// The user goes away and asks where nothing is known.
    fn leave(&mut self) {
        assert!(self.recall("elsewhere $0").is_none());
    }
}

fn recall(made_at: &str, texts: &[&str], now: &str) -> Option<Vec<String>> {
    let mut notes = Notes::default();
    notes.remember(made_at, texts);
    notes.recall(now)
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
fn the_newest_place_wins_and_those_unused_for_longest_go() {
    let mut notes = Notes::default();
    for number in 0..100 {
        notes.remember(&format!("line {number} = $0"), &["x"]);
        // Used again and again, the first one stays.
        assert!(notes.recall("line 0 = $0").is_some());
    }
    assert_eq!(notes.memory.places.len(), PLACES);
    assert!(notes.recall("line 99 = $0").is_some());
    assert!(notes.recall("line 0 = $0").is_some());
    assert!(notes.recall("line 3 = $0").is_none());
}

#[test]
fn bytes_are_bounded() {
    let mut notes = Notes::default();
    let long = "x".repeat(BYTES / 4);
    for number in 0..10 {
        notes.remember(&format!("line {number} = $0"), &[&long]);
    }
    assert_eq!(notes.memory.places.len(), 3);
    let too_long = "x".repeat(BYTES);
    notes.remember("a = $0", &[&too_long]);
    assert!(notes.recall("a = $0").is_none());
    assert_eq!(notes.memory.places.len(), 0);
}

#[test]
fn undoing_is_answered_and_so_is_coming_back() {
    let mut notes = Notes::default();
    notes.remember("use a;\nx = $0\ny = \n", &["foo(bar)"]);
    assert_eq!(notes.recall("use a;\nx = fa$0\ny = \n"), None);
    assert_eq!(notes.recall("use a;\nx = f$0\ny = \n"), Some(vec!["oo(bar)".into()]));
    notes.leave();
    assert_eq!(notes.recall("use a;\nx = $0\ny = \n"), Some(vec!["foo(bar)".into()]));
}

#[test]
fn coming_back_after_another_edit_is_a_new_question_but_what_is_shown_stays() {
    let filler = "// a line that fills the distance to the edit\n".repeat(10);
    let (before, now) = (format!("use a;\n{filler}x = $0\n"), format!("use b;\n{filler}x = f$0\n"));
    let mut notes = Notes::default();
    notes.remember(&before, &["foo(bar)"]);
    assert_eq!(notes.recall(&now), Some(vec!["oo(bar)".into()]));
    notes.leave();
    assert_eq!(notes.recall(&now), None);
}

#[test]
fn an_edit_elsewhere_ends_what_is_shown_and_one_at_its_place_does_not() {
    let mut notes = Notes::default();
    let edited = |from: &str, change: (usize, usize, &str), notes: &mut Notes| {
        let mut document = crate::text::Document::new("file:///a", "rust", 1, from);
        let encoding = crate::text::PositionEncoding::Utf8;
        let place = |byte| document.position_at(byte, encoding);
        let range = Some(crate::text::Range { start: place(change.0), end: place(change.1) });
        let edits = document.apply(2, &[crate::text::Change { range, text: change.2.to_owned() }], encoding);
        notes.memory.changed(document.rope(), &edits);
    };
    notes.remember("ab;\nx = $0\n", &["foo(bar)"]);
    edited("ab;\nx = \n", (8, 8, "foo()"), &mut notes);
    assert!(notes.memory.is_shown, "typed along, and the editor closed a bracket");
    edited("ab;\nx = foo()\n", (9, 13, ""), &mut notes);
    assert!(notes.memory.is_shown, "deleted back");
    edited("ab;\nx = f\n", (0, 10, "ab;\nx = fo\n"), &mut notes);
    assert!(notes.memory.is_shown, "a client that sends whole texts");
    edited("ab;\nx = fo\n", (0, 1, "c"), &mut notes);
    assert!(!notes.memory.is_shown);
    assert_eq!(notes.recall("cb;\nx = fo$0\n"), None);
}

#[test]
fn what_stood_in_the_prompt_must_stand_there_still() {
    let mut notes = Notes::default();
    let place = notes.place("x = $0", &["foo"], vec![7], false);
    notes.memory.remember(place);
    assert!(notes.recall("x = f$0").is_some(), "it is shown");
    notes.leave();
    assert!(notes.recall("x = f$0").is_none());
}

#[test]
fn what_is_prepared_waits_behind_what_is_shown() {
    let filler = "// a line that fills the distance to the edit\n".repeat(10);
    let text = |first: &str, line: &str| format!("{first}\n{filler}{line}\n");
    let mut notes = Notes::default();
    notes.remember(&text("use a;", "x = $0"), &["foo"]);
    notes.prepare(&text("use a;", "x = foo$0"), "(bar)");
    // Still shown: the text above may change.
    assert_eq!(notes.recall(&text("use b;", "x = f$0")), Some(vec!["oo".into()]));
    let first = notes.recalled(&text("use a;", "x = foo$0")).expect("prepared");
    assert!(first.is_prepared && first.is_first);
    let again = notes.recalled(&text("use b;", "x = foo($0")).expect("typed along");
    assert!(again.is_prepared && !again.is_first);
}

#[test]
fn what_is_prepared_too_late_does_not_replace_an_answer() {
    let mut notes = Notes::default();
    notes.remember("x = foo$0\n", &["(shown)"]);
    notes.prepare("x = foo$0\n", "(prepared)");
    assert_eq!(notes.recall("x = foo$0\n"), Some(vec!["(shown)".into()]));
    notes.leave();
    notes.prepare("x = foo$0\n", "(prepared)");
    assert_eq!(notes.recall("x = foo$0\n"), Some(vec!["(shown)".into()]));
}
