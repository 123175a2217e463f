//! What the database says about a time: totals, shares with how sure they are, and the same by language, engine or day.

use std::collections::BTreeMap;

use serde::Serialize;

use super::figures::{Kept, Outcome, Source};
use super::store::{self, OUTCOMES, SOURCES, Store, StoreError};

/// From here on accepted text counts as kept, and from there on as partly kept, in percent.
const KEPT_FROM: u8 = 90;
const PARTLY_FROM: u8 = 50;

/// The two-sided 95 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// What the rows are counted by, beside all together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    Language,
    Engine,
    /// The user's days.
    Day,
    Source,
}

/// Whether accepted text stood at a mark, in suggestions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptTotals {
    /// At least 90 % of it.
    pub kept: u64,
    /// At least 50 % of it.
    pub partly: u64,
    pub gone: u64,
    /// The document was closed before, or the server ended.
    pub unknown: u64,
}

/// A share with its 95 % Wilson interval, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rate {
    pub share: f64,
    pub low: f64,
    pub high: f64,
}

/// Receipt of the request to its answer, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Latency {
    pub p50: f64,
    pub p95: f64,
}

/// Counts of suggestions, unless it says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// The sum of the six that follow.
    pub shown: u64,
    pub accepted_whole: u64,
    pub accepted_line: u64,
    pub accepted_word: u64,
    pub typed_through: u64,
    pub rejected: u64,
    pub withdrawn: u64,
    /// Accepted, of those that the user decided: of all but the withdrawn. Absent when there are none.
    pub acceptance: Option<Rate>,
    pub characters_accepted: u64,
    /// Characters of suggestions that were typed by hand.
    pub characters_typed: u64,
    #[serde(rename = "kept30s")]
    pub kept_30s: KeptTotals,
    #[serde(rename = "kept5min")]
    pub kept_5min: KeptTotals,
    /// Absent when nothing was shown.
    pub latency_ms: Option<Latency>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    pub name: String,
    #[serde(flatten)]
    pub totals: Totals,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Seconds since 1970, UTC: the first and the last suggestion that is counted.
    pub first: Option<i64>,
    pub last: Option<i64>,
    /// The same as the user's days.
    pub first_day: Option<String>,
    pub last_day: Option<String>,
    pub total: Totals,
    /// Most shown first; days in their order. Absent when nothing was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<Group>>,
}

#[derive(Default)]
struct Sum {
    totals: Totals,
    latencies_us: Vec<u32>,
}

impl Report {
    /// Counts what was shown from `since` on (seconds since 1970).
    pub fn of(store: &Store, since: i64, grouping: Option<Grouping>) -> Result<Self, StoreError> {
        Self::read(store, since, grouping).map_err(|error| store.explain(error))
    }

    fn read(store: &Store, since: i64, grouping: Option<Grouping>) -> rusqlite::Result<Self> {
        let key = match grouping {
            None => "''",
            Some(Grouping::Language) => "(SELECT text FROM name WHERE id = language)",
            Some(Grouping::Engine) => "(SELECT text FROM name WHERE id = engine)",
            Some(Grouping::Day) => "date(at, 'unixepoch', 'localtime')",
            Some(Grouping::Source) => "source",
        };
        let sql = format!(
            "SELECT {key}, at, outcome, accepted, typed, kept_30s, kept_5min, latency_us FROM suggestion WHERE at >= ?1"
        );
        let mut statement = store.connection.prepare(&sql)?;
        let mut rows = statement.query([since])?;
        let (mut report, mut all) = (Report::default(), Sum::default());
        let mut groups: BTreeMap<String, Sum> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let at: i64 = row.get(1)?;
            report.first = Some(report.first.map_or(at, |first| first.min(at)));
            report.last = Some(report.last.map_or(at, |last| last.max(at)));
            all.add(row)?;
            match grouping {
                None => {}
                Some(Grouping::Source) => groups.entry(source(row.get(0)?).to_owned()).or_default().add(row)?,
                Some(_) => {
                    let name: Option<String> = row.get(0)?;
                    groups.entry(name.unwrap_or_default()).or_default().add(row)?;
                }
            }
        }
        let day = |at: Option<i64>| {
            let day = |row: &rusqlite::Row<'_>| row.get::<_, Option<String>>(0);
            store.connection.query_row("SELECT date(?1, 'unixepoch', 'localtime')", [at], day)
        };
        (report.first_day, report.last_day) = (day(report.first)?, day(report.last)?);
        report.total = all.close();
        report.groups = grouping.map(|grouping| {
            let mut groups: Vec<Group> =
                groups.into_iter().map(|(name, sum)| Group { name, totals: sum.close() }).collect();
            if grouping != Grouping::Day {
                groups.sort_by_key(|group| std::cmp::Reverse(group.totals.shown));
            }
            groups
        });
        Ok(report)
    }
}

