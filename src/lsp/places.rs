//! Places of the index as the protocol's locations and symbols.

use std::collections::HashMap;

use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::{Error, Result};

use crate::index::{Found, Index};
use crate::syntax::{DefinitionKind, Place};
use crate::text::PositionEncoding;

/// Converts places of one index. Reads the lines that it needs, each file once.
pub struct Places<'a> {
    index: &'a Index,
    encoding: PositionEncoding,
    /// Lines by path; empty where a file cannot be read.
    lines: HashMap<String, Vec<String>>,
}

impl<'a> Places<'a> {
    pub fn new(index: &'a Index, encoding: PositionEncoding) -> Self {
        Self { index, encoding, lines: HashMap::new() }
    }

    /// Where a definition's name stands. None for a path that no URI can say.
    pub fn of_name(&mut self, found: &Found) -> Option<lsp::Location> {
        self.location(&found.path, found.name_at, found.name.len())
    }

    /// `length` bytes from a place on its line.
    pub fn location(&mut self, path: &str, at: Place, length: usize) -> Option<lsp::Location> {
        let length = u32::try_from(length).unwrap_or(0);
        let end = Place { column: at.column.saturating_add(length), ..at };
        let range = self.range(path, at, end);
        let uri = lsp::Uri::from_file_path(self.index.folder().join(path)).ok()?;
        Some(lsp::Location { uri, range })
    }

    pub fn range(&mut self, path: &str, start: Place, end: Place) -> lsp::Range {
        lsp::Range { start: self.position(path, start), end: self.position(path, end) }
    }

    fn position(&mut self, path: &str, place: Place) -> lsp::Position {
        let character = match self.encoding {
            PositionEncoding::Utf8 => place.column,
            encoding => self.units(path, place, encoding),
        };
        lsp::Position { line: place.row, character }
    }

    /// A column in bytes, counted in the client's units.
    fn units(&mut self, path: &str, place: Place, encoding: PositionEncoding) -> u32 {
        let index = self.index;
        let lines = self.lines.entry(path.to_owned()).or_insert_with(|| {
            let text = index.text(path).unwrap_or_default();
            text.split('\n').map(str::to_owned).collect()
        });
        let Some(line) = lines.get(place.row as usize).filter(|line| !line.is_ascii()) else { return place.column };
        let before =
            line.char_indices().take_while(|(at, _)| *at < place.column as usize).map(|(_, character)| character);
        let units = before.map(|character| match encoding {
            PositionEncoding::Utf8 => character.len_utf8(),
            PositionEncoding::Utf16 => character.len_utf16(),
            PositionEncoding::Utf32 => 1,
        });
        u32::try_from(units.sum::<usize>()).unwrap_or(u32::MAX)
    }
}

/// Name, kind and containers of a definition.
pub fn base(found: &Found) -> lsp::BaseSymbolInformation {
    let containers = Some(found.containers.join(".")).filter(|name| !name.is_empty());
    lsp::BaseSymbolInformation::new(found.name.clone(), kind(found.kind), None, containers)
}

pub fn kind(kind: DefinitionKind) -> lsp::SymbolKind {
    use DefinitionKind as Kind;
    match kind {
        Kind::Module => lsp::SymbolKind::Module,
        Kind::Namespace => lsp::SymbolKind::Namespace,
        Kind::Class => lsp::SymbolKind::Class,
        Kind::Struct | Kind::Type => lsp::SymbolKind::Struct,
        Kind::Enum => lsp::SymbolKind::Enum,
        Kind::Variant => lsp::SymbolKind::EnumMember,
        Kind::Interface => lsp::SymbolKind::Interface,
        Kind::Function | Kind::Macro => lsp::SymbolKind::Function,
        Kind::Method => lsp::SymbolKind::Method,
        Kind::Constructor => lsp::SymbolKind::Constructor,
        Kind::Constant => lsp::SymbolKind::Constant,
        Kind::Variable => lsp::SymbolKind::Variable,
        Kind::Field => lsp::SymbolKind::Field,
        Kind::Extension => lsp::SymbolKind::Object,
        // What editors show for the headings of Markdown.
        Kind::Heading => lsp::SymbolKind::String,
        Kind::Key | Kind::Selector => lsp::SymbolKind::Key,
        Kind::Element => lsp::SymbolKind::Property,
    }
}

/// Looks things up where it may take a while: the protocol task goes on meanwhile.
pub async fn off_the_protocol_task<T: Send + 'static>(look: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(look).await.map_err(|error| {
        tracing::error!(%error, "a lookup failed");
        Error::internal_error()
    })
}
