//! How long is waited before something is tried again, and how often: half a second, doubled each time, 30 s at most, up to a
//! quarter less by chance, so that connections that broke together do not come back together.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::super::hub::{HubError, Trouble};

/// Waits.
pub type Sleep = Arc<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

#[derive(Clone)]
pub struct Patience {
    /// Failures in a row, nothing having come in between, that are put up with.
    pub failures: u32,
    pub first: Duration,
    pub most: Duration,
    /// The longest pause that a server may ask for.
    pub longest_pause: Duration,
    /// From 0 to 1.
    pub chance: Arc<dyn Fn() -> f64 + Send + Sync>,
    pub sleep: Sleep,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            failures: 6,
            first: Duration::from_millis(500),
            most: Duration::from_secs(30),
            longest_pause: Duration::from_secs(300),
            chance: Arc::new(|| f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX)),
            sleep: Arc::new(|wait| Box::pin(tokio::time::sleep(wait))),
        }
    }
}

impl fmt::Debug for Patience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patience").field("failures", &self.failures).finish_non_exhaustive()
    }
}

impl Patience {
    /// The wait after so many failures in a row; None where it is no use.
    pub fn wait(&self, failures: u32, error: &HubError) -> Option<Duration> {
        let usual = || {
            let doubled = self.first.saturating_mul(1 << failures.saturating_sub(1).min(16));
            doubled.min(self.most).mul_f64(1.0 - (self.chance)().clamp(0.0, 1.0) / 4.0)
        };
        if failures > self.failures {
            return None;
        }
        match error.trouble {
            // The hub has not been asked again yet.
            Trouble::Expired if failures == 1 => Some(Duration::ZERO),
            Trouble::Unreachable | Trouble::Passing | Trouble::Busy(None) | Trouble::Expired => Some(usual()),
            Trouble::Busy(Some(pause)) => (pause <= self.longest_pause).then_some(pause.max(self.first)),
            Trouble::NoParts | Trouble::Changed | Trouble::Final => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(trouble: Trouble, chance: f64) -> Vec<Option<u128>> {
        let patience = Patience { failures: 8, chance: Arc::new(move || chance), ..Patience::default() };
        let error = HubError::new(trouble, String::new());
        (1..=9).map(|failures| patience.wait(failures, &error).map(|wait| wait.as_millis())).collect()
    }

    #[test]
    fn waits_double_up_to_a_limit_and_end() {
        let expected = [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000].map(Some);
        assert_eq!(waits(Trouble::Passing, 0.0)[..8], expected);
        assert_eq!(waits(Trouble::Passing, 0.0)[8], None);
        assert_eq!(waits(Trouble::Unreachable, 1.0)[..2], [Some(375), Some(750)]);
        assert_eq!(waits(Trouble::Expired, 0.0)[..3], [Some(0), Some(1000), Some(2000)]);
    }

    #[test]
    fn a_server_s_pause_is_kept_unless_nobody_would_wait_for_it() {
        assert_eq!(waits(Trouble::Busy(Some(Duration::from_secs(21))), 1.0)[0], Some(21_000));
        assert_eq!(waits(Trouble::Busy(Some(Duration::from_secs(3600))), 1.0)[0], None);
        assert_eq!(waits(Trouble::Busy(None), 0.0)[0], Some(500));
    }

    #[test]
    fn what_will_not_change_is_not_tried_again() {
        for trouble in [Trouble::Final, Trouble::Changed, Trouble::NoParts] {
            assert_eq!(waits(trouble, 0.0)[0], None);
        }
    }
}
