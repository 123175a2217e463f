//! Frames on their way out of one connection: in order, gathered into few writes, bounded in bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, mpsc};

/// Frames gathered into one write, in bytes.
const GATHERED_BYTES: usize = 256 << 10;

/// The end that takes frames. Cheap to clone; never waits.
#[derive(Clone)]
pub struct Outbox {
    frames: mpsc::UnboundedSender<Vec<u8>>,
    shared: Arc<Shared>,
}

struct Shared {
    limit: usize,
    /// Bytes taken and not yet written. The channel holds no more than `limit` of them.
    waiting: AtomicUsize,
    overflowed: AtomicBool,
    told: Notify,
}

/// The end that writes.
pub struct Drain {
    frames: mpsc::UnboundedReceiver<Vec<u8>>,
    shared: Arc<Shared>,
}

/// `limit`: most bytes that may wait. The frame that goes beyond it is lost, and the outbox is broken from then on.
pub fn outbox(limit: usize) -> (Outbox, Drain) {
    let (sender, frames) = mpsc::unbounded_channel();
    let shared = Arc::new(Shared {
        limit,
        waiting: AtomicUsize::new(0),
        overflowed: AtomicBool::new(false),
        told: Notify::new(),
    });
    (Outbox { frames: sender, shared: shared.clone() }, Drain { frames, shared })
}

impl Outbox {
    /// False when the frame will not be written: the peer is gone or does not read.
    pub fn send(&self, frame: Vec<u8>) -> bool {
        let bytes = frame.len();
        if self.shared.overflowed.load(Ordering::Relaxed) {
            return false;
        }
        let before = self.shared.waiting.fetch_add(bytes, Ordering::Relaxed);
        // One frame alone may be longer than the limit.
        if before > 0 && before + bytes > self.shared.limit {
            self.shared.overflowed.store(true, Ordering::Relaxed);
            self.shared.told.notify_one();
            return false;
        }
        self.frames.send(frame).is_ok()
    }
}

/// Why writing ended.
#[derive(Debug)]
pub enum Drained {
    /// Every `Outbox` is gone and everything is written.
    Done,
    /// More than the limit waited: the peer does not read.
    Overflow,
    Failed(std::io::Error),
}

impl Drain {
    pub async fn write_to(mut self, mut writer: impl AsyncWrite + Unpin) -> Drained {
        let shared = self.shared.clone();
        tokio::select! {
            () = shared.told.notified() => Drained::Overflow,
            ended = self.write_all(&mut writer) => ended,
        }
    }

    async fn write_all(&mut self, writer: &mut (impl AsyncWrite + Unpin)) -> Drained {
        while let Some(mut gathered) = self.frames.recv().await {
            while gathered.len() < GATHERED_BYTES {
                let Ok(frame) = self.frames.try_recv() else { break };
                gathered.extend_from_slice(&frame);
            }
            if let Err(error) = writer.write_all(&gathered).await {
                return Drained::Failed(error);
            }
            self.shared.waiting.fetch_sub(gathered.len(), Ordering::Relaxed);
        }
        match writer.flush().await {
            Ok(()) => Drained::Done,
            Err(error) => Drained::Failed(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn frames_arrive_in_order() {
        let (outbox, drain) = outbox(1 << 20);
        for byte in 0..100 {
            assert!(outbox.send(vec![byte; 3]));
        }
        drop(outbox);
        let mut written = Vec::new();
        assert!(matches!(drain.write_to(&mut written).await, Drained::Done));
        assert_eq!(written, (0..100).flat_map(|byte| [byte; 3]).collect::<Vec<u8>>());
    }

    #[tokio::test]
    async fn a_peer_that_does_not_read_breaks_it() {
        let (outbox, drain) = outbox(1000);
        let (mut near, far) = tokio::io::duplex(64);
        let writing = tokio::spawn(drain.write_to(far));
        let mut taken = 0;
        while outbox.send(vec![0; 100]) {
            taken += 100;
            tokio::task::yield_now().await;
        }
        assert!(taken <= 1100, "{taken} bytes were taken");
        assert!(matches!(writing.await.expect("no panic"), Drained::Overflow));
        assert!(!outbox.send(vec![0]), "a broken outbox takes nothing more");
        let mut rest = Vec::new();
        near.read_to_end(&mut rest).await.expect("closed");
    }
}
