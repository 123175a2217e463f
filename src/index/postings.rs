//! Which files a name stands in: one small sorted list a name.

mod long;

use self::long::LongList;

/// A sorted list of entries, one a file. 16 bytes: most names stand in a few files, and those lists take no allocation.
#[derive(Clone, Debug)]
enum List {
    /// So many of the entries count.
    Few(u8, [u32; FEW]),
    #[expect(clippy::box_collection, reason = "a list is 16 bytes that way, and 24 otherwise")]
    Short(Box<Vec<u32>>),
    Long(Box<LongList>),
}

/// Entries that fit beside the tag.
const FEW: usize = 3;
/// From so many entries on a list is packed.
const LONG: usize = 48;

/// Lists by name number. An entry is a file's number with eight bits beside it.
#[derive(Clone, Debug, Default)]
pub struct Postings {
    lists: Vec<List>,
    sizes: Sizes,
}

/// What the lists hold beside themselves: short ones, entries in them, and bytes of the long ones.
#[derive(Clone, Copy, Debug, Default)]
struct Sizes {
    short: usize,
    short_entries: usize,
    long_bytes: usize,
}

/// Files that can be numbered beside eight bits.
pub const MAX_FILES: usize = 1 << 24;

impl Postings {
    /// From all entries at once, which `all` calls out twice: those of a file together, files in the order of their numbers.
    /// Names are numbered below `names`.
    pub fn of_all(names: usize, all: impl Fn(&mut dyn FnMut(u32, u32, u8))) -> Self {
        let mut counts = vec![0_u32; names];
        all(&mut |name, _, _| {
            if let Some(count) = counts.get_mut(name as usize) {
                *count += 1;
            }
        });
        // What becomes a short list is laid side by side first; the long ones are packed as they come.
        let mut longs = Vec::new();
        let mut end = 0;
        let mut places = Vec::with_capacity(names);
        for count in &counts {
            if *count as usize >= LONG {
                places.push(longs.len());
                longs.push(LongList::default());
            } else {
                places.push(end);
                end += *count as usize;
            }
        }
        let mut entries = vec![0_u32; end];
        all(&mut |name, file, beside| {
            let Some((place, count)) = places.get_mut(name as usize).zip(counts.get(name as usize)) else { return };
            if *count as usize >= LONG {
                longs[*place].insert(file, beside);
            } else if let Some(entry) = entries.get_mut(*place) {
                *entry = file << 8 | u32::from(beside);
                *place += 1;
            }
        });
        let mut postings = Self::default();
        postings.lists.reserve_exact(names);
        let (mut longs, mut rest) = (longs.into_iter(), &entries[..]);
        for count in counts {
            let list = if count as usize >= LONG {
                longs.next().map_or_else(List::default, |long| List::long(long, &mut postings.sizes))
            } else {
                let (own, others) = rest.split_at(count as usize);
                rest = others;
                List::of(own, &mut postings.sizes)
            };
            postings.lists.push(list);
        }
        postings
    }

    /// Replaces the entry of `file`, if it has one.
    pub fn insert(&mut self, name: u32, file: u32, beside: u8) {
        let name = name as usize;
        if self.lists.len() <= name {
            // By quarters: doubled, half of it would be empty for most of a scan.
            if self.lists.capacity() <= name {
                let more = (self.lists.len() / 4).max(name + 1 - self.lists.len());
                self.lists.reserve_exact(more);
            }
            self.lists.resize(name + 1, List::default());
        }
        let entry = file << 8 | u32::from(beside);
        self.lists[name].insert(entry, &mut self.sizes);
    }

    pub fn remove(&mut self, name: u32, file: u32) {
        if let Some(list) = self.lists.get_mut(name as usize) {
            list.remove(file, &mut self.sizes);
        }
    }

    /// What stands beside one file.
    pub fn get(&self, name: u32, file: u32) -> Option<u8> {
        match self.lists.get(name as usize)? {
            List::Long(long) => long.get(file),
            list => {
                let entries = list.entries();
                let at = place_of(entries, file).ok()?;
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
                    self.sizes.long_bytes -= long.bytes();
                    long.shrink();
                    self.sizes.long_bytes += long.bytes();
                }
                List::Few(..) => {}
            }
        }
        self.lists.shrink_to_fit();
    }

    /// Estimate of the bytes held: a short list's own allocations are 40 bytes with the allocator's share.
    pub fn bytes(&self) -> usize {
        let Sizes { short, short_entries, long_bytes } = self.sizes;
        self.lists.capacity() * size_of::<List>() + short * 40 + short_entries * 5 + long_bytes
    }
}

