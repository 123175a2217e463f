//! What the user says about when and where suggestions come: settings, pauses, waiting.

use super::*;
use crate::acceptance::Moment;
use crate::config::{Debounce, TriggerMode};

impl Editor {
    fn configure(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = (*self.session.settings()).clone();
        change(&mut settings);
        self.session.configure(settings);
    }

    async fn reason(&self, trigger: Trigger) -> Option<Reason> {
        match self.session.complete(URI, self.position(), trigger).await {
            Outcome::Show(_) => None,
            Outcome::Nothing(reason) => Some(reason),
        }
    }
}

/// Hands that never move by themselves.
fn still_clock() -> (Clock, Arc<Mutex<Moment>>) {
    let hands = Arc::new(Mutex::new(Moment { ms: 1_000, unix: 1_800_000_000 }));
    let clock = hands.clone();
    (Arc::new(move || *clock.lock().unwrap()), hands)
}

/// An editor whose user and clock are the test's.
fn timed_editor(fixture: &str) -> (Editor, Arc<Mutex<Moment>>) {
    let editor = Editor::new(fixture, Duration::ZERO, |_| "foo(bar)".into());
    let (clock, hands) = still_clock();
    let model = editor.engine.clone().map(|engine| engine as Arc<dyn Engine>);
    let session = Session::with_clock((*editor.session.settings()).clone(), model, clock);
    session.initialize(PositionEncoding::Utf8, vec![PathBuf::from("/proj")]);
    session.open(URI, "rust", 1, &editor.text);
    (Editor { session, ..editor }, hands)
}

fn pass(hands: &Mutex<Moment>, ms: u64) {
    let mut now = hands.lock().unwrap();
    now.ms += ms;
    now.unix += (ms / 1_000) as i64;
}

#[tokio::test]
async fn a_pause_silences_typing_and_answers_the_key() {
    let (mut editor, hands) = timed_editor("let x = $0\n");
    assert_eq!(editor.shown().await, ["foo(bar)"]);
    editor.session.pause(Some(10));
    let paused = |minutes| Some(Reason::Paused { minutes_left: minutes });
    assert_eq!(editor.reason(Trigger::Automatic).await, paused(Some(10)), "not even from memory");
    editor.type_text("f");
    pass(&hands, 90_000);
    assert_eq!(editor.reason(Trigger::Automatic).await, paused(Some(9)));
    assert_eq!(editor.reason(Trigger::Invoked).await, None);
    pass(&hands, 510_000);
    assert_eq!(editor.reason(Trigger::Automatic).await, None, "it is over");
    assert_eq!(editor.session.status().borrow().pause, None);
    editor.session.pause(None);
    assert_eq!(editor.reason(Trigger::Automatic).await, paused(None));
    editor.session.resume();
    assert_eq!(editor.reason(Trigger::Automatic).await, None);
}

#[tokio::test]
async fn what_was_asked_before_a_pause_does_not_show_up_in_it() {
    let editor = Editor::new("let x = $0\n", Duration::from_millis(5), |_| "foo(bar, baz)".into());
    let request = tokio::spawn(editor.ask());
    editor.engine_is_asked().await;
    editor.session.pause(None);
    assert_eq!(request.await.expect("no panic"), Outcome::Nothing(Reason::Stale));
}

#[tokio::test]
async fn in_manual_mode_only_the_key_asks() {
    let mut editor = Editor::new("let x = $0\n", Duration::ZERO, |_| "foo(bar)".into());
    editor.configure(|settings| settings.completion.trigger = TriggerMode::Manual);
    assert_eq!(editor.reason(Trigger::Automatic).await, Some(Reason::Manual));
    assert_eq!(editor.asked(), 0);
    assert_eq!(editor.reason(Trigger::Invoked).await, None);
    editor.type_text("f");
    assert_eq!(editor.reason(Trigger::Automatic).await, Some(Reason::Manual), "nor does typing along");
}

#[tokio::test]
async fn documents_are_left_alone_by_their_path_in_the_workspace() {
    let editor = Editor::new("let x = $0\n", Duration::ZERO, |_| "foo(bar)".into());
    let disable = |patterns: &[&str]| {
        let patterns = patterns.iter().map(ToString::to_string).collect();
        editor.configure(|settings| settings.completion.disabled_paths = patterns);
    };
    disable(&["/proj/", "src/", "*.md"]);
    assert_eq!(editor.reason(Trigger::Automatic).await, None, "paths begin at the folder");
    disable(&["/a.rs"]);
    let named = Reason::PathDisabled { path: "a.rs".into(), pattern: "/a.rs".into() };
    assert_eq!(editor.reason(Trigger::Automatic).await, Some(named.clone()), "not even from memory");
    assert_eq!(editor.reason(Trigger::Invoked).await, Some(named));
    disable(&["*.rs", "!a.rs"]);
    assert_eq!(editor.reason(Trigger::Automatic).await, None);
}

/// Types so many characters at one pace.
fn type_at_pace(editor: &mut Editor, hands: &Mutex<Moment>, keys: usize, gap_ms: u64) {
    for _ in 0..keys {
        pass(hands, gap_ms);
        editor.type_text("f");
    }
}

