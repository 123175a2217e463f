//! One client of the host: handshake, then its jobs, multiplexed by number, until it leaves.
//!
//! Nothing that a client sends ends the host, and what it can make the host remember is bounded: the frames by
//! `MAX_FRAME`, the open jobs by `MAX_JOBS`, the unread answers by `UNREAD_BYTES`.

mod chats;
mod embeds;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use super::address::HostIdentity;
use super::frame::{FrameError, MAX_FRAME, decode, decode_json, encode, encode_json, read_frame};
use super::outbox::{Drained, Outbox, outbox};
use super::protocol::{Answer, Because, Hello, MAX_HANDSHAKE, PROTOCOL, Reply, Request};
use crate::engine::{CancelFlag, Engine, EngineStatus, Event, Finish, Generation, Job, Report, Urgency};

/// Most jobs of one client that have no last event yet. An editor that types needs two or three.
pub const MAX_JOBS: usize = 64;

/// Most bytes of the frames that brought the open jobs.
const MAX_OPEN_BYTES: usize = 2 * MAX_FRAME;

/// Most bytes of answers that a client may leave unread.
const UNREAD_BYTES: usize = 16 << 20;

/// A peer that connects and says nothing is let go after this.
const HANDSHAKE_TIME: Duration = Duration::from_secs(5);

/// A goodbye that cannot be written in this time is not.
const GOODBYE_TIME: Duration = Duration::from_millis(300);

/// Reads and checks the hello, and answers it. An error is a sentence for the log; the peer has been told.
pub async fn welcome(
    reader: &mut (impl AsyncRead + Unpin),
    writer: &mut (impl AsyncWrite + Unpin),
    ours: &HostIdentity,
    client: u64,
) -> anyhow::Result<()> {
    let mut body = Vec::new();
    let hello = match tokio::time::timeout(HANDSHAKE_TIME, read_frame(reader, &mut body, MAX_HANDSHAKE)).await {
        Ok(Ok(true)) => decode_json::<Hello>(&body).map_err(|error| (Because::Garbled, error.to_string())),
        Ok(Ok(false)) => anyhow::bail!("it left without a hello"),
        Ok(Err(error)) => Err((Because::Garbled, error.to_string())),
        Err(_) => anyhow::bail!("it said nothing for {} s", HANDSHAKE_TIME.as_secs()),
    };
    let verdict = hello.and_then(|hello| check(&hello, ours));
    let reply = match &verdict {
        Ok(()) => Reply::Welcome { client, process: std::process::id() },
        Err((because, message)) => Reply::Refused { because: *because, message: message.clone() },
    };
    let frame = encode_json(&reply)?;
    tokio::time::timeout(HANDSHAKE_TIME, writer.write_all(&frame)).await??;
    verdict.map_err(|(because, message)| anyhow::anyhow!("refused ({because:?}): {message}"))
}

fn check(hello: &Hello, ours: &HostIdentity) -> Result<(), (Because, String)> {
    if hello.protocol != PROTOCOL {
        return Err((Because::Protocol, format!("this host speaks {PROTOCOL}, not {}", hello.protocol)));
    }
    if hello.binary != ours.binary {
        return Err((Because::Binary, format!("this host is {}, not {}", ours.binary, hello.binary)));
    }
    if hello.model != ours.model {
        return Err((Because::Model, format!("this host serves {}, not {}", ours.model, hello.model)));
    }
    Ok(())
}

/// Serves a welcomed client until it leaves, misbehaves, or `closing` holds the reason of a goodbye. Returning cancels
/// all its jobs.
pub async fn serve_client(
    reader: impl AsyncRead + Unpin,
    writer: impl AsyncWrite + Unpin,
    engine: Arc<dyn Engine>,
    mut closing: watch::Receiver<Option<String>>,
) -> anyhow::Result<()> {
    let (outbox, drain) = outbox(UNREAD_BYTES);
    let status = engine.status();
    let goodbye = outbox.clone();
    let serving = async {
        tokio::select! {
            ended = read_requests(reader, engine, outbox.clone()) => ended.map_err(anyhow::Error::from),
            () = send_status(status, outbox) => Ok(()),
        }
    };
    let writing = drain.write_to(writer);
    tokio::pin!(writing);
    tokio::select! {
        ended = serving => return ended,
        drained = &mut writing => return Err(match drained {
            Drained::Overflow => anyhow::anyhow!("it left {UNREAD_BYTES} bytes unread"),
            Drained::Failed(error) => error.into(),
            Drained::Done => anyhow::anyhow!("the writer ended early"),
        }),
        Ok(reason) = closing.wait_for(Option::is_some) => {
            let reason = reason.clone().unwrap_or_default();
            goodbye.send(encode(&Answer::Goodbye { reason })?);
            drop(goodbye);
        }
    }
    let _ = tokio::time::timeout(GOODBYE_TIME, writing).await;
    Ok(())
}

async fn send_status(mut status: watch::Receiver<EngineStatus>, outbox: Outbox) {
    status.mark_changed();
    while status.changed().await.is_ok() {
        let mut now = status.borrow_and_update().clone();
        let frame = encode(&Answer::Status(Box::new(now.clone()))).or_else(|_| {
            // A path that is no Unicode cannot travel; the rest of the status can.
            if let Some(model) = &mut now.model {
                model.path = None;
            }
            encode(&Answer::Status(Box::new(now)))
        });
        match frame {
            Ok(frame) => _ = outbox.send(frame),
            Err(error) => tracing::warn!(%error, "a status does not fit into a frame"),
        }
    }
    // The engine is gone; its last words have been sent.
    std::future::pending().await
}

