//! How fast it goes and how long it will take. No clock: whoever asks says what time it is.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The rate is that of the last so many seconds: longer ones are slow to notice, shorter ones jump.
const WINDOW: Duration = Duration::from_secs(8);
/// Least time between two samples.
const STEP: Duration = Duration::from_millis(100);

/// Bytes per second, and the time that is left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    pub bytes_per_second: f64,
    pub left: Option<Duration>,
}

/// Counts what comes.
#[derive(Debug)]
pub struct Meter {
    size: u64,
    samples: VecDeque<(Instant, u64)>,
}

impl Meter {
    /// `there` was there before: it counts for the end, not for the rate.
    pub fn new(size: u64, there: u64, now: Instant) -> Self {
        Self { size, samples: VecDeque::from([(now, there)]) }
    }

    pub fn note(&mut self, done: u64, now: Instant) {
        let last = self.samples.back().map(|(then, _)| *then);
        if last.is_none_or(|then| now.saturating_duration_since(then) >= STEP) {
            self.samples.push_back((now, done));
        }
        while self.samples.get(1).is_some_and(|(then, _)| now.saturating_duration_since(*then) > WINDOW) {
            self.samples.pop_front();
        }
    }

    /// None before anything can be said.
    pub fn pace(&self) -> Option<Pace> {
        let ((begin, first), (end, last)) = (self.samples.front()?, self.samples.back()?);
        let seconds = end.saturating_duration_since(*begin).as_secs_f64();
        if seconds <= 0.0 {
            return None;
        }
        let bytes_per_second = last.saturating_sub(*first) as f64 / seconds;
        let left = self.size.saturating_sub(*last) as f64 / bytes_per_second;
        Some(Pace { bytes_per_second, left: Duration::try_from_secs_f64(left).ok() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let begin = Instant::now();
        let at = |ms: u64| begin + Duration::from_millis(ms);
        let mut meter = Meter::new(1000, 400, begin);
        assert_eq!(meter.pace(), None);
        meter.note(500, at(1000));
        assert_eq!(meter.pace(), Some(Pace { bytes_per_second: 100.0, left: Some(Duration::from_secs(5)) }));
        for second in 2..=20 {
            meter.note(500 + second, at(second * 1000));
        }
        let pace = meter.pace().unwrap();
        assert!((pace.bytes_per_second - 1.0).abs() < 0.01, "{pace:?}");
        for second in 21..=40 {
            meter.note(520, at(second * 1000));
        }
        assert_eq!(meter.pace(), Some(Pace { bytes_per_second: 0.0, left: None }), "nobody knows when");
        assert!(meter.samples.len() < 200);
    }
}
