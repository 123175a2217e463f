//! `textDocument/didClose`.

use tower_lsp::gen_lsp_types as lsp;

use crate::lsp::server::Server;

pub fn handle(server: &Server, params: lsp::DidCloseTextDocumentParams) {
    server.session.close(params.text_document.uri.as_str());
}
