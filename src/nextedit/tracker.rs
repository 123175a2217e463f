//! Follows the definitions of one document through its versions, and remembers what each was called when it last stood still.
//!
//! A name that is being typed is none of these: a definition has to stand for a while before anybody can have used it. The
//! time is given, so that tests need not wait.

use std::time::Duration;

use super::change::{Change, Shape};
use super::pairing::{align, inner, pair};
use super::snapshot::{Entry, Snapshot};
use crate::syntax::DefinitionKind;
use crate::text::DocumentId;

/// What stood for so long was meant, and may have been used.
pub const REST: Duration = Duration::from_secs(10);
/// A definition that is gone for so long is gone, even if the text is broken around it.
const LOST: Duration = Duration::from_secs(120);
/// Former shapes of one definition.
const MOST_FORMER: usize = 4;
/// Definitions that get another name in one step: beyond that it is another branch or another file.
const MOST_RENAMED: usize = 8;

/// The definitions of a document.
#[derive(Clone, Debug)]
pub struct Tracker {
    document: DocumentId,
    /// In the index.
    path: String,
    /// In the order of the text; what is gone stands where it stood.
    tracked: Vec<Tracked>,
    next_number: u64,
}

#[derive(Clone, Debug)]
struct Tracked {
    number: u64,
    /// As it was last seen, its container as an index into `Tracker::tracked`.
    entry: Entry,
    /// As it last stood still. None for what has not yet.
    stable: Option<Shape>,
    /// What it was before that, the oldest first.
    former: Vec<Shape>,
    /// When `entry.shape` became what it is.
    changed_at: Duration,
    stable_locals: Option<Vec<String>>,
    locals_changed_at: Duration,
    lost_at: Option<Duration>,
}

impl Tracker {
    /// What stands in a document when it is opened stood before.
    pub fn new(document: DocumentId, path: &str, snapshot: &Snapshot, now: Duration) -> Self {
        let tracked = (0..).zip(&snapshot.entries).map(|(number, entry)| Tracked {
            stable: Some(entry.shape.clone()),
            stable_locals: Some(entry.locals.clone()),
            ..Tracked::new(number, entry.clone(), now)
        });
        let tracked: Vec<Tracked> = tracked.collect();
        Self { document, path: path.to_owned(), next_number: tracked.len() as u64, tracked }
    }

    /// Takes up another version.
    pub fn update(&mut self, snapshot: &Snapshot, now: Duration) {
        let old: Vec<&Entry> = self.tracked.iter().map(|tracked| &tracked.entry).collect();
        let new: Vec<&Entry> = snapshot.entries.iter().collect();
        let pairs = pair(&old, &new);
        let is_renamed = |(old, new): (usize, &Option<usize>)| {
            let seen = &self.tracked[old];
            new.is_some_and(|new| seen.lost_at.is_none() && seen.entry.shape.name != snapshot.entries[new].shape.name)
        };
        if pairs.iter().enumerate().filter(|pair| is_renamed(*pair)).count() > MOST_RENAMED {
            *self = Self::new(self.document.clone(), &self.path, snapshot, now);
            return;
        }
        let mut merge = Merge {
            old: self.tracked.iter().cloned().map(Some).collect(),
            old_inner: inner(&old),
            new: &snapshot.entries,
            new_inner: inner(&new),
            partner: vec![None; new.len()],
            pairs: &pairs,
            has_errors: snapshot.has_errors,
            now,
            next_number: self.next_number,
            merged: Vec::with_capacity(new.len()),
        };
        for (old, new) in pairs.iter().enumerate() {
            if let Some(new) = new {
                merge.partner[*new] = Some(old);
            }
        }
        merge.level(Some(merge.old_inner.len() - 1), Some(merge.new_inner.len() - 1), None);
        (self.next_number, self.tracked) = (merge.next_number, merge.merged);
    }

    /// Definitions that are not what they were.
    pub fn changes(&self) -> Vec<Change> {
        let present = || self.tracked.iter().filter(|tracked| tracked.lost_at.is_none());
        let mut changes = Vec::new();
        for tracked in present() {
            changes.extend(self.change(tracked));
            changes.extend(self.local_changes(tracked));
        }
        changes
    }

