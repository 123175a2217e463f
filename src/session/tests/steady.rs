//! What is shown while the engine goes on does not flicker.

use super::*;

/// Lookup shows a call of `compute`, and is not sure enough of it to leave the model alone.
const FIXTURE: &str =
    "fn a() {\n    let total = compute(first, second);\n    let totem = compute(first, third);\n    let tot = $0\n}\n";

/// An editor that shows what lookup wrote, because the model is slow; and what that is without its first letter.
async fn shows_lookup(script: impl Fn(&Job) -> String + Send + Sync + 'static) -> (Editor, String) {
    let editor = Editor::new(FIXTURE, Duration::from_millis(20), script);
    editor.engine.as_ref().expect("an engine").set_parameters(7_000_000_000);
    let impatient = Patience { soft: Duration::from_millis(5), ..Patience::GHOST_TEXT };
    let soft = editor.session.complete_within(URI, editor.position(), Trigger::Automatic, impatient);
    let Outcome::Show(shown) = soft.await else { panic!("nothing shown") };
    assert_eq!(shown[0].source, Source::Lookup);
    let rest = shown[0].text.strip_prefix("c").expect("a call of compute").to_owned();
    assert!(rest.starts_with("ompute(first, "), "{rest}");
    assert_eq!(editor.asked(), 1);
    (editor, rest)
}

#[tokio::test]
async fn another_text_of_the_model_does_not_replace_it_while_it_is_typed() {
    let (mut editor, rest) = shows_lookup(|_| "c9;".into()).await;
    editor.type_text("c");
    assert_eq!(editor.shown().await[0], rest);
    assert!(editor.why().notes.iter().any(|note| note.contains("on the screen")), "{:?}", editor.why().notes);
    editor.type_text("o");
    assert_eq!(editor.shown().await[0], rest[1..]);
}

#[tokio::test]
async fn it_does_not_vanish_when_the_model_has_nothing_to_say() {
    let (mut editor, rest) = shows_lookup(|_| String::new()).await;
    editor.type_text("c");
    assert_eq!(editor.shown().await[0], rest);
}

#[tokio::test]
async fn whoever_types_something_else_sees_something_else() {
    let script = |job: &Job| if job.prompt.prefix.ends_with('d') { "one();" } else { "" }.into();
    let (mut editor, _) = shows_lookup(script).await;
    editor.type_text("d");
    assert_eq!(editor.shown().await[0], "one();");
}

#[tokio::test]
async fn a_pause_takes_it_away() {
    let (mut editor, _) = shows_lookup(|_| "c9;".into()).await;
    editor.session.pause(None);
    editor.type_text("c");
    assert_eq!(editor.ask().await, Outcome::Nothing(Reason::Paused { minutes_left: None }));
}

#[tokio::test]
async fn brackets_that_stood_there_before_are_not_the_editors() {
    let mut editor = Editor::new("fn a() {\n    wrap($0)\n}\n", Duration::ZERO, |_| "twice(x)".into());
    assert_eq!(editor.shown().await, ["twice(x)"]);
    editor.type_text("twice(");
    assert_eq!(editor.shown().await, ["x)"], "the bracket right of the cursor is the one of `wrap`");
    assert_eq!(editor.asked(), 1);
}
