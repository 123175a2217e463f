//! What counting costs: time for an event, bytes and time for a suggestion that is stored, time to show them.
//!
//! `cargo bench --no-default-features --bench acceptance`. Medians of wall time; the machine may be busy. Bytes are exact.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;

use tandem::acceptance::{
    Answer, Choice, Event, Figures, Grouping, Kept, Mark, Moment, Outcome, Position, Report, Row, Source, Store,
    Tracker, Trigger,
};
use tandem::text::{Change, Document, Edit, PositionEncoding, Range};

const SUGGESTION: &str = "self.state.documents.values().filter(|open| open.is_dirty()).count()";
/// Rows of a busy year: 300 shown a day.
const ROWS: u64 = 100_000;

fn main() {
    println!("an event, in µs (median of 20 rounds)");
    for (name, bytes) in [("a document of 20 KB", 20_000), ("a document of 1 MB", 1_000_000)] {
        println!("  {name}");
        typing(bytes, true);
        typing(bytes, false);
        whole_document(bytes);
    }
    marks();
    storing();
}

/// Types the suggestion key by key, with an answer at each; or types where nothing is followed.
fn typing(bytes: usize, is_shown: bool) {
    let (mut answers, mut changes) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let mut tracker = Tracker::default();
        let mut document = Document::new("file:///a.rs", "rust", 1, &source(bytes));
        let mut offset = document.len_bytes() / 2;
        while document.rope().byte(offset) != b'\n' {
            offset += 1;
        }
        for at in 0..SUGGESTION.len() {
            let shown = [choice(&SUGGESTION[at..])];
            let answer = Answer { document: &document, offset, trigger: Trigger::Automatic, shown: &shown };
            if is_shown {
                answers.push(time(|| tracker.answered(answer, Moment::default())));
            }
            let (edits, change) = insert(&mut document, offset, &SUGGESTION[at..=at]);
            let after = document.rope().clone();
            changes.push(time(|| tracker.changed("file:///a.rs", &after, &edits, &change, Moment::default())));
            offset += 1;
        }
    }
    if is_shown {
        println!("    an answer that is shown                      {:8.2}", median(answers));
        println!("    a key along with it                          {:8.2}", median(changes));
    } else {
        println!("    a key where nothing is followed              {:8.2}", median(changes));
    }
}

/// Clients that send the whole text with every change.
fn whole_document(bytes: usize) {
    let mut times = Vec::new();
    for _ in 0..20 {
        let mut tracker = Tracker::default();
        let text = source(bytes);
        let mut document = Document::new("file:///a.rs", "rust", 1, &text);
        let offset = text.len() / 2;
        let shown = [choice(SUGGESTION)];
        let answer = Answer { document: &document, offset, trigger: Trigger::Automatic, shown: &shown };
        tracker.answered(answer, Moment::default());
        let change = Change { range: None, text: format!("{}s{}", &text[..offset], &text[offset..]) };
        let edits = document.apply(2, std::slice::from_ref(&change), PositionEncoding::Utf8);
        let after = document.rope().clone();
        times.push(time(|| tracker.changed("file:///a.rs", &after, &edits, &[change], Moment::default())));
    }
    println!("    a key that comes as the whole document       {:8.2}", median(times));
}

/// Asks 100 times whether accepted text still stands.
fn marks() {
    let mut times = Vec::new();
    for _ in 0..20 {
        let mut tracker = Tracker::default();
        let mut document = Document::new("file:///a.rs", "rust", 1, &source(20_000));
        for _ in 0..100 {
            let offset = 0;
            let shown = [choice(SUGGESTION)];
            let answer = Answer { document: &document, offset, trigger: Trigger::Automatic, shown: &shown };
            tracker.answered(answer, Moment::default());
            let (edits, change) = insert(&mut document, offset, SUGGESTION);
            tracker.changed("file:///a.rs", &document.rope().clone(), &edits, &change, Moment::default());
        }
        times.push(time(|| tracker.tick(Moment { ms: 30_000, unix: 0 })) / 100.0);
    }
    println!("  whether accepted text still stands             {:8.2}", median(times));
}

fn storing() {
    let place = tempfile::tempdir().expect("a directory");
    let file = place.path().join("stats.db");
    let mut store = Store::open(&file).expect("a database");
    let mut numbers = HashMap::new();
    let mut alone = Vec::new();
    for number in 0..200 {
        alone.push(time(|| store.write(&events(number), &mut numbers).expect("written")));
    }
    let mut together = Vec::new();
    for first in (200..ROWS).step_by(100) {
        let batch: Vec<Event> = (first..first + 100).flat_map(events).collect();
        together.push(time(|| store.write(&batch, &mut numbers).expect("written")) / 100.0);
    }
    println!("storing, in µs a suggestion");
    println!("  one by one                                     {:8.2}", median(alone));
    println!("  a hundred at once                              {:8.2}", median(together));
    let count = store.count().expect("a count");
    drop(store);
    let bytes = file.metadata().expect("a file").len();
    println!("bytes a suggestion: {:.1} ({count} in {:.1} MB)", bytes as f64 / count as f64, bytes as f64 / 1e6);
    let store = Store::read(&file).expect("a database").expect("a file");
    for grouping in [None, Some(Grouping::Language), Some(Grouping::Day)] {
        let ms = time(|| Report::of(&store, 0, grouping).expect("a report")) / 1000.0;
        println!("tandem stats over them, by {grouping:?}: {ms:.0} ms");
    }
}

/// A suggestion as people treat them: one in three is accepted.
fn events(number: u64) -> Vec<Event> {
    let outcome = if number.is_multiple_of(3) { Outcome::Whole } else { Outcome::Rejected };
    let mut row = Row {
        at: 1_790_000_000 + number as i64 * 250,
        figures: choice(SUGGESTION).figures,
        lines: 1,
        characters: 30 + number as u32 % 90,
        visible_ms: 400 + number * 7 % 5_000,
        outcome,
        accepted: 0,
        typed: 0,
    };
    row.figures.latency_us = 900 + number * 37 % 200_000;
    if outcome.is_accepted() {
        row.accepted = row.characters;
        let kept = |mark| Event::Kept { number, mark, kept: Kept::Percent(96) };
        return vec![Event::Decided { number, row }, kept(Mark::HalfMinute), kept(Mark::FiveMinutes)];
    }
    vec![Event::Decided { number, row }]
}

fn choice(text: &str) -> Choice {
    let figures = Figures {
        language: "rust".into(),
        engine: "Qwen2.5 Coder 1.5B 1a2b3c4d".into(),
        source: Source::Model,
        trigger: Trigger::Automatic,
        position: Position::LineEnd,
        confidence: 0.61,
        log_probability: Some(-3.2),
        latency_us: 48_000,
        tokens: Some(19),
    };
    Choice { text: text.into(), figures }
}

fn insert(document: &mut Document, offset: usize, text: &str) -> (Vec<Edit>, [Change; 1]) {
    let at = document.position_at(offset, PositionEncoding::Utf8);
    let change = [Change { range: Some(Range { start: at, end: at }), text: text.to_owned() }];
    (document.apply(2, &change, PositionEncoding::Utf8), change)
}

/// Real source: this repository's own.
fn source(bytes: usize) -> String {
    include_str!("../src/session.rs").chars().cycle().take(bytes).collect()
}

/// Microseconds.
fn time<R>(work: impl FnOnce() -> R) -> f64 {
    let started = Instant::now();
    black_box(work());
    started.elapsed().as_secs_f64() * 1e6
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
