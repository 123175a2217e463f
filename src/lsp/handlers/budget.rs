//! `tandem/budget`: where the limits stand, for clients that show it by themselves.

use tower_lsp::jsonrpc::{Error, Result};

use crate::lsp::ext;
use crate::lsp::server::Server;

/// Reads settings and ledger: a limit that was just set counts.
pub async fn handle(server: &Server) -> Result<ext::BudgetState> {
    if server.session.answerer().is_none() {
        return Err(Error::method_not_found());
    }
    server.desk().renew_settings().await;
    let budget = server.session.budget().await;
    // What is shown in one place should not differ from the other.
    server.session.budget_changed();
    Ok(ext::BudgetState::from(&budget))
}
