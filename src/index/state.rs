//! The index itself: files, their facts, and the tables from names to files. No threads, no clock, no disk in here.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use super::extract::Extracted;
use super::facts::FileFacts;
use super::heuristics::Omission;
use super::names::{NameId, Names};
use super::postings::{MAX_FILES, Postings};
use crate::syntax::Language;

/// A file's number. Numbers of files that are gone are given out again, so nothing may be ordered by them.
pub type FileId = u32;

/// What tells a version of a file from another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    pub bytes: u64,
    /// Nanoseconds since 1970. Compared for equality only: clocks go backwards.
    pub modified: i64,
    /// The entry of the directory, as far as the system tells one from another; see `walk::entry`.
    pub entry: u64,
    /// Of the content; zero where it was not read.
    pub hash: [u8; 16],
    /// The file had been left alone for a while when it was read, so an equal size and time means an equal content. A
    /// file that was written in the same tick as it was read is read again.
    pub settled: bool,
}

/// A file of the workspace.
#[derive(Clone, Debug)]
pub struct File {
    /// From the workspace's root, with `/`.
    pub path: Arc<str>,
    pub language: Option<&'static Language>,
    pub stamp: Stamp,
    pub omission: Option<Omission>,
    pub is_generated: bool,
    pub is_vendored: bool,
    /// The facts are those of an open document, not of the disk.
    pub is_open: bool,
    pub facts: Arc<FileFacts>,
}

impl File {
    /// Of the version on disk that the facts are of. None for a document's: an editor may have called its language by another
    /// name, and what is not searched in a file counts in a document.
    pub fn stamp_on_disk(&self) -> Option<Stamp> {
        (!self.is_open).then_some(self.stamp)
    }

    /// Whether the facts are of this very text.
    pub fn is_of(&self, text: &str) -> bool {
        self.stamp.hash == super::refresh::hash(text.as_bytes())
    }
}

/// Answers are the same whatever the order in which files came in: numbers never show.
#[derive(Clone, Debug, Default)]
pub struct State {
    names: Names,
    files: Vec<Option<File>>,
    free: Vec<FileId>,
    by_path: FxHashMap<Arc<str>, FileId>,
    definitions: Postings,
    uses: Postings,
    terms: Postings,
    /// Counts changes; equal numbers mean equal content.
    generation: u64,
    totals: Totals,
    /// Kept from the time on that somebody first asks for changes.
    changes: Option<Changes>,
}

/// What changed since somebody last asked.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Files came, went, or changed their language.
    pub paths: bool,
    /// Files with other facts.
    pub files: FxHashSet<FileId>,
    /// Names with other definitions.
    pub names: FxHashSet<NameId>,
}

/// Sums over all files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    pub files: usize,
    pub source_bytes: u64,
    pub definitions: usize,
    pub references: usize,
    pub imports: usize,
    /// Terms with their frequency, for BM25.
    pub length: u64,
    /// Bytes of the facts alone.
    pub fact_bytes: usize,
}

impl State {
    /// Puts a file in, in place of what was there under this path. Returns its number, or None when there are no more.
    pub fn insert(
        &mut self,
        path: Arc<str>,
        stamp: Stamp,
        extracted: Extracted,
        is_vendored: bool,
        is_open: bool,
    ) -> Option<FileId> {
        let (language, omission, is_generated) = (extracted.language, extracted.omission, extracted.is_generated);
        let facts = Arc::new(extracted.into_facts(|name| self.names.intern(name))?);
        self.put(File { path, language, stamp, omission, is_generated, is_vendored, is_open, facts })
    }

    /// Of files of different paths whose facts have the numbers of `names`. As if each had been put in, in a fraction of the
    /// time.
    pub fn of_files(files: Vec<File>, names: Names) -> Self {
        let mut totals = Totals::default();
        files.iter().for_each(|file| totals.add(file));
        let numbered = || (0..).zip(files.iter().map(|file| &*file.facts));
        let table = |entries: fn(&FileFacts, EachEntry<'_>)| {
            Postings::of_all(names.len(), |each| {
                numbered().for_each(|(id, facts)| entries(facts, &mut |name, beside| each(name.0, id, beside)));
            })
        };
        let definitions = table(|facts, each| facts.defined().for_each(|(name, roles)| each(name, roles)));
        let uses = table(|facts, each| facts.used_kinds().for_each(|(name, kinds)| each(name, kinds)));
        let terms = table(|facts, each| terms(facts).for_each(|(term, count)| each(term, count)));
        let by_path = (0..).zip(&files).map(|(id, file)| (file.path.clone(), id)).collect();
        Self {
            by_path,
            definitions,
            uses,
            terms,
            totals,
            generation: files.len() as u64,
            names,
            files: files.into_iter().map(Some).collect(),
            ..Self::default()
        }
    }

