//! An editor with ghost text: sends each change, asks behind it, takes the question back when the next key comes first.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tandem::complete::{Decision, Outcome, Reason, Trigger};
use tandem::session::Session;
use tandem::text::{Change, Position, Range};
use tokio::time::Instant;

use super::counted::Counted;
use super::figures::{Answer, Key, Sight};

/// VS Code asks 25 to 50 ms after a key.
const ASKS_AFTER: Duration = Duration::from_millis(30);

struct Ghost {
    text: String,
    since: Instant,
}

pub struct Editor {
    session: Arc<Session>,
    engine: Arc<Counted>,
    uri: String,
    text: String,
    version: i32,
    cursor: usize,
    ghost: Option<Ghost>,
    speed: f64,
}

impl Editor {
    pub fn open(session: Arc<Session>, engine: Arc<Counted>, uri: String, text: &str, speed: f64) -> Self {
        session.open(&uri, "", 1, text);
        Self { session, engine, uri, text: text.to_owned(), version: 1, cursor: 0, ghost: None, speed }
    }

    pub fn close(self) -> String {
        self.session.close(&self.uri);
        self.text
    }

    pub fn go(&mut self, to: usize) {
        self.cursor = to;
        self.ghost = None;
    }

    fn position(&self, byte: usize) -> Position {
        let before = &self.text[..byte];
        let line_start = before.rfind('\n').map_or(0, |line_break| line_break + 1);
        Position::new(before.matches('\n').count() as u32, (byte - line_start) as u32)
    }

    /// Replaces the bytes before the cursor; the ghost stays where the text is its beginning.
    fn change(&mut self, erase: usize, text: &str) {
        let range = Range { start: self.position(self.cursor), end: self.position(self.cursor + erase) };
        self.text.replace_range(self.cursor..self.cursor + erase, text);
        self.cursor += text.len();
        self.version += 1;
        self.session.change(&self.uri, self.version, &[Change { range: Some(range), text: text.to_owned() }]);
        self.ghost = self.ghost.take().filter(|_| erase == 0).and_then(|ghost| {
            let rest = ghost.text.strip_prefix(text)?.to_owned();
            (!rest.trim().is_empty()).then_some(Ghost { text: rest, ..ghost })
        });
    }

    /// What is shown, and for how long it has been.
    pub fn ghost(&self) -> Option<(&str, Duration)> {
        self.ghost.as_ref().map(|ghost| (ghost.text.as_str(), ghost.since.elapsed().mul_f64(self.speed)))
    }

    /// Changes the text without asking.
    pub fn paste(&mut self, erase: usize, text: &str) {
        self.change(erase, text);
        self.ghost = None;
    }

    /// A key, and what is answered until the next one after `pause`.
    pub async fn key(&mut self, erase: usize, text: &str, pause: Duration) -> Key {
        let next = Instant::now() + pause.div_f64(self.speed);
        self.change(erase, text);
        let jobs_before = self.engine.awaited();
        let mut key = Key { shown_before: self.ghost.is_some(), text: text.to_owned(), ..Key::default() };
        let asks_at = Instant::now() + ASKS_AFTER.div_f64(self.speed);
        if asks_at >= next {
            tokio::time::sleep_until(next).await;
            key.jobs = self.engine.awaited() - jobs_before;
            return key;
        }
        tokio::time::sleep_until(asks_at).await;
        let asked = Instant::now();
        let position = self.position(self.cursor);
        let document = self.session.document(&self.uri);
        let request = self.session.complete(&self.uri, position, Trigger::Automatic);
        let mut request: Pin<Box<dyn Future<Output = Outcome> + Send>> = Box::pin(request);
        key.answer = tokio::select! {
            biased;
            outcome = &mut request => {
                let mut answer = self.answered(&outcome, position);
                answer.ms = asked.elapsed().as_secs_f64() * 1e3;
                if let (Outcome::Show(suggestions), Some(document)) = (&outcome, &document) {
                    self.session.shown(document, position, Trigger::Automatic, suggestions);
                }
                key.sight = self.show(outcome);
                Some(answer)
            }
            () = tokio::time::sleep_until(next) => None,
        };
        key.is_asked = true;
        drop(request);
        tokio::time::sleep_until(next).await;
        key.jobs = self.engine.awaited() - jobs_before;
        key
    }

    fn answered(&self, outcome: &Outcome, position: Position) -> Answer {
        let mut answer = Answer::default();
        match outcome {
            Outcome::Show(suggestions) => answer.source = suggestions.first().map(|first| first.source),
            Outcome::Nothing(reason) => answer.reason = Some(reason.clone()),
        }
        let why = self.session.why(&self.uri, position).filter(|why| why.version == self.version);
        if let Some(why) = why {
            answer.from_memory = matches!(why.decision, Decision::Shown { from_memory: true, .. });
            answer.joined = why.joined;
            answer.confidence = why.considered.first().map(|best| best.confidence);
            answer.asked_model = why.prompt.is_some();
            answer.context_us = why.stages.iter().find(|stage| stage.name == "context").map(|stage| stage.us);
        }
        answer
    }

    fn show(&mut self, outcome: Outcome) -> Sight {
        let before = self.ghost.take();
        let new = match outcome {
            Outcome::Show(suggestions) => suggestions.into_iter().next().map(|first| first.text),
            // The client is told that its question was overtaken, and leaves things as they are.
            Outcome::Nothing(Reason::Stale | Reason::Cancelled) => {
                self.ghost = before;
                return Sight::Unchanged;
            }
            Outcome::Nothing(_) => None,
        };
        let sight = match (&before, &new) {
            (None, None) => Sight::Unchanged,
            (None, Some(_)) => Sight::Appeared,
            (Some(_), None) => Sight::Vanished,
            (Some(old), Some(new)) if old.text == *new => Sight::Unchanged,
            (Some(old), Some(new)) if new.starts_with(&old.text) => Sight::Extended,
            (Some(_), Some(_)) => Sight::Replaced,
        };
        let is_new = matches!(sight, Sight::Appeared | Sight::Replaced);
        let since = before.filter(|_| !is_new).map_or_else(Instant::now, |before| before.since);
        self.ghost = new.map(|text| Ghost { text, since });
        sight
    }
}
