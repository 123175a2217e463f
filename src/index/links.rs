//! Which file imports which, both ways, and which files lie beside each other.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::narrow::Near;
use super::resolve::{Modules, split};
use super::state::{FileId, State};

/// Import edges between files and the files of each directory. Belongs to one set of paths.
#[derive(Debug, Default)]
pub struct Links {
    modules: Modules,
    /// By file number: files that it imports, ordered by number.
    imports: Vec<Box<[FileId]>>,
    /// By file number: its directory as an index into `directories`.
    directory_of: Vec<u32>,
    directories: Vec<Arc<[FileId]>>,
}

impl Links {
    /// Without the import edges, which `update` adds file by file.
    pub fn new(state: &State) -> Self {
        let mut links = Self { modules: Modules::new(state), ..Self::default() };
        let mut directories: FxHashMap<&str, Vec<FileId>> = FxHashMap::default();
        for (id, file) in state.files().filter(|(_, file)| file.language.is_some()) {
            directories.entry(split(&file.path).0).or_default().push(id);
        }
        for files in directories.into_values() {
            let number = u32::try_from(links.directories.len()).unwrap_or(u32::MAX);
            for file in &files {
                place(&mut links.directory_of, *file, number, u32::MAX);
            }
            links.directories.push(files.into());
        }
        links
    }

    /// Finds anew what one file imports. True where that changed.
    pub fn update(&mut self, state: &State, file: FileId) -> bool {
        let imported: Box<[FileId]> = self.modules.imported_by(state, file).into();
        let changed = self.imported(file) != &*imported;
        place(&mut self.imports, file, imported, Box::default());
        changed
    }

    pub fn modules(&self) -> &Modules {
        &self.modules
    }

    /// Files that import this one, ordered by number.
    pub fn importers(&self, file: FileId) -> Vec<FileId> {
        let numbered = (0..).zip(&self.imports);
        numbered.filter(|(_, imported)| imported.binary_search(&file).is_ok()).map(|(importer, _)| importer).collect()
    }
}

impl Near for Links {
    fn imported(&self, file: FileId) -> &[FileId] {
        self.imports.get(file as usize).map_or(&[], |files| files)
    }

    fn directory(&self, file: FileId) -> &[FileId] {
        let number = self.directory_of.get(file as usize);
        number.and_then(|number| self.directories.get(*number as usize)).map_or(&[], |files| files)
    }
}

/// Puts a value at an index, with `empty` in the places before that have none.
pub fn place<T: Clone>(values: &mut Vec<T>, at: u32, value: T, empty: T) {
    let at = at as usize;
    if values.len() <= at {
        values.resize(at + 1, empty);
    }
    values[at] = value;
}
