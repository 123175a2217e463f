//! `textDocument/definition`, where `index.navigation` asks for it.

use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::Result;

use crate::lsp::convert;
use crate::lsp::places::{Places, off_the_protocol_task};
use crate::lsp::server::Server;
use crate::syntax::Place;

pub async fn handle(server: &Server, params: lsp::DefinitionParams) -> Result<Option<Vec<lsp::Location>>> {
    let at = params.text_document_position_params;
    let Some((index, path)) = server.session.index_of(at.text_document.uri.as_str()) else { return Ok(None) };
    let Some(place) = place(server, at.text_document.uri.as_str(), at.position) else { return Ok(None) };
    let encoding = server.features().encoding;
    off_the_protocol_task(move || {
        let mut places = Places::new(&index, encoding);
        Some(index.definitions_at(&path, place).iter().filter_map(|found| places.of_name(found)).collect())
    })
    .await
}

/// A client's position in an open document, in rows and bytes. None where the document is not open.
pub fn place(server: &Server, uri: &str, position: lsp::Position) -> Option<Place> {
    let document = server.session.document(uri)?;
    server.session.viewed(uri, convert::position(position));
    let byte = document.byte_at(convert::position(position), server.session.encoding());
    let point = document.point_at(byte);
    Some(Place { row: u32::try_from(point.row).ok()?, column: u32::try_from(point.column).ok()? })
}
