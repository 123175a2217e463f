//! The rules of the ledger, for any database: what is admitted, what counts, and what ends a reservation.
//!
//! Everything here happens within one transaction that nobody else writes into, so what is summed up is still true when the
//! reservation is written.

use jiff::tz::TimeZone;

use super::guards::LOOK_BACK;
use super::sql::{self, Row, Since, Sql, Value};
use super::{
    Account, Admission, Crossing, Entry, LedgerError, Outcome, Purpose, Refusal, Reserved, Settlement, Stage, State,
    THRESHOLDS, WindowState,
};
use crate::budget::windows::{Span, span};
use crate::budget::{Amount, Limit, Period, Picodollars, Scope};

/// Seconds for which it is remembered that the user was told: longer than any window.
const REMEMBERED: i64 = 70 * 86_400;

/// States of a row: the stages in their order, and the two ends.
const SENT: i64 = 1;
const SETTLED: i64 = 3;
const RELEASED: i64 = 4;

const OUTCOMES: [Outcome; 3] = [Outcome::Counted, Outcome::Estimated, Outcome::Presumed];
const STAGES: [Stage; 3] = [Stage::Reserved, Stage::Sent, Stage::Streaming];

pub(super) struct Books<'a, S> {
    pub sql: S,
    /// Seconds since 1970.
    pub clock: i64,
    pub zone: &'a TimeZone,
    /// Whose reservations are made, for `reconcile`.
    pub holder: &'a str,
    /// The user's name, where several share the ledger.
    pub who: &'a str,
}

/// Settled and open amounts.
#[derive(Clone, Copy, Default)]
struct Sums {
    settled: (u64, u64),
    open: (u64, u64),
}

impl Sums {
    fn of(self, amount: Amount) -> (u64, u64) {
        match amount {
            Amount::Money(_) => (self.settled.0, self.open.0),
            Amount::Tokens(_) => (self.settled.1, self.open.1),
        }
    }
}

/// A reservation as it stands.
struct Line {
    state: i64,
    outcome: Option<i64>,
    money: u64,
}

impl Line {
    fn is_presumed(&self) -> bool {
        self.state == SETTLED && self.outcome.and_then(outcome) == Some(Outcome::Presumed)
    }
}

/// The present, as the ledger sees it.
#[derive(Clone, Copy)]
struct Now {
    at: i64,
    /// Windows that began before this moment are presumed spent.
    presumed_until: i64,
}

