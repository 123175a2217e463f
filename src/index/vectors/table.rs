//! The vectors themselves: rows of one long table, each known by the text that it is of, so that equal pieces share one and a
//! piece that moves keeps its own. No threads, no clock, no disk.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Near;
use super::int8::{Quantised, product, quantise};

/// Of the text that a vector is of.
pub type Key = [u8; 16];

/// Bytes that a vector takes beside its numbers: scale, key, its entry by key, its piece in a file.
const BESIDE: u64 = 4 + 4 + 16 + 40 + 24;

/// A piece of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub rows: Range<u32>,
    pub symbol: Option<u32>,
    /// Its row in the table. None where there was no room.
    pub slot: Option<u32>,
}

/// A piece that is to be put in.
#[derive(Clone, Debug)]
pub struct NewPiece {
    pub rows: Range<u32>,
    pub symbol: Option<u32>,
    pub key: Key,
}

/// One version of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePieces {
    pub hash: [u8; 16],
    pub pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
pub struct Table {
    /// Most bytes that it may take.
    most_bytes: u64,
    /// Of every vector; 0 before the first.
    dimensions: usize,
    numbers: Vec<i8>,
    scales: Vec<f32>,
    keys: Vec<Key>,
    /// Pieces that have this row.
    users: Vec<u32>,
    free: Vec<u32>,
    by_key: FxHashMap<Key, u32>,
    files: BTreeMap<Arc<str>, FilePieces>,
    pieces: usize,
    left_out: usize,
}

impl Table {
    pub fn new(most_bytes: u64) -> Self {
        Self {
            most_bytes,
            dimensions: 0,
            numbers: Vec::new(),
            scales: Vec::new(),
            keys: Vec::new(),
            users: Vec::new(),
            free: Vec::new(),
            by_key: FxHashMap::default(),
            files: BTreeMap::new(),
            pieces: 0,
            left_out: 0,
        }
    }

    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    pub fn pieces(&self) -> usize {
        self.pieces
    }

    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Rows that are in use.
    pub fn vectors(&self) -> usize {
        self.by_key.len()
    }

    pub fn bytes(&self) -> u64 {
        self.vectors() as u64 * (self.dimensions as u64 + BESIDE)
    }

    /// Vectors that there is still room for; None while nobody knows how long they are.
    pub fn room(&self) -> Option<usize> {
        let one = self.dimensions as u64 + BESIDE;
        (self.dimensions > 0).then(|| ((self.most_bytes / one) as usize).saturating_sub(self.vectors()))
    }

    pub fn knows(&self, key: &Key) -> bool {
        self.by_key.contains_key(key)
    }

    pub fn file(&self, path: &str) -> Option<&FilePieces> {
        self.files.get(path)
    }

    pub fn files(&self) -> impl Iterator<Item = (&Arc<str>, &FilePieces)> {
        self.files.iter()
    }

    /// The vector in a row and what it is of.
    pub fn row(&self, slot: u32) -> Option<(&Key, f32, &[i8])> {
        let at = slot as usize;
        let numbers = self.numbers.get(at * self.dimensions..(at + 1) * self.dimensions)?;
        Some((self.keys.get(at)?, *self.scales.get(at)?, numbers))
    }

    /// Puts a version of a file in, in place of the one before. `made` are the vectors that were not known yet; pieces without
    /// one are left out.
    ///
    /// # Errors
    /// A vector has other dimensions than those before it: a phrase.
    pub fn put(
        &mut self,
        path: &Arc<str>,
        hash: [u8; 16],
        pieces: &[NewPiece],
        made: &FxHashMap<Key, Vec<f32>>,
    ) -> Result<(), String> {
        for vector in made.values() {
            if self.dimensions == 0 {
                self.dimensions = vector.len();
            }
            if vector.len() != self.dimensions || vector.is_empty() {
                return Err(format!("the model makes vectors of {} and of {} numbers", self.dimensions, vector.len()));
            }
        }
        // What both versions have is kept, so the old one goes when the new one holds its rows.
        let mut slots: Vec<Option<u32>> = pieces.iter().map(|piece| self.by_key.get(&piece.key).copied()).collect();
        slots.iter().flatten().for_each(|slot| self.users[*slot as usize] += 1);
        self.remove(path);
        for (piece, slot) in pieces.iter().zip(&mut slots).filter(|(_, slot)| slot.is_none()) {
            *slot = match self.by_key.get(&piece.key).copied() {
                // The same text stands twice in this file.
                Some(slot) => Some(slot),
                None => made
                    .get(&piece.key)
                    .and_then(|vector| quantise(vector))
                    .and_then(|short| self.add(piece.key, &short)),
            };
            slot.iter().for_each(|slot| self.users[*slot as usize] += 1);
        }
        let pieces = pieces.iter().zip(slots).map(|(piece, slot)| Piece {
            rows: piece.rows.clone(),
            symbol: piece.symbol,
            slot,
        });
        self.insert(path.clone(), FilePieces { hash, pieces: pieces.collect() });
        Ok(())
    }

