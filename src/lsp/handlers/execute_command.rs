//! `workspace/executeCommand`: the client runs the command of an item after it has inserted it, which is the protocol's
//! way to tell that a suggestion was accepted.

use serde_json::{Value, json};
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::{Error, Result};

use crate::lsp::server::Server;

/// The command of an accepted item. Its arguments: the suggestion's number, and which of its items from 0.
pub const ACCEPTED: &str = "tandem.accepted";

pub fn handle(server: &Server, params: &lsp::ExecuteCommandParams) -> Result<Option<Value>> {
    if params.command != ACCEPTED {
        return Err(Error::invalid_params(format!("there is no command `{}`", params.command)));
    }
    let argument = |at: usize| params.arguments.as_ref()?.get(at)?.as_u64();
    let (Some(number), Some(item)) = (argument(0), argument(1)) else {
        return Err(Error::invalid_params(format!("`{ACCEPTED}` takes two numbers")));
    };
    server.session.accepted(number, usize::try_from(item).unwrap_or(usize::MAX));
    Ok(None)
}

/// The command for item `item` of the suggestion that was shown as `number`.
pub fn accepted(number: u64, item: usize) -> lsp::Command {
    let arguments = Some(vec![json!(number), json!(item)]);
    lsp::Command { title: "Tandem: accepted".to_owned(), tooltip: None, command: ACCEPTED.to_owned(), arguments }
}
