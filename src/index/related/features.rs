//! What is known of each candidate. What is the same for a file, or for a name, is found once.

use rustc_hash::{FxHashMap, FxHashSet};

use super::IsLate;
use super::around::{Around, raise};
use super::gather::{Candidate, holder_of};
use super::kin::supertypes;
use super::likely::{Here, Shares, used_by};
use super::pairs::pairs;
use super::score::{FEATURES, Feature, Features};
use crate::index::facts::{Role, Symbol};
use crate::index::heuristics;
use crate::index::links::Links;
use crate::index::names::NameId;
use crate::index::narrow::{self, Near};
use crate::index::resolve::{shared_parts, split};
use crate::index::search::rarity;
use crate::index::state::{File, FileId};
use crate::index::words;
use crate::syntax::{Place, ReferenceKind};

/// What is asked of all candidates.
pub struct View<'a> {
    pub here: Here<'a>,
    pub imported: FxHashSet<FileId>,
    /// Names that import statements list.
    pub listed: FxHashSet<NameId>,
    /// Names that this file uses, with how often.
    pub used: FxHashMap<NameId, u32>,
    /// Types of variables and fields that stand near, with those they are derived from.
    pub in_scope: FxHashMap<NameId, f32>,
    /// Types that the receiver is said to have, with those they are derived from.
    pub receiver_types: FxHashSet<NameId>,
    /// The types around the cursor, and what they are derived from.
    pub inherited: FxHashMap<NameId, f32>,
    /// Files that speak of the same things, the likest first.
    pub like: Vec<(f32, &'a File)>,
    pub used_by_like: Shares,
    pub used_beside: Shares,
    pub follow: Shares,
    pub by_namesakes: Shares,
    is_aside: bool,
    /// By name: share of its words that stand near, files that use it, files that define it.
    of_names: FxHashMap<NameId, OfName>,
}

#[derive(Clone, Copy)]
struct OfName {
    words_near: f32,
    popular: f32,
    ambiguous: f32,
}

/// What is known of the type or module that definitions are members of; the default is for those outside of any.
#[derive(Clone, Copy, Default)]
struct OfHolder {
    name: Option<NameId>,
    near: f32,
    used: f32,
    in_scope: f32,
    inherited: f32,
    is_listed: bool,
    /// A member of it is what the receiver at the cursor asks for.
    is_asked: bool,
}

impl<'a> View<'a> {
    pub fn new(here: Here<'a>, links: &Links) -> Self {
        let Here { state, around, from, .. } = here;
        let file = around.file.unwrap_or(FileId::MAX);
        let mut imported: FxHashSet<FileId> = links.imported(file).iter().copied().collect();
        // What an imported file passes on is imported, too.
        let passing = links.imported(file).iter().filter(|file| state.file(**file).is_some_and(narrow::passes_on));
        imported.extend(passing.flat_map(|file| links.imported(*file)).copied());
        imported.extend(pairs(state, links.modules(), file, from));
        imported.remove(&file);
        let mut view = Self {
            here,
            imported,
            listed: from.facts.imports().flat_map(|import| import.names).collect(),
            used: from.facts.use_counts().map(|(name, _, count)| (name, count)).collect(),
            in_scope: FxHashMap::default(),
            receiver_types: FxHashSet::default(),
            inherited: FxHashMap::default(),
            like: Vec::new(),
            used_by_like: Shares::default(),
            used_beside: Shares::default(),
            follow: Shares::default(),
            by_namesakes: Shares::default(),
            is_aside: heuristics::is_aside(&from.path),
            of_names: FxHashMap::default(),
        };
        let fields = types_of_fields(here);
        view.in_scope = types_in_scope(here, &fields);
        view.receiver_types = types_of_receiver(here, &fields);
        let enclosing: Vec<(NameId, f32)> = enclosing_types(from, around).into_iter().map(|name| (name, 1.0)).collect();
        view.inherited = supertypes(state, here.family, &enclosing);
        enclosing.iter().for_each(|(name, weight)| raise(&mut view.inherited, *name, *weight));
        view
    }

    /// Reads what comparable code does, in the order of what that is worth. False where it was late before the end.
    pub fn compare(&mut self, is_late: IsLate<'_>) -> bool {
        let here = self.here;
        let sources: [(&mut Shares, &dyn Fn() -> Shares); 3] = [
            (&mut self.used_beside, &|| here.used_beside()),
            (&mut self.follow, &|| here.followers()),
            (&mut self.by_namesakes, &|| here.called_by_namesakes()),
        ];
        for (shares, source) in sources {
            if is_late() {
                return false;
            }
            *shares = source();
        }
        if is_late() {
            return false;
        }
        self.like = here.like();
        self.used_by_like = used_by(&self.like);
        true
    }

