//! The pipeline as an editor sees it, with a scripted engine.

mod ahead;
mod context;
mod control;
mod doubt;
mod idle;
mod meaning;
mod steady;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::complete::{Decision, EngineJob, Source, SyntaxCheck};
use crate::engine::fake::FakeEngine;
use crate::engine::{EngineState, Job, Urgency};

const URI: &str = "file:///proj/a.rs";

/// A session with one document, driven like an editor would.
struct Editor {
    session: Arc<Session>,
    engine: Option<Arc<FakeEngine>>,
    text: String,
    cursor: usize,
    version: i32,
    /// Jobs that a request waited for.
    asked: Arc<AtomicUsize>,
}

impl Editor {
    fn new(fixture: &str, pace: Duration, script: impl Fn(&Job) -> String + Send + Sync + 'static) -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = asked.clone();
        let engine = FakeEngine::new(move |job| {
            counter.fetch_add(usize::from(job.urgency == Urgency::Awaited), Ordering::Relaxed);
            script(job)
        })
        .with_pace(pace);
        Self::with_engine(fixture, Some(Arc::new(engine)), asked)
    }

    fn with_engine(fixture: &str, engine: Option<Arc<FakeEngine>>, asked: Arc<AtomicUsize>) -> Self {
        let mut settings = Settings::default();
        settings.completion.eagerness = crate::config::Eagerness::Level(crate::config::Level::High);
        let session = Session::new(settings, engine.clone().map(|engine| engine as Arc<dyn Engine>));
        session.initialize(PositionEncoding::Utf8, vec![PathBuf::from("/proj")]);
        let cursor = fixture.find("$0").expect("fixture has a cursor");
        let text = fixture.replacen("$0", "", 1);
        session.open(URI, "rust", 1, &text);
        Self { session, engine, text, cursor, version: 1, asked }
    }

    fn position(&self) -> Position {
        let before = &self.text[..self.cursor];
        let line = before.matches('\n').count() as u32;
        Position::new(line, (self.cursor - before.rfind('\n').map_or(0, |newline| newline + 1)) as u32)
    }

    fn type_text(&mut self, typed: &str) {
        let at = self.position();
        self.version += 1;
        let range = Some(crate::text::Range { start: at, end: at });
        self.session.change(URI, self.version, &[Change { range, text: typed.to_owned() }]);
        self.text.insert_str(self.cursor, typed);
        self.cursor += typed.len();
    }

