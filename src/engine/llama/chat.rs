//! Conversations on the worker's thread: one answer at a time, a step at a time, so that jobs are let ahead in between.
//!
//! They have a context of their own, with as much of the model's window as fits. It is made when the first question comes and
//! dropped when none came for a while; until then it holds the conversation, so that the next turn is evaluated alone.

mod answer;
mod handle;
mod plan;

use std::time::{Duration, Instant};

use llama_cpp_2::model::LlamaModel;

use super::decode::Decoder;
use super::queue::ChatTicket;
use super::vocabulary::LlamaVocabulary;
use super::{ModelConfig, load};
use crate::engine::chat::{Ask, ChatFinish, ChatModel, ChatSender, ChatTemplate, fit};
use crate::engine::threads::Threads;
use crate::models::size::Shape;
use answer::Answer;

/// A context that nobody asked for so long is dropped. People think about an answer before they ask further.
const IDLE: Duration = Duration::from_secs(300);

/// See the room.
pub(super) struct Chats<'m> {
    model: &'m LlamaModel,
    config: &'m ModelConfig,
    shape: &'m Shape,
    vocabulary: &'m LlamaVocabulary<'m>,
    /// An error is a sentence: this model holds no conversation.
    template: Result<ChatTemplate, String>,
    window: u32,
    /// Most compute threads of an answer that begins now; 0 for the usual number.
    pub threads: u32,
    decoder: Option<Decoder<'m>>,
    answer: Option<Answer>,
    /// Who hears that answer, also where it was lost in a panic.
    listener: Option<ChatSender>,
    used: Instant,
}

impl<'m> Chats<'m> {
    /// `may_guess`: the user named this model for questions, so its special tokens may tell its format.
    pub fn new(
        model: &'m LlamaModel,
        config: &'m ModelConfig,
        shape: &'m Shape,
        vocabulary: &'m LlamaVocabulary<'m>,
        may_guess: bool,
    ) -> Self {
        let own = model.meta_val_str("tokenizer.chat_template").ok();
        let template = ChatTemplate::of(own.as_deref(), vocabulary, may_guess);
        let window = plan::window(model, config, shape);
        Self {
            model,
            config,
            shape,
            vocabulary,
            template,
            window,
            threads: 0,
            decoder: None,
            answer: None,
            listener: None,
            used: Instant::now(),
        }
    }

    /// What answers here, or why nothing does.
    pub fn describe(&self, name: &str) -> Result<ChatModel, String> {
        let template = self.template.as_ref().map_err(|why| format!("{name} does not answer questions: {why}"))?;
        Ok(ChatModel {
            name: name.to_owned(),
            parameters: self.model.n_params(),
            window: self.window,
            trained: self.model.n_ctx_train(),
            template: template.source.to_string(),
        })
    }

    pub fn is_answering(&self) -> bool {
        self.answer.is_some()
    }

    /// When the context is to be dropped, if nothing comes.
    pub fn deadline(&self) -> Option<Instant> {
        self.decoder.as_ref().map(|_| self.used + IDLE)
    }

    /// Drops the context where nobody asked for long enough.
    pub fn rest(&mut self) {
        if self.answer.is_none() && self.deadline().is_some_and(|deadline| Instant::now() >= deadline) {
            tracing::info!("the context for questions is dropped: none came for {} s", IDLE.as_secs());
            self.decoder = None;
        }
    }

    /// Begins an answer; `step` goes on with it.
    pub fn start(&mut self, ticket: ChatTicket) {
        self.used = Instant::now();
        if ticket.sender.is_cancelled() {
            return ticket.sender.finish(ChatFinish::Cancelled);
        }
        self.listener = Some(ticket.sender.clone());
        match self.begin(ticket) {
            Ok(answer) => self.answer = Some(answer),
            Err(why) => self.fail_alone(why),
        }
    }

    /// The question cannot be answered; what the cache holds is as it was.
    fn fail_alone(&mut self, why: String) {
        if let Some(sender) = self.listener.take() {
            sender.finish(ChatFinish::Failed(why));
        }
    }

    fn begin(&mut self, ticket: ChatTicket) -> Result<Answer, String> {
        let started = Instant::now();
        self.adapt()?;
        let template = self.template.as_ref().map_err(Clone::clone)?;
        let job = &ticket.job;
        let bytes: usize = job.turns.iter().map(|turn| turn.text.len()).sum();
        if bytes > crate::engine::chat::MOST_CHAT_BYTES {
            return Err(format!("the conversation has {bytes} bytes; begin a new one"));
        }
        let decoder = match &mut self.decoder {
            Some(decoder) => decoder,
            None => {
                let plan = plan::context(self.model, self.config, self.shape, self.window, self.threads)?;
                let can_cut = !self.model.is_recurrent() && !self.model.is_hybrid();
                self.window = plan.1.window;
                let mut decoder = Decoder::new(plan.0, plan.1, can_cut, self.vocabulary.len());
                decoder.threads = Threads::new(load::threads(self.config));
                self.decoder.insert(decoder)
            }
        };
        let window = decoder.plan.window as usize;
        let ask = Ask {
            thinks: job.reasoning_tokens > 0,
            now: jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::system()).datetime(),
        };
        let layout = fit(template, self.vocabulary, &job.turns, ask, (window, job.max_tokens as usize))?;
        Ok(Answer::new(ticket, layout, decoder, started))
    }

    /// As many threads as the machine can bear and politeness leaves. Another number is another context, which the conversation
    /// moves into; so it is for whole answers.
    fn adapt(&mut self) -> Result<(), String> {
        let (model, config, cap) = (self.model, self.config, self.threads);
        let Some(decoder) = self.decoder.as_mut().filter(|decoder| decoder.computes_on_threads()) else {
            return Ok(());
        };
        let cap = if cap > 0 { cap } else { decoder.threads.most() };
        let threads = decoder.threads.wanted(Instant::now(), cap);
        if threads == decoder.plan.threads {
            return Ok(());
        }
        tracing::info!(threads, "questions are answered with another number of threads");
        let moved = decoder.set_threads(threads, |plan| load::context(model, config, plan));
        if moved.is_err() {
            self.decoder = None;
        }
        moved
    }

    /// The threads of a machine that is too busy for all of them.
    pub fn lowered(&self) -> Option<u32> {
        let decoder = self.decoder.as_ref().filter(|decoder| decoder.computes_on_threads())?;
        decoder.threads.is_lowered().then_some(decoder.plan.threads)
    }

    /// One decode for the answer that is being written.
    pub fn step(&mut self) {
        let (Some(mut answer), Some(decoder)) = (self.answer.take(), &mut self.decoder) else { return };
        let ended = match answer.step(decoder, self.vocabulary) {
            Ok(None) => return self.answer = Some(answer),
            Ok(Some(finish)) => finish,
            Err(error) => {
                tracing::warn!("an answer failed: {error:#}");
                decoder.reset();
                ChatFinish::Failed(format!("the model could not go on: {error:#}. The next question starts afresh"))
            }
        };
        answer.end(decoder, ended);
        self.listener = None;
        self.used = Instant::now();
    }

    /// Ends the answer that is being written: the worker cannot go on with it. What the cache holds then is not known.
    pub fn fail(&mut self, reason: &str) {
        self.answer = None;
        self.decoder = None;
        if let Some(sender) = self.listener.take() {
            sender.finish(ChatFinish::Failed(reason.to_owned()));
        }
    }
}
