//! Whether an index is what a rebuild from nothing would be: for `tandem index --check`, and for tests.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;
use serde::Serialize;

use super::facts::{FileFacts, ImportFact, Symbol};
use super::heuristics::Omission;
use super::state::{File, State};
use super::{Shared, refresh, walk};
use crate::privacy::IgnoreRules;

/// One file that is not what a rebuild makes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    pub path: String,
    /// A sentence.
    pub what: String,
}

/// Reads every file again, one after the other, and compares all that is known of it. Of open documents
/// the text in the editor counts.
pub fn differences(shared: &Shared) -> Vec<Difference> {
    let rules = IgnoreRules::new(&shared.root, &shared.options.exclude);
    let listing = walk::walk(&shared.root, &shared.root, &rules, 1, shared.options.most_files, &shared.stop);
    let mut fresh = State::default();
    for listed in &listing.files {
        if let refresh::Reading::Changed(stamp, extracted) =
            refresh::read(&shared.root, &listed.path, None, shared.options.file)
        {
            let is_vendored = super::heuristics::is_vendored(&listed.path);
            fresh.insert(listed.path.clone(), stamp, *extracted, is_vendored, false);
        }
    }
    let open: Vec<_> = shared.open().iter().map(|(path, document)| (path.clone(), document.clone())).collect();
    for (path, document) in open.into_iter().filter(|(path, _)| !rules.denies(&shared.root.join(path), false)) {
        if !path.rsplit('/').skip(1).any(super::heuristics::is_made_directory) {
            let (stamp, extracted) = document.extract(shared);
            let is_vendored = super::heuristics::is_vendored(&path);
            fresh.insert(path.into(), stamp, extracted, is_vendored, true);
        }
    }
    let state = shared.read();
    compare(&state, &fresh)
}

/// What two states say differently, ordered by path. Numbers of names and files do not count, tables do.
pub fn compare(state: &State, fresh: &State) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut paths: Vec<&str> = state.files().chain(fresh.files()).map(|(_, file)| &*file.path).collect();
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        let what = match (state.file_at(path), fresh.file_at(path)) {
            (Some(_), None) => Some("in the index, but not to be indexed".to_owned()),
            (None, Some(_)) => Some("missing in the index".to_owned()),
            (Some(one), Some(other)) => difference_of_files(one, state, other, fresh),
            (None, None) => None,
        };
        found.extend(what.map(|what| Difference { path: path.to_owned(), what }));
    }
    let known: FxHashSet<String> = found.iter().map(|known| known.path.clone()).collect();
    let (one, other) = (tables(state), tables(fresh));
    for name in one.keys().chain(other.keys().filter(|name| !one.contains_key(*name))) {
        for (path, table) in files_that_differ(one.get(name), other.get(name)) {
            if !known.contains(&path) {
                let what = format!("the table of {table} differs for `{name}`");
                found.push(Difference { path, what });
            }
        }
    }
    // How small facts can be packed depends on the numbers of names.
    let totals = |state: &State| super::Totals { fact_bytes: 0, ..state.totals() };
    let (one, other) = (totals(state), totals(fresh));
    if found.is_empty() && one != other {
        found.push(Difference { path: String::new(), what: format!("sums: {one:?} instead of {other:?}") });
    }
    found
}

fn difference_of_files(one: &File, state: &State, other: &File, fresh: &State) -> Option<String> {
    if one.stamp.hash != other.stamp.hash {
        return Some("of an older content".to_owned());
    }
    let by_time = |file: &File| file.omission == Some(Omission::ParseTime);
    if by_time(one) != by_time(other) {
        return Some("its parse came to its end in one of the two only: it takes about index.maxParseMs".to_owned());
    }
    if (one.omission, one.is_generated, one.is_vendored) != (other.omission, other.is_generated, other.is_vendored) {
        return Some(format!("{:?} instead of {:?}", one.omission, other.omission));
    }
    if one.language != other.language {
        return Some("another language".to_owned());
    }
    let (one, other) = (spell(&one.facts, state), spell(&other.facts, fresh));
    let parts = ["definitions", "imports", "references", "words"];
    let differs = one.iter().zip(&other).position(|(one, other)| one != other)?;
    Some(format!("other {}", parts[differs]))
}

