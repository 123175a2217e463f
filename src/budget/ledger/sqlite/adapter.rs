//! SQLite as the rules want a database, and its errors as sentences that name the way out.

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, params_from_iter, types};

use crate::budget::LedgerError;
use crate::budget::ledger::sql::{Row, Sql, Value};
use crate::database::{BUSY, DatabaseError, is_busy};

/// A transaction on the file.
pub(super) struct Adapter<'a> {
    pub connection: &'a Connection,
    pub file: &'a Path,
}

impl Sql for Adapter<'_> {
    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, LedgerError> {
        let read = || -> rusqlite::Result<Vec<Row>> {
            let mut statement = self.connection.prepare(sql)?;
            let columns = statement.column_count();
            let rows = statement.query_map(params_from_iter(values.iter().map(to_sqlite)), |row| {
                (0..columns).map(|column| Ok(from_sqlite(row.get_ref(column)?))).collect::<Result<_, _>>().map(Row)
            })?;
            rows.collect()
        };
        read().map_err(|error| explain(self.file, &error))
    }

    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, LedgerError> {
        let executed = self
            .connection
            .prepare(sql)
            .and_then(|mut statement| statement.execute(params_from_iter(values.iter().map(to_sqlite))));
        executed.map(|changed| changed as u64).map_err(|error| explain(self.file, &error))
    }
}

fn to_sqlite(value: &Value) -> types::Value {
    match value {
        Value::Integer(integer) => types::Value::Integer(*integer),
        Value::Text(text) => types::Value::Text(text.clone()),
        Value::Bytes(bytes) => types::Value::Blob(bytes.clone()),
        Value::Null => types::Value::Null,
    }
}

/// A number with a fraction stands in no column: whatever asks for it finds nothing.
fn from_sqlite(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Integer(integer) => Value::Integer(integer),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        ValueRef::Null | ValueRef::Real(_) => Value::Null,
    }
}

pub(super) fn explain(file: &Path, error: &rusqlite::Error) -> LedgerError {
    if is_busy(error) {
        return busy(file);
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => damaged(file, "is not whole"),
        Some(ErrorCode::DiskFull) => unusable(file, "the disk is full; make room and ask again"),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            unusable(file, "it cannot be written; make the file and its directory writable for you alone")
        }
        _ => unusable(file, &error.to_string()),
    }
}

pub(super) fn from_database(error: DatabaseError) -> LedgerError {
    match error {
        DatabaseError::Damaged(file) => damaged(&file, "is damaged, or of another program"),
        newer @ DatabaseError::Newer { .. } => LedgerError::Unusable(format!("{newer}; use the newer one")),
        DatabaseError::Busy(file) => busy(&file),
        DatabaseError::Unusable { file, reason } => unusable(&file, &reason),
    }
}

fn busy(file: &Path) -> LedgerError {
    LedgerError::Busy(format!(
        "another program has kept {} locked for {} seconds; close it, or ask again",
        file.display(),
        BUSY.as_secs()
    ))
}

pub(super) fn damaged(file: &Path, what: &str) -> LedgerError {
    LedgerError::Damaged(format!(
        "{} {what}; `tandem budget --repair` keeps it aside and begins a new one",
        file.display()
    ))
}

pub(super) fn unusable(file: &Path, reason: &str) -> LedgerError {
    LedgerError::Unusable(format!("{}: {reason}", file.display()))
}
