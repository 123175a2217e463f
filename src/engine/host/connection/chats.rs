//! Conversations of one client, and the counting of tokens for them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::super::frame::encode;
use super::super::outbox::Outbox;
use super::super::protocol::Answer;
use crate::engine::chat::{ChatEvent, ChatFinish, ChatJob, ChatReport, ChatStream};
use crate::engine::{CancelFlag, Engine};

/// Most conversations of one client that have no last event yet.
const MOST_CHATS: usize = 16;
/// Most counts at a time: each holds its texts.
const MOST_COUNTS: usize = 16;

/// The open conversations of a client, by its number for them.
#[derive(Clone, Default)]
pub struct OpenChats {
    flags: Arc<Mutex<HashMap<u64, CancelFlag>>>,
    /// Counts that are being made.
    counts: Arc<AtomicUsize>,
}

impl OpenChats {
    fn with<T>(&self, work: impl FnOnce(&mut HashMap<u64, CancelFlag>) -> T) -> T {
        work(&mut self.flags.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn cancel(&self, job: u64) {
        let flag = self.with(|flags| flags.get(&job).cloned());
        flag.inspect(CancelFlag::cancel);
    }

    /// Starts it; what is returned passes its events on. None where it has ended already.
    pub fn start(
        &self,
        engine: &dyn Engine,
        job: u64,
        what: ChatJob,
        outbox: &Outbox,
    ) -> Option<impl Future<Output = ()> + Send + 'static> {
        let refusal = self.with(|flags| match flags.len() {
            _ if flags.contains_key(&job) => Some(format!("the number {job} is taken by another question")),
            MOST_CHATS.. => Some("many questions are being answered already; wait for one".to_owned()),
            _ => None,
        });
        let chat = match (refusal, engine.conversations()) {
            (None, Some(chat)) => chat,
            (Some(why), _) => return finish(outbox, job, why),
            (None, None) => return finish(outbox, job, "this engine answers no questions".to_owned()),
        };
        let stream = chat.chat(what);
        self.with(|flags| flags.insert(job, stream.cancel_flag()));
        Some(forward(self.clone(), job, stream, outbox.clone()))
    }

    /// Counts, on a thread of its own where the engine can.
    pub fn count(&self, engine: Arc<dyn Engine>, job: u64, texts: Vec<Arc<str>>, outbox: &Outbox) {
        let (outbox, busy) = (outbox.clone(), self.counts.clone());
        let is_full = busy.fetch_add(1, Ordering::Relaxed) >= MOST_COUNTS;
        let count = move || {
            let tokens = engine.conversations().filter(|_| !is_full).and_then(|chat| chat.count(texts));
            send(&outbox, Answer::Counted { job, tokens });
            busy.fetch_sub(1, Ordering::Relaxed);
        };
        tokio::task::spawn_blocking(count);
    }
}

async fn forward(open: OpenChats, job: u64, mut stream: ChatStream, outbox: Outbox) {
    loop {
        let Some(event) = stream.next().await else {
            open.with(|flags| flags.remove(&job));
            let _: Option<()> = finish(&outbox, job, "The engine went away; ask again.".to_owned());
            return;
        };
        let is_last = matches!(event, ChatEvent::Done(_));
        if is_last {
            open.with(|flags| flags.remove(&job));
        }
        send(&outbox, Answer::Chat { job, event });
        if is_last {
            return;
        }
    }
}

fn finish<T>(outbox: &Outbox, job: u64, why: String) -> Option<T> {
    send(outbox, Answer::Chat { job, event: ChatEvent::Finished(ChatFinish::Failed(why)) });
    send(outbox, Answer::Chat { job, event: ChatEvent::Done(ChatReport::default()) });
    None
}

fn send(outbox: &Outbox, answer: Answer) {
    match encode(&answer) {
        // False means that the connection is ending, which its other half sees for itself.
        Ok(frame) => _ = outbox.send(frame),
        Err(error) => tracing::error!(%error, "an event does not fit into a frame"),
    }
}