/// Facts with names instead of numbers, in an order that does not depend on the numbers.
fn spell(facts: &FileFacts, state: &State) -> [Vec<String>; 4] {
    let name = |id| state.names().get(id);
    let symbols = facts.symbols.iter().map(|symbol| {
        let Symbol { name: id, kind, name_at, start, body, end, container } = symbol;
        format!("{} {kind:?} {name_at:?} {start:?} {body:?} {end:?} {container:?}", name(*id))
    });
    let imports = facts.imports().map(|import| {
        let names: Vec<&str> = import.names.iter().map(|id| name(*id)).collect();
        format!("{} {} {names:?}", import.row, import.path)
    });
    let mut uses: Vec<String> = facts.uses().map(|(id, uses)| format!("{} {uses:?}", name(id))).collect();
    uses.sort_unstable();
    let mut terms: Vec<String> = facts.terms().map(|(id, count)| format!("{} {count}", name(id))).collect();
    terms.sort_unstable();
    [symbols.collect(), imports.collect(), uses, terms]
}

/// What the tables say of one name: files and what stands beside them, in the order of `TABLES`.
type Lists = [Vec<(String, u8)>; 3];

const TABLES: [&str; 3] = ["definitions", "references", "words"];

/// Files of which the tables say something else for a name, with the table.
fn files_that_differ(one: Option<&Lists>, other: Option<&Lists>) -> BTreeSet<(String, &'static str)> {
    let none = Lists::default();
    let (one, other) = (one.unwrap_or(&none), other.unwrap_or(&none));
    let mut found = BTreeSet::new();
    for ((one, other), table) in one.iter().zip(other).zip(TABLES) {
        let (one, other): (BTreeSet<_>, BTreeSet<_>) = (one.iter().collect(), other.iter().collect());
        found.extend(one.symmetric_difference(&other).map(|(path, _)| (path.clone(), table)));
    }
    found
}

/// The tables from names to files, spelled out.
fn tables(state: &State) -> BTreeMap<String, Lists> {
    let mut all = BTreeMap::new();
    for (id, name) in state.names().iter() {
        let path = |file| state.file(file).map_or("?".to_owned(), |file| file.path.to_string());
        let mut lists = [
            state.defining(id).map(|(file, roles)| (path(file), roles)).collect::<Vec<_>>(),
            state.using(id).map(|(file, kinds)| (path(file), kinds)).collect(),
            state.containing(id).map(|(file, count)| (path(file), count)).collect(),
        ];
        if lists.iter().all(Vec::is_empty) {
            continue;
        }
        lists.iter_mut().for_each(|list| list.sort_unstable());
        all.insert(name.to_owned(), lists);
    }
    all
}

/// Puts a file of one state into another, where names have other numbers.
pub fn copy(file: &File, from: &State, into: &mut State) {
    let mut names = super::names::Names::default();
    let mut number = |id| names.intern(from.names().get(id)).unwrap_or(id);
    let symbols = file.facts.symbols.iter().map(|symbol| Symbol { name: number(symbol.name), ..symbol.clone() });
    let symbols: Vec<Symbol> = symbols.collect();
    let imports = file.facts.imports().map(|import| {
        let names = import.names.iter().map(|name| number(*name)).collect();
        ImportFact { row: import.row, path: import.path.into_owned().into(), names }
    });
    let imports: Vec<ImportFact<'static>> = imports.collect();
    let uses = file.facts.uses().flat_map(|(name, uses)| uses.into_iter().map(move |one| (name, one)));
    let uses = uses.map(|(name, one)| (number(name), one)).collect();
    let terms = file.facts.terms().map(|(term, count)| (number(term), count)).collect();
    let extracted = super::extract::Extracted {
        symbols,
        imports,
        uses,
        terms,
        names,
        language: file.language,
        omission: file.omission,
        is_generated: file.is_generated,
    };
    into.insert(file.path.clone(), file.stamp, extracted, file.is_vendored, file.is_open);
}
