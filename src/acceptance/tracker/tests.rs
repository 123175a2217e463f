//! What users do to suggestions, and what is counted. `$0` is the cursor; keys are changes as editors send them.

use proptest::prelude::*;

use super::*;
use crate::acceptance::{Figures, Kept, Mark, Position, Row, Source};
use crate::text::{PositionEncoding, Range};

const URI: &str = "file:///a.rs";

fn choice(text: &str) -> Choice {
    let figures = Figures {
        language: "rust".into(),
        engine: "lookup".into(),
        source: Source::Lookup,
        trigger: Trigger::Automatic,
        position: Position::LineEnd,
        confidence: 0.5,
        log_probability: None,
        latency_us: 100,
        tokens: None,
    };
    Choice { text: text.into(), figures }
}

/// A user at one document.
struct User {
    tracker: Tracker,
    document: Document,
    cursor: usize,
    now: Moment,
}

impl User {
    fn at(fixture: &str) -> Self {
        Self::of(Tracker::default(), URI, fixture)
    }

    fn of(tracker: Tracker, uri: &str, fixture: &str) -> Self {
        let cursor = fixture.find("$0").expect("fixture has a cursor");
        let document = Document::new(uri, "rust", 1, &fixture.replacen("$0", "", 1));
        Self { tracker, document, cursor, now: Moment { ms: 1_000, unix: 1_700_000_000 } }
    }

    fn asked(&mut self, trigger: Trigger, texts: &[&str]) -> Option<u64> {
        let shown: Vec<Choice> = texts.iter().map(|text| choice(text)).collect();
        let answer = Answer { document: &self.document, offset: self.cursor, trigger, shown: &shown };
        self.tracker.answered(answer, self.now)
    }

    fn sees(&mut self, text: &str) -> u64 {
        self.asked(Trigger::Automatic, &[text]).expect("something is shown")
    }

    /// One notification of replacements in byte offsets, each of the text after the one before.
    fn change(&mut self, replacements: &[(std::ops::Range<usize>, &str)]) {
        let mut after = self.document.clone();
        let (mut edits, mut changes) = (Vec::new(), Vec::new());
        for (bytes, text) in replacements {
            let position = |byte| after.position_at(byte, PositionEncoding::Utf8);
            let range = Some(Range { start: position(bytes.start), end: position(bytes.end) });
            let change = Change { range, text: (*text).to_owned() };
            edits.extend(after.apply(2, std::slice::from_ref(&change), PositionEncoding::Utf8));
            changes.push(change);
        }
        self.tracker.changed(self.document.id(), after.rope(), &edits, &changes, self.now);
        self.document = after;
    }

    fn inserts(&mut self, text: &str) -> &mut Self {
        self.change(&[(self.cursor..self.cursor, text)]);
        self.cursor += text.len();
        self
    }

    /// Key by key.
    fn types(&mut self, text: &str) -> &mut Self {
        for key in text.chars() {
            self.inserts(key.encode_utf8(&mut [0; 4]));
            self.now.ms += 80;
        }
        self
    }

    fn deletes(&mut self, bytes: usize) -> &mut Self {
        self.change(&[(self.cursor - bytes..self.cursor, "")]);
        self.cursor -= bytes;
        self
    }

    /// The buffer is sent as a whole, as formatters and some editors do.
    fn becomes(&mut self, text: &str) {
        let mut after = self.document.clone();
        let change = Change { range: None, text: text.to_owned() };
        let edits = after.apply(2, std::slice::from_ref(&change), PositionEncoding::Utf8);
        self.tracker.changed(self.document.id(), after.rope(), &edits, &[change], self.now);
        self.document = after;
    }

    fn waits(&mut self, ms: u64) -> &mut Self {
        self.now.ms += ms;
        self.tracker.tick(self.now);
        self
    }

    /// The rows that are decided when the corrections are through.
    fn rows(&mut self) -> Vec<Row> {
        self.waits(SETTLES_MS);
        rows(self.tracker.events())
    }

    #[track_caller]
    fn ends_in(&mut self, outcome: Outcome, accepted: u32, typed: u32) -> Row {
        let rows = self.rows();
        assert_eq!(rows.len(), 1, "{rows:#?}");
        assert_eq!((rows[0].outcome, rows[0].accepted, rows[0].typed), (outcome, accepted, typed), "{rows:#?}");
        rows[0].clone()
    }

