//! Where candidates come from, and what is known of each.

use rustc_hash::{FxHashMap, FxHashSet};

use super::around::Around;
use super::pairs::pairs;
use super::score::{FEATURES, Feature, Features};
use crate::index::facts::{Role, Symbol, Use};
use crate::index::heuristics;
use crate::index::links::Links;
use crate::index::names::NameId;
use crate::index::narrow::{self, Near};
use crate::index::resolve::{shared_parts, split};
use crate::index::search::rarity;
use crate::index::state::{File, FileId, State};
use crate::index::words;
use crate::syntax::{DefinitionKind, ReferenceKind};

/// Files whose uses are read for what files like this one use.
const MOST_LIKE: usize = 24;
/// Words by which they are found: the rarest ones near the cursor.
const MOST_TERMS: usize = 16;
/// Files whose every definition is a candidate: imported ones first, then those beside, by nearness of their names.
const MOST_FILES: usize = 96;
/// Definitions of one file that are candidates for being in it; generated tables have thousands.
const MOST_OF_FILE: usize = 400;
/// Names that files like this one use, the likeliest first.
const MOST_NAMES: usize = 600;
/// Files that define a name and are all asked; more than that say that the name means nothing in particular.
const MOST_DEFINERS: usize = 24;

/// A name that more files than this use says nothing of what follows it; of those that do, so many of the nearest are read.
const MOST_ASKED: usize = 256;
const MOST_FOLLOWED: usize = 12;
/// Rows after a call in which the next one counts.
const FOLLOWING_ROWS: u32 = 3;

/// A definition by file and place in it.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub file: FileId,
    pub symbol: u32,
    pub features: Features,
}

/// What is asked of all candidates and computed once.
struct View<'a> {
    state: &'a State,
    around: &'a Around,
    from: Option<&'a File>,
    family: &'a str,
    imported: FxHashSet<FileId>,
    beside: FxHashSet<FileId>,
    /// Names that import statements list.
    listed: FxHashSet<NameId>,
    /// Names that this file uses, with how often.
    used: FxHashMap<NameId, u32>,
    /// Names that files like this one use, as a share of them.
    used_by_like: FxHashMap<NameId, f32>,
    /// Names that are called after what was just called here, as a share of those calls.
    follow: FxHashMap<NameId, f32>,
    is_aside: bool,
}

/// Every definition that is in question, in no order that means anything.
pub fn candidates(state: &State, links: &Links, around: &Around) -> Vec<Candidate> {
    let from = around.file.and_then(|id| state.file(id));
    let Some(family) = from.and_then(|file| file.language).map(|language| language.family()) else {
        return Vec::new();
    };
    let view = View::new(state, links, around, from, family);
    let mut wanted: FxHashMap<FileId, Vec<u32>> = FxHashMap::default();
    view.add_whole_files(&mut wanted);
    view.add_unseen(&mut wanted);
    view.add_names(&mut wanted);
    let mut found = Vec::new();
    for (id, mut symbols) in wanted {
        let Some(file) = state.file(id) else { continue };
        symbols.sort_unstable();
        symbols.dedup();
        found.extend(symbols.into_iter().filter_map(|symbol| {
            let features = view.features(id, file, file.facts.symbols.get(symbol as usize)?);
            Some(Candidate { file: id, symbol, features })
        }));
    }
    found
}

impl<'a> View<'a> {
    fn new(state: &'a State, links: &'a Links, around: &'a Around, from: Option<&'a File>, family: &'a str) -> Self {
        let file = around.file.unwrap_or(FileId::MAX);
        let mut imported: FxHashSet<FileId> = links.imported(file).iter().copied().collect();
        // What an imported file passes on is imported, too.
        let passing = links.imported(file).iter().filter(|file| state.file(**file).is_some_and(narrow::passes_on));
        imported.extend(passing.flat_map(|file| links.imported(*file)).copied());
        if let Some(from) = from {
            imported.extend(pairs(state, links.modules(), file, from));
        }
        imported.remove(&file);
        let beside = links.directory(file).iter().copied().filter(|other| *other != file).collect();
        let facts = from.map(|file| &file.facts);
        let listed = facts.into_iter().flat_map(|facts| facts.imports()).flat_map(|import| import.names).collect();
        let used = facts.into_iter().flat_map(|facts| facts.use_counts());
        let used = used.map(|(name, _, count)| (name, count)).collect();
        let is_aside = from.is_some_and(|file| heuristics::is_aside(&file.path));
        let mut view = Self {
            state,
            around,
            from,
            family,
            imported,
            beside,
            listed,
            used,
            used_by_like: FxHashMap::default(),
            follow: FxHashMap::default(),
            is_aside,
        };
        view.used_by_like = view.uses_of_like();
        view.follow = view.followers();
        view
    }

