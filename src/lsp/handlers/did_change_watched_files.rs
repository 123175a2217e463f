//! `workspace/didChangeWatchedFiles`: the client's own watching.

use tower_lsp::gen_lsp_types as lsp;

use crate::lsp::server::Server;

pub fn handle(server: &Server, params: lsp::DidChangeWatchedFilesParams) {
    let paths: Vec<_> = params.changes.iter().filter_map(|change| change.uri.to_file_path().ok()).collect();
    server.session.files_changed(&paths);
}