fn wait(editor: &Editor, trigger: Trigger) -> Duration {
    let request = editor.session.request(URI, editor.position(), trigger, Patience::GHOST_TEXT);
    request.expect("it is open").debounce
}

#[tokio::test]
async fn the_wait_follows_typing_and_model() {
    let (mut editor, hands) = timed_editor("let x = $0\n");
    type_at_pace(&mut editor, &hands, 20, 100);
    assert_eq!(wait(&editor, Trigger::Automatic), Duration::ZERO);
    (0..9).for_each(|_| editor.session.rhythm.answered(900));
    assert_eq!(wait(&editor, Trigger::Automatic), Duration::from_millis(100));
    pass(&hands, 60);
    assert_eq!(wait(&editor, Trigger::Automatic), Duration::from_millis(40));
    editor.configure(|settings| settings.completion.debounce_ms = Debounce::Fixed(0));
    assert_eq!(wait(&editor, Trigger::Automatic), Duration::ZERO);
}

#[tokio::test]
async fn a_keystroke_within_the_wait_costs_no_generation() {
    let (mut editor, hands) = timed_editor("let x = $0\n");
    type_at_pace(&mut editor, &hands, 20, 100);
    (0..9).for_each(|_| editor.session.rhythm.answered(900));
    let first = tokio::spawn(editor.ask());
    tokio::task::yield_now().await;
    pass(&hands, 50);
    editor.type_text("f");
    assert_eq!(first.await.expect("no panic"), Outcome::Nothing(Reason::Stale));
    assert_eq!(editor.asked(), 0);
    // The next one waits, is answered, and says how long that was.
    assert_eq!(editor.shown().await, ["foo(bar)"]);
    let why = editor.session.why(URI, editor.position()).expect("an account");
    assert!(why.stages.iter().any(|stage| stage.name == "debounce"), "{:?}", why.stages);
}

#[tokio::test]
async fn keys_memory_and_sure_lookups_wait_for_nothing() {
    let seconds = ["one", "two", "three", "four", "five"];
    let names =
        ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"].map(|first| seconds.map(|second| [first, second]));
    let line =
        |name: [&str; 2]| format!("    let {} = read_configuration(&directory, \"settings\")?;\n", name.join("_"));
    let text: String = names.into_iter().flatten().map(line).collect();
    let (mut editor, hands) = timed_editor(&format!("fn main() {{\n{text}    $0\n}}\n"));
    for key in ["l", "e", "t", " ", "k", "a", "p", "p", "a", " ", "=", " ", "r"] {
        pass(&hands, 100);
        editor.type_text(key);
    }
    (0..9).for_each(|_| editor.session.rhythm.answered(900));
    let waited = |editor: &Editor| {
        let why = editor.session.why(URI, editor.position()).expect("an account");
        why.stages.iter().any(|stage| stage.name == "debounce")
    };
    assert!(wait(&editor, Trigger::Automatic) > Duration::ZERO);
    let shown = editor.shown().await;
    let why = editor.session.why(URI, editor.position());
    assert_eq!(shown, ["ead_configuration(&directory, \"settings\")?;"], "{why:?}");
    assert!(!waited(&editor), "lookup is sure");
    pass(&hands, 100);
    editor.type_text("e");
    assert_eq!(editor.shown().await, ["ad_configuration(&directory, \"settings\")?;"]);
    assert!(!waited(&editor), "from memory");
    pass(&hands, 100);
    editor.type_text("+ ");
    assert_eq!(editor.reason(Trigger::Invoked).await, None);
    assert!(!waited(&editor), "by key");
}

#[tokio::test]
async fn typing_along_what_is_being_written_does_not_wait() {
    let (mut editor, hands) = timed_editor("let x = $0\n");
    let slow = Arc::new(FakeEngine::new(|_| "ffffoo(bar, baz)".into()).with_pace(Duration::from_millis(5)));
    editor.session.set_model(Some(slow));
    let first = tokio::spawn(editor.ask());
    while !editor.is_generating() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    type_at_pace(&mut editor, &hands, 1, 100);
    for _ in 0..20 {
        editor.session.rhythm.answered(900);
        let start = editor.position();
        let changes = [Change { range: Some(crate::text::Range { start, end: start }), text: "x".into() }];
        let mut elsewhere = Document::new(URI, "rust", 1, "");
        let edits = elsewhere.apply(2, &changes, PositionEncoding::Utf8);
        let now = hands.lock().unwrap().ms;
        pass(&hands, 100);
        editor.session.rhythm.changed(elsewhere.id(), &edits, &changes, now + 100);
    }
    assert!(wait(&editor, Trigger::Automatic) > Duration::ZERO);
    assert_eq!(first.await.expect("no panic"), Outcome::Nothing(Reason::Stale));
    assert_eq!(editor.shown().await, ["fffoo(bar, baz)"]);
    let why = editor.session.why(URI, editor.position()).expect("an account");
    assert!(why.joined && why.stages.iter().all(|stage| stage.name != "debounce"), "{:?}", why.stages);
}
