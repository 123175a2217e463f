//! A user's own ledger: one SQLite file in the state directory, that all servers and commands of the user share.
//!
//! Every change is on the disk when its call returns. A file that is damaged is refused and left as it is: an empty one in
//! its place would open all budgets again. `repair` is for the user to call.

mod adapter;
mod repair;
mod schema;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::tz::TimeZone;
use rusqlite::{Connection, TransactionBehavior};

pub use repair::AfterRepair;

use self::adapter::{Adapter, explain};
use super::books::Books;
use super::holders::Holder;
use super::{
    Account, Admission, Clock, Crossing, Entry, Ledger, LedgerError, Refusal, Reserved, Settlement, Stage, WindowState,
};
use crate::budget::windows::Span;
use crate::budget::{Limit, Period, Picodollars};
use crate::database::{self, identity, with_suffix};

#[derive(Debug)]
pub struct SqliteLedger {
    connection: Mutex<Connection>,
    file: PathBuf,
    /// Which file that was.
    identity: Option<(u64, u64)>,
    holder: Holder,
    clock: Clock,
    zone: TimeZone,
}

impl SqliteLedger {
    /// Opens the file, or makes it where there is none, reads all of it once, and settles what dead processes left open.
    /// Days and months begin as the zone says.
    pub fn open(file: &Path, clock: Clock, zone: TimeZone) -> Result<Self, LedgerError> {
        let io = |error: std::io::Error| adapter::unusable(file, &error.to_string());
        if !file.try_exists().map_err(io)? {
            let _lock = lock(file)?;
            // Another process may have made it meanwhile, and opened it.
            if !file.exists() {
                // Its last entries are in there, and a new file must not inherit them.
                if with_suffix(file, "-wal").exists() {
                    return Err(adapter::damaged(file, "is gone, but its journal is there"));
                }
                if repair::is_interrupted(file) {
                    return Err(adapter::damaged(file, "was to be repaired, but that was interrupted"));
                }
                make(file, 0)?;
            }
        }
        // We make files whole, so somebody else emptied it: a full disk, a program that was stopped.
        if file.metadata().map_err(io)?.len() == 0 {
            return Err(adapter::damaged(file, "is empty"));
        }
        let connection = database::open(file, &schema::KIND).map_err(adapter::from_database)?;
        let check = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0));
        let verdict = check.map_err(|error| explain(file, &error))?;
        if verdict != "ok" {
            return Err(adapter::damaged(file, &format!("is not whole ({})", verdict.replace('\n', " "))));
        }
        let holder = Holder::claim(&with_suffix(file, ".holders")).map_err(io)?;
        holder.clear();
        let ledger = Self {
            connection: Mutex::new(connection),
            file: file.to_owned(),
            identity: identity(file),
            holder,
            clock,
            zone,
        };
        ledger.reconcile()?;
        Ok(ledger)
    }

    /// Puts a new ledger in the place of a damaged one, which is kept beside it; returns where. None where the file is
    /// whole: another process may have repaired it. Servers that have the old one open refuse until they are restarted.
    pub fn repair(
        file: &Path,
        clock: Clock,
        zone: TimeZone,
        after: AfterRepair,
    ) -> Result<Option<PathBuf>, LedgerError> {
        repair::repair(file, clock, zone, after)
    }

    /// Seconds by which the clock is behind the latest time in the ledger: it was set back, or it was wrong then. The ledger's
    /// time stands still until the clock has caught up, so no window starts again.
    pub fn clock_is_behind(&self) -> Result<u64, LedgerError> {
        let seen: i64 = self.read(|books| books.seen())?;
        Ok(u64::try_from(seen.saturating_sub(self.clock.now())).unwrap_or(0))
    }

    /// Takes the clock for right: what the ledger dates later counts as reserved now, so nothing that was spent is lost.
    /// For the user to call where the clock was wrong once. Returns how many entries these were.
    pub fn trust_clock(&self) -> Result<u64, LedgerError> {
        self.write(|books| books.trust_clock())
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic in the middle of a transaction rolled it back.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T, E: From<LedgerError>>(
        &self,
        read: impl FnOnce(&mut Books<'_, Adapter<'_>>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transact(TransactionBehavior::Deferred, read)
    }

    fn write<T, E: From<LedgerError>>(
        &self,
        write: impl FnOnce(&mut Books<'_, Adapter<'_>>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transact(TransactionBehavior::Immediate, write)
    }

    fn transact<T, E: From<LedgerError>>(
        &self,
        behavior: TransactionBehavior,
        act: impl FnOnce(&mut Books<'_, Adapter<'_>>) -> Result<T, E>,
    ) -> Result<T, E> {
        let explain = |error: rusqlite::Error| explain(&self.file, &error);
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(behavior).map_err(explain)?;
        // Others would not see what is written to a file that has lost its name.
        if self.identity != identity(&self.file) || !self.file.exists() {
            let reason = "was deleted or replaced while it was in use; restart the editor's language server";
            return Err(LedgerError::Unusable(format!("{} {reason}", self.file.display())).into());
        }
        let mut books = Books {
            sql: Adapter { connection: &transaction, file: &self.file },
            clock: self.clock.now(),
            zone: &self.zone,
            holder: self.holder.name(),
            who: "",
        };
        let result = act(&mut books)?;
        transaction.commit().map_err(explain)?;
        Ok(result)
    }
}

impl Ledger for SqliteLedger {
    fn reserve(&self, admission: &Admission<'_>) -> Result<Reserved, Refusal> {
        self.write(|books| books.reserve(admission))
    }

    fn advance(&self, reserved: Reserved, stage: Stage, usage_floor: Picodollars) -> Result<(), LedgerError> {
        self.write(|books| books.advance(reserved, stage, usage_floor))
    }

    fn settle(&self, reserved: Reserved, settlement: &Settlement) -> Result<(), LedgerError> {
        self.write(|books| books.settle(reserved, settlement))
    }

    fn release(&self, reserved: Reserved) -> Result<(), LedgerError> {
        self.write(|books| books.release(reserved))
    }

    fn windows(&self, account: &Account, limits: &[Limit]) -> Result<Vec<WindowState>, LedgerError> {
        self.read(|books| books.windows(account, limits))
    }

    fn crossings(&self, account: &Account, limits: &[Limit]) -> Result<Vec<Crossing>, LedgerError> {
        self.write(|books| books.crossings(account, limits))
    }

    fn reconcile(&self) -> Result<usize, LedgerError> {
        self.write(|books| books.reconcile(|_, holder| Ok(!self.holder.is_alive(holder))))
    }

    fn entries(&self, from: i64, until: i64) -> Result<Vec<Entry>, LedgerError> {
        self.read(|books| books.entries(from, until))
    }

    fn span(&self, period: Period) -> Result<Option<Span>, LedgerError> {
        self.read(|books| books.span(period))
    }
}

/// Whoever makes or moves the file does so alone.
fn lock(file: &Path) -> Result<std::fs::File, LedgerError> {
    let directory = file.parent().unwrap_or(Path::new("."));
    let locked = crate::config::create_private_dir(directory).and_then(|()| database::lock(file));
    locked.map_err(|error| adapter::unusable(file, &error.to_string()))
}

/// Makes the file under another name first, so that it is whole from the moment it is there. To be called under `lock`.
fn make(file: &Path, presumed_until: i64) -> Result<(), LedgerError> {
    let fresh = with_suffix(file, ".new");
    let io = |error: std::io::Error| adapter::unusable(file, &error.to_string());
    for side in ["", "-wal", "-shm"] {
        match std::fs::remove_file(with_suffix(&fresh, side)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(error)),
            _ => {}
        }
    }
    let connection = database::open(&fresh, &schema::KIND).map_err(adapter::from_database)?;
    let begin = || {
        connection.execute("UPDATE book SET presumed_until = ?1", [presumed_until])?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    };
    begin().map_err(|error| explain(file, &error))?;
    connection.close().map_err(|(_, error)| explain(file, &error))?;
    std::fs::rename(&fresh, file).map_err(io)?;
    sync_directory(file).map_err(io)
}

/// A name that a power cut takes away would take the ledger away.
#[cfg(unix)]
fn sync_directory(file: &Path) -> std::io::Result<()> {
    std::fs::File::open(file.parent().unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_file: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
