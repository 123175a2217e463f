//! Which bytes are there, which are on their way, and which are wanted next. No disk, no network, no clock.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Least bytes that are worth a request of their own when a part is shared out: the one that is cut short throws away what its
/// connection holds already, some megabytes where the way is fast.
const LEAST_SHARE: u64 = 8 << 20;

/// Bytes of a file: ranges in order, none empty, none touching another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ranges(Vec<Range<u64>>);

impl Ranges {
    pub fn insert(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        let first = self.0.partition_point(|known| known.end < range.start);
        let last = self.0.partition_point(|known| known.start <= range.end);
        let touched = self.0.get(first..last).unwrap_or_default();
        let start = touched.first().map_or(range.start, |known| known.start.min(range.start));
        let end = touched.last().map_or(range.end, |known| known.end.max(range.end));
        self.0.splice(first..last, std::iter::once(start..end));
    }

    pub fn total(&self) -> u64 {
        self.0.iter().map(|range| range.end - range.start).sum()
    }

    /// How many bytes are there from the beginning on.
    pub fn prefix(&self) -> u64 {
        self.0.first().filter(|range| range.start == 0).map_or(0, |range| range.end)
    }

    /// What is not there, in order.
    fn gaps(&self, size: u64) -> Vec<Range<u64>> {
        let starts = std::iter::once(0).chain(self.0.iter().map(|range| range.end));
        let ends = self.0.iter().map(|range| range.start).chain([size]);
        starts.zip(ends).map(|(start, end)| start..end).filter(|gap| !gap.is_empty()).collect()
    }

    /// Whether they can have been written by this room, of a file of this size: for what was read from a disk.
    pub fn is_sound(&self, size: u64) -> bool {
        let in_order = self.0.windows(2).all(|pair| matches!(pair, [one, other] if one.end < other.start));
        in_order && self.0.iter().all(|range| range.start < range.end && range.end <= size)
    }
}

/// A part that somebody brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u64);

#[derive(Debug)]
struct Running {
    ticket: Ticket,
    next: u64,
    end: u64,
}

/// Shares a file out among those who bring it: from the beginning on, so that it can be read behind them.
#[derive(Debug)]
pub struct Plan {
    size: u64,
    /// Longest part.
    piece: u64,
    finished: Ranges,
    running: Vec<Running>,
    tickets: u64,
}

impl Plan {
    pub fn new(size: u64, piece: u64, finished: Ranges) -> Self {
        Self { size, piece: piece.max(1), finished, running: Vec::new(), tickets: 0 }
    }

    /// The first part that nobody brings; where there is none, half of what is left to the slowest. None: no work.
    pub fn take(&mut self) -> Option<Ticket> {
        let mut taken = self.finished.clone();
        for running in &self.running {
            taken.insert(running.next..running.end);
        }
        let part = match taken.gaps(self.size).into_iter().next() {
            Some(gap) => gap.start..gap.end.min(gap.start.saturating_add(self.piece)),
            None => {
                let longest = self.running.iter_mut().max_by_key(|running| running.end - running.next)?;
                let left = longest.end - longest.next;
                if left < 2 * LEAST_SHARE {
                    return None;
                }
                let middle = longest.next + left / 2;
                middle..std::mem::replace(&mut longest.end, middle)
            }
        };
        let ticket = Ticket(self.tickets);
        self.tickets += 1;
        self.running.push(Running { ticket, next: part.start, end: part.end });
        Some(ticket)
    }

    /// What of a part is still to come.
    pub fn left(&self, ticket: Ticket) -> Range<u64> {
        let found = self.running.iter().find(|running| running.ticket == ticket);
        found.map_or(0..0, |running| running.next..running.end)
    }

    /// So many bytes of the part are written. Bytes behind its end, which somebody else may have been given meanwhile, count.
    pub fn advance(&mut self, ticket: Ticket, bytes: u64) {
        let Some(running) = self.running.iter_mut().find(|running| running.ticket == ticket) else { return };
        let end = running.next.saturating_add(bytes).min(self.size);
        self.finished.insert(running.next..end);
        running.next = end.min(running.end);
    }

    /// Whoever brought it does so no more: what is left is for others.
    pub fn give_back(&mut self, ticket: Ticket) {
        self.running.retain(|running| running.ticket != ticket);
    }

    pub fn finished(&self) -> &Ranges {
        &self.finished
    }

    pub fn is_done(&self) -> bool {
        self.finished.prefix() == self.size
    }
}

