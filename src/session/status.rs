//! What the status line shows, kept up to date from every side.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::pause::Pause;
use crate::budget::Picodollars;
use crate::complete::{LookAheadCounts, Outcome, Reason, Source};
use crate::config::Eagerness;
use crate::engine::{EngineState, EngineStatus};
use crate::index::VectorStatus;

/// What the status line shows.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    pub engine: EngineStatus,
    /// The user wants nothing for a while.
    pub pause: Option<Pause>,
    /// Requests that wait for an answer now.
    pub busy: u32,
    /// Receipt to answer of the last request, in microseconds.
    pub last_latency_us: Option<u64>,
    /// Who wrote the last suggestion shown.
    pub last_source: Option<Source>,
    /// Why nothing was shown, as a sentence; absent when something was.
    pub nothing_shown_because: Option<String>,
    /// As of the last answer.
    pub look_ahead: LookAheadCounts,
    pub questions: QuestionStatus,
    /// As it holds now.
    pub eagerness: Eagerness,
    /// None until it was looked into.
    pub cloud: Option<CloudStatus>,
    /// How far the vectors of all folders are. None without a model for them.
    pub vectors: Option<VectorStatus>,
}

/// What a status line can show of the cloud. See `questions::Budget`.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CloudStatus {
    /// Why no model can be asked now, as a sentence.
    pub is_off: Option<String>,
    pub provider: Option<String>,
    pub model: Option<String>,
    /// None where that is not known.
    pub spent: Option<SpentStatus>,
}

#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpentStatus {
    pub today: Picodollars,
    /// The limit in money of which most is gone, and how much of it, 0 to 1.
    pub fullest: Option<(String, f64)>,
}

/// What a status line can show of questions.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuestionStatus {
    /// Questions that are being answered.
    pub running: u32,
    /// The last answer; None before the first.
    pub last: Option<LastAnswer>,
}

/// Who answered a question, why, and for how much.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastAnswer {
    pub answered_by: String,
    pub route_reason: String,
    pub cost: Picodollars,
}

/// The status and its subscribers.
#[derive(Debug)]
pub struct StatusBoard {
    status: watch::Sender<Status>,
    follower: Mutex<Option<tokio::task::AbortHandle>>,
}

impl StatusBoard {
    pub fn new(engine: Option<watch::Receiver<EngineStatus>>) -> Arc<Self> {
        let status = Status {
            engine: lookup_alone(),
            pause: None,
            busy: 0,
            last_latency_us: None,
            last_source: None,
            nothing_shown_because: None,
            look_ahead: LookAheadCounts::default(),
            questions: QuestionStatus::default(),
            eagerness: Eagerness::default(),
            cloud: None,
            vectors: None,
        };
        let board = Arc::new(Self { status: watch::Sender::new(status), follower: Mutex::default() });
        board.follow(engine);
        board
    }

    /// Shows this engine's state from now on.
    pub fn follow(self: &Arc<Self>, engine: Option<watch::Receiver<EngineStatus>>) {
        let task = engine.map(|mut engine| {
            self.set_engine(engine.borrow_and_update().clone());
            let board = Arc::downgrade(self);
            tokio::spawn(async move {
                while engine.changed().await.is_ok() {
                    let Some(board) = board.upgrade() else { return };
                    let status = engine.borrow_and_update().clone();
                    board.set_engine(status);
                }
            })
            .abort_handle()
        });
        if task.is_none() {
            self.set_engine(lookup_alone());
        }
        let before = std::mem::replace(&mut *self.follower.lock().unwrap_or_else(PoisonError::into_inner), task);
        if let Some(before) = before {
            before.abort();
        }
    }

    pub fn subscribe(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    pub fn answered(&self, outcome: &Outcome, latency: Duration, look_ahead: LookAheadCounts) {
        self.status.send_modify(|status| {
            status.look_ahead = look_ahead;
            status.last_latency_us = Some(latency.as_micros() as u64);
            match outcome {
                Outcome::Show(suggestions) => {
                    status.last_source = suggestions.first().map(|suggestion| suggestion.source);
                    status.nothing_shown_because = None;
                }
                // Being overtaken by the next keystroke is no news.
                Outcome::Nothing(Reason::Stale | Reason::Cancelled) => {}
                Outcome::Nothing(reason) => status.nothing_shown_because = Some(reason.to_string()),
            }
        });
    }

    /// What was answered is not shown after all.
    pub fn hidden(&self, reason: &Reason) {
        self.status.send_modify(|status| status.nothing_shown_because = Some(reason.to_string()));
    }

    pub fn set_questions(&self, questions: QuestionStatus) {
        self.status.send_if_modified(|status| {
            let changed = status.questions != questions;
            status.questions = questions;
            changed
        });
    }

    pub fn set_cloud(&self, cloud: CloudStatus) {
        self.status.send_if_modified(|status| status.cloud.replace(cloud) != status.cloud);
    }

    pub fn set_vectors(&self, vectors: Option<VectorStatus>) {
        self.status.send_if_modified(|status| {
            let changed = status.vectors != vectors;
            status.vectors = vectors;
            changed
        });
    }

    pub fn set_eagerness(&self, eagerness: Eagerness) {
        self.status.send_if_modified(|status| std::mem::replace(&mut status.eagerness, eagerness) != eagerness);
    }

    pub fn set_pause(&self, pause: Option<Pause>) {
        self.status.send_if_modified(|status| std::mem::replace(&mut status.pause, pause) != pause);
    }

    fn set_engine(&self, engine: EngineStatus) {
        self.status.send_if_modified(|status| {
            let changed = status.engine != engine;
            status.engine = engine;
            changed
        });
    }
}

fn lookup_alone() -> EngineStatus {
    EngineStatus::new("lookup", EngineState::Ready)
}

/// Counts a request as waiting until it is dropped.
pub struct Busy(Arc<StatusBoard>);

impl Busy {
    pub fn enter(board: &Arc<StatusBoard>) -> Self {
        board.status.send_modify(|status| status.busy += 1);
        Self(board.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.status.send_modify(|status| status.busy = status.busy.saturating_sub(1));
    }
}
