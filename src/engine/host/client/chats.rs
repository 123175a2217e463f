//! Conversations over the connection. Where the host is lost, an answer ends with what came of it and a sentence.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::super::frame::encode;
use super::super::protocol::Request;
use super::{ENDED, HostEngine, MOST_JOBS, Shared};
use crate::engine::EngineState;
use crate::engine::chat::{
    ChatEngine, ChatEvent, ChatFinish, ChatJob, ChatModel, ChatSender, ChatStream, chat_model_of, chat_stream,
};

/// Counting takes milliseconds, but for the first time, when a vocabulary is read.
const COUNT_PATIENCE: Duration = Duration::from_secs(10);

/// What of conversations has no end yet, and what else somebody waits for.
#[derive(Default)]
pub struct Open {
    chats: HashMap<u64, ChatSender>,
    counts: HashMap<u64, SyncSender<Option<Vec<u32>>>>,
    pub(super) embeds: HashMap<u64, SyncSender<super::embeds::Vectors>>,
}

impl Open {
    /// Ends everything with the sentence.
    pub fn end(self, sentence: &str) {
        for sender in self.chats.values() {
            sender.finish(ChatFinish::Failed(sentence.to_owned()));
        }
    }
}

impl ChatEngine for HostEngine {
    fn chat(&self, job: ChatJob) -> ChatStream {
        let (sender, stream) = chat_stream();
        match self.shared.submit_chat(job, &sender) {
            Err(sentence) => sender.finish(ChatFinish::Failed(sentence)),
            Ok(job) => {
                // Only the flag: a clone of the sender would keep the stream open after its last event.
                let (cancel, shared) = (sender.cancel_flag().clone(), self.shared.clone());
                self.runtime.spawn(async move {
                    cancel.cancelled().await;
                    shared.cancel_chat(job);
                });
            }
        }
        stream
    }

    fn model(&self) -> BoxFuture<'static, Result<ChatModel, String>> {
        self.connect();
        let status = self.shared.status.subscribe();
        let shared = self.shared.clone();
        async move {
            // A host that ended in good order says nothing of what the next one will be.
            if matches!(status.borrow().state, EngineState::Idle) {
                shared.wanted.send_replace(true);
            }
            chat_model_of(status, || shared.wake()).await
        }
        .boxed()
    }

    fn count(&self, texts: Vec<Arc<str>>) -> Option<Vec<u32>> {
        let (told, counted) = sync_channel(1);
        let job = self.shared.submit_count(texts, told)?;
        let counted = counted.recv_timeout(COUNT_PATIENCE).ok().flatten();
        self.shared.lock().open.counts.remove(&job);
        counted
    }
}

impl Shared {
    fn submit_chat(&self, job: ChatJob, sender: &ChatSender) -> Result<u64, String> {
        self.check_connected()?;
        let number = self.next_job.fetch_add(1, Ordering::Relaxed);
        let frame = encode(&Request::Chat { job: number, what: job })
            .map_err(|error| format!("The question cannot go to the engine host: {error}."))?;
        let mut link = self.lock();
        if link.open.chats.len() >= MOST_JOBS {
            return Err("Many questions wait for the engine host already; wait for one.".to_owned());
        }
        let Some(outbox) = &link.outbox else { return Err(ENDED.to_owned()) };
        // A frame that does not go means that the driver is about to end everything.
        outbox.send(frame);
        link.open.chats.insert(number, sender.clone());
        Ok(number)
    }

    fn submit_count(&self, texts: Vec<Arc<str>>, told: SyncSender<Option<Vec<u32>>>) -> Option<u64> {
        let number = self.next_job.fetch_add(1, Ordering::Relaxed);
        let frame = encode(&Request::Count { job: number, texts }).ok()?;
        let mut link = self.lock();
        link.outbox.as_ref()?.send(frame);
        link.open.counts.insert(number, told);
        Some(number)
    }

    fn cancel_chat(&self, job: u64) {
        let link = self.lock();
        if let (true, Some(outbox), Ok(frame)) =
            (link.open.chats.contains_key(&job), &link.outbox, encode(&Request::Cancel { job }))
        {
            outbox.send(frame);
        }
    }

    pub(super) fn deliver_chat(&self, job: u64, event: ChatEvent) {
        let mut link = self.lock();
        if matches!(event, ChatEvent::Done(_)) {
            if let Some(sender) = link.open.chats.remove(&job) {
                sender.send(event);
            }
        } else if let Some(sender) = link.open.chats.get(&job) {
            sender.send(event);
        }
    }

    pub(super) fn deliver_count(&self, job: u64, tokens: Option<Vec<u32>>) {
        if let Some(told) = self.lock().open.counts.remove(&job) {
            // Who asked may have lost patience.
            let _ = told.try_send(tokens);
        }
    }
}
