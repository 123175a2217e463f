//! Who may ask the server now: one job a lane, the newest wins, and guesses only where nobody waits and a slot is free.
//!
//! Awaited jobs of different lanes all go at once, up to a bound: who comes first among users is the server's to say.

use std::collections::{HashMap, VecDeque};

use crate::engine::{CancelFlag, Urgency};

/// Most awaited jobs under way; each lane has one.
const MOST_RUNNING: usize = 16;
/// Most that wait, and most guesses that wait: they grow old.
const MOST_WAITING: usize = 256;
const MOST_BACKGROUND: usize = 16;

/// What is known of a job that came.
#[derive(Clone, Debug)]
pub struct Entry<T> {
    pub number: u64,
    pub lane: u64,
    pub urgency: Urgency,
    pub cancel: CancelFlag,
    pub job: T,
}

#[derive(Debug)]
struct Running {
    number: u64,
    lane: u64,
    urgency: Urgency,
    cancel: CancelFlag,
}

/// The jobs of one engine.
#[derive(Debug)]
pub struct Lanes<T> {
    running: Vec<Running>,
    waiting: VecDeque<Entry<T>>,
    background: VecDeque<Entry<T>>,
    /// Jobs that the server works on at the same time, as far as it tells.
    slots: usize,
    /// The server's slot of each lane, and when it was last wanted.
    places: HashMap<u64, (u32, u64)>,
    clock: u64,
}

impl<T> Default for Lanes<T> {
    fn default() -> Self {
        Self {
            running: Vec::new(),
            waiting: VecDeque::new(),
            background: VecDeque::new(),
            slots: 1,
            places: HashMap::new(),
            clock: 0,
        }
    }
}

impl<T> Lanes<T> {
    pub fn set_slots(&mut self, slots: usize) {
        self.slots = slots.max(1);
        self.places.clear();
    }

    /// Takes a job in. What comes back is over before it began: replaced by this one, or itself where it is a guess and its lane is
    /// awaited.
    pub fn add(&mut self, entry: Entry<T>) -> Vec<Entry<T>> {
        let lane = entry.lane;
        let mut over: Vec<Entry<T>> = Vec::new();
        if entry.urgency == Urgency::Background {
            let is_awaited = self.waiting.iter().any(|waiting| waiting.lane == lane)
                || self.running.iter().any(|running| {
                    running.lane == lane && running.urgency == Urgency::Awaited && !running.cancel.is_cancelled()
                });
            if is_awaited {
                return vec![entry];
            }
            self.cancel(|running| running.lane == lane);
            over.extend(take(&mut self.background, lane));
            if self.background.len() >= MOST_BACKGROUND {
                over.extend(self.background.pop_front());
            }
            self.background.push_back(entry);
            return over;
        }
        self.cancel(|running| running.lane == lane || running.urgency == Urgency::Background);
        over.extend(take(&mut self.background, lane));
        over.extend(take(&mut self.waiting, lane));
        if self.waiting.len() >= MOST_WAITING {
            over.extend(self.waiting.pop_front());
        }
        self.waiting.push_back(entry);
        over
    }

    fn cancel(&self, which: impl Fn(&Running) -> bool) {
        self.running.iter().filter(|running| which(running)).for_each(|running| running.cancel.cancel());
    }

    /// The next job that may run; it counts as running from now on.
    pub fn start(&mut self) -> Option<Entry<T>> {
        let is_busy = |lane: u64| self.running.iter().any(|running| running.lane == lane);
        let entry = if self.running.len() < MOST_RUNNING
            && let Some(at) = self.waiting.iter().rposition(|waiting| !is_busy(waiting.lane))
        {
            // The newest is what is looked at.
            self.waiting.remove(at)
        } else if self.waiting.is_empty()
            && self.running.iter().all(|running| running.urgency == Urgency::Background)
            && self.running.len() < self.slots
            && let Some(at) = self.background.iter().rposition(|waiting| !is_busy(waiting.lane))
        {
            self.background.remove(at)
        } else {
            None
        }?;
        let Entry { number, lane, urgency, ref cancel, .. } = entry;
        self.running.push(Running { number, lane, urgency, cancel: cancel.clone() });
        Some(entry)
    }

    /// The job came to its end.
    pub fn ended(&mut self, number: u64) {
        self.running.retain(|running| running.number != number);
    }

    /// Waiting jobs that nobody wants any more.
    pub fn take_cancelled(&mut self) -> Vec<Entry<T>> {
        let mut cancelled = Vec::new();
        for queue in [&mut self.waiting, &mut self.background] {
            while let Some(at) = queue.iter().position(|entry| entry.cancel.is_cancelled()) {
                cancelled.extend(queue.remove(at));
            }
        }
        cancelled
    }

    /// Everything that waits, for when there is nothing to wait for; what runs is cancelled.
    pub fn close(&mut self) -> Vec<Entry<T>> {
        self.cancel(|_| true);
        self.waiting.drain(..).chain(self.background.drain(..)).collect()
    }

    /// The server's slot for a lane: always the same one while there are enough, then the one that was unused for longest.
    pub fn slot(&mut self, lane: u64) -> u32 {
        self.clock += 1;
        let clock = self.clock;
        if let Some((slot, used)) = self.places.get_mut(&lane) {
            *used = clock;
            return *slot;
        }
        let count = u32::try_from(self.slots).unwrap_or(u32::MAX);
        let free = (0..count).find(|slot| self.places.values().all(|(taken, _)| taken != slot));
        let slot = free.or_else(|| {
            let (oldest, slot) =
                self.places.iter().min_by_key(|(_, (_, used))| *used).map(|(lane, (slot, _))| (*lane, *slot))?;
            self.places.remove(&oldest);
            Some(slot)
        });
        let slot = slot.unwrap_or(0);
        self.places.insert(lane, (slot, clock));
        slot
    }
}

