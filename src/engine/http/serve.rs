//! One job from its text to its last event.

use std::time::Duration;

use tokio::time::Instant;

use super::engine::{Shared, lock};
use super::failure::{Class, Trouble};
use super::lanes::Entry;
use super::look::{self, Known};
use super::ways::Way;
use super::write::{Question, Written, write};
use super::{ServerKind, tokenize, window};
use crate::engine::{Event, Finish, GenerationSender, Job, PromptReport, Report, Sent, Task, Urgency};

/// Texts of other seeds that are tried for each further candidate, where a server does not tell of other first tokens.
const SEEDS_EACH: u32 = 2;

/// What a conversation has beside the code, in tokens.
const CHAT_TOKENS: u32 = 256;

/// A job in a lane.
pub(super) struct Ticket {
    pub job: Job,
    pub sender: GenerationSender,
    pub received: Instant,
}

/// Everything that a job tells while it runs.
pub(super) struct Teller<'t> {
    host: &'t str,
    sender: &'t GenerationSender,
    pub received: Instant,
    pub report: Report,
    pub prompt: PromptReport,
    has_started: bool,
    /// The server told how many tokens the prompt has.
    pub is_measured: bool,
    /// The candidate that is written now.
    candidate: u32,
    /// Something of it was told.
    is_begun: bool,
}

impl Teller<'_> {
    /// So many bytes are about to leave.
    pub fn sends(&mut self, bytes: usize) {
        self.report.sent_bytes += bytes as u64;
    }

    /// They did not, where there was no connection that could have taken them.
    pub fn sent<T>(&mut self, bytes: usize, tried: &Result<T, Trouble>) {
        if tried.as_ref().is_err_and(|trouble| !trouble.may_have_left) {
            self.report.sent_bytes -= bytes as u64;
        }
    }

    /// Tells of the prompt, once.
    pub fn start(&mut self) {
        if !std::mem::replace(&mut self.has_started, true) {
            let sent = Some(Sent { host: self.host.to_owned(), bytes: self.report.sent_bytes });
            self.sender.send(Event::Started(PromptReport { sent, ..self.prompt.clone() }));
        }
    }

    pub fn delta(&mut self, candidate: u32, text: String, tokens: Vec<crate::engine::TokenScore>) {
        self.start();
        (self.candidate, self.is_begun) = (candidate, true);
        self.sender.send(Event::Delta { candidate, text, tokens });
    }

    pub fn finished(&mut self, candidate: u32, reason: Finish) {
        self.start();
        (self.candidate, self.is_begun) = (candidate + 1, false);
        self.sender.send(Event::Finished { candidate, reason });
    }

    /// Whoever reads has text already, which cannot be taken back.
    fn has_told(&self) -> bool {
        self.candidate > 0 || self.is_begun
    }

    pub fn first_token(&mut self) {
        if self.report.first_token_us == 0 {
            self.report.first_token_us = micros(self.received.elapsed()).max(1);
        }
    }
}

pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Runs a job to its last event. A cancel lets go of its connection, which closes it.
pub(super) async fn run(shared: &Shared, entry: Entry<Ticket>) {
    let Ticket { job, sender, received } = entry.job;
    let mut teller = Teller {
        host: shared.client.address.authority(),
        sender: &sender,
        received,
        report: Report { queue_us: micros(received.elapsed()), ..Report::default() },
        prompt: PromptReport::default(),
        has_started: false,
        is_measured: false,
        candidate: 0,
        is_begun: false,
    };
    let ended = tokio::select! {
        biased;
        () = entry.cancel.cancelled() => Some(Finish::Cancelled),
        served = serve(shared, &job, &mut teller) => match served {
            Ok(()) => {
                shared.served();
                None
            }
            Err(Ending::Superseded) => Some(Finish::Superseded),
            Err(Ending::Trouble(trouble)) => {
                shared.note(&trouble);
                Some(Finish::Failed(trouble.sentence))
            }
        },
    };
    if let Some(reason) = ended {
        sender.send(Event::Finished { candidate: teller.candidate, reason });
    }
    teller.report.total_us = micros(received.elapsed());
    sender.send(Event::Done(teller.report));
}

