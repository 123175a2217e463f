//! One job: a pause, the gate, a request, its text and its cost.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::place::{No, Ready};
use super::{Inner, words};
use crate::budget::{Crossing, Outcome};
use crate::cloud::{self, Exchange, LastLook, Update};
use crate::engine::{Cost, Emitter, Event, Finish, GenerationSender, Job, PromptReport, Report, Sent, Stop};
use crate::gate::{Ending, Withheld};
use crate::providers::{self, ErrorClass, Reason};

/// Pieces of an answer that wait for who reads them.
const MOST_UPDATES: usize = 64;

/// How long the rest of an answer is read for when its text is long enough: the provider's count comes at its end.
const REST: Duration = Duration::from_millis(250);

/// See the room. Always ends the stream.
pub async fn run(inner: Arc<Inner>, job: Job, out: GenerationSender, number: u64) {
    let (cancel, flag) = (CancellationToken::new(), out.cancel_flag().clone());
    let mut newest = inner.newest.subscribe();
    let writing = write(&inner, job, &out, &cancel);
    tokio::pin!(writing);
    tokio::select! {
        biased;
        () = &mut writing => return,
        () = flag.cancelled() => {}
        _ = newest.wait_for(|newest| *newest != number) => {}
    }
    cancel.cancel();
    // To its end: the connection is closed, and its cost written down, before the next one begins.
    writing.await;
}

async fn write(inner: &Arc<Inner>, job: Job, out: &GenerationSender, cancel: &CancellationToken) {
    let started = Instant::now();
    let resting = || inner.rest().why(inner.clock.now()).map(str::to_owned);
    if let Some(why) = resting() {
        return withhold(out, "resting", why);
    }
    let turn = async {
        inner.clock.sleep(inner.debounce).await;
        inner.flight.lock().await
    };
    let _flight = tokio::select! {
        biased;
        () = cancel.cancelled() => return out.finish(Finish::Cancelled),
        flight = turn => flight,
    };
    if let Some(why) = resting() {
        return withhold(out, "resting", why);
    }
    let queue_us = micros(started.elapsed());
    let ready = match prepared(inner, &job).await {
        _ if cancel.is_cancelled() => return out.finish(Finish::Cancelled),
        Ok(ready) => ready,
        Err(no) => return refused(inner, out, no),
    };
    let mut writer = Writer::new(inner, &job, &ready, out, started);
    writer.report.queue_us = queue_us;
    let exchange = ask(inner, &ready, &mut writer, cancel).await;
    let is_written = writer.has_text;
    let finish = close(inner, &exchange, is_written);
    settle(inner, &ready, &exchange, &mut writer.report).await;
    writer.end(finish);
}

async fn prepared(inner: &Arc<Inner>, job: &Job) -> Result<Ready, No> {
    let (preparing, job) = (inner.clone(), job.clone());
    let prepared = tokio::task::spawn_blocking(move || preparing.place.prepare(job)).await;
    prepared.unwrap_or_else(|_| {
        let why = "what may be sent could not be decided; the log says more".to_owned();
        Err(No::Withheld(Withheld::Request(why)))
    })
}

/// Sends, and hands on what comes until it is over, or long enough.
async fn ask(inner: &Inner, ready: &Ready, writer: &mut Writer<'_>, cancel: &CancellationToken) -> Exchange {
    // It was cleared a moment ago, and nobody was asked in between.
    let last_look: LastLook = Arc::new(|_| Ok(()));
    let (told, mut heard) = mpsc::channel(MOST_UPDATES);
    let asking = inner.place.cloud.ask(&ready.door, &ready.prompt, &ready.consent, &last_look, &told, cancel);
    tokio::pin!(asking);
    let mut rest = None;
    let exchange = loop {
        tokio::select! {
            biased;
            Some(update) = heard.recv() => {
                if writer.take(update) {
                    rest = Some(inner.clock.sleep(REST));
                }
            }
            exchange = &mut asking => break exchange,
            () = over(&mut rest) => {
                rest = None;
                cancel.cancel();
            }
        }
    };
    while let Ok(update) = heard.try_recv() {
        writer.take(update);
    }
    exchange
}

