//! The rhythm of the user's typing and the pace of the model, as far as this session has seen them. Numbers only, and only
//! the last ones; nothing is stored.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::complete::{Decision, Reason, Why, debounce};
use crate::config::Debounce;
use crate::text::{Change, DocumentId, Edit};

/// Gaps between keystrokes that are remembered: some ten seconds of typing, so that a change of pace is followed.
const GAPS: usize = 64;
/// Answers of the model that are remembered. Their middle is what counts.
const ANSWERS: usize = 15;
/// Two changes within so many ms are one keystroke: a bracket and the one that the editor closed. A key that is held down
/// repeats every 30 ms.
const ONE_KEY_MS: u64 = 5;
/// Bytes that a keystroke writes or removes at most: a character of four bytes, and the bracket behind it.
const KEY_BYTES: usize = 8;

#[derive(Debug, Default)]
pub struct Rhythm {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last_key: Option<(DocumentId, u64)>,
    gaps_ms: VecDeque<u32>,
    answers_ms: VecDeque<u32>,
}

impl Rhythm {
    /// A document was changed at `now_ms` of a clock that runs forward.
    pub fn changed(&self, document: &DocumentId, edits: &[Edit], changes: &[Change], now_ms: u64) {
        let mut state = self.lock();
        if !is_keystroke(edits, changes) {
            // A paste, an accepted suggestion, a formatter: what follows is no gap between two keys.
            state.last_key = None;
            return;
        }
        let before = state.last_key.replace((document.clone(), now_ms));
        let gap = before.filter(|(other, _)| other == document).map(|(_, then)| now_ms.saturating_sub(then));
        if let Some(gap) = gap.filter(|gap| *gap >= ONE_KEY_MS) {
            state.gaps_ms.push_front(u32::try_from(gap).unwrap_or(u32::MAX));
            state.gaps_ms.truncate(GAPS);
        }
    }

    /// The model took so long.
    pub fn answered(&self, latency_ms: u32) {
        let mut state = self.lock();
        state.answers_ms.push_front(latency_ms);
        state.answers_ms.truncate(ANSWERS);
    }

    /// How long the model need not be asked yet at `now_ms`. What the editor has waited since the keystroke counts.
    pub fn wait(&self, setting: Debounce, document: &str, now_ms: u64) -> Duration {
        let state = self.lock();
        let mut answers: Vec<u32> = state.answers_ms.iter().copied().collect();
        answers.sort_unstable();
        let (Debounce::Auto, Some(latency)) = (setting, answers.get(answers.len() / 2)) else { return Duration::ZERO };
        let last_key = state.last_key.as_ref().filter(|(typed, _)| &**typed == document);
        let Some(passed) = last_key.map(|(_, then)| now_ms.saturating_sub(*then)) else { return Duration::ZERO };
        let gaps: Vec<u32> = state.gaps_ms.iter().copied().collect();
        Duration::from_millis(u64::from(debounce::wait_ms(&gaps, *latency)).saturating_sub(passed))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One key, as far as a change tells: a character or two, or a line break with its indentation; or a character less.
fn is_keystroke(edits: &[Edit], changes: &[Change]) -> bool {
    let ([edit], [change]) = (edits, changes) else { return false };
    let (removed, written) = (edit.old_end_byte - edit.start_byte, edit.new_end_byte - edit.start_byte);
    let is_line_break = change.text.starts_with(['\n', '\r']) && change.text.trim().is_empty();
    removed <= KEY_BYTES && (written <= KEY_BYTES || is_line_break)
}

/// What a request waited for the model, in ms; less than the answer would have taken where patience ended first. None where
/// the model was not asked, or not from the beginning.
pub fn model_ms(why: &Why) -> Option<u32> {
    let is_void = matches!(why.decision, Decision::Hidden { reason: Reason::Stale | Reason::Cancelled, .. });
    if why.joined || is_void || !why.stages.iter().any(|stage| stage.name == "engine") {
        return None;
    }
    let own = |name: &str| matches!(name, "context" | "prompt" | "engine" | "shape");
    let us: u64 = why.stages.iter().filter(|stage| own(&stage.name)).map(|stage| stage.us).sum();
    Some(u32::try_from(us.div_ceil(1_000)).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Document, Position, PositionEncoding, Range};

    /// A user in one document, and a clock that the test moves.
    struct Typist {
        rhythm: Rhythm,
        document: Document,
        now_ms: u64,
    }

    impl Typist {
        fn new() -> Self {
            let document = Document::new("file:///a.rs", "rust", 1, "");
            Self { rhythm: Rhythm::default(), document, now_ms: 1_000 }
        }

        /// Writes at the start, so many ms after what was before.
        fn write(&mut self, after_ms: u64, text: &str) {
            self.now_ms += after_ms;
            let start = Position::new(0, 0);
            let changes = [Change { range: Some(Range { start, end: start }), text: text.to_owned() }];
            let edits = self.document.apply(2, &changes, PositionEncoding::Utf8);
            self.rhythm.changed(self.document.id(), &edits, &changes, self.now_ms);
        }

        fn gaps(&self) -> Vec<u32> {
            self.rhythm.lock().gaps_ms.iter().copied().rev().collect()
        }

        fn wait_ms(&self, after_ms: u64) -> u128 {
            self.rhythm.wait(Debounce::Auto, "file:///a.rs", self.now_ms + after_ms).as_millis()
        }
    }

    #[test]
    fn gaps_are_those_between_keys() {
        let mut typist = Typist::new();
        typist.write(0, "a");
        typist.write(120, "é");
        typist.write(90, "()");
        typist.write(300, "\n        ");
        // Not by a key, and nobody knows how long the key behind it took.
        typist.write(10, "for item in items {");
        typist.write(2_000, "x");
        typist.write(1, ")");
        typist.write(110, "y");
        assert_eq!(typist.gaps(), [120, 90, 300, 110]);
    }

    #[test]
    fn another_document_is_another_gap() {
        let mut typist = Typist::new();
        typist.write(0, "a");
        typist.document = Document::new("file:///b.rs", "rust", 1, "");
        typist.write(5_000, "b");
        assert_eq!(typist.gaps(), [] as [u32; 0]);
    }

    #[test]
    fn a_slow_model_waits_for_what_is_left_of_the_pause() {
        let mut typist = Typist::new();
        for _ in 0..20 {
            typist.write(100, "x");
        }
        assert_eq!(typist.wait_ms(0), 0, "nothing is known of the model");
        [700, 800, 90_000].iter().for_each(|ms| typist.rhythm.answered(*ms));
        assert_eq!(typist.wait_ms(0), 100);
        assert_eq!(typist.wait_ms(40), 60, "the editor has waited, too");
        assert_eq!(typist.wait_ms(250), 0);
        let now = typist.now_ms;
        assert_eq!(typist.rhythm.wait(Debounce::Fixed(9), "file:///a.rs", now), Duration::ZERO);
        assert_eq!(typist.rhythm.wait(Debounce::Auto, "file:///other.rs", now), Duration::ZERO);
        (0..ANSWERS).for_each(|_| typist.rhythm.answered(30));
        assert_eq!(typist.wait_ms(0), 0, "another model, perhaps");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut typist = Typist::new();
        for _ in 0..1_000 {
            typist.write(100, "x");
            typist.rhythm.answered(5);
        }
        assert_eq!(typist.gaps().len(), GAPS);
        assert_eq!(typist.rhythm.lock().answers_ms.len(), ANSWERS);
    }
}
