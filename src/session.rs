//! The sole owner of mutable state; hands out cheap snapshots.
//!
//! Every method is synchronous and takes microseconds, but for `complete`, whose synchronous part runs before it
//! returns its future. Locks are `std::sync::Mutex`, never held across an await.

use std::sync::Arc;

use crate::complete::{Outcome, Trigger, Why};
use crate::config::Settings;
use crate::engine::{Engine, EngineStatus};
use crate::text::{Change, Document, Position, PositionEncoding};

/// What the status line shows.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    pub engine: EngineStatus,
    /// Requests that wait for an answer now.
    pub busy: u32,
    /// Receipt to answer of the last request, in microseconds.
    pub last_latency_us: Option<u64>,
    /// Who wrote the last suggestion shown.
    pub last_source: Option<crate::complete::Source>,
    /// Why nothing was shown, as a sentence; absent when something was.
    pub nothing_shown_because: Option<String>,
}

pub struct Session {}

impl Session {
    /// `model` is absent when no model is wanted (lookup alone).
    pub fn new(_settings: Settings, _model: Option<Arc<dyn Engine>>) -> Arc<Self> {
        unimplemented!()
    }

    /// Once, before the first document: the negotiated encoding and the workspace folders (paths).
    pub fn initialize(&self, _encoding: PositionEncoding, _folders: Vec<std::path::PathBuf>) {
        unimplemented!()
    }

    pub fn configure(&self, _settings: Settings) {
        unimplemented!()
    }

    pub fn settings(&self) -> Arc<Settings> {
        unimplemented!()
    }

    /// Opening an open document replaces it.
    pub fn open(&self, _document: &str, _language_id: &str, _version: i32, _text: &str) {
        unimplemented!()
    }

    /// Changes of an unknown document are ignored with a warning in the log.
    pub fn change(&self, _document: &str, _version: i32, _changes: &[Change]) {
        unimplemented!()
    }

    pub fn close(&self, _document: &str) {
        unimplemented!()
    }

    pub fn document(&self, _document: &str) -> Option<Document> {
        unimplemented!()
    }

    /// The snapshot is taken before this returns; the future may be dropped at any await, which cancels the work.
    pub fn complete(
        self: &Arc<Self>,
        _document: &str,
        _position: Position,
        _trigger: Trigger,
    ) -> impl Future<Output = Outcome> + Send + 'static {
        async { unimplemented!() }
    }

    /// The account of the newest request at this position (or, without one, of the document's newest).
    pub fn why(&self, _document: &str, _position: Position) -> Option<Why> {
        unimplemented!()
    }

    pub fn status(&self) -> tokio::sync::watch::Receiver<Status> {
        unimplemented!()
    }
}