    /// Nothing of it is pending.
    pub fn is_quiet(&self) -> bool {
        self.changes().is_empty()
    }

    fn change(&self, tracked: &Tracked) -> Option<Change> {
        use DefinitionKind as Kind;
        let entry = &tracked.entry;
        let stable = tracked.stable.as_ref()?;
        // A module's name is a file's, and what stands in prose and data is named by no code.
        let is_named = !matches!(
            entry.kind,
            Kind::Module
                | Kind::Namespace
                | Kind::Extension
                | Kind::Heading
                | Kind::Key
                | Kind::Selector
                | Kind::Element
        );
        if !is_named || !is_identifier(&entry.shape.name) {
            return None;
        }
        let mut before: Vec<Shape> = Vec::new();
        for shape in std::iter::once(stable).chain(tracked.former.iter().rev()) {
            let is_same = |other: &Shape| other.name == shape.name && other.takes_the_same(shape);
            if !is_same(&entry.shape) && !before.iter().any(is_same) {
                before.push(shape.clone());
            }
        }
        // What is not told cannot be compared.
        before.retain(|shape| {
            shape.name != entry.shape.name || (shape.parameters.is_some() && entry.shape.parameters.is_some())
        });
        if before.is_empty() {
            return None;
        }
        Some(Change {
            number: tracked.number,
            document: self.document.clone(),
            path: self.path.clone(),
            kind: entry.kind,
            owners: self.owners(tracked),
            has_body: entry.has_body(),
            now: entry.shape.clone(),
            before,
            name_at: entry.name_at.clone(),
            head: entry.range.start..entry.body,
            scope: None,
        })
    }

    /// Local variables and parameters that have another name.
    fn local_changes(&self, tracked: &Tracked) -> Vec<Change> {
        let entry = &tracked.entry;
        let Some(before) = tracked.stable_locals.as_ref().filter(|locals| **locals != entry.locals) else {
            return Vec::new();
        };
        let now = &entry.locals;
        let pairs = align(before.len(), now.len(), |one, other| before[one] == now[other]);
        let ends = pairs.into_iter().chain([(before.len(), now.len())]);
        let (mut from_old, mut from_new) = (0, 0);
        let mut changes = Vec::new();
        for (to_old, to_new) in ends {
            if (to_old - from_old, to_new - from_new) == (1, 1) {
                let (old, new) = (&before[from_old], &now[from_new]);
                // One that shadows another, or now has another's name, leads anywhere.
                let is_one =
                    |name: &String, locals: &[String]| locals.iter().filter(|local| *local == name).count() == 1;
                if is_one(old, before) && !now.contains(old) && is_one(new, now) && !before.contains(new) {
                    changes.push(self.local_change(tracked, old, new, from_new));
                }
            }
            (from_old, from_new) = (to_old + 1, to_new + 1);
        }
        changes
    }

    fn local_change(&self, tracked: &Tracked, old: &str, new: &str, at: usize) -> Change {
        let shape = |name: &str| Shape { name: name.to_owned(), parameters: None, signature: name.to_owned() };
        let entry = &tracked.entry;
        Change {
            // Apart from those of definitions.
            number: (1 << 63) | (tracked.number << 16) | at as u64,
            document: self.document.clone(),
            path: self.path.clone(),
            kind: DefinitionKind::Variable,
            owners: Vec::new(),
            has_body: false,
            now: shape(new),
            before: vec![shape(old)],
            name_at: entry.name_at.clone(),
            head: entry.range.start..entry.body,
            scope: Some(entry.range.clone()),
        }
    }

    /// Names of the type that a definition is a member of.
    fn owners(&self, tracked: &Tracked) -> Vec<String> {
        let around = tracked.entry.container.and_then(|container| self.tracked.get(container));
        let Some(outer) = around.filter(|outer| outer.entry.kind.has_members()) else {
            return tracked.entry.qualifier.clone().into_iter().collect();
        };
        let name = outer.entry.shape.name.clone();
        let mut names = vec![name.clone()];
        // `impl` says the name of a type that stands elsewhere in the text.
        let same = |other: &&Tracked| other.number == outer.number || other.entry.shape.name == name;
        let shapes = self.tracked.iter().filter(same).filter(|other| other.entry.kind.has_members());
        names.extend(shapes.flat_map(|other| other.stable.iter().chain(&other.former)).map(|shape| shape.name.clone()));
        names.sort();
        names.dedup();
        names
    }
}

