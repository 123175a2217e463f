//! Looks at the machine again and again, on a thread of its own, and says when something changed.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::judge::{Conditions, Judge};
use super::machine::Machine;

/// Between two looks. One takes a tenth of a millisecond (docs/benchmarks.md), so this costs nothing and is soon enough.
pub const PERIOD: Duration = Duration::from_secs(2);

/// Ends with its value.
pub struct Watch {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Default)]
struct State {
    conditions: Conditions,
    ended: bool,
}

impl Watch {
    /// Nothing is watched: everything is well.
    pub fn idle() -> Self {
        Self { shared: Arc::default(), thread: None }
    }

    /// Looks now and every `period`; `changed` is called with what was found first and after each change.
    pub fn start(machine: Machine, period: Duration, changed: impl Fn(&Conditions) + Send + 'static) -> Self {
        let mut judge = Judge::default();
        let conditions = judge.see(Instant::now(), machine.read()).clone();
        changed(&conditions);
        let shared = Arc::new(Shared { state: Mutex::new(State { conditions, ended: false }), ended: Condvar::new() });
        let thread = std::thread::Builder::new().name("power".to_owned()).spawn({
            let shared = shared.clone();
            move || shared.look(judge, &machine, period, &changed)
        });
        // Without a thread nothing is known of the machine, as on systems that do not tell.
        Self { shared, thread: thread.ok() }
    }

    pub fn conditions(&self) -> Conditions {
        self.shared.lock().conditions.clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.ended.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn look(&self, mut judge: Judge, machine: &Machine, period: Duration, changed: &dyn Fn(&Conditions)) {
        while !self.ends_within(period) {
            let conditions = judge.see(Instant::now(), machine.read()).clone();
            let mut state = self.lock();
            if state.conditions != conditions {
                state.conditions = conditions.clone();
                drop(state);
                changed(&conditions);
            }
        }
    }

    fn ends_within(&self, period: Duration) -> bool {
        let end = Instant::now() + period;
        let mut state = self.lock();
        while !state.ended {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
