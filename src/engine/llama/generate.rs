//! One job from its text to its last event: prompt, prefill, greedy generation with speculation, report.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::candidates;
use super::decode::{Decoder, Entry};
use super::draft::{DraftSource, Guess, Origin, Pace, from_own_tokens};
use super::queue::Ticket;
use super::scores;
use super::vocabulary::LlamaVocabulary;
use crate::engine::emit::{Emitter, Stop};
use crate::engine::fim::{Token, Vocabulary};
use crate::engine::prompt::{Prompt, PromptBuilder};
use crate::engine::{Event, Finish, GenerationSender, Job, PromptReport, Report, Task, TokenScore};
use crate::models::fit::MOST_CANDIDATES;

/// Everything that the worker's thread owns while a model is loaded.
pub(super) struct Runner<'m> {
    pub vocabulary: &'m LlamaVocabulary<'m>,
    pub decoder: Decoder<'m>,
    pub builder: PromptBuilder,
    pub pace: Pace,
    /// Tokens that end a generation, by id.
    pub ends: Vec<bool>,
}

/// One job as it runs: what was asked, where its prompt is, and who listens.
pub(super) struct Turn<'a> {
    pub job: &'a Job,
    pub sender: &'a GenerationSender,
    /// Called once a decode step.
    pub between: &'a dyn Fn(),
    /// The KV slot of the prompt.
    pub slot: usize,
    /// The row of logits after the prompt.
    pub row: usize,
    /// Bytes that the text has to begin with; they are not sent.
    pub forced: &'a [u8],
    /// Of what the first token is chosen from, in nats.
    pub entropy: f32,
    /// Most tokens to generate.
    pub most: usize,
}

/// A chosen token and the logarithm of its probability.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    pub token: Token,
    pub logprob: f32,
}

