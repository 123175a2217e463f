//! One text from one request: asks, reads what streams back, and lets go of the connection where enough is written.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::Instant;

use super::chat::{self, Cleaner};
use super::decode::{Counts, End, Garbage, Reader, Scored, Told};
use super::encode::{Ask, Hints, encode};
use super::engine::Shared;
use super::failure::{self, Class, Trouble, words_of};
use super::look::Known;
use super::serve::{Teller, micros};
use super::ways::{Way, is_refusal};
use crate::engine::emit::{Emitter, Stop};
use crate::engine::fim::Parts;
use crate::engine::{Finish, Job, Task, TokenScore};

/// How long the end of a finished answer is read for, so that its connection can be used again.
const REST: Duration = Duration::from_millis(250);

/// What is asked for one candidate.
pub(super) struct Question<'q> {
    pub known: &'q Known,
    pub way: Way,
    pub parts: &'q Parts,
    pub spellings: &'q [&'static str],
    pub job: &'q Job,
    pub seed: Option<u32>,
    /// The first token, which the parts hold already, and the logarithm of its probability.
    pub begun: Option<(String, f32)>,
}

impl Question<'_> {
    /// The prompt, where it is a text of ours.
    pub fn prompt(&self) -> Option<String> {
        self.known.fim.filter(|_| self.way.is_raw()).map(|fim| fim.render(self.parts))
    }

    pub fn body(&self, shared: &Shared) -> Vec<u8> {
        let prompt = self.prompt().unwrap_or_default();
        let stops = self.known.fim.filter(|_| self.way.is_raw()).map_or_else(Vec::new, |fim| fim.stops());
        let mut hints = Hints::new(&shared.config);
        hints.context = self.known.context;
        hints.slot = shared.slot(self.known, self.job.lane);
        encode(&Ask {
            kind: self.known.kind,
            way: self.way,
            model: &self.known.model.name,
            parts: self.parts,
            prompt: &prompt,
            stops: &stops,
            max_tokens: self.job.max_tokens,
            prefill: self.job.task == Task::Prefill,
            scores: self.known.has_scores(),
            seed: self.seed,
            hints,
        })
    }
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Written {
    pub text: String,
    pub scores: Vec<TokenScore>,
    pub finish: Finish,
    pub alternatives: Vec<(String, f32)>,
}

/// `live`: tell of the text while it comes.
pub(super) async fn write(
    shared: &Shared,
    question: &Question<'_>,
    candidate: u32,
    live: bool,
    teller: &mut Teller<'_>,
) -> Result<Written, Trouble> {
    let (client, known, way) = (&shared.client, question.known, question.way);
    let place = client.place(known.kind);
    let asked = Instant::now();
    let body = question.body(shared);
    let length = body.len();
    teller.sends(length);
    let mut response = client.open(known.kind, way, body).await;
    teller.sent(length, &response);
    if let Err(trouble) = &response
        && trouble.sentence.contains("logprobs")
        && known.forget_scores()
    {
        let body = question.body(shared);
        let length = body.len();
        teller.sends(length);
        response = client.open(known.kind, way, body).await;
        teller.sent(length, &response);
    }
    let mut bytes = response?.bytes_stream();
    let timeouts = client.timeouts;
    let deadline = asked + timeouts.total;
    let mut reader = Reader::default();
    let mut messages = Vec::new();
    let mut writing = Writing::new(question, candidate, live, asked);
    writing.begin(teller);
    loop {
        let until = (Instant::now() + timeouts.idle).min(deadline);
        let Ok(piece) = tokio::time::timeout_at(until, bytes.next()).await else {
            return Err(failure::silent(place, timeouts.idle.min(timeouts.total)));
        };
        let is_over = match &piece {
            Some(Ok(piece)) => reader.push(piece, &mut messages).map(|()| false),
            Some(Err(_)) => return Err(failure::broken(place)),
            None => reader.finish(&mut messages).map(|()| true),
        };
        for told in messages.drain(..) {
            if let Some(words) = &told.error {
                let words = words_of(&client.scrub(words).await);
                let refused = is_refusal(way, 400, &words) && !writing.has_text();
                let class = if refused { Class::Way } else { Class::Other };
                return Err(Trouble::new(class, format!("{place} stopped with an error: {words}")));
            }
            if let Some(finish) = writing.take(told, teller) {
                return Ok(writing.written(finish));
            }
        }
        match is_over {
            Err(garbage) => return Err(not_an_answer(place, garbage)),
            Ok(is_over) => {
                if let Some(finish) = writing.is_done(is_over) {
                    writing.flush(teller);
                    if !is_over {
                        // The last chunk is on its way: whoever waits for the answer need not wait for it.
                        tokio::spawn(tokio::time::timeout(REST, async move { while bytes.next().await.is_some() {} }));
                    }
                    return Ok(writing.written(finish));
                }
                if is_over {
                    return Err(failure::broken(place));
                }
            }
        }
    }
}

