//! What a completion request carries: a snapshot of everything it needs.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::basis::Circumstances;
use super::{Calibration, Flights, Lane, Paused, Ticket, Trigger};
use crate::config::Settings;
use crate::context::{Analysis, Hunk};
use crate::engine::lookup::{DocumentTokens, Vantage};
use crate::engine::{Engine, Origin};
use crate::index::{Index, Viewed};
use crate::privacy::PathPatterns;
use crate::text::Document;

/// How long a client is kept waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For the analysis of the text's version. Reparsing after an edit takes 1–8 ms on a 720 KB file; a text that needs
    /// longer is completed without a tree and without lookup.
    pub analysis: Duration,
    /// For what the index knows of the rest of the repository; what comes later is in the next prompt.
    pub context: Duration,
    /// After this, what the lookup engine has is shown, if it is good enough.
    pub soft: Duration,
    /// After this, the answer is what there is.
    pub hard: Duration,
}

impl Patience {
    const fn new(analysis_ms: u64, context_ms: u64, soft_ms: u64, hard_ms: u64) -> Self {
        let (analysis, context) = (Duration::from_millis(analysis_ms), Duration::from_millis(context_ms));
        Self { analysis, context, soft: Duration::from_millis(soft_ms), hard: Duration::from_millis(hard_ms) }
    }

    /// For an engine that waits itself before it begins.
    pub fn later(self, by: Duration) -> Self {
        Self { soft: self.soft + by, hard: self.hard + by, ..self }
    }

    /// Ghost text may come late: the client asked without stopping for it.
    pub const GHOST_TEXT: Self = Self::new(30, 10, 150, 1_500);
    /// A completion menu waits for its slowest source; Helix asks to be answered within 200 ms.
    pub const MENU: Self = Self::new(30, 10, 120, 180);
    /// A command that has nothing else to do.
    pub const COMMAND: Self = Self::new(5_000, 5_000, 20_000, 20_000);
}

/// What the answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A client waits for it.
    Answer,
    /// To be remembered for a place where the user may soon be.
    LookAhead,
}

/// Everything one request needs, taken under the session's lock; nothing here can change.
pub struct Request {
    pub document: Document,
    /// Byte offset of the cursor.
    pub offset: usize,
    pub trigger: Trigger,
    pub purpose: Purpose,
    pub patience: Patience,
    /// How long the model need not be asked yet.
    pub debounce: Duration,
    pub settings: Arc<Settings>,
    /// `completion.disabledPaths`.
    pub disabled_paths: Arc<PathPatterns>,
    pub paused: Option<Paused>,
    /// Path relative to the workspace, and the workspace's name.
    pub path: String,
    pub repository: Option<String>,
    /// The folders that paths of the prompt are from.
    pub origin: Arc<Origin>,
    pub lane: Arc<Lane>,
    pub ticket: Ticket,
    pub analysis: watch::Receiver<Analysis>,
    /// The revision of `document` that `analysis` is to reach.
    pub revision: u64,
    /// Token streams of the other open documents, most recently used first.
    pub others: Vec<Arc<DocumentTokens>>,
    /// The last edits of documents that no rule keeps back, the oldest first, with the path of each.
    pub edits: Vec<(String, Hunk)>,
    /// Where the user was last, in files of the same index, the newest first.
    pub viewed: Vec<Viewed>,
    /// The index of the workspace folder that the document is in, with its path there. None where it is ignored.
    pub index: Option<(Arc<Index>, String)>,
    /// The files around the document that are not open, for lookup.
    pub vantage: Option<Arc<Vantage>>,
    pub model: Option<Arc<dyn Engine>>,
    /// False only where a model is measured alone: lookup writes nothing then, drafts nothing and has no opinion.
    pub with_lookup: bool,
    pub calibration: Arc<Calibration>,
    pub flights: Arc<Flights>,
}

impl Request {
    /// What an answer from memory has to fit.
    pub(super) fn circumstances(&self) -> Circumstances<'_> {
        Circumstances {
            text: self.document.rope(),
            offset: self.offset,
            desk: &self.lane.desk,
            edits: &self.edits,
            path: self.index.as_ref().map(|(_, path)| path.as_str()),
        }
    }
}
