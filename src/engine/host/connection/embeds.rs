//! Vectors for one client, on threads that may wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::super::frame::encode;
use super::super::outbox::Outbox;
use super::super::protocol::Answer;
use crate::engine::embed::{EmbedError, EmbedJob};
use crate::engine::{CancelFlag, Engine};

/// Most jobs of one client at a time: each holds its texts and a thread.
const MOST: usize = 16;
/// The client has the finer rule.
const PATIENCE: Duration = Duration::from_secs(600);

/// The open jobs of a client, by its number for them. Dropping it cancels them.
#[derive(Default)]
pub struct OpenEmbeds(Arc<Mutex<HashMap<u64, CancelFlag>>>);

impl OpenEmbeds {
    pub fn cancel(&self, job: u64) {
        let flag = lock(&self.0).get(&job).cloned();
        flag.inspect(CancelFlag::cancel);
    }

    pub fn start(&self, engine: Arc<dyn Engine>, job: u64, what: EmbedJob, outbox: &Outbox) {
        let flag = CancelFlag::default();
        {
            let mut open = lock(&self.0);
            let refusal = match open.len() {
                _ if open.contains_key(&job) => Some(EmbedError::Failed(format!("the number {job} is taken"))),
                MOST.. => Some(EmbedError::Away("many texts wait for the model already".to_owned())),
                _ => None,
            };
            if let Some(error) = refusal {
                return send(outbox, job, Err(error));
            }
            open.insert(job, flag.clone());
        }
        let (open, outbox) = (self.0.clone(), outbox.clone());
        tokio::task::spawn_blocking(move || {
            let none = || EmbedError::Failed("this engine makes no vectors".to_owned());
            let vectors =
                engine.embeddings().ok_or_else(none).and_then(|embedder| embedder.embed(what, &flag, PATIENCE));
            lock(&open).remove(&job);
            send(&outbox, job, vectors);
        });
    }
}

impl Drop for OpenEmbeds {
    fn drop(&mut self) {
        lock(&self.0).values().for_each(CancelFlag::cancel);
    }
}

fn send(outbox: &Outbox, job: u64, vectors: Result<Vec<Vec<f32>>, EmbedError>) {
    match encode(&Answer::Vectors { job, vectors }) {
        // False means that the connection is ending, which its other half sees for itself.
        Ok(frame) => _ = outbox.send(frame),
        Err(error) => tracing::error!(%error, "vectors do not fit into a frame"),
    }
}

fn lock(open: &Mutex<HashMap<u64, CancelFlag>>) -> std::sync::MutexGuard<'_, HashMap<u64, CancelFlag>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}