    /// What was found at the two marks, of the only suggestion.
    fn kept(&mut self) -> Vec<Kept> {
        let kept = |event| match event {
            Event::Kept { kept, .. } => Some(kept),
            Event::Decided { .. } => None,
        };
        self.tracker.events().into_iter().filter_map(kept).collect()
    }
}

fn rows(events: Vec<Event>) -> Vec<Row> {
    let row = |event| match event {
        Event::Decided { row, .. } => Some(row),
        Event::Kept { .. } => None,
    };
    events.into_iter().filter_map(row).collect()
}

#[test]
fn accepted_at_once_is_whole() {
    let mut user = User::at("let x = $0;\n");
    user.sees("foo(bar)");
    user.inserts("foo(bar)");
    let row = user.ends_in(Outcome::Whole, 8, 0);
    assert_eq!((row.characters, row.lines, row.at), (8, 1, 1_700_000_000));
}

#[test]
fn typed_key_by_key_is_typed_through_and_shown_once() {
    let mut user = User::at("let x = $0;\n");
    let number = user.sees("foo(b)");
    for (at, key) in "foo(b".char_indices() {
        user.types(&key.to_string());
        assert_eq!(user.sees(&"foo(b)"[at + 1..]), number, "the same suggestion");
    }
    user.types(")");
    user.ends_in(Outcome::TypedThrough, 0, 6);
}

#[test]
fn keys_that_an_editor_bundled_are_keys() {
    let mut user = User::at("let x = $0;\n");
    user.sees("foo(bar)");
    user.inserts("fo").inserts("o(b").inserts("ar").inserts(")");
    user.ends_in(Outcome::TypedThrough, 0, 8);
}

#[test]
fn typed_a_little_and_then_accepted_is_whole() {
    let mut user = User::at("let x = $0;\n");
    user.sees("foo(bar)");
    user.types("fo").inserts("o(bar)");
    user.ends_in(Outcome::Whole, 6, 2);
}

#[test]
fn something_else_is_a_rejection() {
    for typed in ["bar", "\n", "fax and much more"] {
        let mut user = User::at("let x = $0;\n");
        user.sees("foo(bar)");
        user.types(typed);
        user.asked(Trigger::Automatic, &["quite another"]);
        let row = user.rows().remove(0);
        assert_eq!((row.outcome, row.accepted), (Outcome::Rejected, 0), "{typed:?}");
    }
}

#[test]
fn a_wrong_key_taken_back_decides_nothing() {
    let mut user = User::at("let x = $0;\n");
    let number = user.sees("foo(bar)");
    user.types("fp");
    assert_eq!(user.asked(Trigger::Automatic, &[]), Some(number), "nothing is shown for the moment");
    user.deletes(1);
    assert_eq!(user.sees("oo(bar)"), number);
    user.deletes(1);
    assert_eq!(user.sees("foo(bar)"), number, "nor does deleting what was right");
    user.inserts("foo(bar)");
    user.ends_in(Outcome::Whole, 8, 0);
}

#[test]
fn deleting_before_it_is_a_rejection() {
    let mut user = User::at("let x = $0;\n");
    user.sees("foo(bar)");
    user.deletes(2);
    user.ends_in(Outcome::Rejected, 0, 0);
}

#[test]
fn moving_on_is_a_rejection() {
    let mut user = User::at("let x = $0;\nlet y = 1;\n");
    user.sees("foo(bar)");
    user.cursor = 4;
    user.asked(Trigger::Automatic, &[]);
    user.ends_in(Outcome::Rejected, 0, 0);
}

#[test]
fn asking_for_another_is_a_rejection_and_a_better_answer_of_ours_is_not() {
    let mut user = User::at("let x = $0;\n");
    user.sees("foo(bar)");
    user.asked(Trigger::Invoked, &["quux"]);
    user.ends_in(Outcome::Rejected, 0, 0);
    user.sees("zap");
    user.ends_in(Outcome::Withdrawn, 0, 0);
    assert_eq!(user.asked(Trigger::Automatic, &[]), None);
    user.ends_in(Outcome::Withdrawn, 0, 0);
}

#[test]
fn one_that_extends_it_is_the_same() {
    let mut user = User::at("let x = $0;\n");
    let number = user.sees("foo(");
    assert_eq!(user.sees("foo(bar)"), number);
    user.inserts("foo(bar)");
    assert_eq!(user.ends_in(Outcome::Whole, 8, 0).characters, 8);
}

