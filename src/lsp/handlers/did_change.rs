//! `textDocument/didChange`.

use crate::lsp::client::Severity;
use crate::lsp::convert::DidChangeParams;
use crate::lsp::server::Server;
use crate::text::Change;

pub fn handle(server: &Server, params: DidChangeParams) {
    let changes: Vec<Change> = params.content_changes.into_iter().map(Change::from).collect();
    server.session.change(params.text_document.uri.as_str(), params.text_document.version.unwrap_or(0), &changes);
}

/// A change that cannot be read: the text is no longer what the editor shows, and suggestions for it would be wrong
/// without anybody seeing why. The error is not logged, because it quotes the text.
pub fn lose(server: &Server, document: Option<&str>) {
    tracing::error!(document, "a change could not be read; the document is closed here");
    let Some(document) = document.filter(|document| server.session.document(document).is_some()) else { return };
    server.session.close(document);
    let name = document.rsplit('/').next().unwrap_or(document);
    let message =
        format!("lost track of {name}: the editor sent a change that cannot be read. Close and open it again");
    server.client.show(Severity::Error, &message);
}
