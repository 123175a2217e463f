//! Which tokens each sequence of the KV cache holds, and which sequence a job gets. Book-keeping only: the caller tells
//! llama.cpp.

use crate::engine::fim::Token;

/// One sequence of the KV cache.
#[derive(Debug, Default)]
pub(super) struct Slot {
    /// (client, lane) that used it last.
    pub owner: Option<(u64, u64)>,
    /// Tokens whose keys and values are in the cache, by position.
    pub tokens: Vec<Token>,
    /// The cache may hold this many positions: rejected drafts stay until they are cut.
    pub filled: usize,
    used: u64,
}

#[derive(Debug)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    clock: u64,
    /// Cells of the cache that all sequences share.
    cells: usize,
}

/// A lane keeps its slot if this share of the prompt at least is there already, in percent; else the longest prefix wins.
const KEEP_PERCENT: usize = 50;

impl Slots {
    pub fn new(count: usize, cells: usize) -> Self {
        Self { slots: (0..count.max(1)).map(|_| Slot::default()).collect(), clock: 0, cells }
    }

    pub fn get(&self, index: usize) -> &Slot {
        &self.slots[index]
    }

    pub fn get_mut(&mut self, index: usize) -> &mut Slot {
        &mut self.slots[index]
    }

    /// Slots that hold something, the one used last first.
    pub fn latest_first(&self) -> Vec<usize> {
        let mut filled: Vec<usize> =
            (0..self.slots.len()).filter(|&index| !self.slots[index].tokens.is_empty()).collect();
        filled.sort_by_key(|&index| std::cmp::Reverse(self.slots[index].used));
        filled
    }

    /// The lane's own slot when it holds much of the prompt, else the one with the longest common prefix, else the one
    /// unused for longest. A slot of another lane is taken over only if nearly all of what it holds is of use.
    pub fn choose(&mut self, owner: (u64, u64), prompt: &[Token]) -> usize {
        self.clock += 1;
        let clock = self.clock;
        let common = |slot: &Slot| common_prefix(&slot.tokens, prompt);
        let own = self.slots.iter().position(|slot| slot.owner == Some(owner));
        let longest = (0..self.slots.len()).max_by_key(|&index| common(&self.slots[index])).unwrap_or(0);
        let chosen = match own {
            Some(own) if common(&self.slots[own]) * 100 >= prompt.len() * KEEP_PERCENT => own,
            _ if common(&self.slots[longest]) * 100 >= self.slots[longest].tokens.len().max(1) * KEEP_PERCENT => {
                longest
            }
            Some(own) => own,
            None => (0..self.slots.len()).min_by_key(|&index| self.slots[index].used).unwrap_or(0),
        };
        self.slots[chosen].owner = Some(owner);
        self.slots[chosen].used = clock;
        chosen
    }

    /// The slot to empty so that `needed` cells are free beside what `keep` shares with its prompt; None when they are.
    pub fn to_evict(&self, keep: usize, needed: usize) -> Option<usize> {
        let others = || self.slots.iter().enumerate().filter(|(index, slot)| *index != keep && !slot.tokens.is_empty());
        let taken: usize = others().map(|(_, slot)| slot.tokens.len()).sum();
        if taken + needed <= self.cells {
            return None;
        }
        others().min_by_key(|(_, slot)| slot.used).map(|(index, _)| index)
    }

    pub fn clear(&mut self) {
        self.slots.iter_mut().for_each(|slot| *slot = Slot::default());
    }
}

pub(super) fn common_prefix(left: &[Token], right: &[Token]) -> usize {
    left.iter().zip(right).take_while(|(left, right)| left == right).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(contents: &[(u64, &[Token])]) -> Slots {
        let mut slots = Slots::new(contents.len(), 20);
        for (index, (lane, tokens)) in contents.iter().enumerate() {
            slots.slots[index] =
                Slot { owner: Some((0, *lane)), tokens: tokens.to_vec(), filled: tokens.len(), used: index as u64 };
        }
        slots
    }

    #[test]
    fn a_lane_comes_back_to_its_slot() {
        let mut slots = filled(&[(1, &[1, 2, 3, 4]), (2, &[1, 2, 3, 4, 5])]);
        assert_eq!(slots.choose((0, 1), &[1, 2, 3, 4, 5, 6]), 0);
        assert_eq!(slots.choose((0, 2), &[1, 2, 3, 4, 5, 6]), 1);
    }

    #[test]
    fn a_new_lane_takes_the_longest_prefix_or_the_least_used_slot() {
        let mut slots = filled(&[(1, &[1, 2, 3, 4]), (2, &[7, 8, 9])]);
        assert_eq!(slots.choose((0, 3), &[7, 8, 9, 1]), 1);
        assert_eq!(slots.choose((0, 4), &[5, 5]), 0);
        assert_eq!(slots.choose((9, 4), &[1, 2, 3, 4]), 0, "another client's equal prompt is of use");
    }

    #[test]
    fn full_caches_lose_what_was_unused_for_longest() {
        let slots = filled(&[(1, &[1; 8]), (2, &[2; 8]), (3, &[])]);
        assert_eq!(slots.to_evict(2, 4), None);
        assert_eq!(slots.to_evict(2, 5), Some(0));
        assert_eq!(slots.to_evict(0, 13), Some(1));
        assert_eq!(slots.latest_first(), [1, 0]);
    }
}
