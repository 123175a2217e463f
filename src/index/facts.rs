//! What is known of one version of one file, packed: a workspace has millions of references.

mod packed;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use self::packed::Groups;
use super::names::NameId;
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

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportFact<'a> {
    pub row: u32,
    /// The module or file that is named, groups expanded.
    pub path: Cow<'a, str>,
    /// Names that are brought in, where they are listed.
    pub names: Vec<NameId>,
}

/// Immutable; an edit makes a new one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    /// In the order of the text.
    pub symbols: Box<[Symbol]>,
    /// See `packed::imports`. In Java every second line of a small file is one.
    #[serde(with = "serde_bytes")]
    imports: Box<[u8]>,
    /// Uses grouped by name; see `packed::uses`.
    #[serde(with = "serde_bytes")]
    uses: Box<[u8]>,
    /// Terms with their frequency; see `packed::terms`.
    #[serde(with = "serde_bytes")]
    terms: Box<[u8]>,
    /// Sum of the frequencies: the file's length for BM25.
    pub length: u32,
}

impl FileFacts {
    /// `uses` and `terms` in any order.
    pub fn new(
        symbols: Vec<Symbol>,
        imports: &[ImportFact<'_>],
        mut uses: Vec<(NameId, Use)>,
        mut terms: Vec<(NameId, u32)>,
    ) -> Self {
        uses.sort_unstable();
        terms.sort_unstable();
        let length = terms.iter().fold(0_u32, |sum, (_, count)| sum.saturating_add(*count));
        Self {
            symbols: symbols.into(),
            imports: packed::imports(imports).into(),
            uses: packed::uses(&uses).into(),
            terms: packed::terms(&terms).into(),
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

    /// In the order of the text.
    pub fn imports(&self) -> impl Iterator<Item = ImportFact<'_>> {
        packed::Imports::new(&self.imports)
    }

    /// Every name that is used, ordered by number, with its uses in the order of the text.
    pub fn uses(&self) -> impl Iterator<Item = (NameId, Vec<Use>)> + '_ {
        Groups::new(&self.uses).map(|(name, group)| (name, group.uses()))
    }

    /// Those that are used in one of these ways (`1 << ReferenceKind`), with all of their uses. The others are passed over, which
    /// is several times faster than reading them.
    pub fn uses_as(&self, kinds: u8) -> impl Iterator<Item = (NameId, Vec<Use>)> + '_ {
        let groups = Groups::new(&self.uses).filter(move |(_, group)| group.kinds & kinds != 0);
        groups.map(|(name, group)| (name, group.uses()))
    }

    /// Names that are used, ordered by number, with the kinds of use as bits.
    pub fn used_kinds(&self) -> impl Iterator<Item = (NameId, u8)> + '_ {
        Groups::new(&self.uses).map(|(name, group)| (name, group.kinds))
    }

    /// Names that are used, ordered by number, with the number of uses.
    pub fn use_counts(&self) -> impl Iterator<Item = (NameId, u8, u32)> + '_ {
        Groups::new(&self.uses).map(|(name, group)| (name, group.kinds, group.count))
    }

    pub fn uses_of(&self, wanted: NameId) -> Vec<Use> {
        let mut groups = Groups::new(&self.uses);
        groups.find(|(name, _)| *name == wanted).map_or_else(Vec::new, |(_, group)| group.uses())
    }

    /// Ordered by number.
    pub fn terms(&self) -> impl Iterator<Item = (NameId, u32)> + '_ {
        packed::Terms::new(&self.terms)
    }

    /// Calls `each` with every name that these facts speak of, some of them several times.
    pub fn each_name(&self, mut each: impl FnMut(NameId)) {
        self.symbols.iter().for_each(|symbol| each(symbol.name));
        self.imports().flat_map(|import| import.names).for_each(&mut each);
        Groups::new(&self.uses).for_each(|(name, _)| each(name));
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
        size_of::<Self>() + size_of_val(&*self.symbols) + self.imports.len() + self.uses.len() + self.terms.len()
    }

    pub fn use_count(&self) -> usize {
        Groups::new(&self.uses).map(|(_, group)| group.count as usize).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn what_goes_in_comes_out(
            uses in proptest::collection::vec((0_u32..50, proptest::num::u32::ANY, proptest::num::u32::ANY, 0_usize..7), 0..60),
            terms in proptest::collection::btree_map(proptest::num::u32::ANY, 1_u32..1000, 0..60),
            imports in proptest::collection::vec(
                (proptest::num::u32::ANY, ".*", proptest::collection::vec(proptest::num::u32::ANY, 0..4)),
                0..20,
            ),
        ) {
            let uses: Vec<(NameId, Use)> = uses
                .into_iter()
                .map(|(name, row, column, kind)| {
                    (NameId(name), Use { at: Place { row, column }, kind: ReferenceKind::ALL[kind] })
                })
                .collect();
            let terms: Vec<(NameId, u32)> = terms.into_iter().map(|(name, count)| (NameId(name), count)).collect();
            let imports: Vec<ImportFact<'_>> = imports
                .into_iter()
                .map(|(row, path, names)| {
                    ImportFact { row, path: path.into(), names: names.into_iter().map(NameId).collect() }
                })
                .collect();
            let facts = FileFacts::new(Vec::new(), &imports, uses.clone(), terms.clone());
            proptest::prop_assert_eq!(facts.imports().collect::<Vec<_>>(), imports);
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
            let [imports, uses, terms] = [0; 3].map(|_| bytes.clone().into());
            let facts = FileFacts { imports, uses, terms, ..FileFacts::default() };
            let _ = (facts.uses().count(), facts.terms().count(), facts.use_count(), facts.uses_of(NameId(3)));
            let _ = facts.imports().count();
        }
    }
}
