//! Which ledger the settings name.

use std::sync::Arc;

use super::{Clock, Ledger, LedgerError, SqliteLedger};
use crate::budget::windows;
use crate::config::{BudgetSettings, Paths};

/// The user's own file, or the database of a team. A database is not asked yet: one that is down costs the questions to
/// cloud models, not the start.
pub fn open_ledger(settings: &BudgetSettings, paths: &Paths, clock: Clock) -> Result<Arc<dyn Ledger>, LedgerError> {
    let zone = windows::zone(&settings.time_zone).map_err(LedgerError::Unusable)?;
    match settings.ledger.as_str() {
        "" => Ok(Arc::new(SqliteLedger::open(&paths.ledger_file(), clock, zone)?)),
        address if address.starts_with("postgres://") || address.starts_with("postgresql://") => shared(address, zone),
        _ => Err(LedgerError::Unusable(
            "`budget.ledger` must be empty, for a file of yours, or begin with `postgres://`".to_owned(),
        )),
    }
}

#[cfg(feature = "cloud")]
fn shared(address: &str, zone: jiff::tz::TimeZone) -> Result<Arc<dyn Ledger>, LedgerError> {
    Ok(Arc::new(super::PostgresLedger::new(address, zone)?))
}

#[cfg(not(feature = "cloud"))]
fn shared(_address: &str, _zone: jiff::tz::TimeZone) -> Result<Arc<dyn Ledger>, LedgerError> {
    Err(LedgerError::Unusable("this build of Tandem can reach no database; leave `budget.ledger` empty".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Environment;

    fn opened(ledger: &str, zone: &str, state: &Path) -> Result<Arc<dyn Ledger>, LedgerError> {
        let settings = BudgetSettings { ledger: ledger.into(), time_zone: zone.into(), ..BudgetSettings::default() };
        let paths = Paths { state: state.to_owned(), ..Paths::of(&Environment::of(&[])) };
        open_ledger(&settings, &paths, Clock::new(|| 0))
    }

    #[test]
    fn settings_that_cannot_be_followed_are_told_and_nothing_is_made_instead() {
        let place = tempfile::tempdir().unwrap();
        let said = |ledger, zone| opened(ledger, zone, place.path()).unwrap_err().to_string();
        assert!(said("", "Mars/Base").contains("`Mars/Base` is no time zone"));
        assert!(said("mysql://db/ledger", "UTC").contains("`postgres://`"));
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
        opened("", "Europe/Berlin", place.path()).unwrap();
        assert!(place.path().join("ledger.db").exists());
    }
}
