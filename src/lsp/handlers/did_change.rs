//! `textDocument/didChange`.

use crate::lsp::convert::DidChangeParams;
use crate::lsp::server::Server;
use crate::text::Change;

pub fn handle(server: &Server, params: DidChangeParams) {
    let changes: Vec<Change> = params.content_changes.into_iter().map(Change::from).collect();
    server.session.change(params.text_document.uri.as_str(), params.text_document.version.unwrap_or(0), &changes);
}
