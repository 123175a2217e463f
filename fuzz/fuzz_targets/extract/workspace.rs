//! An index of one file, and the questions that are asked of it.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;

use ropey::Rope;
use tandem::config::IndexSettings;
use tandem::index::{Index, IndexOptions};
use tandem::syntax::{Place, SyntaxTree, Tags};

/// An index keeps every name that it met, so a new one is made after this many files.
const FILES: u32 = 2_000;
/// Every so many files the index is compared with a rebuild.
const COMPARED: u32 = 16;

pub struct Workspace {
    root: PathBuf,
    index: Arc<Index>,
    files: u32,
}

/// The workspace of this process.
pub fn with(work: impl FnOnce(&mut Workspace)) {
    thread_local! {
        static WORKSPACE: RefCell<Option<Workspace>> = const { RefCell::new(None) };
    }
    WORKSPACE.with_borrow_mut(|workspace| {
        if workspace.as_ref().is_none_or(|workspace| workspace.files > FILES) {
            *workspace = None;
        }
        work(workspace.get_or_insert_with(Workspace::new));
    });
}

impl Workspace {
    fn new() -> Self {
        let root = std::env::temp_dir().join(format!("tandem-fuzz-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir_all(&root).unwrap();
        let settings = IndexSettings { threads: 1, max_parse_ms: 60_000, ..IndexSettings::default() };
        let index = Index::open(&root, IndexOptions::new(&settings, None));
        index.settle();
        Self { root, index, files: 0 }
    }

    /// As an editor does it.
    pub fn document(&mut self, name: &str, rope: &Rope, tree: &SyntaxTree) {
        assert!(self.index.set_document(&self.root.join(name), Some(tree.language()), rope, Some(tree)));
        self.changed();
    }

    /// In place of the document.
    pub fn file(&mut self, name: &str, bytes: &[u8]) {
        let path = self.root.join(name);
        std::fs::write(&path, bytes).unwrap();
        self.index.close_document(&path);
        self.index.settle();
        self.changed();
        // The next file stands alone again.
        for entry in std::fs::read_dir(&self.root).unwrap().flatten().filter(|entry| entry.path() != path) {
            std::fs::remove_file(entry.path()).unwrap();
            self.index.changed(vec![entry.path()]);
        }
    }

    fn changed(&mut self) {
        self.files += 1;
        if self.files.is_multiple_of(COMPARED) {
            self.index.settle();
            assert_eq!(self.index.differences(), []);
        }
    }

    /// `text` is what the index has at `name`, `tags` what was found in it.
    pub fn ask(&self, name: &str, text: &str, tags: &Tags, queries: &[&str]) {
        let rows = text.split('\n').count() as u32;
        let outline = self.index.outline(name).expect("it is in the index");
        let omission = self.index.read().file_at(name).and_then(|file| file.omission);
        assert_eq!(outline.len(), if omission.is_none() { tags.definitions.len() } else { 0 }, "{omission:?}");
        for (entry, definition) in outline.iter().zip(&tags.definitions) {
            assert_eq!((entry.found.start, entry.found.end), (definition.start, definition.end));
            assert_eq!((entry.found.name_at, entry.found.kind), (definition.name_at, definition.kind));
        }
        for definition in tags.definitions.iter().take(4) {
            self.index.definitions_at(name, definition.name_at);
        }
        for reference in tags.references.iter().step_by(7).take(4) {
            for found in self.index.references_at(name, reference.at) {
                assert!(found.path != name || found.at.row < rows, "{found:?}");
                if let Some(inside) = found.inside {
                    assert!(inside.start <= found.at && found.at < inside.end, "{inside:?}");
                }
            }
        }
        let known = outline.first().map_or("", |entry| entry.found.name.as_str());
        for query in queries.iter().copied().chain([known]) {
            for hit in self.index.search(query, 20) {
                assert!(hit.rows.start <= hit.best_row && hit.best_row < hit.rows.end, "{hit:?}");
                assert!(hit.score.is_finite(), "{hit:?}");
                // The file of the language before may be there, too.
                assert!(hit.path != name || hit.rows.end <= rows, "{hit:?} of {rows} rows");
            }
            self.index.search_symbols(query, 20);
            self.index.relations(query);
        }
        self.index.definitions_at(name, Place { row: rows, column: 0 });
        self.index.file_links(name);
        let map = self.index.map(200, &[name.to_owned()], &|text| text.len() / 3);
        assert!(map.tokens <= 200);
    }
}