fn not_an_answer(place: failure::Place<'_>, garbage: Garbage) -> Trouble {
    let sentence = match garbage {
        Garbage::WebPage => failure::page(place, None),
        other => format!("{place} cannot be understood: {other}; is `engine.server.kind` right?"),
    };
    Trouble::new(Class::Other, sentence)
}

/// A text in the making.
struct Writing<'w> {
    question: &'w Question<'w>,
    emitter: Emitter<'w>,
    cleaner: Option<Cleaner>,
    candidate: u32,
    live: bool,
    asked: Instant,
    has_scores: bool,
    /// Tokens, or pieces of text where a server does not tell of tokens.
    generated: u32,
    end: Option<Finish>,
    is_last: bool,
    text: String,
    scores: Vec<TokenScore>,
    alternatives: Vec<(String, f32)>,
}

impl<'w> Writing<'w> {
    fn new(question: &'w Question<'w>, candidate: u32, live: bool, asked: Instant) -> Self {
        let job = question.job;
        Self {
            question,
            emitter: Emitter::new(question.spellings, job.max_lines, 0),
            cleaner: (question.way == Way::Chat).then(|| Cleaner::new(&question.parts.line)),
            candidate,
            live,
            asked,
            has_scores: false,
            generated: 0,
            end: None,
            is_last: false,
            text: String::new(),
            scores: Vec::new(),
            alternatives: Vec::new(),
        }
    }

    /// A further candidate begins with its own first token, which the server was given.
    fn begin(&mut self, teller: &mut Teller<'_>) {
        if let Some((token, logprob)) = self.question.begun.clone() {
            let scored = Scored { bytes: token.as_bytes().to_vec(), logprob };
            self.push(&token, &[scored], teller);
        }
    }

    fn has_text(&self) -> bool {
        self.generated > 0
    }

    /// Takes a message; the reason where enough is written.
    fn take(&mut self, told: Told, teller: &mut Teller<'_>) -> Option<Finish> {
        if let Some(counts) = told.counts {
            self.count(counts, teller);
        }
        if self.generated == 0 && !told.text.is_empty() {
            teller.first_token();
            self.alternatives = told.alternatives;
        }
        let is_write = self.question.job.task == Task::Write;
        let stop = if told.text.is_empty() || !is_write {
            None
        } else {
            let tokens = u32::try_from(told.tokens.len()).unwrap_or(u32::MAX).max(1);
            self.generated = self.generated.saturating_add(tokens);
            teller.report.generated = teller.report.generated.saturating_add(tokens);
            teller.report.decodes = teller.report.decodes.saturating_add(1);
            self.push(&told.text, &told.tokens, teller)
        };
        if let Some(stop) = stop {
            return Some(match stop {
                Stop::MaxLines => Finish::MaxLines,
                Stop::NotText => Finish::EndOfText,
            });
        }
        if self.cleaner.as_ref().is_some_and(Cleaner::is_over) {
            self.flush(teller);
            return Some(Finish::EndOfText);
        }
        match told.end {
            Some(End::Complete) => self.end = Some(Finish::EndOfText),
            Some(End::Length) => self.end = Some(Finish::MaxTokens),
            None => {}
        }
        self.is_last |= told.is_last;
        // A server that does not keep to what it was told.
        let most = self.question.job.max_tokens;
        let most = if self.cleaner.is_some() { chat::room(most) } else { most };
        if is_write && self.generated > most.max(1) && self.end.is_none() {
            self.flush(teller);
            return Some(Finish::MaxTokens);
        }
        None
    }

