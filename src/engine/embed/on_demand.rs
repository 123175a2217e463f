//! A model that is made when the first text comes: most who search have none, and nothing is started for them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{EmbedEngine, EmbedError, EmbedJob};
use crate::engine::CancelFlag;

type Make = Box<dyn Fn() -> Result<Arc<dyn EmbedEngine>, String> + Send + Sync>;

/// Makes an engine once.
pub struct OnDemand {
    make: Make,
    made: Mutex<Option<Arc<dyn EmbedEngine>>>,
}

impl OnDemand {
    /// `make` says in a sentence why it could not.
    pub fn new(make: impl Fn() -> Result<Arc<dyn EmbedEngine>, String> + Send + Sync + 'static) -> Self {
        Self { make: Box::new(make), made: Mutex::default() }
    }

    fn engine(&self) -> Result<Arc<dyn EmbedEngine>, String> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = &*made {
            return Ok(engine.clone());
        }
        let engine = (self.make)()?;
        *made = Some(engine.clone());
        Ok(engine)
    }
}

impl EmbedEngine for OnDemand {
    fn embed(&self, job: EmbedJob, cancel: &CancelFlag, patience: Duration) -> Result<Vec<Vec<f32>>, EmbedError> {
        job.check()?;
        self.engine().map_err(EmbedError::Failed)?.embed(job, cancel, patience)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::Purpose;
    use super::super::fake::HashedWords;
    use super::*;

    #[test]
    fn it_is_made_with_the_first_text_and_once() {
        let made = Arc::new(AtomicUsize::new(0));
        let count = made.clone();
        let engine = OnDemand::new(move || match count.fetch_add(1, Ordering::SeqCst) {
            0 => Err("no memory".to_owned()),
            _ => Ok(Arc::new(HashedWords::new(4))),
        });
        assert_eq!(made.load(Ordering::SeqCst), 0);
        let embed = || {
            let job = EmbedJob::new(Purpose::Query, vec!["a".to_owned()]);
            engine.embed(job, &CancelFlag::default(), Duration::from_secs(1)).map(|vectors| vectors.len())
        };
        assert_eq!(embed(), Err(EmbedError::Failed("no memory".to_owned())), "and it is tried again");
        assert_eq!((embed(), embed(), made.load(Ordering::SeqCst)), (Ok(1), Ok(1), 2));
    }
}
