//! `textDocument/didOpen`.

use tower_lsp::gen_lsp_types as lsp;

use crate::lsp::server::Server;

pub fn handle(server: &Server, params: lsp::DidOpenTextDocumentParams) {
    let document = params.text_document;
    server.session.open(document.uri.as_str(), document.language_id.as_str(), document.version, &document.text);
}