/// The open jobs of a client, by the client's number.
#[derive(Default)]
struct Open {
    jobs: HashMap<u64, OpenJob>,
    arrivals: u64,
    /// Bytes of the frames that brought them.
    bytes: usize,
}

struct OpenJob {
    lane: u64,
    arrival: u64,
    bytes: usize,
    cancel: CancelFlag,
    forwarder: AbortHandle,
}

async fn read_requests(
    reader: impl AsyncRead + Unpin,
    engine: Arc<dyn Engine>,
    outbox: Outbox,
) -> Result<(), FrameError> {
    let mut reader = BufReader::with_capacity(64 << 10, reader);
    let mut body = Vec::new();
    let open = Arc::new(Mutex::new(Open::default()));
    // Dropped with this future: that ends the forwarders, which drops their generations, which cancels the jobs.
    let mut forwarders = JoinSet::new();
    let chats = chats::OpenChats::default();
    let embeds = embeds::OpenEmbeds::default();
    while read_frame(&mut reader, &mut body, MAX_FRAME).await? {
        match decode(&body)? {
            Request::Cancel { job } => {
                if let Some(job) = lock(&open).jobs.get(&job) {
                    job.cancel.cancel();
                }
                chats.cancel(job);
                embeds.cancel(job);
            }
            Request::Chat { job, what } => {
                // Dropping the forwarder drops the stream, which cancels the conversation.
                chats.start(&*engine, job, what, &outbox).map(|forward| forwarders.spawn(forward));
            }
            Request::Embed { job, what } => embeds.start(engine.clone(), job, what, &outbox),
            Request::Count { job, texts } => chats.count(engine.clone(), job, texts, &outbox),
            Request::Wake => engine.wake(),
            Request::Generate { job, what } => match make_room(&open, job, &what, body.len()) {
                Err(sentence) => finish(&outbox, job, Finish::Failed(sentence)),
                Ok(superseded) => {
                    if let Some(older) = superseded {
                        finish(&outbox, older, Finish::Superseded);
                    }
                    let (lane, bytes, cancel) = (what.lane, body.len(), CancelFlag::default());
                    // Here and not in the forwarder: the engine must see the jobs in the order of the client.
                    let generation = engine.generate(what);
                    // Held over the start, so that a forwarder that ends at once finds its entry.
                    let mut jobs = lock(&open);
                    let forward = forward(job, generation, cancel.clone(), open.clone(), outbox.clone());
                    let forwarder = forwarders.spawn(forward);
                    jobs.add(job, lane, bytes, cancel, forwarder);
                }
            },
        }
        while forwarders.try_join_next().is_some() {}
    }
    Ok(())
}

impl Open {
    fn add(&mut self, job: u64, lane: u64, bytes: usize, cancel: CancelFlag, forwarder: AbortHandle) {
        self.arrivals += 1;
        self.bytes += bytes;
        self.jobs.insert(job, OpenJob { lane, arrival: self.arrivals, bytes, cancel, forwarder });
    }

    fn remove(&mut self, job: u64) -> Option<OpenJob> {
        let removed = self.jobs.remove(&job)?;
        self.bytes -= removed.bytes;
        Some(removed)
    }
}

/// Makes room for a job, or says why there is none. At the limit the lane's oldest job gives way, but to no background job;
/// its number is returned.
fn make_room(open: &Mutex<Open>, job: u64, what: &Job, bytes: usize) -> Result<Option<u64>, String> {
    let mut open = lock(open);
    if open.jobs.contains_key(&job) {
        return Err(format!("the number {job} is taken by another request"));
    }
    if open.jobs.len() < MAX_JOBS && open.bytes + bytes <= MAX_OPEN_BYTES {
        return Ok(None);
    }
    let of_lane = |job: &OpenJob| what.urgency == Urgency::Awaited && job.lane == what.lane;
    let oldest = open.jobs.iter().filter(|(_, job)| of_lane(job)).min_by_key(|(_, job)| job.arrival);
    let Some(oldest) = oldest.map(|(number, _)| *number) else {
        return Err(format!("{} requests wait for the model already; it does not keep up", open.jobs.len()));
    };
    if let Some(job) = open.remove(oldest) {
        // Drops the generation, which tells the engine.
        job.forwarder.abort();
    }
    Ok(Some(oldest))
}

/// Passes the events of one job on.
async fn forward(job: u64, mut generation: Generation, cancel: CancelFlag, open: Arc<Mutex<Open>>, outbox: Outbox) {
    let mut told = false;
    let mut done = false;
    while !done {
        tokio::select! {
            biased;
            () = cancel.cancelled(), if !told => {
                told = true;
                generation.cancel();
            }
            event = generation.next() => {
                let Some(event) = event else {
                    lock(&open).remove(job);
                    return finish(&outbox, job, Finish::Failed("The engine went away; try again.".to_owned()));
                };
                done = matches!(event, Event::Done(_));
                if done {
                    lock(&open).remove(job);
                }
                send_event(&outbox, job, event);
            }
        }
    }
}

fn finish(outbox: &Outbox, job: u64, reason: Finish) {
    send_event(outbox, job, Event::Finished { candidate: 0, reason });
    send_event(outbox, job, Event::Done(Report::default()));
}

fn send_event(outbox: &Outbox, job: u64, event: Event) {
    match encode(&Answer::Event { job, event }) {
        // False means that the connection is ending, which its other half sees for itself.
        Ok(frame) => _ = outbox.send(frame),
        Err(error) => tracing::error!(%error, "an event does not fit into a frame"),
    }
}

fn lock(open: &Mutex<Open>) -> std::sync::MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}
