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
    title: String,
    asked: Key,
    cancel: CancellationToken,
}

/// What makes two questions the same.
type Key = (Kind, String, Option<Focus>);

/// A question that is being answered, until this is dropped.
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
    pub fn begin(self: &Arc<Self>, title: &str, question: &Question) -> Result<Running, String> {
        let mut state = self.state();
        if state.is_over {
            return Err("the server is ending".to_owned());
        }
        let asked = (question.kind, question.text.clone(), question.focus.clone());
        if state.running.iter().any(|run| run.asked == asked) {
            return Err("this question is being answered already; cancel it first to ask it again".to_owned());
        }
        if state.running.len() >= MOST {
            return Err(format!("{MOST} questions are being answered already; wait for one, or cancel one"));
        }
        state.last_id += 1;
        let (id, cancel) = (state.last_id, CancellationToken::new());
        state.running.push(Run { id, title: title.to_owned(), asked, cancel: cancel.clone() });
        self.count.send_replace(state.running.len());
        Ok(Running { id, cancel, runs: self.clone() })
    }

    pub fn cancel(&self, id: Option<u64>) -> usize {
        let state = self.state();
        let wanted = state.running.iter().filter(|run| id.is_none_or(|id| run.id == id));
        wanted.map(|run| run.cancel.cancel()).count()
    }

    pub fn list(&self) -> Vec<(u64, String)> {
        self.state().running.iter().map(|run| (run.id, run.title.clone())).collect()
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

    #[test]
    fn the_same_question_runs_once_and_few_run_at_all() {
        let runs = Arc::new(Runs::default());
        let first = runs.begin("one", &question("1")).expect("it begins");
        assert!(runs.begin("one", &question("1")).expect_err("again").contains("already"));
        let others: Vec<Running> =
            (2..=4).map(|n| runs.begin("", &question(&n.to_string())).expect("it begins")).collect();
        assert!(runs.begin("", &question("5")).expect_err("too many").contains("4 questions"));
        assert_eq!(runs.list().first(), Some(&(first.id, "one".to_owned())));
        drop(others);
        drop(first);
        assert!(runs.begin("one", &question("1")).is_ok());
    }

    #[tokio::test]
    async fn the_end_cancels_and_waits() {
        let runs = Arc::new(Runs::default());
        let running = runs.begin("", &question("1")).expect("it begins");
        let cancel = running.cancel.clone();
        let settling = tokio::spawn(async move {
            running.cancel.cancelled().await;
            drop(running);
        });
        runs.end(Duration::from_secs(60)).await;
        assert!(cancel.is_cancelled());
        settling.await.expect("no panic");
        assert!(runs.begin("", &question("2")).is_err(), "nothing begins after the end");
    }

    #[test]
    fn one_is_cancelled_or_all() {
        let runs = Arc::new(Runs::default());
        let (a, b) = (runs.begin("", &question("1")).expect("a"), runs.begin("", &question("2")).expect("b"));
        assert_eq!(runs.cancel(Some(a.id)), 1);
        assert!(a.cancel.is_cancelled() && !b.cancel.is_cancelled());
        assert_eq!(runs.cancel(Some(99)), 0);
        assert_eq!(runs.cancel(None), 2);
        assert!(b.cancel.is_cancelled());
    }
}
