//! What the thread for next edits knows: a tracker for each document, and how calls looked when their change was first seen.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::{Board, Event};
use crate::index::Index;
use crate::nextedit::{Change, Finder, Findings, Library, OpenText, Page, Snapshot, Tracker};
use crate::syntax::SyntaxTree;
use crate::text::{Document, DocumentId};

/// Closed documents whose changes are followed.
const MOST_CLOSED: usize = 16;

#[derive(Debug, Default)]
pub struct Worker {
    desks: HashMap<DocumentId, Desk>,
    /// Documents that were closed while something was left behind: what was saved counts.
    closed: Vec<Desk>,
    /// By root.
    finders: HashMap<PathBuf, Finder>,
    /// Generations of the indexes when places were last sought.
    generations: Vec<(PathBuf, u64)>,
    /// Something was left behind, so that files that change matter.
    has_changes: bool,
}

/// A document.
#[derive(Debug)]
struct Desk {
    document: Document,
    /// None before the index has it, or without a grammar.
    known: Option<Known>,
}

#[derive(Debug)]
struct Known {
    index: Weak<Index>,
    path: String,
    tree: Arc<SyntaxTree>,
    tracker: Tracker,
}

impl Worker {
    /// None where the board stays as it is.
    pub fn work(&mut self, events: Vec<(DocumentId, Event)>, now: Duration) -> Option<Board> {
        let is_idle = events.is_empty();
        for (id, event) in events {
            self.take_up(id, event, now);
        }
        if is_idle && !(self.has_changes && self.generations() != self.generations) {
            return None;
        }
        self.generations = self.generations();
        let findings = self.find(now);
        let seen = self.desks.iter().map(|(id, desk)| (id.clone(), desk.document.clone())).collect();
        Some(Board { findings, seen, told: 0 })
    }

    fn take_up(&mut self, id: DocumentId, event: Event, now: Duration) {
        match event {
            Event::Opened(document) => {
                self.desks.insert(id, Desk { document, known: None });
            }
            Event::Refused => {
                self.desks.remove(&id);
            }
            Event::Closed => {
                let Some(desk) = self.desks.remove(&id) else { return };
                if desk.known.as_ref().is_some_and(|known| !known.tracker.is_quiet()) {
                    self.closed.push(desk);
                    let surplus = self.closed.len().saturating_sub(MOST_CLOSED);
                    self.closed.drain(..surplus);
                }
            }
            Event::TakenUp { document, tree, index, path } => {
                let desk = self.desks.entry(id).or_insert_with(|| Desk { document: document.clone(), known: None });
                let before = std::mem::replace(&mut desk.document, document.clone());
                let Some(tree) = tree else { return };
                if desk.known.as_ref().is_some_and(|known| known.path != path) {
                    desk.known = None;
                }
                // What was closed with something left behind and is opened again goes on.
                if desk.known.is_none() {
                    let of_path = |other: &Desk| other.known.as_ref().is_some_and(|known| known.path == path);
                    if let Some(at) = self.closed.iter().position(of_path) {
                        desk.known = self.closed.swap_remove(at).known;
                    }
                }
                let page = Page::new(&path, document, tree.clone(), true);
                let snapshot = Snapshot::new(&page);
                let known = desk.known.take().or_else(|| {
                    let tracker = first(&path, &before, &page, &snapshot, now)?;
                    Some(Known { index: index.clone(), path: path.clone(), tree: tree.clone(), tracker })
                });
                desk.known = known.map(|mut known| {
                    known.tracker.update(&snapshot, now);
                    Known { index, path, tree, ..known }
                });
            }
        }
    }

    fn find(&mut self, now: Duration) -> Findings {
        let mut indexes: Vec<Arc<Index>> = Vec::new();
        let known = self.desks.values().chain(&self.closed).filter_map(|desk| desk.known.as_ref());
        for index in known.filter_map(|known| known.index.upgrade()) {
            if !indexes.iter().any(|other| Arc::ptr_eq(other, &index)) {
                indexes.push(index);
            }
        }
        indexes.sort_by(|one, other| one.root().cmp(other.root()));
        let mut all = Findings::default();
        self.has_changes = !self.closed.is_empty();
        for index in indexes {
            let mut open: FxHashMap<String, OpenText> = FxHashMap::default();
            let mut changes: Vec<Change> = Vec::new();
            for desk in self.desks.values() {
                let Some(known) = desk.known.as_ref().filter(|known| is_of(known, &index)) else { continue };
                let text = OpenText { document: desk.document.clone(), tree: known.tree.clone() };
                open.insert(known.path.clone(), text);
                changes.extend(known.tracker.changes());
            }
            let mut library = Library::new(&index, &open);
            self.closed.retain_mut(|desk| {
                let Some(known) = desk.known.as_mut().filter(|known| is_of(known, &index)) else { return true };
                let Some(page) = library.page(&known.path) else { return false };
                known.tracker.update(&Snapshot::new(&page), now);
                changes.extend(known.tracker.changes());
                !known.tracker.is_quiet()
            });
            if changes.is_empty() {
                continue;
            }
            self.has_changes = true;
            // Numbers are the documents' own.
            changes.sort_by(|one, other| (&one.path, one.number).cmp(&(&other.path, other.number)));
            let started = std::time::Instant::now();
            let finder = self.finders.entry(index.root().to_owned()).or_default();
            let found = finder.find(&changes, &mut library);
            tracing::debug!(
                changes = changes.len(),
                places = found.places.len(),
                ms = started.elapsed().as_millis() as u64,
                "looked for what is stale"
            );
            all.places.extend(found.places);
            all.is_cut |= found.is_cut;
        }
        all
    }

    fn generations(&self) -> Vec<(PathBuf, u64)> {
        let known = self.desks.values().chain(&self.closed).filter_map(|desk| desk.known.as_ref());
        let mut all: Vec<(PathBuf, u64)> = known
            .filter_map(|known| known.index.upgrade())
            .map(|index| (index.root().to_owned(), index.read().generation()))
            .collect();
        all.sort();
        all.dedup();
        all
    }
}

fn is_of(known: &Known, index: &Arc<Index>) -> bool {
    known.index.upgrade().is_some_and(|own| Arc::ptr_eq(&own, index))
}

/// A tracker of the version that the document was opened with. `page` is the first that the index has.
fn first(path: &str, opened: &Document, page: &Page, snapshot: &Snapshot, now: Duration) -> Option<Tracker> {
    let id = page.id().clone();
    if page.is_of(opened) {
        return Some(Tracker::new(id, path, snapshot, now));
    }
    let page = Page::of_document(path, opened, true)?;
    Some(Tracker::new(id, path, &Snapshot::new(&page), now))
}