    pub fn remove(&mut self, path: &str) {
        let Some(file) = self.files.remove(path) else { return };
        self.pieces -= file.pieces.len();
        for piece in file.pieces {
            let Some(slot) = piece.slot else {
                self.left_out -= 1;
                continue;
            };
            let at = slot as usize;
            self.users[at] -= 1;
            if self.users[at] == 0 {
                self.by_key.remove(&self.keys[at]);
                self.free.push(slot);
            }
        }
    }

    /// A row for a vector; None where there is no room.
    fn add(&mut self, key: Key, vector: &Quantised) -> Option<u32> {
        if self.room() == Some(0) {
            return None;
        }
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                let slot = u32::try_from(self.keys.len()).ok()?;
                self.numbers.resize(self.numbers.len() + self.dimensions, 0);
                self.scales.push(0.0);
                self.keys.push(key);
                self.users.push(0);
                slot
            }
        };
        let at = slot as usize;
        self.numbers[at * self.dimensions..(at + 1) * self.dimensions].copy_from_slice(&vector.numbers);
        (self.scales[at], self.keys[at]) = (vector.scale, key);
        self.by_key.insert(key, slot);
        Some(slot)
    }

    fn insert(&mut self, path: Arc<str>, file: FilePieces) {
        self.pieces += file.pieces.len();
        self.left_out += file.pieces.iter().filter(|piece| piece.slot.is_none()).count();
        self.files.insert(path, file);
    }

    /// A table of stored vectors, as far as there is room for them. `files` name vectors by their place among `vectors`. None
    /// where they do not belong together.
    pub fn of_stored(
        most_bytes: u64,
        dimensions: usize,
        vectors: Vec<(Key, Quantised)>,
        files: Vec<(Arc<str>, FilePieces)>,
    ) -> Option<Self> {
        let mut table = Self { dimensions, ..Self::new(most_bytes) };
        let count = vectors.len();
        let mut slots = Vec::with_capacity(count);
        for (key, vector) in vectors {
            if vector.numbers.len() != dimensions || !vector.scale.is_finite() || table.knows(&key) {
                return None;
            }
            slots.push(table.add(key, &vector));
        }
        for (path, mut file) in files {
            for piece in &mut file.pieces {
                if let Some(stored) = piece.slot {
                    piece.slot = *slots.get(stored as usize)?;
                    piece.slot.iter().for_each(|slot| table.users[*slot as usize] += 1);
                }
            }
            if table.files.contains_key(&path) {
                return None;
            }
            table.insert(path, file);
        }
        // A vector that nobody has would never go.
        (!table.users.contains(&0)).then_some(table)
    }

    /// See `Vectors::nearest`. `weight` is what the cosines of a file are multiplied with, None where the file is another by now.
    pub fn nearest(
        &self,
        query: &[f32],
        limit: usize,
        weight: impl Fn(&str, &[u8; 16]) -> Option<f32>,
    ) -> Option<Vec<Near>> {
        if query.len() != self.dimensions || limit == 0 {
            return None;
        }
        let query = quantise(query)?;
        let rows = self.numbers.chunks_exact(self.dimensions).zip(&self.scales);
        let scores: Vec<f32> =
            rows.map(|(numbers, scale)| product(numbers, &query.numbers) as f32 * scale * query.scale).collect();
        let mut found: Vec<(f32, &Arc<str>, &Piece)> = Vec::new();
        for (path, file) in &self.files {
            let Some(weight) = weight(path, &file.hash) else { continue };
            let score = |slot: u32| scores[slot as usize] * if scores[slot as usize] > 0.0 { weight } else { 1.0 };
            found.extend(file.pieces.iter().filter_map(|piece| Some((score(piece.slot?), path, piece))));
        }
        type Found<'a> = (f32, &'a Arc<str>, &'a Piece);
        let order = |one: &Found<'_>, other: &Found<'_>| {
            let place = |found: &Found<'_>| (found.2.rows.start, found.2.rows.end);
            other.0.total_cmp(&one.0).then_with(|| one.1.cmp(other.1)).then_with(|| place(one).cmp(&place(other)))
        };
        if found.len() > limit {
            found.select_nth_unstable_by(limit, order);
            found.truncate(limit);
        }
        found.sort_unstable_by(order);
        let near = |(score, path, piece): Found<'_>| Near {
            score,
            path: path.clone(),
            rows: piece.rows.clone(),
            symbol: piece.symbol,
        };
        Some(found.into_iter().map(near).collect())
    }
}