    /// The end, if this is it. Some servers say that a stream is over and not why.
    fn is_done(&mut self, is_over: bool) -> Option<Finish> {
        match (self.is_last, is_over) {
            (true, _) => Some(self.end.take().unwrap_or(Finish::EndOfText)),
            (false, true) => self.end.take(),
            (false, false) => None,
        }
    }

    fn count(&mut self, counts: Counts, teller: &mut Teller<'_>) {
        // Those of the first candidate: the others find its prompt in the cache.
        if self.candidate == 0 {
            if let Some(prompt) = counts.prompt {
                teller.is_measured = true;
                teller.prompt.tokens = prompt;
                teller.prompt.reused = counts.cached.unwrap_or(0).min(prompt);
                teller.prompt.evaluated = prompt - teller.prompt.reused;
            }
            teller.report.prefill_us = counts.prefill_us.unwrap_or_else(|| micros(self.asked.elapsed()));
        }
        if let (Some(decode), true) = (counts.decode_us, self.candidate == 0) {
            teller.report.decode_us = decode;
            teller.report.compute_us = decode.saturating_add(counts.prefill_us.unwrap_or(0));
        }
    }

    fn push(&mut self, text: &str, tokens: &[Scored], teller: &mut Teller<'_>) -> Option<Stop> {
        if let Some(cleaner) = &mut self.cleaner {
            let code = cleaner.push(text);
            return if code.is_empty() { None } else { self.emit(&[(code.as_bytes(), 0.0)], teller) };
        }
        self.has_scores |= !tokens.is_empty();
        let joined: usize = tokens.iter().map(|token| token.bytes.len()).sum();
        let is_exact = joined == text.len() && tokens.iter().flat_map(|token| &token.bytes).eq(text.as_bytes());
        if is_exact {
            let pieces: Vec<(&[u8], f32)> =
                tokens.iter().map(|token| (token.bytes.as_slice(), token.logprob)).collect();
            self.emit(&pieces, teller)
        } else {
            // What was held back until it was a character comes with the probability of its last token.
            let sum = tokens.iter().map(|token| token.logprob).sum();
            self.emit(&[(text.as_bytes(), sum)], teller)
        }
    }

    fn emit(&mut self, pieces: &[(&[u8], f32)], teller: &mut Teller<'_>) -> Option<Stop> {
        let Self { emitter, candidate, live, has_scores, text, scores, .. } = self;
        let mut send = |piece: String, scored: Vec<TokenScore>| {
            let scored = if *has_scores { scored } else { Vec::new() };
            text.push_str(&piece);
            scores.extend_from_slice(&scored);
            if *live && !piece.is_empty() {
                teller.delta(*candidate, piece, scored);
            }
        };
        pieces.iter().find_map(|(bytes, logprob)| emitter.push(bytes, *logprob, &mut send))
    }

    /// What is held back: it was the end.
    fn flush(&mut self, teller: &mut Teller<'_>) {
        if let Some(code) = self.cleaner.as_mut().map(Cleaner::finish)
            && !code.is_empty()
        {
            self.emit(&[(code.as_bytes(), 0.0)], teller);
        }
        let Self { emitter, candidate, live, has_scores, text, scores, .. } = self;
        emitter.finish(|piece, scored| {
            let scored = if *has_scores { scored } else { Vec::new() };
            text.push_str(&piece);
            scores.extend_from_slice(&scored);
            if *live && !piece.is_empty() {
                teller.delta(*candidate, piece, scored);
            }
        });
    }

    fn written(self, finish: Finish) -> Written {
        Written { text: self.text, scores: self.scores, finish, alternatives: self.alternatives }
    }
}