impl Runner<'_> {
    /// Runs a job and sends all its events. `between` is called once a decode step.
    pub fn run(&mut self, ticket: Ticket, between: &dyn Fn()) {
        let Ticket { client, job, sender, received } = ticket;
        let mut report = Report { queue_us: micros(received.elapsed()), ..Report::default() };
        self.decoder.take_compute_us();
        if sender.is_cancelled() {
            sender.send(Event::Finished { candidate: 0, reason: Finish::Cancelled });
        } else if let Err(error) = self.attempt(client, &job, &sender, received, &mut report, between) {
            tracing::warn!("a job failed: {error:#}");
            self.decoder.reset();
            let reason = format!("the model could not write here: {error:#}. The next request starts afresh");
            sender.send(Event::Finished { candidate: 0, reason: Finish::Failed(reason) });
        }
        report.compute_us = self.decoder.take_compute_us();
        report.total_us = micros(received.elapsed());
        sender.send(Event::Done(report));
    }

    fn attempt(
        &mut self,
        client: u64,
        job: &Job,
        sender: &GenerationSender,
        received: Instant,
        report: &mut Report,
        between: &dyn Fn(),
    ) -> Result<()> {
        let start = Instant::now();
        let mut prompt = self.builder.build(self.vocabulary, client, job);
        self.fit(&mut prompt);
        report.tokenize_us = micros(start.elapsed());

        let start = Instant::now();
        let candidates = job.candidates.clamp(1, MOST_CANDIDATES) as usize;
        let window = self.decoder.plan.window as usize;
        let room = window.saturating_sub(prompt.tokens.len());
        let most = if job.task == Task::Prefill { 0 } else { (job.max_tokens as usize).min(room) };
        let slot = self.decoder.slots.choose((client, job.lane), &prompt.tokens);
        let reused = self.decoder.prepare(slot, &prompt.tokens, candidates * most);
        let row = self.decoder.prefill(slot, &prompt.tokens, || {
            between();
            sender.is_cancelled()
        })?;
        report.prefill_us = micros(start.elapsed());
        let evaluated = self.decoder.slots.get(slot).tokens.len() - reused;
        sender.send(Event::Started(PromptReport {
            tokens: prompt.tokens.len() as u32,
            reused: reused as u32,
            evaluated: evaluated as u32,
            text: job.explain.then(|| {
                format!("{}{}", self.vocabulary.spell(&prompt.tokens), String::from_utf8_lossy(&prompt.forced))
            }),
            shares: std::mem::take(&mut prompt.shares),
            ..PromptReport::default()
        }));

        let Some(row) = row else {
            sender.send(Event::Finished { candidate: 0, reason: Finish::Cancelled });
            return Ok(());
        };
        let start = Instant::now();
        report.first_token_us = micros(received.elapsed());
        let entropy = self.entropy(row, &prompt.forced);
        let turn = Turn { job, sender, between, slot, row, forced: &prompt.forced, entropy, most };
        if most == 0 {
            sender.send(Event::Finished { candidate: 0, reason: Finish::MaxTokens });
        } else if candidates == 1 {
            let reason = self.greedy(&turn, report);
            self.decoder.cut(slot, self.decoder.slots.get(slot).tokens.len());
            sender.send(Event::Finished { candidate: 0, reason: reason? });
        } else {
            candidates::run(self, &turn, candidates, report)?;
        }
        report.decode_us = micros(start.elapsed());
        Ok(())
    }

    /// A prompt can only be longer than the window when its headings are very long: its head goes.
    fn fit(&self, prompt: &mut Prompt) {
        let window = self.decoder.plan.window as usize;
        let surplus = prompt.tokens.len().saturating_sub(window.saturating_sub(1).max(1));
        prompt.tokens.drain(..surplus);
    }

    fn greedy(&mut self, turn: &Turn<'_>, report: &mut Report) -> Result<Finish> {
        let Turn { job, sender, slot, .. } = *turn;
        let spellings = self.builder.fim().spellings.clone();
        let mut text = Continuation::new(0, &spellings, turn);
        let mut guess = self.guess(job, turn.forced);
        let mut proposed: Vec<Token> = Vec::with_capacity(16);
        let mut own_streak = false;
        let mut next = self.choose(turn.row, text.forced());
        loop {
            let Some(choice) = next else { return Ok(text.end(sender, Finish::EndOfText)) };
            if let Some(reason) = self.take(&mut text, choice, sender, report) {
                return Ok(reason);
            }
            guess.advance(choice.token);
            (turn.between)();
            if sender.is_cancelled() {
                return Ok(text.end(sender, Finish::Cancelled));
            }

            self.decoder.slots.get_mut(slot).tokens.push(choice.token);
            let position = self.decoder.slots.get(slot).tokens.len() - 1;
            let left = turn.most - text.generated;
            let origin = self.propose(slot, &guess, own_streak, left, &mut proposed);
            let drafted = &proposed[..self.pace.width(origin).min(proposed.len())];
            let entries = std::iter::once(&choice.token).chain(drafted);
            let elapsed = self.decoder.decode(entries.enumerate().map(|(index, token)| Entry {
                token: *token,
                position: position + index,
                sequence: slot,
                logits: true,
            }))?;
            self.pace.measured(1 + drafted.len(), elapsed);
            report.decodes += 1;
            report.drafted += drafted.len() as u32;

            let mut accepted = 0;
            loop {
                next = self.choose(accepted, text.forced());
                match (next, drafted.get(accepted)) {
                    (Some(choice), Some(&guessed)) if choice.token == guessed => {
                        if let Some(reason) = self.take(&mut text, choice, sender, report) {
                            report.accepted += accepted as u32;
                            return Ok(reason);
                        }
                        guess.advance(choice.token);
                        self.decoder.slots.get_mut(slot).tokens.push(choice.token);
                        accepted += 1;
                    }
                    _ => break,
                }
            }
            report.accepted += accepted as u32;
            // What was proposed beyond the draft teaches as well.
            let also = next.is_some_and(|next| proposed.get(accepted) == Some(&next.token));
            let matched = accepted + usize::from(also);
            self.pace.verified(origin, (accepted + 1).min(proposed.len()), matched);
            own_streak = matched > 0;
            if accepted < drafted.len() {
                self.decoder.cut(slot, position + 1 + accepted);
            }
        }
    }

    /// Takes a generated token into the text, unless it ends it.
    pub fn take(
        &self,
        text: &mut Continuation<'_>,
        choice: Choice,
        sender: &GenerationSender,
        report: &mut Report,
    ) -> Option<Finish> {
        if self.ends.get(choice.token as usize).copied().unwrap_or(true) {
            return Some(text.end(sender, Finish::EndOfText));
        }
        report.generated += 1;
        text.push(self.vocabulary.piece(choice.token), choice.logprob, sender)
    }

    /// The most likely token of a row of logits; with `forced`, of those that agree with these bytes.
    pub fn choose(&self, row: usize, forced: &[u8]) -> Option<Choice> {
        let logits = self.decoder.logits(row);
        if forced.is_empty() {
            return scores::best(logits).map(|(token, logprob)| Choice { token, logprob });
        }
        self.choices_under(logits, forced, 1).into_iter().next()
    }

    /// Of a row of logits, over the whole vocabulary; with `forced`, over the tokens that agree with these bytes.
    fn entropy(&self, row: usize, forced: &[u8]) -> f32 {
        let logits = self.decoder.logits(row);
        if forced.is_empty() { scores::entropy(logits) } else { scores::entropy(&self.agreeing(logits, forced).1) }
    }

    /// The tokens that agree with `forced`, and their logits.
    fn agreeing(&self, logits: &[f32], forced: &[u8]) -> (Vec<Token>, Vec<f32>) {
        let of = |token: Token| logits.get(token as usize).map(|logit| (token, *logit));
        self.vocabulary.compatible_with(forced).filter_map(of).unzip()
    }

    /// The `count` most likely tokens that agree with `forced`, with their probabilities among those that agree.
    pub fn choices_under(&self, logits: &[f32], forced: &[u8], count: usize) -> Vec<Choice> {
        let (agreeing, theirs) = self.agreeing(logits, forced);
        let sum = scores::log_sum_exp(&theirs);
        scores::top(&theirs, count, |_| true)
            .into_iter()
            .map(|index| Choice { token: agreeing[index as usize], logprob: (theirs[index as usize] - sum).min(0.0) })
            .collect()
    }

    fn guess(&self, job: &Job, forced: &[u8]) -> Guess {
        let mut tokens = Vec::new();
        if let (Some(draft), Ok(forced)) = (&job.draft, std::str::from_utf8(forced)) {
            self.vocabulary.tokenize(&format!("{forced}{draft}"), &mut tokens);
        }
        Guess::new(tokens)
    }

    /// Fills `proposed` with what probably comes next: lookup's guess, else a copy from the prompt.
    fn propose(&self, slot: usize, guess: &Guess, own_streak: bool, left: usize, proposed: &mut Vec<Token>) -> Origin {
        proposed.clear();
        // Recurrent models cannot take a wrong draft back. The last token needs no draft after it.
        let left = if self.decoder.can_cut { left.saturating_sub(1) } else { 0 };
        let most = self.pace.most().min(left);
        proposed.extend_from_slice(guess.next(most));
        if !proposed.is_empty() {
            return Origin { source: DraftSource::Lookup, streak: guess.holds() };
        }
        from_own_tokens(&self.decoder.slots.get(slot).tokens, most, proposed);
        // Copied markers are not what follows the cursor.
        if let Some(end) = proposed.iter().position(|token| self.ends.get(*token as usize).copied().unwrap_or(true)) {
            proposed.truncate(end);
        }
        Origin { source: DraftSource::OwnTokens, streak: own_streak }
    }
}

