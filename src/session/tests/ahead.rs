//! What follows a suggestion is there when it is accepted.

use super::*;
use crate::complete::LookAheadCounts;

const AT_ONCE: Duration = Duration::ZERO;
const SLOW: Duration = Duration::from_millis(10);
/// Longer than any test.
const NEVER: Duration = Duration::from_secs(3_600);

/// Writes `one(1)`, behind it `.two(2)`, behind that `.three(3)`, and so on.
fn in_turn(job: &Job) -> String {
    let words = ["one(1)", ".two(2)", ".three(3)", ".four(4)"];
    let prefix = &*job.prompt.prefix;
    let done = words.iter().take_while(|word| prefix.contains(*word)).count();
    words.get(done).copied().unwrap_or_default().to_owned()
}

const FIXTURE: &str = "fn main() {\n    $0\n}\n";

impl Editor {
    /// With a large model, whose confidence is taken at its word.
    fn sure(fixture: &str, pace: Duration, script: impl Fn(&Job) -> String + Send + Sync + 'static) -> Self {
        let editor = Self::new(fixture, pace, script);
        editor.engine().set_parameters(7_000_000_000);
        editor
    }

    fn counts(&self) -> LookAheadCounts {
        self.session.look_ahead_counts()
    }

    /// Until this many look-aheads of the engine have come to their end and are remembered.
    async fn looked_ahead(&self, times: u64) {
        while self.counts().started < times || !self.knows_next() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Whether what follows the suggestion that is shown can be recalled.
    fn knows_next(&self) -> bool {
        let state = self.session.state();
        state.documents.get(URI).is_some_and(|open| open.lane.prepared() > 0)
    }

    fn engine(&self) -> &Arc<FakeEngine> {
        self.engine.as_ref().expect("a scripted engine")
    }

    /// `shown`, and what looks ahead of it has begun and gets no further.
    async fn shown_and_held(&self) -> Vec<String> {
        let Outcome::Show(shown) = self.ask().await else { panic!("nothing shown") };
        self.engine().set_pace(NEVER);
        let document = self.session.document(URI).expect("open");
        self.session.shown(&document, self.position(), Trigger::Automatic, &shown);
        self.until(|editor| editor.counts().started == 1).await;
        shown.into_iter().map(|suggestion| suggestion.text).collect()
    }

    fn is_looking_ahead(&self) -> bool {
        let state = self.session.state();
        state.documents.get(URI).is_some_and(|open| open.lane.is_looking_ahead())
    }

    async fn until(&self, holds: impl Fn(&Self) -> bool) {
        while !holds(self) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[tokio::test]
async fn what_follows_an_accepted_suggestion_is_answered_from_memory() {
    let mut editor = Editor::sure(FIXTURE, AT_ONCE, in_turn);
    assert_eq!(editor.shown().await, ["one(1)"]);
    for (turn, (accepted, next)) in [("one(1)", ".two(2)"), (".two(2)", ".three(3)")].into_iter().enumerate() {
        editor.looked_ahead(turn as u64 + 1).await;
        editor.type_text(accepted);
        assert_eq!(editor.shown().await, [next]);
        let why = editor.why();
        assert!(matches!(why.decision, Decision::Shown { from_memory: true, .. }));
        assert_eq!((why.ahead, why.engine_job, why.evaluated_tokens()), (true, EngineJob::None, 0));
    }
    assert_eq!(editor.asked(), 1, "the user waited for the engine once");
    editor.looked_ahead(3).await;
    let counts = editor.counts();
    assert_eq!((counts.started, counts.used), (3, 2), "one step ahead, no more");
    assert!(counts.evaluated > 0 && counts.generated > 0);
}

#[tokio::test]
async fn accepting_a_word_needs_no_other_look_ahead() {
    let mut editor = Editor::sure(FIXTURE, AT_ONCE, in_turn);
    assert_eq!(editor.shown().await, ["one(1)"]);
    editor.looked_ahead(1).await;
    editor.type_text("one");
    assert_eq!(editor.shown().await, ["(1)"]);
    assert!(!editor.why().ahead, "it is the rest of what was shown");
    editor.type_text("(1)");
    assert_eq!(editor.shown().await, [".two(2)"]);
    assert!(editor.why().ahead);
    assert_eq!((editor.asked(), editor.counts().used), (1, 1));
}

#[tokio::test]
async fn accepting_a_line_needs_no_other_look_ahead() {
    let script = |job: &Job| {
        let second = job.prompt.prefix.contains("b()");
        if second { " // c" } else { "if a() {\n        b();\n    }" }.to_owned()
    };
    let mut editor = Editor::sure(FIXTURE, AT_ONCE, script);
    assert_eq!(editor.shown().await, ["if a() {\n        b();\n    }"]);
    editor.looked_ahead(1).await;
    editor.type_text("if a() {\n");
    assert_eq!(editor.shown().await, ["        b();\n    }"]);
    editor.type_text("        b();\n    }");
    assert_eq!(editor.shown().await, [" // c"]);
    assert!(editor.why().ahead);
    assert_eq!((editor.asked(), editor.counts().used), (1, 1));
}

#[tokio::test]
async fn a_request_joins_the_look_ahead_that_is_not_over() {
    let mut editor = Editor::sure(FIXTURE, SLOW, in_turn);
    assert_eq!(editor.shown_and_held().await, ["one(1)"]);
    editor.type_text("one(1)");
    let request = tokio::spawn(editor.ask());
    editor.until(|editor| editor.counts().used == 1).await;
    editor.engine().set_pace(Duration::from_millis(1));
    match request.await.expect("no panic") {
        Outcome::Show(shown) => assert_eq!(shown[0].text, ".two(2)"),
        Outcome::Nothing(reason) => panic!("nothing shown: {reason}"),
    }
    let why = editor.why();
    assert_eq!((why.ahead, why.engine_job, why.evaluated_tokens()), (true, EngineJob::Joined, 0));
    assert_eq!(editor.asked(), 1);
}

#[tokio::test]
async fn what_was_joined_and_had_to_give_way_is_asked_for_again() {
    let mut editor = Editor::sure(FIXTURE, SLOW, in_turn);
    assert_eq!(editor.shown_and_held().await, ["one(1)"]);
    editor.type_text("one(1)");
    let request = tokio::spawn(editor.ask());
    editor.until(|editor| editor.counts().used == 1).await;
    // Another window wants the same engine.
    let job = editor.engine().last_job().expect("it was asked");
    drop(editor.engine().generate(Job { lane: 1_000_000, urgency: Urgency::Awaited, ..job }));
    editor.until(|editor| editor.engine().cancelled_jobs() > 0).await;
    editor.engine().set_pace(Duration::from_millis(1));
    match request.await.expect("no panic") {
        Outcome::Show(shown) => assert_eq!(shown[0].text, ".two(2)"),
        Outcome::Nothing(reason) => panic!("nothing shown: {reason}"),
    }
    assert_eq!(editor.why().engine_job, EngineJob::Started);
}

#[tokio::test]
async fn typing_another_way_ends_it() {
    let mut editor = Editor::sure(FIXTURE, SLOW, in_turn);
    assert_eq!(editor.shown_and_held().await, ["one(1)"]);
    editor.type_text("o");
    editor.type_text("ne");
    assert!(editor.is_looking_ahead(), "it goes on while the text goes along");
    editor.type_text("x");
    assert!(!editor.is_looking_ahead());
    editor.until(|editor| editor.engine().cancelled_jobs() == 1).await;
}

#[tokio::test]
async fn a_request_elsewhere_ends_it() {
    let editor = Editor::sure(FIXTURE, SLOW, in_turn);
    assert_eq!(editor.shown_and_held().await, ["one(1)"]);
    editor.session.open("file:///proj/b.rs", "rust", 1, "let y = ");
    let other = editor.session.complete("file:///proj/b.rs", Position::new(0, 8), Trigger::Automatic);
    let other = tokio::spawn(other);
    editor.until(|editor| editor.engine().cancelled_jobs() == 1).await;
    editor.engine().set_pace(Duration::from_millis(1));
    assert!(matches!(other.await.expect("no panic"), Outcome::Show(_)));
    assert!(!editor.knows_next(), "what was cut short is not remembered");
}

#[tokio::test]
async fn nothing_is_prepared_for_what_is_hardly_accepted_or_not_wanted() {
    // With the trust in a small model, 20 characters of the script are 7 % sure.
    let editor = Editor::new(FIXTURE, AT_ONCE, |_| "a_name_of_20_letters".into());
    match editor.session.complete(URI, editor.position(), Trigger::Invoked).await {
        Outcome::Show(shown) => {
            let document = editor.session.document(URI).expect("open");
            editor.session.shown(&document, editor.position(), Trigger::Invoked, &shown);
        }
        Outcome::Nothing(reason) => panic!("nothing shown: {reason}"),
    }
    let off = Editor::sure(FIXTURE, AT_ONCE, in_turn);
    let mut settings = (*off.session.settings()).clone();
    settings.completion.look_ahead = false;
    off.session.configure(settings);
    assert_eq!(off.shown().await, ["one(1)"]);
    // The work of a look-ahead would be under way by the end of these.
    for editor in [&editor, &off] {
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(editor.counts(), LookAheadCounts::default());
    }
}

#[tokio::test]
async fn a_model_that_is_not_loaded_is_not_loaded_for_a_guess() {
    let editor = Editor::sure(FIXTURE, AT_ONCE, in_turn);
    let Outcome::Show(shown) = editor.ask().await else { panic!("nothing shown") };
    editor.engine().set_state(EngineState::Idle);
    let document = editor.session.document(URI).expect("open");
    editor.session.shown(&document, editor.position(), Trigger::Automatic, &shown);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(editor.counts(), LookAheadCounts::default());
}

#[tokio::test]
async fn what_is_prepared_must_pass_the_trial_of_its_own_place() {
    let script = |job: &Job| if job.prompt.prefix.contains("one") { "; foo(bar(1" } else { "one" }.to_owned();
    let mut editor = Editor::sure("fn main() {\n    let x = $0\n}\n", AT_ONCE, script);
    assert_eq!(editor.shown().await, ["one"]);
    editor.looked_ahead(1).await;
    editor.type_text("one");
    let shown = editor.shown().await;
    assert!(editor.why().ahead);
    assert_eq!(shown, ["; foo"], "the open bracket is cut off as for any request");
}

#[tokio::test]
async fn a_closed_document_ends_it() {
    let editor = Editor::sure(FIXTURE, SLOW, in_turn);
    assert_eq!(editor.shown_and_held().await, ["one(1)"]);
    let lane = editor.session.state().documents.get(URI).expect("open").lane.clone();
    editor.session.close(URI);
    editor.until(|editor| editor.engine().cancelled_jobs() == 1).await;
    editor.until(|_| Arc::strong_count(&lane) == 1).await;
}

#[tokio::test]
async fn a_soft_answer_by_lookup_goes_on_as_the_models_when_it_is_typed_along() {
    // Lookup has `compute(first, second);` and is sure enough to show it, and the model writes slowly.
    let fixture = "fn a() {\n    let total = compute(first, second);\n    let totem = compute(first, third);\n    let tot = $0\n}\n";
    let mut editor = Editor::sure(fixture, SLOW, |_| "compute(first, fourth);".into());
    let impatient = Patience { soft: Duration::from_millis(30), ..Patience::GHOST_TEXT };
    let soft = editor.session.complete_within(URI, editor.position(), Trigger::Automatic, impatient);
    let Outcome::Show(shown) = soft.await else { panic!("nothing shown") };
    assert_eq!(shown[0].source, Source::Lookup, "{shown:?}");
    assert!(editor.is_generating());
    editor.type_text("compute(");
    assert!(editor.is_generating());
    editor.shown().await;
    assert_eq!(editor.why().engine_job, EngineJob::Joined);
    assert_eq!(editor.asked(), 1);
}

#[tokio::test]
async fn accepting_a_word_of_what_is_being_written_joins_it() {
    let script = "foo(bar) + baz(qux)";
    let mut editor = Editor::sure("let x = $0\n", SLOW, move |_| script.into());
    let first = tokio::spawn(editor.ask());
    editor.engine_is_asked().await;
    editor.type_text("foo(bar)");
    assert_eq!(first.await.expect("no panic"), Outcome::Nothing(Reason::Stale));
    assert_eq!(editor.shown().await, [" + baz(qux)"]);
    assert_eq!((editor.why().engine_job, editor.asked()), (EngineJob::Joined, 1));
}