    /// The candidates of one file, with their features.
    pub fn look_at(&mut self, id: FileId, symbols: &[u32], found: &mut Vec<Candidate>) {
        let Some(file) = self.here.state.file(id) else { return };
        let of_file = self.of_file(id, file);
        let mut holder = OfHolder::default();
        let mut before: FxHashMap<(Option<u32>, NameId), u32> = FxHashMap::default();
        for index in symbols {
            let Some(symbol) = file.facts.symbols.get(*index as usize) else { continue };
            let mut features = of_file;
            let name = holder_of(file, symbol);
            // Members stand together.
            if holder.name != name {
                holder = self.of_holder(name);
            }
            self.fill(&mut features, &holder, symbol);
            let others = before.entry((symbol.container, symbol.name)).or_default();
            features[Feature::Overload as usize] = saturated(*others);
            *others += 1;
            found.push(Candidate { file: id, symbol: *index, features });
        }
    }

    fn of_file(&self, id: FileId, file: &File) -> Features {
        let mut features = [0.0; FEATURES];
        let mut set = |feature: Feature, value: f32| features[feature as usize] = value;
        // What the file itself defines is as near as can be.
        let is_own = self.here.around.file == Some(id);
        set(Feature::Imported, f32::from(u8::from(is_own || self.imported.contains(&id))));
        set(Feature::Beside, f32::from(u8::from(is_own || self.here.beside.contains(&id))));
        let own = split(&self.here.from.path).0;
        let parts = own.split('/').count().max(file.path.matches('/').count()).max(1);
        set(Feature::PathShared, shared_parts(own, split(&file.path).0) as f32 / parts as f32);
        let is_aside = heuristics::is_aside(&file.path) || file.is_vendored || file.is_generated;
        set(Feature::Aside, f32::from(u8::from(is_aside && !self.is_aside)));
        features
    }

    fn fill(&mut self, features: &mut Features, holder: &OfHolder, symbol: &Symbol) {
        let OfName { words_near, popular, ambiguous } = self.of_name(symbol.name);
        let mut set = |feature: Feature, value: f32| features[feature as usize] = value;
        let around = self.here.around;
        let of_name = |weights: &FxHashMap<NameId, f32>| weights.get(&symbol.name).copied().unwrap_or(0.0).min(1.0);
        set(Feature::Called, f32::from(u8::from(around.callee == Some(symbol.name))));
        if around.receiver.is_some() {
            set(if holder.is_asked { Feature::OfReceiver } else { Feature::NotOfReceiver }, 1.0);
        }
        if !around.started.is_empty() {
            let is_started = self.here.state.names().get(symbol.name).starts_with(around.started.as_str());
            let letters = around.started.chars().count().min(4) as f32 / 4.0;
            set(if is_started { Feature::Started } else { Feature::NotStarted }, letters);
        }
        set(Feature::Near, of_name(&around.names));
        set(Feature::Used, saturated(self.used.get(&symbol.name).copied().unwrap_or(0)));
        set(Feature::HolderNear, holder.near);
        set(Feature::HolderUsed, holder.used);
        set(Feature::InScope, holder.in_scope);
        set(Feature::Inherited, holder.inherited);
        let is_listed = holder.is_listed || self.listed.contains(&symbol.name);
        set(Feature::ListedInImport, f32::from(u8::from(is_listed)));
        set(Feature::WordsNear, words_near);
        set(Feature::UsedByLike, of_name(&self.used_by_like));
        set(Feature::UsedBeside, of_name(&self.used_beside));
        set(Feature::ByNamesakes, of_name(&self.by_namesakes));
        set(Feature::Follows, of_name(&self.follow));
        set(Feature::Popular, popular);
        set(Feature::Ambiguous, ambiguous);
        set(Feature::Callable, f32::from(u8::from(Role::of(symbol.kind) == Role::Callable)));
        set(Feature::Type, f32::from(u8::from(Role::of(symbol.kind) == Role::Type)));
    }

