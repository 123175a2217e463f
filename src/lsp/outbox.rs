//! The writing end: messages are queued here and written by a task of their own, so that a client that does not read
//! never blocks the protocol task.
//!
//! The queue is bounded in three steps. Messages that only inform are dropped, oldest first, when much is queued. When
//! very much is queued, the server stops reading until the client has read something. Responses are never dropped.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::Notify;

/// Above this many queued bytes, messages that only inform give way. A pipe's capacity times sixteen: a client that far
/// behind does not look at a progress bar.
const INFORM_LIMIT_BYTES: usize = 1 << 20;

/// Above this many queued bytes nothing more is read from the client. Far more than the answers to any burst of requests.
const READ_LIMIT_BYTES: usize = 64 << 20;

/// Written bytes are flushed when nothing more is queued, and after this many.
const FLUSH_BYTES: usize = 64 << 10;

/// What may happen to a message that the client is slow to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Responses, requests, messages to the user, the begin and end of a progress.
    Keep,
    /// Status, progress reports, logs: the next one says more.
    Inform,
}

/// The queue's entrance; cheap to clone.
#[derive(Clone)]
pub struct Outbox(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    /// Something was queued, or the queue was finished.
    filled: Notify,
    /// Something was written, or the writer ended.
    emptied: Notify,
}

#[derive(Default)]
struct Queue {
    messages: VecDeque<(Weight, Vec<u8>)>,
    /// Bytes in `messages` and those written but not flushed.
    bytes: usize,
    /// No more messages will come; the writer ends when the queue is empty.
    finished: bool,
    /// The client's end is gone; what is queued is thrown away.
    broken: bool,
}

/// The queue's exit. Whoever holds it must run it.
pub struct OutboxWriter(Arc<Shared>);

pub fn outbox() -> (Outbox, OutboxWriter) {
    let shared = Arc::new(Shared { queue: Mutex::default(), filled: Notify::new(), emptied: Notify::new() });
    (Outbox(shared.clone()), OutboxWriter(shared))
}

impl Outbox {
    /// Queues a message. Never waits.
    pub fn send(&self, message: &impl Serialize, weight: Weight) {
        match serde_json::to_vec(message) {
            Ok(body) => self.push(frame(&body), weight),
            Err(error) => tracing::error!(%error, "a message cannot be written as JSON"),
        }
    }

    /// Queues a notification. Never waits.
    pub fn notify(&self, method: &'static str, params: &impl Serialize, weight: Weight) {
        #[derive(Serialize)]
        struct Notification<'a, P> {
            jsonrpc: &'static str,
            method: &'static str,
            params: &'a P,
        }
        self.send(&Notification { jsonrpc: "2.0", method, params }, weight);
    }

    fn push(&self, frame: Vec<u8>, weight: Weight) {
        let mut queue = self.0.lock();
        if queue.broken || queue.finished {
            return;
        }
        queue.bytes += frame.len();
        queue.messages.push_back((weight, frame));
        if queue.bytes > INFORM_LIMIT_BYTES {
            queue.drop_informing();
        }
        drop(queue);
        self.0.filled.notify_one();
    }

    /// Resolves when there is room for the answers to more requests, or the client is gone.
    pub async fn room(&self) {
        self.until(|queue| queue.bytes <= READ_LIMIT_BYTES || queue.broken).await;
    }

    /// Resolves when the client's end is gone.
    pub async fn broken(&self) {
        self.until(|queue| queue.broken).await;
    }

    /// Takes no more messages and resolves when all of the queued ones are written, or the client is gone.
    pub async fn finish(&self) {
        self.0.lock().finished = true;
        self.0.filled.notify_one();
        self.until(|queue| queue.bytes == 0 || queue.broken).await;
    }

    async fn until(&self, reached: impl Fn(&Queue) -> bool) {
        loop {
            // Registered before the look, so that a change between look and wait is not lost.
            let emptied = self.0.emptied.notified();
            tokio::pin!(emptied);
            emptied.as_mut().enable();
            if reached(&self.0.lock()) {
                return;
            }
            emptied.await;
        }
    }
}

impl Queue {
    fn drop_informing(&mut self) {
        let mut over = self.bytes.saturating_sub(INFORM_LIMIT_BYTES);
        let mut dropped = 0usize;
        self.messages.retain(|(weight, frame)| {
            let keep = over == 0 || *weight == Weight::Keep;
            if !keep {
                over = over.saturating_sub(frame.len());
                dropped += frame.len();
            }
            keep
        });
        self.bytes -= dropped;
    }
}

