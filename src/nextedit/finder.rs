//! From changes to the places that have not followed.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::{FxHashMap, FxHashSet};

use super::arguments::{Verdict, Written, judge};
use super::change::{Certainty, Change, PlaceKind, Replacement, Shape, StalePlace};
use super::library::{Library, Page};
use super::uses::{self, Setting};
use crate::index::{Circle, Formerly, Role, StaleFile, StaleFiles};
use crate::syntax::{Call, Definition, DefinitionKind, List, Reference, ReferenceKind};
use crate::text::DocumentId;

/// Places that are told of.
pub const MOST_PLACES: usize = 200;
/// The trial parse of one place.
const TRIAL: Duration = Duration::from_millis(50);

/// A change of a document, and the path of a page.
type Seen = (DocumentId, u64, String);

/// Finds what has not followed; remembers how calls looked when it first saw a change, because after two arguments have
/// changed places nothing tells a call that followed from one that did not.
#[derive(Debug, Default)]
pub struct Finder {
    /// The argument lists of the calls, in the order of the text.
    seen: FxHashMap<Seen, Vec<String>>,
    /// Read by the last search.
    pages: FxHashMap<String, Arc<Page>>,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// By certainty; each change's own file first, then the nearest.
    pub places: Vec<StalePlace>,
    /// More than these are stale.
    pub is_cut: bool,
}

/// Calls of one page, in the order of the text.
type Calls = Vec<(Reference, Certainty)>;

/// One change, one of its former shapes, and what is found for them.
struct Search<'a, 'l> {
    change: &'a Change,
    former: &'a Shape,
    library: &'a mut Library<'l>,
    places: &'a mut Vec<StalePlace>,
    taken: &'a mut FxHashSet<(String, usize)>,
    seen: &'a mut FxHashMap<Seen, Vec<String>>,
}

impl Finder {
    /// All changes are of documents of the library's index.
    pub fn find(&mut self, changes: &[Change], library: &mut Library<'_>) -> Findings {
        self.seen.retain(|(document, number, _), _| {
            changes.iter().any(|change| change.document == *document && change.number == *number)
        });
        library.keep(std::mem::take(&mut self.pages));
        let mut places = Vec::new();
        let mut taken = FxHashSet::default();
        let mut is_cut = false;
        for change in changes {
            for former in &change.before {
                let seen = &mut self.seen;
                let mut search = Search { change, former, library, places: &mut places, taken: &mut taken, seen };
                is_cut |= if change.scope.is_some() {
                    search.local();
                    false
                } else if former.name != change.now.name {
                    search.renamed()
                } else {
                    search.takes_other_arguments()
                };
            }
        }
        self.pages = if places.is_empty() { FxHashMap::default() } else { library.read_so_far() };
        places.sort_by_key(|place| place.certainty);
        is_cut |= places.len() > MOST_PLACES;
        places.truncate(MOST_PLACES);
        Findings { places, is_cut }
    }
}

impl Search<'_, '_> {
    /// Uses of a local name in the function that it lives in.
    fn local(&mut self) {
        let Some(home) = self.library.page(&self.change.path) else { return };
        let Some(scope) = self.change.scope.clone() else { return };
        let is_inside = |name: &Range<u32>| scope.contains(&(name.start as usize));
        let is_former = |name: &Range<u32>| text_of(&home, name) == self.former.name;
        // Bound once more, perhaps in a function inside: which one is meant is not told by the name.
        if home.bindings.iter().any(|binding| is_inside(&binding.name) && is_former(&binding.name)) {
            return;
        }
        let is_member = |definition: &Definition| {
            let container = definition.container.and_then(|index| home.tags.definitions.get(index as usize));
            container.is_some_and(|container| container.kind.has_members())
        };
        let defined = home.tags.definitions.iter().filter(|definition| !is_member(definition));
        let is_elsewhere = defined.into_iter().any(|definition| is_former(&definition.name))
            || home.tags.imports.iter().any(|import| import.names.contains(&self.former.name));
        let certainty = if is_elsewhere { Certainty::Possible } else { Certainty::Sure };
        let by_name = |used: &&Reference| matches!(used.kind, ReferenceKind::Value | ReferenceKind::Call);
        let used = home.tags.references.iter().filter(by_name).filter(|used| is_inside(&used.name));
        let found: Vec<Range<u32>> = used.map(|used| used.name.clone()).filter(|name| is_former(name)).collect();
        for name in found {
            self.add_rename(&home, &name, certainty);
        }
    }