    /// Puts in a file whose facts have this index's numbers already.
    pub fn put(&mut self, mut file: File) -> Option<FileId> {
        self.generation += 1;
        let (language, facts) = (file.language, file.facts.clone());
        let (id, before) = match self.by_path.get_key_value(&file.path) {
            Some((path, id)) => {
                file.path = path.clone();
                (*id, self.files.get_mut(*id as usize)?.replace(file))
            }
            None => {
                let id = match self.free.pop() {
                    Some(id) => id,
                    None if self.files.len() >= MAX_FILES => return None,
                    None => {
                        self.files.push(None);
                        u32::try_from(self.files.len() - 1).ok()?
                    }
                };
                self.by_path.insert(file.path.clone(), id);
                self.files[id as usize] = Some(file);
                (id, None)
            }
        };
        self.note(id, before.as_ref().map(|before| (before.language, &*before.facts)), Some((language, &facts)));
        if let Some(before) = &before {
            self.totals.subtract(before);
        }
        if let Some(Some(file)) = self.files.get(id as usize) {
            self.totals.add(file);
        }
        self.change_entries(id, before.as_ref().map(|before| &*before.facts), Some(&facts));
        Some(id)
    }

    pub fn remove(&mut self, path: &str) -> bool {
        let Some(id) = self.by_path.remove(path) else { return false };
        self.generation += 1;
        if let Some(file) = self.files.get_mut(id as usize).and_then(Option::take) {
            self.totals.subtract(&file);
            self.note(id, Some((file.language, &file.facts)), None);
            self.change_entries(id, Some(&file.facts), None);
        }
        self.free.push(id);
        true
    }

    /// The content was read again and is the same.
    pub fn restamp(&mut self, path: &str, stamp: Stamp) {
        if let Some(Some(file)) = self.by_path.get(path).and_then(|id| self.files.get_mut(*id as usize)) {
            file.stamp = stamp;
        }
    }

    pub fn find(&self, path: &str) -> Option<FileId> {
        self.by_path.get(path).copied()
    }

    pub fn file(&self, id: FileId) -> Option<&File> {
        self.files.get(id as usize)?.as_ref()
    }

    pub fn file_at(&self, path: &str) -> Option<&File> {
        self.file(self.find(path)?)
    }

