//! What overspending is.
//!
//! For every limit and every one of its windows, over the requests that were reserved in it:
//!
//! > what the provider billed ≤ the limit + Σ over broken promises of max(0, billed − min(reserved, settled))
//!
//! A promise is broken when the provider uses more tokens than the request's upper bounds. The ledger cannot know that
//! beforehand; it records what it is told, and admits nothing more. What is billed above both is overspend. And of a request
//! that kept its promise the ledger never knows less than was billed.

use std::collections::{BTreeMap, HashMap};

use tandem::budget::{Amount, Entry, Limit, Period, Purpose, Scope, State};

use super::provider::Bill;

/// By the reservation's number.
pub type Bills = HashMap<i64, Billed>;

/// What the provider bills for a request.
#[derive(Clone, Copy, Debug)]
pub struct Billed {
    pub bill: Bill,
    /// No more tokens of either kind than the upper bounds.
    pub is_as_promised: bool,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Verdict {
    /// Windows in which more was billed than limit and broken promises explain.
    pub overspent: u64,
    /// Requests of which the ledger knows less than was billed, although it was within the promise.
    pub unknown: u64,
    /// Windows of which at least half was billed: without them nothing is shown.
    pub well_used: u64,
    pub windows: u64,
    pub billed: u64,
    pub broken_promises: u64,
    /// Reservations that are neither settled nor released at the end.
    pub left_open: u64,
}

impl Verdict {
    pub fn add(&mut self, other: Self) {
        self.overspent += other.overspent;
        self.unknown += other.unknown;
        self.well_used += other.well_used;
        self.windows += other.windows;
        self.billed += other.billed;
        self.broken_promises += other.broken_promises;
        self.left_open += other.left_open;
    }

    pub fn is_clean(&self) -> bool {
        (self.overspent, self.unknown, self.left_open) == (0, 0, 0)
    }
}

pub fn judge(entries: &[Entry], bills: &Bills, limits: &[Limit]) -> Verdict {
    let mut verdict = Verdict { billed: bills.len() as u64, ..Verdict::default() };
    let known: HashMap<i64, &Entry> = entries.iter().map(|entry| (entry.reserved.0, entry)).collect();
    verdict.left_open = entries.iter().filter(|entry| matches!(entry.state, State::Open(_))).count() as u64;
    for (id, billed) in bills {
        let bill = billed.bill;
        let knows = known.get(id).is_some_and(|entry| entry.money.0 >= bill.money && entry.tokens >= bill.tokens);
        verdict.broken_promises += u64::from(!billed.is_as_promised);
        verdict.unknown += u64::from(billed.is_as_promised && !knows);
    }
    for limit in limits {
        let unit = |money: u64, tokens: u64| match limit.amount {
            Amount::Money(_) => money,
            Amount::Tokens(_) => tokens,
        };
        let allowed = match limit.amount {
            Amount::Money(money) => money.0,
            Amount::Tokens(tokens) => tokens,
        };
        let mut windows = BTreeMap::<String, (u64, u64)>::new();
        for entry in entries {
            let (Some(window), Some(billed)) = (window(limit, entry), bills.get(&entry.reserved.0)) else { continue };
            let bill = unit(billed.bill.money, billed.bill.tokens);
            let reserved = unit(entry.reserved_money.0, entry.reserved_tokens);
            let settled = unit(entry.money.0, entry.tokens);
            let sums = windows.entry(window).or_default();
            sums.0 += bill;
            if !billed.is_as_promised {
                sums.1 += bill.saturating_sub(reserved.min(settled));
            }
        }
        for (billed, above) in windows.into_values() {
            verdict.windows += 1;
            verdict.overspent += u64::from(billed > allowed + above);
            verdict.well_used += u64::from(billed * 2 >= allowed);
        }
    }
    verdict
}

/// The window of the limit that the entry counts in; None where the limit is not about it.
fn window(limit: &Limit, entry: &Entry) -> Option<String> {
    let whose = match &limit.scope {
        Scope::User => String::new(),
        Scope::Workspace => entry.account.workspace.clone(),
        Scope::Provider(provider) => (*provider == entry.account.provider).then(String::new)?,
        Scope::Model(model) => (*model == entry.account.model).then(String::new)?,
        Scope::Suggestions => (entry.account.purpose == Purpose::Suggestion).then(String::new)?,
    };
    let at = jiff::Timestamp::from_second(entry.at).ok()?.to_zoned_datetime(jiff::tz::TimeZone::UTC);
    let when = match limit.period {
        Period::Request => entry.reserved.0.to_string(),
        Period::Session => entry.account.session.clone(),
        Period::Hour => at.strftime("%F %H").to_string(),
        Period::Day => at.strftime("%F").to_string(),
        Period::Month => at.strftime("%Y-%m").to_string(),
    };
    Some(format!("{whose} {when}"))
}
