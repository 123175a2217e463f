//! What listens on this machine.

use std::net::SocketAddr;
use std::time::Duration;

use tandem::engine::http::{ServerKind, detect_at};

use crate::doubles::{Kind, Server, Setup};

/// Long enough for a busy machine: what is found does not wait for it.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn servers_are_found_with_their_models_and_told_apart() {
    let mut servers = Vec::new();
    for kind in [Kind::LlamaServer, Kind::Ollama, Kind::Vllm, Kind::LmStudio, Kind::Tabby] {
        servers.push(Server::start(kind).await);
    }
    let addresses: Vec<SocketAddr> = servers.iter().map(|server| server.address).collect();
    let found = detect_at(&addresses, PATIENCE).await;
    let kinds: Vec<ServerKind> = found.iter().map(|found| found.kind).collect();
    assert_eq!(
        kinds,
        [ServerKind::LlamaServer, ServerKind::Ollama, ServerKind::Vllm, ServerKind::LmStudio, ServerKind::Tabby]
    );
    for (found, server) in found.iter().zip(&servers) {
        assert_eq!((&found.url, found.models.len(), &found.note), (&server.url(), 1, &None), "{found:?}");
    }
}

#[tokio::test]
async fn what_is_no_server_or_nothing_at_all_is_not_found() {
    let gone = Server::start(Kind::Vllm).await.address;
    // Another program with a web page, one that never answers, and one that wants a key.
    let page = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let addresses = [gone, page.local_addr().expect("one"), silent.local_addr().expect("one")];
    let serve = async {
        loop {
            if let Ok((mut stream, _)) = page.accept().await {
                use tokio::io::AsyncWriteExt;
                drop(
                    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\n<html>").await,
                );
            }
        }
    };
    tokio::select! {
        found = detect_at(&addresses, Duration::from_millis(300)) => assert_eq!(found, []),
        () = serve => {}
    }
    let mut setup = Setup::new(Kind::Vllm);
    setup.key = Some("sk-right-one".to_owned());
    let locked = Server::with(setup).await;
    let found = detect_at(&[locked.address], PATIENCE).await;
    assert!(found[0].note.as_deref().is_some_and(|note| note.contains("wants a key")), "{found:?}");
}

#[tokio::test]
async fn other_machines_are_not_looked_at() {
    let found =
        detect_at(&[SocketAddr::from(([192, 0, 2, 1], 8080)), SocketAddr::from(([0, 0, 0, 0], 8080))], PATIENCE).await;
    assert_eq!(found, [], "at once: nothing was asked");
}