impl Default for List {
    fn default() -> Self {
        Self::Few(0, [0; FEW])
    }
}

impl List {
    /// Of a list that is not long.
    fn entries(&self) -> &[u32] {
        match self {
            Self::Few(len, entries) => &entries[..usize::from(*len)],
            Self::Short(entries) => entries.as_slice(),
            Self::Long(_) => &[],
        }
    }

    /// Of sorted entries that are not enough for a long list.
    fn of(entries: &[u32], sizes: &mut Sizes) -> Self {
        if entries.len() <= FEW {
            let mut few = [0; FEW];
            few[..entries.len()].copy_from_slice(entries);
            return Self::Few(entries.len() as u8, few);
        }
        sizes.short += 1;
        sizes.short_entries += entries.len();
        Self::Short(Box::new(entries.to_vec()))
    }

    fn long(mut long: LongList, sizes: &mut Sizes) -> Self {
        long.shrink();
        sizes.long_bytes += long.bytes();
        Self::Long(Box::new(long))
    }

    /// Replaces the entry of the same file, if there is one.
    fn insert(&mut self, entry: u32, sizes: &mut Sizes) {
        match self {
            Self::Few(len, few) => {
                let count = usize::from(*len);
                match place_of(&few[..count], entry >> 8) {
                    Ok(at) => few[at] = entry,
                    Err(at) if count < FEW => {
                        few.copy_within(at..count, at + 1);
                        few[at] = entry;
                        *len += 1;
                    }
                    Err(at) => {
                        let mut entries = few.to_vec();
                        entries.insert(at, entry);
                        *self = Self::of(&entries, sizes);
                    }
                }
            }
            Self::Short(entries) => {
                match place_of(entries, entry >> 8) {
                    Ok(at) => entries[at] = entry,
                    Err(at) => {
                        grow(entries);
                        entries.insert(at, entry);
                        sizes.short_entries += 1;
                    }
                }
                if entries.len() >= LONG {
                    sizes.short -= 1;
                    sizes.short_entries -= entries.len();
                    *self = Self::long(LongList::new(entries), sizes);
                }
            }
            Self::Long(long) => {
                sizes.long_bytes -= long.bytes();
                long.insert(entry >> 8, (entry & 0xff) as u8);
                sizes.long_bytes += long.bytes();
            }
        }
    }

    fn remove(&mut self, file: u32, sizes: &mut Sizes) {
        match self {
            Self::Few(len, few) => {
                let count = usize::from(*len);
                if let Ok(at) = place_of(&few[..count], file) {
                    few.copy_within(at + 1..count, at);
                    *len -= 1;
                }
            }
            Self::Short(entries) => {
                if let Ok(at) = place_of(entries, file) {
                    entries.remove(at);
                    sizes.short_entries -= 1;
                }
                if let [one, two] = entries[..] {
                    sizes.short -= 1;
                    sizes.short_entries -= 2;
                    *self = Self::of(&[one, two], sizes);
                }
            }
            Self::Long(long) => {
                sizes.long_bytes -= long.bytes();
                long.remove(file);
                // Well below, so that a list at the limit is not packed and unpacked with every change.
                if long.len() < LONG / 2 {
                    let entries: Vec<u32> = long.iter().map(|(file, beside)| file << 8 | u32::from(beside)).collect();
                    *self = Self::of(&entries, sizes);
                } else {
                    sizes.long_bytes += long.bytes();
                }
            }
        }
    }
}

/// Where the entry of a file stands, or would. Files are mostly numbered in the order in which they come.
fn place_of(entries: &[u32], file: u32) -> Result<usize, usize> {
    match entries.last() {
        Some(last) if last >> 8 >= file => entries.binary_search_by_key(&file, |entry| entry >> 8),
        _ => Err(entries.len()),
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
            let entries = |each: &mut dyn FnMut(u32, u32, u8)| {
                let mut all: Vec<(u32, u32, u8)> = Vec::new();
                maps.iter().for_each(|(name, map)| all.extend(map.iter().map(|(file, beside)| (*file, *name, *beside))));
                all.sort_unstable();
                all.into_iter().for_each(|(file, name, beside)| each(name, file, beside));
            };
            // The third name is beyond what was announced.
            let at_once = Postings::of_all(2, entries);
            for name in 0..2 {
                proptest::prop_assert!(at_once.of(name).eq(postings.of(name)));
            }
            proptest::prop_assert_eq!(at_once.count(2), 0);
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
