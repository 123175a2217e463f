//! Signatures of the files that are asked for often: what is put into prompts is asked for with every word that is typed.

mod brief;

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::Shared;
use super::map::signature;
use super::state::File;

pub use self::brief::{Access, Brief};

/// Signatures that are remembered, some 10 MB of them; beyond that the files unused for longest are forgotten.
const MOST: usize = 100_000;

/// By symbol; None where the text has no such place.
pub type OfFile = Arc<[Option<Brief>]>;

/// What was read before.
#[derive(Debug, Default)]
pub struct Signatures {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    files: FxHashMap<Arc<str>, Entry>,
    count: usize,
    clock: u64,
}

#[derive(Debug)]
struct Entry {
    /// Of the content that they were read from.
    hash: [u8; 16],
    signatures: OfFile,
    used: u64,
}

impl Shared {
    /// All signatures of a file. None where its text is not the indexed one: it changed this moment.
    pub fn signatures(&self, file: &File) -> Option<OfFile> {
        if let Some(known) = self.signatures.find(file) {
            return Some(known);
        }
        let source = self.source(file).filter(|source| source.is_indexed)?;
        let lines: Vec<&str> = source.text.split('\n').collect();
        let comment = file.language.and_then(|language| language.line_comment.as_deref());
        let spell =
            |symbol| signature(&lines, symbol, comment).filter(|text| !text.is_empty()).map(|text| Brief::new(&text));
        let signatures: OfFile = file.facts.symbols.iter().map(spell).collect();
        // A document changes with every key.
        if !file.is_open {
            self.signatures.keep(file, signatures.clone());
        }
        Some(signatures)
    }
}

impl Signatures {
    /// None where they were not read, or of another version.
    pub fn find(&self, file: &File) -> Option<OfFile> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.clock += 1;
        let clock = known.clock;
        let entry = known.files.get_mut(&file.path).filter(|entry| entry.hash == file.stamp.hash)?;
        entry.used = clock;
        Some(entry.signatures.clone())
    }

    fn keep(&self, file: &File, signatures: OfFile) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.count += signatures.len() + 1;
        let used = known.clock;
        let before = known.files.insert(file.path.clone(), Entry { hash: file.stamp.hash, signatures, used });
        known.count -= before.map_or(0, |before| before.signatures.len() + 1);
        while known.count > MOST {
            let oldest = known.files.iter().min_by_key(|(_, entry)| entry.used).map(|(path, _)| path.clone());
            let Some(gone) = oldest.and_then(|path| known.files.remove(&path)) else { break };
            known.count -= gone.signatures.len() + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::index::tests::{Bench, set_document};

    #[test]
    fn signatures_are_those_of_the_text_as_it_is() {
        let bench = Bench::new(&[("a.rs", "fn a() {}\n\nfn b(x: u8) {\n}\n")]);
        let index = bench.open();
        let signatures = || {
            let file = index.read().file_at("a.rs").unwrap().clone();
            index
                .shared
                .signatures(&file)
                .map(|all| all.iter().flatten().map(|brief| brief.text.clone()).collect::<Vec<_>>())
        };
        assert_eq!(signatures().unwrap(), ["fn a()", "fn b(x: u8)"]);
        assert_eq!(signatures().unwrap(), ["fn a()", "fn b(x: u8)"]);
        let path = index.root().join("a.rs");
        set_document(&index, &path, "fn typed() {}\n");
        assert_eq!(signatures().unwrap(), ["fn typed()"]);
        index.close_document(&path);
        bench.write("a.rs", "fn c() {}\n");
        bench.change(&index, &["a.rs"]);
        assert_eq!(signatures().unwrap(), ["fn c()"]);
        // Nobody has told of this change: the places of the index are not those of the text.
        bench.write("a.rs", "\n\n\nfn d() {}\n");
        bench.change(&index, &["a.rs"]);
        assert_eq!(signatures().unwrap(), ["fn d()"]);
        let stale = index.read().file_at("a.rs").unwrap().clone();
        bench.write("a.rs", "fn e() {}\n");
        index.shared.signatures.known.lock().unwrap().files.clear();
        assert!(index.shared.signatures(&stale).is_none());
    }
}
