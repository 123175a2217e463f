//! PostgreSQL as the rules want a database, and its errors as sentences.

use std::error::Error as _;

use postgres::Transaction;
use postgres::error::SqlState;
use postgres::types::{ToSql, Type};

use crate::budget::LedgerError;
use crate::budget::ledger::sql::{Row, Sql, Value};

pub(super) struct Adapter<'a, 'b> {
    pub transaction: &'a mut Transaction<'b>,
    /// Host and port.
    pub shown: &'a str,
}

impl Sql for Adapter<'_, '_> {
    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, LedgerError> {
        let owned: Vec<Box<dyn ToSql + Sync>> = values.iter().map(to_postgres).collect();
        let rows = self.transaction.query(sql, &borrowed(&owned)).map_err(|error| explain(self.shown, &error))?;
        rows.iter().map(|row| from_postgres(row).map_err(|error| explain(self.shown, &error))).collect()
    }

    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, LedgerError> {
        let owned: Vec<Box<dyn ToSql + Sync>> = values.iter().map(to_postgres).collect();
        self.transaction.execute(sql, &borrowed(&owned)).map_err(|error| explain(self.shown, &error))
    }
}

fn borrowed(owned: &[Box<dyn ToSql + Sync>]) -> Vec<&(dyn ToSql + Sync)> {
    owned.iter().map(AsRef::as_ref).collect()
}

/// All our numbers are of 64 bits, and all that may be missing are numbers.
fn to_postgres(value: &Value) -> Box<dyn ToSql + Sync> {
    match value {
        Value::Integer(integer) => Box::new(*integer),
        Value::Text(text) => Box::new(text.clone()),
        Value::Bytes(bytes) => Box::new(bytes.clone()),
        Value::Null => Box::new(None::<i64>),
    }
}

fn from_postgres(row: &postgres::Row) -> Result<Row, postgres::Error> {
    let value = |(at, column): (usize, &postgres::Column)| {
        Ok(match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(at)?.into(),
            Type::BOOL => row.try_get::<_, Option<bool>>(at)?.map(i64::from).into(),
            Type::TEXT => row.try_get::<_, Option<&str>>(at)?.into(),
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(at)?.map_or(Value::Null, Value::Bytes),
            _ => Value::Null,
        })
    };
    row.columns().iter().enumerate().map(value).collect::<Result<_, _>>().map(Row)
}

/// Seconds since 1970. Asked after the lock was waited for.
pub(super) fn server_time(transaction: &mut Transaction<'_>) -> Result<i64, postgres::Error> {
    let sql = "SELECT CAST(floor(extract(epoch FROM clock_timestamp())) AS BIGINT)";
    transaction.query_one(sql, &[])?.try_get(0)
}

/// Without addresses: a password could stand in them.
pub(super) fn explain(shown: &str, error: &postgres::Error) -> LedgerError {
    let Some(told) = error.as_db_error() else {
        // The outer sentence says "error connecting", the inner ones why.
        let mut reason = error.to_string();
        let mut inner = error.source();
        while let Some(cause) = inner {
            let cause_text = cause.to_string();
            if !reason.contains(&cause_text) {
                reason = format!("{reason}: {cause_text}");
            }
            inner = cause.source();
        }
        return LedgerError::Unusable(format!("the database at {shown} cannot be reached: {reason}"));
    };
    let message = told.message();
    match told.code() {
        &SqlState::LOCK_NOT_AVAILABLE | &SqlState::QUERY_CANCELED | &SqlState::T_R_DEADLOCK_DETECTED => {
            LedgerError::Busy(format!("the database at {shown} was locked for too long; ask again"))
        }
        &SqlState::DATA_CORRUPTED | &SqlState::INDEX_CORRUPTED => {
            LedgerError::Damaged(format!("the database at {shown}: {message}; restore it from a backup"))
        }
        &SqlState::INSUFFICIENT_PRIVILEGE => LedgerError::Unusable(format!(
            "the database at {shown}: {message}; its owner must grant you the schema `tandem` and all that is in it"
        )),
        _ => LedgerError::Unusable(format!("the database at {shown}: {message}")),
    }
}
