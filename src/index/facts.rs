//! What is known of one version of one file, packed: a workspace has millions of references.

use serde::{Deserialize, Serialize};

use super::names::NameId;
use super::varint::{put, put64, take, take64};
use crate::syntax::{DefinitionKind, Place, ReferenceKind};

/// Code that people write is not nested this deep. Without a limit a file of nested definitions costs the square of their
/// number wherever they are listed with what is around them.
const MOST_CONTAINERS: usize = 32;

/// A definition. 44 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Symbol {
    pub name: NameId,
    pub kind: DefinitionKind,
    pub name_at: Place,
    pub start: Place,
    /// Where the signature ends; the end of the definition where it has no body.
    pub body: Place,
    pub end: Place,
    /// Index of the definition around it.
    pub container: Option<u32>,
}

impl Symbol {
    pub fn has_body(&self) -> bool {
        self.body != self.end
    }

    pub fn holds(&self, place: Place) -> bool {
        self.start <= place && place < self.end
    }
}

/// One use of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    pub at: Place,
    pub kind: ReferenceKind,
}

/// What a definition can be used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Callable,
    Type,
    Value,
    /// Of prose and data: no code names it.
    Section,
}

impl Role {
    pub fn of(kind: DefinitionKind) -> Self {
        use DefinitionKind as Kind;
        match kind {
            Kind::Function | Kind::Method | Kind::Constructor | Kind::Macro => Self::Callable,
            Kind::Module | Kind::Namespace | Kind::Class | Kind::Struct | Kind::Enum => Self::Type,
            Kind::Interface | Kind::Type | Kind::Extension => Self::Type,
            Kind::Variant | Kind::Constant | Kind::Variable | Kind::Field => Self::Value,
            Kind::Heading | Kind::Key | Kind::Selector | Kind::Element => Self::Section,
        }
    }

    pub fn bit(self) -> u8 {
        1 << self as u8
    }

    /// Roles that something used in this way can have, as bits.
    pub fn usable_as(kind: ReferenceKind) -> u8 {
        let [callable, r#type, value] = [Self::Callable.bit(), Self::Type.bit(), Self::Value.bit()];
        match kind {
            ReferenceKind::Type | ReferenceKind::Inherit => r#type,
            ReferenceKind::Method => callable | value | r#type,
            ReferenceKind::Call | ReferenceKind::Member | ReferenceKind::Value | ReferenceKind::Import => {
                callable | r#type | value
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportFact {
    pub row: u32,
    /// The module or file that is named, groups expanded.
    pub path: Box<str>,
    /// Names that are brought in, where they are listed.
    pub names: Box<[NameId]>,
}

/// Immutable; an edit makes a new one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// In the order of the text.
    pub symbols: Box<[Symbol]>,
    pub imports: Box<[ImportFact]>,
    /// Uses grouped by name; see `encode_uses`.
    #[serde(with = "serde_bytes")]
    uses: Box<[u8]>,
    /// Terms with their frequency; see `encode_terms`.
    #[serde(with = "serde_bytes")]
    terms: Box<[u8]>,
    /// Sum of the frequencies: the file's length for BM25.
    pub length: u32,
}

impl FileFacts {
    /// `uses` and `terms` in any order.
    pub fn new(
        symbols: Vec<Symbol>,
        imports: Vec<ImportFact>,
        mut uses: Vec<(NameId, Use)>,
        mut terms: Vec<(NameId, u32)>,
    ) -> Self {
        uses.sort_unstable();
        terms.sort_unstable();
        let length = terms.iter().fold(0_u32, |sum, (_, count)| sum.saturating_add(*count));
        Self {
            symbols: symbols.into(),
            imports: imports.into(),
            uses: encode_uses(&uses).into(),
            terms: encode_terms(&terms).into(),
            length,
        }
    }

    /// Every name that is defined, ordered by number, with what it is defined as: `Role` bits. Extensions define nothing.
    pub fn defined(&self) -> impl Iterator<Item = (NameId, u8)> + use<> {
        let definitions = self.symbols.iter().filter(|symbol| symbol.kind != DefinitionKind::Extension);
        let mut names: Vec<(NameId, u8)> =
            definitions.map(|symbol| (symbol.name, Role::of(symbol.kind).bit())).collect();
        names.sort_unstable();
        names.dedup_by(|later, first| {
            let is_same = later.0 == first.0;
            first.1 |= if is_same { later.1 } else { 0 };
            is_same
        });
        names.into_iter()
    }

    /// Every name that is used, ordered by number, with its uses in the order of the text.
    pub fn uses(&self) -> impl Iterator<Item = (NameId, Vec<Use>)> + '_ {
        let mut groups = Groups { bytes: &self.uses, name: 0 };
        std::iter::from_fn(move || groups.next().map(|(name, uses)| (name, decode_group(uses))))
    }

    /// Names that are used, ordered by number, with the kinds of use as bits.
    pub fn used_kinds(&self) -> impl Iterator<Item = (NameId, u8)> + '_ {
        let mut groups = Groups { bytes: &self.uses, name: 0 };
        std::iter::from_fn(move || groups.next().map(|(name, uses)| (name, uses.kinds)))
    }

    /// Names that are used, ordered by number, with the number of uses.
    pub fn use_counts(&self) -> impl Iterator<Item = (NameId, u8, u32)> + '_ {
        let mut groups = Groups { bytes: &self.uses, name: 0 };
        std::iter::from_fn(move || groups.next().map(|(name, uses)| (name, uses.kinds, uses.count)))
    }

    pub fn uses_of(&self, wanted: NameId) -> Vec<Use> {
        let mut groups = Groups { bytes: &self.uses, name: 0 };
        while let Some((name, uses)) = groups.next() {
            if name == wanted {
                return decode_group(uses);
            }
        }
        Vec::new()
    }

    /// Ordered by number.
    pub fn terms(&self) -> impl Iterator<Item = (NameId, u32)> + '_ {
        let mut bytes: &[u8] = &self.terms;
        let mut name = 0_u32;
        std::iter::from_fn(move || {
            let word = take64(&mut bytes)?;
            name = name.wrapping_add(u32::try_from(word >> 2).unwrap_or(u32::MAX));
            let count = if word & 3 < 3 { (word & 3) as u32 + 1 } else { take(&mut bytes)? };
            Some((NameId(name), count))
        })
    }

