//! What may be spent: money, prices, estimates, limits, and the ledger that holds them.
//!
//! Every request reserves the most it can cost before its first byte leaves, and is settled to what it did cost. Nothing in
//! here is optimistic: an unknown price, a ledger that cannot be written, a reservation nobody settled count against the
//! user's wallet, never for it.

mod calibration;
mod estimate;
mod ledger;
mod limit;
mod money;
mod prices;
mod settle;
mod size;
mod windows;
mod workspace;

pub use calibration::Calibration;
pub use estimate::{Estimate, LEAST_OUTPUT, Planned};
#[cfg(feature = "cloud")]
pub use ledger::PostgresLedger;
pub use ledger::{
    Account, Admission, AfterRepair, Clock, Crossing, Difference, Entry, EstimateError, Grouping, Guard, Guards,
    Ledger, LedgerError, Outcome, Purpose, Refusal, Reserved, Settlement, SqliteLedger, Stage, State, THRESHOLDS,
    Total, WindowState, differences, estimate_errors, open_ledger, totals,
};
pub use limit::{Amount, Limit, LimitError, Limits, Period, Scope, thousands};
pub use money::Picodollars;
pub use prices::{Asked, BadRow, OLD_AFTER_DAYS, PriceError, PriceRow, PriceTable, Rates, Services, Status, Tier};
pub use settle::{End, Progress, settlement};
pub use size::{TextSize, Tokenizer, tokens_around};
pub use windows::{Span, zone};
pub use workspace::workspace_key;
