//! From the session's events to figures, with a ledger in memory and a clock that the test turns.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::*;
use crate::acceptance::{Event, Kept, Outcome, Row};
use crate::complete;
use crate::config::{Eagerness, Level, Settings};
use crate::engine::fake::FakeEngine;
use crate::session::Session;
use crate::text::{Position, PositionEncoding, Range};

const URI: &str = "file:///proj/secretName.rs";

#[derive(Default)]
struct Memory {
    events: Mutex<Vec<Event>>,
    days: AtomicU64,
}

impl Ledger for Memory {
    fn record(&self, event: Event) {
        self.events.lock().expect("no panic").push(event);
    }

    fn keep_days(&self, days: u32) {
        self.days.store(u64::from(days), Ordering::Relaxed);
    }

    fn close(&self, _: Duration) {}
}

/// An editor at the end of `let x = ` that shows what it is given.
struct Editor {
    session: Arc<Session>,
    memory: Arc<Memory>,
    ms: Arc<AtomicU64>,
    asked: Arc<AtomicUsize>,
    column: u32,
}

impl Editor {
    fn new(counts: bool) -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = asked.clone();
        let engine = FakeEngine::new(move |job| {
            counter.fetch_add(1, Ordering::Relaxed);
            if job.prompt.prefix.ends_with("= ") { "foo(bar)".into() } else { String::new() }
        });
        let mut settings = Settings::default();
        settings.completion.eagerness = Eagerness::Level(Level::High);
        let session = Session::new(settings, Some(Arc::new(engine)));
        let (memory, ms) = (Arc::new(Memory::default()), Arc::new(AtomicU64::new(0)));
        if counts {
            let ms = ms.clone();
            let clock = move || Moment { ms: ms.load(Ordering::Relaxed), unix: 1_700_000_000 };
            session.keep_figures(memory.clone(), Arc::new(clock));
        }
        session.initialize(PositionEncoding::Utf8, Vec::new());
        session.open(URI, "rust", 1, "let x = \n");
        Self { session, memory, ms, asked, column: 8 }
    }

    fn type_text(&mut self, text: &str) {
        let at = Position::new(0, self.column);
        let change = Change { range: Some(Range { start: at, end: at }), text: text.to_owned() };
        self.session.change(URI, 2, &[change]);
        self.column += text.len() as u32;
    }

    /// Asks and shows; the number of what is on the screen, and its text.
    async fn sees(&self) -> (Option<u64>, Option<String>) {
        let (at, trigger) = (Position::new(0, self.column), complete::Trigger::Automatic);
        let snapshot = self.session.document(URI).expect("open");
        let shown = match self.session.complete(URI, at, trigger).await {
            complete::Outcome::Show(suggestions) => suggestions,
            complete::Outcome::Nothing(_) => Vec::new(),
        };
        let number = self.session.shown(&snapshot, at, trigger, &shown);
        (number, shown.first().map(|suggestion| suggestion.text.clone()))
    }

    fn waits(&self, ms: u64) {
        self.ms.fetch_add(ms, Ordering::Relaxed);
        self.session.acceptance.tick();
    }

    fn events(&self) -> Vec<Event> {
        std::mem::take(&mut self.memory.events.lock().expect("no panic"))
    }

    fn row(&self) -> Row {
        match self.events().into_iter().next() {
            Some(Event::Decided { row, .. }) => row,
            other => panic!("nothing was decided: {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_accepted_suggestion_is_counted_with_its_features() {
    let mut editor = Editor::new(true);
    editor.sees().await;
    editor.type_text("foo(bar)");
    editor.waits(5_000);
    let row = editor.row();
    assert_eq!((row.outcome, row.accepted, row.at), (Outcome::Whole, 8, 1_700_000_000));
    let figures = row.figures;
    assert_eq!((figures.language.as_str(), figures.engine.as_str()), ("rust", "fake"));
    assert_eq!((figures.source, figures.position), (acceptance::Source::Model, acceptance::Position::LineEnd));
    assert!(figures.log_probability.is_some() && figures.tokens.is_some() && figures.confidence > 0.0, "{figures:?}");
    editor.waits(300_000);
    let kept =
        editor.events().into_iter().filter(|event| matches!(event, Event::Kept { kept: Kept::Percent(100), .. }));
    assert_eq!(kept.count(), 2);
}

#[tokio::test]
async fn typing_along_is_one_suggestion_and_asks_the_engine_as_often_as_without_counting() {
    let mut asked = Vec::new();
    for counts in [true, false] {
        let mut editor = Editor::new(counts);
        let mut numbers = std::collections::HashSet::new();
        let mut texts = Vec::new();
        for typed in 0..8 {
            let (number, text) = editor.sees().await;
            numbers.insert(number);
            texts.push(text);
            editor.type_text(&"foo(bar)"[typed..=typed]);
        }
        assert_eq!(numbers, [counts.then_some(1)].into());
        asked.push((editor.asked.load(Ordering::Relaxed), texts));
        editor.waits(5_000);
        if counts {
            assert_eq!(editor.row().outcome, Outcome::TypedThrough);
        }
        assert_eq!(editor.events(), []);
    }
    assert_eq!(asked[0], asked[1]);
    assert_eq!(asked[0].0, 1);
}

#[tokio::test]
async fn what_is_late_was_not_shown() {
    let mut editor = Editor::new(true);
    let snapshot = editor.session.document(URI).expect("open");
    let suggestion = Suggestion::new("foo".into(), Source::Lookup, 1.0);
    let shown = |editor: &Editor| {
        let suggestions = std::slice::from_ref(&suggestion);
        editor.session.shown(&snapshot, Position::new(0, 8), complete::Trigger::Automatic, suggestions)
    };
    assert_eq!(shown(&editor), Some(1));
    editor.type_text("y");
    assert_eq!(shown(&editor), None, "the text has moved on");
    editor.session.close(URI);
    assert_eq!(shown(&editor), None, "the document is gone");
    assert_eq!(editor.row().outcome, Outcome::Rejected);
}

#[tokio::test]
async fn switched_off_nothing_is_counted_and_on_again_it_is() {
    let mut editor = Editor::new(true);
    let configure = |enabled, keep_days| {
        let mut settings = (*editor.session.settings()).clone();
        settings.stats = StatsSettings { enabled, keep_days };
        editor.session.configure(settings);
    };
    assert_eq!(editor.sees().await.0, Some(1));
    configure(false, 7);
    assert_eq!(editor.memory.days.load(Ordering::Relaxed), 7);
    assert!(!editor.session.keeps_figures());
    assert_eq!(editor.sees().await.0, None);
    editor.session.accepted(1, 0);
    editor.waits(1_000_000);
    assert_eq!(editor.events(), [], "what was undecided is forgotten");
    configure(true, 7);
    assert_eq!(editor.sees().await.0, Some(2));
    editor.type_text("foo(bar)");
    editor.session.close_figures(Duration::ZERO);
    assert_eq!(editor.row().outcome, Outcome::Whole);
}

#[tokio::test]
async fn the_timer_ticks_by_itself() {
    let mut editor = Editor::new(true);
    editor.sees().await;
    editor.type_text("foo(bar)");
    editor.ms.fetch_add(300_000, Ordering::Relaxed);
    // Bounded by the test runner's patience alone.
    while editor.memory.events.lock().expect("no panic").len() < 3 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(editor.row().outcome, Outcome::Whole);
}

#[tokio::test]
async fn a_model_is_named_without_its_path() {
    let engine = FakeEngine::new(|_| String::new());
    assert_eq!(engine_name(&engine), "fake");
}