#[cfg(test)]
// A range is meant here, not its numbers.
#[allow(clippy::single_range_in_vec_init)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ranges(list: &[Range<u64>]) -> Ranges {
        let mut ranges = Ranges::default();
        for range in list {
            ranges.insert(range.clone());
        }
        ranges
    }

    #[test]
    fn touching_ranges_are_one() {
        assert_eq!(ranges(&[0..3, 5..7, 3..5]).0, [0..7]);
        assert_eq!(ranges(&[5..7, 0..3, 1..6]).0, [0..7]);
        assert_eq!(ranges(&[5..7, 0..3, 4..4]).0, [0..3, 5..7]);
        assert_eq!(ranges(&[5..7]).prefix(), 0);
        assert_eq!(ranges(&[5..7, 0..3]).gaps(9), [3..5, 7..9]);
    }

    #[test]
    fn what_a_disk_holds_is_looked_at() {
        let read = |text: &str| serde_json::from_str::<Ranges>(text).unwrap();
        let text = serde_json::to_string(&ranges(&[0..3, 5..7])).unwrap();
        assert!(read(&text).is_sound(7));
        assert!(!read(&text).is_sound(6), "behind the end");
        for wrong in [[3..5, 0..1], [0..3, 3..5], [0..3, 2..5], [0..3, 7..7]] {
            assert!(!Ranges(wrong.to_vec()).is_sound(100), "{wrong:?}");
        }
    }

    #[test]
    fn parts_are_given_out_from_the_beginning() {
        let mut plan = Plan::new(10 << 20, 4 << 20, ranges(&[0..1 << 20]));
        let tickets = [0; 3].map(|_| plan.take().unwrap());
        let parts = tickets.map(|ticket| plan.left(ticket));
        assert_eq!(parts, [1 << 20..5 << 20, 5 << 20..9 << 20, 9 << 20..10 << 20]);
    }

    #[test]
    fn who_has_nothing_to_do_takes_half_of_the_longest_rest() {
        let mut plan = Plan::new(8 << 23, 8 << 23, Ranges::default());
        let slow = plan.take().unwrap();
        plan.advance(slow, 2 << 23);
        let helper = plan.take().unwrap();
        assert_eq!((plan.left(slow), plan.left(helper)), (2 << 23..5 << 23, 5 << 23..8 << 23));
        plan.advance(slow, 3 << 23);
        assert_eq!(plan.left(slow), 5 << 23..5 << 23);
        plan.give_back(slow);
        assert!(!plan.is_done());
        plan.advance(helper, 2 << 23);
        assert_eq!(plan.take(), None, "too little to share");
        plan.advance(helper, 1 << 23);
        assert!(plan.is_done());
    }

    proptest! {
        /// Whatever the order in which workers take, bring, stop and help, each byte arrives, and none that was not written
        /// counts as arrived.
        #[test]
        fn all_bytes_come_and_no_others(
            size in 1u64..12 << 20,
            piece in 1u64..4 << 20,
            steps in prop::collection::vec((0usize..4, 0u8..8, 1u64..2 << 20), 0..200),
        ) {
            let mut plan = Plan::new(size, piece, Ranges::default());
            let mut written = Ranges::default();
            let mut workers = [None; 4];
            for (worker, action, bytes) in steps {
                let slot = &mut workers[worker];
                match (*slot, action) {
                    (None, _) => *slot = plan.take(),
                    (Some(ticket), 0) => {
                        plan.give_back(ticket);
                        *slot = None;
                    }
                    (Some(ticket), _) => {
                        let left = plan.left(ticket);
                        let count = bytes.min(left.end - left.start);
                        written.insert(left.start..left.start + count);
                        plan.advance(ticket, count);
                        if plan.left(ticket).is_empty() {
                            plan.give_back(ticket);
                            *slot = None;
                        }
                    }
                }
                prop_assert_eq!(plan.finished(), &written);
                prop_assert!(plan.finished().is_sound(size));
            }
            for ticket in workers.into_iter().flatten() {
                plan.give_back(ticket);
            }
            while let Some(ticket) = plan.take() {
                let left = plan.left(ticket);
                prop_assert!(left.end - left.start <= piece);
                plan.advance(ticket, left.end - left.start);
                plan.give_back(ticket);
            }
            prop_assert!(plan.is_done());
            prop_assert_eq!(plan.finished().total(), size);
        }
    }
}
