//! `textDocument/documentSymbol`, where `index.navigation` asks for it: the outline, nested.

use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::Result;

use crate::index::OutlineEntry;
use crate::lsp::places::{Places, kind, off_the_protocol_task};
use crate::lsp::server::Server;

pub async fn handle(server: &Server, params: lsp::DocumentSymbolParams) -> Result<Option<Vec<lsp::DocumentSymbol>>> {
    let Some((index, path)) = server.session.index_of(params.text_document.uri.as_str()) else { return Ok(None) };
    let encoding = server.features().encoding;
    off_the_protocol_task(move || {
        let entries = index.outline(&path)?;
        let mut places = Places::new(&index, encoding);
        Some(nested(&entries, &mut places, &path))
    })
    .await
}

fn nested(entries: &[OutlineEntry], places: &mut Places<'_>, path: &str) -> Vec<lsp::DocumentSymbol> {
    // Symbols that are still open, the outermost first, with how deep they are.
    let mut open: Vec<(usize, lsp::DocumentSymbol)> = Vec::new();
    let mut done = Vec::new();
    for entry in entries {
        let depth = entry.found.containers.len();
        close(&mut open, &mut done, depth);
        open.push((depth, symbol(entry, places, path)));
    }
    close(&mut open, &mut done, 0);
    done
}

/// Puts what is open at this depth or deeper into what is around it.
fn close(open: &mut Vec<(usize, lsp::DocumentSymbol)>, done: &mut Vec<lsp::DocumentSymbol>, depth: usize) {
    while let Some((_, symbol)) = open.pop_if(|(own, _)| *own >= depth) {
        match open.last_mut() {
            Some((_, outer)) => outer.children.get_or_insert_default().push(symbol),
            None => done.push(symbol),
        }
    }
}

fn symbol(entry: &OutlineEntry, places: &mut Places<'_>, path: &str) -> lsp::DocumentSymbol {
    let found = &entry.found;
    let name_end = crate::syntax::Place {
        column: found.name_at.column.saturating_add(u32::try_from(found.name.len()).unwrap_or(0)),
        ..found.name_at
    };
    lsp::DocumentSymbol::new(
        found.name.clone(),
        entry.signature.clone(),
        kind(found.kind),
        None,
        None,
        places.range(path, found.start, found.end.max(name_end)),
        places.range(path, found.name_at, name_end),
        None,
    )
}
