//! The model in this machine: made when it is first needed, and put away again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::engine::Engine;

/// Makes the model in this machine. None where this build has none. It may look at files and start a process, so it is called
/// where waiting is allowed.
pub type Maker = Box<dyn Fn() -> Option<Arc<dyn Engine>> + Send + Sync>;

pub struct Here {
    make: Option<Arc<Maker>>,
    /// Held while it is made, so that it is made once.
    making: tokio::sync::Mutex<()>,
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
        Self { make: make.map(Arc::new), making: tokio::sync::Mutex::default(), made: Mutex::new(made) }
    }

    /// The model, for a job, where it is made already.
    pub fn used(&self, now: Duration) -> Option<Arc<dyn Engine>> {
        let mut made = self.made();
        made.last_used = now;
        made.model.clone()
    }

    /// The model, for a job, and whether it was made for it.
    pub async fn take(&self, now: Duration) -> Option<(Arc<dyn Engine>, bool)> {
        let _making = self.making.lock().await;
        if let Some(model) = self.used(now) {
            return Some((model, false));
        }
        let make = self.make.clone().filter(|_| self.can_help())?;
        let model = tokio::task::spawn_blocking(move || make()).await;
        let model = model.inspect_err(|error| tracing::error!(%error, "the model here could not be made")).ok()?;
        let mut made = self.made();
        made.is_missing = model.is_none();
        made.model.clone_from(&model);
        model.map(|model| (model, true))
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
