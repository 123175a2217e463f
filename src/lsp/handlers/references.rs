//! `textDocument/references`, where `index.navigation` asks for it.

use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::Result;

use super::definition::place;
use crate::lsp::places::{Places, off_the_protocol_task};
use crate::lsp::server::Server;

pub async fn handle(server: &Server, params: lsp::ReferenceParams) -> Result<Option<Vec<lsp::Location>>> {
    let at = params.text_document_position_params;
    let Some((index, path)) = server.session.index_of(at.text_document.uri.as_str()) else { return Ok(None) };
    let Some(place) = place(server, at.text_document.uri.as_str(), at.position) else { return Ok(None) };
    let encoding = server.features().encoding;
    let with_definitions = params.context.include_declaration;
    off_the_protocol_task(move || {
        let mut places = Places::new(&index, encoding);
        let definitions = index.definitions_at(&path, place);
        // A use that was renamed in an import is as long as what stands there; the definition's name is near enough.
        let length = definitions.first().map_or(0, |found| found.name.len());
        let declared = definitions.iter().filter(|_| with_definitions).filter_map(|found| places.of_name(found));
        let mut locations: Vec<lsp::Location> = declared.collect();
        let references = index.references_at(&path, place);
        locations.extend(references.iter().filter_map(|found| places.location(&found.path, found.at, length)));
        Some(locations)
    })
    .await
}
