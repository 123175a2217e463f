//! `tandem/status` as a request: for clients that come late or poll.

use tower_lsp::jsonrpc::Result;

use crate::lsp::ext;
use crate::lsp::server::Server;

pub fn handle(server: &Server) -> Result<ext::Status> {
    // A pause that is over by the clock is over.
    server.session.paused();
    // Whoever polls gets what is known, and is told of the rest.
    server.session.budget_changed();
    Ok(ext::Status::from(&*server.session.status().borrow()))
}
