//! What a ledger's entries say, for people: totals, how good the estimates were, and where a provider counts otherwise.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::{Account, Outcome, Reserved, Stage};
use crate::budget::Picodollars;

/// One request, as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub reserved: Reserved,
    /// When it was reserved, in seconds since 1970.
    pub at: i64,
    pub account: Account,
    /// Whose it is: the database's user on a team's ledger, empty in one's own.
    pub user: String,
    /// The row of the price table that it was reckoned with, with its date.
    pub price: String,
    pub state: State,
    pub reserved_money: Picodollars,
    pub reserved_tokens: u64,
    /// What counts against the limits: the reservation while it is open, then the cost.
    pub money: Picodollars,
    pub tokens: u64,
    /// By our prices, where the provider counted; None also where an older Tandem wrote it down.
    pub own_cost: Option<Picodollars>,
    /// By the provider's word, where it gave one. The dearer of the two is `money`.
    pub provider_cost: Option<Picodollars>,
    /// The process that asked.
    pub pid: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Open(Stage),
    Settled(Outcome),
    Released,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    Provider,
    Model,
    Workspace,
    Session,
    User,
    /// `questions` or `suggestions`.
    Purpose,
    /// As `2026-11-28`, in the zone of the limits.
    Day,
}

/// Sums over the entries with one key. Released ones cost nothing and are not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Total {
    pub key: String,
    pub requests: u64,
    /// How many of them are still open; their reservation counts.
    pub open: u64,
    pub money: Picodollars,
    pub tokens: u64,
}

/// Totals by key, in the keys' order.
pub fn totals(entries: &[Entry], grouping: Grouping, zone: &TimeZone) -> Vec<Total> {
    let mut totals = BTreeMap::<String, Total>::new();
    for entry in entries.iter().filter(|entry| entry.state != State::Released) {
        let key = key(entry, grouping, zone);
        let total = totals.entry(key.clone()).or_insert_with(|| Total { key, ..Total::default() });
        total.requests += 1;
        total.open += u64::from(matches!(entry.state, State::Open(_)));
        total.money = total.money.saturating_add(entry.money);
        total.tokens = total.tokens.saturating_add(entry.tokens);
    }
    totals.into_values().collect()
}

fn key(entry: &Entry, grouping: Grouping, zone: &TimeZone) -> String {
    match grouping {
        Grouping::Provider => entry.account.provider.clone(),
        Grouping::Model => entry.account.model.clone(),
        Grouping::Workspace => entry.account.workspace.clone(),
        Grouping::Session => entry.account.session.clone(),
        Grouping::User => entry.user.clone(),
        Grouping::Purpose => entry.account.purpose.plural().to_owned(),
        Grouping::Day => jiff::Timestamp::from_second(entry.at)
            .map(|at| at.to_zoned_datetime(zone.clone()).date().to_string())
            .unwrap_or_default(),
    }
}

/// How far what was reserved for a model lay from what it cost, over the requests that the provider counted.
#[derive(Clone, Debug, PartialEq)]
pub struct EstimateError {
    pub provider: String,
    pub model: String,
    pub requests: u64,
    pub reserved: Picodollars,
    pub settled: Picodollars,
    /// Settled / reserved of the request in the middle: 1 is exact, less is an estimate above the cost.
    pub median: f64,
    /// How many cost more than was reserved.
    pub above: u64,
}

/// By provider and model, in the order of their names. What was reserved at nothing is left out.
pub fn estimate_errors(entries: &[Entry]) -> Vec<EstimateError> {
    let mut counted = BTreeMap::<(&str, &str), Vec<&Entry>>::new();
    for entry in entries {
        if entry.state == State::Settled(Outcome::Counted) && entry.reserved_money > Picodollars::ZERO {
            counted.entry((&entry.account.provider, &entry.account.model)).or_default().push(entry);
        }
    }
    let ratio = |entry: &Entry| entry.money.0 as f64 / entry.reserved_money.0 as f64;
    let error = |((provider, model), mut entries): ((&str, &str), Vec<&Entry>)| {
        entries.sort_by(|a, b| ratio(a).total_cmp(&ratio(b)));
        EstimateError {
            provider: provider.to_owned(),
            model: model.to_owned(),
            requests: entries.len() as u64,
            reserved: entries.iter().map(|entry| entry.reserved_money).sum(),
            settled: entries.iter().map(|entry| entry.money).sum(),
            median: entries.get(entries.len() / 2).map_or(0.0, |entry| ratio(entry)),
            above: entries.iter().filter(|entry| entry.money > entry.reserved_money).count() as u64,
        }
    };
    counted.into_iter().map(error).collect()
}

/// A model whose costs the provider counts otherwise than our prices do: the table may be out of date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub provider: String,
    pub model: String,
    /// The row of the price table, with its date.
    pub price: String,
    /// Over the requests for which both are known.
    pub requests: u64,
    pub ours: Picodollars,
    pub theirs: Picodollars,
}

/// Share of the larger sum by which the two may differ, in percent.
const TOLERATED: u128 = 5;

/// Where our sum and the provider's lie more than 5 % apart, whichever is the larger.
pub fn differences(entries: &[Entry]) -> Vec<Difference> {
    let mut sums = BTreeMap::<(&str, &str, &str), (u64, Picodollars, Picodollars)>::new();
    for entry in entries {
        let (State::Settled(Outcome::Counted), Some(theirs)) = (entry.state, entry.provider_cost) else { continue };
        let account = &entry.account;
        let sum = sums.entry((&account.provider, &account.model, &entry.price)).or_default();
        let ours = entry.own_cost.unwrap_or(entry.money);
        *sum = (sum.0 + 1, sum.1.saturating_add(ours), sum.2.saturating_add(theirs));
    }
    let differs = |ours: Picodollars, theirs: Picodollars| {
        u128::from(ours.0.abs_diff(theirs.0)) * 100 > u128::from(ours.max(theirs).0) * TOLERATED
    };
    sums.into_iter()
        .filter(|(_, (_, ours, theirs))| differs(*ours, *theirs))
        .map(|((provider, model, price), (requests, ours, theirs))| Difference {
            provider: provider.to_owned(),
            model: model.to_owned(),
            price: price.to_owned(),
            requests,
            ours,
            theirs,
        })
        .collect()
}

#[cfg(test)]
mod tests;