impl<S: Sql> Books<'_, S> {
    pub fn reserve(&mut self, admission: &Admission<'_>) -> Result<Reserved, Refusal> {
        let now = self.now()?;
        let account = admission.account;
        let limits = || admission.limits.iter().filter(|limit| limit.applies(account));
        let mut passed: Option<(WindowState, u64)> = None;
        for limit in limits() {
            let window = self.window(limit, account, now)?;
            let wanted = wanted(admission, limit);
            if !window.admits(wanted) && passed.as_ref().is_none_or(|other| is_tighter(&(&window, wanted), other)) {
                passed = Some((window, wanted));
            }
        }
        if let Some((window, wanted)) = passed {
            return Err(Refusal::OverLimit { window: Box::new(window), wanted });
        }
        if let Some(most) = admission.guards.repeats {
            let digest = Value::Bytes(admission.digest.to_vec());
            let times = self.number(sql::REPEATS, &[(now.at - LOOK_BACK).into(), digest])?;
            let times = u32::try_from(times).unwrap_or(u32::MAX);
            if times >= most {
                return Err(Refusal::Loop { times });
            }
        }
        if let Some(percent) = admission.guards.burst_percent.filter(|percent| *percent < 100) {
            for limit in limits().filter(|limit| limit.period == Period::Day) {
                let since = Since::Time(now.at - LOOK_BACK);
                let (settled, open) = self.sums(&since, limit, account)?.of(limit.amount);
                let (recent, wanted) = (settled.saturating_add(open), wanted(admission, limit));
                let together = u128::from(recent) + u128::from(wanted);
                if together * 100 > u128::from(limit.units()) * u128::from(percent) {
                    let window = Box::new(self.window(limit, account, now)?);
                    return Err(Refusal::Burst { window, percent, recent, wanted });
                }
            }
        }
        Ok(self.insert(admission, now)?)
    }

    fn insert(&mut self, admission: &Admission<'_>, now: Now) -> Result<Reserved, LedgerError> {
        let account = admission.account;
        let values = [
            now.at.into(),
            account.session.as_str().into(),
            account.workspace.as_str().into(),
            account.provider.as_str().into(),
            account.model.as_str().into(),
            self.who.into(),
            admission.price.into(),
            admission.money.0.into(),
            admission.tokens.into(),
            self.holder.into(),
            i64::from(std::process::id()).into(),
            Value::Bytes(admission.digest.to_vec()),
            account.purpose.code().into(),
        ];
        let id = self.number(sql::INSERT, &values)?;
        self.sql.execute(sql::SEE, &[now.at.into()])?;
        Ok(Reserved(id))
    }

    pub fn advance(&mut self, reserved: Reserved, stage: Stage, floor: Picodollars) -> Result<(), LedgerError> {
        let line = self.line(reserved)?;
        if line.state >= SETTLED {
            return Ok(());
        }
        let stage = STAGES.iter().position(|other| *other == stage).unwrap_or_default() as i64;
        let (state, money) = (line.state.max(stage), line.money.max(floor.0));
        if (state, money) != (line.state, line.money) {
            self.sql.execute(sql::ADVANCE, &[state.into(), money.into(), reserved.0.into()])?;
        }
        Ok(())
    }

    pub fn settle(&mut self, reserved: Reserved, settlement: &Settlement) -> Result<(), LedgerError> {
        let line = self.line(reserved)?;
        if line.state == SETTLED && !line.is_presumed() {
            return Ok(());
        }
        let code = OUTCOMES.iter().position(|other| *other == settlement.outcome).unwrap_or_default() as i64;
        let values = [
            code.into(),
            settlement.money.0.into(),
            settlement.tokens.into(),
            settlement.provider_cost.map(|cost| cost.0).into(),
            settlement.own_cost.map(|cost| cost.0).into(),
            self.now()?.at.into(),
            reserved.0.into(),
        ];
        self.sql.execute(sql::SETTLE, &values)?;
        Ok(())
    }

    pub fn release(&mut self, reserved: Reserved) -> Result<(), LedgerError> {
        let line = self.line(reserved)?;
        if line.state == RELEASED {
            return Ok(());
        }
        if line.state > SENT && !line.is_presumed() {
            return Err(LedgerError::Spent(reserved.0));
        }
        let now = self.now()?;
        self.sql.execute(sql::RELEASE, &[now.at.into(), reserved.0.into()])?;
        Ok(())
    }

    pub fn windows(&mut self, account: &Account, limits: &[Limit]) -> Result<Vec<WindowState>, LedgerError> {
        let now = self.now()?;
        limits.iter().map(|limit| self.window(limit, account, now)).collect()
    }

    pub fn crossings(&mut self, account: &Account, limits: &[Limit]) -> Result<Vec<Crossing>, LedgerError> {
        let now = self.now()?;
        let mut crossings = Vec::new();
        self.sql.execute(sql::FORGET_CROSSINGS, &[(now.at - REMEMBERED).into()])?;
        for limit in limits.iter().filter(|limit| limit.period != Period::Request && limit.applies(account)) {
            let window = self.window(limit, account, now)?;
            let name = self.window_name(limit, account, now);
            let passed = |percent: u8| window.allowed() > 0 && window.percent() >= u64::from(percent);
            for percent in THRESHOLDS.into_iter().filter(|percent| passed(*percent)) {
                let values = [name.as_str().into(), i64::from(percent).into(), now.at.into()];
                if self.sql.execute(sql::CROSS, &values)? > 0 {
                    crossings.push(Crossing { window: window.clone(), percent });
                }
            }
        }
        Ok(crossings)
    }

    /// Settles at their reserved amounts what is held by those of whom `is_dead` says so.
    pub fn reconcile(
        &mut self,
        mut is_dead: impl FnMut(&mut S, &str) -> Result<bool, LedgerError>,
    ) -> Result<usize, LedgerError> {
        let now = self.now()?;
        let mut presumed = 0;
        for row in self.sql.query(sql::OPEN_HOLDERS, &[])? {
            let holder = row.text(0)?;
            if is_dead(&mut self.sql, &holder)? {
                presumed += self.sql.execute(sql::PRESUME, &[now.at.into(), holder.as_str().into()])?;
            }
        }
        Ok(usize::try_from(presumed).unwrap_or(usize::MAX))
    }

    pub fn entries(&mut self, from: i64, until: i64) -> Result<Vec<Entry>, LedgerError> {
        self.sql.query(sql::ENTRIES, &[from.into(), until.into()])?.iter().map(entry).collect()
    }

    pub fn span(&mut self, period: Period) -> Result<Option<Span>, LedgerError> {
        let now = self.now()?;
        match period {
            Period::Request | Period::Session => Ok(None),
            period => self.span_at(period, now).map(Some),
        }
    }

    pub fn seen(&mut self) -> Result<i64, LedgerError> {
        self.number(sql::BOOK, &[])
    }

    /// What is dated later than the clock counts as reserved now, and the clock's time holds. How many these were.
    pub fn trust_clock(&mut self) -> Result<u64, LedgerError> {
        let moved = self.sql.execute(sql::REDATE, &[self.clock.into()])?;
        self.sql.execute(sql::TRUST, &[self.clock.into()])?;
        Ok(moved)
    }

    /// A clock that jumps back stands still in the ledger: the highest time that was ever seen holds.
    fn now(&mut self) -> Result<Now, LedgerError> {
        let rows = self.sql.query(sql::BOOK, &[])?;
        let book = rows.first().ok_or_else(|| LedgerError::Damaged("its first page says nothing".to_owned()))?;
        Ok(Now { at: self.clock.max(book.integer(0)?), presumed_until: book.integer(1)? })
    }

    fn span_at(&self, period: Period, now: Now) -> Result<Span, LedgerError> {
        span(period, now.at, self.zone)
            .ok_or_else(|| LedgerError::Unusable(format!("the clock shows no time that can be ({} s)", now.at)))
    }

    fn window(&mut self, limit: &Limit, account: &Account, now: Now) -> Result<WindowState, LedgerError> {
        let clock_is_behind = u64::try_from(now.at.saturating_sub(self.clock)).unwrap_or_default();
        let state =
            |settled, open, resets_at| WindowState { limit: limit.clone(), settled, open, resets_at, clock_is_behind };
        match limit.period {
            Period::Request => Ok(state(0, 0, None)),
            Period::Session => {
                let sums = self.sums(&Since::Session(&account.session), limit, account)?;
                let (settled, open) = sums.of(limit.amount);
                Ok(state(settled, open, None))
            }
            Period::Hour | Period::Day | Period::Month => {
                let span = self.span_at(limit.period, now)?;
                let (mut settled, open) = self.sums(&Since::Time(span.start), limit, account)?.of(limit.amount);
                if span.start < now.presumed_until {
                    settled = settled.max(limit.units());
                }
                Ok(state(settled, open, Some(span.end)))
            }
        }
    }

    fn sums(&mut self, since: &Since<'_>, limit: &Limit, account: &Account) -> Result<Sums, LedgerError> {
        let (column, wanted): (_, Option<Value>) = match &limit.scope {
            Scope::User => (None, None),
            Scope::Workspace => (Some("workspace"), Some(account.workspace.as_str().into())),
            Scope::Provider(provider) => (Some("provider"), Some(provider.as_str().into())),
            Scope::Model(model) => (Some("model"), Some(model.as_str().into())),
            Scope::Suggestions => (Some("purpose"), Some(Purpose::Suggestion.code().into())),
        };
        let mut values: Vec<Value> = vec![match since {
            Since::Session(session) => (*session).into(),
            Since::Time(time) => (*time).into(),
        }];
        values.extend(wanted);
        let mut sums = Sums::default();
        for row in self.sql.query(&sql::sums(since, column), &values)? {
            let money = sql::joined(row.units(1)?, row.units(2)?);
            let tokens = sql::joined(row.units(3)?, row.units(4)?);
            let place = if row.integer(0)? == 1 { &mut sums.open } else { &mut sums.settled };
            *place = (money, tokens);
        }
        Ok(sums)
    }

    /// Tells this window of this limit from all others, past ones included.
    fn window_name(&self, limit: &Limit, account: &Account, now: Now) -> String {
        let start = match limit.period {
            Period::Request | Period::Session => account.session.clone(),
            period => self.span_at(period, now).map(|span| span.start.to_string()).unwrap_or_default(),
        };
        let workspace = if limit.scope == Scope::Workspace { account.workspace.as_str() } else { "" };
        format!("{limit} {start} {workspace} {}", self.who)
    }

    fn line(&mut self, reserved: Reserved) -> Result<Line, LedgerError> {
        let rows = self.sql.query(sql::LINE, &[reserved.0.into()])?;
        let row = rows.first().ok_or(LedgerError::Unknown(reserved.0))?;
        Ok(Line { state: row.integer(0)?, outcome: row.optional(1)?, money: row.units(2)? })
    }

    fn number(&mut self, sql: &str, values: &[Value]) -> Result<i64, LedgerError> {
        let rows = self.sql.query(sql, values)?;
        rows.first().map_or(Err(LedgerError::Damaged("it does not answer a question".to_owned())), |row| row.integer(0))
    }
}

