//! How facts are packed. Bytes that are damaged end early and never panic.

use std::borrow::Cow;

use super::{ImportFact, Use};
use crate::index::names::NameId;
use crate::index::varint::{put, put64, take, take64};
use crate::syntax::{Place, ReferenceKind};

/// A group: distance to the name before, number of uses, kinds of use as bits, bytes of the uses; then each use: distance
/// in rows and kind, column. About 2.5 bytes a use.
pub fn uses(uses: &[(NameId, Use)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut group = Vec::new();
    let mut before = 0;
    for same in uses.chunk_by(|a, b| a.0 == b.0) {
        let name = same[0].0.0;
        group.clear();
        let mut row = 0;
        for (_, one) in same {
            let distance = u64::from(one.at.row.wrapping_sub(row));
            row = one.at.row;
            put64(&mut group, distance << 3 | one.kind as u64);
            put(&mut group, one.at.column);
        }
        put(&mut out, name.wrapping_sub(before));
        before = name;
        put(&mut out, u32::try_from(same.len()).unwrap_or(u32::MAX));
        put(&mut out, same.iter().fold(0, |kinds, (_, one)| kinds | 1 << one.kind as u32));
        put(&mut out, u32::try_from(group.len()).unwrap_or(u32::MAX));
        out.extend_from_slice(&group);
    }
    out
}

/// The distance to the name before times four, with the frequency: 1 to 3 as 0 to 2, anything else as 3 and a number of its
/// own. About 1.3 bytes a term.
pub fn terms(terms: &[(NameId, u32)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(terms.len() * 2);
    let mut before = 0;
    for (name, count) in terms {
        let distance = u64::from(name.0.wrapping_sub(before)) << 2;
        before = name.0;
        match count {
            1..=3 => put64(&mut out, distance | u64::from(count - 1)),
            _ => {
                put64(&mut out, distance | 3);
                put(&mut out, *count);
            }
        }
    }
    out
}

/// An import: distance in rows to the one before, length of the path, the path, number of names, the names.
pub fn imports(imports: &[ImportFact<'_>]) -> Vec<u8> {
    let small = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let mut out = Vec::new();
    let mut row = 0;
    for import in imports {
        put(&mut out, import.row.wrapping_sub(row));
        row = import.row;
        put(&mut out, small(import.path.len()));
        out.extend_from_slice(import.path.as_bytes());
        put(&mut out, small(import.names.len()));
        import.names.iter().for_each(|name| put(&mut out, name.0));
    }
    out
}

/// Reads what `imports` wrote.
pub struct Imports<'a> {
    bytes: &'a [u8],
    row: u32,
}

impl<'a> Imports<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, row: 0 }
    }
}

impl<'a> Iterator for Imports<'a> {
    type Item = ImportFact<'a>;

    fn next(&mut self) -> Option<ImportFact<'a>> {
        self.row = self.row.wrapping_add(take(&mut self.bytes)?);
        let length = take(&mut self.bytes)? as usize;
        let (path, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        let path = Cow::Borrowed(std::str::from_utf8(path).ok()?);
        let count = take(&mut self.bytes)?;
        let names = (0..count).map_while(|_| take(&mut self.bytes).map(NameId)).collect();
        Some(ImportFact { row: self.row, path, names })
    }
}

/// Reads what `terms` wrote.
pub struct Terms<'a> {
    bytes: &'a [u8],
    name: u32,
}

impl<'a> Terms<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, name: 0 }
    }
}

impl Iterator for Terms<'_> {
    type Item = (NameId, u32);

    fn next(&mut self) -> Option<(NameId, u32)> {
        let word = take64(&mut self.bytes)?;
        self.name = self.name.wrapping_add(u32::try_from(word >> 2).unwrap_or(u32::MAX));
        let count = if word & 3 < 3 { (word & 3) as u32 + 1 } else { take(&mut self.bytes)? };
        Some((NameId(self.name), count))
    }
}

/// Reads what `uses` wrote, a name at a time.
pub struct Groups<'a> {
    bytes: &'a [u8],
    name: u32,
}

/// All uses of a name in one file.
pub struct Group<'a> {
    bytes: &'a [u8],
    pub count: u32,
    /// Of use, as bits.
    pub kinds: u8,
}

impl<'a> Groups<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, name: 0 }
    }
}

impl<'a> Iterator for Groups<'a> {
    type Item = (NameId, Group<'a>);

    fn next(&mut self) -> Option<(NameId, Group<'a>)> {
        self.name = self.name.wrapping_add(take(&mut self.bytes)?);
        let count = take(&mut self.bytes)?;
        let kinds = take(&mut self.bytes)? as u8;
        let length = take(&mut self.bytes)? as usize;
        let (bytes, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some((NameId(self.name), Group { bytes, count, kinds }))
    }
}

impl Group<'_> {
    /// In the order of the text.
    pub fn uses(mut self) -> Vec<Use> {
        let mut uses = Vec::with_capacity(self.count.min(1 << 16) as usize);
        let mut row = 0_u32;
        while let Some(word) = take64(&mut self.bytes) {
            row = row.wrapping_add(u32::try_from(word >> 3).unwrap_or(u32::MAX));
            let Some(column) = take(&mut self.bytes) else { break };
            let kind = ReferenceKind::ALL.get((word & 7) as usize).copied().unwrap_or(ReferenceKind::Value);
            uses.push(Use { at: Place { row, column }, kind });
        }
        uses
    }
}