impl Tracked {
    fn new(number: u64, entry: Entry, now: Duration) -> Self {
        Self {
            number,
            entry,
            stable: None,
            former: Vec::new(),
            changed_at: now,
            stable_locals: None,
            locals_changed_at: now,
            lost_at: None,
        }
    }

    /// The same definition in another version.
    fn renew(&mut self, entry: Entry, now: Duration) {
        if self.entry.shape != entry.shape {
            let stood = now.saturating_sub(self.changed_at) >= REST && self.lost_at.is_none();
            if stood && self.stable.as_ref() != Some(&self.entry.shape) {
                self.former.extend(self.stable.replace(self.entry.shape.clone()));
                let surplus = self.former.len().saturating_sub(MOST_FORMER);
                self.former.drain(..surplus);
            }
            self.changed_at = now;
        }
        if self.entry.locals != entry.locals {
            if now.saturating_sub(self.locals_changed_at) >= REST && self.lost_at.is_none() {
                self.stable_locals = Some(std::mem::take(&mut self.entry.locals));
            }
            self.locals_changed_at = now;
        }
        self.entry = entry;
        self.lost_at = None;
    }
}

/// Two versions on the way to one.
struct Merge<'a> {
    old: Vec<Option<Tracked>>,
    old_inner: Vec<Vec<usize>>,
    new: &'a [Entry],
    new_inner: Vec<Vec<usize>>,
    /// By new entry: the old one.
    partner: Vec<Option<usize>>,
    pairs: &'a [Option<usize>],
    has_errors: bool,
    now: Duration,
    next_number: u64,
    merged: Vec<Tracked>,
}

impl Merge<'_> {
    /// What stands in one definition: the new version's entries in their order, lost ones where they stood. Definitions are
    /// nested 64 deep at most.
    fn level(&mut self, old: Option<usize>, new: Option<usize>, container: Option<usize>) {
        let olds = old.map(|old| std::mem::take(&mut self.old_inner[old])).unwrap_or_default();
        let news = new.map(|new| std::mem::take(&mut self.new_inner[new])).unwrap_or_default();
        let mut waiting = olds.into_iter().peekable();
        for new in news {
            let partner = self.partner[new];
            if let Some(partner) = partner {
                while let Some(lost) = waiting.next_if(|old| *old != partner) {
                    self.lose(lost, container);
                }
                waiting.next();
            }
            let mut entry = self.new[new].clone();
            entry.container = container;
            let tracked = match partner.and_then(|partner| self.old[partner].take()) {
                Some(mut tracked) => {
                    tracked.renew(entry, self.now);
                    tracked
                }
                None => {
                    self.next_number += 1;
                    Tracked::new(self.next_number - 1, entry, self.now)
                }
            };
            let index = self.merged.len();
            self.merged.push(tracked);
            self.level(partner, Some(new), Some(index));
        }
        for lost in waiting {
            self.lose(lost, container);
        }
    }

    /// Keeps what is not there any more while it may come back.
    fn lose(&mut self, old: usize, container: Option<usize>) {
        let Some(mut tracked) = self.old[old].take().filter(|_| self.pairs[old].is_none()) else { return };
        let lost_at = *tracked.lost_at.get_or_insert(self.now);
        let gone = self.now.saturating_sub(lost_at);
        let is_over = gone >= LOST || (gone >= REST && !self.has_errors);
        if is_over || tracked.stable.is_none() {
            return;
        }
        tracked.entry.container = container;
        let index = self.merged.len();
        self.merged.push(tracked);
        self.level(Some(old), None, Some(index));
    }
}

/// What code can name: no operator, nothing half typed.
fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    let is_first = |first: char| first.is_alphabetic() || matches!(first, '_' | '$' | '@');
    characters.next().is_some_and(is_first)
        && characters.all(|rest| rest.is_alphanumeric() || matches!(rest, '_' | '$' | '?' | '!' | '\''))
}