#[test]
fn word_by_word_and_line_by_line() {
    let mut user = User::at("    $0\n");
    let number = user.sees("self.state.lock();\nreturn;");
    user.inserts("self").inserts(".state");
    assert_eq!(user.sees(".lock();\nreturn;"), number, "the rest of it");
    user.types("x").asked(Trigger::Automatic, &["y = 1"]);
    let row = user.rows().remove(0);
    assert_eq!((row.outcome, row.accepted, row.typed, row.lines), (Outcome::Word, 10, 0, 2));

    let mut user = User::at("    $0\n");
    user.sees("if x {\n    y();\n}");
    user.inserts("if x {").types("\n");
    user.tracker.closed(URI, user.now);
    let row = rows(user.tracker.events()).remove(0);
    assert_eq!((row.outcome, row.accepted, row.typed), (Outcome::Line, 6, 1));
}

#[test]
fn all_of_it_in_words_is_one_suggestion_accepted_in_words() {
    let mut user = User::at("$0\n");
    user.sees("alpha beta");
    user.inserts("alpha").inserts(" beta");
    user.ends_in(Outcome::Word, 10, 0);
}

#[test]
fn the_clients_word_and_the_edit_are_one() {
    for word_first in [false, true] {
        let mut user = User::at("let x = $0;\n");
        let number = user.sees("foo(bar)");
        if word_first {
            user.tracker.accepted(number, 0, user.now);
        }
        user.inserts("foo(bar)");
        if !word_first {
            user.tracker.accepted(number, 0, user.now);
        }
        user.tracker.accepted(number, 0, user.now);
        user.ends_in(Outcome::Whole, 8, 0);
        user.tracker.accepted(number, 0, user.now);
        assert_eq!(user.rows(), [], "a late word changes nothing");
        user.waits(300_000);
        assert_eq!(user.kept(), [Kept::Percent(100); 2]);
    }
}

#[test]
fn a_single_character_is_typed_unless_the_client_says_otherwise() {
    let mut user = User::at("f(a$0\n");
    user.sees(")");
    user.inserts(")");
    user.ends_in(Outcome::TypedThrough, 0, 1);
    for word_first in [false, true] {
        let mut user = User::at("f(a$0\n");
        let number = user.sees(")");
        if word_first {
            user.tracker.accepted(number, 0, user.now);
        }
        user.inserts(")");
        user.tracker.accepted(number, 0, user.now);
        user.ends_in(Outcome::Whole, 1, 0);
        user.waits(30_000);
        assert_eq!(user.kept(), [Kept::Percent(100)]);
    }
}

#[test]
fn a_client_that_indents_by_itself_is_believed() {
    let mut user = User::at("\t$0\n");
    let number = user.sees("if x {\n    y();\n}");
    user.inserts("if x {\n\t\ty();\n\t}");
    user.tracker.accepted(number, 0, user.now);
    user.ends_in(Outcome::Whole, 17, 0);
    user.waits(30_000);
    assert_eq!(user.kept(), [Kept::Percent(100)]);
}

#[test]
fn the_clients_word_without_an_edit_is_believed_and_kept_is_unknown() {
    let mut user = User::at("let x = $0;\n");
    let number = user.sees("foo(bar)");
    user.tracker.accepted(number, 0, user.now);
    user.waits(SETTLES_MS);
    user.ends_in(Outcome::Whole, 8, 0);
    user.waits(300_000);
    assert_eq!(user.kept(), [Kept::Unknown; 2]);
}

#[test]
fn words_of_no_suggestion_do_nothing() {
    let mut user = User::at("let x = $0;\n");
    let number = user.sees("foo(bar)");
    user.tracker.accepted(number + 1, 0, user.now);
    user.tracker.accepted(0, 7, user.now);
    user.types("no").asked(Trigger::Automatic, &[]);
    user.cursor = 0;
    user.asked(Trigger::Automatic, &[]);
    user.ends_in(Outcome::Rejected, 0, 0);
}

#[test]
fn another_choice_counts_for_what_it_is() {
    let mut user = User::at("let x = $0;\n");
    let number = user.asked(Trigger::Invoked, &["foo", "quux(1, 2)"]).expect("shown");
    user.tracker.accepted(number, 1, user.now);
    user.inserts("quux(1, 2)");
    assert_eq!(user.ends_in(Outcome::Whole, 10, 0).characters, 10);
    let mut user = User::at("let x = $0;\n");
    user.asked(Trigger::Invoked, &["foo", "quux(1, 2)"]);
    user.inserts("quux(1, 2)");
    assert_eq!(user.ends_in(Outcome::Whole, 10, 0).characters, 10);
}