    /// Uses of the former name. True where there are more than were looked at.
    fn renamed(&mut self) -> bool {
        let change = self.change;
        let Some(home) = self.library.page(&change.path) else { return false };
        let Some(own) = self.own_definitions(&home) else { return false };
        let files = self.library.index().stale(self.formerly());
        for name in &own.stale {
            self.add_rename(&home, name, Certainty::Sure);
        }
        self.each_use(&home, &files, own.others, |search, page, used, certainty| {
            search.add_rename(page, &used.name, certainty);
        });
        self.each_redefinition(&home, &files, |search, page, definition| {
            search.add_rename(page, &definition.name, Certainty::Likely);
        });
        files.left_out > 0
    }

    /// Calls of what takes other arguments now.
    fn takes_other_arguments(&mut self) -> bool {
        let Some(home) = self.library.page(&self.change.path) else { return false };
        let Some(own) = self.own_definitions(&home) else { return false };
        let files = self.library.index().stale(self.formerly());
        let mut calls: Vec<(Arc<Page>, Reference, Certainty)> = Vec::new();
        self.each_use(&home, &files, own.others, |_, page, used, certainty| {
            if !matches!(used.kind, ReferenceKind::Import | ReferenceKind::Inherit) {
                calls.push((page.clone(), used.clone(), certainty));
            }
        });
        let mut by_page: Vec<(Arc<Page>, Calls)> = Vec::new();
        for (page, used, certainty) in calls {
            match by_page.last_mut().filter(|(last, _)| Arc::ptr_eq(last, &page)) {
                Some((_, calls)) => calls.push((used, certainty)),
                None => by_page.push((page, vec![(used, certainty)])),
            }
        }
        for (page, calls) in by_page {
            self.add_calls(&page, &calls);
        }
        self.each_redefinition(&home, &files, |search, page, definition| {
            let takes_the_former = page.tree.parameters(definition, &page.bindings).is_some_and(|list| {
                let counted = |parameters: &Option<Vec<_>>| parameters.as_ref().map(Vec::len);
                Some(list.items.len()) == counted(&search.former.parameters)
                    && Some(list.items.len()) != counted(&search.change.now.parameters)
            });
            if takes_the_former {
                search.add(page, &definition.name, PlaceKind::Signature, Certainty::Likely, None);
            }
        });
        files.left_out > 0
    }

    /// Calls of one page, in the order of the text.
    fn add_calls(&mut self, page: &Arc<Page>, calls: &[(Reference, Certainty)]) {
        let (Some(before), Some(now)) = (&self.former.parameters, &self.change.now.parameters) else { return };
        let lists: Vec<Option<List>> = calls
            .iter()
            .map(|(used, _)| match page.tree.call(bytes(&used.name)) {
                Call::With(list) => Some(list),
                Call::None | Call::Opaque => None,
            })
            .collect();
        let texts: Vec<String> = lists
            .iter()
            .map(|list| list.as_ref().map(|list| page.slice(list.inner.clone()).to_owned()).unwrap_or_default())
            .collect();
        let key = (self.change.document.clone(), self.change.number, page.path.clone());
        let seen = self.seen.entry(key).or_insert_with(|| texts.clone()).clone();
        let is_unchanged = |at: usize| {
            if seen.len() == texts.len() { seen[at] == texts[at] } else { seen.contains(&texts[at]) }
        };
        let mut added = Vec::new();
        for (at, ((used, certainty), list)) in calls.iter().zip(&lists).enumerate() {
            let Some(list) = list else { continue };
            let language = page.tree.language().name.as_str();
            let written = Written {
                list,
                text: &page.text,
                names_with_equals: language == "python",
                is_labelled: language == "swift",
                // PHP's variables have a mark that parameters are told without.
                in_scope: &|name| language != "php" && is_bound(page, used.name.start, name),
            };
            match judge(before, now, &written) {
                Verdict::Fine => {}
                Verdict::Rewrite { is_told: false, .. } if !is_unchanged(at) => {}
                Verdict::Rewrite { inner, drops, .. } => {
                    let edit = Replacement { range: list.inner.clone(), text: inner };
                    let certainty = if drops { Certainty::Possible } else { *certainty };
                    added.push((used.name.clone(), certainty, Some(edit)));
                }
                Verdict::Look if is_unchanged(at) => added.push((used.name.clone(), *certainty, None)),
                Verdict::Look => {}
            }
        }
        for (name, certainty, edit) in added {
            self.add(page, &name, PlaceKind::Signature, certainty, edit);
        }
    }

