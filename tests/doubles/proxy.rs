//! A proxy as companies have them: it takes CONNECT, and leads every host to one address.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use super::http;

/// Why a proxy says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusing {
    /// It wants to know who asks.
    Authentication,
    /// It does not lead there.
    Forbidden,
}

pub struct Proxy {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    heads: Arc<Mutex<Vec<u8>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// Leads all connections to `target`, whatever host they ask for.
    pub async fn to(target: SocketAddr, refusing: Option<Refusing>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let heads = Arc::<Mutex<Vec<u8>>>::default();
        let (names, read) = (asked.clone(), heads.clone());
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (names, read) = (names.clone(), read.clone());
                connections.spawn(async move { drop(tunnel(stream, target, refusing, &names, &read).await) });
            }
        });
        Self { address, asked, heads, task }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All that it could read: what came before the tunnels.
    pub fn heads(&self) -> String {
        String::from_utf8_lossy(&self.heads.lock().expect("the bytes")).into_owned()
    }

    /// Host and port of every CONNECT.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the list").clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn tunnel(
    mut stream: TcpStream,
    target: SocketAddr,
    refusing: Option<Refusing>,
    names: &Mutex<Vec<String>>,
    heads: &Mutex<Vec<u8>>,
) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    let Some(request) =
        http::read(&mut stream, &mut buffer, |bytes| heads.lock().expect("the bytes").extend_from_slice(bytes)).await?
    else {
        return Ok(());
    };
    names.lock().expect("the list").push(request.path.clone());
    match refusing {
        Some(Refusing::Authentication) => {
            let headers = [("proxy-authenticate".to_owned(), "Basic realm=\"double\"".to_owned())];
            return stream.write_all(&http::whole(407, &headers, b"")).await;
        }
        Some(Refusing::Forbidden) => return stream.write_all(&http::whole(403, &[], b"")).await,
        None => {}
    }
    let mut other = TcpStream::connect(target).await?;
    stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").await?;
    other.write_all(&buffer).await?;
    tokio::io::copy_bidirectional(&mut stream, &mut other).await.map(drop)
}
