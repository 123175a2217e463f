//! `initialize`: agrees on the encoding, on where suggestions go, and takes the first settings.

use serde_json::Value;
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::Result;

use crate::lsp::capabilities::ClientFeatures;
use crate::lsp::server::Server;
use crate::lsp::{convert, parent};

pub fn handle(server: &Server, params: lsp::InitializeParams) -> Result<lsp::InitializeResult> {
    let features = ClientFeatures::of(&params.capabilities);
    let client = params.client_info.as_ref().map(|client| (&client.name, &client.version));
    tracing::info!(?client, ?features, "a client connects");
    if let Some((name, version)) = client {
        let name = [Some(name.as_str()), version.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        server.session.introduce(name);
    }
    let folders = convert::folders(&params);
    server.session.initialize(features.encoding, folders.clone());
    server.settings.initialize(folders, params.initialization_options.unwrap_or(Value::Null));
    if let Some(id) = params.process_id.and_then(|id| u32::try_from(id).ok()) {
        tokio::spawn(parent::watch(id, server.stop.clone()));
    }
    let capabilities = {
        let (counts, asks) = (server.session.keeps_figures(), server.session.answerer().is_some());
        features.server_capabilities(&server.session.settings(), counts, asks)
    };
    server.set_features(features);
    let version = Some(env!("CARGO_PKG_VERSION").to_owned());
    Ok(lsp::InitializeResult {
        capabilities,
        server_info: Some(lsp::ServerInfo { name: "tandem".to_owned(), version }),
    })
}
