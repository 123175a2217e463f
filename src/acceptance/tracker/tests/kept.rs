//! Whether accepted text stays: the marks, closing and opening, formatters, clocks.

use super::*;

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
fn more_than_can_be_followed_is_told_and_not_forgotten() {
    let mut user = User::at("$0\n");
    for _ in 0..MOST_PAST + 3 {
        user.sees("foo(bar);");
        user.inserts("foo(bar);");
    }
    let early = user.tracker.events();
    assert_eq!(rows(early.clone()).len(), 3);
    assert_eq!(early.iter().filter(|event| matches!(event, Event::Kept { kept: Kept::Unknown, .. })).count(), 6);
    user.waits(300_000);
    let late = user.tracker.events();
    assert_eq!(rows(late.clone()).len(), MOST_PAST);
    let kept = |event: &&Event| matches!(event, Event::Kept { kept: Kept::Percent(100), .. });
    assert_eq!(late.iter().filter(kept).count(), 2 * MOST_PAST);
    assert_eq!(user.tracker.due_ms(), None);
}
