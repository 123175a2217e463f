//! What the rules need of a database, and the statements themselves. SQLite and PostgreSQL understand the same ones, so that
//! there is one set of rules to test.

use super::LedgerError;

/// What stands in a column, or is put into one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
    Null,
}

/// One transaction that nobody else writes into.
pub(super) trait Sql {
    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, LedgerError>;

    /// Number of rows that were changed.
    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, LedgerError>;
}

#[derive(Debug)]
pub(super) struct Row(pub Vec<Value>);

impl Row {
    pub fn integer(&self, column: usize) -> Result<i64, LedgerError> {
        match self.0.get(column) {
            Some(Value::Integer(integer)) => Ok(*integer),
            _ => Err(strange(column)),
        }
    }

    pub fn optional(&self, column: usize) -> Result<Option<i64>, LedgerError> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.integer(column).map(Some),
        }
    }

    /// A number that was put there by `Value::from` an unsigned one.
    pub fn units(&self, column: usize) -> Result<u64, LedgerError> {
        u64::try_from(self.integer(column)?).map_err(|_| strange(column))
    }

    pub fn text(&self, column: usize) -> Result<String, LedgerError> {
        match self.0.get(column) {
            Some(Value::Text(text)) => Ok(text.clone()),
            _ => Err(strange(column)),
        }
    }
}

fn strange(column: usize) -> LedgerError {
    LedgerError::Damaged(format!("a row has no usable value in column {column}"))
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

/// Databases have no unsigned numbers. Nine million dollars at most, for one request.
impl From<u64> for Value {
    fn from(units: u64) -> Self {
        Self::Integer(i64::try_from(units).unwrap_or(i64::MAX))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

pub(super) const BOOK: &str = "SELECT seen, presumed_until FROM book";

pub(super) const SEE: &str = "UPDATE book SET seen = $1";

/// A moment before which windows are presumed spent is not later than now either: it is of the same clock.
pub(super) const TRUST: &str = "
    UPDATE book SET seen = $1, presumed_until = CASE WHEN presumed_until > $1 THEN $1 + 1 ELSE presumed_until END";

pub(super) const REDATE: &str = "UPDATE request SET at = $1 WHERE at > $1";

pub(super) const INSERT: &str = "
    INSERT INTO request (
        at, session, workspace, provider, model, who, price, state, reserved_money, reserved_tokens, money, tokens, holder,
        pid, digest, purpose
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $8, $9, $10, $11, $12, $13) RETURNING id";

/// State, outcome, money.
pub(super) const LINE: &str = "SELECT state, outcome, money FROM request WHERE id = $1";

pub(super) const ADVANCE: &str = "UPDATE request SET state = $1, money = $2 WHERE id = $3";

pub(super) const SETTLE: &str = "
    UPDATE request SET state = 3, outcome = $1, money = $2, tokens = $3, provider_cost = $4, own_cost = $5, ended_at = $6
    WHERE id = $7";

pub(super) const RELEASE: &str = "
    UPDATE request SET state = 4, outcome = NULL, money = 0, tokens = 0, ended_at = $1 WHERE id = $2";

pub(super) const OPEN_HOLDERS: &str = "SELECT DISTINCT holder FROM request WHERE state < 3";

pub(super) const PRESUME: &str = "
    UPDATE request SET state = 3, outcome = 2, ended_at = $1 WHERE holder = $2 AND state < 3";

/// How often a request was sent since then, its attempts included. What was released never was.
pub(super) const REPEATS: &str = "SELECT count(*) FROM request WHERE at >= $1 AND digest = $2 AND state <> 4";

pub(super) const FORGET_CROSSINGS: &str = "DELETE FROM crossing WHERE at < $1";

pub(super) const CROSS: &str = "INSERT INTO crossing (name, percent, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

pub(super) const ENTRIES: &str = "
    SELECT id, at, session, workspace, provider, model, who, price, state, outcome, reserved_money, reserved_tokens, money,
        tokens, provider_cost, own_cost, pid, purpose
    FROM request WHERE at >= $1 AND at < $2 ORDER BY at, id";

/// Whose amounts are added up.
pub(super) enum Since<'a> {
    Session(&'a str),
    Time(i64),
}

/// Whether it is open, then the sums of money and of tokens, each as its upper and lower parts: a sum of whole numbers would
/// overflow. `column`: a column that must have the value `$2`.
pub(super) fn sums(since: &Since<'_>, column: Option<&'static str>) -> String {
    let period = match since {
        Since::Session(_) => "session = $1",
        Since::Time(_) => "at >= $1",
    };
    let scope = column.map(|column| format!(" AND {column} = $2")).unwrap_or_default();
    let part = |of: &str| format!("CAST(sum({of}) AS BIGINT)");
    let parts = ["money >> 31", "money & 2147483647", "tokens >> 31", "tokens & 2147483647"].map(part).join(", ");
    format!(
        "SELECT CAST(CASE WHEN state < 3 THEN 1 ELSE 0 END AS BIGINT), {parts} FROM request WHERE {period}{scope} GROUP BY 1"
    )
}

/// A sum from its two parts, as `sums` gives them.
pub(super) fn joined(upper: u64, lower: u64) -> u64 {
    u64::try_from((u128::from(upper) << 31) + u128::from(lower)).unwrap_or(u64::MAX)
}
