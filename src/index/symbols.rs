//! Fuzzy search for definitions by name, as `workspace/symbol` asks.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::Shared;
use super::facts::Role;
use super::navigate::{Found, found};
use crate::syntax::DefinitionKind;

/// Points, beside the matcher's 16 a character, for what people mostly look for.
const TYPE: u32 = 6;
const CALLABLE: u32 = 4;
/// Points off for code of others and for what is generated.
const FOREIGN: u32 = 24;
/// Longer names are not asked: nobody types them.
const MOST_NAME: usize = 256;

/// A definition that a query fits, with its score: higher is better, comparable within one answer only.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct SymbolHit {
    #[serde(flatten)]
    pub found: Found,
    pub score: u32,
}

impl Shared {
    /// At most `limit` definitions whose names hold the query's characters in order, best first. Words of the query may
    /// stand in any order. An empty query finds nothing.
    pub fn search_symbols(&self, query: &str, limit: usize) -> Vec<SymbolHit> {
        let query = query.trim();
        if query.is_empty() || limit == 0 {
            return Vec::new();
        }
        let pattern = Pattern::new(query, CaseMatching::Smart, Normalization::Smart, AtomKind::Fuzzy);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut characters = Vec::new();
        let state = self.read();
        let mut names: Vec<_> = state
            .names()
            .iter()
            .filter(|(id, name)| name.len() <= MOST_NAME && state.is_defined(*id))
            .filter_map(|(id, name)| {
                let score = pattern.score(Utf32Str::new(name, &mut characters), &mut matcher)?;
                // Of names that fit equally well the shortest is meant, the whole one first of all.
                Some((score * 2 + u32::from(name.eq_ignore_ascii_case(query)) * 64, name, id))
            })
            .collect();
        names.sort_unstable_by(|one, other| (other.0, one.1.len(), one.1).cmp(&(one.0, other.1.len(), other.1)));
        // A name can have many definitions, so these many names are enough, and one of each is there.
        names.truncate(limit);
        let mut hits = Vec::new();
        for (score, _, id) in names {
            for (file, _) in state.defining(id) {
                let Some(file) = state.file(file) else { continue };
                let own = file.facts.symbols.iter().filter(|symbol| symbol.name == id);
                for symbol in own.filter(|symbol| symbol.kind != DefinitionKind::Extension) {
                    let extra = match Role::of(symbol.kind) {
                        Role::Type => TYPE,
                        Role::Callable => CALLABLE,
                        Role::Value | Role::Section => 0,
                    };
                    let less = if file.is_vendored || file.is_generated { FOREIGN } else { 0 };
                    let score = (score + extra).saturating_sub(less);
                    hits.push(SymbolHit { found: found(&state, &file.path, &file.facts, symbol), score });
                }
            }
        }
        hits.sort_by(|one, other| {
            let place = |hit: &SymbolHit| (hit.found.name.len(), hit.found.path.clone(), hit.found.start);
            other.score.cmp(&one.score).then_with(|| place(one).cmp(&place(other)))
        });
        hits.truncate(limit);
        hits
    }
}
