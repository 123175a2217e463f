//! From definitions to uses and back, for people and for prompts.

use std::cmp::Ordering;

use super::Shared;
use super::facts::{FileFacts, Symbol, Use};
use super::graph::Graph;
use super::map::signature;
use super::names::NameId;
use super::narrow::{self, Circle};
use super::state::{FileId, State};
use crate::syntax::{DefinitionKind, Place, ReferenceKind};

/// A definition and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// From the workspace's root, with `/`.
    pub path: String,
    pub name: String,
    /// Names of the definitions around it, outermost first.
    pub containers: Vec<String>,
    pub kind: DefinitionKind,
    /// Rows and columns (bytes) from 0.
    pub name_at: Place,
    pub start: Place,
    pub end: Place,
}

impl Found {
    pub fn full_name(&self) -> String {
        let names: Vec<&str> = self.containers.iter().map(String::as_str).chain([self.name.as_str()]).collect();
        names.join(".")
    }
}

/// A use of a name.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reference {
    pub path: String,
    pub at: Place,
    pub kind: ReferenceKind,
    /// How near the definition is that it means.
    pub circle: Circle,
    /// The definition that it stands in.
    pub inside: Option<Found>,
}

/// A definition with everything that leads to it and from it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Relations {
    pub definition: Found,
    /// Ordered by path and place.
    pub references: Vec<Reference>,
    /// Definitions that are called in its body, each once, in the order of their first call.
    pub callees: Vec<Found>,
}

/// A definition with its signature, where the file's text is the indexed one.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct OutlineEntry {
    #[serde(flatten)]
    pub found: Found,
    pub signature: Option<String>,
}

/// What a file imports and which files import it, by path.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileLinks {
    pub imports: Vec<String>,
    pub imported_by: Vec<String>,
}

/// The name with those around it, joined by dots.
pub fn full_name(state: &State, facts: &FileFacts, symbol: &Symbol) -> String {
    let names: Vec<&str> =
        facts.containers(symbol).into_iter().chain([symbol.name]).map(|name| state.names().get(name)).collect();
    names.join(".")
}

/// All definitions of a name, ordered by path and place. `Container.name` and `container::name` are understood.
pub fn definitions(state: &State, name: &str) -> Vec<Found> {
    let (containers, last) = qualified(name);
    let Some(id) = state.names().find(last) else { return Vec::new() };
    let mut found: Vec<Found> = state
        .defining(id)
        .filter_map(|(file, _)| state.file(file))
        .flat_map(|file| {
            let own = file.facts.symbols.iter().filter(|symbol| symbol.name == id);
            let own = own.filter(|symbol| symbol.kind != DefinitionKind::Extension);
            own.map(|symbol| self::found(state, &file.path, &file.facts, symbol))
        })
        .filter(|found| is_inside(found, &containers))
        .collect();
    found.sort_by(|one, other| one.path.cmp(&other.path).then(one.start.cmp(&other.start)));
    found
}

/// The parts before the last one, and that.
fn qualified(name: &str) -> (Vec<&str>, &str) {
    let mut parts: Vec<&str> = name.split("::").flat_map(|part| part.split(['.', '#'])).collect();
    parts.retain(|part| !part.is_empty());
    match parts.pop() {
        // An operator or anything else that is no path is a name as it stands.
        Some(last) if parts.is_empty() || !last.is_empty() => (parts, last),
        _ => (Vec::new(), name),
    }
}

/// The containers, or the file's path, name these parts in their order.
fn is_inside(found: &Found, parts: &[&str]) -> bool {
    let path = found.path.rsplit_once('.').map_or(found.path.as_str(), |(stem, _)| stem);
    let mut around = path.split('/').chain(found.containers.iter().map(String::as_str));
    parts.iter().all(|part| around.any(|name| name == *part))
}

pub fn found(state: &State, path: &str, facts: &FileFacts, symbol: &Symbol) -> Found {
    Found {
        path: path.to_owned(),
        name: state.names().get(symbol.name).to_owned(),
        containers: facts.containers(symbol).into_iter().map(|name| state.names().get(name).to_owned()).collect(),
        kind: symbol.kind,
        name_at: symbol.name_at,
        start: symbol.start,
        end: symbol.end,
    }
}

impl Shared {
    /// Definitions of a name with their references and callees. Two definitions of one name in one file share theirs.
    pub fn relations(&self, name: &str) -> Vec<Relations> {
        self.with_graph(|graph, state| {
            let relate = |definition: Found| {
                let references = references(state, graph, &definition);
                let callees = callees(state, graph, &definition);
                Relations { definition, references, callees }
            };
            definitions(state, name).into_iter().map(relate).collect()
        })
    }

    /// The definitions that the name at a place means: what stands there, or what is used there.
    pub fn definitions_at(&self, path: &str, place: Place) -> Vec<Found> {
        self.with_graph(|graph, state| {
            let Some(id) = state.find(path) else { return Vec::new() };
            let Some((name, kinds)) = name_at(state, id, place) else { return Vec::new() };
            let (_, files) = narrow::definers(state, &graph.links, id, name, kinds);
            let mut found: Vec<Found> = files.into_iter().flat_map(|file| defined_in(state, file, name)).collect();
            found.sort_by(by_place);
            found
        })
    }