/// When the time is over that the rest of an answer has; before there is one, never.
async fn over(rest: &mut Option<std::pin::Pin<Box<dyn Future<Output = ()> + Send>>>) {
    match rest {
        Some(rest) => rest.await,
        None => std::future::pending().await,
    }
}

/// How the text ends, and what follows for the next requests.
fn close(inner: &Arc<Inner>, exchange: &Exchange, is_written: bool) -> Finish {
    let now = inner.clock.now();
    let failed = |sentence: String| if is_written { Finish::MaxTokens } else { Finish::Failed(sentence) };
    let finish = match &exchange.finish {
        cloud::Finish::Answered(reason) => {
            inner.rest().answered();
            match reason {
                Reason::Complete => Finish::EndOfText,
                Reason::Length | Reason::Truncated | Reason::ContextFull => Finish::MaxTokens,
                Reason::Refused(_) | Reason::Filtered(_) => {
                    failed(format!("{} declined to go on here; another place may suit it", inner.place.host()))
                }
            }
        }
        cloud::Finish::Cancelled => Finish::Cancelled,
        cloud::Finish::Failed(error) if error.class == ErrorClass::Cancelled => Finish::Cancelled,
        cloud::Finish::Failed(error) => {
            let sentence = words::failed(error);
            inner.rest().failed(now, error, &sentence);
            // How long it is left alone is for that alone to say.
            inner.place.cloud.breakers.reset(inner.place.provider());
            failed(sentence)
        }
        cloud::Finish::Withheld(withheld, _) => {
            let sentence = words::withheld(withheld, inner.place.host());
            inner.rest().refused(now, withheld, inner.place.unix(), &sentence);
            Finish::Withheld { reason: words::reason(withheld).to_owned(), sentence }
        }
    };
    inner.rested();
    finish
}

/// What it cost, for the status and the account of the request.
async fn settle(inner: &Arc<Inner>, ready: &Ready, exchange: &Exchange, report: &mut Report) {
    let left = |answer: &&cloud::Answer| !matches!(answer.ending, Ending::Unsent(_));
    let bytes = ready.prompt.body_bytes() as u64;
    report.sent_bytes = bytes.saturating_mul(exchange.answers.iter().filter(left).count() as u64);
    let mut cost = None;
    for settled in exchange.answers.iter().map(|answer| &answer.settled) {
        if let Some(problem) = &settled.problem {
            tracing::warn!(problem, "what a suggestion cost is not written down: all that was reserved counts");
        }
        report.generated = report.generated.saturating_add(u32::try_from(settled.usage.output).unwrap_or(u32::MAX));
        if let Some(settlement) = settled.settlement {
            let Cost { picodollars, is_counted } = cost.unwrap_or(Cost { picodollars: 0, is_counted: true });
            cost = Some(Cost {
                picodollars: picodollars.saturating_add(settlement.money.0),
                is_counted: is_counted && settlement.outcome == Outcome::Counted,
            });
        }
    }
    report.cost = cost;
    let notice = match cost {
        Some(_) => crossed(ready).await,
        None => None,
    };
    let mut tally = inner.tally();
    if let Some(Cost { picodollars, .. }) = cost {
        tally.answered = tally.answered.saturating_add(1);
        tally.cost = tally.cost.saturating_add(picodollars);
        tally.last_cost = Some(picodollars);
    }
    // What was allowed is not asked about any more.
    tally.asks = None;
    tally.notice = notice.or(tally.notice.take());
    drop(tally);
    inner.refresh();
}

