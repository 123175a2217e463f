//! The many ways in which clients tell of the same thing.

use super::*;

#[test]
fn keys_that_an_editor_bundled_are_keys() {
    let mut user = User::at("let x = $0;\n");
    user.sees("foo(bar)");
    user.inserts("fo").inserts("o(b").inserts("ar").inserts(")");
    user.ends_in(Outcome::TypedThrough, 0, 8);
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