impl OutboxWriter {
    /// Writes until the queue is finished and empty, or the client's end is gone.
    pub async fn run(self, mut output: impl AsyncWrite + Unpin) {
        let mut unflushed = 0;
        loop {
            let (frame, finished) = {
                let mut queue = self.0.lock();
                (queue.messages.pop_front(), queue.finished)
            };
            let written = match &frame {
                Some((_, frame)) => output.write_all(frame).await,
                None => output.flush().await,
            };
            if let Err(error) = written {
                tracing::info!(%error, "the client does not read any more");
                self.give_up();
                return;
            }
            if let Some((_, frame)) = frame {
                unflushed += frame.len();
                if unflushed < FLUSH_BYTES {
                    continue;
                }
            }
            let idle = self.written(std::mem::take(&mut unflushed));
            if idle && finished {
                return;
            }
            if idle {
                self.0.filled.notified().await;
            }
        }
    }

    /// Notes that bytes have left; true when nothing is queued.
    fn written(&self, bytes: usize) -> bool {
        let mut queue = self.0.lock();
        queue.bytes -= bytes;
        let idle = queue.messages.is_empty();
        drop(queue);
        self.0.emptied.notify_waiters();
        idle
    }

    fn give_up(&self) {
        let mut queue = self.0.lock();
        queue.broken = true;
        queue.messages.clear();
        queue.bytes = 0;
        drop(queue);
        self.0.emptied.notify_waiters();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn frame(body: &[u8]) -> Vec<u8> {
    let mut frame = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    frame.extend_from_slice(body);
    frame
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tokio::io::AsyncReadExt;

    use super::*;

    /// The bodies in what was written.
    fn bodies(mut bytes: &[u8]) -> Vec<Value> {
        let mut bodies = Vec::new();
        while !bytes.is_empty() {
            let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a header") + 4;
            let header = std::str::from_utf8(&bytes[..end]).expect("ASCII").trim();
            let length: usize = header.rsplit(' ').next().and_then(|digits| digits.parse().ok()).expect("a length");
            bodies.push(serde_json::from_slice(&bytes[end..end + length]).expect("JSON"));
            bytes = &bytes[end + length..];
        }
        bodies
    }

    #[tokio::test]
    async fn finish_waits_until_everything_is_written() {
        let (outbox, writer) = outbox();
        for number in 0..1000 {
            outbox.send(&json!({ "id": number }), Weight::Keep);
        }
        let (ours, mut theirs) = tokio::io::duplex(64);
        let writer = tokio::spawn(writer.run(ours));
        let mut bytes = Vec::new();
        let (_, read) = tokio::join!(outbox.finish(), theirs.read_to_end(&mut bytes));
        read.expect("a pipe");
        writer.await.expect("the writer");
        let ids: Vec<_> = bodies(&bytes).iter().map(|body| body["id"].as_u64()).collect();
        assert_eq!(ids, (0..1000).map(Some).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_slow_client_loses_old_reports_and_no_response() {
        let (outbox, writer) = outbox();
        let filling = "x".repeat(1000);
        for number in 0..3000 {
            outbox.send(&json!({ "report": number, "filling": filling }), Weight::Inform);
            outbox.send(&json!({ "id": number }), Weight::Keep);
        }
        outbox.0.lock().finished = true;
        let mut bytes = Vec::new();
        writer.run(&mut bytes).await;
        let seen = bodies(&bytes);
        let ids: Vec<_> = seen.iter().filter_map(|body| body["id"].as_u64()).collect();
        assert_eq!(ids, (0..3000).collect::<Vec<_>>());
        let reports: Vec<_> = seen.iter().filter_map(|body| body["report"].as_u64()).collect();
        assert!(reports.len() < 1100, "{} reports kept", reports.len());
        assert_eq!(reports.last(), Some(&2999), "the newest report is the one that matters");
    }

    #[tokio::test]
    async fn a_reader_that_went_away_ends_the_writer_and_every_wait() {
        let (outbox, writer) = outbox();
        let (ours, theirs) = tokio::io::duplex(64);
        drop(theirs);
        outbox.send(&json!({}), Weight::Keep);
        writer.run(ours).await;
        outbox.broken().await;
        outbox.room().await;
        outbox.finish().await;
        outbox.send(&json!({}), Weight::Keep);
        assert_eq!(outbox.0.lock().bytes, 0, "nothing is queued for nobody");
    }

    #[tokio::test]
    async fn there_is_no_room_when_the_client_reads_nothing() {
        let (outbox, writer) = outbox();
        let big = "x".repeat(READ_LIMIT_BYTES + 1);
        outbox.send(&big, Weight::Keep);
        assert!(futures_util::poll!(std::pin::pin!(outbox.room())).is_pending());
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        tokio::spawn(writer.run(ours));
        tokio::spawn(async move { tokio::io::copy(&mut { theirs }, &mut tokio::io::sink()).await });
        outbox.room().await;
    }
}