#[test]
fn closing_brackets_that_the_editor_adds_change_nothing() {
    let mut user = User::at("let x = $0\n");
    let number = user.sees("foo(b)");
    user.types("foo");
    user.change(&[(user.cursor..user.cursor, "()")]);
    user.cursor += 1;
    assert_eq!(user.sees("b"), number, "the rest without the bracket that stands there");
    user.types("b");
    user.ends_in(Outcome::TypedThrough, 0, 5);
    // Without a request in between.
    let mut user = User::at("let x = $0\n");
    user.sees("foo(b)");
    user.types("foo");
    user.change(&[(user.cursor..user.cursor, "()")]);
    user.cursor += 1;
    user.types("b");
    user.ends_in(Outcome::TypedThrough, 0, 5);
}

#[test]
fn a_menu_that_replaces_the_word_by_word_and_rest() {
    let mut user = User::at("let x = fo$0;\n");
    user.sees("o(bar)");
    user.change(&[(8..10, "foo(bar)")]);
    user.ends_in(Outcome::Whole, 6, 0);
}

#[test]
fn line_breaks_of_two_bytes() {
    let mut user = User::at("fn f() {$0\r\n}\r\n");
    user.sees("\n    a();\n    b();");
    user.inserts("\r\n    a();\r\n    b();");
    user.ends_in(Outcome::Whole, 18, 0);
    user.waits(30_000);
    assert_eq!(user.kept(), [Kept::Percent(100)]);

    let mut user = User::at("fn f() {$0\r\n}\r\n");
    let number = user.sees("\n    a();");
    user.inserts("\r\n    ");
    assert_eq!(user.sees("a();"), number);
    user.types("a();");
    user.ends_in(Outcome::TypedThrough, 0, 9);
}

#[test]
fn several_cursors() {
    // From the last to the first, as editors send it; the suggestion stands at the first.
    let mut user = User::at("a = $0\nb = \n");
    user.sees("foo(bar)");
    user.change(&[(9..9, "foo(bar)"), (4..4, "foo(bar)")]);
    user.ends_in(Outcome::Whole, 8, 0);
    user.waits(30_000);
    assert_eq!(user.kept(), [Kept::Percent(100)]);
    // From the first to the last, and it stands at the second.
    let mut user = User::at("a = \nb = $0\n");
    user.sees("foo");
    user.change(&[(4..4, "f"), (10..10, "f")]);
    user.change(&[(5..5, "o"), (12..12, "o")]);
    user.change(&[(6..6, "o"), (14..14, "o")]);
    assert_eq!(user.document.text(), "a = foo\nb = foo\n");
    user.ends_in(Outcome::TypedThrough, 0, 3);
}

#[test]
fn edits_elsewhere_do_not_matter() {
    let mut user = User::at("// one\nlet x = $0;\n// two\n");
    let number = user.sees("foo(bar)");
    user.change(&[(0..0, "use a;\n"), (3 + 7..3 + 7 + 3, "another")]);
    user.change(&[(30..30, "x")]);
    user.cursor += 7 + 4;
    assert_eq!(user.sees("foo(bar)"), number);
    user.inserts("foo(bar)");
    user.ends_in(Outcome::Whole, 8, 0);
}

#[test]
fn accepted_and_undone_is_accepted_and_gone() {
    let mut user = User::at("let x = $0;\n");
    user.sees("foo(bar)");
    user.inserts("foo(bar)").deletes(8);
    user.ends_in(Outcome::Whole, 8, 0);
    user.waits(300_000);
    assert_eq!(user.kept(), [Kept::Percent(0); 2]);
}

#[test]
fn what_is_kept_is_asked_after_half_a_minute_and_after_five() {
    let mut user = User::at("let x = $0;\n");
    let number = user.sees("foo(bar)");
    user.inserts("foo(bar)");
    assert_eq!(user.tracker.due_ms(), Some(1_000 + SETTLES_MS));
    user.ends_in(Outcome::Whole, 8, 0);
    assert_eq!(user.tracker.due_ms(), Some(31_000));
    user.waits(27_999);
    assert_eq!(user.tracker.events(), []);
    user.waits(1);
    let event = |mark, kept| Event::Kept { number, mark, kept };
    assert_eq!(user.tracker.events(), [event(Mark::HalfMinute, Kept::Percent(100))]);
    user.change(&[(12..15, "qux")]);
    user.waits(270_000);
    assert_eq!(user.tracker.events(), [event(Mark::FiveMinutes, Kept::Percent(62))]);
    assert_eq!(user.tracker.due_ms(), None);
    assert!(!user.tracker.follows(URI), "nothing is left to follow");
}

