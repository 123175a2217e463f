//! What listens on the ports that servers usually have: on this machine only.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::client::Client;
use super::failure::Class;
use super::recognise::{self, recognise};
use super::{HttpConfig, Listed, NoKeys, ServerKind, Timeouts, look};

/// llama-server, llama.vscode's llama-server, Ollama, vLLM, LM Studio, Tabby.
pub const USUAL_PORTS: &[u16] = &[8080, 8012, 11434, 8000, 1234, 8085];

/// A server that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub kind: ServerKind,
    /// For `engine.server.url`.
    pub url: String,
    /// As the server tells it; may be empty.
    pub version: String,
    /// The models that write, as far as it lists any.
    pub models: Vec<Listed>,
    /// A sentence where it answered but cannot be used as it is: it wants a key, it is loading.
    pub note: Option<String>,
}

/// Looks at the usual ports of 127.0.0.1 and ::1, all at once, and never takes longer than about a second.
pub async fn detect() -> Vec<Found> {
    let addresses = USUAL_PORTS.iter().flat_map(|port| {
        [SocketAddr::from(([127, 0, 0, 1], *port)), SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], *port))]
    });
    detect_at(&addresses.collect::<Vec<_>>(), Duration::from_millis(800)).await
}

/// The same at these addresses; others than this machine's are not looked at. A server that answers at both counts once.
pub async fn detect_at(addresses: &[SocketAddr], patience: Duration) -> Vec<Found> {
    let own = addresses.iter().filter(|address| address.ip().is_loopback());
    let looked = futures_util::future::join_all(own.map(|address| at(*address, patience))).await;
    let mut found: Vec<(u16, Found)> = Vec::new();
    for (port, server) in looked.into_iter().flatten() {
        // 127.0.0.1 stands first.
        if found.iter().all(|(known, _)| *known != port) {
            found.push((port, server));
        }
    }
    found.into_iter().map(|(_, server)| server).collect()
}

async fn at(address: SocketAddr, patience: Duration) -> Option<(u16, Found)> {
    let timeouts =
        Timeouts { connect: patience.min(Duration::from_millis(300)), question: patience, ..Timeouts::default() };
    let config = HttpConfig { timeouts, ..HttpConfig::new(ServerKind::Auto, &format!("http://{address}")) };
    let client = Client::new(&config, Arc::new(NoKeys)).ok()?;
    let (answers, refusal) = look::answers(&client).await.ok()?;
    let url = client.address.text().to_owned();
    let Some((kind, version)) = recognise(&answers) else {
        // A list of models that wants a key is one of such a server; any other program that wants one is not our business.
        let refusal = refusal.filter(|trouble| trouble.class == Class::Key)?;
        let found = Found {
            kind: ServerKind::OpenAi,
            url,
            version: String::new(),
            models: Vec::new(),
            note: Some(refusal.sentence),
        };
        return Some((address.port(), found));
    };
    let models = match kind {
        ServerKind::Ollama => {
            let tags = client.get(kind, "/api/tags").await.ok().and_then(|reply| reply.json);
            let loaded = client.get(kind, "/api/ps").await.ok().and_then(|reply| reply.json);
            tags.map(|tags| recognise::ollama_models(&tags, loaded.as_ref())).unwrap_or_default()
        }
        ServerKind::LmStudio => answers.studio.as_ref().map(recognise::studio_models).unwrap_or_default(),
        ServerKind::Tabby => {
            let name = answers.health.as_ref().and_then(|health| health["model"].as_str()).unwrap_or_default();
            vec![Listed { name: name.to_owned(), is_loaded: Some(true), ..Listed::default() }]
        }
        _ => answers.models.as_ref().map(recognise::openai_models).unwrap_or_default(),
    };
    let is_loading = answers.loading.as_ref().is_some_and(|loading| loading["error"]["message"] == "Loading model");
    let models: Vec<Listed> = models.into_iter().filter(|model| !model.is_other).collect();
    let note = match models.as_slice() {
        _ if is_loading => Some("it is loading its model".to_owned()),
        [] => Some("it lists no model that writes".to_owned()),
        _ => None,
    };
    Some((address.port(), Found { kind, url, version, models, note }))
}
