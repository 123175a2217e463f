//! Whose turn it is: the client that has used the engine for the least time. Book-keeping only; the clock is the
//! caller's.
//!
//! Turns by time and not by job: a window that asks for long suggestions would otherwise get several times what its
//! neighbour gets. Idle time is no credit: a client that comes back starts level with those who are there.

use std::collections::HashMap;

/// Time that clients have used, in µs, and who is next.
#[derive(Debug, Default)]
pub struct Turns {
    /// Only what lies above `floor`: every other client stands at it.
    used: HashMap<u64, u64>,
    /// What the client that came last to its turn had used.
    floor: u64,
}

impl Turns {
    /// The client ran for so long.
    pub fn ran(&mut self, client: u64, microseconds: u64) {
        let used = self.used(client).saturating_add(microseconds);
        self.used.insert(client, used);
    }

    /// Of those that wait, in the order in which they came to wait, whose turn it is; the first where all are level.
    pub fn next(&mut self, waiting: impl IntoIterator<Item = u64>) -> Option<u64> {
        let (used, client) =
            waiting.into_iter().map(|client| (self.used(client), client)).min_by_key(|(used, _)| *used)?;
        self.floor = used;
        self.used.retain(|_, used| *used > self.floor);
        Some(client)
    }

    fn used(&self, client: u64) -> u64 {
        self.used.get(&client).copied().unwrap_or(0).max(self.floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays turns of clients that always wait, each with the length of its jobs; the time that each got.
    fn play(lengths: &[u64], total: u64) -> Vec<u64> {
        let (mut turns, mut got) = (Turns::default(), vec![0; lengths.len()]);
        while got.iter().sum::<u64>() < total {
            let client = turns.next(0..lengths.len() as u64).expect("all wait") as usize;
            turns.ran(client as u64, lengths[client]);
            got[client] += lengths[client];
        }
        got
    }

    #[test]
    fn time_is_shared_alike_whatever_the_jobs_take() {
        for lengths in [&[10, 10][..], &[10, 300], &[7, 50, 300], &[1, 1, 1, 90]] {
            let got = play(lengths, 100_000);
            let fair = got.iter().sum::<u64>() / got.len() as u64;
            let longest = *lengths.iter().max().expect("some");
            assert!(got.iter().all(|got| got.abs_diff(fair) <= longest), "{lengths:?}: {got:?}");
        }
    }

    #[test]
    fn idle_time_is_no_credit() {
        let mut turns = Turns::default();
        for _ in 0..100 {
            assert_eq!(turns.next([1]), Some(1));
            turns.ran(1, 10);
        }
        let order: Vec<u64> = (0..6)
            .map(|_| {
                let client = turns.next([1, 2]).expect("both wait");
                turns.ran(client, 10);
                client
            })
            .collect();
        assert_eq!(order.iter().filter(|client| **client == 2).count(), 3, "{order:?}");
    }

    #[test]
    fn who_is_level_goes_in_the_order_of_waiting() {
        assert_eq!(Turns::default().next([5, 3, 4]), Some(5));
        assert_eq!(Turns::default().next([]), None);
    }

    #[test]
    fn what_is_remembered_is_bounded_by_who_is_ahead() {
        let mut turns = Turns::default();
        for client in 0..10_000 {
            turns.next([client]);
            turns.ran(client, 5);
            turns.next([client]);
        }
        assert!(turns.used.len() < 3, "{}", turns.used.len());
    }
}
