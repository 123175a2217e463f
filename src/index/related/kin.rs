//! What types are derived from, as far as their definitions say so: members of a supertype are used as a type's own.

use rustc_hash::FxHashMap;

use crate::index::facts::{FileFacts, Role};
use crate::index::names::NameId;
use crate::index::state::{File, State};
use crate::syntax::ReferenceKind;

/// Steps from a type to what it is derived from, and types that are looked at on the way.
const MOST_STEPS: usize = 3;
const MOST_TYPES: usize = 12;
/// A type's name that more files than this define says nothing.
const MOST_DEFINERS: usize = 3;
/// What a step further away counts.
const STEP: f32 = 0.8;

/// What these types are derived from, with what is left of each one's weight; the types themselves are left out unless another
/// of them is derived from them.
pub fn supertypes(state: &State, family: &str, types: &[(NameId, f32)]) -> FxHashMap<NameId, f32> {
    let mut found: FxHashMap<NameId, f32> = FxHashMap::default();
    let mut looked_at = 0;
    let mut now: Vec<(NameId, f32)> = types.to_vec();
    for _ in 0..MOST_STEPS {
        let mut next = Vec::new();
        for (name, weight) in now {
            looked_at += 1;
            if looked_at > MOST_TYPES || state.defining(name).len() > MOST_DEFINERS {
                continue;
            }
            let files = state.defining(name).filter_map(|(id, _)| state.file(id));
            for file in files.filter(|file| file.language.is_some_and(|language| language.family() == family)) {
                for base in bases(file, name) {
                    let known = found.entry(base).or_default();
                    if *known < weight * STEP {
                        *known = weight * STEP;
                        next.push((base, weight * STEP));
                    }
                }
            }
        }
        now = next;
    }
    found
}

/// The names that the definition of a type in a file is said to be derived from.
fn bases(file: &File, of: NameId) -> Vec<NameId> {
    let facts: &FileFacts = &file.facts;
    let inherit = 1 << ReferenceKind::Inherit as u8;
    let is_of = |index: u32| {
        let symbol = facts.symbols.get(index as usize);
        symbol.is_some_and(|symbol| symbol.name == of && Role::of(symbol.kind) == Role::Type)
    };
    let mut found = Vec::new();
    for (name, uses) in facts.uses_as(inherit).filter(|(name, _)| *name != of) {
        let places = uses.into_iter().filter(|one| one.kind == ReferenceKind::Inherit);
        if places.filter_map(|one| facts.symbol_at(one.at)).any(is_of) {
            found.push(name);
        }
    }
    found
}
