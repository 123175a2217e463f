//! The graph of the workspace: an edge for each name that a file uses of another.
//!
//! Kept up to date by what changed, not made anew: a change of a file concerns its own edges and those of the files that use
//! a name whose definitions changed with it. New and removed paths concern everything, because an import may mean another
//! file then.

use std::sync::{Arc, PoisonError};

use rustc_hash::FxHashMap;

use super::Shared;
use super::links::{Links, place};
use super::names::NameId;
use super::narrow::{self, Circle};
use super::rank::Arrows;
use super::state::{FileId, State};
use crate::syntax::ReferenceKind;

/// Files whose edges are found in one go, while nothing else can change the index: about 5 ms.
const AT_ONCE: usize = 256;

/// Uses of a name in one file that mean a definition in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    pub to: FileId,
    pub name: NameId,
    /// In 1024ths of one use that surely means it. Whole numbers, so that sums do not depend on their order.
    pub weight: u32,
}

#[derive(Debug, Default)]
pub struct Graph {
    pub links: Links,
    /// By file number.
    edges: Vec<Box<[Edge]>>,
    /// Files whose edges must be found again.
    stale: Vec<FileId>,
    is_built: bool,
    /// Counts changes of this graph.
    version: u64,
    arrows: Option<(u64, Arc<Arrows>)>,
}

/// One use's weight, and how much a name that is used often in one file counts: the root of the uses.
const ONE: f64 = 1024.0;
/// A use inside of the defining file says little of its worth to others.
const OWN: f64 = 0.1;

impl Graph {
    /// Takes up what changed. True when everything is done; otherwise to be called again, so that changes get their turn.
    fn step(&mut self, state: &State) -> bool {
        let at = self.stale.len().saturating_sub(AT_ONCE);
        for file in self.stale.split_off(at) {
            self.links.update(state, file);
            place(&mut self.edges, file, edges_of(state, &self.links, file), Box::default());
        }
        self.stale.is_empty()
    }

    fn take(&mut self, state: &mut State) {
        let changes = state.take_changes();
        if self.is_built && changes.is_none() {
            return;
        }
        self.version += 1;
        let paths_changed = changes.as_ref().is_none_or(|changes| changes.paths);
        if !self.is_built || paths_changed {
            self.links = Links::new(state);
            self.edges.clear();
            self.stale = state.files().map(|(id, _)| id).collect();
            self.is_built = true;
            return;
        }
        if let Some(changes) = changes {
            let users = changes.names.iter().flat_map(|name| state.using(*name)).map(|(file, _)| file);
            self.stale.extend(users.chain(changes.files));
            self.stale.sort_unstable();
            self.stale.dedup();
        }
    }

    /// Edges that leave a file.
    pub fn edges(&self, file: FileId) -> &[Edge] {
        self.edges.get(file as usize).map_or(&[], |edges| edges)
    }

    /// The edges in the form that ranking works on.
    pub fn arrows(&mut self, state: &State) -> Arc<Arrows> {
        if let Some((version, arrows)) = &self.arrows
            && *version == self.version
        {
            return arrows.clone();
        }
        let arrows = Arc::new(Arrows::new(state, self));
        self.arrows = Some((self.version, arrows.clone()));
        arrows
    }
}

#[cfg(test)]
impl Graph {
    /// All edges and imports by names, for comparison.
    pub fn spell(&self, state: &State) -> std::collections::BTreeMap<String, Vec<String>> {
        let path = |file: &FileId| state.file(*file).map_or("?", |file| &file.path).to_owned();
        let spell = |file: FileId| {
            let edges = self.edges(file).iter();
            let edges = edges.map(|edge| format!("{} {} {}", path(&edge.to), state.names().get(edge.name), edge.weight));
            let imports = narrow::Near::imported(&self.links, file).iter().map(|file| format!("imports {}", path(file)));
            let mut all: Vec<String> = edges.chain(imports).collect();
            all.sort_unstable();
            all
        };
        state.files().map(|(id, file)| (file.path.to_string(), spell(id))).collect()
    }
}

impl Shared {
    /// Asks the graph as it is with every change so far, and the state that it belongs to.
    pub fn with_graph<T>(&self, ask: impl FnOnce(&mut Graph, &State) -> T) -> T {
        let mut graph = self.graph.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            {
                let mut state = self.write();
                if state.has_changes() || !graph.is_built {
                    graph.take(&mut state);
                }
            }
            while !graph.step(&self.read()) {}
            let state = self.read();
            if !state.has_changes() {
                return ask(&mut graph, &state);
            }
        }
    }
}

fn edges_of(state: &State, links: &Links, from: FileId) -> Box<[Edge]> {
    let Some(file) = state.file(from).filter(|file| file.language.is_some()) else { return Box::default() };
    let mut edges: FxHashMap<(FileId, NameId), u32> = FxHashMap::default();
    for (name, kinds, count) in file.facts.use_counts() {
        // What only stands in an import is not used yet; the import itself is a link.
        if kinds == 1 << ReferenceKind::Import as u8 {
            continue;
        }
        let (circle, definers) = narrow::definers(state, links, from, name, kinds);
        if definers.is_empty() {
            continue;
        }
        let trust = if circle == Circle::File { OWN } else { circle.trust() };
        let weight = ONE * f64::from(count).sqrt() * trust / definers.len() as f64;
        for to in definers {
            *edges.entry((to, name)).or_default() += weight as u32;
        }
    }
    let mut edges: Vec<Edge> = edges.into_iter().map(|((to, name), weight)| Edge { to, name, weight }).collect();
    edges.sort_unstable_by_key(|edge| (edge.to, edge.name));
    edges.into()
}
