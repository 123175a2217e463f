//! Which files a name stands in: one small sorted list a name.

mod long;

use self::long::LongList;

/// A sorted list of entries, one a file. Most names stand in one file, so one entry takes no allocation.
#[derive(Clone, Debug, Default)]
enum List {
    #[default]
    Empty,
    One(u32),
    #[expect(clippy::box_collection, reason = "most lists are short: a list is 16 bytes that way, and 24 otherwise")]
    Short(Box<Vec<u32>>),
    Long(Box<LongList>),
}

/// From so many entries on a list is packed.
const LONG: usize = 48;

/// Lists by name number. An entry is a file's number with eight bits beside it.
#[derive(Clone, Debug, Default)]
pub struct Postings {
    lists: Vec<List>,
    /// Short lists, entries in them, and bytes of the long ones.
    short: usize,
    short_entries: usize,
    long_bytes: usize,
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
                *list = List::Short(Box::new(both));
                self.short += 1;
                self.short_entries += 2;
            }
            List::Short(entries) => {
                // Files are mostly numbered in the order in which they come.
                let at = match entries.last() {
                    Some(last) if last >> 8 < file => Err(entries.len()),
                    _ => entries.binary_search_by_key(&file, |entry| entry >> 8),
                };
                match at {
                    Ok(at) => entries[at] = entry,
                    Err(at) => {
                        grow(entries);
                        entries.insert(at, entry);
                        self.short_entries += 1;
                    }
                }
                if entries.len() >= LONG {
                    let long = LongList::new(entries);
                    self.short -= 1;
                    self.short_entries -= entries.len();
                    self.long_bytes += long.bytes();
                    *list = List::Long(Box::new(long));
                }
            }
            List::Long(long) => {
                self.long_bytes -= long.bytes();
                long.insert(file, beside);
                self.long_bytes += long.bytes();
            }
        }
    }

    pub fn remove(&mut self, name: u32, file: u32) {
        let Some(list) = self.lists.get_mut(name as usize) else { return };
        match list {
            List::One(entry) if *entry >> 8 == file => *list = List::Empty,
            List::Short(entries) => {
                if let Ok(at) = entries.binary_search_by_key(&file, |entry| entry >> 8) {
                    entries.remove(at);
                    self.short_entries -= 1;
                }
                if let [one] = entries[..] {
                    *list = List::One(one);
                    self.short -= 1;
                    self.short_entries -= 1;
                }
            }
            List::Long(long) => {
                self.long_bytes -= long.bytes();
                long.remove(file);
                // Well below, so that a list at the limit is not packed and unpacked with every change.
                if long.len() < LONG / 2 {
                    let entries: Vec<u32> = long.iter().map(|(file, beside)| file << 8 | u32::from(beside)).collect();
                    self.short += 1;
                    self.short_entries += entries.len();
                    *list = List::Short(Box::new(entries));
                } else {
                    self.long_bytes += long.bytes();
                }
            }
            List::Empty | List::One(_) => {}
        }
    }

    /// What stands beside one file.
    pub fn get(&self, name: u32, file: u32) -> Option<u8> {
        match self.lists.get(name as usize)? {
            List::Long(long) => long.get(file),
            list => {
                let entries = list.entries();
                let at = entries.binary_search_by_key(&file, |entry| entry >> 8).ok()?;
                Some((entries[at] & 0xff) as u8)
            }
        }
    }

    /// Files and what stands beside them, ordered by number.
    pub fn of(&self, name: u32) -> impl ExactSizeIterator<Item = (u32, u8)> + '_ {
        let list = self.lists.get(name as usize);
        match list {
            Some(List::Long(long)) => Entries::Long(long.iter()),
            Some(list) => Entries::Short(list.entries().iter()),
            None => Entries::Short([].iter()),
        }
    }

    pub fn count(&self, name: u32) -> usize {
        self.of(name).len()
    }

    /// Gives back what growing left over.
    pub fn shrink(&mut self) {
        for list in &mut self.lists {
            match list {
                List::Short(entries) => entries.shrink_to_fit(),
                List::Long(long) => {
                    self.long_bytes -= long.bytes();
                    long.shrink();
                    self.long_bytes += long.bytes();
                }
                List::Empty | List::One(_) => {}
            }
        }
        self.lists.shrink_to_fit();
    }

    /// Estimate of the bytes held: a short list's own allocations are 40 bytes with the allocator's share.
    pub fn bytes(&self) -> usize {
        self.lists.capacity() * size_of::<List>() + self.short * 40 + self.short_entries * 5 + self.long_bytes
    }
}

impl List {
    /// Of a list that is not long.
    fn entries(&self) -> &[u32] {
        match self {
            Self::One(entry) => std::slice::from_ref(entry),
            Self::Short(entries) => entries.as_slice(),
            Self::Empty | Self::Long(_) => &[],
        }
    }
}

/// By halves: there are a hundred thousands of these lists, and doubling would leave a third of them empty.
fn grow(entries: &mut Vec<u32>) {
    if entries.len() == entries.capacity() {
        entries.reserve_exact((entries.len() / 2).max(2));
    }
}

enum Entries<'a> {
    Short(std::slice::Iter<'a, u32>),
    Long(long::Iter<'a>),
}

impl Iterator for Entries<'_> {
    type Item = (u32, u8);

    fn next(&mut self) -> Option<(u32, u8)> {
        match self {
            Self::Short(entries) => entries.next().map(|entry| (entry >> 8, (entry & 0xff) as u8)),
            Self::Long(entries) => entries.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Self::Short(entries) => entries.size_hint(),
            Self::Long(entries) => entries.size_hint(),
        }
    }
}

impl ExactSizeIterator for Entries<'_> {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    proptest::proptest! {
        #[test]
        fn behaves_like_a_map(
            many in 1_u32..400,
            steps in proptest::collection::vec((0_u32..3, proptest::num::u32::ANY, proptest::option::weighted(0.7, 0_u8..9)), 0..900),
        ) {
            let (mut postings, mut maps) = (Postings::default(), BTreeMap::<u32, BTreeMap<u32, u8>>::new());
            for (name, file, beside) in steps {
                let file = file % many * 1000;
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
                proptest::prop_assert_eq!(postings.get(name, file), beside);
                proptest::prop_assert_eq!(postings.count(name), maps.get(&name).map_or(0, BTreeMap::len));
            }
            let before = postings.bytes();
            postings.shrink();
            proptest::prop_assert!(postings.bytes() <= before);
            for (name, map) in &maps {
                let expected: Vec<_> = map.iter().map(|(file, beside)| (*file, *beside)).collect();
                proptest::prop_assert_eq!(postings.of(*name).collect::<Vec<_>>(), expected);
            }
        }
    }
}
