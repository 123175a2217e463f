//! Tells once when half, most, or nearly all of a limit is gone.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::ask::Workspace;
use crate::budget::{Limit, WindowState};
use crate::lsp::client::Severity;
use crate::lsp::sheet::Desk;
use crate::session::questions::words;

/// Shares of a limit, in percent.
const MARKS: [u64; 3] = [50, 80, 95];

/// What the user was told: the highest mark of each limit, until it starts again.
#[derive(Debug, Default)]
pub struct Thresholds {
    told: Mutex<HashMap<(Limit, Option<i64>), u64>>,
}

impl Thresholds {
    /// Looks where the limits stand, and tells the user what is new.
    pub async fn tell(&self, desk: &Desk, workspace: &Workspace) {
        let Some(answerer) = desk.session.answerer() else { return };
        let Ok(windows) = answerer.budget(workspace.clone()).await else { return };
        for line in self.news(&windows) {
            desk.client.show(Severity::Warning, &line);
        }
    }

    fn news(&self, windows: &[WindowState]) -> Vec<String> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let mut news = Vec::new();
        for window in windows {
            let percent = words::percent(window);
            let Some(mark) = MARKS.into_iter().rev().find(|mark| percent >= *mark) else { continue };
            // A limit of nothing is no news.
            if window.settled.saturating_add(window.open) == 0 {
                continue;
            }
            let last = told.entry((window.limit.clone(), window.resets_at)).or_default();
            if *last < mark {
                *last = mark;
                news.push(format!("{percent} % of a limit is used: {}", words::standing(window)));
            }
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::{Amount, Period, Scope};

    fn window(percent: u64, resets_at: i64) -> Vec<WindowState> {
        let limit = Limit { amount: Amount::Tokens(100), period: Period::Day, scope: Scope::User };
        vec![WindowState { limit, settled: percent, open: 0, resets_at: Some(resets_at) }]
    }

    #[test]
    fn each_mark_is_told_once_until_the_limit_starts_again() {
        let thresholds = Thresholds::default();
        let counts = |percent, resets_at| thresholds.news(&window(percent, resets_at)).len();
        assert_eq!([49, 50, 60, 79, 85, 96, 99, 130].map(|percent| counts(percent, 1)), [0, 1, 0, 0, 1, 1, 0, 0]);
        assert_eq!([10, 97, 98].map(|percent| counts(percent, 2)), [0, 1, 0]);
        assert!(
            thresholds.news(&window(97, 3))[0].starts_with("97 % of a limit is used: 97 tokens of 100 tokens per day")
        );
        let nothing = Limit { amount: Amount::Tokens(0), period: Period::Day, scope: Scope::User };
        assert_eq!(thresholds.news(&[WindowState { limit: nothing, settled: 0, open: 0, resets_at: None }]).len(), 0);
    }
}
