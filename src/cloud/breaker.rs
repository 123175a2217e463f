//! Endpoints that are left alone for a while, because the last requests to them failed.
//!
//! A key that is refused, or credit that is used up, does not get better by asking: it stays open for ten minutes, or until settings change.
//! A network or a server that fails three times in a row gets a pause, and a longer one each time that it fails again after it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::providers::{Endpoint, ErrorClass, ProviderError};

/// Failures in a row before the first pause.
const FAILURES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// Whether an endpoint may be asked, for the route to decide by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Circuit {
    Closed,
    /// Not before this time has passed. Why: a sentence.
    Paused {
        left: Duration,
        why: String,
    },
    /// Not before the user has changed something. Why: a sentence.
    Open {
        why: String,
    },
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    pauses: u32,
    paused_until: Option<Instant>,
    open: bool,
    why: String,
}

/// The state of all endpoints. One for a process.
#[derive(Debug, Default)]
pub struct Breakers(Mutex<HashMap<String, State>>);

impl Breakers {
    pub fn circuit(&self, endpoint: &Endpoint, now: Instant) -> Circuit {
        let states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(state) = states.get(&place(endpoint)) else { return Circuit::Closed };
        let left = state.paused_until.map(|until| until.saturating_duration_since(now)).unwrap_or_default();
        match (state.open, left.is_zero()) {
            (true, false) => Circuit::Open { why: state.why.clone() },
            (false, false) => Circuit::Paused { left, why: state.why.clone() },
            (_, true) => Circuit::Closed,
        }
    }

    /// An answer began: everything is well.
    pub fn succeeded(&self, endpoint: &Endpoint) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&place(endpoint));
    }

    pub fn failed(&self, endpoint: &Endpoint, error: &ProviderError, now: Instant) {
        let lasts = match error.class {
            ErrorClass::Auth | ErrorClass::NoCredit | ErrorClass::SpendLimit => true,
            ErrorClass::Network | ErrorClass::Server | ErrorClass::Overloaded | ErrorClass::Timeout => false,
            _ => return,
        };
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let state = states.entry(place(endpoint)).or_default();
        state.why = error.message.clone();
        if lasts {
            // Credit is bought and keys are mended elsewhere, which nobody tells us.
            (state.open, state.paused_until) = (true, Some(now + LONGEST_PAUSE));
            return;
        }
        state.failures += 1;
        // After a pause the next one is an attempt: that it fails is enough.
        if state.failures >= FAILURES || state.pauses > 0 {
            let pause = FIRST_PAUSE.saturating_mul(1 << state.pauses.min(10)).min(LONGEST_PAUSE);
            state.pauses += 1;
            state.paused_until = Some(now + pause);
        }
    }

    /// The user did something about it: asks for this endpoint in spite of it all, for example.
    pub fn reset(&self, endpoint: &Endpoint) {
        self.succeeded(endpoint);
    }

    /// Settings or keys may be others now.
    pub fn reset_all(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Another host under the same name is another endpoint.
fn place(endpoint: &Endpoint) -> String {
    format!("{} {}", endpoint.name, endpoint.host())
}

#[cfg(test)]
mod tests {
    use super::super::failure::plain;
    use super::*;
    use crate::config::ProviderSettings;
    use crate::providers::Retry;

    fn endpoint() -> Endpoint {
        Endpoint::of("anthropic", &ProviderSettings::default()).unwrap_or_else(|error| panic!("{error}"))
    }

    fn fail(breakers: &Breakers, class: ErrorClass, now: Instant) -> Circuit {
        breakers.failed(&endpoint(), &plain(class, "so it is".to_owned(), Retry::Never), now);
        breakers.circuit(&endpoint(), now)
    }

    fn paused(seconds: u64) -> Circuit {
        Circuit::Paused { left: Duration::from_secs(seconds), why: "so it is".to_owned() }
    }

    #[test]
    fn a_refused_key_opens_it_for_a_while_or_until_the_user_acts() {
        for class in [ErrorClass::Auth, ErrorClass::NoCredit, ErrorClass::SpendLimit] {
            let (breakers, now) = (Breakers::default(), Instant::now());
            assert_eq!(fail(&breakers, class, now), Circuit::Open { why: "so it is".to_owned() });
            let soon = now + Duration::from_secs(599);
            assert_eq!(breakers.circuit(&endpoint(), soon), Circuit::Open { why: "so it is".to_owned() });
            assert_eq!(breakers.circuit(&endpoint(), now + Duration::from_secs(600)), Circuit::Closed);
            assert_eq!(fail(&breakers, class, soon), Circuit::Open { why: "so it is".to_owned() });
            breakers.reset(&endpoint());
            assert_eq!(breakers.circuit(&endpoint(), now), Circuit::Closed);
        }
    }

    #[test]
    fn pauses_grow_while_it_goes_on_failing() {
        let (breakers, mut now) = (Breakers::default(), Instant::now());
        assert_eq!(fail(&breakers, ErrorClass::Network, now), Circuit::Closed);
        assert_eq!(fail(&breakers, ErrorClass::Server, now), Circuit::Closed);
        for pause in [30, 60, 120, 240, 480, 600, 600] {
            assert_eq!(fail(&breakers, ErrorClass::Overloaded, now), paused(pause));
            now += Duration::from_secs(pause);
            assert_eq!(breakers.circuit(&endpoint(), now), Circuit::Closed);
        }
    }

    #[test]
    fn a_success_in_between_makes_it_forget() {
        let (breakers, now) = (Breakers::default(), Instant::now());
        for _ in 0..2 {
            fail(&breakers, ErrorClass::Network, now);
        }
        breakers.succeeded(&endpoint());
        assert_eq!(fail(&breakers, ErrorClass::Network, now), Circuit::Closed);
    }

    #[test]
    fn a_bad_request_says_nothing_of_the_endpoint() {
        let (breakers, now) = (Breakers::default(), Instant::now());
        for class in
            [ErrorClass::BadRequest, ErrorClass::RateLimited, ErrorClass::ContextOverflow, ErrorClass::Cancelled]
        {
            for _ in 0..5 {
                assert_eq!(fail(&breakers, class, now), Circuit::Closed);
            }
        }
    }
}