/// The request's upper bound in the limit's unit.
fn wanted(admission: &Admission<'_>, limit: &Limit) -> u64 {
    match limit.amount {
        Amount::Money(_) => admission.money.0,
        Amount::Tokens(_) => admission.tokens,
    }
}

/// Whether less of what is wanted has room in the first; where both have none, whether it lasts longer.
fn is_tighter(first: &(&WindowState, u64), other: &(WindowState, u64)) -> bool {
    let share = |left: u64, of: u64| u128::from(left) * u128::from(of.max(1));
    let (here, there) = (share(first.0.left(), other.1), share(other.0.left(), first.1));
    here < there || here == there && first.0.resets_at > other.0.resets_at
}

fn outcome(code: i64) -> Option<Outcome> {
    usize::try_from(code).ok().and_then(|code| OUTCOMES.get(code)).copied()
}

fn entry(row: &Row) -> Result<Entry, LedgerError> {
    let state = row.integer(8)?;
    let strange = || LedgerError::Damaged(format!("a request is in state {state}, which does not exist"));
    let state = match state {
        SETTLED => State::Settled(row.optional(9)?.and_then(outcome).ok_or_else(strange)?),
        RELEASED => State::Released,
        open => {
            let stage = usize::try_from(open).ok().and_then(|open| STAGES.get(open));
            State::Open(*stage.ok_or_else(strange)?)
        }
    };
    let cost = |column| Ok(row.optional(column)?.map(|cost| Picodollars(cost.unsigned_abs())));
    Ok(Entry {
        reserved: Reserved(row.integer(0)?),
        at: row.integer(1)?,
        account: Account {
            session: row.text(2)?,
            workspace: row.text(3)?,
            provider: row.text(4)?,
            model: row.text(5)?,
            purpose: Purpose::of_code(row.integer(17)?),
        },
        user: row.text(6)?,
        price: row.text(7)?,
        state,
        reserved_money: Picodollars(row.units(10)?),
        reserved_tokens: row.units(11)?,
        money: Picodollars(row.units(12)?),
        tokens: row.units(13)?,
        provider_cost: cost(14)?,
        own_cost: cost(15)?,
        pid: u32::try_from(row.integer(16)?).unwrap_or_default(),
    })
}
