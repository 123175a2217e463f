//! The graph of the workspace: an edge for each name that a file uses of another.
//!
//! Kept up to date by what changed, not made anew: a change of a file concerns its own edges, and of those of other files the
//! ones for a name whose definitions changed with it. New and removed paths concern everything, because an import may mean another
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
    weight: u32,
    /// Neither in the same file nor imported.
    is_far: bool,
}

impl Edge {
    /// The weight, less where the name is one that everybody uses: what every second file uses, and one of them happens to
    /// define, mostly comes from elsewhere (`Ok`, `unwrap`). Not kept in the edge, because it depends on all files.
    pub fn weight(&self, state: &State) -> u64 {
        let rarity = if self.is_far { rarity(state.using(self.name).len(), state.totals().files) } else { 1024 };
        u64::from(self.weight) * rarity
    }
}

#[derive(Debug, Default)]
pub struct Graph {
    pub links: Links,
    /// By file number.
    edges: Vec<Box<[Edge]>>,
    /// Files whose imports, and then edges, must be found again.
    stale_links: Vec<FileId>,
    stale_edges: FxHashMap<FileId, Stale>,
    is_built: bool,
    /// All imports are known, so that a changed one concerns only who depends on it.
    is_grown: bool,
    /// Counts changes of this graph.
    version: u64,
    arrows: Option<(u64, Arc<Arrows>)>,
}

/// Which edges of a file must be found again.
#[derive(Debug)]
enum Stale {
    All,
    /// Those for these names.
    Names(Vec<NameId>),
}

/// One use's weight, and how much a name that is used often in one file counts: the root of the uses.
const ONE: f64 = 1024.0;

impl Graph {
    /// Takes up what changed. True when everything is done; otherwise to be called again, so that changes get their turn.
    fn step(&mut self, state: &State) -> bool {
        if !self.step_links(state) {
            return false;
        }
        self.is_grown = true;
        let now: Vec<FileId> = self.stale_edges.keys().copied().take(AT_ONCE).collect();
        for file in now {
            match self.stale_edges.remove(&file) {
                Some(Stale::Names(mut names)) => {
                    names.sort_unstable();
                    let is_stale = |name: NameId| names.binary_search(&name).is_ok();
                    let before = std::mem::take(&mut self.edges[file as usize]).into_vec();
                    let kept = before.into_iter().filter(|edge| !is_stale(edge.name)).collect();
                    self.edges[file as usize] = edges_of(state, &self.links, file, kept, &is_stale);
                }
                _ => {
                    let edges = edges_of(state, &self.links, file, Vec::new(), &|_| true);
                    place(&mut self.edges, file, edges, Box::default());
                }
            }
        }
        self.stale_edges.is_empty()
    }

    /// The same for the links alone.
    fn step_links(&mut self, state: &State) -> bool {
        if self.stale_links.is_empty() {
            return true;
        }
        let at = self.stale_links.len().saturating_sub(AT_ONCE);
        for file in self.stale_links.split_off(at) {
            // Who imports a file that passes names on sees what that imports.
            if self.links.update(state, file) && self.is_grown && state.file(file).is_some_and(narrow::passes_on) {
                self.stale_edges.extend(self.links.importers(file).into_iter().map(|file| (file, Stale::All)));
            }
            self.stale_edges.insert(file, Stale::All);
        }
        false
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
            self.stale_links = state.files().map(|(id, _)| id).collect();
            self.stale_edges.clear();
            (self.is_built, self.is_grown) = (true, false);
            return;
        }
        if let Some(changes) = changes {
            for name in &changes.names {
                for (file, _) in state.using(*name) {
                    // Edges that were never found are found as a whole.
                    let is_there = self.edges.len() > file as usize;
                    let fresh = || if is_there { Stale::Names(Vec::new()) } else { Stale::All };
                    if let Stale::Names(names) = self.stale_edges.entry(file).or_insert_with(fresh) {
                        names.push(*name);
                    }
                }
            }
            self.stale_links.extend(changes.files);
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
            let edges =
                edges.map(|edge| format!("{} {} {}", path(&edge.to), state.names().get(edge.name), edge.weight));
            let imports =
                narrow::Near::imported(&self.links, file).iter().map(|file| format!("imports {}", path(file)));
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
        self.with_current(Graph::step, ask)
    }

    /// Asks which file imports which. In a file that somebody types in that changes seldom, and the edges with every key.
    pub fn with_links<T>(&self, ask: impl FnOnce(&Links, &State) -> T) -> T {
        self.with_current(Graph::step_links, |graph, state| ask(&graph.links, state))
    }

    fn with_current<T>(
        &self,
        step: impl Fn(&mut Graph, &State) -> bool,
        ask: impl FnOnce(&mut Graph, &State) -> T,
    ) -> T {
        let mut graph = self.graph.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            {
                let mut state = self.write();
                if state.has_changes() || !graph.is_built {
                    graph.take(&mut state);
                }
            }
            while !step(&mut graph, &self.read()) {}
            let state = self.read();
            if !state.has_changes() {
                return ask(&mut graph, &state);
            }
        }
    }
}

/// Uses on something else, as bits.
const MEMBERS: u8 = 1 << ReferenceKind::Method as u8 | 1 << ReferenceKind::Member as u8;

/// 1024 for a name that one file uses, 0 for one that all use; in steps, so that a file more or less mostly moves nothing.
fn rarity(users: usize, files: usize) -> u64 {
    let step = |number: usize| u64::from(number.max(1).ilog2());
    if files < 2 { 1024 } else { 1024 * step(files).saturating_sub(step(users)) / step(files) }
}

/// The edges of a file for the names that are wanted, together with those that are kept.
fn edges_of(
    state: &State,
    links: &Links,
    from: FileId,
    mut edges: Vec<Edge>,
    is_wanted: &dyn Fn(NameId) -> bool,
) -> Box<[Edge]> {
    let Some(file) = state.file(from).filter(|file| file.language.is_some()) else { return Box::default() };
    for (name, kinds, count) in file.facts.use_counts() {
        // What only stands in an import is not used yet; the import itself is a link.
        if kinds == 1 << ReferenceKind::Import as u8 || !is_wanted(name) {
            continue;
        }
        let (circle, definers) = narrow::definers(state, links, from, name, kinds);
        if definers.is_empty() {
            continue;
        }
        let is_member = kinds & !MEMBERS == 0;
        let weight = ONE * f64::from(count).sqrt() * circle.trust(is_member) / definers.len() as f64;
        let edge = |to| Edge { to, name, weight: weight as u32, is_far: circle >= Circle::Directory };
        edges.extend(definers.into_iter().map(edge));
    }
    edges.sort_unstable_by_key(|edge| (edge.to, edge.name));
    edges.dedup_by_key(|edge| (edge.to, edge.name));
    edges.into()
}
