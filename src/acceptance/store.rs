//! The database: one SQLite file in the user's state directory that all servers of the user write to.
//!
//! It holds numbers, and the names of languages and engines: no source text, no path. Only this room and the report name the
//! database's crate. A file that is damaged or somebody else's is moved aside and a fresh one is begun; one of a newer
//! Tandem is left alone.

mod codes;
mod schema;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior, params};

use super::figures::{Event, Kept, Mark, Row};
pub use crate::database::DatabaseError as StoreError;
use crate::database::{self, explain, identity, with_suffix};
pub(super) use codes::{OUTCOMES, SOURCES, kept_of};

/// Bytes of a language's or an engine's name; they come from clients and model files.
const LONGEST_NAME: usize = 100;

/// What is kept: both limits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    pub days: u32,
    /// At some 60 bytes each.
    pub suggestions: u32,
}

impl Retention {
    pub const MOST_SUGGESTIONS: u32 = 1_000_000;

    pub fn days(days: u32) -> Self {
        Self { days, suggestions: Self::MOST_SUGGESTIONS }
    }
}

#[derive(Debug)]
pub struct Store {
    pub(super) connection: Connection,
    file: PathBuf,
    /// Which file that was.
    identity: Option<(u64, u64)>,
}

impl Store {
    /// Opens the file, makes it where there is none, and brings its tables up to date. Readable and writable for the
    /// user alone.
    pub fn open(file: &Path) -> Result<Self, StoreError> {
        database::open(file, &schema::KIND).map(|connection| Self::over(connection, file))
    }

    /// As `open`; what is damaged or of another program is moved aside first. Returns where it was moved to.
    pub fn open_or_replace(file: &Path) -> Result<(Self, Option<PathBuf>), StoreError> {
        match Self::open(file) {
            Err(StoreError::Damaged(_)) => Self::replace(file),
            opened => Ok((opened?, None)),
        }
    }

    /// Moves a file aside that turned out to be damaged, unless another process has done so by now, and opens what
    /// stands in its place.
    pub fn replace(file: &Path) -> Result<(Self, Option<PathBuf>), StoreError> {
        let aside = move_aside(file)?;
        Ok((Self::open(file)?, aside))
    }

    /// Deletes everything, damaged files that were moved aside too. Returns how many suggestions went.
    pub fn erase(file: &Path) -> Result<usize, StoreError> {
        let (mut store, _) = Self::open_or_replace(file)?;
        let erased = store.reset()?;
        for side in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(with_suffix(file, &format!(".damaged{side}")));
        }
        Ok(erased)
    }

    /// Opens the file to read it. None where there is none.
    pub fn read(file: &Path) -> Result<Option<Self>, StoreError> {
        Ok(database::read(file, &schema::KIND)?.map(|connection| Self::over(connection, file)))
    }

    fn over(connection: Connection, file: &Path) -> Self {
        Self { connection, file: file.to_owned(), identity: identity(file) }
    }

    /// Whether every page can be read. Reads the whole file.
    fn is_whole(&self) -> bool {
        let check = self.connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
        check.is_ok_and(|verdict| verdict == "ok")
    }

    /// Writes what was decided, all of it or nothing. `numbers` has the rows of suggestions that are still watched.
    pub fn write(&mut self, events: &[Event], numbers: &mut HashMap<u64, i64>) -> Result<(), StoreError> {
        let file = self.file.clone();
        self.try_write(events, numbers).map_err(|error| explain(&file, &error))
    }

    fn try_write(&mut self, events: &[Event], numbers: &mut HashMap<u64, i64>) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut fresh = HashMap::new();
        for event in events {
            match event {
                Event::Decided { number, row } => {
                    insert(&transaction, row)?;
                    if row.outcome.is_accepted() {
                        fresh.insert(*number, transaction.last_insert_rowid());
                    }
                }
                Event::Kept { number, mark, kept } => {
                    let Some(row) = fresh.get(number).or_else(|| numbers.get(number)) else { continue };
                    let sql = match mark {
                        Mark::HalfMinute => "UPDATE suggestion SET kept_30s = ?1 WHERE id = ?2",
                        Mark::FiveMinutes => "UPDATE suggestion SET kept_5min = ?1 WHERE id = ?2",
                    };
                    transaction.prepare(sql)?.execute(params![codes::of_kept(*kept), row])?;
                }
            }
        }
        transaction.commit()?;
        numbers.extend(fresh);
        for event in events {
            if let Event::Kept { number, mark: Mark::FiveMinutes, .. } = event {
                numbers.remove(number);
            }
        }
        Ok(())
    }

    /// Deletes what is older than the limits; `now` in seconds since 1970. Returns how many suggestions went.
    pub fn prune(&mut self, retention: Retention, now: i64) -> Result<usize, StoreError> {
        let oldest = now - i64::from(retention.days) * 86_400;
        let prune = || {
            let by_age = self.connection.execute("DELETE FROM suggestion WHERE at < ?1", [oldest])?;
            let by_number = self.connection.execute(
                "DELETE FROM suggestion WHERE id <= (SELECT max(id) FROM suggestion) - ?1",
                [retention.suggestions],
            )?;
            Ok(by_age + by_number)
        };
        prune().map_err(|error: rusqlite::Error| self.explain(error))
    }

    /// Deletes everything and gives the space back. Returns how many suggestions went.
    pub fn reset(&mut self) -> Result<usize, StoreError> {
        let file = self.file.clone();
        let mut reset = || {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let deleted = transaction.execute("DELETE FROM suggestion", [])?;
            transaction.execute("DELETE FROM name", [])?;
            transaction.commit()?;
            self.connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
            Ok(deleted)
        };
        reset().map_err(|error| explain(&file, &error))
    }

    /// Number of suggestions.
    pub fn count(&self) -> Result<u64, StoreError> {
        let count = self.connection.query_row("SELECT count(*) FROM suggestion", [], |row| row.get::<_, i64>(0));
        count.map(|count| count.unsigned_abs()).map_err(|error| self.explain(error))
    }

    /// False when the file was deleted or replaced since it was opened: what is written would be lost.
    pub fn is_in_place(&self) -> bool {
        self.identity == identity(&self.file) && self.file.exists()
    }

    pub(super) fn explain(&self, error: rusqlite::Error) -> StoreError {
        explain(&self.file, &error)
    }
}