/// Text that comes faster than this is sent together: waking the reader for each token of a small model would cost more
/// than the tokens.
const SEND_EVERY: Duration = Duration::from_millis(3);

/// The text of one candidate: what was generated, what is still forced, what was sent.
pub(super) struct Continuation<'s> {
    index: u32,
    emitter: Emitter<'s>,
    unsent: (String, Vec<TokenScore>),
    sent_at: Instant,
    forced: Vec<u8>,
    most: usize,
    pub generated: usize,
}

impl<'s> Continuation<'s> {
    pub fn new(index: u32, spellings: &'s [&'static str], turn: &Turn<'_>) -> Self {
        let emitter = Emitter::new(spellings, turn.job.max_lines, turn.forced.len()).with_entropy(turn.entropy);
        Self {
            index,
            emitter,
            unsent: (String::new(), Vec::new()),
            sent_at: Instant::now(),
            forced: turn.forced.to_vec(),
            most: turn.most,
            generated: 0,
        }
    }

    /// Bytes that the next token has to agree with.
    pub fn forced(&self) -> &[u8] {
        &self.forced
    }

    fn push(&mut self, piece: &[u8], logprob: f32, sender: &GenerationSender) -> Option<Finish> {
        self.forced.drain(..piece.len().min(self.forced.len()));
        self.generated += 1;
        let unsent = &mut self.unsent;
        let stop = self.emitter.push(piece, logprob, |text, scores| {
            unsent.0.push_str(&text);
            unsent.1.extend(scores);
        });
        match stop {
            Some(Stop::MaxLines) => Some(self.end(sender, Finish::MaxLines)),
            Some(Stop::NotText) => Some(self.end(sender, Finish::EndOfText)),
            None if self.generated >= self.most => Some(self.end(sender, Finish::MaxTokens)),
            None => {
                if self.sent_at.elapsed() >= SEND_EVERY {
                    self.send(sender);
                }
                None
            }
        }
    }

    /// Sends what is still held.
    pub fn end(&mut self, sender: &GenerationSender, reason: Finish) -> Finish {
        let unsent = &mut self.unsent;
        self.emitter.finish(|text, scores| {
            unsent.0.push_str(&text);
            unsent.1.extend(scores);
        });
        self.send(sender);
        reason
    }

    fn send(&mut self, sender: &GenerationSender) {
        if self.unsent.1.is_empty() {
            return;
        }
        let (text, tokens) = std::mem::take(&mut self.unsent);
        sender.send(Event::Delta { candidate: self.index, text, tokens });
        self.sent_at = Instant::now();
    }
}

fn micros(duration: Duration) -> u64 {
    duration.as_micros() as u64
}