impl Sum {
    fn add(&mut self, row: &rusqlite::Row<'_>) -> rusqlite::Result<()> {
        let totals = &mut self.totals;
        let outcome: i64 = row.get(2)?;
        // One that a newer Tandem brought counts as shown.
        let outcome = usize::try_from(outcome).ok().and_then(|outcome| OUTCOMES.get(outcome).copied());
        totals.shown += 1;
        match outcome {
            Some(Outcome::Whole) => totals.accepted_whole += 1,
            Some(Outcome::Line) => totals.accepted_line += 1,
            Some(Outcome::Word) => totals.accepted_word += 1,
            Some(Outcome::TypedThrough) => totals.typed_through += 1,
            Some(Outcome::Rejected) => totals.rejected += 1,
            Some(Outcome::Withdrawn) | None => totals.withdrawn += 1,
        }
        totals.characters_accepted += u64::from(row.get::<_, u32>(3)?);
        totals.characters_typed += u64::from(row.get::<_, u32>(4)?);
        if outcome.is_some_and(Outcome::is_accepted) {
            totals.kept_30s.add(store::kept(row.get(5)?));
            totals.kept_5min.add(store::kept(row.get(6)?));
        }
        self.latencies_us.push(u32::try_from(row.get::<_, i64>(7)?).unwrap_or(u32::MAX));
        Ok(())
    }

    fn close(mut self) -> Totals {
        self.latencies_us.sort_unstable();
        let at = |share: f64| {
            let rank = (share * self.latencies_us.len() as f64).ceil() as usize;
            self.latencies_us.get(rank.saturating_sub(1)).map(|us| f64::from(*us) / 1000.0)
        };
        let latency_ms = at(0.5).zip(at(0.95)).map(|(p50, p95)| Latency { p50, p95 });
        let accepted = self.totals.accepted();
        let acceptance = wilson(accepted, self.totals.shown - self.totals.withdrawn);
        Totals { latency_ms, acceptance, ..self.totals }
    }
}

impl Totals {
    pub fn accepted(&self) -> u64 {
        self.accepted_whole + self.accepted_line + self.accepted_word
    }
}

impl KeptTotals {
    fn add(&mut self, kept: Option<Kept>) {
        match kept {
            Some(Kept::Percent(KEPT_FROM..)) => self.kept += 1,
            Some(Kept::Percent(PARTLY_FROM..)) => self.partly += 1,
            Some(Kept::Percent(_)) => self.gone += 1,
            Some(Kept::Unknown) | None => self.unknown += 1,
        }
    }

    /// Kept, of those that are known.
    pub fn share(&self) -> Option<Rate> {
        wilson(self.kept, self.kept + self.partly + self.gone)
    }
}

fn source(code: i64) -> &'static str {
    match usize::try_from(code).ok().and_then(|code| SOURCES.get(code)) {
        Some(Source::Lookup) => "lookup",
        Some(Source::Model) => "model",
        Some(Source::Both) => "both",
        None => "unknown",
    }
}

/// The share of `hits` in `number` with Wilson's 95 % interval, which stays within 0 and 1 and is honest about small
/// numbers. None of none.
pub fn wilson(hits: u64, number: u64) -> Option<Rate> {
    if number == 0 {
        return None;
    }
    let (n, share) = (number as f64, hits.min(number) as f64 / number as f64);
    let z2 = Z * Z;
    let middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let reach = Z * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt() / (1.0 + z2 / n);
    Some(Rate { share, low: (middle - reach).max(0.0), high: (middle + reach).min(1.0) })
}

#[cfg(test)]
mod tests;
