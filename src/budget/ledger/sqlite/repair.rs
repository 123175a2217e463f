//! A new ledger in the place of a damaged one. What the old one knew of is lost to the limits, so the new one presumes the
//! worst of all windows that are running, unless the user says that nothing was spent.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use super::{SqliteLedger, adapter, lock, make};
use crate::budget::{Clock, LedgerError};
use crate::database::{self, with_suffix};

/// What the new ledger takes the limits of the running hour, day and month for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AfterRepair {
    /// All of them are spent: cloud models answer again when a new window begins.
    #[default]
    Spent,
    /// None of it is. The user answers for that.
    Unspent,
}

pub(super) fn repair(
    file: &Path,
    clock: Clock,
    zone: TimeZone,
    after: AfterRepair,
) -> Result<Option<PathBuf>, LedgerError> {
    let _lock = lock(file)?;
    let journal = with_suffix(file, "-wal");
    let now = clock.now();
    let presumed_until = match after {
        AfterRepair::Spent => now.saturating_add(1),
        AfterRepair::Unspent => 0,
    };
    if !file.exists() && !journal.exists() {
        // Else the next one to open it makes it.
        if is_interrupted(file) {
            make(file, presumed_until)?;
        }
        return Ok(None);
    }
    // Without the file there is nothing to open, and opening would wait for the lock that is held here.
    if file.exists() {
        match SqliteLedger::open(file, clock.clone(), zone) {
            Ok(_) => return Ok(None),
            Err(LedgerError::Damaged(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let aside = unused(&with_suffix(file, &format!(".damaged-{now}")));
    let moved = if file.exists() {
        database::rename(file, &aside)
    } else {
        std::fs::rename(&journal, with_suffix(&aside, "-wal"))
    };
    moved.map_err(|error| adapter::unusable(file, &error.to_string()))?;
    make(file, presumed_until)?;
    Ok(Some(aside))
}

/// Whether there is none because a damaged one was put aside and nothing took its place: what is made then must presume the worst.
pub(super) fn is_interrupted(file: &Path) -> bool {
    let begins = format!("{}.damaged-", file.file_name().unwrap_or_default().to_string_lossy());
    let beside = file.parent().and_then(|directory| std::fs::read_dir(directory).ok());
    let is_aside = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with(&begins);
    !file.exists() && beside.into_iter().flatten().flatten().any(is_aside)
}

/// Nothing that was kept is overwritten.
fn unused(file: &Path) -> PathBuf {
    let taken = |file: &PathBuf| file.exists() || with_suffix(file, "-wal").exists();
    let names = (2..).map(|number| with_suffix(file, &format!("-{number}")));
    std::iter::once(file.to_owned()).chain(names).find(|name| !taken(name)).unwrap_or_else(|| file.to_owned())
}
