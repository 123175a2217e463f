//! The texts that places are sought in, each read and parsed once: open documents as they are, files as the disk has them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHashMap;

use crate::index::Index;
use crate::syntax::{Binding, Language, Place, SyntaxTree, Tags};
use crate::text::{Document, DocumentId};

/// Longest parse of a file that is not open. One of a usual size takes 1 to 20 ms.
const PARSE: Duration = Duration::from_millis(200);

/// Bytes of text that are kept between two searches.
const MOST_KEPT: usize = 16 << 20;

/// A text with its tree.
#[derive(Debug)]
pub struct Page {
    /// From the root of the index, with `/`.
    pub path: String,
    pub document: Document,
    pub is_open: bool,
    pub tree: Arc<SyntaxTree>,
    pub text: String,
    pub tags: Tags,
    pub bindings: Vec<Binding>,
}

/// An open document with its tree.
#[derive(Clone, Debug)]
pub struct OpenText {
    pub document: Document,
    pub tree: Arc<SyntaxTree>,
}

impl Page {
    pub fn new(path: &str, document: Document, tree: Arc<SyntaxTree>, is_open: bool) -> Self {
        let (tags, bindings) = tree.tags_and_bindings();
        let text = document.text();
        Self { path: path.to_owned(), document, is_open, tree, text, tags, bindings }
    }

    /// The text between two offsets; empty where there are none.
    pub fn slice(&self, range: std::ops::Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }

    /// Parses anew; None for a text without a grammar or time.
    pub fn of_document(path: &str, document: &Document, is_open: bool) -> Option<Self> {
        let first_line = document.slice(0..256.min(document.line_range(0).end));
        let language = Language::detect(document.language_id(), path, &first_line)?;
        let language = language.of_content(path, document.slice(0..64 << 10).as_bytes());
        let tree = SyntaxTree::parse_within(PARSE, language, document.rope(), None)?;
        Some(Self::new(path, document.clone(), Arc::new(tree), is_open))
    }

    /// Row and column of an offset.
    pub fn place(&self, byte: usize) -> Place {
        let point = self.document.point_at(byte);
        let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Place { row: narrow(point.row), column: narrow(point.column) }
    }
}

/// Pages by path, for one search.
pub struct Library<'a> {
    index: &'a Index,
    open: &'a FxHashMap<String, OpenText>,
    pages: FxHashMap<String, Option<Arc<Page>>>,
    /// Of an earlier search; those that did not change need not be parsed again.
    kept: FxHashMap<String, Arc<Page>>,
}

impl<'a> Library<'a> {
    /// `open` are the open documents by their path in the index.
    pub fn new(index: &'a Index, open: &'a FxHashMap<String, OpenText>) -> Self {
        Self { index, open, pages: FxHashMap::default(), kept: FxHashMap::default() }
    }

    /// None where it is ignored, cannot be read or cannot be written.
    pub fn page(&mut self, path: &str) -> Option<Arc<Page>> {
        if let Some(page) = self.pages.get(path) {
            return page.clone();
        }
        let page = self.read(path);
        self.pages.insert(path.to_owned(), page.clone());
        page
    }

    /// Takes over what an earlier search has read.
    pub fn keep(&mut self, pages: FxHashMap<String, Arc<Page>>) {
        self.kept = pages;
    }

    /// What this search has read, for the next one; not more than some megabytes.
    pub fn read_so_far(&self) -> FxHashMap<String, Arc<Page>> {
        let mut left = MOST_KEPT;
        let read = self.pages.iter().filter_map(|(path, page)| Some((path, page.as_ref()?)));
        let fits = |(_, page): &(&String, &Arc<Page>)| {
            let is_room = page.text.len() <= left;
            left = left.saturating_sub(page.text.len());
            is_room
        };
        read.take_while(fits).map(|(path, page)| (path.clone(), page.clone())).collect()
    }

    fn read(&self, path: &str) -> Option<Arc<Page>> {
        let full = self.index.folder().join(path);
        self.index.wanted(&full)?;
        if is_read_only(&full) {
            return None;
        }
        let kept = self.kept.get(path);
        if let Some(open) = self.open.get(path) {
            let same = kept.filter(|page| page.is_open && page.is_of(&open.document)).cloned();
            return same.or_else(|| Some(Arc::new(Page::new(path, open.document.clone(), open.tree.clone(), true))));
        }
        let text = self.index.text(path)?;
        if let Some(page) = kept.filter(|page| !page.is_open && page.text == text) {
            return Some(page.clone());
        }
        // What is no UTF-8 would be written back as something else.
        if text.contains('\u{fffd}') {
            return None;
        }
        Page::of_document(path, &Document::new(&*full.to_string_lossy(), "", 0, &text), false).map(Arc::new)
    }

    pub fn index(&self) -> &'a Index {
        self.index
    }
}

impl Page {
    /// Whether an offset of this page is still one of that text.
    pub fn is_of(&self, document: &Document) -> bool {
        self.document.rope().is_instance(document.rope())
    }

    /// Of an open document what its client calls it, of a file its path on disk.
    pub fn id(&self) -> &DocumentId {
        self.document.id()
    }

    /// Whether the file still holds this text. Reads it.
    pub fn is_on_disk(&self) -> bool {
        std::fs::read(Path::new(&**self.id())).is_ok_and(|bytes| bytes == self.text.as_bytes())
    }
}

fn is_read_only(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|data| data.permissions().readonly())
}
