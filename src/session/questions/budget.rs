//! What may be spent on questions and what was, for those who show it: a budget view when it is asked for, a status line all
//! the time.
//!
//! A look costs a read of files and of the ledger, so a status line's is made when something has happened, and now and then
//! because other windows spend, too.

use std::sync::{Arc, Weak};
use std::time::Duration;

use super::words;
use crate::budget::{Amount, Total, WindowState};
use crate::session::Session;
use crate::session::status::{CloudStatus, SpentStatus};

/// Longest time between two looks of a status line.
const OFTEN: Duration = Duration::from_secs(300);
/// Shortest one: clients may ask for their status as often as they like.
const SELDOM: Duration = Duration::from_millis(300);

/// Whom questions may go to, and where the limits stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// Why no model can be asked now: a sentence with the way out.
    pub is_off: Option<String>,
    /// Empty where nobody is named.
    pub provider: String,
    pub model: String,
    /// An error is a sentence: the ledger or a limit cannot be read.
    pub windows: Result<Vec<WindowState>, String>,
    /// Since the day began in the zone of the limits. None where that cannot be read, or nobody looked.
    pub today: Option<Total>,
    /// What of that was for suggestions of a paid service.
    pub suggestions: Option<Total>,
}

impl Budget {
    /// Without anything in it.
    pub fn off(why: String) -> Self {
        let (provider, model, windows) = (String::new(), String::new(), Ok(Vec::new()));
        Self { is_off: Some(why), provider, model, windows, today: None, suggestions: None }
    }

    /// Why no model can be asked now, also where only the limits say so.
    pub fn why_off(&self) -> Option<String> {
        self.is_off.clone().or_else(|| self.windows.as_ref().err().cloned())
    }
}

impl From<&Budget> for CloudStatus {
    fn from(budget: &Budget) -> Self {
        let named = |name: &String| Some(words::plain(name)).filter(|name| !name.is_empty());
        let in_money = |window: &&WindowState| matches!(window.limit.amount, Amount::Money(_));
        let windows = budget.windows.as_deref().unwrap_or_default();
        let fullest = windows.iter().filter(in_money).max_by(|a, b| words::share(a).total_cmp(&words::share(b)));
        let fullest = fullest.map(|window| (words::plain(&window.limit.to_string()), words::share(window)));
        Self {
            is_off: budget.why_off(),
            provider: named(&budget.provider),
            model: named(&budget.model),
            spent: budget.today.as_ref().map(|today| SpentStatus { today: today.money, fullest }),
        }
    }
}

impl Session {
    /// Where the limits of the first folder stand. Opens what has to be opened for it.
    pub fn budget(&self) -> impl Future<Output = Budget> + Send + use<> {
        let (answerer, workspace) = (self.answerer(), self.first_workspace());
        let nobody = Budget::off(self.no_index());
        let is_restricted = self.is_restricted();
        async move {
            let (Some(answerer), Some(workspace)) = (answerer, workspace) else { return nobody };
            restricted(answerer.budget(workspace).await, is_restricted)
        }
    }

    /// Something has happened that the status line's look at the budget may be out of date for.
    pub fn budget_changed(&self) {
        self.questions.look.notify_one();
    }

    /// Keeps the status's look at the budget up to date, until the session is gone. Begins with the first `budget_changed`.
    pub fn follow_budget(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        follow(Arc::downgrade(self), self.questions.look.clone())
    }
}

/// Where the editor does not trust the folders, that is the reason.
fn restricted(budget: Budget, is_restricted: bool) -> Budget {
    if is_restricted { Budget { is_off: Some(words::RESTRICTED.to_owned()), ..budget } } else { budget }
}

async fn follow(session: Weak<Session>, look: Arc<tokio::sync::Notify>) {
    let mut is_first = true;
    loop {
        if is_first {
            look.notified().await;
        } else {
            // Nothing has happened for a while: that is a reason, too.
            let _ = tokio::time::timeout(OFTEN, look.notified()).await;
        }
        is_first = false;
        let Some(looked) = session.upgrade().map(|session| {
            let (answerer, workspace) = (session.answerer(), session.first_workspace());
            (answerer, workspace, session.no_index(), session.is_restricted())
        }) else {
            return;
        };
        let (Some(answerer), workspace, nobody, is_restricted) = looked else { return };
        let budget = match workspace {
            Some(workspace) => answerer.glance(workspace).await,
            None => Budget::off(nobody),
        };
        let Some(session) = session.upgrade() else { return };
        session.board.set_cloud(CloudStatus::from(&restricted(budget, is_restricted)));
        drop(session);
        tokio::time::sleep(SELDOM).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Picodollars;

    fn window(limit: &str, settled: u64) -> WindowState {
        WindowState { limit: limit.parse().expect("a limit"), settled, open: 0, resets_at: None, clock_is_behind: 0 }
    }

    #[test]
    fn a_status_line_has_the_tightest_limit_in_money() {
        let dollar = Picodollars::DOLLAR.0;
        let budget = Budget {
            is_off: None,
            provider: "anthropic".to_owned(),
            model: String::new(),
            windows: Ok(vec![
                window("$20 per month", 5 * dollar),
                window("$2 per day", dollar),
                window("100 tokens per day", 99),
            ]),
            today: Some(Total { money: Picodollars::DOLLAR, ..Total::default() }),
            suggestions: None,
        };
        let status = CloudStatus::from(&budget);
        let spent = SpentStatus { today: Picodollars::DOLLAR, fullest: Some(("$2 per day".to_owned(), 0.5)) };
        assert_eq!((status.is_off, status.model, status.spent), (None, None, Some(spent)));
        let broken = Budget { windows: Err("the ledger is damaged".to_owned()), today: None, ..budget };
        let status = CloudStatus::from(&broken);
        assert_eq!((status.is_off.as_deref(), status.spent), (Some("the ledger is damaged"), None));
    }
}
