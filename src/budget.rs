//! What may be spent: money, prices, estimates, limits, and the ledger that holds them.
//!
//! Every request reserves the most it can cost before its first byte leaves, and is settled to what it did cost. Nothing in
//! here is optimistic: an unknown price, a ledger that cannot be written, a reservation nobody settled count against the
//! user's wallet, never for it.

mod ledger;
mod limit;
mod money;

pub use ledger::{Account, Admission, Ledger, LedgerError, Outcome, Refusal, Reserved, Settlement, Stage, WindowState};
pub use limit::{Amount, Limit, Period, Scope};
pub use money::Picodollars;
