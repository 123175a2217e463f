//! The engine's clients' way to conversations.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::super::{LlamaEngine, LlamaHandle, TokenCounter};
use crate::engine::chat::{ChatEngine, ChatFinish, ChatJob, ChatModel, ChatStream, chat_model_of, chat_stream};

impl ChatEngine for LlamaEngine {
    fn chat(&self, job: ChatJob) -> ChatStream {
        self.default_handle.chat(job)
    }

    fn model(&self) -> BoxFuture<'static, Result<ChatModel, String>> {
        self.default_handle.model()
    }

    fn count(&self, texts: Vec<Arc<str>>) -> Option<Vec<u32>> {
        self.default_handle.count(texts)
    }
}

impl ChatEngine for LlamaHandle {
    fn chat(&self, job: ChatJob) -> ChatStream {
        let (sender, stream) = chat_stream();
        let problem = self.status.borrow().chat_problem();
        match problem {
            Some(reason) => sender.finish(ChatFinish::Failed(reason)),
            None => self.inbox.push_chat(job, sender),
        }
        stream
    }

    fn model(&self) -> BoxFuture<'static, Result<ChatModel, String>> {
        let (status, inbox) = (self.status.subscribe(), self.inbox.clone());
        async move { chat_model_of(status, || inbox.wake()).await }.boxed()
    }

    fn count(&self, texts: Vec<Arc<str>>) -> Option<Vec<u32>> {
        let path = self.status.borrow().model.as_ref()?.path.clone()?;
        let counter = self.counter.get_or_init(|| {
            TokenCounter::load(&path).inspect_err(|error| tracing::warn!("tokens are not counted: {error}")).ok()
        });
        let counter = counter.as_ref()?;
        Some(texts.iter().map(|text| u32::try_from(counter.count(text)).unwrap_or(u32::MAX)).collect())
    }
}
