//! Vectors over the connection. Who asks waits, so a host that is still starting is waited for.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use super::super::frame::encode;
use super::super::protocol::Request;
use super::{HostEngine, MOST_JOBS, Shared};
use crate::engine::CancelFlag;
use crate::engine::embed::{EmbedEngine, EmbedError, EmbedJob};

/// Between two looks at a cancel.
const LOOK: Duration = Duration::from_millis(20);

pub type Vectors = Result<Vec<Vec<f32>>, EmbedError>;

impl EmbedEngine for HostEngine {
    fn embed(&self, job: EmbedJob, cancel: &CancelFlag, patience: Duration) -> Vectors {
        job.check()?;
        let until = Instant::now() + patience;
        let (told, made) = sync_channel(1);
        let number = loop {
            match self.shared.submit_embed(&job, &told) {
                Ok(number) => break number,
                Err(EmbedError::Away(_)) if !cancel.is_cancelled() && Instant::now() < until => {
                    std::thread::sleep(LOOK)
                }
                Err(_) if cancel.is_cancelled() => return Err(EmbedError::Cancelled),
                Err(error) => return Err(error),
            }
        };
        // The one that was handed over is the only one: when it goes, the host has gone.
        drop(told);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match made.recv_timeout(left.min(LOOK)) {
                Ok(vectors) => return vectors,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(EmbedError::Away("the engine host ended and is being started again".to_owned()));
                }
                Err(RecvTimeoutError::Timeout) if cancel.is_cancelled() || left.is_zero() => {
                    self.shared.cancel_embed(number);
                    return Err(if cancel.is_cancelled() { EmbedError::Cancelled } else { EmbedError::Late });
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

impl Shared {
    /// # Errors
    /// `Away` while there is no host yet, and one is asked for; `Failed` where there will be none.
    fn submit_embed(&self, job: &EmbedJob, told: &SyncSender<Vectors>) -> Result<u64, EmbedError> {
        self.check_connected().map_err(|sentence| match self.lock().given_up {
            true => EmbedError::Failed(sentence),
            false => EmbedError::Away(sentence),
        })?;
        let number = self.next_job.fetch_add(1, Ordering::Relaxed);
        let frame = encode(&Request::Embed { job: number, what: job.clone() })
            .map_err(|error| EmbedError::Failed(format!("the texts cannot go to the engine host: {error}")))?;
        let mut link = self.lock();
        if link.open.embeds.len() >= MOST_JOBS {
            return Err(EmbedError::Away("many texts wait for the engine host already".to_owned()));
        }
        let Some(outbox) = &link.outbox else { return Err(EmbedError::Away(super::ENDED.to_owned())) };
        outbox.send(frame);
        link.open.embeds.insert(number, told.clone());
        Ok(number)
    }

    fn cancel_embed(&self, job: u64) {
        let mut link = self.lock();
        if let (Some(_), Some(outbox), Ok(frame)) =
            (link.open.embeds.remove(&job), &link.outbox, encode(&Request::Cancel { job }))
        {
            outbox.send(frame);
        }
    }

    pub(super) fn deliver_vectors(&self, job: u64, vectors: Vectors) {
        if let Some(told) = self.lock().open.embeds.remove(&job) {
            // Who asked may have lost patience.
            let _ = told.try_send(vectors);
        }
    }
}
