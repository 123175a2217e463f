//! When a host that ended is started again, and when not. Arithmetic only; the clock is the caller's.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Pauses before the first, second … start in a row.
const PAUSES: [Duration; 4] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(30)];

/// So many ends within `WINDOW` are no accident: the model or its settings are at fault.
pub const ENDS_TO_GIVE_UP: usize = 3;
pub const WINDOW: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    StartAfter(Duration),
    /// Until the user changes something.
    StayDown,
}

#[derive(Debug, Default)]
pub struct Recovery {
    ends: VecDeque<Instant>,
    in_a_row: usize,
}

impl Recovery {
    /// A host ended that had served for `lived`.
    pub fn ended(&mut self, now: Instant, lived: Duration) -> Next {
        if lived >= WINDOW {
            self.in_a_row = 0;
        }
        let pause = PAUSES.get(self.in_a_row).or(PAUSES.last()).copied().unwrap_or_default();
        self.in_a_row += 1;
        self.ends.push_back(now);
        self.ends.retain(|end| now.saturating_duration_since(*end) < WINDOW);
        if self.ends.len() >= ENDS_TO_GIVE_UP { Next::StayDown } else { Next::StartAfter(pause) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays hosts that live so many seconds each; the pauses are kept.
    fn play(lives: &[u64]) -> Vec<Next> {
        let (mut recovery, mut now) = (Recovery::default(), Instant::now());
        let mut decisions = Vec::new();
        for seconds in lives {
            let lived = Duration::from_secs(*seconds);
            now += lived;
            let next = recovery.ended(now, lived);
            if let Next::StartAfter(pause) = next {
                now += pause;
            }
            decisions.push(next);
        }
        decisions
    }

    fn after(seconds: u64) -> Next {
        Next::StartAfter(Duration::from_secs(seconds))
    }

    #[test]
    fn the_first_start_is_at_once() {
        assert_eq!(play(&[0]), [after(0)]);
    }

    #[test]
    fn three_ends_within_a_minute_are_enough() {
        assert_eq!(play(&[0, 0, 0]), [after(0), after(1), Next::StayDown]);
        assert_eq!(play(&[0, 20, 20]), [after(0), after(1), Next::StayDown]);
    }

    #[test]
    fn slow_deaths_are_followed_by_longer_pauses() {
        assert_eq!(play(&[0, 35, 35, 35, 35]), [after(0), after(1), after(5), after(30), after(30)]);
    }

    #[test]
    fn a_host_that_lived_for_long_starts_the_count_anew() {
        assert_eq!(play(&[0, 35, 3600, 0]), [after(0), after(1), after(0), after(1)]);
    }
}
