//! What a completion request carries: a snapshot of everything it needs.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::{Calibration, Flights, Lane, Ticket, Trigger};
use crate::config::Settings;
use crate::context::Analysis;
use crate::engine::Engine;
use crate::engine::lookup::DocumentTokens;
use crate::text::Document;

/// How long a client is kept waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For the analysis of the text's version. Reparsing after an edit takes 1–8 ms on a 720 KB file; a text that needs
    /// longer is completed without a tree and without lookup.
    pub analysis: Duration,
    /// After this, what the lookup engine has is shown, if it is good enough.
    pub soft: Duration,
    /// After this, the answer is what there is.
    pub hard: Duration,
}

impl Patience {
    const fn new(analysis_ms: u64, soft_ms: u64, hard_ms: u64) -> Self {
        let (analysis, soft) = (Duration::from_millis(analysis_ms), Duration::from_millis(soft_ms));
        Self { analysis, soft, hard: Duration::from_millis(hard_ms) }
    }

    /// Ghost text may come late: the client asked without stopping for it.
    pub const GHOST_TEXT: Self = Self::new(30, 150, 1_500);
    /// A completion menu waits for its slowest source; Helix asks to be answered within 200 ms.
    pub const MENU: Self = Self::new(30, 120, 180);
    /// A command that has nothing else to do.
    pub const COMMAND: Self = Self::new(5_000, 20_000, 20_000);
}

/// Everything one request needs, taken under the session's lock; nothing here can change.
pub struct Request {
    pub document: Document,
    /// Byte offset of the cursor.
    pub offset: usize,
    pub trigger: Trigger,
    pub patience: Patience,
    pub settings: Arc<Settings>,
    /// Path relative to the workspace, and the workspace's name.
    pub path: String,
    pub repository: Option<String>,
    pub lane: Arc<Lane>,
    pub ticket: Ticket,
    pub analysis: watch::Receiver<Analysis>,
    /// The revision of `document` that `analysis` is to reach.
    pub revision: u64,
    /// Token streams of the other open documents, most recently used first.
    pub others: Vec<Arc<DocumentTokens>>,
    pub model: Option<Arc<dyn Engine>>,
    pub calibration: Arc<Calibration>,
    pub flights: Arc<Flights>,
}
