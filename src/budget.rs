//! What may be spent: money, prices, estimates, limits, and the ledger that holds them.
//!
//! Every request reserves the most it can cost before its first byte leaves, and is settled to what it did cost. Nothing in
//! here is optimistic: an unknown price, a ledger that cannot be written, a reservation nobody settled count against the
//! user's wallet, never for it.

mod ledger;
mod limit;
mod money;
mod windows;

#[cfg(feature = "cloud")]
pub use ledger::PostgresLedger;
pub use ledger::{
    Account, Admission, AfterRepair, Clock, Crossing, Difference, Entry, EstimateError, Grouping, Guards, Ledger,
    LedgerError, Outcome, Refusal, Reserved, Settlement, SqliteLedger, Stage, State, THRESHOLDS, Total, WindowState,
    differences, estimate_errors, open_ledger, totals,
};
pub use limit::{Amount, Limit, Period, Scope};
pub use money::Picodollars;
pub use windows::{Span, zone};