enum Ending {
    Superseded,
    Trouble(Trouble),
}

impl From<Trouble> for Ending {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

async fn serve(shared: &Shared, job: &Job, teller: &mut Teller<'_>) -> Result<(), Ending> {
    let known = shared.known()?;
    if job.urgency == Urgency::Background && !has_free_slot(shared, &known).await {
        return Err(Ending::Superseded);
    }
    let since = Instant::now();
    count(shared, &known, job, teller).await;
    teller.report.tokenize_us = micros(since.elapsed());
    // Each way is tried once; which one was the last that worked is remembered.
    loop {
        let way = known.way();
        if job.task == Task::Prefill && !way.can_prefill() {
            return Err(Ending::Superseded);
        }
        match candidates(shared, &known, job, teller).await {
            // Another way would tell the first candidate twice. What is there is whole, but for the one that was under way.
            Err(trouble) if trouble.class == Class::Way && teller.has_told() => {
                if teller.is_begun {
                    teller.finished(teller.candidate, Finish::Failed(trouble.sentence));
                }
                return Ok(());
            }
            Err(trouble) if trouble.class == Class::Way => {
                if !known.leave(way) {
                    let sentence = format!(
                        "{}; there is no other way to ask it: choose a code model (engine.server.model)",
                        trouble.sentence
                    );
                    return Err(Trouble::new(Class::Other, sentence).into());
                }
                tracing::info!("{trouble}: {} from now on", known.way().title());
                shared.publish(&known, None);
            }
            // It was there when it was looked at.
            Err(trouble) if trouble.class == Class::Model => {
                let sentence = format!("{}; it has {}", trouble.sentence, look::names(&known.models));
                return Err(Trouble::new(Class::Model, sentence).into());
            }
            done => return Ok(done?),
        }
    }
}

/// All candidates in one way of asking.
async fn candidates(shared: &Shared, known: &Known, job: &Job, teller: &mut Teller<'_>) -> Result<(), Trouble> {
    let way = known.way();
    let (guard, spellings) = (known.guard(), known.spellings());
    let cut = {
        let mut text = lock(&shared.text);
        let super::engine::Text { windows, counts } = &mut *text;
        // A conversation has a task before the code and talk around it.
        let context = known.context.saturating_sub(if way == Way::Chat { CHAT_TOKENS } else { 0 });
        windows.cut(job, context, counts, &guard)
    };
    let mut parts = cut.parts.clone();
    let mut question = Question { known, way, parts: &parts, spellings: &spellings, job, seed: None, begun: None };
    let prompt = question.prompt();
    teller.prompt = PromptReport {
        tokens: cut.tokens(),
        shares: cut.shares.clone(),
        reused: 0,
        evaluated: cut.tokens(),
        text: job
            .explain
            .then(|| prompt.clone().unwrap_or_else(|| String::from_utf8_lossy(&question.body(shared)).into_owned())),
        ..PromptReport::default()
    };
    let first = write(shared, &question, 0, true, teller).await?;
    learn(shared, &parts, teller);
    if job.task == Task::Prefill {
        teller.finished(0, Finish::MaxTokens);
        return Ok(());
    }
    teller.finished(0, first.finish.clone());
    let mut texts = vec![first.text.clone()];
    let mut alternatives = first.alternatives.into_iter();
    let mut seed = 0;
    for candidate in 1..job.candidates.max(1) {
        // What begins with a special token, or makes one of the line, would be asked for and told as something else.
        let is_plain = |token: &str| {
            let line = format!("{}{token}", cut.parts.line);
            guard.clean(&line) == line
        };
        if let Some((token, logprob)) = alternatives.by_ref().find(|(token, _)| is_plain(token)) {
            parts = cut.parts.clone();
            parts.line += &token;
            let question = Question {
                known,
                way,
                parts: &parts,
                spellings: &spellings,
                job,
                seed: None,
                begun: Some((token, logprob)),
            };
            let written = write(shared, &question, candidate, true, teller).await?;
            teller.finished(candidate, written.finish);
            continue;
        }
        for _ in 0..SEEDS_EACH {
            seed += 1;
            question =
                Question { known, way, parts: &cut.parts, spellings: &spellings, job, seed: Some(seed), begun: None };
            let written = write(shared, &question, candidate, false, teller).await?;
            if texts.iter().all(|text| beginning(text) != beginning(&written.text)) {
                texts.push(written.text.clone());
                let Written { text, scores, finish, .. } = written;
                if !text.is_empty() {
                    teller.delta(candidate, text, scores);
                }
                teller.finished(candidate, finish);
                break;
            }
        }
        // Without one the next number would leave a gap.
        if teller.candidate <= candidate {
            break;
        }
    }
    Ok(())
}

/// What tells two continuations apart, as a first token would: a word, or a character.
fn beginning(text: &str) -> &str {
    let text = text.trim_start();
    let word = text.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(text.len());
    let first = text.chars().next().map_or(0, char::len_utf8);
    &text[..word.max(first)]
}

/// A guess is given up where the server is busy with somebody's job, ours or another's.
async fn has_free_slot(shared: &Shared, known: &Known) -> bool {
    if known.kind != ServerKind::LlamaServer {
        return true;
    }
    // Servers that keep this to themselves answer with another error; then our own count decides.
    match shared.client.get(known.kind, "/slots?fail_on_no_slot=1").await {
        Ok(reply) => reply.status != 503 && (reply.is_good() || shared.client.address.is_loopback()),
        Err(_) => false,
    }
}

/// Asks for the counts of lines that are new in the text around the cursor.
async fn count(shared: &Shared, known: &Known, job: &Job, teller: &mut Teller<'_>) {
    let [prefix, suffix] = window::needed(job);
    let (lines, text) = {
        let text = lock(&shared.text);
        let counts = &text.counts;
        // No token is less than a byte: what is short fits, whatever it is.
        let fits = prefix.len() <= job.budget.prefix as usize && suffix.len() <= job.budget.suffix as usize;
        let snippets = job.prompt.snippets.iter().map(|snippet| snippet.text.as_str());
        let lines = if fits && job.prompt.snippets.is_empty() {
            Vec::new()
        } else {
            counts.unknown([prefix, suffix].into_iter().chain(snippets))
        };
        let joined = lines.concat();
        (lines, joined)
    };
    if lines.is_empty() {
        return;
    }
    let Some(question) = tokenize::question(known.kind, &known.model.name, &text, false) else { return };
    let bytes = question.to_string().len();
    teller.sends(bytes);
    let reply = shared.client.post(known.kind, tokenize::PATH, &question).await;
    teller.sent(bytes, &reply);
    let lengths = reply
        .ok()
        .filter(super::client::Reply::is_good)
        .and_then(|reply| tokenize::lengths(reply.json.as_ref()?, text.len()));
    let mut text = lock(&shared.text);
    if !lengths.is_some_and(|lengths| text.counts.add(&lines, &lengths)) {
        text.counts.give_up();
    }
}

/// Remembers how many tokens so many bytes were.
fn learn(shared: &Shared, parts: &crate::engine::fim::Parts, teller: &Teller<'_>) {
    let snippets: usize = parts.snippets.iter().map(|(path, text)| path.len() + text.len()).sum();
    let bytes = parts.above.len() + parts.line.len() + parts.suffix.len() + snippets;
    if teller.is_measured {
        lock(&shared.text).counts.learn(bytes, teller.prompt.tokens);
    }
}