    fn is_code_of_family(&self, file: &File) -> bool {
        file.omission.is_none()
            && file.language.is_some_and(|language| !language.is_outline() && language.family() == self.family)
    }

    /// Names that the files which share the rarest words with the cursor's surroundings use.
    fn uses_of_like(&self) -> FxHashMap<NameId, f32> {
        let files = self.state.totals().files;
        let mut terms: Vec<(f32, NameId)> = self
            .around
            .terms
            .iter()
            .map(|(term, near)| (near * rarity(files, self.state.containing(*term).len()) as f32, *term))
            .collect();
        let name = |term: &(f32, NameId)| self.state.names().get(term.1);
        terms.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then_with(|| name(one).cmp(name(other))));
        terms.truncate(MOST_TERMS);
        let mut scores: FxHashMap<FileId, f32> = FxHashMap::default();
        for (weight, term) in terms {
            for (file, _) in self.state.containing(term) {
                *scores.entry(file).or_default() += weight;
            }
        }
        let mut like: Vec<(f32, &str, FileId)> = scores
            .into_iter()
            .filter(|(file, _)| Some(*file) != self.around.file)
            .filter_map(|(id, score)| {
                let file = self.state.file(id).filter(|file| self.is_code_of_family(file))?;
                let beside = if self.beside.contains(&id) { 1.5 } else { 1.0 };
                // Long files have every word.
                let length = (file.facts.length as f32).max(200.0).ln();
                Some((score * beside / length, &*file.path, id))
            })
            .collect();
        let order = |one: &(f32, &str, FileId), other: &(f32, &str, FileId)| {
            other.0.total_cmp(&one.0).then_with(|| one.1.cmp(other.1))
        };
        if like.len() > MOST_LIKE {
            like.select_nth_unstable_by(MOST_LIKE, order);
            like.truncate(MOST_LIKE);
        }
        like.sort_by(order);
        let total: f32 = like.iter().map(|(score, ..)| score).sum();
        let mut uses: FxHashMap<NameId, f32> = FxHashMap::default();
        for (score, _, id) in like {
            let facts = self.state.file(id).map(|file| &file.facts);
            for (name, _) in facts.into_iter().flat_map(|facts| facts.used_kinds()) {
                *uses.entry(name).or_default() += score / total.max(f32::MIN_POSITIVE);
            }
        }
        uses
    }

    /// What other calls of the last called names are followed by, in this file and the nearest others.
    fn followers(&self) -> FxHashMap<NameId, f32> {
        let mut follow: FxHashMap<NameId, f32> = FxHashMap::default();
        let own = self.from.map_or("", |file| &*file.path);
        for (before, weight) in self.around.called.iter().zip([1.0, 0.6, 0.4]) {
            // What everybody calls is followed by anything; some of its users would be those with the lowest numbers.
            if self.state.using(*before).len() > MOST_ASKED {
                continue;
            }
            let mut files: Vec<(std::cmp::Reverse<usize>, &str, FileId)> = self
                .state
                .using(*before)
                .filter_map(|(id, _)| Some((self.state.file(id).filter(|file| self.is_code_of_family(file))?, id)))
                .map(|(file, id)| (std::cmp::Reverse(alike(&file.path, own)), &*file.path, id))
                .collect();
            files.sort_unstable();
            let (mut calls, mut after) = (0_usize, FxHashMap::<NameId, u32>::default());
            for (.., id) in files.into_iter().take(MOST_FOLLOWED) {
                let Some(file) = self.state.file(id) else { continue };
                calls += count_followers(file, *before, &mut after);
            }
            for (name, count) in after {
                *follow.entry(name).or_default() += weight * count as f32 / calls as f32;
            }
        }
        follow
    }

    /// All that the imported files define, and those beside.
    fn add_whole_files(&self, wanted: &mut FxHashMap<FileId, Vec<u32>>) {
        let own = self.from.map_or("", |file| &*file.path);
        let near = |id: &FileId| self.state.file(*id).map_or(0, |file| alike(&file.path, own));
        let by_nearness = |files: &FxHashSet<FileId>| {
            let mut files: Vec<(std::cmp::Reverse<usize>, &str, FileId)> = files
                .iter()
                .filter_map(|id| Some((std::cmp::Reverse(near(id)), &*self.state.file(*id)?.path, *id)))
                .collect();
            files.sort_unstable();
            files.into_iter().map(|(.., id)| id)
        };
        for id in by_nearness(&self.imported).chain(by_nearness(&self.beside)).take(MOST_FILES) {
            let Some(file) = self.state.file(id).filter(|file| self.is_code_of_family(file)) else { continue };
            let outer = (0..).zip(&file.facts.symbols).filter(|(_, symbol)| self.is_reachable(file, symbol));
            wanted.entry(id).or_default().extend(outer.map(|(index, _)| index).take(MOST_OF_FILE));
        }
    }

    /// What the file itself defines outside of the rows that are seen.
    fn add_unseen(&self, wanted: &mut FxHashMap<FileId, Vec<u32>>) {
        let Some((id, file)) = self.around.file.zip(self.from) else { return };
        let is_unseen = |symbol: &Symbol| !self.around.seen.contains(&symbol.name_at.row);
        let unseen = (0..).zip(&file.facts.symbols);
        let unseen = unseen.filter(|(_, symbol)| is_unseen(symbol) && self.is_reachable(file, symbol));
        wanted.entry(id).or_default().extend(unseen.map(|(index, _)| index).take(MOST_OF_FILE));
    }

    /// Definitions of the names that this file, or files like it, use, or that stand near the cursor.
    fn add_names(&self, wanted: &mut FxHashMap<FileId, Vec<u32>>) {
        let mut names: FxHashSet<NameId> = self.used.keys().copied().collect();
        names.extend(self.around.names.keys());
        names.extend(self.around.callee);
        names.extend(self.listed.iter());
        let mut likely: Vec<(f32, &str, NameId)> = self
            .used_by_like
            .iter()
            .filter(|(name, _)| self.state.is_defined(**name))
            .map(|(name, share)| (*share, self.state.names().get(*name), *name))
            .collect();
        likely.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(other.1)));
        names.extend(likely.into_iter().take(MOST_NAMES).map(|(.., name)| name));
        for name in names {
            self.add_name(name, wanted);
        }
        // Members of the receiver's types, wherever they are.
        for holder in self.around.receiver_types.iter().chain(&self.around.receiver) {
            if self.state.defining(*holder).len() > MOST_DEFINERS {
                continue;
            }
            for (id, _) in self.state.defining(*holder) {
                let Some(file) = self.state.file(id).filter(|file| self.is_code_of_family(file)) else { continue };
                let members =
                    (0..).zip(&file.facts.symbols).filter(|(_, symbol)| holder_of(file, symbol) == Some(*holder));
                wanted.entry(id).or_default().extend(members.map(|(index, _)| index).take(MOST_OF_FILE));
            }
        }
    }

    fn add_name(&self, name: NameId, wanted: &mut FxHashMap<FileId, Vec<u32>>) {
        let defining = self.state.defining(name);
        let is_common = defining.len() > MOST_DEFINERS;
        for (id, _) in defining {
            // Of a name that many files define only the near ones are in question.
            let is_near = self.imported.contains(&id) || self.beside.contains(&id);
            if Some(id) == self.around.file || (is_common && !is_near && self.around.callee != Some(name)) {
                continue;
            }
            let Some(file) = self.state.file(id).filter(|file| self.is_code_of_family(file)) else { continue };
            let own = (0..).zip(&file.facts.symbols).filter(|(_, symbol)| symbol.name == name);
            let own = own.filter(|(_, symbol)| self.is_reachable(file, symbol));
            wanted.entry(id).or_default().extend(own.map(|(index, _)| index));
        }
    }

    /// What is defined inside of functions is nobody else's; a module's own name has no signature.
    fn is_reachable(&self, file: &File, symbol: &Symbol) -> bool {
        let outer = symbol.container.and_then(|index| file.facts.symbols.get(index as usize));
        let is_named =
            !matches!(symbol.kind, DefinitionKind::Extension | DefinitionKind::Module | DefinitionKind::Namespace);
        is_named && Role::of(symbol.kind) != Role::Section && !outer.is_some_and(|outer| outer.kind.is_callable())
    }

    fn features(&self, id: FileId, file: &File, symbol: &Symbol) -> Features {
        let mut features = [0.0; FEATURES];
        let mut set = |feature: Feature, value: f32| features[feature as usize] = value;
        let names = self.state.names();
        let holder = holder_of(file, symbol);
        let near = |name: NameId| self.around.names.get(&name).copied().unwrap_or(0.0);
        set(Feature::Called, f32::from(u8::from(self.around.callee == Some(symbol.name))));
        if let Some(receiver) = self.around.receiver {
            let is_of = holder.is_some_and(|holder| {
                holder == receiver
                    || self.around.receiver_types.contains(&holder)
                    || names.get(holder).eq_ignore_ascii_case(names.get(receiver))
            });
            set(if is_of { Feature::OfReceiver } else { Feature::NotOfReceiver }, 1.0);
        }
        if !self.around.started.is_empty() {
            let is_started = names.get(symbol.name).starts_with(self.around.started.as_str());
            let letters = self.around.started.chars().count().min(4) as f32 / 4.0;
            set(if is_started { Feature::Started } else { Feature::NotStarted }, letters);
        }
        set(Feature::Near, near(symbol.name));
        let used = |name: NameId| saturated(self.used.get(&name).copied().unwrap_or(0));
        set(Feature::Used, used(symbol.name));
        set(Feature::HolderNear, holder.map_or(0.0, near));
        set(Feature::HolderUsed, holder.map_or(0.0, used));
        let is_listed =
            self.listed.contains(&symbol.name) || holder.is_some_and(|holder| self.listed.contains(&holder));
        set(Feature::ListedInImport, f32::from(u8::from(is_listed)));
        // What the file itself defines is as near as can be.
        let is_own = self.around.file == Some(id);
        set(Feature::Imported, f32::from(u8::from(is_own || self.imported.contains(&id))));
        set(Feature::Beside, f32::from(u8::from(is_own || self.beside.contains(&id))));
        let own = self.from.map_or("", |file| split(&file.path).0);
        let parts = own.split('/').count().max(file.path.matches('/').count()).max(1);
        set(Feature::PathShared, shared_parts(own, split(&file.path).0) as f32 / parts as f32);
        set(Feature::WordsNear, self.words_near(symbol.name));
        set(Feature::UsedByLike, self.used_by_like.get(&symbol.name).copied().unwrap_or(0.0));
        let users = self.state.using(symbol.name).len();
        set(Feature::Popular, (1.0 + users as f32).ln() / (2.0 + self.state.totals().files as f32).ln());
        set(Feature::Ambiguous, (self.state.defining(symbol.name).len().max(1) as f32).ln());
        set(Feature::Callable, f32::from(u8::from(Role::of(symbol.kind) == Role::Callable)));
        set(Feature::Type, f32::from(u8::from(Role::of(symbol.kind) == Role::Type)));
        set(Feature::Follows, self.follow.get(&symbol.name).copied().unwrap_or(0.0).min(1.0));
        let is_aside = heuristics::is_aside(&file.path) || file.is_vendored || file.is_generated;
        set(Feature::Aside, f32::from(u8::from(is_aside && !self.is_aside)));
        features
    }

    /// Share of the name's words, weighted by how rare they are, that stand near the cursor.
    fn words_near(&self, name: NameId) -> f32 {
        let files = self.state.totals().files;
        let (mut all, mut near) = (0.0_f32, 0.0_f32);
        let spelled = self.state.names().get(name);
        words::terms(spelled, |term| {
            // The name as a whole is a term, too, and counts by itself.
            if term.len() == spelled.len() && all > 0.0 {
                return;
            }
            let known = self.state.names().find(term);
            let weight = rarity(files, known.map_or(0, |term| self.state.containing(term).len())) as f32;
            all += weight;
            near += weight * known.and_then(|term| self.around.terms.get(&term)).copied().unwrap_or(0.0);
        });
        if all > 0.0 { near / all } else { 0.0 }
    }
}

