//! The interface of ledgers. A ledger is shared by all windows of a user, or by a team.
//!
//! A reservation goes reserved → sent → streaming → settled, or is released where nothing was sent. One that nobody settles
//! stays at its full amount. All calls may block for as long as a disk or a database does: not for the protocol task.
//!
//! What a request costs counts in the hour, day and month in which it was *reserved*, whenever it is settled: so an amount
//! that is known only after midnight is neither lost nor counted twice. `books` has the rules, for any database.

mod books;
mod clock;
mod guards;
mod holders;
mod open;
#[cfg(feature = "cloud")]
mod postgres;
mod report;
mod sql;
mod sqlite;

pub use clock::Clock;
pub use guards::{Guard, Guards};
pub use open::open_ledger;
#[cfg(feature = "cloud")]
pub use postgres::PostgresLedger;
pub use report::{Difference, Entry, EstimateError, Grouping, State, Total, differences, estimate_errors, totals};
pub use sqlite::{AfterRepair, SqliteLedger};

use super::windows::Span;
use super::{Limit, Period, Picodollars};

/// What a request is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Somebody asked.
    #[default]
    Question,
    /// Somebody types.
    Suggestion,
}

impl Purpose {
    /// In the ledger's column.
    pub(super) fn code(self) -> i64 {
        match self {
            Self::Question => 0,
            Self::Suggestion => 1,
        }
    }

    pub(super) fn of_code(code: i64) -> Self {
        if code == 1 { Self::Suggestion } else { Self::Question }
    }

    /// What many of them are called.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Question => "questions",
            Self::Suggestion => "suggestions",
        }
    }
}

/// Who spends, and what for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Account {
    /// One run of a server or a command.
    pub session: String,
    /// A fingerprint of the folder's path: the ledger knows no names of folders.
    pub workspace: String,
    pub provider: String,
    pub model: String,
    pub purpose: Purpose,
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
    /// When to ask the user although no limit is passed.
    pub guards: Guards,
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
    /// What it costs by our prices, where the provider counted.
    pub own_cost: Option<Picodollars>,
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
    /// Seconds by which the clock is behind the latest time in the ledger, which holds until the clock has caught up.
    pub clock_is_behind: u64,
}

/// Seconds by which a clock may be behind without a word: clocks are set right all the time.
const USUAL_DRIFT: u64 = 60;

impl WindowState {
    /// What the limit allows, in its unit.
    pub fn allowed(&self) -> u64 {
        self.limit.units()
    }

    /// What may still be reserved, in the limit's unit.
    pub fn left(&self) -> u64 {
        self.allowed().saturating_sub(self.settled.saturating_add(self.open))
    }

    /// Whether a request of that size passes. A limit of nothing allows nothing, not even what is free.
    pub fn admits(&self, wanted: u64) -> bool {
        self.allowed() > 0 && self.settled.saturating_add(self.open).saturating_add(wanted) <= self.allowed()
    }

    /// Settled, in whole percent of the limit, rounded down.
    pub fn percent(&self) -> u64 {
        let percent = u128::from(self.settled) * 100 / u128::from(self.allowed().max(1));
        u64::try_from(percent).unwrap_or(u64::MAX)
    }

    /// That the window starts again later than the clock lets one think, and the way out; None where the clock is right.
    pub fn clock_problem(&self) -> Option<String> {
        let behind = self.clock_is_behind;
        if behind <= USUAL_DRIFT {
            return None;
        }
        let length = match (behind / 60, behind / 3600, behind / 86_400) {
            (minutes, ..2, _) => format!("{minutes} minutes"),
            (_, hours, ..2) => format!("{hours} hours"),
            (_, _, days) => format!("{days} days"),
        };
        Some(format!(
            "the clock is {length} behind the latest time in the ledger, which holds until the clock has caught up; where it was \
             wrong then and is right now: `tandem budget --trust-clock`"
        ))
    }
}

/// A soft threshold that a window has passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossing {
    pub window: WindowState,
    /// One of `THRESHOLDS`.
    pub percent: u8,
}

/// Percent of a limit at which the user is told once.
pub const THRESHOLDS: [u8; 3] = [50, 80, 95];

