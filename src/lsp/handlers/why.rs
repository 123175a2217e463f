//! `tandem/why`: how the last suggestion at a place came to be, or why there was none.

use tower_lsp::jsonrpc::Result;

use crate::lsp::server::Server;
use crate::lsp::{convert, ext};

pub fn handle(server: &Server, params: ext::PositionParams) -> Result<Option<ext::Why>> {
    let why = server.session.why(params.text_document.uri.as_str(), convert::position(params.position));
    Ok(why.map(ext::Why::from))
}
