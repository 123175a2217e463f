//! A user at a document, and what is counted. `$0` is the cursor; keys are changes as editors send them.

mod clients;
mod kept;
mod property;
mod users;

use super::*;
use crate::acceptance::{Figures, Kept, Mark, Position, Row, Source};
use crate::text::{PositionEncoding, Range};

const URI: &str = "file:///a.rs";

fn choice(text: &str) -> Choice {
    let figures = Figures {
        language: "rust".into(),
        engine: "lookup".into(),
        source: Source::Lookup,
        trigger: Trigger::Automatic,
        position: Position::LineEnd,
        confidence: 0.5,
        log_probability: None,
        latency_us: 100,
        tokens: None,
    };
    Choice { text: text.into(), figures }
}

/// A user at one document.
struct User {
    tracker: Tracker,
    document: Document,
    cursor: usize,
    now: Moment,
}

impl User {
    fn at(fixture: &str) -> Self {
        Self::of(Tracker::default(), URI, fixture)
    }

    fn of(tracker: Tracker, uri: &str, fixture: &str) -> Self {
        let cursor = fixture.find("$0").expect("fixture has a cursor");
        let document = Document::new(uri, "rust", 1, &fixture.replacen("$0", "", 1));
        Self { tracker, document, cursor, now: Moment { ms: 1_000, unix: 1_700_000_000 } }
    }

    fn asked(&mut self, trigger: Trigger, texts: &[&str]) -> Option<u64> {
        let shown: Vec<Choice> = texts.iter().map(|text| choice(text)).collect();
        let answer = Answer { document: &self.document, offset: self.cursor, trigger, shown: &shown };
        self.tracker.answered(answer, self.now)
    }

    fn sees(&mut self, text: &str) -> u64 {
        self.asked(Trigger::Automatic, &[text]).expect("something is shown")
    }

    /// One notification of replacements in byte offsets, each of the text after the one before.
    fn change(&mut self, replacements: &[(std::ops::Range<usize>, &str)]) {
        let mut after = self.document.clone();
        let (mut edits, mut changes) = (Vec::new(), Vec::new());
        for (bytes, text) in replacements {
            let position = |byte| after.position_at(byte, PositionEncoding::Utf8);
            let range = Some(Range { start: position(bytes.start), end: position(bytes.end) });
            let change = Change { range, text: (*text).to_owned() };
            edits.extend(after.apply(2, std::slice::from_ref(&change), PositionEncoding::Utf8));
            changes.push(change);
        }
        self.tracker.changed(self.document.id(), after.rope(), &edits, &changes, self.now);
        self.document = after;
    }

    fn inserts(&mut self, text: &str) -> &mut Self {
        self.change(&[(self.cursor..self.cursor, text)]);
        self.cursor += text.len();
        self
    }

    /// Key by key.
    fn types(&mut self, text: &str) -> &mut Self {
        for key in text.chars() {
            self.inserts(key.encode_utf8(&mut [0; 4]));
            self.now.ms += 80;
        }
        self
    }

    fn deletes(&mut self, bytes: usize) -> &mut Self {
        self.change(&[(self.cursor - bytes..self.cursor, "")]);
        self.cursor -= bytes;
        self
    }

    /// The buffer is sent as a whole, as formatters and some editors do.
    fn becomes(&mut self, text: &str) {
        let mut after = self.document.clone();
        let change = Change { range: None, text: text.to_owned() };
        let edits = after.apply(2, std::slice::from_ref(&change), PositionEncoding::Utf8);
        self.tracker.changed(self.document.id(), after.rope(), &edits, &[change], self.now);
        self.document = after;
    }

    fn waits(&mut self, ms: u64) -> &mut Self {
        self.now.ms += ms;
        self.tracker.tick(self.now);
        self
    }

    /// The rows that are decided when the corrections are through.
    fn rows(&mut self) -> Vec<Row> {
        self.waits(SETTLES_MS);
        rows(self.tracker.events())
    }

    #[track_caller]
    fn ends_in(&mut self, outcome: Outcome, accepted: u32, typed: u32) -> Row {
        let rows = self.rows();
        assert_eq!(rows.len(), 1, "{rows:#?}");
        assert_eq!((rows[0].outcome, rows[0].accepted, rows[0].typed), (outcome, accepted, typed), "{rows:#?}");
        rows[0].clone()
    }

    /// What was found at the two marks, of the only suggestion.
    fn kept(&mut self) -> Vec<Kept> {
        let kept = |event| match event {
            Event::Kept { kept, .. } => Some(kept),
            Event::Decided { .. } => None,
        };
        self.tracker.events().into_iter().filter_map(kept).collect()
    }
}

fn rows(events: Vec<Event>) -> Vec<Row> {
    let row = |event| match event {
        Event::Decided { row, .. } => Some(row),
        Event::Kept { .. } => None,
    };
    events.into_iter().filter_map(row).collect()
}