    /// Calls `each` with every use that can mean the definition by the name that is asked for.
    fn each_use(
        &mut self,
        home: &Arc<Page>,
        files: &StaleFiles,
        own_others: usize,
        mut each: impl FnMut(&mut Self, &Arc<Page>, &Reference, Certainty),
    ) {
        let others = files.others + own_others;
        let index = self.library.index();
        let is_known = |name: &str| {
            let state = index.read();
            state.names().find(name).is_some_and(|id| state.defining(id).len() > 0)
        };
        let own = StaleFile {
            path: home.path.clone(),
            language: home.tree.language(),
            links: ReferenceKind::ALL.map(|kind| (kind, Circle::File, 1)).to_vec(),
            knows_owner: true,
            redefines: true,
        };
        for file in std::iter::once(&own).chain(&files.files) {
            if self.places.len() >= MOST_PLACES {
                return;
            }
            let Some(page) = self.library.page(&file.path) else { continue };
            // The file calls something else by this name.
            let alias = format!(" as {}", self.former.name);
            let has_alias = page.text.match_indices(&alias).any(|(at, alias)| {
                !page.text[at + alias.len()..].starts_with(|next: char| next.is_alphanumeric() || next == '_')
            });
            let named = page.tags.references.iter().filter(|used| text_of(&page, &used.name) == self.former.name);
            let mut found = Vec::new();
            for used in named {
                let Some((_, circle, definers)) = file.links.iter().find(|(kind, ..)| *kind == used.kind) else {
                    continue;
                };
                let setting = Setting {
                    circle: *circle,
                    definers: *definers,
                    knows_owner: file.knows_owner,
                    inherits: file.redefines,
                    others,
                    is_foreign: files.is_foreign,
                };
                let certainty = uses::certainty(&page, used, self.change, setting, &is_known);
                found.extend(certainty.filter(|_| !has_alias).map(|certainty| (used.clone(), certainty)));
            }
            for (used, certainty) in found {
                each(self, &page, &used, certainty);
            }
        }
    }

    /// Calls `each` with every definition elsewhere that has to be like this one: prototypes of C, what overrides it.
    fn each_redefinition(
        &mut self,
        home: &Arc<Page>,
        files: &StaleFiles,
        mut each: impl FnMut(&mut Self, &Arc<Page>, &Definition),
    ) {
        let redefining = files.files.iter().filter(|file| file.redefines).map(|file| file.path.as_str());
        let paths: Vec<&str> = std::iter::once(home.path.as_str()).chain(redefining).collect();
        for path in paths {
            let Some(page) = self.library.page(path) else { continue };
            for definition in &page.tags.definitions {
                let is_same = text_of(&page, &definition.name) == self.former.name
                    && Role::of(definition.kind) == Role::of(self.change.kind);
                if is_same && (self.declares(&page, definition) || self.overrides(&page, definition)) {
                    each(self, &page, definition);
                }
            }
        }
    }

    fn declares(&self, page: &Page, definition: &Definition) -> bool {
        page.tree.language().family() == "c"
            && Role::of(self.change.kind) == Role::Callable
            && definition.body.is_some() != self.change.has_body
    }

    fn overrides(&self, page: &Page, definition: &Definition) -> bool {
        let container = definition.container.and_then(|index| page.tags.definitions.get(index as usize));
        let container = container.filter(|container| container.kind.has_members());
        container.is_some_and(|container| {
            let name = text_of(page, &container.name);
            !self.change.is_owner(name) && uses::inherits(page, name, self.change)
        })
    }

