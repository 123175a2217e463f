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

    /// Waits until what was recorded is stored, at most `deadline`, and gives the place up until more comes.
    fn close(&self, deadline: Duration);
}

enum Message {
    Event(Event),
    Close(SyncSender<()>),
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
        let mut writer = Writer::new(file, recorder.dropped.clone(), recorder.days.clone());
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

    fn close(&self, deadline: Duration) {
        let (done, wait) = sync_channel(1);
        if self.queue.try_send(Message::Close(done)).is_ok() {
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
    fn new(file: &Path, dropped: Arc<AtomicU64>, days: Arc<AtomicU32>) -> Self {
        let (store, numbers, since_pruned) = (None, HashMap::new(), 0);
        Self { file: file.to_owned(), dropped, days, store, numbers, since_pruned, paused_until: None, told: None }
    }

    fn run(&mut self, messages: &Receiver<Message>) {
        while let Ok(first) = messages.recv() {
            let mut batch = Vec::new();
            let mut closed = None;
            let until = Instant::now() + COLLECT;
            let mut next = Ok(first);
            loop {
                match next {
                    Ok(Message::Event(event)) => batch.push(event),
                    Ok(Message::Close(done)) => closed = Some(done),
                    Err(_) => break,
                }
                if closed.is_some() || batch.len() >= MOST_AT_ONCE {
                    break;
                }
                next = match messages.recv_timeout(until.saturating_duration_since(Instant::now())) {
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
                    message => message,
                };
            }
            self.write(&batch);
            if let Some(done) = closed {
                // The last process to do so leaves one file behind, without side files.
                self.close();
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
            written = Store::replace(&self.file).and_then(|(store, aside)| {
                tell_of(aside.as_deref());
                self.store = Some(store);
                self.try_write(batch)
            });
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
                tell_of(aside.as_deref());
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

fn tell_of(aside: Option<&Path>) {
    if let Some(aside) = aside {
        let aside = aside.display();
        tracing::warn!(%aside, "the figures of suggestions were damaged and are moved aside; new ones begin");
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
    use crate::acceptance::store::tests::{damaged_inside, decided, row};
    use crate::acceptance::{Kept, Mark, Outcome, Row};

    const SOON: Duration = Duration::from_secs(60);

    #[test]
    fn what_was_recorded_is_stored_when_it_is_closed() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("state/stats.db");
        let recorder = Recorder::start(&file, 400);
        recorder.close(SOON);
        assert!(!file.exists(), "nothing to write, nothing is made");
        recorder.record(Event::Decided { number: 1, row: row(Outcome::Whole) });
        recorder.record(Event::Kept { number: 1, mark: Mark::HalfMinute, kept: Kept::Percent(91) });
        recorder.record(Event::Kept { number: 7, mark: Mark::HalfMinute, kept: Kept::Percent(1) });
        recorder.close(SOON);
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
        recorder.close(SOON);
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1, "nothing was made elsewhere");
    }

    #[test]
    fn a_file_that_is_deleted_while_it_is_open_is_begun_anew() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("stats.db");
        let mut writer = Writer::new(&file, Arc::default(), Arc::new(AtomicU32::new(400)));
        let mut write = |number| {
            writer.write(&[decided(number, Outcome::Whole)]);
            Store::read(&file).unwrap().map(|store| store.count().unwrap())
        };
        assert_eq!((write(1), write(2)), (Some(1), Some(2)));
        for side in ["", "-wal", "-shm"] {
            std::fs::remove_file(place.path().join(format!("stats.db{side}"))).unwrap();
        }
        assert_eq!((write(3), write(4)), (Some(1), Some(2)), "into a new file");
    }

    #[test]
    fn what_is_too_old_goes_when_the_next_server_writes() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("stats.db");
        let server = |days: u32, at| {
            let mut writer = Writer::new(&file, Arc::default(), Arc::new(AtomicU32::new(days)));
            writer.write(&[Event::Decided { number: 1, row: Row { at, ..row(Outcome::Whole) } }]);
            Store::read(&file).unwrap().unwrap().count().unwrap()
        };
        let day = 86_400;
        assert_eq!((server(400, now() - 10 * day), server(400, now() - 5 * day)), (1, 2));
        assert_eq!(server(7, now()), 2, "the first is older than a week");
    }

    #[test]
    fn damage_that_is_found_while_writing_costs_no_figures_of_now() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("stats.db");
        damaged_inside(&file);
        let mut writer = Writer::new(&file, Arc::default(), Arc::new(AtomicU32::new(400)));
        writer.write(&[decided(1, Outcome::Whole)]);
        assert_eq!(Store::read(&file).unwrap().unwrap().count().unwrap(), 1);
        assert!(place.path().join("stats.db.damaged").exists());
    }

    #[test]
    fn a_problem_is_told_once_and_nothing_is_tried_for_a_while() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("state");
        std::fs::write(&directory, "in the way").unwrap();
        let mut writer = Writer::new(&directory.join("stats.db"), Arc::default(), Arc::new(AtomicU32::new(400)));
        writer.write(&[decided(1, Outcome::Whole)]);
        assert!(writer.told.as_ref().is_some_and(|told| told.contains("cannot use")), "{:?}", writer.told);
        std::fs::remove_file(&directory).unwrap();
        writer.write(&[decided(2, Outcome::Whole)]);
        assert!(!directory.exists(), "not yet");
        writer.paused_until = Some(Instant::now());
        writer.write(&[decided(3, Outcome::Whole)]);
        assert_eq!(Store::read(&directory.join("stats.db")).unwrap().unwrap().count().unwrap(), 1);
        assert_eq!(writer.told, None, "it would be told again");
    }
}
