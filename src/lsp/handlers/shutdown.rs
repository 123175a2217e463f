//! `shutdown`: the last moment that a client grants. It may end the server as soon as it has the answer.

use std::time::Duration;

use crate::lsp::server::Server;

/// Longest wait for the last figures to be stored.
pub const FIGURES_DEADLINE: Duration = Duration::from_millis(500);

/// Longest wait for running questions to be settled; what is not by then stays reserved in the ledger.
pub const QUESTIONS_DEADLINE: Duration = Duration::from_millis(1_500);

/// Nobody types any more, so here the disk may be waited for.
pub async fn handle(server: &Server) {
    server.session.end_questions(QUESTIONS_DEADLINE).await;
    server.session.close_figures(FIGURES_DEADLINE);
}