fn insert(transaction: &Connection, row: &Row) -> rusqlite::Result<()> {
    let figures = &row.figures;
    let (language, engine) = (name(&figures.language), name(&figures.engine));
    let mut add = transaction.prepare("INSERT OR IGNORE INTO name (text) VALUES (?1)")?;
    add.execute([&language])?;
    add.execute([&engine])?;
    transaction.prepare(schema::INSERT)?.execute(params![
        row.at,
        language,
        engine,
        codes::of(&SOURCES, figures.source),
        codes::of(&codes::TRIGGERS, figures.trigger),
        codes::of(&codes::POSITIONS, figures.position),
        row.lines,
        row.characters,
        figures.tokens,
        (figures.confidence.clamp(0.0, 1.0) * 1000.0).round() as i64,
        figures.log_probability.map(|log| (log * 1000.0).round() as i64),
        i64::try_from(figures.latency_us).unwrap_or(i64::MAX),
        i64::try_from(row.visible_ms).unwrap_or(i64::MAX),
        codes::of(&OUTCOMES, row.outcome),
        row.accepted,
        row.typed,
    ])?;
    Ok(())
}

/// A name fit to be stored and printed: bounded, on one line.
fn name(text: &str) -> String {
    let mut name: String = text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    let mut end = LONGEST_NAME.min(name.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.truncate(end);
    name
}

/// What can be told of a row's two marks: absent while they are not past.
pub(super) fn kept(code: Option<i64>) -> Option<Kept> {
    code.map(kept_of)
}

/// Renames a file that cannot be used, with its side files. An older one that was put aside gives way. Only one process
/// does so at a time, and only if the file is still as bad: another one may have replaced it by now.
fn move_aside(file: &Path) -> Result<Option<PathBuf>, StoreError> {
    let try_move = || -> std::io::Result<Option<PathBuf>> {
        let _lock = database::lock(file)?;
        match Store::open(file) {
            Ok(store) if store.is_whole() => return Ok(None),
            Ok(_) | Err(StoreError::Damaged(_)) => {}
            Err(error) => return Err(std::io::Error::other(error)),
        }
        let aside = with_suffix(file, ".damaged");
        database::rename(file, &aside)?;
        Ok(Some(aside))
    };
    try_move().map_err(|error| StoreError::Unusable { file: file.to_owned(), reason: error.to_string() })
}

#[cfg(test)]
pub mod tests;