    /// What else the definition's own file defines by the name that is asked for. None where that name means something
    /// there, and so everywhere.
    fn own_definitions(&self, home: &Page) -> Option<Own> {
        let mut own = Own::default();
        let change = self.change;
        for definition in &home.tags.definitions {
            let is_itself = bytes(&definition.name) == change.name_at;
            if is_itself || text_of(home, &definition.name) != self.former.name {
                continue;
            }
            let container = definition.container.and_then(|index| home.tags.definitions.get(index as usize));
            let is_inside = container.is_some_and(|container| bytes(&container.name) == change.name_at);
            if definition.kind == DefinitionKind::Constructor && is_inside {
                own.stale.push(definition.name.clone());
                continue;
            }
            if definition.kind == DefinitionKind::Extension || self.declares(home, definition) {
                continue;
            }
            if Role::of(definition.kind) != Role::of(change.kind) {
                continue;
            }
            let owner = container.filter(|container| container.kind.has_members());
            let is_same = match owner {
                Some(owner) => change.is_owner(text_of(home, &owner.name)),
                None => change.owners.is_empty(),
            };
            if is_same {
                return None;
            }
            own.others += usize::from(!self.overrides(home, definition));
        }
        Some(own)
    }

    fn formerly(&self) -> Formerly<'_> {
        Formerly {
            path: &self.change.path,
            name: &self.former.name,
            kind: self.change.kind,
            owners: &self.change.owners,
            has_body: self.change.has_body,
        }
    }

    fn add_rename(&mut self, page: &Arc<Page>, name: &Range<u32>, certainty: Certainty) {
        let range = bytes(name);
        let now = &self.change.now.name;
        let text = match page.tree.is_shorthand(&range) {
            true => format!("{}: {now}", self.former.name),
            false => now.clone(),
        };
        self.add(page, name, PlaceKind::Rename, certainty, Some(Replacement { range, text }));
    }

    /// Each place once; an edit only where it adds no syntax error.
    fn add(
        &mut self,
        page: &Arc<Page>,
        name: &Range<u32>,
        kind: PlaceKind,
        certainty: Certainty,
        edit: Option<Replacement>,
    ) {
        let range = bytes(name);
        if !self.taken.insert((page.path.clone(), range.start)) {
            return;
        }
        let is_sound = |edit: &Replacement| {
            let trial = page.tree.with(TRIAL, edit.range.clone(), &edit.text);
            trial.is_some_and(|tree| tree.error_count() <= page.tree.error_count())
        };
        let message = match kind {
            PlaceKind::Rename => format!("`{}` is now `{}`", self.former.name, self.change.now.name),
            PlaceKind::Signature => {
                format!("`{}` is now `{}`", self.former.signature, self.change.now.signature)
            }
        };
        self.places.push(StalePlace {
            page: page.clone(),
            range,
            kind,
            certainty,
            edit: edit.filter(is_sound),
            name: self.former.name.clone(),
            message,
            change: self.change.number,
            document: self.change.document.clone(),
            head: self.change.head.clone(),
        });
    }
}

/// Definitions of one name in one file.
#[derive(Debug, Default)]
struct Own {
    /// They have to follow: constructors that are called as their class.
    stale: Vec<Range<u32>>,
    /// Of other types.
    others: usize,
}

/// Whether a variable of this name is bound before `byte` in the same function.
fn is_bound(page: &Page, byte: u32, name: &str) -> bool {
    let callable = page
        .tags
        .definitions
        .iter()
        .rposition(|definition| definition.kind.is_callable() && definition.range.contains(&byte));
    let bound = page.bindings.iter().filter(|binding| binding.name.end <= byte);
    let mut own = bound.filter(|binding| binding.callable.map(|callable| callable as usize) == callable);
    own.any(|binding| text_of(page, &binding.name) == name)
}

fn bytes(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

fn text_of<'a>(page: &'a Page, range: &Range<u32>) -> &'a str {
    page.slice(bytes(range))
}
