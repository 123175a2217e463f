//! The time, so that a test can be the one who lets it pass.

use std::pin::Pin;
use std::time::{Duration, Instant};

/// Tells the time and waits.
pub trait Clock: Send + Sync + 'static {
    /// Since some moment before.
    fn now(&self) -> Duration;

    fn sleep(&self, length: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// The machine's.
#[derive(Debug)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, length: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(length))
    }
}
