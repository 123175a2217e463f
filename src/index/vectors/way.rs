//! Vectors give way to completions: while somebody waits for one, and a moment after, none are made, and what was begun is left.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::engine::CancelFlag;

/// After the last completion: who types asks for the next one within it.
const QUIET: Duration = Duration::from_secs(1);

/// Who waits for a completion, and what is left for it. One for a session and all of its indexes.
#[derive(Debug, Default)]
pub struct GiveWay {
    way: Mutex<Way>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Way {
    waiting: u32,
    /// When the last one that waited did so no more.
    free_since: Option<Instant>,
    /// Batches that are being made.
    running: Vec<CancelFlag>,
}

/// A completion that somebody waits for, until it is dropped.
#[derive(Debug)]
pub struct Urgent(Arc<GiveWay>);

impl GiveWay {
    /// Somebody waits for a completion from now on. Takes a lock for as long as a handful of flags take to set.
    pub fn urgent(self: &Arc<Self>) -> Urgent {
        let mut way = self.lock();
        way.waiting += 1;
        way.running.drain(..).for_each(|batch| batch.cancel());
        drop(way);
        Urgent(self.clone())
    }

    /// Waits until nobody waits for a completion. Then `batch` runs until it is done, and is cancelled when somebody does
    /// wait. False where `stop` was set first; whoever sets it calls `wake`.
    pub fn begin(&self, batch: &CancelFlag, stop: &CancelFlag) -> bool {
        let mut way = self.lock();
        loop {
            if stop.is_cancelled() {
                return false;
            }
            let free = way.free_since.map_or(QUIET, |since| since.elapsed());
            if way.waiting == 0 && free >= QUIET {
                way.running.push(batch.clone());
                return true;
            }
            let left = if way.waiting > 0 { QUIET } else { QUIET - free };
            way = self.changed.wait_timeout(way, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// A batch runs no more. Those of other threads are a few, and are begun again where they were not done.
    pub fn done(&self, batch: &CancelFlag) {
        // After this the flag means nothing to anybody, so it can tell its batch from others.
        batch.cancel();
        self.lock().running.retain(|other| !other.is_cancelled());
    }

    pub fn wake(&self) {
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Way> {
        self.way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Urgent {
    fn drop(&mut self) {
        let mut way = self.0.lock();
        way.waiting -= 1;
        way.free_since = Some(Instant::now());
        drop(way);
        self.0.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_completion_ends_the_batch_and_keeps_the_next_from_beginning() {
        let way = Arc::new(GiveWay::default());
        let (batch, other, stop) = (CancelFlag::default(), CancelFlag::default(), CancelFlag::default());
        assert!(way.begin(&batch, &stop) && way.begin(&other, &stop));
        way.done(&other);
        assert!(!batch.is_cancelled(), "the end of one is not the end of all");
        let urgent = way.urgent();
        assert!(batch.is_cancelled());
        let next = CancelFlag::default();
        std::thread::scope(|scope| {
            let begun = scope.spawn(|| way.begin(&next, &stop).then(Instant::now));
            let freed = Instant::now();
            drop(urgent);
            let begun = begun.join().unwrap().expect("it begins");
            assert!(begun - freed >= QUIET, "not at once: the next key may come");
        });
        assert!(!next.is_cancelled());
        let _urgent = way.urgent();
        stop.cancel();
        way.wake();
        assert!(!way.begin(&CancelFlag::default(), &stop), "a stop waits for nobody");
    }
}
