//! The questions that are being answered now.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::ask::{Focus, Kind, Question};

/// Questions that are answered at once. Each costs money, and nobody reads more.
const MOST: usize = 4;

#[derive(Debug)]
pub struct Runs {
    state: Mutex<State>,
    /// How many run.
    count: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct State {
    running: Vec<Run>,
    last_id: u64,
    is_over: bool,
}

#[derive(Debug)]
struct Run {
    id: u64,
    cancel: CancellationToken,
    /// Its title, and what is asked. None before that is known, and when it is answered.
    asked: Option<(String, Key)>,
}

/// What makes two questions the same.
type Key = (Kind, String, Option<Focus>);

/// A question with a number, until this is dropped.
#[derive(Debug)]
pub struct Running {
    pub id: u64,
    /// Cancelled when the user does not want it any more.
    pub cancel: CancellationToken,
    runs: Arc<Runs>,
}

impl Default for Runs {
    fn default() -> Self {
        Self { state: Mutex::default(), count: watch::Sender::new(0) }
    }
}

impl Runs {
    pub fn number(self: &Arc<Self>) -> Running {
        let mut state = self.state();
        state.last_id += 1;
        let (id, cancel) = (state.last_id, CancellationToken::new());
        state.running.push(Run { id, cancel: cancel.clone(), asked: None });
        self.count.send_replace(state.running.len());
        Running { id, cancel, runs: self.clone() }
    }

    pub fn cancel(&self, id: Option<u64>) -> usize {
        let state = self.state();
        let wanted = state.running.iter().filter(|run| id.is_none_or(|id| run.id == id));
        wanted.map(|run| run.cancel.cancel()).count()
    }

    pub fn list(&self) -> Vec<(u64, String)> {
        let named = |run: &Run| run.asked.as_ref().map(|(title, _)| (run.id, title.clone()));
        self.state().running.iter().filter_map(named).collect()
    }

    pub async fn end(&self, patience: Duration) {
        self.state().is_over = true;
        self.cancel(None);
        let mut count = self.count.subscribe();
        if tokio::time::timeout(patience, count.wait_for(|count| *count == 0)).await.is_err() {
            tracing::warn!("questions are not settled yet; what they reserved stays reserved until that is reconciled");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// From now on it counts as this question. An error is a sentence.
    pub fn begin(&self, title: &str, question: &Question) -> Result<(), String> {
        let mut state = self.runs.state();
        if state.is_over {
            return Err("the server is ending".to_owned());
        }
        let key = (question.kind, question.text.clone(), question.focus.clone());
        let others = || state.running.iter().filter_map(|run| run.asked.as_ref());
        if others().any(|(_, other)| *other == key) {
            return Err("this question is being answered already; cancel it first to ask it again".to_owned());
        }
        if others().count() >= MOST {
            return Err(format!("{MOST} questions are being answered already; wait for one, or cancel one"));
        }
        if let Some(run) = state.running.iter_mut().find(|run| run.id == self.id) {
            run.asked = Some((title.to_owned(), key));
        }
        Ok(())
    }

    /// It is answered: whoever hears of that may ask it again, although this is not dropped yet.
    pub fn answered(&self) {
        if let Some(run) = self.runs.state().running.iter_mut().find(|run| run.id == self.id) {
            run.asked = None;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut state = self.runs.state();
        state.running.retain(|run| run.id != self.id);
        self.runs.count.send_replace(state.running.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(text: &str) -> Question {
        Question { text: text.to_owned(), ..Question::default() }
    }

    fn begin(runs: &Arc<Runs>, text: &str) -> Result<Running, String> {
        let running = runs.number();
        running.begin(text, &question(text)).map(|()| running)
    }

    #[test]
    fn the_same_question_runs_once_and_few_run_at_all() {
        let runs = Arc::new(Runs::default());
        let first = begin(&runs, "1").expect("it begins");
        assert!(begin(&runs, "1").expect_err("again").contains("already"));
        let others: Vec<Running> = (2..=4).map(|n| begin(&runs, &n.to_string()).expect("it begins")).collect();
        assert!(begin(&runs, "5").expect_err("too many").contains("4 questions"));
        assert_eq!(runs.list().first(), Some(&(first.id, "1".to_owned())));
        drop(others);
        first.answered();
        assert!(runs.list().is_empty(), "what is answered does not run");
        assert!(begin(&runs, "1").is_ok());
    }

    #[tokio::test]
    async fn the_end_cancels_and_waits() {
        let runs = Arc::new(Runs::default());
        let running = runs.number();
        let cancel = running.cancel.clone();
        let settling = tokio::spawn(async move {
            running.cancel.cancelled().await;
            drop(running);
        });
        runs.end(Duration::from_secs(60)).await;
        assert!(cancel.is_cancelled());
        settling.await.expect("no panic");
        assert!(begin(&runs, "2").is_err(), "nothing begins after the end");
    }

    #[test]
    fn one_is_cancelled_or_all() {
        let runs = Arc::new(Runs::default());
        // Also before anything is known of it.
        let (a, b) = (begin(&runs, "1").expect("a"), runs.number());
        assert_eq!(runs.cancel(Some(a.id)), 1);
        assert!(a.cancel.is_cancelled() && !b.cancel.is_cancelled());
        assert_eq!(runs.cancel(Some(99)), 0);
        assert_eq!(runs.cancel(None), 2);
        assert!(b.cancel.is_cancelled());
    }
}
