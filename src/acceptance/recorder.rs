//! The thread that writes, and the queue to it. Whoever records returns at once: a disk that is slow, full or gone costs
//! figures, never a keystroke.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant, SystemTime};

use super::figures::Event;
use super::store::{Retention, Store, StoreError};

/// Events that wait for the disk. More are counted and dropped; a person makes a few in a minute.
const QUEUE_EVENTS: usize = 1024;
/// How long events are collected before they are written together.
const COLLECT: Duration = Duration::from_secs(2);
const MOST_AT_ONCE: usize = 256;
/// How long nothing is tried after the database could not be used.
const PAUSE: Duration = Duration::from_secs(60);
/// Old rows are looked for when a server starts, and again after so many events.
const PRUNE_AFTER: usize = 10_000;

/// Where decisions go.
pub trait Ledger: Send + Sync {
    /// Returns at once.
    fn record(&self, event: Event);

    /// How many days are kept from now on.
    fn keep_days(&self, days: u32);

    /// Waits until what was recorded is stored, at most `deadline`.
    fn flush(&self, deadline: Duration);
}

enum Message {
    Event(Event),
    Flush(SyncSender<()>),
}

/// The ledger of a server: the user's database.
pub struct Recorder {
    queue: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
    days: Arc<AtomicU32>,
}

impl Recorder {
    /// Nothing is opened or made on disk before there is something to write.
    pub fn start(file: &Path, days: u32) -> Self {
        let (queue, messages) = sync_channel(QUEUE_EVENTS);
        let recorder = Self { queue, dropped: Arc::default(), days: Arc::new(AtomicU32::new(days)) };
        let mut writer = Writer {
            file: file.to_owned(),
            dropped: recorder.dropped.clone(),
            days: recorder.days.clone(),
            store: None,
            numbers: HashMap::new(),
            since_pruned: 0,
            paused_until: None,
            told: None,
        };
        let thread = std::thread::Builder::new().name("stats".into());
        if let Err(error) = thread.spawn(move || writer.run(&messages)) {
            tracing::warn!(%error, "no figures are kept: their thread cannot be started");
        }
        recorder
    }
}