/// Counts for each name the calls of `before` in a file after which it is called within a few lines. Returns these calls.
fn count_followers(file: &File, before: NameId, after: &mut FxHashMap<NameId, u32>) -> usize {
    let is_call = |one: &Use| matches!(one.kind, ReferenceKind::Call | ReferenceKind::Method);
    let rows: Vec<u32> = file.facts.uses_of(before).iter().filter(|one| is_call(one)).map(|one| one.at.row).collect();
    if rows.is_empty() {
        return 0;
    }
    for (name, uses) in file.facts.uses().filter(|(name, _)| *name != before) {
        let follows = |row: &u32| {
            let at = uses.partition_point(|one| one.at.row <= *row);
            uses.get(at).is_some_and(|one| one.at.row <= row.saturating_add(FOLLOWING_ROWS) && is_call(one))
        };
        let count = rows.iter().filter(|row| follows(row)).count();
        if count > 0 {
            *after.entry(name).or_default() += u32::try_from(count).unwrap_or(u32::MAX);
        }
    }
    rows.len()
}

/// The name of the type, trait or module that a definition is a member of.
fn holder_of(file: &File, symbol: &Symbol) -> Option<NameId> {
    let outer = symbol.container.and_then(|index| file.facts.symbols.get(index as usize))?;
    Some(outer.name)
}

/// 0 for none, and near 1 for many.
fn saturated(count: u32) -> f32 {
    count as f32 / (count as f32 + 1.0)
}

/// How much two paths have in common at their beginning, in bytes.
fn alike(one: &str, other: &str) -> usize {
    one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count()
}
