//! Which files a name stands in: one small sorted list a name.

/// A sorted list of numbers without repetition. Most names stand in one file, so one number takes no allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum List {
    #[default]
    Empty,
    One(u32),
    #[expect(clippy::box_collection, reason = "most lists are short: a list is 16 bytes that way, and 24 otherwise")]
    Many(Box<Vec<u32>>),
}

/// Lists by name number. An entry is a file's number with eight bits beside it.
#[derive(Clone, Debug, Default)]
pub struct Postings {
    lists: Vec<List>,
    /// Lists with an allocation of their own, and entries in them.
    many: usize,
    entries: usize,
}

/// Files that can be numbered beside eight bits.
pub const MAX_FILES: usize = 1 << 24;

impl Postings {
    /// Replaces the entry of `file`, if it has one.
    pub fn insert(&mut self, name: u32, file: u32, beside: u8) {
        let name = name as usize;
        if self.lists.len() <= name {
            self.lists.resize(name + 1, List::Empty);
        }
        let entry = file << 8 | u32::from(beside);
        let list = &mut self.lists[name];
        match list {
            List::Empty => *list = List::One(entry),
            List::One(other) if *other >> 8 == file => *other = entry,
            List::One(other) => {
                let both = if *other < entry { vec![*other, entry] } else { vec![entry, *other] };
                *list = List::Many(Box::new(both));
                self.many += 1;
                self.entries += 2;
            }
            // Files are mostly numbered in the order in which they come.
            List::Many(entries) if entries.last().is_some_and(|last| last >> 8 < file) => {
                entries.push(entry);
                self.entries += 1;
            }
            List::Many(entries) => match entries.binary_search_by_key(&file, |entry| entry >> 8) {
                Ok(at) => entries[at] = entry,
                Err(at) => {
                    entries.insert(at, entry);
                    self.entries += 1;
                }
            },
        }
    }

    pub fn remove(&mut self, name: u32, file: u32) {
        let Some(list) = self.lists.get_mut(name as usize) else { return };
        match list {
            List::One(entry) if *entry >> 8 == file => *list = List::Empty,
            List::Many(entries) => {
                if let Ok(at) = entries.binary_search_by_key(&file, |entry| entry >> 8) {
                    entries.remove(at);
                    self.entries -= 1;
                }
                if let [one] = entries[..] {
                    *list = List::One(one);
                    self.many -= 1;
                    self.entries -= 1;
                }
            }
            _ => {}
        }
    }

    /// What stands beside one file.
    pub fn get(&self, name: u32, file: u32) -> Option<u8> {
        let entries = self.entries(name);
        let at = entries.binary_search_by_key(&file, |entry| entry >> 8).ok()?;
        Some((entries[at] & 0xff) as u8)
    }

    /// Files and what stands beside them, ordered by number.
    pub fn of(&self, name: u32) -> impl ExactSizeIterator<Item = (u32, u8)> + '_ {
        self.entries(name).iter().map(|entry| (entry >> 8, (entry & 0xff) as u8))
    }

    fn entries(&self, name: u32) -> &[u32] {
        match self.lists.get(name as usize) {
            Some(List::One(entry)) => std::slice::from_ref(entry),
            Some(List::Many(entries)) => entries.as_slice(),
            Some(List::Empty) | None => &[],
        }
    }

    pub fn count(&self, name: u32) -> usize {
        self.of(name).len()
    }

    /// Gives back what growing left over.
    pub fn shrink(&mut self) {
        for list in &mut self.lists {
            if let List::Many(entries) = list
                && entries.capacity() > entries.len() + entries.len() / 8
            {
                entries.shrink_to_fit();
            }
        }
    }

    /// Estimate of the bytes held: a list's own allocation is 24 bytes with the allocator's share, and grows by halves.
    pub fn bytes(&self) -> usize {
        self.lists.capacity() * size_of::<List>() + self.many * 40 + self.entries * 5
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    proptest::proptest! {
        #[test]
        fn behaves_like_a_map(steps in proptest::collection::vec((0_u32..4, 0_u32..6, proptest::option::of(0_u8..9)), 0..80)) {
            let (mut postings, mut maps) = (Postings::default(), BTreeMap::<u32, BTreeMap<u32, u8>>::new());
            for (name, file, beside) in steps {
                match beside {
                    Some(beside) => {
                        postings.insert(name, file, beside);
                        maps.entry(name).or_default().insert(file, beside);
                    }
                    None => {
                        postings.remove(name, file);
                        maps.entry(name).or_default().remove(&file);
                    }
                }
                for (name, map) in &maps {
                    let expected: Vec<_> = map.iter().map(|(file, beside)| (*file, *beside)).collect();
                    proptest::prop_assert_eq!(postings.of(*name).collect::<Vec<_>>(), expected);
                }
            }
        }
    }
}
