//! How long a service is left alone after it failed or a limit was reached. Knows no clock; times are told.
//!
//! A provider's own wait goes before. Otherwise each failure in a row doubles the pause: who types must not knock at every key.

use std::time::Duration;

use crate::budget::{Period, Refusal};
use crate::gate::Withheld;
use crate::providers::{ErrorClass, ProviderError, Retry};

/// Longest pause of our own.
const LONGEST: Duration = Duration::from_secs(600);

/// After a network or a server that failed.
const SHORT: Duration = Duration::from_secs(5);
/// After a request that was refused for what is in it: another one may not be.
const ODD: Duration = Duration::from_secs(30);
/// After a no that stays until somebody does something about it.
const LONG: Duration = Duration::from_secs(300);

#[derive(Debug, Default)]
pub struct Rest {
    until: Duration,
    /// Pauses in a row, without an answer in between.
    pauses: u32,
    /// For the user. Without times, so that the same reason is the same sentence.
    why: String,
    /// The last request was refused for what is in it.
    is_odd: bool,
}

impl Rest {
    /// Why it is not asked now.
    pub fn why(&self, now: Duration) -> Option<&str> {
        (now < self.until).then_some(self.why.as_str())
    }

    pub fn left(&self, now: Duration) -> Option<Duration> {
        self.until.checked_sub(now).filter(|left| !left.is_zero())
    }

    pub fn answered(&mut self) {
        *self = Self::default();
    }

    /// `why`: a sentence about this error.
    pub fn failed(&mut self, now: Duration, error: &ProviderError, why: &str) {
        let is_odd = std::mem::take(&mut self.is_odd);
        let first = match error.class {
            ErrorClass::Cancelled => return,
            class if class.waits_for_the_user() => LONG,
            ErrorClass::NotFound => LONG,
            // Once is an accident of one prompt.
            ErrorClass::BadRequest | ErrorClass::TooLarge | ErrorClass::ContextOverflow | ErrorClass::Protocol
                if !is_odd =>
            {
                self.is_odd = true;
                return;
            }
            ErrorClass::BadRequest | ErrorClass::TooLarge | ErrorClass::ContextOverflow | ErrorClass::Protocol => ODD,
            _ => SHORT,
        };
        match error.retry {
            Retry::After(wait) => self.pause(now, wait.clamp(Duration::from_secs(1), LONGEST), why),
            _ => self.pause(now, first, why),
        }
    }

    /// The gate let nothing out. What is about one file or one prompt is no reason to leave the others alone.
    pub fn refused(&mut self, now: Duration, withheld: &Withheld, unix: i64, why: &str) {
        let pause = match withheld {
            Withheld::Budget(Refusal::OverLimit { window, .. }) if window.limit.period == Period::Request => return,
            Withheld::Budget(Refusal::OverLimit { window, .. }) => {
                let resets = window.resets_at.map_or(i64::MAX, |at| at.saturating_sub(unix)).max(1);
                // Another window or `tandem budget` may have made room before that.
                return self.hold(now, Duration::from_secs(resets.unsigned_abs()).min(LONG), why);
            }
            Withheld::Budget(Refusal::Burst { .. }) => return self.hold(now, Duration::from_secs(60), why),
            Withheld::Budget(Refusal::Loop { .. })
            | Withheld::Untrusted
            | Withheld::LocalOnly { .. }
            | Withheld::Denied { .. }
            | Withheld::Secret { .. }
            | Withheld::NoConsent
            | Withheld::Consents(_) => return,
            Withheld::Budget(Refusal::Ledger(_)) | Withheld::Audit(_) => ODD,
            Withheld::CloudOff
            | Withheld::SuggestionsOff
            | Withheld::NoSuggester
            | Withheld::NoProvider
            | Withheld::NoMonthlyLimit
            | Withheld::Limits(_)
            | Withheld::Price(_)
            | Withheld::Request(_) => LONG,
        };
        self.pause(now, pause, why);
    }