impl Ledger for Recorder {
    fn record(&self, event: Event) {
        if self.queue.try_send(Message::Event(event)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn keep_days(&self, days: u32) {
        self.days.store(days, Ordering::Relaxed);
    }

    fn flush(&self, deadline: Duration) {
        let (done, wait) = sync_channel(1);
        if self.queue.try_send(Message::Flush(done)).is_ok() {
            let _ = wait.recv_timeout(deadline);
        }
    }
}

struct Writer {
    file: PathBuf,
    dropped: Arc<AtomicU64>,
    days: Arc<AtomicU32>,
    store: Option<Store>,
    /// Rows of suggestions that are still watched, by their numbers.
    numbers: HashMap<u64, i64>,
    since_pruned: usize,
    paused_until: Option<Instant>,
    /// The last problem that was logged: each is told once, not with every batch.
    told: Option<String>,
}

impl Writer {
    fn run(&mut self, messages: &Receiver<Message>) {
        while let Ok(first) = messages.recv() {
            let mut batch = Vec::new();
            let mut flushed = Vec::new();
            let until = Instant::now() + COLLECT;
            let mut next = Ok(first);
            loop {
                match next {
                    Ok(Message::Event(event)) => batch.push(event),
                    Ok(Message::Flush(done)) => flushed.push(done),
                    Err(_) => break,
                }
                if !flushed.is_empty() || batch.len() >= MOST_AT_ONCE {
                    break;
                }
                next = match messages.recv_timeout(until.saturating_duration_since(Instant::now())) {
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
                    message => message,
                };
            }
            self.write(&batch);
            for done in flushed {
                let _ = done.send(());
            }
        }
    }

    /// A batch that cannot be written is dropped.
    fn write(&mut self, batch: &[Event]) {
        let lost = self.dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(lost, "figures of suggestions came faster than they could be stored");
        }
        if batch.is_empty() || self.paused_until.is_some_and(|until| Instant::now() < until) {
            return;
        }
        self.paused_until = None;
        let mut written = self.try_write(batch);
        if matches!(written, Err(StoreError::Damaged(_))) {
            // Found while writing: the fresh file takes the batch.
            self.close();
            written = self.try_write(batch);
        }
        match written {
            Ok(()) => self.told = None,
            Err(error) => {
                self.close();
                self.paused_until = Some(Instant::now() + PAUSE);
                let problem = error.to_string();
                if self.told.as_ref() != Some(&problem) {
                    tracing::warn!(problem, "figures of suggestions are not kept");
                    self.told = Some(problem);
                }
            }
        }
    }

    fn try_write(&mut self, batch: &[Event]) -> Result<(), StoreError> {
        let store = match &mut self.store {
            Some(store) if store.is_in_place() => store,
            place => {
                self.numbers.clear();
                let (mut store, aside) = Store::open_or_replace(&self.file)?;
                if let Some(aside) = aside {
                    let aside = aside.display();
                    tracing::warn!(%aside, "the figures of suggestions were damaged and are moved aside; new ones begin");
                }
                store.prune(Retention::days(self.days.load(Ordering::Relaxed)), now())?;
                self.since_pruned = 0;
                place.insert(store)
            }
        };
        store.write(batch, &mut self.numbers)?;
        self.since_pruned += batch.len();
        if self.since_pruned >= PRUNE_AFTER {
            self.since_pruned = 0;
            store.prune(Retention::days(self.days.load(Ordering::Relaxed)), now())?;
        }
        Ok(())
    }

    fn close(&mut self) {
        self.store = None;
        self.numbers.clear();
    }
}

/// Seconds since 1970, by the user's clock.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acceptance::store::tests::row;
    use crate::acceptance::{Kept, Mark, Outcome};

    const SOON: Duration = Duration::from_secs(60);

    #[test]
    fn what_was_recorded_is_stored_after_a_flush() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("state/stats.db");
        let recorder = Recorder::start(&file, 400);
        recorder.flush(SOON);
        assert!(!file.exists(), "nothing to write, nothing is made");
        recorder.record(Event::Decided { number: 1, row: row(Outcome::Whole) });
        recorder.flush(SOON);
        recorder.record(Event::Kept { number: 1, mark: Mark::HalfMinute, kept: Kept::Percent(91) });
        recorder.record(Event::Kept { number: 7, mark: Mark::HalfMinute, kept: Kept::Percent(1) });
        recorder.flush(SOON);
        let store = Store::read(&file).unwrap().expect("a file");
        let kept = store.connection.query_row("SELECT kept_30s, kept_5min FROM suggestion", [], |row| {
            Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?))
        });
        assert_eq!(kept.unwrap(), (Some(91), None));
    }

    #[test]
    fn a_place_that_cannot_be_written_costs_figures_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("state"), "a file where a directory should be").unwrap();
        let recorder = Recorder::start(&place.path().join("state/stats.db"), 400);
        for number in 0..3 * QUEUE_EVENTS as u64 {
            recorder.record(Event::Decided { number, row: row(Outcome::Rejected) });
        }
        recorder.flush(SOON);
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1, "nothing was made elsewhere");
    }

    #[test]
    fn a_file_that_is_damaged_or_deleted_while_it_is_open_is_begun_anew() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("stats.db");
        let recorder = Recorder::start(&file, 400);
        let record = |number| {
            recorder.record(Event::Decided { number, row: row(Outcome::Whole) });
            recorder.flush(SOON);
            Store::read(&file).unwrap().map(|store| store.count().unwrap())
        };
        assert_eq!(record(1), Some(1));
        for side in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(place.path().join(format!("stats.db{side}")));
        }
        assert_eq!(record(2), Some(1), "into a new file");
        assert_eq!(record(3), Some(2));
    }
}
