//! A changed prompt is evaluated while the user is idle, once.

use super::*;

fn editor(fixture: &str, pace: Duration, script: impl Fn(&Job) -> String + Send + Sync + 'static) -> Editor {
    let editor = Editor::new(fixture, pace, script);
    let mut settings = (*editor.session.settings()).clone();
    settings.completion.idle_ms = 100;
    editor.session.configure(settings);
    editor
}

impl Editor {
    fn prefills(&self) -> usize {
        self.engine.as_ref().expect("a scripted engine").prefills()
    }

    async fn prefilled(&self, times: usize) {
        while self.prefills() < times {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Long enough for an idle pass that would be made.
const A_WHILE: Duration = Duration::from_millis(400);

#[tokio::test]
async fn edits_that_nobody_asked_about_are_evaluated_once_in_a_pause() {
    let mut editor = editor("fn a() {}\n$0\n", Duration::ZERO, |_| String::new());
    editor.type_text("fn b() {\n");
    editor.type_text("    let x = ");
    editor.prefilled(1).await;
    let job = editor.engine.as_ref().expect("a scripted engine").last_job().expect("asked");
    assert_eq!(&*job.prompt.prefix, "fn a() {}\nfn b() {\n    let x = ");
    assert_eq!((job.urgency, job.max_tokens), (Urgency::Background, 96), "the budget of the request to come");
    editor.type_text("f");
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(editor.prefills(), 1, "a letter on the line is one token for any request");
    assert_eq!(editor.asked(), 0);
    let counts = editor.session.look_ahead_counts();
    assert_eq!((counts.prefills, counts.started, counts.generated), (1, 0, 0));
    assert!(counts.evaluated > 0);
}

#[tokio::test]
async fn what_a_request_evaluated_is_not_evaluated_again() {
    let mut editor = editor("fn a() {\n    $0\n}\n", Duration::ZERO, |_| String::new());
    editor.type_text("let x = ");
    assert_eq!(editor.ask().await, Outcome::Nothing(Reason::NothingToSay));
    tokio::time::sleep(A_WHILE).await;
    assert_eq!((editor.asked(), editor.prefills()), (1, 0));
}

#[tokio::test]
async fn a_request_or_an_edit_ends_it() {
    let mut editor = editor("$0\n", Duration::from_millis(20), |_| String::new());
    let engine = editor.engine.clone().expect("a scripted engine");
    engine.set_pace(Duration::from_secs(1));
    editor.type_text("fn a() {}\nlet x = ");
    editor.prefilled(1).await;
    editor.type_text("y");
    while engine.cancelled_jobs() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    editor.prefilled(2).await;
    editor.session.open("file:///proj/b.rs", "rust", 1, "let y = ");
    drop(editor.session.complete("file:///proj/b.rs", Position::new(0, 8), Trigger::Automatic));
    while engine.cancelled_jobs() < 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn none_is_made_where_no_request_would_be_or_no_model_is_loaded_or_the_user_does_not_want_it() {
    let idle = |fixture: &str, change: fn(&mut Editor)| {
        let mut editor = editor(fixture, Duration::ZERO, |_| String::new());
        change(&mut editor);
        editor.type_text("fn a() {}\nlet x = ");
        editor
    };
    let configured = |editor: &Editor, change: fn(&mut Settings)| {
        let mut settings = (*editor.session.settings()).clone();
        change(&mut settings);
        editor.session.configure(settings);
    };
    let in_the_middle = idle("$0foo\n", |_| ());
    let unloaded =
        idle("$0\n", |editor| editor.engine.as_ref().expect("a scripted engine").set_state(EngineState::Idle));
    let off = idle("$0\n", |_| ());
    configured(&off, |settings| settings.completion.look_ahead = false);
    let disabled = idle("$0\n", |_| ());
    configured(&disabled, |settings| settings.completion.enabled = false);
    let closed = idle("$0\n", |editor| editor.session.close("file:///other"));
    closed.session.close(URI);
    tokio::time::sleep(A_WHILE).await;
    for (number, editor) in [in_the_middle, unloaded, off, disabled, closed].iter().enumerate() {
        assert_eq!(editor.prefills(), 0, "{number}");
    }
}

#[tokio::test]
async fn a_session_that_is_dropped_is_not_kept_by_it() {
    let mut editor = editor("$0\n", Duration::ZERO, |_| String::new());
    editor.type_text("let x = ");
    let session = Arc::downgrade(&editor.session);
    drop(editor);
    while session.strong_count() > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
