//! The client's way to a welcomed connection: connect, or start a host and connect; try another name when the host
//! there is not ours to use.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::io::AsyncWriteExt;

use super::address::HostAddress;
use super::config::HostConfig;
use super::frame::{FrameError, decode_json, encode_json, read_frame};
use super::launch::{Launched, launch};
use super::log::LogMark;
use super::private::{check_peer, our_user, prepare_directory};
use super::protocol::{Because, Hello, MAX_HANDSHAKE, PROTOCOL, Reply};
use super::transport::{self, Stream};

/// A host opens its socket before it loads anything, so this is for a machine under heavy load.
const START_TIME: Duration = Duration::from_secs(10);

const HANDSHAKE_TIME: Duration = Duration::from_secs(5);

/// Pause between two looks at a socket that is not there yet.
const POLL: Duration = Duration::from_millis(10);

/// Pause before another start when the name was taken by a host that does not answer.
const RELAUNCH: Duration = Duration::from_millis(100);

/// Names to try when hosts of another kind answer.
const TURNS: u32 = 4;

/// A connection that the host has welcomed.
pub struct Connected {
    pub stream: Stream,
    /// Process id of the host.
    pub process: u32,
    /// When this client started it.
    pub launched: Option<Launched>,
    /// What the host writes from here on, or from its start.
    pub log: LogMark,
}

/// Finds or starts the host. An error is a sentence for the user.
pub async fn open(config: &HostConfig) -> anyhow::Result<Connected> {
    for turn in 0..TURNS {
        let address = HostAddress::new(&config.paths, &config.identity, our_user(), turn);
        match open_at(config, &address).await? {
            Greeting::Welcome(connected) => return Ok(connected),
            Greeting::Refused(because, message) if because.is_mismatch() => {
                tracing::info!(?because, "the engine host at {} is another: {message}", address.name);
            }
            Greeting::Refused(_, message) => bail!("The engine host refuses this window: {message}."),
        }
    }
    bail!("Other engine hosts hold all {TURNS} names for this model; end them (`pkill -f 'tandem engine'`).")
}

enum Greeting {
    Welcome(Connected),
    Refused(Because, String),
}

async fn open_at(config: &HostConfig, address: &HostAddress) -> anyhow::Result<Greeting> {
    prepare_directory(&address.directory)?;
    let deadline = Instant::now() + START_TIME;
    let mut launched: Option<Launched> = None;
    let log = LogMark::now(address.log(&config.paths.state_dir));
    loop {
        let trouble = match transport::connect(address).await {
            Ok(stream) => match greet(stream, config).await? {
                Ok((stream, Reply::Welcome { process, .. })) => {
                    return Ok(Greeting::Welcome(Connected { stream, process, launched, log }));
                }
                Ok((_, Reply::Refused { because, message })) => return Ok(Greeting::Refused(because, message)),
                // A host that ends at this moment; the next one will answer.
                Err(error) => error.to_string(),
            },
            Err(error) => {
                match launched.as_ref().map(Launched::ended) {
                    Some(Some((false, phrase))) => {
                        bail!("The engine host ended while it started ({phrase}); {}.", log.hint())
                    }
                    // It runs, and will open its socket soon.
                    Some(None) => {}
                    None => launched = Some(launch(config, address)?),
                    // Another one had the lock, and may be about to end.
                    Some(Some((true, _))) => {
                        tokio::time::sleep(RELAUNCH).await;
                        launched = Some(launch(config, address)?);
                    }
                }
                error.to_string()
            }
        };
        if Instant::now() > deadline {
            bail!("The engine host does not answer ({trouble}); {}.", log.hint());
        }
        tokio::time::sleep(POLL).await;
    }
}

/// The outer error is for the user; the inner one is worth another try.
async fn greet(stream: Stream, config: &HostConfig) -> anyhow::Result<Result<(Stream, Reply), FrameError>> {
    check_peer(transport::peer_user(&stream), our_user()).context("The engine host's socket is not to be trusted")?;
    let hello =
        Hello { protocol: PROTOCOL, binary: config.identity.binary.clone(), model: config.identity.model.clone() };
    let frame = encode_json(&hello)?;
    let talk = async {
        let (mut reader, mut writer) = (&stream, &stream);
        writer.write_all(&frame).await?;
        let mut body = Vec::new();
        match read_frame(&mut reader, &mut body, MAX_HANDSHAKE).await? {
            true => decode_json::<Reply>(&body),
            false => Err(FrameError::Cut),
        }
    };
    let reply = match tokio::time::timeout(HANDSHAKE_TIME, talk).await {
        Ok(reply) => reply,
        Err(elapsed) => Err(FrameError::Io(elapsed.into())),
    };
    Ok(reply.map(|reply| (stream, reply)))
}
