//! Answers `tandem why`: a socket at which a running server tells of its last request.
//!
//! What it tells holds source text. So it is told from memory, and only to processes of the same user; no file ever holds it.
//! Whoever connects is told and says nothing: there is no request to get wrong.

mod ask;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use tokio::task::JoinHandle;

use super::{Asked, Session};
use crate::engine::host::{Claim, HostAddress, Stream, accept, check_peer, encode_json, our_user, peer_user};

pub use ask::ask_all;

/// What the names of all sockets and locks begin with.
const NAME: &str = "tandem-why-";

/// Servers that may have one process number: each in a container of its own that shares the directory.
const TURNS: u32 = 8;

/// How long one who asked may take to read. One answer is given at a time.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a running server tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Testimony {
    /// Of the server.
    pub version: String,
    pub process: u32,
    /// The client's name and version, where it says.
    pub client: Option<String>,
    pub folders: Vec<PathBuf>,
    pub last: Last,
}

/// The last request of a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Last {
    /// `completion.why` is false there.
    SwitchedOff,
    /// Nobody has asked for a suggestion yet.
    None,
    Request(Box<Asked>),
}

impl Session {
    /// What this session may tell its user in a terminal.
    pub fn testify(&self) -> Testimony {
        let last = match self.last_request() {
            _ if !self.settings().completion.why => Last::SwitchedOff,
            None => Last::None,
            Some(asked) => Last::Request(Box::new(asked)),
        };
        let state = self.state();
        Testimony {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            process: std::process::id(),
            client: state.client.clone(),
            folders: state.folders.clone(),
            last,
        }
    }
}

/// Tells whoever asks, until the task is aborted or the session is gone. What cannot be opened is a line in the log: the
/// server does not need it. Must be called inside a tokio runtime.
pub fn serve(runtime_dir: &Path, session: &Arc<Session>) -> JoinHandle<()> {
    let (runtime_dir, session) = (runtime_dir.to_owned(), Arc::downgrade(session));
    tokio::spawn(async move {
        match claim(&runtime_dir) {
            Ok(claim) => tell_all(&claim, &session).await,
            Err(error) => tracing::warn!("`tandem why` cannot ask this server: {error:#}"),
        }
    })
}

/// The first free name of this process.
fn claim(runtime_dir: &Path) -> anyhow::Result<Claim> {
    for turn in 0..TURNS {
        let name = format!("{NAME}{}-{turn}", std::process::id());
        if let Some(claim) = Claim::take(address(runtime_dir, name))? {
            return Ok(claim);
        }
    }
    anyhow::bail!("all names are taken")
}

fn address(runtime_dir: &Path, name: String) -> HostAddress {
    HostAddress::named(runtime_dir, &our_user().to_string(), name)
}

async fn tell_all(claim: &Claim, session: &Weak<Session>) {
    loop {
        match accept(claim.listener()).await {
            Ok(stream) => {
                let Some(testimony) = session.upgrade().map(|session| session.testify()) else { return };
                match tokio::time::timeout(PATIENCE, tell(&stream, &testimony)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::info!("`tandem why` was not told: {error:#}"),
                    Err(_) => tracing::info!("`tandem why` does not read"),
                }
            }
            Err(error) => {
                // Out of file descriptors, as a rule.
                tracing::warn!(%error, "cannot answer `tandem why`");
                tokio::time::sleep(PATIENCE).await;
            }
        }
    }
}

async fn tell(stream: &Stream, testimony: &Testimony) -> anyhow::Result<()> {
    check_peer(peer_user(stream), our_user())?;
    let frame = encode_json(testimony)?;
    let mut writer = stream;
    writer.write_all(&frame).await?;
    writer.flush().await?;
    Ok(())
}

#[cfg(all(test, unix))]
mod tests;
