//! A long list, packed: little more than a byte an entry.

use crate::index::facts::{put, take};

/// A block is split, or the next one begun, at this size: about 200 entries, which are decoded in a fraction of a
/// microsecond.
const FULL: usize = 240;
/// Doubled, this is a little above `FULL` with an entry more.
const SMALL: usize = 64;

/// Entries in blocks, so that a change concerns one of them.
#[derive(Clone, Debug, Default)]
pub struct LongList {
    blocks: Vec<Block>,
    len: usize,
    bytes: usize,
}

/// For each entry the distance to the file before (from `first`) times four, with what stands beside it: 1 to 3 as 0 to 2,
/// anything else as 3 and a byte of its own.
#[derive(Clone, Debug)]
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
        let distance = (file - self.last) << 2;
        match beside {
            1..=3 => put(&mut self.packed, distance | u32::from(beside - 1)),
            _ => {
                put(&mut self.packed, distance | 3);
                self.packed.push(beside);
            }
        }
        self.last = file;
    }

    fn iter(&self) -> BlockIter<'_> {
        BlockIter { file: self.first, packed: &self.packed }
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.packed.capacity() + 8
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
        match self.blocks.last_mut() {
            Some(last) if last.last < file && last.packed.len() < FULL => {
                self.bytes -= last.bytes();
                last.push(file, beside);
                self.bytes += last.bytes();
                self.len += 1;
                return;
            }
            Some(last) if last.last >= file => {}
            _ => {
                let block = Block::new(&[(file, beside)]);
                self.bytes += block.bytes();
                self.blocks.push(block);
                self.len += 1;
                return;
            }
        }
        self.change(file, |entries| match entries.binary_search_by_key(&file, |(file, _)| *file) {
            Ok(at) => entries[at].1 = beside,
            Err(at) => entries.insert(at, (file, beside)),
        });
    }

    pub fn remove(&mut self, file: u32) {
        self.change(file, |entries| entries.retain(|(other, _)| *other != file));
    }

    /// Unpacks the block that `file` belongs to, and packs what is left of it.
    fn change(&mut self, file: u32, change: impl FnOnce(&mut Vec<(u32, u8)>)) {
        let at = self.block_of(file);
        let Some(block) = self.blocks.get(at) else { return };
        let mut entries: Vec<(u32, u8)> = block.iter().collect();
        self.len -= entries.len();
        self.bytes -= block.bytes();
        change(&mut entries);
        self.len += entries.len();
        let half = if block.packed.len() > FULL { entries.len().div_ceil(2) } else { entries.len() };
        let blocks: Vec<Block> = entries.chunks(half.max(1)).map(Block::new).collect();
        self.bytes += blocks.iter().map(Block::bytes).sum::<usize>();
        self.blocks.splice(at..=at, blocks);
    }

    fn block_of(&self, file: u32) -> usize {
        self.blocks.partition_point(|block| block.first <= file).saturating_sub(1)
    }

    pub fn get(&self, file: u32) -> Option<u8> {
        let mut entries = self.blocks.get(self.block_of(file))?.iter();
        entries.find(|(other, _)| *other >= file).filter(|(other, _)| *other == file).map(|(_, beside)| beside)
    }

    pub fn iter(&self) -> Iter<'_> {
        Iter { blocks: self.blocks.iter(), block: BlockIter { file: 0, packed: &[] }, left: self.len }
    }

    pub fn shrink(&mut self) {
        self.blocks.shrink_to_fit();
        for block in &mut self.blocks {
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
    blocks: std::slice::Iter<'a, Block>,
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
