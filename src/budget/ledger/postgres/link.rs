//! One connection: made when it is needed, made again when it broke, and a transaction on it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use postgres::Client;

use super::adapter::{self, Adapter};
use super::address::Address;
use super::schema;
use crate::budget::LedgerError;
use crate::budget::ledger::books::Books;
use crate::budget::ledger::sql::Sql;

/// How long an idle connection may take to show that it still works.
const PROBE: Duration = Duration::from_secs(2);

/// For each connection. The last one: an admission that was told is on the server's disk.
const SETTINGS: &str = "
    SET search_path TO tandem;
    SET statement_timeout TO '5s';
    SET lock_timeout TO '3s';
    SET idle_in_transaction_session_timeout TO '20s';
    SET default_transaction_isolation TO 'read committed';
    SET synchronous_commit TO on";

pub(super) struct Link {
    address: Arc<Address>,
    connection: Option<Connection>,
}

struct Connection {
    client: Client,
    /// The advisory lock that this connection holds: the server drops it when the connection ends, however it ends.
    holder: String,
    who: String,
}

impl Link {
    pub fn new(address: Arc<Address>) -> Self {
        Self { address, connection: None }
    }

    /// Does it in one transaction, in which the ledger is locked. After the deadline nothing is committed.
    pub fn transact<T, E: From<LedgerError>>(
        &mut self,
        zone: &TimeZone,
        deadline: Instant,
        act: impl FnOnce(&mut Books<'_, Adapter<'_, '_>>) -> Result<T, E>,
    ) -> Result<T, E> {
        // One that broke while it was idle is noticed before anything is written.
        let is_well = |connection: &mut Connection| connection.client.is_valid(PROBE).is_ok();
        if !self.connection.as_mut().is_some_and(is_well) {
            self.connection = None;
        }
        let address = self.address.clone();
        let connection = match &mut self.connection {
            Some(connection) => connection,
            place => place.insert(connect(&address, zone)?),
        };
        let explain = |error: postgres::Error| adapter::explain(address.shown(), &error);
        let mut transaction = connection.client.transaction().map_err(explain)?;
        transaction.query("SELECT 1 FROM book FOR UPDATE", &[]).map_err(explain)?;
        let clock = adapter::server_time(&mut transaction).map_err(explain)?;
        let mut books = Books {
            sql: Adapter { transaction: &mut transaction, shown: address.shown() },
            clock,
            zone,
            holder: &connection.holder,
            who: &connection.who,
        };
        let result = act(&mut books)?;
        if Instant::now() >= deadline {
            return Err(LedgerError::Busy(format!("the database at {} took too long", address.shown())).into());
        }
        transaction.commit().map_err(explain)?;
        Ok(result)
    }
}

fn connect(address: &Address, zone: &TimeZone) -> Result<Connection, LedgerError> {
    let explain = |error: postgres::Error| adapter::explain(address.shown(), &error);
    let mut client = address.connect()?;
    client.batch_execute(SETTINGS).map_err(explain)?;
    schema::prepare(&mut client, address.shown())?;
    let mut number = [0; 8];
    getrandom::fill(&mut number).map_err(|error| LedgerError::Unusable(format!("no random number: {error}")))?;
    let number = i64::from_le_bytes(number);
    client.execute("SELECT pg_advisory_lock($1)", &[&number]).map_err(explain)?;
    let who = client.query_one("SELECT CAST(session_user AS TEXT)", &[]).map_err(explain)?.get(0);
    let mut connection = Connection { client, holder: number.to_string(), who };
    let mut transaction = connection.client.transaction().map_err(explain)?;
    transaction.query("SELECT 1 FROM book FOR UPDATE", &[]).map_err(explain)?;
    let clock = adapter::server_time(&mut transaction).map_err(explain)?;
    let sql = Adapter { transaction: &mut transaction, shown: address.shown() };
    let holder = connection.holder.as_str();
    Books { sql, clock, zone, holder, who: &connection.who }.reconcile(|sql, other| is_dead(sql, holder, other))?;
    transaction.commit().map_err(explain)?;
    Ok(connection)
}

/// Whether nobody holds that lock any more.
pub(super) fn is_dead(sql: &mut Adapter<'_, '_>, own: &str, holder: &str) -> Result<bool, LedgerError> {
    // One's own lock could be taken twice.
    let Some(number) = holder.parse::<i64>().ok().filter(|_| holder != own) else { return Ok(holder != own) };
    let rows = sql.query("SELECT pg_try_advisory_xact_lock($1)", &[number.into()])?;
    rows.first().map_or(Ok(false), |row| row.integer(0).map(|taken| taken == 1))
}
