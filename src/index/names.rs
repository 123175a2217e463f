//! Every identifier and word of the workspace, once. A name is a number everywhere else.

use std::hash::Hasher;

use hashbrown::HashTable;
use rustc_hash::FxHasher;
use serde::{Deserialize, Serialize};

/// A name's number. Numbers stay as they are while the index lives and are given out in the order of first use, which
/// depends on the threads' luck: nothing that a user sees may be ordered by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NameId(pub u32);

/// Names in one piece of memory, found by their hash. 4 bytes a name beside the text and the table.
#[derive(Clone, Debug, Default)]
pub struct Names {
    text: String,
    /// Where each name ends in `text`; it begins where the one before ends.
    ends: Vec<u32>,
    table: HashTable<u32>,
}

impl Names {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Room for so many more, as far as anybody can tell.
    pub fn reserve(&mut self, names: usize) {
        let names = names.min(4096);
        self.text.reserve(names * 8);
        self.ends.reserve(names);
        let (text, ends) = (&self.text, &self.ends);
        self.table.reserve(names, |id| hash(slice(text, ends, *id)));
    }

    /// The number of `name`, a new one if need be. None when the texts together would pass 4 GiB.
    pub fn intern(&mut self, name: &str) -> Option<NameId> {
        let (text, ends) = (&self.text, &self.ends);
        let hash = hash(name);
        if let Some(id) = self.table.find(hash, |id| slice(text, ends, *id) == name) {
            return Some(NameId(*id));
        }
        let end = u32::try_from(self.text.len() + name.len()).ok()?;
        let id = u32::try_from(self.ends.len()).ok()?;
        self.text.push_str(name);
        self.ends.push(end);
        let (text, ends) = (&self.text, &self.ends);
        self.table.insert_unique(hash, id, |id| self::hash(slice(text, ends, *id)));
        Some(NameId(id))
    }

    pub fn find(&self, name: &str) -> Option<NameId> {
        self.table.find(hash(name), |id| slice(&self.text, &self.ends, *id) == name).map(|id| NameId(*id))
    }

    /// Empty for a number that was never given out.
    pub fn get(&self, id: NameId) -> &str {
        slice(&self.text, &self.ends, id.0)
    }

    pub fn iter(&self) -> impl Iterator<Item = (NameId, &str)> {
        (0..).map(NameId).take(self.len()).map(|id| (id, self.get(id)))
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * 4 + self.table.capacity() * 5
    }

    /// By the number alone; empty for one that was never given out.
    pub fn at(&self, number: usize) -> &str {
        u32::try_from(number).map_or("", |id| slice(&self.text, &self.ends, id))
    }

    /// From all names one after the other and where each ends; None where they do not fit together. Empty ones are holes:
    /// their numbers are taken, and nothing finds them.
    pub fn from_parts(text: String, ends: Vec<u32>) -> Option<Self> {
        let in_order = ends.windows(2).all(|pair| pair[0] <= pair[1]);
        let covers = ends.last().map_or(0, |end| *end as usize) == text.len();
        if !in_order || !covers || !ends.iter().all(|end| text.is_char_boundary(*end as usize)) {
            return None;
        }
        let mut table = HashTable::with_capacity(ends.len());
        for id in 0..u32::try_from(ends.len()).ok()? {
            let name = slice(&text, &ends, id);
            if !name.is_empty() {
                table.insert_unique(hash(name), id, |id| hash(slice(&text, &ends, *id)));
            }
        }
        Some(Self { text, ends, table })
    }
}

fn slice<'a>(text: &'a str, ends: &[u32], id: u32) -> &'a str {
    let id = id as usize;
    let start = id.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
    ends.get(id).and_then(|end| text.get(start as usize..*end as usize)).unwrap_or_default()
}

fn hash(name: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(name.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number() {
        let mut names = Names::default();
        let ids: Vec<_> = ["a", "", "ä", "a", "b"].iter().map(|name| names.intern(name).unwrap().0).collect();
        assert_eq!(ids, [0, 1, 2, 0, 3]);
        assert_eq!(names.get(NameId(2)), "ä");
        assert_eq!(names.get(NameId(9)), "");
        assert_eq!(names.find("b"), Some(NameId(3)));
        assert_eq!(names.find("c"), None);
    }

    #[test]
    fn parts_make_the_same_names_and_wrong_parts_none() {
        let mut names = Names::default();
        for number in 0..2000 {
            names.intern(&format!("name{number}"));
        }
        let again = Names::from_parts(names.text.clone(), names.ends.clone()).unwrap();
        assert!(names.iter().eq(again.iter()));
        assert_eq!(again.find("name1234"), names.find("name1234"));
        let mut holes = Names::from_parts("ab".into(), vec![1, 1, 1, 2]).unwrap();
        assert_eq!((holes.find(""), holes.find("b")), (None, Some(NameId(3))));
        assert_eq!(holes.intern("c"), Some(NameId(4)));
        assert!(Names::from_parts("ab".into(), vec![1]).is_none());
        assert!(Names::from_parts("ab".into(), vec![2, 1, 2]).is_none());
        assert!(Names::from_parts("ä".into(), vec![1, 2]).is_none());
    }
}
