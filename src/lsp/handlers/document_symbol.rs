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

/// A symbol on its way into the tree.
struct Node {
    symbol: lsp::DocumentSymbol,
    parent: Option<usize>,
}

/// Each symbol under the innermost one that holds it, no deeper than containers are counted. Counting them alone is not enough: what a constructor assigns is a
/// field of the class and stands between the functions inside of the constructor.
fn nested(entries: &[OutlineEntry], places: &mut Places<'_>, path: &str) -> Vec<lsp::DocumentSymbol> {
    let mut nodes: Vec<Node> = Vec::with_capacity(entries.len());
    let depth = |entry: &OutlineEntry| entry.found.containers.len();
    let deepest = entries.iter().map(depth).max().unwrap_or(0);
    // Those that may hold what comes.
    let mut open: Vec<usize> = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        open.retain(|outer| entries[*outer].found.end >= entry.found.start);
        let is_around = |outer: &&usize| {
            let outer = &entries[**outer];
            depth(outer) < depth(entry) && outer.found.start <= entry.found.start && entry.found.end <= outer.found.end
        };
        let parent = open.iter().rev().find(is_around).copied();
        nodes.push(Node { symbol: symbol(entry, places, path), parent });
        if depth(entry) < deepest {
            open.push(at);
        }
    }
    // From the end, so that every symbol has its own when it goes to its parent.
    let mut done = Vec::new();
    while let Some(Node { mut symbol, parent }) = nodes.pop() {
        if let Some(children) = &mut symbol.children {
            children.reverse();
        }
        match parent.and_then(|outer| nodes.get_mut(outer)) {
            Some(outer) => outer.symbol.children.get_or_insert_default().push(symbol),
            None => done.push(symbol),
        }
    }
    done.reverse();
    done
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
