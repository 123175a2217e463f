//! The tables, in a schema of their own, and the steps that led to them.

use postgres::Client;

use super::adapter;
use crate::budget::LedgerError;

/// Whoever makes the tables does so alone. Any number that nobody else takes.
const MAKING: i64 = 0x5461_6e62;

/// What makes version n of version n - 1. A step is never changed once it was released: a new one is added. The columns
/// are those of the user's own ledger.
const STEPS: &[&str] = &[
    "
    CREATE TABLE tandem.book (seen BIGINT NOT NULL, presumed_until BIGINT NOT NULL);
    INSERT INTO tandem.book VALUES (0, 0);
    CREATE TABLE tandem.request (
        id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at BIGINT NOT NULL,
        ended_at BIGINT,
        session TEXT NOT NULL,
        workspace TEXT NOT NULL,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        -- The database's user.
        who TEXT NOT NULL,
        price TEXT NOT NULL,
        state BIGINT NOT NULL,
        outcome BIGINT,
        reserved_money BIGINT NOT NULL,
        reserved_tokens BIGINT NOT NULL,
        money BIGINT NOT NULL,
        tokens BIGINT NOT NULL,
        provider_cost BIGINT,
        -- The number of an advisory lock of the connection that reserved it.
        holder TEXT NOT NULL,
        pid BIGINT NOT NULL,
        digest BYTEA NOT NULL
    );
    CREATE INDEX request_at ON tandem.request (at);
    CREATE INDEX request_session ON tandem.request (session);
    CREATE INDEX request_open ON tandem.request (holder) WHERE state < 3;
    CREATE TABLE tandem.crossing (
        name TEXT NOT NULL,
        percent BIGINT NOT NULL,
        at BIGINT NOT NULL,
        PRIMARY KEY (name, percent)
    );
",
    "
    ALTER TABLE tandem.request ADD COLUMN own_cost BIGINT;
",
    "
    ALTER TABLE tandem.request ADD COLUMN purpose BIGINT NOT NULL DEFAULT 0;
",
];

/// Brings the tables up to date. Needs the right to make a schema only where there is none yet.
pub(super) fn prepare(client: &mut Client, shown: &str) -> Result<(), LedgerError> {
    let explain = |error: postgres::Error| adapter::explain(shown, &error);
    let known = STEPS.len();
    let is_current = |found: usize| match found.cmp(&known) {
        std::cmp::Ordering::Less => Ok(false),
        std::cmp::Ordering::Equal => Ok(true),
        std::cmp::Ordering::Greater => Err(LedgerError::Unusable(format!(
            "the ledger at {shown} was written by a newer Tandem (version {found} of its tables; this one knows {known}); \
             use the newer one"
        ))),
    };
    let mut transaction = client.transaction().map_err(explain)?;
    if is_current(version(&mut transaction).map_err(explain)?)? {
        return Ok(());
    }
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&MAKING]).map_err(explain)?;
    // Another one may have made them while this one waited.
    let found = version(&mut transaction).map_err(explain)?;
    if is_current(found)? {
        return Ok(());
    }
    let begin =
        "CREATE SCHEMA IF NOT EXISTS tandem; CREATE TABLE IF NOT EXISTS tandem.version (version BIGINT NOT NULL);";
    transaction.batch_execute(begin).map_err(explain)?;
    for step in STEPS.iter().skip(found) {
        transaction.batch_execute(step).map_err(explain)?;
    }
    let note = format!("DELETE FROM tandem.version; INSERT INTO tandem.version VALUES ({known});");
    transaction.batch_execute(&note).map_err(explain)?;
    transaction.commit().map_err(explain)
}

/// 0 where there are no tables.
fn version(transaction: &mut postgres::Transaction<'_>) -> Result<usize, postgres::Error> {
    // A search of the catalogue: looking the name up may answer from a memory of when it was not there.
    let exists = "
        SELECT EXISTS (
            SELECT FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
            WHERE nspname = 'tandem' AND relname = 'version'
        )";
    if !transaction.query_one(exists, &[])?.try_get::<_, bool>(0)? {
        return Ok(0);
    }
    let rows = transaction.query("SELECT version FROM tandem.version", &[])?;
    let version: i64 = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}
