//! `tandem/documentText`: what the server believes the buffer holds.

use tower_lsp::jsonrpc::Result;

use crate::lsp::ext;
use crate::lsp::server::Server;

pub fn handle(server: &Server, params: ext::DocumentParams) -> Result<Option<ext::DocumentText>> {
    let document = server.session.document(params.text_document.uri.as_str());
    Ok(document.map(|document| ext::DocumentText { text: document.text(), version: document.version() }))
}
