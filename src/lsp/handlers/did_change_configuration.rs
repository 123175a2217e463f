//! `workspace/didChangeConfiguration`: some clients send the settings along, some expect to be asked.

use serde_json::Value;
use tower_lsp::gen_lsp_types as lsp;

use crate::lsp::server::Server;

pub fn handle(server: &Server, params: lsp::DidChangeConfigurationParams) {
    match params.settings.get("tandem") {
        Some(section) if !section.is_null() => server.settings.start(section.clone()),
        _ if server.features().configuration => {
            let settings = server.settings.clone();
            server.client.ask_for_settings(move |section| settings.start(section.unwrap_or(Value::Null)));
        }
        // Settings of others: clients send all that they have.
        _ => {}
    }
}
