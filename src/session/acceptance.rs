//! Tells the tracker of suggestions what happens in the session, and the ledger what the tracker decides.
//!
//! All of it is synchronous and takes microseconds. Without a ledger, or switched off, it is a look at a lock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime};

use ropey::Rope;
use tokio::sync::Notify;

use crate::acceptance::{self, Answer, Choice, Figures, Ledger, Moment, Tracker};
use crate::complete::{Place, Source, Suggestion, Trigger};
use crate::config::StatsSettings;
use crate::engine::Engine;
use crate::text::{Change, Document, Edit};

/// Tells now. Tests bring their own.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;

/// The machine's clocks.
pub fn system_clock() -> Clock {
    let started = Instant::now();
    Arc::new(move || {
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Moment { ms, unix: i64::try_from(unix.as_secs()).unwrap_or(i64::MAX) }
    })
}

#[derive(Default)]
pub struct Acceptance {
    keeping: Mutex<Option<Keeping>>,
    wake: Arc<Notify>,
}

struct Keeping {
    is_enabled: bool,
    tracker: Tracker,
    ledger: Arc<dyn Ledger>,
    clock: Clock,
    /// Until when the timer sleeps, in ms of the clock.
    asleep_until: Option<u64>,
}

impl Acceptance {
    /// Must be called inside a tokio runtime with time.
    pub fn keep(self: &Arc<Self>, ledger: Arc<dyn Ledger>, clock: Clock, settings: &StatsSettings) {
        ledger.keep_days(settings.keep_days);
        let tracker = Tracker::default();
        let keeping = Keeping { is_enabled: settings.enabled, tracker, ledger, clock, asleep_until: None };
        *self.lock() = Some(keeping);
        tokio::spawn(tick_when_due(Arc::downgrade(self), self.wake.clone()));
    }

    pub fn is_kept(&self) -> bool {
        self.lock().as_ref().is_some_and(|keeping| keeping.is_enabled)
    }

    /// What is undecided when it is switched off is forgotten.
    pub fn configure(&self, settings: &StatsSettings) {
        if let Some(keeping) = self.lock().as_mut() {
            keeping.ledger.keep_days(settings.keep_days);
            keeping.is_enabled = settings.enabled;
            if !settings.enabled {
                keeping.tracker.forget();
            }
        }
    }

    pub fn answered(&self, document: &Document, offset: usize, trigger: Trigger, shown: &[Choice]) -> Option<u64> {
        let answer = Answer { document, offset, trigger: of_trigger(trigger), shown };
        self.tell(|tracker, now| tracker.answered(answer, now)).flatten()
    }

    pub fn changed(&self, document: &str, after: &Rope, edits: &[Edit], changes: &[Change]) {
        self.tell(|tracker, now| tracker.changed(document, after, edits, changes, now));
    }

    pub fn accepted(&self, number: u64, choice: usize) {
        self.tell(|tracker, now| tracker.accepted(number, choice, now));
    }

    pub fn opened(&self, document: &Document) {
        self.tell(|tracker, now| tracker.opened(document, now));
    }

    pub fn closed(&self, document: &str) {
        self.tell(|tracker, now| tracker.closed(document, now));
    }

    pub fn tick(&self) {
        self.tell(Tracker::tick);
    }

    pub fn end(&self, deadline: Duration) {
        self.tell(Tracker::end);
        // The lock is not held while the disk is waited for.
        let ledger = self.lock().as_ref().map(|keeping| keeping.ledger.clone());
        if let Some(ledger) = ledger {
            ledger.close(deadline);
        }
    }

    fn tell<R>(&self, event: impl FnOnce(&mut Tracker, Moment) -> R) -> Option<R> {
        let mut keeping = self.lock();
        let keeping = keeping.as_mut().filter(|keeping| keeping.is_enabled)?;
        let told = event(&mut keeping.tracker, (keeping.clock)());
        for decided in keeping.tracker.events() {
            keeping.ledger.record(decided);
        }
        let due = keeping.tracker.due_ms();
        if due.is_some_and(|due| keeping.asleep_until.is_none_or(|until| due < until)) {
            keeping.asleep_until = due;
            self.wake.notify_one();
        }
        Some(told)
    }

    /// How long the timer may sleep; None while nothing is to come.
    fn sleep(&self) -> Option<Duration> {
        let mut keeping = self.lock();
        let keeping = keeping.as_mut()?;
        keeping.asleep_until = keeping.tracker.due_ms();
        let left = keeping.asleep_until?.saturating_sub((keeping.clock)().ms);
        // Nothing is so urgent that it may not be done together.
        Some(Duration::from_millis(left.max(LEAST_SLEEP_MS)))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Keeping>> {
        self.keeping.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shortest sleep of the timer, in ms.
const LEAST_SLEEP_MS: u64 = 20;

impl Drop for Acceptance {
    fn drop(&mut self) {
        self.wake.notify_one();
    }
}

async fn tick_when_due(acceptance: Weak<Acceptance>, wake: Arc<Notify>) {
    loop {
        let Some(sleep) = acceptance.upgrade().map(|acceptance| acceptance.sleep()) else { return };
        match sleep {
            Some(sleep) => {
                tokio::select! {
                    () = tokio::time::sleep(sleep) => {}
                    () = wake.notified() => continue,
                }
            }
            None => {
                wake.notified().await;
                continue;
            }
        }
        let Some(acceptance) = acceptance.upgrade() else { return };
        acceptance.tick();
    }
}

/// A model's name, and a digest of what tells it from others of that name. Never where it lies.
pub fn engine_name(engine: &dyn Engine) -> String {
    let status = engine.status();
    let status = status.borrow();
    let Some(model) = &status.model else { return status.engine.clone() };
    let tells = format!("{}\n{}\n{}\n{}", model.name, model.architecture, model.parameters, model.bytes);
    let digest = blake3::hash(tells.as_bytes()).to_hex();
    format!("{} {}", model.name, &digest[..8])
}

/// What is kept of suggestions. `cost`: microseconds to the answer, and tokens that were generated for it.
pub fn choices(
    document: &Document,
    offset: usize,
    trigger: Trigger,
    suggestions: &[Suggestion],
    engine: Option<&str>,
    cost: (u64, Option<u32>),
) -> Vec<Choice> {
    let place = Place::at(document.rope(), offset);
    let position = match (place.at_line_start(), place.at_line_end()) {
        (true, true) => acceptance::Position::BlankLine,
        (false, true) => acceptance::Position::LineEnd,
        (_, false) => acceptance::Position::MidLine,
    };
    let choice = |suggestion: &Suggestion| {
        let engine = engine.filter(|_| suggestion.source != Source::Lookup).unwrap_or("lookup");
        let figures = Figures {
            language: document.language_id().to_owned(),
            engine: engine.to_owned(),
            source: match suggestion.source {
                Source::Lookup => acceptance::Source::Lookup,
                Source::Model => acceptance::Source::Model,
                Source::Both => acceptance::Source::Both,
            },
            trigger: of_trigger(trigger),
            position,
            confidence: suggestion.confidence,
            log_probability: suggestion.log_probability,
            latency_us: cost.0,
            tokens: cost.1,
        };
        Choice { text: suggestion.text.clone(), figures }
    };
    suggestions.iter().map(choice).collect()
}

fn of_trigger(trigger: Trigger) -> acceptance::Trigger {
    match trigger {
        Trigger::Automatic => acceptance::Trigger::Automatic,
        Trigger::Invoked => acceptance::Trigger::Invoked,
    }
}

#[cfg(test)]
mod tests;
