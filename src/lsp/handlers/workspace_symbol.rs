//! `workspace/symbol`: definitions by fuzzy name, from every folder.

use std::collections::HashSet;

use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::Result;

use crate::lsp::places::{Places, base, off_the_protocol_task};
use crate::lsp::server::Server;

/// Most answers: more than anybody reads, and editors filter further by themselves.
const MOST: usize = 128;

pub async fn handle(
    server: &Server,
    params: lsp::WorkspaceSymbolParams,
) -> Result<Option<Vec<lsp::SymbolInformation>>> {
    let (session, encoding) = (server.session.clone(), server.features().encoding);
    off_the_protocol_task(move || {
        let mut found = Vec::new();
        for index in session.indexes() {
            let mut places = Places::new(&index, encoding);
            found.extend(index.search_symbols(&params.query, MOST).into_iter().filter_map(|hit| {
                let location = places.of_name(&hit.found)?;
                Some((hit.score, lsp::SymbolInformation::new(None, location, base(&hit.found))))
            }));
        }
        // Each folder's answers are in order already; a stable sort keeps that among equals.
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        // A folder may lie in another one that is open, too.
        let mut known = HashSet::new();
        found.retain(|(_, symbol)| {
            let start = symbol.location.range.start;
            known.insert((symbol.location.uri.to_string(), start.line, start.character))
        });
        found.truncate(MOST);
        Some(found.into_iter().map(|(_, symbol)| symbol).collect())
    })
    .await
}
