//! The host's main loop: take in clients, count them, and end when nobody is left.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

use super::address::HostIdentity;
use super::claim::Claim;
use super::connection::{serve_client, welcome};
use super::frame::encode_json;
use super::private::{check_peer, our_user};
use super::protocol::{Because, Reply};
use super::transport::{Stream, accept, peer_user};
use crate::engine::Engine;

/// Most clients at a time: each is an editor window.
const MAX_CLIENTS: usize = 256;

/// How often the host looks whether its socket is still there.
const HOUSEKEEPING: Duration = Duration::from_secs(1);

/// Why a host ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// No client for the idle time.
    Unused,
    /// SIGTERM, or the caller's wish.
    Stopped,
    /// Somebody removed the socket or the lock, so that nobody could find this host any more.
    Unreachable,
}

impl Ended {
    fn sentence(self) -> &'static str {
        match self {
            Self::Unused => "it was not used",
            Self::Stopped => "it was told to stop",
            Self::Unreachable => "its socket was removed",
        }
    }
}

/// Serves until there was no client for `idle`, or `stop` resolves. `engine_for_client` is called once for each client
/// with a number that no other client of this host had.
pub async fn serve(
    claim: &Claim,
    identity: HostIdentity,
    idle: Duration,
    engine_for_client: impl Fn(u64) -> Arc<dyn Engine>,
    stop: impl Future<Output = ()>,
) -> Ended {
    let identity = Arc::new(identity);
    let (closing, closed) = watch::channel(None);
    let mut clients = JoinSet::new();
    let mut last_client = 0;
    let mut unused_since = Instant::now();
    let mut housekeeping = tokio::time::interval(HOUSEKEEPING);
    housekeeping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(stop);
    let ended = loop {
        tokio::select! {
            accepted = accept(claim.listener()) => match accepted {
                Ok(stream) if clients.len() >= MAX_CLIENTS => turn_away(stream).await,
                Ok(stream) => {
                    last_client += 1;
                    let engine = engine_for_client(last_client);
                    clients.spawn(attend(stream, last_client, identity.clone(), engine, closed.clone()));
                }
                Err(error) => {
                    // Out of file descriptors, as a rule: wait until a client has left.
                    tracing::warn!(%error, "cannot accept a client");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = clients.join_next(), if !clients.is_empty() => unused_since = Instant::now(),
            () = tokio::time::sleep_until(unused_since + idle), if clients.is_empty() => break Ended::Unused,
            _ = housekeeping.tick() => {
                if !claim.is_ours() {
                    break Ended::Unreachable;
                }
            }
            () = &mut stop => break Ended::Stopped,
        }
    };
    tracing::info!(clients = clients.len(), "the engine host ends: {}", ended.sentence());
    // Nobody finds us from here on, and those who are here are told.
    claim.hide();
    closing.send_replace(Some(ended.sentence().to_owned()));
    while clients.join_next().await.is_some() {}
    ended
}

async fn attend(
    stream: Stream,
    client: u64,
    identity: Arc<HostIdentity>,
    engine: Arc<dyn Engine>,
    closing: watch::Receiver<Option<String>>,
) {
    let served = async {
        check_peer(peer_user(&stream), our_user())?;
        let (mut reader, mut writer) = (&stream, &stream);
        let closed = closing.clone();
        tokio::select! {
            welcomed = welcome(&mut reader, &mut writer, &identity, client) => welcomed?,
            () = until_closing(closed) => return Ok(()),
        }
        tracing::info!(client, "a client came");
        serve_client(reader, writer, engine, closing).await
    };
    match served.await {
        Ok(()) => tracing::info!(client, "a client left"),
        Err(error) => tracing::warn!(client, "a client was let go: {error:#}"),
    }
}

/// One write into an empty socket buffer: it does not wait.
async fn turn_away(mut stream: Stream) {
    let message = format!("{MAX_CLIENTS} clients are served already");
    tracing::warn!("a client was turned away: {message}");
    if let Ok(frame) = encode_json(&Reply::Refused { because: Because::Busy, message }) {
        let _ = stream.write_all(&frame).await;
    }
}

async fn until_closing(mut closing: watch::Receiver<Option<String>>) {
    let _ = closing.wait_for(Option::is_some).await;
}
