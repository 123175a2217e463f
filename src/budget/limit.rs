//! Limits, as the user writes them: `$20 per month`, `500000 tokens per day for model gpt-6.1-sol`.

use super::Picodollars;

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
