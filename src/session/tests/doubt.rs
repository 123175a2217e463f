//! A model that is far from sure is not asked again within the word.

use super::*;

/// One character has the logarithm -0.1, so these are one chance in 3,000.
fn unlikely(start: &str) -> String {
    format!("{start}zqxjkvbpygfwmucldrhsnioate_ZQXJKVBPYGFWMUCLDRHSNIOATE0123456789_qjzx_wvut_rponmlk")
}

async fn reason(editor: &Editor) -> Reason {
    match editor.ask().await {
        Outcome::Nothing(reason) => reason,
        Outcome::Show(shown) => panic!("{shown:?}"),
    }
}

#[tokio::test]
async fn the_rest_of_the_word_is_left_to_lookup() {
    let mut editor = Editor::new("fn a() {\n    let $0\n}\n", Duration::ZERO, |_| unlikely(""));
    assert!(matches!(reason(&editor).await, Reason::LowConfidence { .. }));
    for letter in ["c", "o", "_", "1"] {
        editor.type_text(letter);
        assert_eq!(reason(&editor).await, Reason::Doubtful, "{letter}");
    }
    assert_eq!(editor.asked(), 1);
    editor.type_text(" ");
    assert!(matches!(reason(&editor).await, Reason::LowConfidence { .. }));
    assert_eq!(editor.asked(), 2, "behind the word it is asked again");
}

#[tokio::test]
async fn who_types_what_it_writes_is_answered_by_it() {
    let mut editor = Editor::new("fn a() {\n    let $0\n}\n", Duration::ZERO, |_| unlikely("c"));
    assert!(matches!(reason(&editor).await, Reason::LowConfidence { .. }));
    editor.type_text("c");
    assert!(matches!(reason(&editor).await, Reason::LowConfidence { .. }));
    assert_eq!(editor.asked(), 1);
    assert_eq!(editor.why().engine_job, EngineJob::Joined);
}

#[tokio::test]
async fn a_key_asks_in_spite_of_doubt() {
    let mut editor = Editor::new("fn a() {\n    let $0\n}\n", Duration::ZERO, |_| unlikely(""));
    reason(&editor).await;
    editor.type_text("c");
    let asked = editor.session.complete(URI, editor.position(), Trigger::Invoked).await;
    assert!(matches!(asked, Outcome::Show(_)), "{asked:?}");
    assert_eq!(editor.asked(), 2);
}

#[tokio::test]
async fn a_failure_is_no_doubt() {
    let mut editor = Editor::new("fn a() {\n    let $0\n}\n", Duration::ZERO, |_| "count = 1;".into());
    editor.engine.as_ref().expect("an engine").fail_next("the machine is out of paper");
    assert!(matches!(reason(&editor).await, Reason::EngineFailed(_)));
    editor.type_text("c");
    assert_eq!(editor.shown().await, ["count = 1;"]);
}

#[tokio::test]
async fn new_settings_end_doubt() {
    let mut editor = Editor::new("fn a() {\n    let $0\n}\n", Duration::ZERO, |_| unlikely(""));
    reason(&editor).await;
    let mut settings = (*editor.session.settings()).clone();
    settings.completion.max_tokens = 50;
    editor.session.configure(settings);
    editor.type_text("c");
    assert_ne!(reason(&editor).await, Reason::Doubtful);
    assert_eq!(editor.asked(), 2);
}
