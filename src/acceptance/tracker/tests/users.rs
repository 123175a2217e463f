//! What users do to suggestions.

use super::*;

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
fn closing_decides_at_once() {
    let mut user = User::at("let x = $0;\n");
    user.sees("foo(bar)");
    user.tracker.closed(URI, user.now);
    assert_eq!(rows(user.tracker.events())[0].outcome, Outcome::Rejected);
    assert_eq!(user.tracker.due_ms(), None);
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
fn nothing_shown_costs_nothing() {
    let mut user = User::at("let x = $0;\n");
    assert_eq!(user.asked(Trigger::Automatic, &[]), None);
    assert!(!user.tracker.follows(URI));
    user.sees("foo");
    user.tracker.forget();
    assert_eq!((user.tracker.due_ms(), user.rows()), (None, vec![]));
}
