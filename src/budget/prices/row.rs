//! One row of the price table: what a model costs, and the facts about it that decide on a request.

use std::fmt;

use jiff::civil::Date;

use super::service::Services;
use crate::budget::{Picodollars, Tokenizer};
use crate::providers::{CacheLife, Usage};

/// A row that was checked longer ago than this, in days, is warned about.
pub const OLD_AFTER_DAYS: i64 = 90;

/// Prices for a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rates {
    pub input: Picodollars,
    pub cache_read: Picodollars,
    pub cache_write_short: Picodollars,
    pub cache_write_long: Picodollars,
    /// Reasoning included.
    pub output: Picodollars,
}

/// What the whole request costs where its prompt has more tokens than `above`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tier {
    /// Tokens of the whole prompt, cached ones included.
    pub above: u64,
    pub rates: Rates,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Status {
    #[default]
    Active,
    /// There are better ones.
    Legacy,
    /// It ends.
    Deprecated,
    /// It ended.
    Retired,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PriceRow {
    /// A vendor's name, as the kinds of providers are called, or the user's name for a provider.
    pub provider: String,
    /// The model's id, as the provider spells it.
    pub id: String,
    pub base: Rates,
    /// By `above`, ascending.
    pub tiers: Vec<Tier>,
    /// What other services than the usual one cost.
    pub services: Services,
    /// Tokens of prompt and answer together.
    pub context: Option<u64>,
    /// Tokens of the prompt.
    pub max_input: Option<u64>,
    /// Tokens of the answer.
    pub max_output: Option<u64>,
    /// A prefix with fewer tokens is not kept.
    pub cache_minimum: Option<u64>,
    pub tokenizer: Tokenizer,
    /// Whether it reasons whatever is asked for; None where that is not known.
    pub always_thinks: Option<bool>,
    /// Whether it takes sampling parameters; None where that is not known.
    pub takes_sampling: Option<bool>,
    pub status: Status,
    /// The day on which the provider switches it off, or did.
    pub ends: Option<Date>,
    /// The day for which the row was checked; None where the user says nothing of it.
    pub as_of: Option<Date>,
    /// Of the user's own file.
    pub is_users: bool,
    /// The user's row, where it has a price that is lower than the shipped one.
    pub is_lower: bool,
}

impl Rates {
    /// What a request costs at these prices, at the usual service.
    pub fn cost(&self, usage: &Usage) -> Picodollars {
        [
            self.input.times(usage.input_uncached),
            self.cache_read.times(usage.cache_read),
            self.cache_write_short.times(usage.cache_write_short),
            self.cache_write_long.times(usage.cache_write_long),
            self.output.times(usage.output),
        ]
        .into_iter()
        .sum()
    }

    /// The most that a token of the prompt can cost. A provider may write to its cache unasked, but for long only where
    /// somebody asks for it.
    pub fn dearest_input(&self, cache: Option<CacheLife>) -> Picodollars {
        let short = self.input.max(self.cache_read).max(self.cache_write_short);
        if cache == Some(CacheLife::Long) { short.max(self.cache_write_long) } else { short }
    }

    /// The least: somebody may have asked the same before.
    pub fn cheapest_input(&self) -> Picodollars {
        self.input.min(self.cache_read).min(self.cache_write_short).min(self.cache_write_long)
    }

    /// These prices and so many per cent more, rounded up.
    pub fn raised(self, percent: u64) -> Self {
        let raise = |rate: Picodollars| Picodollars(rate.times(100 + percent).0.div_ceil(100));
        Self {
            input: raise(self.input),
            cache_read: raise(self.cache_read),
            cache_write_short: raise(self.cache_write_short),
            cache_write_long: raise(self.cache_write_long),
            output: raise(self.output),
        }
    }

    /// Whether any of these is below the other's.
    pub(super) fn is_anywhere_below(&self, other: &Self) -> bool {
        self.input < other.input
            || self.cache_read < other.cache_read
            || self.cache_write_short < other.cache_write_short
            || self.cache_write_long < other.cache_write_long
            || self.output < other.output
    }
}

impl PriceRow {
    /// That of servers that belong to the user.
    pub fn free() -> Self {
        Self {
            provider: "local".to_owned(),
            id: "*".to_owned(),
            base: Rates::default(),
            tiers: Vec::new(),
            services: Services::default(),
            context: None,
            max_input: None,
            max_output: None,
            cache_minimum: None,
            tokenizer: Tokenizer::default(),
            always_thinks: None,
            takes_sampling: None,
            status: Status::Active,
            ends: None,
            as_of: None,
            is_users: false,
            is_lower: false,
        }
    }

    /// What a request with so many tokens of prompt, cached ones included, costs throughout.
    pub fn rates(&self, prompt: u64) -> &Rates {
        self.tiers.iter().rev().find(|tier| prompt > tier.above).map_or(&self.base, |tier| &tier.rates)
    }

    /// What a request did cost, at the service that it got.
    pub fn cost(&self, usage: &Usage) -> Picodollars {
        self.services.charge(self.rates(usage.input()).cost(usage), usage)
    }

    /// The prompts that are billed alike: the prices, the smallest prompt and the largest, up to `most` tokens.
    pub(in crate::budget) fn segments(&self, most: u64) -> impl Iterator<Item = (&Rates, u64, u64)> {
        let starts = std::iter::once((0, &self.base))
            .chain(self.tiers.iter().map(|tier| (tier.above.saturating_add(1), &tier.rates)));
        let ends = self.tiers.iter().map(|tier| tier.above).chain(std::iter::once(u64::MAX));
        starts
            .zip(ends)
            .take_while(move |((start, _), _)| *start <= most)
            .map(move |((start, rates), end)| (rates, start, end.min(most)))
    }

    /// Whether the provider does not answer for it any more.
    pub fn is_retired(&self, today: Date) -> bool {
        self.status == Status::Retired || self.ends.is_some_and(|end| end <= today)
    }

    /// Days since it was checked; None for a row of the user's without a date.
    pub fn age_days(&self, today: Date) -> Option<i64> {
        let span = self.as_of?.until(today).ok()?;
        Some(i64::from(span.get_days()))
    }

    /// What the user should know of it before it is relied on: its age, and the end of its model.
    pub fn warning(&self, today: Date) -> Option<String> {
        if let Some(end) = self.ends.filter(|end| *end > today && self.status == Status::Deprecated) {
            return Some(format!("`{}` ends on {end}", self.id));
        }
        let age = self.age_days(today).filter(|age| *age > OLD_AFTER_DAYS)?;
        Some(format!("the price of `{}` was checked {age} days ago and may be another one by now", self.id))
    }
}

/// As the ledger and the audit log name it: `anthropic/claude-opus-5-5 2026-11-12`.
impl fmt::Display for PriceRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.id)?;
        if let Some(day) = self.as_of {
            write!(f, " {day}")?;
        }
        if self.is_users { write!(f, " (yours)") } else { Ok(()) }
    }
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Legacy => "legacy",
            Self::Deprecated => "deprecated",
            Self::Retired => "retired",
        }
    }

    pub(super) fn of_name(name: &str) -> Option<Self> {
        [Self::Active, Self::Legacy, Self::Deprecated, Self::Retired].into_iter().find(|status| status.name() == name)
    }
}