    /// Calls `each` with every name that these facts speak of, some of them several times.
    pub fn each_name(&self, mut each: impl FnMut(NameId)) {
        self.symbols.iter().for_each(|symbol| each(symbol.name));
        self.imports.iter().flat_map(|import| &import.names).for_each(|name| each(*name));
        let mut groups = Groups { bytes: &self.uses, name: 0 };
        while let Some((name, _)) = groups.next() {
            each(name);
        }
        self.terms().for_each(|(term, _)| each(term));
    }

    /// The innermost definition around a place, as an index.
    pub fn symbol_at(&self, place: Place) -> Option<u32> {
        let before = self.symbols.partition_point(|symbol| symbol.start <= place);
        let mut at = before.checked_sub(1).and_then(|at| u32::try_from(at).ok());
        // What holds the place is the last definition that began before it, or one around that.
        while let Some(index) = at {
            let symbol = self.symbols.get(index as usize)?;
            if symbol.holds(place) {
                return Some(index);
            }
            at = symbol.container;
        }
        None
    }

    /// Names of the definitions around a symbol, outermost first; of very many only the innermost.
    pub fn containers(&self, symbol: &Symbol) -> Vec<NameId> {
        let mut names = Vec::new();
        let mut next = symbol.container;
        while let Some(outer) = next.and_then(|index| self.symbols.get(index as usize)) {
            if names.len() == MOST_CONTAINERS {
                break;
            }
            names.push(outer.name);
            next = outer.container;
        }
        names.reverse();
        names
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        let imports: usize = self.imports.iter().map(|import| 32 + import.path.len() + import.names.len() * 4).sum();
        size_of::<Self>() + size_of_val(&*self.symbols) + imports + self.uses.len() + self.terms.len()
    }

    pub fn use_count(&self) -> usize {
        let mut groups = Groups { bytes: &self.uses, name: 0 };
        let mut count = 0;
        while let Some((_, uses)) = groups.next() {
            count += uses.count as usize;
        }
        count
    }
}

/// A group: distance to the name before, number of uses, kinds of use as bits, bytes of the uses; then each use: distance
/// in rows and kind, column. About 2.5 bytes a use.
fn encode_uses(uses: &[(NameId, Use)]) -> Vec<u8> {
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
fn encode_terms(terms: &[(NameId, u32)]) -> Vec<u8> {
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

struct Groups<'a> {
    bytes: &'a [u8],
    name: u32,
}

struct Group<'a> {
    bytes: &'a [u8],
    count: u32,
    kinds: u8,
}

impl<'a> Groups<'a> {
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

fn decode_group(mut group: Group<'_>) -> Vec<Use> {
    let mut uses = Vec::with_capacity(group.count.min(1 << 16) as usize);
    let mut row = 0_u32;
    while let Some(word) = take64(&mut group.bytes) {
        row = row.wrapping_add(u32::try_from(word >> 3).unwrap_or(u32::MAX));
        let Some(column) = take(&mut group.bytes) else { break };
        let kind = ReferenceKind::ALL.get((word & 7) as usize).copied().unwrap_or(ReferenceKind::Value);
        uses.push(Use { at: Place { row, column }, kind });
    }
    uses
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn what_goes_in_comes_out(
            uses in proptest::collection::vec((0_u32..50, proptest::num::u32::ANY, proptest::num::u32::ANY, 0_usize..7), 0..60),
            terms in proptest::collection::btree_map(proptest::num::u32::ANY, 1_u32..1000, 0..60),
        ) {
            let uses: Vec<(NameId, Use)> = uses
                .into_iter()
                .map(|(name, row, column, kind)| {
                    (NameId(name), Use { at: Place { row, column }, kind: ReferenceKind::ALL[kind] })
                })
                .collect();
            let terms: Vec<(NameId, u32)> = terms.into_iter().map(|(name, count)| (NameId(name), count)).collect();
            let facts = FileFacts::new(Vec::new(), Vec::new(), uses.clone(), terms.clone());
            let mut expected = uses;
            expected.sort_unstable();
            let found: Vec<_> = facts.uses().flat_map(|(name, uses)| uses.into_iter().map(move |u| (name, u))).collect();
            proptest::prop_assert_eq!(&found, &expected);
            proptest::prop_assert_eq!(facts.use_count(), expected.len());
            proptest::prop_assert_eq!(facts.terms().collect::<Vec<_>>(), terms);
            for (name, _) in &expected {
                let own: Vec<_> = expected.iter().filter(|(other, _)| other == name).map(|(_, one)| *one).collect();
                proptest::prop_assert_eq!(facts.uses_of(*name), own);
            }
        }

        #[test]
        fn damaged_bytes_never_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let facts = FileFacts { uses: bytes.clone().into(), terms: bytes.into(), ..FileFacts::default() };
            let _ = (facts.uses().count(), facts.terms().count(), facts.use_count(), facts.uses_of(NameId(3)));
        }
    }
}
