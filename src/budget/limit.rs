//! Limits, as the user writes them: `$20 per month`, `500000 tokens per day for model gpt-6.1-sol`.
//!
//! A limit that cannot be read is never passed over: what it was to forbid is not known, so nothing is allowed.

mod read;

use std::fmt;

pub use read::LimitError;

use super::{Account, Picodollars, Purpose};

/// The time over which a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// One request.
    Request,
    /// From the start of a server or command to its end.
    Session,
    Hour,
    Day,
    Month,
}

/// Whose spending counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// All of it.
    User,
    /// That of the workspace that asks.
    Workspace,
    /// That at the provider with this name.
    Provider(String),
    /// That of the model with this id.
    Model(String),
    /// That of a provider's suggestions while the user types.
    Suggestions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Amount {
    Money(Picodollars),
    /// Input and output, cached and reasoning tokens included.
    Tokens(u64),
}

/// What may be spent at most. 0 is a limit, too: nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Limit {
    pub amount: Amount,
    pub period: Period,
    pub scope: Scope,
}

/// One cent: the longest usual prompt, 3,072 tokens, costs a tenth of that at Codestral's price.
const MOST_A_SUGGESTION: Picodollars = Picodollars(Picodollars::DOLLAR.0 / 100);
/// A dollar: some thousand suggestions with such prompts.
const MOST_A_DAY: Picodollars = Picodollars::DOLLAR;

/// All limits that somebody wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    pub readable: Vec<Limit>,
    /// Those that say nothing that we understand. While there is one, no cloud model may be asked.
    pub problems: Vec<LimitError>,
}

impl Limits {
    pub fn read<S: AsRef<str>>(texts: &[S]) -> Self {
        let mut limits = Self::default();
        for text in texts {
            match text.as_ref().parse() {
                Ok(limit) if limits.readable.contains(&limit) => {}
                Ok(limit) => limits.readable.push(limit),
                Err(problem) => limits.problems.push(problem),
            }
        }
        limits
    }

    /// Whether there is a limit on all that is spent in a month: without one the cloud is off. To be asked about the user's
    /// own limits alone: a folder's may only forbid more.
    pub fn has_monthly(&self) -> bool {
        self.readable.iter().any(|limit| limit.period == Period::Month && limit.scope == Scope::User)
    }

    /// With limits on suggestions where the user wrote none: they are asked for by nothing but typing, so there is always one for
    /// each and one for a day.
    #[must_use]
    pub fn with_usual_for_suggestions(mut self) -> Self {
        for (money, period) in [(MOST_A_SUGGESTION, Period::Request), (MOST_A_DAY, Period::Day)] {
            let is_written =
                |limit: &Limit| (limit.period, &limit.scope) == (period, &Scope::Suggestions) && limit.is_of_money();
            if !self.readable.iter().any(is_written) {
                self.readable.push(Limit { amount: Amount::Money(money), period, scope: Scope::Suggestions });
            }
        }
        self
    }

    /// Why nothing may be sent before the limits are mended; None where all of them can be read.
    pub fn refusal(&self) -> Option<String> {
        let (first, more) = (self.problems.first()?, self.problems.len() - 1);
        let others = match more {
            0 => String::new(),
            1 => " (and another one)".to_owned(),
            more => format!(" (and {more} others)"),
        };
        Some(format!("a limit in `budget.limits` cannot be read, so no cloud model is asked: {first}{others}"))
    }
}

impl Limit {
    /// Whether what this account spends counts.
    pub fn applies(&self, account: &Account) -> bool {
        match &self.scope {
            Scope::User | Scope::Workspace => true,
            Scope::Provider(provider) => *provider == account.provider,
            Scope::Model(model) => *model == account.model,
            Scope::Suggestions => account.purpose == Purpose::Suggestion,
        }
    }

    fn is_of_money(&self) -> bool {
        matches!(self.amount, Amount::Money(_))
    }

    /// The amount in its unit: pico-dollars or tokens.
    pub fn units(&self) -> u64 {
        match self.amount {
            Amount::Money(money) => money.0,
            Amount::Tokens(tokens) => tokens,
        }
    }
}

impl Amount {
    /// So many of this one's units, for people: `$1.20` or `5,000 tokens`.
    pub fn show(self, units: u64) -> String {
        match self {
            Amount::Money(_) => Picodollars(units).to_string(),
            Amount::Tokens(_) => format!("{} tokens", thousands(units)),
        }
    }
}

/// A number with a comma between thousands.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl Period {
    pub const ALL: [Self; 5] = [Self::Request, Self::Session, Self::Hour, Self::Day, Self::Month];

    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Session => "session",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// As it is written: it reads back as the same limit.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.amount {
            Amount::Money(money) => f.write_str(&money.exact())?,
            Amount::Tokens(tokens) => write!(f, "{tokens} tokens")?,
        }
        write!(f, " per {}", self.period)?;
        match &self.scope {
            Scope::User => Ok(()),
            Scope::Workspace => write!(f, " for workspace"),
            Scope::Provider(name) => write!(f, " for provider {name}"),
            Scope::Model(id) => write!(f, " for model {id}"),
            Scope::Suggestions => write!(f, " for suggestions"),
        }
    }
}

#[cfg(test)]
mod tests;
