//! A paid service that writes suggestions, as a status line can show it.

use serde::Serialize;

use super::session;
use crate::budget::Picodollars;
use crate::engine;

/// Who is paid for suggestions, and how much it was since the server began. Amounts are in dollars, as people write them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Paid {
    pub provider: String,
    pub model: String,
    /// Requests that were paid for.
    pub requests: u64,
    pub cost: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_cost: Option<String>,
    /// Nobody allowed it in this folder: nothing is sent before the user does.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub wants_consent: bool,
}

/// What one suggestion cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    pub cost: String,
    /// By the provider's own count; otherwise it is the most that it can have been.
    pub is_counted: bool,
}

impl Paid {
    pub fn of(status: &session::Status) -> Option<Self> {
        let paid = status.engine.server.as_ref()?.paid.as_ref()?;
        Some(Self {
            provider: paid.provider.clone(),
            model: paid.model.clone(),
            requests: paid.answered,
            cost: Picodollars(paid.cost).to_string(),
            last_cost: paid.last_cost.map(|cost| Picodollars(cost).exact()),
            wants_consent: paid.wants_yes.is_some(),
        })
    }
}

impl From<engine::Cost> for Cost {
    fn from(cost: engine::Cost) -> Self {
        Self { cost: Picodollars(cost.picodollars).exact(), is_counted: cost.is_counted }
    }
}