    fn pause(&mut self, now: Duration, first: Duration, why: &str) {
        let doubled = first.saturating_mul(1 << self.pauses.min(10)).min(LONGEST.max(first));
        self.pauses = self.pauses.saturating_add(1);
        self.hold(now, doubled, why);
    }

    fn hold(&mut self, now: Duration, pause: Duration, why: &str) {
        self.until = now + pause;
        why.clone_into(&mut self.why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::{LedgerError, WindowState};

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn error(class: ErrorClass, retry: Retry) -> ProviderError {
        ProviderError { class, status: None, code: None, message: String::new(), request_id: None, retry }
    }

    /// Seconds of the pause that this begins at `now`.
    fn pause(rest: &mut Rest, now: u64, class: ErrorClass, retry: Retry) -> Option<u64> {
        rest.failed(seconds(now), &error(class, retry), "so it is");
        rest.left(seconds(now)).map(|left| left.as_secs())
    }

    #[test]
    fn failures_in_a_row_are_left_alone_for_longer_and_longer() {
        let mut rest = Rest::default();
        let mut now = 0;
        for expected in [5, 10, 20, 40, 80, 160, 320, 600, 600] {
            assert_eq!(pause(&mut rest, now, ErrorClass::Server, Retry::Backoff), Some(expected));
            assert_eq!(rest.why(seconds(now + expected - 1)), Some("so it is"));
            now += expected;
            assert_eq!(rest.why(seconds(now)), None);
        }
        rest.answered();
        assert_eq!(pause(&mut rest, now, ErrorClass::Network, Retry::Backoff), Some(5));
    }

    #[test]
    fn the_providers_own_wait_goes_before_within_reason() {
        for (wait, expected) in [(42, 42), (0, 1), (90_000, 600)] {
            let retry = Retry::After(seconds(wait));
            assert_eq!(pause(&mut Rest::default(), 7, ErrorClass::RateLimited, retry), Some(expected));
        }
    }

    #[test]
    fn a_key_that_is_refused_is_not_shown_at_every_key_stroke() {
        for class in [ErrorClass::Auth, ErrorClass::NoCredit, ErrorClass::SpendLimit, ErrorClass::NotFound] {
            assert_eq!(pause(&mut Rest::default(), 0, class, Retry::Never), Some(300), "{class:?}");
        }
    }

    #[test]
    fn one_odd_prompt_is_an_accident_and_two_are_not() {
        let mut rest = Rest::default();
        assert_eq!(pause(&mut rest, 0, ErrorClass::BadRequest, Retry::Never), None);
        assert_eq!(pause(&mut rest, 1, ErrorClass::BadRequest, Retry::Never), Some(30));
        rest.answered();
        assert_eq!(pause(&mut rest, 40, ErrorClass::BadRequest, Retry::Never), None);
        assert_eq!(pause(&mut rest, 41, ErrorClass::Cancelled, Retry::Never), None);
    }

    #[test]
    fn a_limit_is_looked_at_again_when_it_starts_again_or_in_some_minutes() {
        let over = |limit: &str, resets_at| {
            let limit = limit.parse().unwrap();
            let window = Box::new(WindowState { limit, settled: 1, open: 0, resets_at, clock_is_behind: 0 });
            Withheld::Budget(Refusal::OverLimit { window, wanted: 1 })
        };
        let held = |withheld: &Withheld| {
            let mut rest = Rest::default();
            rest.refused(seconds(0), withheld, 1_000, "no money");
            rest.left(seconds(0)).map(|left| left.as_secs())
        };
        assert_eq!(held(&over("$1 per day for suggestions", Some(1_090))), Some(90));
        assert_eq!(held(&over("$1 per day for suggestions", Some(80_000))), Some(300));
        assert_eq!(held(&over("$1 per session", None)), Some(300));
        assert_eq!(held(&over("$1 per request", None)), None, "a shorter one may pass");
        assert_eq!(held(&Withheld::Secret { rules: vec![] }), None);
        assert_eq!(held(&Withheld::Untrusted), None);
        assert_eq!(held(&Withheld::Budget(Refusal::Ledger(LedgerError::Busy(String::new())))), Some(30));
    }
}
