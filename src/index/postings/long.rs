//! A long list, packed: little more than a byte an entry.

use crate::index::varint::{put, take};

/// A block is split, or the next one begun, at this size: about 200 entries, which are decoded in a fraction of a
/// microsecond.
const FULL: usize = 240;
/// Doubled, this is a little above `FULL` with an entry more.
const SMALL: usize = 64;

/// Entries in blocks, so that a change concerns one of them. What is put in comes last most of the time, so the last block
/// is at hand.
#[derive(Clone, Debug, Default)]
pub struct LongList {
    full: Vec<Block>,
    last: Block,
    len: usize,
    /// Of the blocks.
    bytes: usize,
}

/// For each entry the distance to the file before (from `first`) times four, with what stands beside it: 1 to 3 as 0 to 2,
/// anything else as 3 and a byte of its own.
#[derive(Clone, Debug, Default)]
struct Block {
    first: u32,
    last: u32,
    packed: Vec<u8>,
}

impl Block {
    fn new(entries: &[(u32, u8)]) -> Self {
        let first = entries.first().map_or(0, |(file, _)| *file);
        let mut block = Self { first, last: first, packed: Vec::with_capacity(SMALL) };
        entries.iter().for_each(|(file, beside)| block.push(*file, *beside));
        block
    }

    fn push(&mut self, file: u32, beside: u8) {
        pack(&mut self.packed, file - self.last, beside);
        self.last = file;
    }

    /// Puts in, replaces (`Some`) or takes out (`None`) the entry of one file without unpacking the others. Returns by how
    /// many entries the block grew.
    fn change(&mut self, file: u32, beside: Option<u8>) -> isize {
        let mut entries = self.iter();
        let (mut before, mut at) = (None, 0);
        let mut next = entries.next();
        while let Some((other, _)) = next.filter(|(other, _)| *other < file) {
            before = Some(other);
            at = self.packed.len() - entries.packed.len();
            next = entries.next();
        }
        let is_there = next.is_some_and(|(other, _)| other == file);
        // What follows the place, whose distance changes with it.
        let follows = if is_there { entries.next() } else { next };
        let end = self.packed.len() - entries.packed.len();
        let mut new = Vec::with_capacity(16);
        if before.is_none() {
            self.first = if beside.is_some() { file } else { follows.map_or(self.first, |(other, _)| other) };
        }
        let mut last = before.unwrap_or(self.first);
        for (file, beside) in beside.map(|beside| (file, beside)).into_iter().chain(follows) {
            pack(&mut new, file - last, beside);
            last = file;
        }
        if end == self.packed.len() {
            self.last = last;
        }
        self.packed.splice(at..end, new);
        isize::from(beside.is_some()) - isize::from(is_there)
    }

    fn iter(&self) -> BlockIter<'_> {
        BlockIter { file: self.first, packed: &self.packed }
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.packed.capacity() + 8
    }
}

fn pack(out: &mut Vec<u8>, distance: u32, beside: u8) {
    match beside {
        1..=3 => put(out, distance << 2 | u32::from(beside - 1)),
        _ => {
            put(out, distance << 2 | 3);
            out.push(beside);
        }
    }
}

impl LongList {
    /// From entries as short lists have them.
    pub fn new(entries: &[u32]) -> Self {
        let mut list = Self::default();
        for entry in entries {
            list.insert(entry >> 8, (entry & 0xff) as u8);
        }
        list
    }

    pub fn len(&self) -> usize {
        self.len
    }

    /// Bytes held, with the allocator's share.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + 16 + self.bytes
    }

    /// Replaces the entry of `file`, if it has one.
    pub fn insert(&mut self, file: u32, beside: u8) {
        if self.len > 0 && file <= self.last.last {
            self.change(file, Some(beside));
            return;
        }
        if self.len == 0 {
            self.last = Block::new(&[(file, beside)]);
            (self.len, self.bytes) = (1, self.last.bytes());
            return;
        }
        self.bytes -= self.last.bytes();
        if self.last.packed.len() < FULL {
            self.last.push(file, beside);
        } else {
            self.bytes += self.last.bytes();
            self.full.push(std::mem::replace(&mut self.last, Block::new(&[(file, beside)])));
        }
        self.bytes += self.last.bytes();
        self.len += 1;
    }

    pub fn remove(&mut self, file: u32) {
        self.change(file, None);
    }

    fn change(&mut self, file: u32, beside: Option<u8>) {
        if self.len == 0 {
            return;
        }
        let at = self.block_of(file);
        let block = self.full.get_mut(at).unwrap_or(&mut self.last);
        self.bytes -= block.bytes();
        self.len = self.len.saturating_add_signed(block.change(file, beside));
        if block.packed.is_empty() {
            if at < self.full.len() {
                self.full.remove(at);
            } else {
                self.last = self.full.pop().unwrap_or_default();
            }
        } else if block.packed.len() > FULL + SMALL {
            let entries: Vec<(u32, u8)> = block.iter().collect();
            let (first, second) = entries.split_at(entries.len() / 2);
            let (first, second) = (Block::new(first), Block::new(second));
            self.bytes += first.bytes() + second.bytes();
            *block = second;
            self.full.insert(at, first);
        } else {
            self.bytes += block.bytes();
        }
    }

    /// The number of the block that has the entry of a file if any has.
    fn block_of(&self, file: u32) -> usize {
        if self.last.first <= file {
            return self.full.len();
        }
        self.full.partition_point(|block| block.first <= file).saturating_sub(1)
    }

    pub fn get(&self, file: u32) -> Option<u8> {
        let mut entries = self.full.get(self.block_of(file)).unwrap_or(&self.last).iter();
        entries.find(|(other, _)| *other >= file).filter(|(other, _)| *other == file).map(|(_, beside)| beside)
    }

    pub fn iter(&self) -> Iter<'_> {
        let blocks = self.full.iter().chain(std::iter::once(&self.last));
        Iter { blocks, block: BlockIter { file: 0, packed: &[] }, left: self.len }
    }

    pub fn shrink(&mut self) {
        self.full.shrink_to_fit();
        let blocks = self.full.iter_mut().chain((self.len > 0).then_some(&mut self.last));
        for block in blocks {
            self.bytes -= block.bytes();
            block.packed.shrink_to_fit();
            self.bytes += block.bytes();
        }
    }
}

#[derive(Clone, Debug)]
struct BlockIter<'a> {
    file: u32,
    packed: &'a [u8],
}

impl Iterator for BlockIter<'_> {
    type Item = (u32, u8);

    fn next(&mut self) -> Option<(u32, u8)> {
        let word = take(&mut self.packed)?;
        self.file += word >> 2;
        if word & 3 < 3 {
            return Some((self.file, (word & 3) as u8 + 1));
        }
        let (beside, rest) = self.packed.split_first()?;
        self.packed = rest;
        Some((self.file, *beside))
    }
}

/// Entries ordered by file.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    blocks: std::iter::Chain<std::slice::Iter<'a, Block>, std::iter::Once<&'a Block>>,
    block: BlockIter<'a>,
    left: usize,
}

impl Iterator for Iter<'_> {
    type Item = (u32, u8);

    fn next(&mut self) -> Option<(u32, u8)> {
        loop {
            if let Some(entry) = self.block.next() {
                self.left = self.left.saturating_sub(1);
                return Some(entry);
            }
            self.block = self.blocks.next()?.iter();
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}
