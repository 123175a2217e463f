//! Which definitions are in question at a cursor.

use rustc_hash::{FxHashMap, FxHashSet};

use super::features::View;
use super::likely::{Here, alike};
use super::score::Features;
use crate::index::facts::{Role, Symbol};
use crate::index::names::NameId;
use crate::index::state::{File, FileId};
use crate::syntax::DefinitionKind;

/// Files whose every definition is a candidate: imported ones first, then those beside, by nearness of their names.
const MOST_FILES: usize = 64;
/// Definitions of one file that are candidates for being in it; generated tables have thousands.
const MOST_OF_FILE: usize = 200;
/// Names that files like this one use, the likeliest first.
const MOST_NAMES: usize = 600;
/// Files that define a name and are all asked; more than that say that the name means nothing in particular.
const MOST_DEFINERS: usize = 24;

/// A definition by file and place in it.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub file: FileId,
    pub symbol: u32,
    pub features: Features,
}

/// Every definition that is in question, in no order that means anything.
pub fn candidates(view: &mut View<'_>) -> Vec<Candidate> {
    let mut wanted = Wanted { view, symbols: FxHashMap::default(), names: FxHashMap::default() };
    wanted.add_whole_files();
    wanted.add_own();
    wanted.add_names();
    wanted.add_members();
    let symbols = wanted.into_symbols();
    let mut found = Vec::with_capacity(symbols.values().map(Vec::len).sum());
    for (id, symbols) in symbols {
        view.look_at(id, &symbols, &mut found);
    }
    found
}

struct Wanted<'a, 'b> {
    view: &'b View<'a>,
    symbols: FxHashMap<FileId, Vec<u32>>,
    /// Names that are wanted of a file, for one pass over its definitions.
    names: FxHashMap<FileId, FxHashSet<NameId>>,
}

