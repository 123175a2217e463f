//! From the bytes of a file to what the index keeps of it. Pure, and run on many threads at once.

use std::time::Duration;

use super::facts::{FileFacts, ImportFact, Symbol, Use};
use super::heuristics::{self, Omission};
use super::imports;
use super::names::{NameId, Names};
use super::words;
use crate::syntax::{Language, Place, SyntaxTree, Tags, tags_of_source};

/// Facts whose names are numbers of `names`, not yet of the index.
#[derive(Debug, Default)]
pub struct Extracted {
    pub names: Names,
    pub symbols: Vec<Symbol>,
    pub imports: Vec<ImportFact<'static>>,
    pub uses: Vec<(NameId, Use)>,
    pub terms: Vec<(NameId, u32)>,
    pub language: Option<&'static Language>,
    pub omission: Option<Omission>,
    pub is_generated: bool,
}

/// What one file may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileLimits {
    /// Longest parse.
    pub parse: Duration,
    /// Larger files are not read.
    pub bytes: u64,
}

/// `path` and the first line tell the language.
pub fn extract(path: &str, content: &[u8], limits: FileLimits) -> Extracted {
    let omission = if heuristics::is_lock_file(path.rsplit('/').next().unwrap_or(path)) {
        Some(Omission::Lock)
    } else if content.len() as u64 > limits.bytes {
        Some(Omission::TooLarge)
    } else {
        heuristics::omission_of(content)
    };
    if omission.is_some() {
        return Extracted { omission, ..Extracted::default() };
    }
    let language = Language::detect("", path, first_line(content)).map(|language| language.of_content(path, content));
    let mut extracted = Extracted { language, is_generated: heuristics::is_generated(content), ..Extracted::default() };
    if let Some(language) = language {
        match tags_of_source(language, content, limits.parse) {
            Some(tags) => extracted.add_tags(&tags, content),
            None => extracted.omission = Some(Omission::ParseTime),
        }
    }
    extracted.add_words(content);
    extracted
}

/// Of an open document, whose tree is there already. Without one only its words count.
pub fn extract_document(language: Option<&'static Language>, text: &str, tree: Option<&SyntaxTree>) -> Extracted {
    let mut extracted =
        Extracted { language, is_generated: heuristics::is_generated(text.as_bytes()), ..Extracted::default() };
    if let Some(tree) = tree {
        extracted.add_tags(&tree.tags(), text.as_bytes());
    } else if language.is_some() {
        extracted.omission = Some(Omission::ParseTime);
    }
    extracted.add_words(text.as_bytes());
    extracted
}

fn first_line(content: &[u8]) -> &str {
    let line = content.split(|byte| *byte == b'\n').next().unwrap_or_default();
    std::str::from_utf8(&line[..line.len().min(256)]).unwrap_or_default()
}

impl Extracted {
    /// A file of which nothing but its being there is known.
    pub fn omitted(omission: Omission) -> Self {
        Self { omission: Some(omission), ..Self::default() }
    }

    /// With numbers of the index: `intern` gives each of this file's names its number there.
    pub fn into_facts(self, mut intern: impl FnMut(&str) -> Option<NameId>) -> Option<FileFacts> {
        let numbers: Vec<NameId> = self.names.iter().map(|(_, name)| intern(name)).collect::<Option<_>>()?;
        let number = |id: NameId| numbers.get(id.0 as usize).copied().unwrap_or(id);
        let symbols = self.symbols.into_iter().map(|symbol| Symbol { name: number(symbol.name), ..symbol }).collect();
        let imports = self.imports.into_iter().map(|import| {
            let names = import.names.iter().map(|name| number(*name)).collect();
            ImportFact { names, ..import }
        });
        let imports: Vec<ImportFact<'_>> = imports.collect();
        let uses = self.uses.into_iter().map(|(name, one)| (number(name), one)).collect();
        let terms = self.terms.into_iter().map(|(term, count)| (number(term), count)).collect();
        Some(FileFacts::new(symbols, &imports, uses, terms))
    }

    fn add_tags(&mut self, tags: &Tags, content: &[u8]) {
        let text = |range: &std::ops::Range<u32>| {
            lossy(content.get(range.start as usize..range.end as usize).unwrap_or_default())
        };
        // A name is used four times on average.
        self.names.reserve(tags.references.len() / 4 + content.len() / 64);
        self.symbols.reserve_exact(tags.definitions.len());
        for definition in &tags.definitions {
            let Some(name) = self.names.intern(&text(&definition.name)) else { return };
            let body = definition.body.map_or(definition.end, |byte| place_of(content, definition, byte));
            self.symbols.push(Symbol {
                name,
                kind: definition.kind,
                name_at: definition.name_at,
                start: definition.start,
                body,
                end: definition.end,
                container: definition.container,
            });
        }
        self.uses.reserve_exact(tags.references.len());
        for reference in &tags.references {
            let Some(name) = self.names.intern(&text(&reference.name)) else { return };
            self.uses.push((name, Use { at: reference.at, kind: reference.kind }));
        }
        for import in &tags.imports {
            let names: Option<Vec<NameId>> = import.names.iter().map(|name| self.names.intern(name)).collect();
            for path in imports::expand(&import.path) {
                let names = names.clone().unwrap_or_default();
                self.imports.push(ImportFact { row: import.at.row, path: path.into(), names });
            }
        }
    }

    fn add_words(&mut self, content: &[u8]) {
        let mut frequencies: Vec<u32> = Vec::new();
        for (word, count) in words::count(content) {
            let word = lossy(word);
            words::terms(&word, |term| {
                if let Some(NameId(id)) = self.names.intern(term) {
                    if frequencies.len() <= id as usize {
                        frequencies.resize(id as usize + 1, 0);
                    }
                    frequencies[id as usize] = frequencies[id as usize].saturating_add(count);
                }
            });
        }
        let counted = (0..).map(NameId).zip(frequencies);
        self.terms = counted.filter(|(_, count)| *count > 0).collect();
    }
}

/// As `String::from_utf8_lossy`, which is slow for the short and good texts that names are.
fn lossy(text: &[u8]) -> std::borrow::Cow<'_, str> {
    std::str::from_utf8(text).map_or_else(|_| String::from_utf8_lossy(text), std::borrow::Cow::Borrowed)
}

/// Row and column of a byte inside of a definition, counted from its beginning.
fn place_of(content: &[u8], definition: &crate::syntax::Definition, byte: u32) -> Place {
    let before = content.get(definition.range.start as usize..byte as usize).unwrap_or_default();
    let rows = memchr::memchr_iter(b'\n', before).count();
    let column = match memchr::memrchr(b'\n', before) {
        Some(last) => before.len() - last - 1,
        None => before.len() + definition.start.column as usize,
    };
    let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Place { row: definition.start.row.saturating_add(small(rows)), column: small(column) }
}
