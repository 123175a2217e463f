//! One answer from its prompt to its last event. Each step is one call into llama.cpp.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::super::decode::{Decoder, Entry};
use super::super::queue::ChatTicket;
use super::super::vocabulary::LlamaVocabulary;
use crate::engine::chat::{
    ChatEvent, ChatFinish, ChatReport, ChatStarted, ChatVocabulary, Ending, Layout, Output, Sampler,
};
use crate::engine::fim::{Token, Vocabulary};

/// The sequence of the conversation.
const SLOT: usize = 0;
/// Text that comes faster than this is sent together.
const SEND_EVERY: Duration = Duration::from_millis(3);

pub struct Answer {
    ticket: ChatTicket,
    layout: Layout,
    reused: usize,
    /// Of the logits that the next token is chosen from; None while the prompt is evaluated.
    row: Option<usize>,
    output: Output,
    sampler: Sampler,
    /// What is written instead of what the model would: the end of its thinking.
    forced: VecDeque<Token>,
    unsent: Option<ChatEvent>,
    sent_at: Instant,
    /// When the last step ended: what passed since then was given to others.
    paused_at: Instant,
    report: ChatReport,
}

impl Answer {
    /// Makes the context ready for the prompt. `started`: when work on this job began.
    pub fn new(ticket: ChatTicket, layout: Layout, decoder: &mut Decoder<'_>, started: Instant) -> Self {
        let reused = decoder.prepare(SLOT, &layout.tokens, 0);
        decoder.take_compute_us();
        let mut stops = ticket.job.stop.clone();
        stops.extend(layout.stops.iter().cloned());
        let output = Output::new(&stops, layout.starts_thinking);
        let sampler = Sampler::new(ticket.job.temperature, ticket.job.seed);
        let report = ChatReport {
            queue_us: micros(started.duration_since(ticket.received)),
            layout_us: micros(started.elapsed()),
            ..ChatReport::default()
        };
        let now = Instant::now();
        Self {
            ticket,
            layout,
            reused,
            row: None,
            output,
            sampler,
            forced: VecDeque::new(),
            unsent: None,
            sent_at: now,
            paused_at: now,
            report,
        }
    }

    /// Goes on; `Some` when there is no more to do.
    pub fn step(&mut self, decoder: &mut Decoder<'_>, vocabulary: &LlamaVocabulary<'_>) -> Result<Option<ChatFinish>> {
        let begun = Instant::now();
        self.report.yielded_us += micros(begun.duration_since(self.paused_at));
        let done = self.advance(decoder, vocabulary);
        self.report.compute_us += decoder.take_compute_us();
        self.paused_at = Instant::now();
        done
    }

    fn advance(&mut self, decoder: &mut Decoder<'_>, vocabulary: &LlamaVocabulary<'_>) -> Result<Option<ChatFinish>> {
        if self.ticket.sender.is_cancelled() {
            return Ok(Some(ChatFinish::Cancelled));
        }
        let Some(row) = self.row else {
            self.row = decoder.prefill_step(SLOT, &self.layout.tokens)?;
            if self.row.is_some() {
                self.report.prefill_us = micros(self.ticket.received.elapsed()) - self.report.queue_us;
                self.report.first_token_us = micros(self.ticket.received.elapsed());
                let tokens = self.layout.tokens.len();
                self.ticket.sender.send(ChatEvent::Started(ChatStarted {
                    tokens: tokens as u32,
                    reused: self.reused as u32,
                    evaluated: (tokens - self.reused) as u32,
                    cut: self.layout.cut as u32,
                    window: decoder.plan.window,
                }));
            }
            return Ok(None);
        };
        let token = match self.forced.pop_front() {
            Some(token) => token,
            None => match self.sampler.choose(decoder.logits(row)) {
                Some(token) => token as Token,
                None => anyhow::bail!("the model's output is not a number; its file may be damaged"),
            },
        };
        if let Some(finish) = self.take(token, vocabulary) {
            return Ok(Some(finish));
        }
        let job = &self.ticket.job;
        let position = decoder.slots.get(SLOT).tokens.len();
        if self.report.generated >= job.max_tokens || position + 1 >= decoder.plan.window as usize {
            return Ok(Some(ChatFinish::MaxTokens));
        }
        if self.output.is_thinking() && self.report.thinking >= job.reasoning_tokens && self.forced.is_empty() {
            let mut end = Vec::new();
            vocabulary.tokenize_markup("\n</think>\n\n", false, &mut end);
            self.forced.extend(end);
        }
        decoder.slots.get_mut(SLOT).tokens.push(token);
        decoder.decode([Entry { token, position, sequence: SLOT, logits: true }])?;
        self.row = Some(0);
        Ok(None)
    }

    /// Takes a token into the text, unless it ends it.
    fn take(&mut self, token: Token, vocabulary: &LlamaVocabulary<'_>) -> Option<ChatFinish> {
        let mut piece = vocabulary.piece(token).to_vec();
        if vocabulary.is_special(token) {
            // Some files call the marks of thinking special.
            let spelling = vocabulary.spelling(token);
            if !matches!(spelling.as_str(), "<think>" | "</think>") || vocabulary.ends_text(token) {
                return Some(ChatFinish::Complete);
            }
            piece = spelling.into_bytes();
        }
        if self.layout.marks.iter().any(|(mark, _)| *mark == token) {
            return Some(ChatFinish::Complete);
        }
        self.report.generated += 1;
        self.report.thinking += u32::from(self.output.is_thinking());
        let mut events = Vec::new();
        let ending = self.output.push(&piece, |event| events.push(event));
        events.into_iter().for_each(|event| self.say(event));
        match ending {
            Some(Ending::Stop) => Some(ChatFinish::Complete),
            Some(Ending::Repeating) => Some(ChatFinish::Repeating),
            None => None,
        }
    }

    fn say(&mut self, event: ChatEvent) {
        let joined = match (self.unsent.take(), event) {
            (Some(ChatEvent::Text(before)), ChatEvent::Text(more)) => ChatEvent::Text(before + &more),
            (Some(ChatEvent::Thinking(before)), ChatEvent::Thinking(more)) => ChatEvent::Thinking(before + &more),
            (before, event) => {
                before.into_iter().for_each(|before| self.ticket.sender.send(before));
                event
            }
        };
        self.unsent = Some(joined);
        if self.sent_at.elapsed() >= SEND_EVERY {
            self.send();
        }
    }

    fn send(&mut self) {
        self.unsent.take().into_iter().for_each(|event| self.ticket.sender.send(event));
        self.sent_at = Instant::now();
    }

    /// Sends the rest and the last events. What was evaluated stays for the next turn.
    pub fn end(mut self, decoder: &mut Decoder<'_>, finish: ChatFinish) {
        let mut events = Vec::new();
        self.output.finish(|event| events.push(event));
        events.into_iter().for_each(|event| self.say(event));
        self.send();
        decoder.cut(SLOT, decoder.slots.get(SLOT).tokens.len());
        self.report.compute_us += decoder.take_compute_us();
        self.report.total_us = micros(self.ticket.received.elapsed());
        self.ticket.sender.send(ChatEvent::Finished(finish));
        self.ticket.sender.send(ChatEvent::Done(self.report));
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
