//! `workspace/textDocumentContent`: the text of a virtual document as it is now.

use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::{Error, Result};

use crate::lsp::server::Server;

pub fn handle(server: &Server, params: &lsp::TextDocumentContentParams) -> Result<lsp::TextDocumentContentResult> {
    if server.session.answerer().is_none() {
        return Err(Error::method_not_found());
    }
    match server.sheets.text(params.uri.as_str()) {
        Some(text) => Ok(lsp::TextDocumentContentResult::new(text)),
        None => {
            Err(Error::invalid_params("this document is gone; ask once more, or look for it with `tandem threads`"))
        }
    }
}
