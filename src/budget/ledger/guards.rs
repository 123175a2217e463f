//! When the user is to be asked although no limit is passed: a loop, or a day's money gone in minutes.

use crate::config::BudgetSettings;

/// Seconds over which both guards look back.
pub(super) const LOOK_BACK: i64 = 300;

/// One of the guards: the user may say yes to what it is about, and to nothing else by that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Guard {
    /// The same request again and again.
    Repeats,
    /// Much of a day's limit within minutes.
    Burst,
}

/// A guard that is None is off: the user has said yes to this request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guards {
    /// Most requests with the same digest within five minutes. Those that were released do not count.
    pub repeats: Option<u32>,
    /// Most of a day's limit that may be spent and reserved within five minutes, in percent. 100 is no guard.
    pub burst_percent: Option<u32>,
}

impl Guards {
    /// Two questions with two retries each. The next one is a loop.
    pub const REPEATS: u32 = 6;
    pub const OFF: Self = Self { repeats: None, burst_percent: None };

    pub fn of(settings: &BudgetSettings) -> Self {
        Self { repeats: Some(Self::REPEATS), burst_percent: Some(settings.burst_percent) }
    }

    /// All but those that the user has said yes to.
    #[must_use]
    pub fn without(self, allowed: &[Guard]) -> Self {
        Self {
            repeats: self.repeats.filter(|_| !allowed.contains(&Guard::Repeats)),
            burst_percent: self.burst_percent.filter(|_| !allowed.contains(&Guard::Burst)),
        }
    }
}

impl Default for Guards {
    fn default() -> Self {
        Self::of(&BudgetSettings::default())
    }
}