#[test]
fn a_formatter_that_rewrites_the_document() {
    let mut user = User::at("use b;\nuse a;\nfn f(){$0}\n");
    user.sees("if x {y();}");
    user.inserts("if x {y();}");
    user.becomes("use a;\nuse b;\n\nfn f() {\n    if x {\n        y();\n    }\n}\n");
    user.waits(300_000);
    assert_eq!(user.kept(), [Kept::Percent(100); 2]);
}

#[test]
fn a_formatter_while_it_stands_there() {
    let mut user = User::at("fn  a() {}\nlet x = $0\n");
    let number = user.sees("foo(bar)");
    user.becomes("fn a() {}\nlet x = \n");
    user.cursor -= 1;
    assert_eq!(user.sees("foo(bar)"), number);
    user.inserts("foo(bar)");
    user.ends_in(Outcome::Whole, 8, 0);
}

#[test]
fn closed_before_the_mark_is_unknown_and_opened_again_in_time_is_not() {
    let closes = |reopen: Option<&str>| {
        let mut user = User::at("let x = $0;\n");
        user.sees("foo(bar)");
        user.inserts("foo(bar)").waits(31_000);
        user.tracker.closed(URI, user.now);
        assert!(!user.tracker.follows(URI));
        user.waits(60_000);
        if let Some(text) = reopen {
            user.tracker.opened(&Document::new(URI, "rust", 1, text), user.now);
        }
        user.waits(300_000);
        user.kept()
    };
    assert_eq!(closes(None), [Kept::Percent(100), Kept::Unknown]);
    assert_eq!(closes(Some("use y;\nlet x = foo(bar);\n")), [Kept::Percent(100); 2]);
    assert_eq!(closes(Some("let x = ;\n")), [Kept::Percent(100), Kept::Percent(0)]);
}

#[test]
fn closing_decides_at_once() {
    let mut user = User::at("let x = $0;\n");
    user.sees("foo(bar)");
    user.tracker.closed(URI, user.now);
    assert_eq!(rows(user.tracker.events())[0].outcome, Outcome::Rejected);
    assert_eq!(user.tracker.due_ms(), None);
}

#[test]
fn the_end_of_the_session_tells_everything_once() {
    let mut user = User::at("let x = $0;\n");
    user.sees("foo(bar)");
    user.inserts("foo(bar)");
    user.sees(".more()");
    user.tracker.end(user.now);
    let events = user.tracker.events();
    assert_eq!(events.iter().filter(|event| matches!(event, Event::Kept { kept: Kept::Unknown, .. })).count(), 2);
    let outcomes: Vec<_> = rows(events).iter().map(|row| row.outcome).collect();
    assert_eq!(outcomes, [Outcome::Whole, Outcome::Rejected]);
    user.tracker.end(user.now);
    assert_eq!(user.tracker.events(), []);
}

#[test]
fn documents_do_not_meet() {
    let mut one = User::at("let x = $0;\n");
    one.sees("foo(bar)");
    let mut two = User::of(std::mem::take(&mut one.tracker), "file:///b.rs", "let x = $0;\n");
    two.sees("foo(bar)");
    two.inserts("foo(bar)");
    assert_eq!(two.ends_in(Outcome::Whole, 8, 0).outcome, Outcome::Whole);
    one.tracker = std::mem::take(&mut two.tracker);
    one.now = two.now;
    one.types("foo(bar)");
    one.ends_in(Outcome::TypedThrough, 0, 8);
}

#[test]
fn left_alone_it_is_a_rejection_in_the_end() {
    let mut user = User::at("let x = $0;\n");
    user.sees("foo(bar)");
    user.waits(LEFT_ALONE_MS - 1);
    assert_eq!(user.rows(), []);
    user.ends_in(Outcome::Rejected, 0, 0);
}

