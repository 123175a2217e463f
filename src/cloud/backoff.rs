//! How long is waited before a request is sent again: 0.5 s, doubled each time, 8 s at most, up to a quarter less by chance, so
//! that clients that failed together do not come back together (cloud.md A0). What the server says goes before.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::providers::{ProviderError, Retry};

/// Waits.
pub type Sleep = Arc<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// How often and when to try again.
#[derive(Clone)]
pub struct Backoff {
    /// Beside the first attempt.
    pub retries: u32,
    pub first: Duration,
    pub most: Duration,
    /// The longest wait that a server may ask for: nobody sits before an editor for longer.
    pub patience: Duration,
    /// From 0 to 1.
    pub chance: Arc<dyn Fn() -> f64 + Send + Sync>,
    pub sleep: Sleep,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            retries: 2,
            first: Duration::from_millis(500),
            most: Duration::from_secs(8),
            patience: Duration::from_secs(60),
            chance: Arc::new(chance),
            sleep: Arc::new(|wait| Box::pin(tokio::time::sleep(wait))),
        }
    }
}

impl fmt::Debug for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backoff")
            .field("retries", &self.retries)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

impl Backoff {
    /// The wait before the next attempt after this many; None where there is none.
    pub fn wait(&self, attempts: u32, error: &ProviderError) -> Option<Duration> {
        let usual = || {
            let doubled = self.first.saturating_mul(1 << attempts.saturating_sub(1).min(16));
            doubled.min(self.most).mul_f64(1.0 - (self.chance)().clamp(0.0, 1.0) / 4.0)
        };
        if attempts > self.retries {
            return None;
        }
        match error.retry {
            Retry::Never => None,
            Retry::Once => (attempts == 1).then(usual),
            Retry::Backoff => Some(usual()),
            Retry::After(wait) => (wait <= self.patience).then_some(wait),
        }
    }
}

fn chance() -> f64 {
    f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::failure::plain;
    use super::*;
    use crate::providers::ErrorClass;

    fn waits(chance: f64, retry: Retry) -> Vec<Option<u128>> {
        let backoff = Backoff { retries: 6, chance: Arc::new(move || chance), ..Backoff::default() };
        let error = plain(ErrorClass::Server, String::new(), retry);
        (1..=7).map(|attempts| backoff.wait(attempts, &error).map(|wait| wait.as_millis())).collect()
    }

    #[test]
    fn waits_double_up_to_a_limit_and_end() {
        assert_eq!(
            waits(0.0, Retry::Backoff),
            [Some(500), Some(1000), Some(2000), Some(4000), Some(8000), Some(8000), None]
        );
    }

    #[test]
    fn chance_makes_them_a_quarter_shorter_at_most() {
        assert_eq!(
            waits(1.0, Retry::Backoff),
            [Some(375), Some(750), Some(1500), Some(3000), Some(6000), Some(6000), None]
        );
    }

    #[test]
    fn the_servers_wait_goes_before_unless_nobody_would_wait_for_it() {
        assert_eq!(waits(1.0, Retry::After(Duration::from_secs(21)))[0], Some(21_000));
        assert_eq!(waits(1.0, Retry::After(Duration::from_secs(3600)))[0], None);
    }

    #[test]
    fn what_is_retried_once_is_not_retried_twice() {
        assert_eq!(waits(0.0, Retry::Once)[..3], [Some(500), None, None]);
        assert_eq!(waits(0.0, Retry::Never)[0], None);
    }
}