/// Limits of which most is gone by now, told once.
async fn crossed(ready: &Ready) -> Option<String> {
    let (door, prompt) = (ready.door.clone(), ready.prompt.clone());
    let crossings = tokio::task::spawn_blocking(move || door.crossings(&prompt)).await.unwrap_or_default();
    let told =
        |Crossing { window, percent }: &Crossing| format!("{percent} % of the limit of {} are used", window.limit);
    let told: Vec<String> = crossings.iter().map(told).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

fn withhold(out: &GenerationSender, reason: &str, sentence: String) {
    out.finish(Finish::Withheld { reason: reason.to_owned(), sentence });
}

fn refused(inner: &Arc<Inner>, out: &GenerationSender, no: No) {
    let host = inner.place.host();
    match no {
        No::Kept(kept) => withhold(out, kept.reason, kept.sentence),
        No::Withheld(withheld) => {
            let sentence = words::withheld(&withheld, host);
            inner.rest().refused(inner.clock.now(), &withheld, inner.place.unix(), &sentence);
            inner.rested();
            withhold(out, words::reason(&withheld), sentence);
        }
        No::WantsYes { folder, sentence } => {
            inner.tally().asks = Some((folder, sentence));
            inner.refresh();
            let none = Withheld::NoConsent;
            withhold(out, words::reason(&none), words::withheld(&none, host));
        }
    }
}

/// The text of one answer on its way to whoever waits.
struct Writer<'a> {
    out: &'a GenerationSender,
    emitter: Emitter<'static>,
    prompt: Option<PromptReport>,
    report: Report,
    started: Instant,
    has_text: bool,
    /// It is long enough, or over: nothing more is handed on.
    finish: Option<Finish>,
}

impl<'a> Writer<'a> {
    fn new(inner: &Inner, job: &Job, ready: &Ready, out: &'a GenerationSender, started: Instant) -> Self {
        // What the provider counts is told when it is over; until then, the bound that was reserved.
        let tokens = u32::try_from(ready.preview.input_tokens.1).unwrap_or(u32::MAX);
        let sent = Sent { host: inner.place.host().to_owned(), bytes: ready.prompt.body_bytes() as u64 };
        let prompt = PromptReport {
            tokens,
            evaluated: tokens,
            text: job.explain.then(|| shown(ready)),
            sent: Some(sent),
            ..PromptReport::default()
        };
        Self {
            out,
            emitter: Emitter::new(&[], job.max_lines, 0),
            prompt: Some(prompt),
            report: Report::default(),
            started,
            has_text: false,
            finish: None,
        }
    }

    /// True: enough is written.
    fn take(&mut self, update: Update) -> bool {
        let Update::Event(event) = update else { return false };
        if let Some(prompt) = self.prompt.take() {
            self.out.send(Event::Started(prompt));
        }
        let providers::Event::Text(text) = event else { return false };
        if self.finish.is_some() || text.is_empty() {
            return false;
        }
        if self.report.first_token_us == 0 {
            self.report.first_token_us = micros(self.started.elapsed());
        }
        let (out, has_text) = (self.out, &mut self.has_text);
        let stop = self.emitter.push(text.as_bytes(), 0.0, |text, _| send(out, has_text, text));
        self.finish = stop.map(|stop| match stop {
            Stop::MaxLines => Finish::MaxLines,
            Stop::NotText => Finish::EndOfText,
        });
        self.finish.is_some()
    }

    fn end(mut self, finish: Finish) {
        let finish = self.finish.take().unwrap_or(finish);
        if matches!(finish, Finish::EndOfText | Finish::MaxTokens) {
            let (out, has_text) = (self.out, &mut self.has_text);
            self.emitter.finish(|text, _| send(out, has_text, text));
        }
        self.out.send(Event::Finished { candidate: 0, reason: finish });
        self.report.total_us = micros(self.started.elapsed());
        self.out.send(Event::Done(self.report));
    }
}

fn send(out: &GenerationSender, has_text: &mut bool, text: String) {
    if !text.is_empty() {
        *has_text = true;
        out.send(Event::Delta { candidate: 0, text, tokens: Vec::new() });
    }
}

/// The prompt as it was sent, for who asks why.
fn shown(ready: &Ready) -> String {
    let texts = ready.prompt.texts();
    let (after, before) = texts.split_last().map_or(("", &[][..]), |(after, before)| (&**after, before));
    format!("{}⟨cursor⟩{after}", before.iter().map(|text| &**text).collect::<String>())
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