impl Wanted<'_, '_> {
    fn here(&self) -> &Here<'_> {
        &self.view.here
    }

    fn code(&self, id: FileId) -> Option<&File> {
        self.here().state.file(id).filter(|file| self.here().is_code_of_family(file))
    }

    /// All that the imported files define, and those beside.
    fn add_whole_files(&mut self) {
        let own = &*self.here().from.path;
        let by_nearness = |files: &FxHashSet<FileId>| {
            let known = files.iter().filter_map(|id| Some((&*self.here().state.file(*id)?.path, *id)));
            let mut files: Vec<(std::cmp::Reverse<usize>, &str, FileId)> =
                known.map(|(path, id)| (std::cmp::Reverse(alike(path, own)), path, id)).collect();
            files.sort_unstable();
            files.into_iter().map(|(.., id)| id).collect::<Vec<FileId>>()
        };
        let files = by_nearness(&self.view.imported).into_iter().chain(by_nearness(self.here().beside));
        for id in files.take(MOST_FILES).collect::<Vec<_>>() {
            self.add_of_file(id, |_, _| true);
        }
    }

    /// What the file itself defines; of that only what is not seen is taken.
    fn add_own(&mut self) {
        if let Some(id) = self.here().around.file {
            self.add_of_file(id, |_, _| true);
        }
    }

    /// Definitions of the names that this file, or files like it, use, or that stand near the cursor.
    fn add_names(&mut self) {
        let state = self.here().state;
        let mut names: FxHashSet<NameId> = self.view.used.keys().copied().collect();
        names.extend(self.here().around.names.keys());
        names.extend(self.here().around.callee);
        names.extend(self.view.listed.iter());
        for shares in [&self.view.used_by_like, &self.view.used_beside, &self.view.follow, &self.view.by_namesakes] {
            let mut likely: Vec<(f32, &str, NameId)> = shares
                .iter()
                .filter(|(name, _)| state.is_defined(**name))
                .map(|(name, share)| (*share, state.names().get(*name), *name))
                .collect();
            let order = |one: &(f32, &str, NameId), other: &(f32, &str, NameId)| {
                other.0.total_cmp(&one.0).then_with(|| one.1.cmp(other.1))
            };
            if likely.len() > MOST_NAMES {
                likely.select_nth_unstable_by(MOST_NAMES, order);
            }
            names.extend(likely.into_iter().take(MOST_NAMES).map(|(.., name)| name));
        }
        for name in names {
            self.add_name(name);
        }
    }

    /// Members of the types that the receiver and other variables have, and of what the type around the cursor is derived
    /// from, wherever they are.
    fn add_members(&mut self) {
        let around = self.here().around;
        let mut holders: FxHashSet<NameId> = self.view.receiver_types.iter().chain(&around.receiver).copied().collect();
        holders.extend(self.view.in_scope.keys().chain(self.view.inherited.keys()));
        let mut files: FxHashMap<FileId, FxHashSet<NameId>> = FxHashMap::default();
        for holder in holders {
            let defining = self.here().state.defining(holder);
            if defining.len() <= MOST_DEFINERS {
                defining.for_each(|(id, _)| _ = files.entry(id).or_default().insert(holder));
            }
        }
        for (id, holders) in files {
            self.add_of_file(id, |file, symbol| {
                holder_of(file, symbol).is_some_and(|holder| holders.contains(&holder))
            });
        }
    }

    fn add_of_file(&mut self, id: FileId, is_wanted: impl Fn(&File, &Symbol) -> bool) {
        let Some(file) = self.code(id) else { return };
        let symbols = (0..).zip(&file.facts.symbols);
        let around = self.here().around;
        let is_seen = |symbol: &Symbol| around.file == Some(id) && around.seen.contains(&symbol.name_at.row);
        let fitting =
            symbols.filter(|(_, symbol)| is_reachable(file, symbol) && !is_seen(symbol) && is_wanted(file, symbol));
        let fitting: Vec<u32> = fitting.map(|(index, _)| index).take(MOST_OF_FILE).collect();
        self.symbols.entry(id).or_default().extend(fitting);
    }

    fn add_name(&mut self, name: NameId) {
        let around = self.view.here.around;
        let defining = self.view.here.state.defining(name);
        let is_common = defining.len() > MOST_DEFINERS;
        for (id, _) in defining {
            // Of a name that many files define only the near ones are in question.
            let is_near = self.view.imported.contains(&id) || self.view.here.beside.contains(&id);
            if Some(id) != around.file && (!is_common || is_near || around.callee == Some(name)) {
                self.names.entry(id).or_default().insert(name);
            }
        }
    }

    fn into_symbols(mut self) -> FxHashMap<FileId, Vec<u32>> {
        for (id, names) in std::mem::take(&mut self.names) {
            let Some(file) = self.code(id) else { continue };
            let symbols = (0..).zip(&file.facts.symbols);
            let named = symbols.filter(|(_, symbol)| names.contains(&symbol.name) && is_reachable(file, symbol));
            let named: Vec<u32> = named.map(|(index, _)| index).collect();
            self.symbols.entry(id).or_default().extend(named);
        }
        for symbols in self.symbols.values_mut() {
            symbols.sort_unstable();
            symbols.dedup();
        }
        self.symbols
    }
}

/// What is defined inside of functions is nobody else's; a module's own name has no signature.
fn is_reachable(file: &File, symbol: &Symbol) -> bool {
    let outer = symbol.container.and_then(|index| file.facts.symbols.get(index as usize));
    let is_named =
        !matches!(symbol.kind, DefinitionKind::Extension | DefinitionKind::Module | DefinitionKind::Namespace);
    is_named && Role::of(symbol.kind) != Role::Section && !outer.is_some_and(|outer| outer.kind.is_callable())
}

/// The name of the type, trait or module that a definition is a member of.
pub fn holder_of(file: &File, symbol: &Symbol) -> Option<NameId> {
    let outer = symbol.container.and_then(|index| file.facts.symbols.get(index as usize))?;
    Some(outer.name)
}
