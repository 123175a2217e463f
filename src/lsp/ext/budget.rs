//! Limits, and what was spent, as they travel to clients that show them by themselves.

use serde::Serialize;

use crate::budget::{Amount, Scope, Total, WindowState};
use crate::session::questions::{Budget, words};

/// Request without parameters, to `BudgetState`.
pub const BUDGET: &str = "tandem/budget";

/// Fields that have nothing to say are absent.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BudgetState {
    /// Why no model can be asked now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_off: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    pub limits: Vec<LimitState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub today: Option<SpentToday>,
}

/// A limit and where it stands. Amounts are as people write them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LimitState {
    /// As it is written in the settings.
    pub name: String,
    pub window: &'static str,
    /// `user`, `workspace`, `suggestions`, `provider NAME` or `model ID`.
    pub subject: String,
    /// `dollars` or `tokens`.
    pub unit: &'static str,
    /// What is reserved included.
    pub spent: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reserved: Option<String>,
    pub limit: String,
    pub left: String,
    /// 0 to 1.
    pub share: f64,
    /// In seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resets_at: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SpentToday {
    pub cost: String,
    pub tokens: u64,
    pub questions: u64,
    /// Requests for suggestions of a paid service; absent where there were none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestions: Option<u64>,
    /// What of the cost was theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestions_cost: Option<String>,
}

impl From<&Budget> for BudgetState {
    fn from(budget: &Budget) -> Self {
        let named = |name: &str| Some(words::plain(name)).filter(|name| !name.is_empty());
        Self {
            is_off: budget.why_off(),
            provider: named(&budget.provider),
            model: named(&budget.model),
            limits: budget.windows.iter().flatten().map(LimitState::from).collect(),
            today: budget.today.as_ref().map(|all| SpentToday::of(all, budget.suggestions.as_ref())),
        }
    }
}

impl From<&WindowState> for LimitState {
    fn from(window: &WindowState) -> Self {
        let limit = &window.limit;
        let show = |units: u64| limit.amount.show(units);
        Self {
            name: words::plain(&limit.to_string()),
            window: limit.period.name(),
            subject: match &limit.scope {
                Scope::User => "user".to_owned(),
                Scope::Workspace => "workspace".to_owned(),
                Scope::Provider(name) => words::plain(&format!("provider {name}")),
                Scope::Model(id) => words::plain(&format!("model {id}")),
                Scope::Suggestions => "suggestions".to_owned(),
            },
            unit: match limit.amount {
                Amount::Money(_) => "dollars",
                Amount::Tokens(_) => "tokens",
            },
            spent: show(window.settled.saturating_add(window.open)),
            reserved: (window.open > 0).then(|| show(window.open)),
            limit: show(window.allowed()),
            left: show(window.left()),
            share: words::share(window),
            resets_at: window.resets_at,
        }
    }
}

impl SpentToday {
    fn of(all: &Total, suggestions: Option<&Total>) -> Self {
        let typed = suggestions.filter(|typed| typed.requests > 0);
        Self {
            cost: all.money.to_string(),
            tokens: all.tokens,
            questions: all.requests - typed.map_or(0, |typed| typed.requests).min(all.requests),
            suggestions: typed.map(|typed| typed.requests),
            suggestions_cost: typed.map(|typed| typed.money.exact()),
        }
    }
}
