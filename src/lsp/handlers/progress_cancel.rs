//! `window/workDoneProgress/cancel`: the user presses the button of a progress.

use tower_lsp::gen_lsp_types as lsp;

use crate::lsp::asking;
use crate::lsp::server::Server;

pub fn handle(server: &Server, params: &lsp::WorkDoneProgressCancelParams) {
    if let lsp::ProgressToken::String(token) = &params.token
        && let Some(number) = asking::number_of(token)
    {
        server.session.cancel_questions(Some(number));
    }
}
