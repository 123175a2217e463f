//! The way to a model outside of this process, as the pipeline sees it: the gate, and what is behind it.
//!
//! The pipeline decides and shows; it cannot send. Whoever implements this does so through the gate, in its order: clear,
//! consent, reserve, record, send.

use std::fmt::Debug;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::budget::{Outcome, Picodollars};
use crate::config::Settings;
use crate::gate::{Draft, Preview, Withheld};
use crate::providers::{Endpoint, Event, Usage};

/// What is known of the model before anything is packed for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub endpoint: Arc<Endpoint>,
    pub model: String,
    /// Tokens of prompt and answer together that it takes; None where nobody said.
    pub window: Option<u64>,
    /// Prompts of more tokens than these cost more for each, in order.
    pub tiers: Vec<u64>,
    /// Why nothing can be sent now, whatever it is.
    pub blocked: Option<Withheld>,
    /// Why it is of no use to try: it failed just now. A sentence.
    pub down: Option<String>,
    /// What the most restrictive limit leaves for this request. None without a limit in money.
    pub left: Option<Picodollars>,
}

/// How far a file may travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// It may be sent.
    Out,
    /// It stays on this machine.
    Stays,
    /// It is read by nobody but its user.
    Denied,
}

/// What became of a sent request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    pub usage: Usage,
    pub cost: Picodollars,
    pub outcome: Outcome,
}

/// An answer on its way. Dropping it, or cancelling, closes the connection; the reservation is settled all the same.
#[derive(Debug)]
pub struct Answering {
    pub events: mpsc::Receiver<Event>,
    /// Comes after the last event: what it did cost.
    pub settled: tokio::sync::oneshot::Receiver<Settled>,
}

/// A request that the gate has looked through: what may not leave is out of it.
pub trait Cleared: Send + Debug {
    fn preview(&self) -> &Preview;

    /// Whether the user has to be asked, and then why although they allowed the workspace, if they did.
    fn consent(&self) -> Wanted;

    /// The texts as they will be sent, in the order of the draft's pieces.
    fn texts(&self) -> Vec<Arc<str>>;

    /// Reserves, records and sends. `remember`: the yes holds for the workspace's next questions, too.
    fn send(
        self: Box<Self>,
        consent: Given,
        cancel: CancellationToken,
    ) -> BoxFuture<'static, Result<Answering, Withheld>>;
}

/// Whether consent is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// It is there already, or nothing leaves.
    No,
    Yes {
        why: Option<String>,
        may_remember: bool,
    },
}

/// Consent as it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// Before, for the workspace; or none is needed.
    Before,
    Once,
    Workspace,
}

pub trait Remote: Send + Sync + Debug {
    /// None where no provider is named. May read the ledger: not for the protocol task.
    fn standing(&self, root: &std::path::Path, settings: &Settings) -> Result<Standing, Withheld>;

    /// How far a file may travel; `path` from the root.
    fn reach(&self, root: &std::path::Path, settings: &Settings, path: &str) -> Reach;

    /// Tokens of a text at this model, at most.
    fn count(&self, standing: &Standing, text: &str) -> usize;

    /// `limit`: the user's own for this request. Scans every byte: not for the protocol task.
    fn clear(
        &self,
        root: &std::path::Path,
        settings: &Settings,
        draft: Draft,
        limit: Option<Picodollars>,
    ) -> Result<Box<dyn Cleared>, Withheld>;
}
