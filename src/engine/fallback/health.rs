//! Whether a server is worth asking: what it says of itself, and how the last jobs went. Knows no clock; times are told.

use std::time::Duration;

use crate::engine::EngineState;

/// Failures in a row after which a server is left alone.
const STRIKES: u32 = 2;

/// How long it is left alone first, and at most. It doubles each time that it still fails.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
pub struct Health {
    /// Failures in a row.
    strikes: u32,
    down: Option<Down>,
}

#[derive(Debug)]
struct Down {
    /// For the user.
    why: String,
    until: Duration,
    pause: Duration,
    /// A job is on its way to find out.
    is_tried: bool,
}

impl Health {
    /// The server says how it is. Being ready counts after it was not: it says so as soon as it answers again.
    pub fn said(&mut self, now: Duration, state: &EngineState) {
        match (state, &mut self.down) {
            (EngineState::Ready, Some(_)) => *self = Self::default(),
            (EngineState::Failed { reason }, Some(down)) => down.why.clone_from(reason),
            (EngineState::Failed { reason }, None) => self.leave(now, reason.clone()),
            (EngineState::Ready | EngineState::Idle | EngineState::Loading { .. } | EngineState::Asleep { .. }, _) => {}
        }
    }

    /// Whether to ask it now; an error says why not. One job at a time finds out whether it is back.
    pub fn turn(&mut self, now: Duration) -> Result<(), String> {
        match &mut self.down {
            None => Ok(()),
            Some(down) if now >= down.until && !down.is_tried => {
                down.is_tried = true;
                Ok(())
            }
            Some(down) => Err(down.why.clone()),
        }
    }

    pub fn answered(&mut self) {
        *self = Self::default();
    }

    /// It failed before its first word.
    pub fn failed(&mut self, now: Duration, why: String) {
        self.strikes = self.strikes.saturating_add(1);
        if self.down.is_some() || self.strikes >= STRIKES {
            self.leave(now, why);
        }
    }

    /// The job that was to find out ended without an answer: the next one may.
    pub fn undecided(&mut self) {
        if let Some(down) = &mut self.down {
            down.is_tried = false;
        }
    }

    pub fn is_down(&self) -> bool {
        self.down.is_some()
    }

    /// Why it is not asked.
    pub fn down(&self) -> Option<&str> {
        self.down.as_ref().map(|down| down.why.as_str())
    }

    fn leave(&mut self, now: Duration, why: String) {
        let pause = self.down.as_ref().map_or(FIRST_PAUSE, |down| (down.pause * 2).min(LONGEST_PAUSE));
        self.down = Some(Down { why, until: now + pause, pause, is_tried: false });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn failed(reason: &str) -> EngineState {
        EngineState::Failed { reason: reason.to_owned() }
    }

    #[test]
    fn one_failure_is_an_accident_and_two_are_a_server_that_is_down() {
        let mut health = Health::default();
        health.failed(seconds(0), "reset".to_owned());
        assert_eq!(health.turn(seconds(0)), Ok(()));
        health.answered();
        health.failed(seconds(1), "reset".to_owned());
        assert_eq!(health.turn(seconds(1)), Ok(()), "not in a row");
        health.failed(seconds(2), "reset again".to_owned());
        assert_eq!(health.turn(seconds(2)), Err("reset again".to_owned()));
    }

    #[test]
    fn one_job_at_a_time_finds_out_and_pauses_double_up_to_half_a_minute() {
        let mut health = Health::default();
        health.said(seconds(0), &failed("refused"));
        let mut now = seconds(0);
        for pause in [2, 4, 8, 16, 30, 30] {
            assert!(health.turn(now + seconds(pause) - Duration::from_millis(1)).is_err(), "{pause}");
            now += seconds(pause);
            assert_eq!(health.turn(now), Ok(()), "{pause}");
            assert!(health.turn(now).is_err(), "another one goes on here meanwhile");
            health.failed(now, "refused".to_owned());
        }
        now += seconds(30);
        assert_eq!(health.turn(now), Ok(()));
        health.undecided();
        assert_eq!(health.turn(now), Ok(()), "the one that was to find out was not wanted any more");
        health.answered();
        assert!(!health.is_down());
    }

    #[test]
    fn a_server_says_itself_when_it_is_down_and_back() {
        let mut health = Health::default();
        health.said(seconds(0), &failed("refused"));
        assert_eq!(health.down(), Some("refused"));
        health.said(seconds(1), &failed("loading a model"));
        assert_eq!(health.down(), Some("loading a model"));
        health.said(seconds(1), &EngineState::Loading { progress: 0.5 });
        assert!(health.is_down());
        health.said(seconds(1), &EngineState::Ready);
        assert_eq!(health.turn(seconds(1)), Ok(()));
    }
}
