//! `tandem/workspaceTrust`: the editor says whether it trusts what is open in it.

use crate::lsp::ext;
use crate::lsp::server::Server;

pub fn handle(server: &Server, params: &ext::WorkspaceTrust) {
    server.settings.set_trusted(params.is_trusted);
}
