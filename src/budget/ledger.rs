//! The interface of ledgers. A ledger is shared by all windows of a user, or by a team.
//!
//! A reservation goes reserved → sent → streaming → settled, or is released where nothing was sent. One that nobody settles
//! stays at its full amount. All calls may block for as long as a disk or a database does: not for the protocol task.

use super::{Limit, Picodollars};

/// Who spends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Account {
    /// One run of a server or a command.
    pub session: String,
    /// A fingerprint of the folder's path: the ledger knows no names of folders.
    pub workspace: String,
    pub provider: String,
    pub model: String,
}

/// What a request asks for before it is sent.
#[derive(Clone, Debug)]
pub struct Admission<'a> {
    pub account: &'a Account,
    /// All that apply; those of other providers and models are passed over.
    pub limits: &'a [Limit],
    /// Upper bounds.
    pub money: Picodollars,
    pub tokens: u64,
    /// The row of the price table, with its date.
    pub price: &'a str,
    /// Fingerprint of the request, for the guard against loops.
    pub digest: &'a [u8; 32],
}

/// An open reservation's number in its ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reserved(pub i64);

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    Reserved,
    Sent,
    Streaming,
}

/// Why a reservation ended as it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// By the provider's own count.
    Counted,
    /// By what was seen, upwards: cancelled, cut off, or never told.
    Estimated,
    /// In full: nobody knows.
    Presumed,
}

/// What a request did cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    pub money: Picodollars,
    pub tokens: u64,
    pub outcome: Outcome,
    /// What the provider says it cost, where it does.
    pub provider_cost: Option<Picodollars>,
}

/// A limit and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowState {
    pub limit: Limit,
    /// Settled, in the limit's unit.
    pub settled: u64,
    /// Reserved and not settled, in the limit's unit.
    pub open: u64,
    /// When it starts again, in seconds since 1970; None for a request's and a session's.
    pub resets_at: Option<i64>,
}

/// A no by the budget.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// This limit would be passed. `wanted`: the request's upper bound in the limit's unit.
    #[error("the limit would be passed")]
    OverLimit { window: Box<WindowState>, wanted: u64 },
    /// The same request was sent this often within a few minutes.
    #[error("the same question was sent {times} times within five minutes")]
    Loop { times: u32 },
    #[error("{0}")]
    Ledger(#[from] LedgerError),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    #[error("the ledger is damaged: {0}")]
    Damaged(String),
    #[error("the ledger is busy: {0}")]
    Busy(String),
    /// Read-only, full, gone, or a database that does not answer.
    #[error("the ledger cannot be used: {0}")]
    Unusable(String),
}

pub trait Ledger: Send + Sync + std::fmt::Debug {
    /// Puts the reservation on disk if every limit allows it, in one step for all windows and processes.
    fn reserve(&self, admission: &Admission<'_>) -> Result<Reserved, Refusal>;

    /// Notes how far it came. `usage_floor`: the least that is known to be spent by now.
    fn advance(&self, reserved: Reserved, stage: Stage, usage_floor: Picodollars) -> Result<(), LedgerError>;

    /// Ends it with what it did cost, which may be more than was reserved.
    fn settle(&self, reserved: Reserved, settlement: &Settlement) -> Result<(), LedgerError>;

    /// Ends it with nothing: only where it is certain that nothing was sent.
    fn release(&self, reserved: Reserved) -> Result<(), LedgerError>;

    /// Where the limits stand for this account.
    fn windows(&self, account: &Account, limits: &[Limit]) -> Result<Vec<WindowState>, LedgerError>;

    /// Settles what dead processes left open at its reserved amount; how many these were.
    fn reconcile(&self) -> Result<usize, LedgerError>;
}
