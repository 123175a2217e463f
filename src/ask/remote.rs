//! The way to a model outside of this process, as the pipeline sees it: the gate, and what is behind it.
//!
//! The pipeline decides and shows; it cannot send. Whoever implements this does so through the gate, in its order: clear,
//! consent, reserve, record, send.

use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::budget::{Guard, Outcome, Picodollars};
use crate::config::Settings;
use crate::gate::{Draft, Preview, Withheld};
use crate::providers::{Endpoint, Event, ProviderError, Reason, Usage};

/// What is known of the model before anything is packed for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub endpoint: Arc<Endpoint>,
    pub model: String,
    /// On this machine or on one of the user's.
    pub is_local: bool,
    /// On this machine: what may not leave it may be read there.
    pub stays: bool,
    /// Tokens of prompt and answer together that it takes; None where nobody said.
    pub window: Option<u64>,
    /// Prompts of more tokens than these, as `Site::count` has them, cost more for each, in order.
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

/// Whether consent is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// It is there already, or nothing leaves.
    No,
    /// `why`: although the user allowed the workspace, if they did.
    Yes { why: Option<String>, may_remember: bool },
}

/// Consent as it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// Before, for the workspace; or none is needed.
    Before,
    Once,
    Workspace,
}

/// What comes while a model answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// Never the end of an answer; `Ended` is.
    Event(Event),
    /// It is asked once more, because of this.
    Again(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finish {
    Answered(Reason),
    Failed(ProviderError),
    Cancelled,
    /// The gate let nothing out; of a second attempt with the error that made it necessary.
    Withheld(Withheld, Option<ProviderError>),
}

/// What became of a request, all its attempts together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub finish: Finish,
    /// Bytes of it may have reached somebody, whatever came back.
    pub has_left: bool,
    pub usage: Usage,
    pub cost: Picodollars,
    pub outcome: Option<Outcome>,
    /// Sentences for the user: limits that are nearly used up, records that could not be written.
    pub notes: Vec<String>,
}

/// An answer on its way. Dropping the receiver cancels, as the token does; either way it is settled.
#[derive(Debug)]
pub struct Answering {
    pub updates: mpsc::Receiver<Update>,
    /// Comes after the last update.
    pub ended: oneshot::Receiver<Ended>,
}

/// A request that the gate has looked through: what may not leave is out of it.
pub trait Cleared: Send + Sync + Debug {
    fn preview(&self) -> &Preview;

    /// Whether the user has to be asked.
    fn consent(&self) -> Wanted;

    /// The texts as they will be sent, in the order of the draft's pieces.
    fn texts(&self) -> Vec<Arc<str>>;

    /// Reserves, records and sends, each attempt anew. `allowed`: what would be refused as a loop or a burst of spending, and
    /// the user has said yes to.
    fn send(&self, consent: Given, allowed: &[Guard], cancel: CancellationToken) -> Result<Answering, Withheld>;
}

/// Whom a pack is for, and a workspace and its settings at the moment of asking.
pub trait Target: Send + Sync + Debug {
    fn standing(&self) -> &Standing;

    /// How far a file may travel to this model; `path` from the root. Touches the disk.
    fn reach(&self, path: &str) -> Reach;

    /// Tokens of a text at this model, at most.
    fn count(&self, text: &str) -> usize;
}

/// The same where the gate lies before it.
pub trait Site: Target {
    /// `limit`: the user's own for this request. Scans every byte: not for the protocol task.
    fn clear(&self, draft: Draft, limit: Option<Picodollars>) -> Result<Arc<dyn Cleared>, Withheld>;
}

pub trait Remote: Send + Sync + Debug {
    /// `settings` are as they hold for the folder, `user` those of the user alone. An error where no model is named, or nothing
    /// can be known of it. Reads ignore files and the ledger: not for the protocol task.
    fn site(&self, root: &Path, settings: &Arc<Settings>, user: &Settings) -> Result<Arc<dyn Site>, Withheld>;
}