    /// In no order that means anything.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &File)> {
        (0..).zip(&self.files).filter_map(|(id, file)| Some((id, file.as_ref()?)))
    }

    /// Numbers of all files, ordered by path.
    pub fn ordered(&self) -> Vec<FileId> {
        let mut files: Vec<(&str, FileId)> = self.files().map(|(id, file)| (&*file.path, id)).collect();
        files.sort_unstable();
        files.into_iter().map(|(_, id)| id).collect()
    }

    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Files that define `name`, with what they define it as: `Role` bits.
    pub fn defining(&self, name: NameId) -> impl ExactSizeIterator<Item = (FileId, u8)> + '_ {
        self.definitions.of(name.0)
    }

    /// What `file` defines `name` as: `Role` bits, 0 where it does not.
    pub fn defined_as(&self, name: NameId, file: FileId) -> u8 {
        self.definitions.get(name.0, file).unwrap_or(0)
    }

    /// Files that use `name`, with the kinds of use as bits (`1 << ReferenceKind`).
    pub fn using(&self, name: NameId) -> impl ExactSizeIterator<Item = (FileId, u8)> + '_ {
        self.uses.of(name.0)
    }

    /// Files that a term stands in, with its frequency up to 255.
    pub fn containing(&self, term: NameId) -> impl ExactSizeIterator<Item = (FileId, u8)> + '_ {
        self.terms.of(term.0)
    }

    pub fn is_defined(&self, name: NameId) -> bool {
        self.definitions.count(name.0) > 0
    }

    /// Changes with every change of the content.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Estimate of the bytes held.
    pub fn bytes(&self) -> usize {
        let paths = self.totals.files * (size_of::<Option<File>>() + 96);
        self.names.bytes()
            + self.definitions.bytes()
            + self.uses.bytes()
            + self.terms.bytes()
            + self.totals.fact_bytes
            + paths
    }

    /// After a scan: gives back what growing left over.
    pub fn shrink(&mut self) {
        self.definitions.shrink();
        self.uses.shrink();
        self.terms.shrink();
    }

    /// What changed since this was last asked; None where nothing was kept, so that anything may have.
    pub fn take_changes(&mut self) -> Option<Changes> {
        self.changes.replace(Changes::default())
    }

    pub fn has_changes(&self) -> bool {
        self.changes.as_ref().is_none_or(|changes| changes.paths || !changes.files.is_empty())
    }

    fn note(&mut self, id: FileId, before: Option<Version<'_>>, now: Option<Version<'_>>) {
        let Some(changes) = &mut self.changes else { return };
        changes.paths |= before.map(|before| before.0) != now.map(|now| now.0);
        changes.files.insert(id);
        let defined =
            |version: Option<Version<'_>>| version.map_or_else(Vec::new, |(_, facts)| facts.defined().collect());
        let (before, now) = (defined(before), defined(now));
        let is_new = |one: &(NameId, u8), other: &[(NameId, u8)]| other.binary_search(one).is_err();
        changes.names.extend(before.iter().filter(|one| is_new(one, &now)).map(|one| one.0));
        changes.names.extend(now.iter().filter(|one| is_new(one, &before)).map(|one| one.0));
    }

    /// Brings the tables from what they have of a file to what they should.
    fn change_entries(&mut self, id: FileId, before: Option<&FileFacts>, now: Option<&FileFacts>) {
        let Some(before) = before else {
            if let Some(facts) = now {
                facts.defined().for_each(|(name, roles)| self.definitions.insert(name.0, id, roles));
                facts.used_kinds().for_each(|(name, kinds)| self.uses.insert(name.0, id, kinds));
                terms(facts).for_each(|(term, count)| self.terms.insert(term.0, id, count));
            }
            return;
        };
        let none = FileFacts::default();
        let now = now.unwrap_or(&none);
        change_table(&mut self.definitions, id, before.defined(), now.defined());
        change_table(&mut self.uses, id, before.used_kinds(), now.used_kinds());
        change_table(&mut self.terms, id, terms(before), terms(now));
    }
}

/// Terms with their frequency as the table keeps it.
fn terms(facts: &FileFacts) -> impl Iterator<Item = (NameId, u8)> {
    facts.terms().map(|(term, count)| (term, u8::try_from(count).unwrap_or(u8::MAX)))
}

/// Both in order. Of a file in which somebody types nearly everything stays.
fn change_table(
    table: &mut Postings,
    file: FileId,
    before: impl Iterator<Item = (NameId, u8)>,
    now: impl Iterator<Item = (NameId, u8)>,
) {
    let mut old = before.peekable();
    for (name, beside) in now {
        while let Some((gone, _)) = old.next_if(|(other, _)| *other < name) {
            table.remove(gone.0, file);
        }
        let known = old.next_if(|(other, _)| *other == name);
        if known.is_none_or(|(_, known)| known != beside) {
            table.insert(name.0, file, beside);
        }
    }
    old.for_each(|(gone, _)| table.remove(gone.0, file));
}

/// Takes a name and what stands beside it in a table.
type EachEntry<'a> = &'a mut dyn FnMut(NameId, u8);

/// Language and facts of a file.
type Version<'a> = (Option<&'static Language>, &'a FileFacts);

impl Totals {
    fn add(&mut self, file: &File) {
        self.files += 1;
        self.source_bytes += file.stamp.bytes;
        self.definitions += file.facts.symbols.len();
        self.references += file.facts.use_count();
        self.imports += file.facts.imports().count();
        self.length += u64::from(file.facts.length);
        self.fact_bytes += file.facts.bytes();
    }

    fn subtract(&mut self, file: &File) {
        self.files -= 1;
        self.source_bytes -= file.stamp.bytes;
        self.definitions -= file.facts.symbols.len();
        self.references -= file.facts.use_count();
        self.imports -= file.facts.imports().count();
        self.length -= u64::from(file.facts.length);
        self.fact_bytes -= file.facts.bytes();
    }
}
