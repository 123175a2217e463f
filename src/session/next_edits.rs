//! Keeps what edits left behind up to date, on a thread of its own, and hands it out.
//!
//! The thread waits until the typing pauses, follows the definitions of the documents that changed, and looks for places only
//! while something is left behind. What it found belongs to the versions that it saw: whoever takes a place compares.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use self::worker::Worker;
use crate::index::Index;
use crate::nextedit::{Findings, StalePlace};
use crate::syntax::SyntaxTree;
use crate::text::{Document, DocumentId};

mod worker;

/// Without an edit for so long, it is time to look.
const PAUSE: Duration = Duration::from_millis(100);
/// Somebody who never pauses is looked after all the same.
const MOST_PAUSES: u32 = 10;
/// How often files that changed are noticed while something is stale.
const LOOK: Duration = Duration::from_secs(2);

/// What happened to a document.
#[derive(Debug)]
pub enum Event {
    /// With this text.
    Opened(Document),
    /// The index has this version.
    TakenUp {
        document: Document,
        tree: Option<Arc<SyntaxTree>>,
        index: Weak<Index>,
        path: String,
    },
    /// It is ignored, or of no folder.
    Refused,
    Closed,
}

/// What was found last.
#[derive(Clone, Debug, Default)]
pub struct Board {
    pub findings: Findings,
    /// The version of each document that this belongs to.
    pub seen: HashMap<DocumentId, Document>,
    /// Of all that was told, so much is in it.
    pub told: u64,
}

#[derive(Debug, Default)]
struct Events {
    waiting: Vec<(DocumentId, Event)>,
    /// How many there were so far.
    told: u64,
}

#[derive(Debug)]
pub struct NextEdits {
    events: Mutex<Events>,
    news: Condvar,
    board: watch::Sender<Arc<Board>>,
    is_enabled: AtomicBool,
}

impl NextEdits {
    /// Starts the thread; it ends with the last handle.
    pub fn start() -> Arc<Self> {
        let next = Arc::new(Self {
            events: Mutex::default(),
            news: Condvar::new(),
            board: watch::Sender::default(),
            is_enabled: AtomicBool::new(true),
        });
        let weak = Arc::downgrade(&next);
        let thread = crate::syntax::spawn_parsing_thread("tandem-next-edit", move || follow(&weak));
        if let Err(error) = thread {
            tracing::error!(%error, "no thread for next edits: nothing that is stale is told");
        }
        next
    }

    /// Off: everything is forgotten.
    pub fn enable(&self, is_enabled: bool) {
        if self.is_enabled.swap(is_enabled, Ordering::Relaxed) && !is_enabled {
            self.news.notify_one();
        }
    }

    /// Opened twice without a look in between is opened once.
    pub fn tell(&self, document: &DocumentId, event: Event) {
        if !self.is_enabled.load(Ordering::Relaxed) {
            return;
        }
        let mut events = self.events();
        events.told += 1;
        // Only the newest version counts.
        if let (Event::TakenUp { .. }, Some((id, last))) = (&event, events.waiting.last_mut())
            && *id == *document
            && matches!(last, Event::TakenUp { .. })
        {
            *last = event;
        } else {
            events.waiting.push((document.clone(), event));
        }
        self.news.notify_one();
    }

    /// Whether all that was told is in this board.
    pub fn is_heard(&self, board: &Board) -> bool {
        board.told == self.events().told
    }

    pub fn board(&self) -> watch::Receiver<Arc<Board>> {
        self.board.subscribe()
    }

    fn events(&self) -> MutexGuard<'_, Events> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What happened until the typing pauses; empty after `LOOK` without anything.
    fn take(&self) -> (Vec<(DocumentId, Event)>, u64) {
        let mut events = self.events();
        if events.waiting.is_empty() {
            events = self.news.wait_timeout(events, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
        for _ in 0..MOST_PAUSES {
            if events.waiting.is_empty() {
                break;
            }
            let (now, waited) = self.news.wait_timeout(events, PAUSE).unwrap_or_else(PoisonError::into_inner);
            events = now;
            if waited.timed_out() {
                break;
            }
        }
        (std::mem::take(&mut events.waiting), events.told)
    }
}

fn follow(next: &Weak<NextEdits>) {
    let started = Instant::now();
    let mut worker = Worker::default();
    while let Some(next) = next.upgrade() {
        let (events, told) = next.take();
        if !next.is_enabled.load(Ordering::Relaxed) {
            worker = Worker::default();
            next.board.send_replace(Arc::new(Board { told, ..Board::default() }));
            continue;
        }
        let work = std::panic::AssertUnwindSafe(|| worker.work(events, started.elapsed()));
        match std::panic::catch_unwind(work) {
            Ok(None) => {}
            Ok(Some(board)) => {
                next.board.send_replace(Arc::new(Board { told, ..board }));
            }
            Err(_) => {
                tracing::error!("looking for next edits panicked; it starts over");
                worker = Worker::default();
                next.board.send_replace(Arc::new(Board { told, ..Board::default() }));
            }
        }
    }
}

/// Places as they are now, for a cursor.
#[derive(Clone, Debug, Default)]
pub struct StalePlaces {
    /// The next one first.
    pub places: Vec<StalePlace>,
    /// More than these are stale.
    pub is_cut: bool,
}