    fn of_holder(&self, holder: Option<NameId>) -> OfHolder {
        let Some(name) = holder else { return OfHolder::default() };
        let weight = |weights: &FxHashMap<NameId, f32>| weights.get(&name).copied().unwrap_or(0.0);
        let names = self.here.state.names();
        let is_asked = self.here.around.receiver.is_some_and(|receiver| {
            name == receiver
                || self.receiver_types.contains(&name)
                || names.get(name).eq_ignore_ascii_case(names.get(receiver))
        });
        OfHolder {
            name: holder,
            near: weight(&self.here.around.names),
            used: saturated(self.used.get(&name).copied().unwrap_or(0)),
            in_scope: weight(&self.in_scope),
            inherited: weight(&self.inherited),
            is_listed: self.listed.contains(&name),
            is_asked,
        }
    }

    fn of_name(&mut self, name: NameId) -> OfName {
        if let Some(known) = self.of_names.get(&name) {
            return *known;
        }
        let state = self.here.state;
        let users = state.using(name).len();
        let of_name = OfName {
            words_near: words_near(self.here, name),
            popular: (1.0 + users as f32).ln() / (2.0 + state.totals().files as f32).ln(),
            ambiguous: (state.defining(name).len().max(1) as f32).ln(),
        };
        self.of_names.insert(name, of_name);
        of_name
    }
}

/// Share of the name's words, weighted by how rare they are, that stand near the cursor.
fn words_near(here: Here<'_>, name: NameId) -> f32 {
    let files = here.state.totals().files;
    let (mut all, mut near) = (0.0_f32, 0.0_f32);
    let spelled = here.state.names().get(name);
    words::terms(spelled, |term| {
        // The name as a whole is a term, too, and counts by itself.
        if term.len() == spelled.len() && all > 0.0 {
            return;
        }
        let known = here.state.names().find(term);
        let weight = rarity(files, known.map_or(0, |term| here.state.containing(term).len())) as f32;
        all += weight;
        near += weight * known.and_then(|term| here.around.terms.get(&term)).copied().unwrap_or(0.0);
    });
    if all > 0.0 { near / all } else { 0.0 }
}

/// Fields of the file and its other variables outside of functions, each with a type that its definition names.
fn types_of_fields(here: Here<'_>) -> Vec<(NameId, NameId)> {
    let facts = &here.from.facts;
    let is_type = 1 << ReferenceKind::Type as u8;
    let mut found = Vec::new();
    for (name, uses) in facts.uses_as(is_type).filter(|(name, _)| here.state.is_defined(*name)) {
        for place in uses.into_iter().filter(|one| one.kind == ReferenceKind::Type) {
            let field = facts.symbol_at(place.at).and_then(|index| facts.symbols.get(index as usize));
            found.extend(field.filter(|field| Role::of(field.kind) == Role::Value).map(|field| (field.name, name)));
        }
    }
    found
}

/// Types of variables and fields that stand near, and what these are derived from.
fn types_in_scope(here: Here<'_>, fields: &[(NameId, NameId)]) -> FxHashMap<NameId, f32> {
    let mut types = here.around.types.clone();
    for (field, name) in fields {
        if let Some(near) = here.around.names.get(field) {
            raise(&mut types, *name, *near);
        }
    }
    let mut known: Vec<(NameId, f32)> = types.iter().map(|(name, near)| (*name, *near)).collect();
    let spelled = |one: &(NameId, f32)| here.state.names().get(one.0);
    known.sort_unstable_by(|one, other| other.1.total_cmp(&one.1).then_with(|| spelled(one).cmp(spelled(other))));
    for (name, near) in supertypes(here.state, here.family, &known) {
        raise(&mut types, name, near);
    }
    types
}

fn types_of_receiver(here: Here<'_>, fields: &[(NameId, NameId)]) -> FxHashSet<NameId> {
    let own = fields.iter().filter(|(field, _)| here.around.receiver == Some(*field)).map(|(_, name)| *name);
    let mut types: Vec<(NameId, f32)> =
        here.around.receiver_types.iter().copied().chain(own).map(|name| (name, 1.0)).collect();
    types.dedup();
    let bases = supertypes(here.state, here.family, &types);
    types.into_iter().map(|(name, _)| name).chain(bases.into_keys()).collect()
}

/// Types that the cursor stands in, by the file's last analysis, the innermost first.
fn enclosing_types(from: &File, around: &Around) -> Vec<NameId> {
    let symbols = &from.facts.symbols;
    let mut found = Vec::new();
    let mut at = from.facts.symbol_at(Place { row: around.row, column: 0 });
    while let Some(symbol) = at.and_then(|at| symbols.get(at as usize)) {
        if Role::of(symbol.kind) == Role::Type {
            found.push(symbol.name);
        }
        at = symbol.container;
    }
    found
}

/// 0 for none, and near 1 for many.
fn saturated(count: u32) -> f32 {
    count as f32 / (count as f32 + 1.0)
}
