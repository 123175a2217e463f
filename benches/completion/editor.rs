//! An editor that types into a session and asks at every keystroke.

use std::sync::Arc;
use std::time::Instant;

use tandem::complete::{Outcome, Patience, Trigger, Why};
use tandem::config::Settings;
use tandem::engine::Engine;
use tandem::session::Session;
use tandem::text::{Change, Position, PositionEncoding, Range};

const DOCUMENT: &str = "file:///bench/typed.rs";

pub struct Editor {
    session: Arc<Session>,
    version: i32,
    line: u32,
    column: u32,
}

/// What one keystroke came to.
pub struct Keystroke {
    /// Receipt of the request to its answer, in microseconds.
    pub total_us: f64,
    pub shown: bool,
    pub why: Why,
}

impl Editor {
    /// Opens `before` + `after` with the cursor between them.
    pub fn open(engine: Arc<dyn Engine>, settings: Settings, before: &str, after: &str) -> Self {
        let session = Session::new(settings, Some(engine));
        session.initialize(PositionEncoding::Utf8, vec!["/bench".into()]);
        session.open(DOCUMENT, "rust", 1, &format!("{before}{after}"));
        let line = before.matches('\n').count() as u32;
        let column = before.rsplit('\n').next().unwrap_or_default().len() as u32;
        Self { session, version: 1, line, column }
    }

    /// Types one character and asks for a completion behind it.
    pub async fn type_character(&mut self, character: char) -> Keystroke {
        let at = Position::new(self.line, self.column);
        let change = Change { range: Some(Range { start: at, end: at }), text: character.to_string() };
        self.version += 1;
        self.session.change(DOCUMENT, self.version, &[change]);
        if character == '\n' {
            self.line += 1;
            self.column = 0;
        } else {
            self.column += character.len_utf8() as u32;
        }
        self.ask().await
    }

    pub async fn ask(&self) -> Keystroke {
        let at = Position::new(self.line, self.column);
        let started = Instant::now();
        let outcome = self.session.complete_within(DOCUMENT, at, Trigger::Automatic, Patience::COMMAND).await;
        let total_us = started.elapsed().as_secs_f64() * 1e6;
        let why = self.session.why(DOCUMENT, at).expect("a request was made");
        Keystroke { total_us, shown: matches!(outcome, Outcome::Show(_)), why }
    }
}

impl Keystroke {
    /// Prompt tokens evaluated for this keystroke; none when memory or a generation under way answered it.
    pub fn evaluated(&self) -> u32 {
        if self.why.joined { 0 } else { self.why.prompt.as_ref().map_or(0, |prompt| prompt.evaluated) }
    }

    /// Time outside llama.cpp's decode calls and its queue, when this keystroke started a generation and saw its end.
    pub fn overhead_us(&self) -> Option<f64> {
        let report = self.why.engine.as_ref().filter(|_| !self.why.joined)?;
        Some((self.total_us - (report.compute_us + report.queue_us) as f64).max(0.0))
    }
}