fn take<T>(queue: &mut VecDeque<Entry<T>>, lane: u64) -> Option<Entry<T>> {
    let at = queue.iter().position(|waiting| waiting.lane == lane)?;
    queue.remove(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(number: u64, lane: u64, urgency: Urgency) -> Entry<()> {
        Entry { number, lane, urgency, cancel: CancelFlag::default(), job: () }
    }

    fn numbers(entries: Vec<Entry<()>>) -> Vec<u64> {
        entries.iter().map(|entry| entry.number).collect()
    }

    fn started(lanes: &mut Lanes<()>) -> Vec<u64> {
        std::iter::from_fn(|| lanes.start()).map(|entry| entry.number).collect()
    }

    #[test]
    fn the_newest_of_a_lane_wins_and_waits_for_the_end_of_the_one_it_replaces() {
        let mut lanes = Lanes::default();
        let first = entry(1, 7, Urgency::Awaited);
        let cancel = first.cancel.clone();
        lanes.add(first);
        assert_eq!(started(&mut lanes), [1]);
        assert!(lanes.add(entry(2, 7, Urgency::Awaited)).is_empty());
        assert!(cancel.is_cancelled());
        assert_eq!(numbers(lanes.add(entry(3, 7, Urgency::Awaited))), [2], "it waited and is superseded");
        assert_eq!(started(&mut lanes), [0; 0], "the old connection is not closed yet");
        lanes.ended(1);
        assert_eq!(started(&mut lanes), [3]);
    }

    #[test]
    fn lanes_run_side_by_side() {
        let mut lanes = Lanes::default();
        for lane in 0..20 {
            lanes.add(entry(lane, lane, Urgency::Awaited));
        }
        assert_eq!(started(&mut lanes).len(), MOST_RUNNING);
        lanes.ended(19);
        assert_eq!(started(&mut lanes).len(), 1);
    }

    #[test]
    fn a_guess_runs_while_nobody_waits_and_a_slot_is_free() {
        let mut lanes = Lanes::default();
        lanes.set_slots(2);
        lanes.add(entry(1, 1, Urgency::Awaited));
        lanes.add(entry(2, 2, Urgency::Background));
        assert_eq!(started(&mut lanes), [1]);
        lanes.ended(1);
        for number in 3..5 {
            lanes.add(entry(number, number, Urgency::Background));
        }
        assert_eq!(started(&mut lanes), [4, 3], "two slots, the newest first");
        let guesses: Vec<CancelFlag> = lanes.running.iter().map(|running| running.cancel.clone()).collect();
        lanes.add(entry(9, 9, Urgency::Awaited));
        assert!(guesses.iter().all(CancelFlag::is_cancelled));
        assert_eq!(started(&mut lanes), [9], "at once: it does not wait for the guesses to end");
    }

    #[test]
    fn a_guess_never_ends_what_somebody_waits_for() {
        let mut lanes = Lanes::default();
        lanes.add(entry(1, 1, Urgency::Awaited));
        assert_eq!(started(&mut lanes), [1]);
        assert_eq!(numbers(lanes.add(entry(2, 1, Urgency::Background))), [2]);
    }

    #[test]
    fn a_lane_keeps_its_slot_while_there_are_enough() {
        let mut lanes: Lanes<()> = Lanes::default();
        lanes.set_slots(2);
        assert_eq!([5, 6, 5, 7, 5, 6].map(|lane| lanes.slot(lane)), [0, 1, 0, 1, 0, 1]);
    }

    proptest! {
        #[test]
        fn every_job_ends_once_and_no_lane_has_two(
            steps in prop::collection::vec((0u64..4, any::<bool>(), any::<bool>(), 0usize..4), 1..60),
        ) {
            let mut lanes = Lanes::default();
            let mut ended = Vec::new();
            let mut running: Vec<(u64, u64)> = Vec::new();
            for (number, (lane, is_guess, is_cancelled, end)) in (0..).zip(&steps) {
                let urgency = if *is_guess { Urgency::Background } else { Urgency::Awaited };
                let added = entry(number, *lane, urgency);
                if *is_cancelled {
                    added.cancel.cancel();
                }
                ended.extend(numbers(lanes.add(added)));
                ended.extend(numbers(lanes.take_cancelled()));
                running.extend(std::iter::from_fn(|| lanes.start()).map(|entry| (entry.number, entry.lane)));
                let mut busy: Vec<u64> = running.iter().map(|(_, lane)| *lane).collect();
                busy.sort_unstable();
                busy.dedup();
                prop_assert_eq!(busy.len(), running.len());
                for _ in 0..*end {
                    if let Some((number, _)) = running.pop() {
                        lanes.ended(number);
                        ended.push(number);
                    }
                }
            }
            while let Some((number, _)) = running.pop() {
                lanes.ended(number);
                ended.push(number);
                running.extend(std::iter::from_fn(|| lanes.start()).map(|entry| (entry.number, entry.lane)));
            }
            ended.extend(numbers(lanes.close()));
            ended.sort_unstable();
            prop_assert_eq!(ended, (0..steps.len() as u64).collect::<Vec<_>>());
        }
    }
}
