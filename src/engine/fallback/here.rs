//! The model in this machine: made when it is first needed, and put away again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::engine::Engine;

/// Makes the model in this machine, and returns at once. None where this build has none.
pub type Maker = Box<dyn Fn() -> Option<Arc<dyn Engine>> + Send + Sync>;

pub struct Here {
    make: Option<Maker>,
    made: Mutex<Made>,
}

#[derive(Default)]
struct Made {
    model: Option<Arc<dyn Engine>>,
    last_used: Duration,
    /// There is none to be made.
    is_missing: bool,
}

impl Here {
    pub fn new(make: Option<Maker>) -> Self {
        let made = Made { is_missing: make.is_none(), ..Made::default() };
        Self { make, made: Mutex::new(made) }
    }

    /// The model, for a job, and whether it was made for it.
    pub fn take(&self, now: Duration) -> Option<(Arc<dyn Engine>, bool)> {
        let mut made = self.made();
        made.last_used = now;
        if let Some(model) = &made.model {
            return Some((model.clone(), false));
        }
        let make = self.make.as_ref().filter(|_| !made.is_missing)?;
        match make() {
            Some(model) => {
                made.model = Some(model.clone());
                Some((model, true))
            }
            None => {
                made.is_missing = true;
                None
            }
        }
    }

    /// What is there by now.
    pub fn model(&self) -> Option<Arc<dyn Engine>> {
        self.made().model.clone()
    }

    /// Whether there is one, or one could be made.
    pub fn can_help(&self) -> bool {
        !self.made().is_missing
    }

    /// The model that was last used so long ago. Whoever gets it lets go of it.
    pub fn put_away(&self, now: Duration, after: Duration) -> Option<Arc<dyn Engine>> {
        let mut made = self.made();
        let is_idle = now.saturating_sub(made.last_used) >= after;
        is_idle.then(|| made.model.take()).flatten()
    }

    fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
