//! A pause that the user makes for this server, and how long it lasts. Nothing of it is stored.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::Session;
use crate::acceptance::Moment;
use crate::complete;

/// Longest pause that ends by itself, in minutes: a week. Longer ones are a setting.
pub const LONGEST_PAUSE_MINUTES: u32 = 7 * 24 * 60;

/// On until it is switched off, or until its time is over.
#[derive(Debug, Default)]
pub struct PauseSwitch {
    pause: Mutex<Option<Pause>>,
}

/// A pause under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Pause {
    ends: Option<Ends>,
}

/// By two clocks, whichever comes first: the one that only runs forward stands still while a machine sleeps, the other may
/// be set back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Ends {
    ms: u64,
    unix: i64,
}

impl PauseSwitch {
    /// Begins a pause in place of one that is under way. `minutes`: how long; None until `resume`.
    pub fn pause(&self, minutes: Option<u32>, now: Moment) -> Pause {
        let pause = Pause::new(minutes, now);
        *self.lock() = Some(pause);
        pause
    }

    pub fn resume(&self) {
        *self.lock() = None;
    }

    /// The pause, unless its time is over.
    pub fn current(&self, now: Moment) -> Option<Pause> {
        let mut pause = self.lock();
        *pause = pause.filter(|pause| pause.ms_left(now) != Some(0));
        *pause
    }

    fn lock(&self) -> MutexGuard<'_, Option<Pause>> {
        self.pause.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pause {
    /// A pause that begins now. `minutes` are brought into 1 to `LONGEST_PAUSE_MINUTES`; None has no end.
    pub fn new(minutes: Option<u32>, now: Moment) -> Self {
        let ends = minutes.map(|minutes| {
            let minutes = minutes.clamp(1, LONGEST_PAUSE_MINUTES);
            Ends { ms: now.ms + u64::from(minutes) * 60_000, unix: now.unix + i64::from(minutes) * 60 }
        });
        Self { ends }
    }

    /// When it ends by itself, in seconds since 1970, UTC.
    pub fn until(&self) -> Option<i64> {
        self.ends.map(|ends| ends.unix)
    }

    /// None where it does not end by itself.
    pub fn ms_left(&self, now: Moment) -> Option<u64> {
        let ends = self.ends?;
        let by_wall = u64::try_from(ends.unix.saturating_sub(now.unix)).unwrap_or(0).saturating_mul(1_000);
        Some(ends.ms.saturating_sub(now.ms).min(by_wall))
    }

    /// As a request is told.
    pub fn at(&self, now: Moment) -> complete::Paused {
        complete::Paused { minutes_left: self.ms_left(now).map(|left| left.div_ceil(60_000)) }
    }
}

impl Session {
    /// From now on typing gets nothing; `minutes`: until it does again by itself. A request by key is answered all the same.
    pub fn pause(self: &Arc<Self>, minutes: Option<u32>) {
        let pause = self.pause.pause(minutes, (self.clock)());
        self.board.set_pause(Some(pause));
        // What is under way was asked for before the pause, and would show up in it.
        self.state().documents.overtake_requests();
        let timer = minutes.map(|_| tokio::spawn(end_pause_in_time(Arc::downgrade(self))).abort_handle());
        self.set_pause_timer(timer);
    }

    /// Ends a pause. Does nothing where there is none.
    pub fn resume(&self) {
        self.pause.resume();
        self.board.set_pause(None);
        self.set_pause_timer(None);
    }

    /// The pause that lasts now.
    pub fn paused(&self) -> Option<Pause> {
        let pause = self.pause.current((self.clock)());
        self.board.set_pause(pause);
        pause
    }

    fn set_pause_timer(&self, timer: Option<tokio::task::AbortHandle>) {
        let before = std::mem::replace(&mut *self.pause_timer.lock().unwrap_or_else(PoisonError::into_inner), timer);
        if let Some(before) = before {
            before.abort();
        }
    }
}

/// Longest sleep between two looks at the clocks: a machine that was asleep itself has the pause end soon after.
const PAUSE_LOOK: Duration = Duration::from_secs(30);

/// The status tells the end of a pause, also when nobody asks for anything then.
async fn end_pause_in_time(session: Weak<Session>) {
    loop {
        let Some(session) = session.upgrade() else { return };
        let Some(left) = session.paused().and_then(|pause| pause.ms_left((session.clock)())) else { return };
        drop(session);
        tokio::time::sleep(Duration::from_millis(left.max(1)).min(PAUSE_LOOK)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Moment = Moment { ms: 5_000, unix: 1_800_000_000 };

    fn later(seconds: u64) -> Moment {
        Moment { ms: START.ms + seconds * 1_000, unix: START.unix + seconds as i64 }
    }

    fn minutes_left(switch: &PauseSwitch, now: Moment) -> Option<Option<u64>> {
        switch.current(now).map(|pause| pause.at(now).minutes_left)
    }

    #[test]
    fn a_pause_ends_by_itself() {
        let switch = PauseSwitch::default();
        assert_eq!(switch.current(START), None);
        let pause = switch.pause(Some(30), START);
        assert_eq!(pause.until(), Some(START.unix + 1_800));
        assert_eq!(minutes_left(&switch, START), Some(Some(30)));
        assert_eq!(minutes_left(&switch, later(1_799)), Some(Some(1)));
        assert_eq!(switch.current(later(1_800)), None);
        assert_eq!(switch.current(START), None, "over is over, whatever a clock says then");
    }

    #[test]
    fn a_pause_without_an_end_lasts_until_it_is_ended() {
        let switch = PauseSwitch::default();
        assert_eq!(switch.pause(None, START).until(), None);
        assert_eq!(minutes_left(&switch, later(1 << 30)), Some(None));
        switch.resume();
        assert_eq!(switch.current(START), None);
    }

    #[test]
    fn the_newest_pause_counts() {
        let switch = PauseSwitch::default();
        switch.pause(None, START);
        switch.pause(Some(1), START);
        assert_eq!(switch.current(later(60)), None);
    }

    #[test]
    fn a_machine_that_slept_and_a_clock_that_was_set_back_end_it_too() {
        let switch = PauseSwitch::default();
        switch.pause(Some(10), START);
        assert_eq!(switch.current(Moment { ms: START.ms + 1_000, unix: START.unix + 600 }), None, "it slept");
        switch.pause(Some(10), START);
        assert_eq!(switch.current(Moment { ms: START.ms + 600_000, unix: START.unix - 86_400 }), None, "set back");
    }

    #[test]
    fn lengths_are_kept_within_reason() {
        let switch = PauseSwitch::default();
        switch.pause(Some(0), START);
        assert_eq!(minutes_left(&switch, START), Some(Some(1)));
        switch.pause(Some(u32::MAX), START);
        assert_eq!(minutes_left(&switch, START), Some(Some(u64::from(LONGEST_PAUSE_MINUTES))));
    }
}