#[test]
fn a_clock_that_goes_backwards_stands_still() {
    let mut user = User::at("let x = $0;\n");
    user.sees("foo(bar)");
    user.inserts("foo(bar)").waits(20_000);
    user.now = Moment { ms: 0, unix: 5 };
    user.tracker.tick(user.now);
    assert_eq!(user.kept(), []);
    user.now.ms = 31_000;
    user.tracker.tick(user.now);
    assert_eq!(user.kept(), [Kept::Percent(100)]);
}

#[test]
fn a_change_that_was_not_told_ends_nothing_that_still_fits() {
    let mut user = User::at("let x = $0;\n");
    let number = user.sees("foo(bar)");
    // The document was replaced while nobody told the tracker.
    user.document = Document::new(URI, "rust", 5, "use a;\nlet x = ;\n");
    user.cursor += 7;
    assert_eq!(user.sees("foo(bar)"), number);
    user.inserts("foo(bar)");
    user.ends_in(Outcome::Whole, 8, 0);
}

#[test]
fn nothing_shown_costs_nothing() {
    let mut user = User::at("let x = $0;\n");
    assert_eq!(user.asked(Trigger::Automatic, &[]), None);
    assert!(!user.tracker.follows(URI));
    user.sees("foo");
    user.tracker.forget();
    assert_eq!((user.tracker.due_ms(), user.rows()), (None, vec![]));
}

#[derive(Clone, Debug)]
enum Act {
    Ask(Vec<String>),
    Replace(usize, usize, String),
    Accept(u64),
    Wait(u64),
    Reopen,
}

fn any_act() -> impl Strategy<Value = Act> {
    let text = || "[aé(\\)\\r\\n ]{0,6}";
    prop_oneof![
        3 => prop::collection::vec("[aé(\\)\\n ]{1,6}", 0..3).prop_map(Act::Ask),
        6 => (0..40usize, 0..3usize, text()).prop_map(|(at, length, text)| Act::Replace(at, length, text)),
        1 => (0..8u64).prop_map(Act::Accept),
        1 => (0..400_000u64).prop_map(Act::Wait),
        1 => Just(Act::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever comes, each suggestion is decided once, its marks are told once each, and nothing is left over.
    #[test]
    fn every_suggestion_is_decided_exactly_once(acts in prop::collection::vec(any_act(), 1..40)) {
        let mut user = User::at("aé(a)\r\n$0aa é\n");
        let mut numbers = std::collections::HashSet::new();
        let mut events = Vec::new();
        for act in acts {
            match act {
                Act::Ask(texts) => {
                    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
                    user.cursor = user.document.byte_at(
                        user.document.position_at(user.cursor, PositionEncoding::Utf8), PositionEncoding::Utf8);
                    numbers.extend(user.asked(Trigger::Automatic, &texts));
                }
                Act::Replace(at, length, text) => {
                    let start = user.document.rope().char_to_byte(at.min(user.document.rope().len_chars()));
                    let end = user.document.rope().char_to_byte((at + length).min(user.document.rope().len_chars()));
                    user.change(&[(start..end, text.as_str())]);
                    user.cursor = (start + text.len()).min(user.document.len_bytes());
                }
                Act::Accept(number) => user.tracker.accepted(number, 0, user.now),
                Act::Wait(ms) => drop(user.waits(ms)),
                Act::Reopen => {
                    user.tracker.closed(URI, user.now);
                    user.tracker.opened(&user.document, user.now);
                }
            }
            events.extend(user.tracker.events());
        }
        user.tracker.end(user.now);
        events.extend(user.tracker.events());
        let mut decided = std::collections::HashMap::new();
        let mut marks = std::collections::HashSet::new();
        for event in events {
            match event {
                Event::Decided { number, row } => {
                    prop_assert!(row.accepted <= row.characters && row.typed <= row.characters, "{row:?}");
                    prop_assert!(decided.insert(number, row.outcome).is_none(), "decided twice");
                }
                Event::Kept { number, mark, .. } => {
                    prop_assert!(decided.get(&number).is_some_and(|outcome| outcome.is_accepted()));
                    prop_assert!(marks.insert((number, mark.after_ms())), "told twice");
                }
            }
        }
        let known: std::collections::HashSet<u64> = decided.keys().copied().collect();
        prop_assert_eq!(known, numbers);
        let accepted = decided.values().filter(|outcome| outcome.is_accepted()).count();
        prop_assert_eq!(marks.len(), 2 * accepted);
    }
}
