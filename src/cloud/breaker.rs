//! Endpoints that are left alone for a while, because the last requests to them failed.
//!
//! A key that is refused, or credit that is used up, does not get better by asking: it stays open until the user acts. That is a
//! change of the provider's settings; or a question that they ask ten minutes later or more, since credit is bought and keys are
//! mended where nobody tells us. Nothing but a question of the user's ever asks.
//!
//! A network or a server that fails three times in a row gets a pause, and a longer one each time that it fails again after it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    /// Not before the provider's settings change, or ten minutes have passed. Why: a sentence.
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

/// The time that pauses are measured by.
pub type Ticks = Arc<dyn Fn() -> Instant + Send + Sync>;

/// The state of all endpoints. One for a process.
pub struct Breakers {
    states: Mutex<HashMap<(String, String), State>>,
    now: Ticks,
}

impl Default for Breakers {
    fn default() -> Self {
        Self::new(Arc::new(Instant::now))
    }
}

impl fmt::Debug for Breakers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Breakers").field("states", &self.states).finish_non_exhaustive()
    }
}

impl Breakers {
    pub fn new(now: Ticks) -> Self {
        Self { states: Mutex::default(), now }
    }

    pub fn circuit(&self, endpoint: &Endpoint) -> Circuit {
        let states = self.states();
        let Some(state) = states.get(&place(endpoint)) else { return Circuit::Closed };
        let left = state.paused_until.map(|until| until.saturating_duration_since((self.now)())).unwrap_or_default();
        match (state.open, left.is_zero()) {
            (true, false) => Circuit::Open { why: state.why.clone() },
            (false, false) => Circuit::Paused { left, why: state.why.clone() },
            (_, true) => Circuit::Closed,
        }
    }

    /// An answer began: everything is well.
    pub fn succeeded(&self, endpoint: &Endpoint) {
        self.states().remove(&place(endpoint));
    }

    pub fn failed(&self, endpoint: &Endpoint, error: &ProviderError) {
        let lasts = match error.class {
            ErrorClass::Auth | ErrorClass::NoCredit | ErrorClass::SpendLimit => true,
            ErrorClass::Network | ErrorClass::Server | ErrorClass::Overloaded | ErrorClass::Timeout => false,
            _ => return,
        };
        let now = (self.now)();
        let mut states = self.states();
        let state = states.entry(place(endpoint)).or_default();
        state.why = error.message.clone();
        if lasts {
            (state.open, state.paused_until) = (true, Some(now + LONGEST_PAUSE));
            return;
        }
        state.open = false;
        state.failures += 1;
        // After a pause the next one is an attempt: that it fails is enough.
        if state.failures >= FAILURES || state.pauses > 0 {
            let pause = FIRST_PAUSE.saturating_mul(1 << state.pauses.min(10)).min(LONGEST_PAUSE);
            state.pauses += 1;
            state.paused_until = Some(now + pause);
        }
    }

    /// The settings of this provider are others now, and so may its key or address be.
    pub fn reset(&self, provider: &str) {
        self.states().retain(|(name, _), _| name != provider);
    }

    fn states(&self) -> MutexGuard<'_, HashMap<(String, String), State>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Another host under the same name is another endpoint.
fn place(endpoint: &Endpoint) -> (String, String) {
    (endpoint.name.clone(), endpoint.host().to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::failure::plain;
    use super::*;
    use crate::config::ProviderSettings;
    use crate::providers::Retry;

    /// Breakers with a clock that a test turns.
    struct Scene {
        breakers: Breakers,
        now: Arc<Mutex<Instant>>,
    }

    impl Scene {
        fn new() -> Self {
            let now = Arc::new(Mutex::new(Instant::now()));
            let shown = now.clone();
            Self { breakers: Breakers::new(Arc::new(move || *shown.lock().unwrap())), now }
        }

        fn wait(&self, seconds: u64) -> Circuit {
            *self.now.lock().unwrap() += Duration::from_secs(seconds);
            self.breakers.circuit(&endpoint())
        }

        fn fail(&self, class: ErrorClass) -> Circuit {
            self.breakers.failed(&endpoint(), &plain(class, "so it is".to_owned(), Retry::Never));
            self.breakers.circuit(&endpoint())
        }
    }

    fn endpoint() -> Endpoint {
        Endpoint::of("anthropic", &ProviderSettings::default()).unwrap_or_else(|error| panic!("{error}"))
    }

    fn open() -> Circuit {
        Circuit::Open { why: "so it is".to_owned() }
    }

    fn paused(seconds: u64) -> Circuit {
        Circuit::Paused { left: Duration::from_secs(seconds), why: "so it is".to_owned() }
    }

    #[test]
    fn a_refused_key_opens_it_for_a_while_or_until_the_user_acts() {
        for class in [ErrorClass::Auth, ErrorClass::NoCredit, ErrorClass::SpendLimit] {
            let scene = Scene::new();
            assert_eq!(scene.fail(class), open());
            assert_eq!(scene.wait(599), open());
            assert_eq!(scene.wait(1), Circuit::Closed);
            assert_eq!(scene.fail(class), open());
            scene.breakers.reset("openai");
            assert_eq!(scene.wait(0), open(), "the settings of another provider");
            scene.breakers.reset("anthropic");
            assert_eq!(scene.wait(0), Circuit::Closed);
        }
    }

    #[test]
    fn a_pause_after_an_opening_is_a_pause() {
        let scene = Scene::new();
        scene.fail(ErrorClass::NoCredit);
        assert_eq!(scene.wait(600), Circuit::Closed);
        for _ in 0..FAILURES - 1 {
            assert_eq!(scene.fail(ErrorClass::Server), Circuit::Closed);
        }
        assert_eq!(scene.fail(ErrorClass::Server), paused(30));
    }

    #[test]
    fn pauses_grow_while_it_goes_on_failing() {
        let scene = Scene::new();
        assert_eq!(scene.fail(ErrorClass::Network), Circuit::Closed);
        assert_eq!(scene.fail(ErrorClass::Server), Circuit::Closed);
        for pause in [30, 60, 120, 240, 480, 600, 600] {
            assert_eq!(scene.fail(ErrorClass::Overloaded), paused(pause));
            assert_eq!(scene.wait(pause), Circuit::Closed);
        }
    }

    #[test]
    fn a_success_in_between_makes_it_forget() {
        let scene = Scene::new();
        for _ in 0..2 {
            scene.fail(ErrorClass::Network);
        }
        scene.breakers.succeeded(&endpoint());
        assert_eq!(scene.fail(ErrorClass::Network), Circuit::Closed);
    }

    #[test]
    fn a_bad_request_says_nothing_of_the_endpoint() {
        let scene = Scene::new();
        for class in
            [ErrorClass::BadRequest, ErrorClass::RateLimited, ErrorClass::ContextOverflow, ErrorClass::Cancelled]
        {
            for _ in 0..5 {
                assert_eq!(scene.fail(class), Circuit::Closed);
            }
        }
    }
}