    fn ask(&self) -> impl Future<Output = Outcome> + Send + 'static {
        self.session.complete(URI, self.position(), Trigger::Automatic)
    }

    /// Asks, and shows the answer as a client does.
    async fn shown(&self) -> Vec<String> {
        match self.ask().await {
            Outcome::Show(suggestions) => {
                let document = self.session.document(URI).expect("open");
                self.session.shown(&document, self.position(), Trigger::Automatic, &suggestions);
                suggestions.into_iter().map(|suggestion| suggestion.text).collect()
            }
            Outcome::Nothing(reason) => panic!("nothing shown: {reason}"),
        }
    }

    fn why(&self) -> Why {
        self.session.why(URI, self.position()).expect("a request was made")
    }

    /// Until the engine works on a request. Bounded by the test runner's patience alone.
    async fn engine_is_asked(&self) {
        while self.asked() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn is_generating(&self) -> bool {
        let state = self.session.state();
        state.documents.get(URI).is_some_and(|open| open.lane.is_generating())
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn the_engines_text_is_shaped_and_shown() {
    let editor = Editor::new("fn a() {\n    let x = foo($0);\n}\n", Duration::ZERO, |_| "bar, baz);\n}".into());
    assert_eq!(editor.shown().await, ["bar, baz"]);
}

#[tokio::test]
async fn the_engine_gets_the_text_around_the_cursor() {
    let editor = Editor::new("use x;\nlet a = $0;\nlet b;\n", Duration::ZERO, |job| {
        assert_eq!(&*job.prompt.prefix, "use x;\nlet a = ");
        assert_eq!(&*job.prompt.suffix, ";\nlet b;\n");
        assert_eq!((job.prompt.path.as_str(), job.prompt.repository.as_deref()), ("a.rs", Some("proj")));
        "c".into()
    });
    assert_eq!(editor.shown().await, ["c"]);
}

#[tokio::test]
async fn typing_along_is_answered_from_memory() {
    let mut editor = Editor::new("let x = $0\n", Duration::ZERO, |_| "foo(bar)".into());
    assert_eq!(editor.shown().await, ["foo(bar)"]);
    for rest in ["oo(bar)", "o(bar)", "(bar)", "bar)"] {
        let next = "foo(bar)".len() - rest.len();
        editor.type_text(&"foo(bar)"[next - 1..next]);
        assert_eq!(editor.shown().await, [rest]);
    }
    assert_eq!(editor.asked(), 1);
}

#[tokio::test]
async fn typing_something_else_asks_again() {
    let mut editor = Editor::new("let x = $0\n", Duration::ZERO, |job| {
        if job.prompt.prefix.ends_with("= ") { "foo".into() } else { "ar".into() }
    });
    assert_eq!(editor.shown().await, ["foo"]);
    editor.type_text("b");
    assert_eq!(editor.shown().await, ["ar"]);
    assert_eq!(editor.asked(), 2);
}

#[tokio::test]
async fn a_keystroke_that_fits_joins_the_generation_under_way() {
    let mut editor = Editor::new("let x = $0\n", Duration::from_millis(5), |_| "foo(bar, baz)".into());
    let first = tokio::spawn(editor.ask());
    editor.engine_is_asked().await;
    editor.type_text("f");
    assert_eq!(first.await.expect("no panic"), Outcome::Nothing(Reason::Stale));
    assert_eq!(editor.shown().await, ["oo(bar, baz)"]);
    assert_eq!(editor.asked(), 1);
}

#[tokio::test]
async fn typing_ahead_of_the_generation_joins_it_too() {
    let mut editor = Editor::new("let x = $0\n", Duration::from_millis(20), |_| "foo(bar)".into());
    let first = tokio::spawn(editor.ask());
    editor.engine_is_asked().await;
    editor.type_text("foo(");
    assert_eq!(first.await.expect("no panic"), Outcome::Nothing(Reason::Stale));
    assert_eq!(editor.shown().await, ["bar)"]);
    assert_eq!(editor.asked(), 1);
}

#[tokio::test]
async fn the_newest_request_wins() {
    let editor = Editor::new("let x = $0\n", Duration::from_millis(2), |_| "foo".into());
    let older: Vec<_> = (0..64).map(|_| tokio::spawn(editor.ask())).collect();
    assert_eq!(editor.shown().await, ["foo"]);
    for older in older {
        assert_eq!(older.await.expect("no panic"), Outcome::Nothing(Reason::Stale));
    }
    assert_eq!(editor.asked(), 1);
}

#[tokio::test]
async fn a_dropped_request_ends_the_generation_after_the_grace() {
    let editor = Editor::new("let x = $0\n", Duration::from_millis(10), |_| "x".repeat(5_000));
    let request = tokio::spawn(editor.ask());
    editor.engine_is_asked().await;
    request.abort();
    let engine = editor.engine.clone().expect("a scripted engine");
    while editor.is_generating() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    // The engine looks at the flag at its next token; a generation that ended by itself never counts.
    for _ in 0..1_000 {
        if engine.cancelled_jobs() == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("the generation ended by itself");
}

#[tokio::test]
async fn another_document_ends_a_generation_that_nobody_waits_for() {
    let editor = Editor::new("let x = $0\n", Duration::from_millis(10), |_| "x".repeat(5_000));
    let request = tokio::spawn(editor.ask());
    editor.engine_is_asked().await;
    request.abort();
    let _ = request.await;
    editor.session.open("file:///proj/b.rs", "rust", 1, "let y = ");
    let other = editor.session.complete("file:///proj/b.rs", Position::new(0, 8), Trigger::Automatic);
    let other = tokio::spawn(other);
    while editor.asked() < 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(!editor.is_generating());
    other.abort();
}

#[tokio::test]
async fn several_candidates_are_offered_on_request_best_first() {
    let script = "a + b\u{1e}c\u{1e}long_name(with, many, arguments)";
    let editor = Editor::new("let x = $0\n", Duration::ZERO, move |_| script.into());
    assert_eq!(editor.shown().await, ["a + b"]);
    match editor.session.complete(URI, editor.position(), Trigger::Invoked).await {
        Outcome::Show(suggestions) => {
            let texts: Vec<_> = suggestions.iter().map(|suggestion| suggestion.text.as_str()).collect();
            assert_eq!(texts, ["c", "a + b", "long_name(with, many, arguments)"]);
        }
        Outcome::Nothing(reason) => panic!("nothing shown: {reason}"),
    }
}

#[tokio::test]
async fn a_failed_generation_is_not_joined() {
    let editor = Editor::new("let x = $0\n", Duration::ZERO, |_| "foo".into());
    let engine = editor.engine.clone().expect("a scripted engine");
    engine.fail_next("the host is gone");
    assert_eq!(editor.ask().await, Outcome::Nothing(Reason::EngineFailed("the host is gone".into())));
    assert_eq!(editor.shown().await, ["foo"]);
}

#[tokio::test]
async fn a_new_model_does_not_continue_what_the_old_one_wrote() {
    let editor = Editor::new("let x = $0\n", Duration::from_millis(10), |_| "old_text".into());
    let request = tokio::spawn(editor.ask());
    editor.engine_is_asked().await;
    editor.session.set_model(Some(Arc::new(FakeEngine::new(|_| "new".into()))));
    assert_eq!(request.await.expect("no panic"), Outcome::Nothing(Reason::Stale));
    assert_eq!(editor.shown().await, ["new"]);
}

#[tokio::test]
async fn an_answer_out_of_patience_is_not_remembered_as_the_last_word() {
    let editor = Editor::new("let x = $0\n", Duration::from_millis(30), |_| "foo(bar)".into());
    let impatient = Patience { hard: Duration::from_millis(100), ..Patience::MENU };
    let first = editor.session.complete_within(URI, editor.position(), Trigger::Automatic, impatient);
    assert!(!matches!(first.await, Outcome::Show(shown) if shown[0].text == "foo(bar)"));
    assert_eq!(editor.shown().await, ["foo(bar)"]);
    assert_eq!(editor.asked(), 1);
}

#[tokio::test]
async fn a_document_that_is_not_open_gets_nothing() {
    let editor = Editor::new("$0", Duration::ZERO, |_| "x".into());
    let outcome = editor.session.complete("file:///other.rs", Position::default(), Trigger::Invoked).await;
    assert_eq!(outcome, Outcome::Nothing(Reason::UnknownDocument));
    editor.session.change("file:///other.rs", 2, &[]);
    editor.session.close("file:///other.rs");
}

#[tokio::test]
async fn lookup_answers_without_a_model() {
    let fixture = "let total = compute(first, second);\nlet other = 1;\nlet total = $0\n";
    let editor = Editor::with_engine(fixture, None, Arc::default());
    match editor.ask().await {
        Outcome::Show(suggestions) => {
            assert_eq!(suggestions[0].text, "compute(first, second);");
            assert_eq!(suggestions[0].source, Source::Lookup);
        }
        Outcome::Nothing(reason) => panic!("nothing shown: {reason}"),
    }
}

#[tokio::test]
async fn lookup_answers_when_the_model_fails() {
    let engine = Arc::new(FakeEngine::new(|_| String::new()));
    engine.set_state(EngineState::Failed { reason: "no such file".into() });
    let fixture = "let total = compute(first, second);\nlet other = 1;\nlet total = $0\n";
    let editor = Editor::with_engine(fixture, Some(engine), Arc::default());
    assert_eq!(editor.shown().await, ["compute(first, second);"]);
    let status = editor.session.status().borrow().clone();
    assert_eq!(status.engine.state, EngineState::Failed { reason: "no such file".into() });
    assert_eq!(status.last_source, Some(Source::Lookup));
}

#[tokio::test]
async fn lookup_copies_from_files_that_were_never_opened() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::write(root.join("other.rs"), "let total = compute(first, second);\n".repeat(3)).unwrap();
    std::fs::write(root.join("here.rs"), "let total = old(first);\n".repeat(9)).unwrap();
    let session = Session::new(Settings::default(), None);
    session.initialize(PositionEncoding::Utf8, vec![root.to_owned()]);
    let options = crate::index::IndexOptions::new(&crate::config::IndexSettings::default(), None);
    session.set_indexes(Some(IndexPlan { folders: vec![root.to_owned()], options, watches: false }));
    let uri = format!("file://{}", root.join("here.rs").display());
    session.open(&uri, "rust", 1, "let total = \n");
    while session.indexes.vantage(&uri, [].into_iter()).is_none() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let ask = async || session.complete(&uri, Position::new(0, 12), Trigger::Invoked).await;
    match ask().await {
        // What the file on disk says does not count: it is open, and says something else.
        Outcome::Show(suggestions) => assert_eq!(suggestions[0].text, "compute(first, second);"),
        Outcome::Nothing(reason) => panic!("nothing shown: {reason}"),
    }
    session.set_indexes(None);
    assert!(session.indexes.vantage(&uri, [].into_iter()).is_none(), "a closed folder is forgotten");
}

#[tokio::test]
async fn agreement_is_told() {
    let fixture = "let total = compute(first, second);\nlet other = 1;\nlet total = $0\n";
    let editor = Editor::new(fixture, Duration::ZERO, |_| "compute(first, second);".into());
    // Lookup alone would do: an editor waits no longer than a moment for the model to agree, a busy machine may need one.
    let patient = Patience::COMMAND;
    match editor.session.complete_within(URI, editor.position(), Trigger::Automatic, patient).await {
        Outcome::Show(suggestions) => assert_eq!(suggestions[0].source, Source::Both),
        Outcome::Nothing(reason) => panic!("nothing shown: {reason}"),
    }
}

#[tokio::test]
async fn why_tells_how_it_came_to_the_answer() {
    let editor = Editor::new("let x = $0\n", Duration::ZERO, |_| "foo;\nbar".into());
    editor.shown().await;
    let why = editor.session.why(URI, editor.position()).expect("a request was made");
    assert_eq!(why.raw.as_deref(), Some("foo;"));
    assert!(matches!(why.decision, Decision::Shown { from_memory: false, .. }));
    assert!(why.stages.iter().any(|stage| stage.name == "engine"));
    assert!(why.prompt.is_some());
    assert!(editor.session.why("file:///other.rs", Position::default()).is_none());
}

#[tokio::test]
async fn what_would_add_a_syntax_error_is_cut_and_told() {
    let editor = Editor::new("fn a() {\n    let x = $0;\n}\n", Duration::ZERO, |_| "foo(bar(1".into());
    assert_eq!(editor.shown().await, ["foo"]);
    let why = editor.session.why(URI, editor.position()).expect("a request was made");
    assert_eq!(why.syntax, SyntaxCheck::Trimmed);

    let editor = Editor::new("fn a() {\n    $0\n}\n", Duration::ZERO, |_| "match x {".into());
    assert_eq!(editor.ask().await, Outcome::Nothing(Reason::BreaksSyntax));
    let why = editor.session.why(URI, editor.position()).expect("a request was made");
    assert_eq!(why.syntax, SyntaxCheck::Failed);
    let status = editor.session.status().borrow().clone();
    assert!(status.nothing_shown_because.is_some_and(|sentence| sentence.contains("syntax error")));
}

#[tokio::test]
async fn a_remembered_text_is_cut_for_the_bracket_that_the_editor_closed() {
    let mut editor = Editor::new("fn a() {\n    let x = $0\n}\n", Duration::ZERO, |_| "foo(bar).baz();".into());
    assert_eq!(editor.shown().await, ["foo(bar).baz();"]);
    editor.type_text("foo()");
    editor.cursor -= 1;
    assert_eq!(editor.shown().await, ["bar"]);
    assert_eq!(editor.asked(), 1);
}

#[tokio::test]
async fn why_tells_why_nothing_was_shown() {
    let editor = Editor::new("let x = fo$0o\n", Duration::ZERO, |_| "x".into());
    assert_eq!(editor.ask().await, Outcome::Nothing(Reason::MidLine));
    let why = editor.session.why(URI, editor.position()).expect("a request was made");
    assert!(matches!(why.decision, Decision::Hidden { reason: Reason::MidLine, .. }));
    let status = editor.session.status().borrow().clone();
    assert!(status.nothing_shown_because.is_some_and(|sentence| sentence.contains("right of the cursor")));
}

#[tokio::test]
async fn changed_settings_count_at_once() {
    let editor = Editor::new("let x = $0\n", Duration::ZERO, |_| "foo".into());
    assert_eq!(editor.shown().await, ["foo"]);
    let mut settings = (*editor.session.settings()).clone();
    settings.completion.enabled = false;
    editor.session.configure(settings);
    assert_eq!(editor.ask().await, Outcome::Nothing(Reason::Disabled));
}

#[tokio::test]
async fn five_thousand_edits_then_a_request_sees_the_last_text() {
    let mut editor = Editor::new("$0\n", Duration::ZERO, |job| job.prompt.prefix.len().to_string());
    for _ in 0..5_000 {
        editor.type_text("x");
        if editor.text.len().is_multiple_of(100) {
            editor.type_text("\n");
        }
    }
    editor.type_text("\nlet n = ");
    let document = editor.session.document(URI).expect("open");
    assert_eq!(document.text(), editor.text);
    assert!(matches!(editor.ask().await, Outcome::Show(_)));
}