/// A no by the budget.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// This limit would be passed. `wanted`: the request's upper bound in the limit's unit.
    #[error("{}", over_limit(window, *wanted))]
    OverLimit { window: Box<WindowState>, wanted: u64 },
    /// The same request was sent this often within a few minutes. The user may say yes: `Guards::repeats`.
    #[error(
        "the same question was sent {times} times within five minutes; ask it again in a while, or say that you mean it"
    )]
    Loop { times: u32 },
    /// More than `percent` of this day's limit would be spent within five minutes: `recent` is, in the limit's unit,
    /// `wanted` comes on top. The user is to be asked, and may say yes: `Guards::burst_percent`.
    #[error(
        "more than {percent} % of `{}` would be spent within five minutes: {} in the last ones, up to {} now",
        window.limit, window.limit.amount.show(*recent), window.limit.amount.show(*wanted)
    )]
    Burst { window: Box<WindowState>, percent: u32, recent: u64, wanted: u64 },
    #[error("{0}")]
    Ledger(#[from] LedgerError),
}

impl Refusal {
    /// The guard whose no it is; None where there is nothing to say yes to.
    pub fn guard(&self) -> Option<Guard> {
        match self {
            Self::Loop { .. } => Some(Guard::Repeats),
            Self::Burst { .. } => Some(Guard::Burst),
            Self::OverLimit { .. } | Self::Ledger(_) => None,
        }
    }
}

/// With its numbers, when it starts again, and the way out.
fn over_limit(window: &WindowState, wanted: u64) -> String {
    let shown = |units| window.limit.amount.show(units);
    let resets = match window.resets_at.map(jiff::Timestamp::from_second) {
        Some(Ok(at)) => format!("it starts again at {}", at.strftime("%F %H:%M UTC")),
        _ => "it does not start again by itself".to_owned(),
    };
    let clock = window.clock_problem().map_or_else(String::new, |problem| format!("; {problem}"));
    format!(
        "the limit `{}` does not allow it: {} are spent, {} reserved, and this could take {} more; {resets}{clock}; ask a \
         local model, ask for less, or raise the limit in `budget.limits`",
        window.limit,
        shown(window.settled),
        shown(window.open),
        shown(wanted)
    )
}

/// Why nothing can be said or written. Each sentence names the way out. The cloud is refused, local models go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// It is never replaced by an empty one by itself: that would open all budgets again. See `SqliteLedger::repair`.
    #[error("the ledger is damaged: {0}")]
    Damaged(String),
    /// Another program holds it; trying again may help.
    #[error("the ledger is busy: {0}")]
    Busy(String),
    /// Read-only, full, gone, or a database that does not answer.
    #[error("the ledger cannot be used: {0}")]
    Unusable(String),
    #[error("the ledger has no reservation {0}")]
    Unknown(i64),
    /// An answer began, or it was settled: it cannot have cost nothing.
    #[error("reservation {0} was spent and cannot be released")]
    Spent(i64),
}

pub trait Ledger: Send + Sync + std::fmt::Debug {
    /// Puts the reservation on disk if every limit allows it, in one step for all windows and processes.
    ///
    /// Of several limits that do not allow it the one with the least room is named. A limit of 0 allows nothing.
    fn reserve(&self, admission: &Admission<'_>) -> Result<Reserved, Refusal>;

    /// Notes how far it came. `usage_floor`: the least that is known to be spent by now. Neither goes back; after the end
    /// it changes nothing.
    fn advance(&self, reserved: Reserved, stage: Stage, usage_floor: Picodollars) -> Result<(), LedgerError>;

    /// Ends it with what it did cost, which may be more than was reserved. The second time changes nothing, except that a
    /// presumed amount gives way to a known one, and a released reservation to a cost.
    fn settle(&self, reserved: Reserved, settlement: &Settlement) -> Result<(), LedgerError>;

    /// Ends it with nothing: only where it is certain that nothing has to be paid. `LedgerError::Spent` once an answer
    /// began to stream, or it was settled.
    fn release(&self, reserved: Reserved) -> Result<(), LedgerError>;

    /// Where each of the limits stands, in their order; those of sessions and workspaces for this account.
    fn windows(&self, account: &Account, limits: &[Limit]) -> Result<Vec<WindowState>, LedgerError>;

    /// The thresholds that what is *settled* has passed and nobody was told of yet. To be called after `settle`; each is
    /// returned once by all processes together, so who gets one tells the user. On a team's ledger, once to each user.
    fn crossings(&self, account: &Account, limits: &[Limit]) -> Result<Vec<Crossing>, LedgerError>;

    /// Settles what dead processes left open at its reserved amount; how many these were.
    fn reconcile(&self) -> Result<usize, LedgerError>;

    /// What was reserved from `from` until before `until`, in seconds since 1970, oldest first.
    fn entries(&self, from: i64, until: i64) -> Result<Vec<Entry>, LedgerError>;

    /// When the running period began and ends, by the ledger's clock and zone. None for a request's and a session's.
    fn span(&self, period: Period) -> Result<Option<Span>, LedgerError>;
}

#[cfg(test)]
mod tests;
