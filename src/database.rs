//! What all of our SQLite files have in common: they belong to their user alone, come up to date by steps, wait for each
//! other, and are told from those of other programs and of newer versions.
//!
//! What stands in them is the matter of the rooms that open them.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::config::create_private_dir;

/// How long one waits for another process. Nobody who types waits for a database.
pub const BUSY: Duration = Duration::from_secs(5);
const BUSY_PAUSE: Duration = Duration::from_millis(5);

/// What makes a file the one that its room expects.
#[derive(Clone, Copy, Debug)]
pub struct Kind<'a> {
    /// Tells it from those of other programs.
    pub application: i64,
    /// What makes version n of version n - 1; an empty file is version 0. A step is never changed once it was released: a
    /// new one is added.
    pub steps: &'a [&'a str],
    /// Statements for each connection that writes.
    pub pragmas: &'a str,
}

impl Kind<'_> {
    pub fn version(&self) -> i64 {
        i64::try_from(self.steps.len()).unwrap_or(i64::MAX)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Not a database, a damaged one, or one of another program.
    #[error("{0} is damaged, or of another program")]
    Damaged(PathBuf),
    #[error("{file} was written by a newer Tandem (version {found} of its tables; this one knows {known})")]
    Newer { file: PathBuf, found: i64, known: i64 },
    #[error("{0} is kept locked by another program")]
    Busy(PathBuf),
    #[error("cannot use {file}: {reason}")]
    Unusable { file: PathBuf, reason: String },
}

/// Opens the file, makes it where there is none, and brings its tables up to date. Readable and writable for the user alone.
pub fn open(file: &Path, kind: &Kind<'_>) -> Result<Connection, DatabaseError> {
    let unusable = |error: io::Error| DatabaseError::Unusable { file: file.into(), reason: error.to_string() };
    create_private_dir(file.parent().unwrap_or(Path::new("."))).map_err(unusable)?;
    create_private_file(file).map_err(unusable)?;
    let mut connection = connect(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // While another process turns the journal over, SQLite does not wait by itself.
    let until = Instant::now() + BUSY;
    let mut prepared = prepare(&mut connection, file, kind);
    while prepared.as_ref().is_err_and(is_busy) && Instant::now() < until {
        std::thread::sleep(BUSY_PAUSE);
        prepared = prepare(&mut connection, file, kind);
    }
    prepared.map_err(|error| explain(file, &error))??;
    Ok(connection)
}

/// Opens the file to read it. None where there is none, or one that another process is about to fill.
pub fn read(file: &Path, kind: &Kind<'_>) -> Result<Option<Connection>, DatabaseError> {
    if !file.exists() {
        return Ok(None);
    }
    let connection = connect(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let version = check(&connection, file, kind).map_err(|error| explain(file, &error))??;
    Ok((version > 0).then_some(connection))
}

fn connect(file: &Path, access: OpenFlags) -> Result<Connection, DatabaseError> {
    let opened = Connection::open_with_flags(file, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).and_then(|connection| {
        connection.busy_timeout(BUSY)?;
        Ok(connection)
    });
    opened.map_err(|error| explain(file, &error))
}

/// The version of the tables; 0 in a new file. An inner error where the file cannot be used.
fn check(connection: &Connection, file: &Path, kind: &Kind<'_>) -> rusqlite::Result<Result<i64, DatabaseError>> {
    // At one moment: another process may be making the tables.
    let moment = connection.unchecked_transaction()?;
    let number = |query: &str| moment.query_row(query, [], |row| row.get::<_, i64>(0));
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    let (application, version) = (number("PRAGMA application_id")?, number("PRAGMA user_version")?);
    drop(moment);
    let is_new = application == 0 && version == 0 && tables == 0;
    Ok(if !is_new && application != kind.application {
        Err(DatabaseError::Damaged(file.to_owned()))
    } else if version > kind.version() {
        Err(DatabaseError::Newer { file: file.to_owned(), found: version, known: kind.version() })
    } else {
        Ok(version)
    })
}

fn prepare(connection: &mut Connection, file: &Path, kind: &Kind<'_>) -> rusqlite::Result<Result<(), DatabaseError>> {
    if let Err(error) = check(connection, file, kind)? {
        return Ok(Err(error));
    }
    // Writers do not hold up readers. On file systems that cannot do it the usual journal stays.
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.execute_batch("PRAGMA trusted_schema = OFF;")?;
    connection.execute_batch(kind.pragmas)?;
    migrate(connection, kind)?;
    Ok(Ok(()))
}

/// Does the steps that the file lacks, all or none. Of several processes one does them, the others find them done.
pub fn migrate(connection: &mut Connection, kind: &Kind<'_>) -> rusqlite::Result<()> {
    let found = |connection: &Connection| {
        connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
    };
    if found(connection)? >= kind.steps.len() as u64 {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = usize::try_from(found(&transaction)?).unwrap_or(usize::MAX);
    for step in kind.steps.iter().skip(done) {
        transaction.execute_batch(step)?;
    }
    if done < kind.steps.len() {
        let (application, version) = (kind.application, kind.version());
        transaction
            .execute_batch(&format!("PRAGMA application_id = {application}; PRAGMA user_version = {version};"))?;
    }
    transaction.commit()
}

pub fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

pub fn explain(file: &Path, error: &rusqlite::Error) -> DatabaseError {
    if is_busy(error) {
        return DatabaseError::Busy(file.to_owned());
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => DatabaseError::Damaged(file.to_owned()),
        _ => DatabaseError::Unusable { file: file.to_owned(), reason: error.to_string() },
    }
}

/// Which file that is, whatever it is called by now.
#[cfg(unix)]
pub fn identity(file: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    file.metadata().ok().map(|data| (data.dev(), data.ino()))
}

/// Where an open file can be neither deleted nor replaced.
#[cfg(not(unix))]
pub fn identity(_file: &Path) -> Option<(u64, u64)> {
    None
}

/// SQLite gives its side files the mode of the main one, so that one must be right from the start.
fn create_private_file(file: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let opened = options.open(file)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if opened.metadata()?.permissions().mode() & 0o077 != 0 {
            opened.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        }
    }
    drop(opened);
    Ok(())
}

/// Waits until no other process is about to move or make the file. Held while the result lives.
pub fn lock(file: &Path) -> io::Result<File> {
    let lock = File::create(with_suffix(file, ".lock"))?;
    lock.lock()?;
    Ok(lock)
}

/// Renames the file with its side files. To be called under `lock`.
pub fn rename(file: &Path, to: &Path) -> io::Result<()> {
    for side in ["-wal", "-shm"] {
        let _ = std::fs::rename(with_suffix(file, side), with_suffix(to, side));
    }
    std::fs::rename(file, to)
}

pub fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