    /// Uses of what the name at a place means, ordered by path and place.
    pub fn references_at(&self, path: &str, place: Place) -> Vec<Reference> {
        let definitions = self.definitions_at(path, place);
        self.with_graph(|graph, state| {
            let mut found: Vec<Reference> =
                definitions.iter().flat_map(|definition| references(state, graph, definition)).collect();
            found.sort_by(|one, other| one.path.cmp(&other.path).then(one.at.cmp(&other.at)));
            found.dedup();
            found
        })
    }

    /// All definitions of a file in the order of the text. None where it is not in the index.
    pub fn outline(&self, path: &str) -> Option<Vec<OutlineEntry>> {
        let file = self.read().file_at(path)?.clone();
        let source = self.source(&file).filter(|source| source.is_indexed).unwrap_or_default();
        let lines: Vec<&str> = source.text.split('\n').collect();
        let comment = file.language.and_then(|language| language.line_comment.as_deref());
        let state = self.read();
        let entry = |symbol: &Symbol| OutlineEntry {
            found: found(&state, path, &file.facts, symbol),
            signature: signature(&lines, symbol, comment).filter(|text| !text.is_empty()),
        };
        Some(file.facts.symbols.iter().map(entry).collect())
    }

    /// None where the file is not in the index.
    pub fn file_links(&self, path: &str) -> Option<FileLinks> {
        self.with_graph(|graph, state| {
            let id = state.find(path)?;
            let paths = |files: &[FileId]| {
                let mut paths: Vec<String> =
                    files.iter().filter_map(|file| Some(state.file(*file)?.path.to_string())).collect();
                paths.sort_unstable();
                paths
            };
            let imports = paths(narrow::Near::imported(&graph.links, id));
            Some(FileLinks { imports, imported_by: paths(&graph.links.importers(id)) })
        })
    }
}

/// The name that is defined or used at a place, with the kinds of use as bits.
fn name_at(state: &State, file: FileId, place: Place) -> Option<(NameId, u8)> {
    let facts = &state.file(file)?.facts;
    let touches = |name: NameId, at: Place| {
        let length = u32::try_from(state.names().get(name).len()).unwrap_or(0);
        at.row == place.row && (at.column..=at.column.saturating_add(length)).contains(&place.column)
    };
    if let Some(symbol) = facts.symbols.iter().find(|symbol| touches(symbol.name, symbol.name_at)) {
        return Some((symbol.name, u8::MAX));
    }
    facts.uses().find_map(|(name, uses)| {
        let one = uses.into_iter().find(|one| touches(name, one.at))?;
        Some((name, 1 << one.kind as u8))
    })
}

fn defined_in(state: &State, file: FileId, name: NameId) -> Vec<Found> {
    let Some(file) = state.file(file) else { return Vec::new() };
    let own = file.facts.symbols.iter().filter(|symbol| symbol.name == name);
    let own = own.filter(|symbol| symbol.kind != DefinitionKind::Extension);
    own.map(|symbol| found(state, &file.path, &file.facts, symbol)).collect()
}

fn references(state: &State, graph: &Graph, definition: &Found) -> Vec<Reference> {
    let (Some(name), Some(home)) = (state.names().find(&definition.name), state.find(&definition.path)) else {
        return Vec::new();
    };
    let mut references = Vec::new();
    for (id, kinds) in state.using(name) {
        let (circle, definers) = narrow::definers(state, &graph.links, id, name, kinds);
        let Some(file) = state.file(id).filter(|_| definers.contains(&home)) else { continue };
        references.extend(file.facts.uses_of(name).into_iter().map(|Use { at, kind }| {
            let inside = file.facts.symbol_at(at).and_then(|index| file.facts.symbols.get(index as usize));
            let inside = inside.map(|symbol| found(state, &file.path, &file.facts, symbol));
            Reference { path: file.path.to_string(), at, kind, circle, inside }
        }));
    }
    references.sort_by(|one, other| one.path.cmp(&other.path).then(one.at.cmp(&other.at)));
    references
}

fn callees(state: &State, graph: &Graph, definition: &Found) -> Vec<Found> {
    let Some((id, file)) = state.find(&definition.path).and_then(|id| Some((id, state.file(id)?))) else {
        return Vec::new();
    };
    let calls = |kind| matches!(kind, ReferenceKind::Call | ReferenceKind::Method);
    let mut called: Vec<(Place, NameId, u8)> = Vec::new();
    for (name, uses) in file.facts.uses() {
        let inside = |one: &&Use| calls(one.kind) && definition.start <= one.at && one.at < definition.end;
        if let Some(first) = uses.iter().find(inside) {
            called.push((first.at, name, 1 << first.kind as u8));
        }
    }
    called.sort_unstable();
    let definitions = called.into_iter().flat_map(|(_, name, kinds)| {
        let (_, files) = narrow::definers(state, &graph.links, id, name, kinds);
        let mut found: Vec<Found> = files.into_iter().flat_map(|file| defined_in(state, file, name)).collect();
        found.sort_by(by_place);
        found
    });
    definitions.filter(|found| found != definition).collect()
}

fn by_place(one: &Found, other: &Found) -> Ordering {
    one.path.cmp(&other.path).then(one.start.cmp(&other.start))
}
