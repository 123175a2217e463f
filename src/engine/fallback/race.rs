//! One job from the guard to whoever writes its text first.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{Inner, Kept, is_guess, nobody};
use crate::engine::{Engine, Event, Finish, Generation, GenerationSender, Job, PromptReport};

/// How long a cancelled stream is waited for, so that its report is passed on.
const REPORT_PATIENCE: Duration = Duration::from_millis(50);

/// See the room. Always ends the stream. An engine that was replaced ends it as a cancel does.
pub async fn run(inner: Arc<Inner>, job: Job, out: GenerationSender) {
    let (retired, cancel) = (inner.retired.clone(), out.cancel_flag().clone());
    let race = race(inner, job, out);
    tokio::pin!(race);
    tokio::select! {
        biased;
        () = retired.cancelled() => cancel.cancel(),
        () = &mut race => return,
    }
    race.await;
}

async fn race(inner: Arc<Inner>, job: Job, out: GenerationSender) {
    if out.is_cancelled() {
        return out.finish(Finish::Cancelled);
    }
    // Before the guard: what is not asked for is not put on record.
    if inner.here.can_help() {
        let turn = inner.health().turn(inner.clock.now());
        if let Err(why) = turn {
            return write_here(&inner, job, &out, &why).await;
        }
    }
    let admitted = match admit(&inner, &job).await {
        Ok(admitted) => admitted,
        Err(kept) => {
            inner.health().undecided();
            if !is_guess(&job) {
                inner.withhold(kept.reason, &kept.sentence);
            }
            return write_here(&inner, job, &out, &kept.sentence).await;
        }
    };
    if out.is_cancelled() {
        inner.health().undecided();
        return out.finish(Finish::Cancelled);
    }
    let server = Some(inner.server.generate(admitted.clone()));
    let race = Race {
        inner,
        job,
        admitted,
        out,
        server,
        making: None,
        model: None,
        held: None,
        held_here: None,
        counted: None,
    };
    race.run().await;
}

/// The job as the guard lets it out.
async fn admit(inner: &Arc<Inner>, job: &Job) -> Result<Job, Kept> {
    let Some(guard) = inner.guard.clone() else { return Ok(job.clone()) };
    let job = job.clone();
    let admitted = tokio::task::spawn_blocking(move || guard.admit(job)).await;
    admitted.unwrap_or_else(|_| {
        Err(Kept { reason: "error", sentence: "what may be sent could not be decided; the log says more".to_owned() })
    })
}

/// The model in this machine does it. A guess is not worth making it for.
async fn write_here(inner: &Arc<Inner>, job: Job, out: &GenerationSender, why: &str) {
    let model = if is_guess(&job) { inner.here.model() } else { inner.model().await };
    match model {
        Some(model) => drop(forward(model.generate(job), out, Some(why)).await),
        None if is_guess(&job) => out.finish(Finish::Superseded),
        None => out.finish(nobody(why)),
    }
}

/// Passes a stream on to its end. A cancel goes the other way. `because`: why the model here writes, where it
/// does. Its last event, if it had one.
async fn forward(mut stream: Generation, out: &GenerationSender, because: Option<&str>) -> Option<Event> {
    let cancel = out.cancel_flag().clone();
    let mut is_cancelled = false;
    loop {
        let event = if is_cancelled {
            tokio::time::timeout(REPORT_PATIENCE, stream.next()).await.unwrap_or_default()
        } else {
            tokio::select! {
                biased;
                event = stream.next() => event,
                () = cancel.cancelled() => {
                    is_cancelled = true;
                    stream.cancel();
                    continue;
                }
            }
        };
        let Some(event) = event else {
            let reason = if is_cancelled { Finish::Cancelled } else { nobody("the engine ended without an answer") };
            out.finish(reason);
            return None;
        };
        let last = matches!(event, Event::Done(_)).then(|| event.clone());
        out.send(explained(event, because));
        if last.is_some() {
            return last;
        }
    }
}

/// What the model here says of its prompt, with why it was asked.
fn explained(event: Event, because: Option<&str>) -> Event {
    match event {
        Event::Started(prompt) if because.is_some() => {
            Event::Started(PromptReport { here_because: because.map(str::to_owned), ..prompt })
        }
        other => other,
    }
}

/// A job with the server, and with the model here where the server does not begin in time.
struct Race {
    inner: Arc<Inner>,
    /// For the model here, and for the server.
    job: Job,
    admitted: Job,
    out: GenerationSender,
    server: Option<Generation>,
    /// The model here, while it is made.
    making: Option<BoxFuture<'static, Option<Arc<dyn Engine>>>>,
    model: Option<Generation>,
    /// What the server said of the prompt, and what the model here did.
    held: Option<Event>,
    held_here: Option<Event>,
    /// Bytes that the status tells of; None before it does.
    counted: Option<u64>,
}

/// What comes next.
enum Turn {
    Server(Option<Event>),
    Model(Option<Event>),
    Made(Option<Arc<dyn Engine>>),
    OutOfPatience,
    Cancelled,
}

impl Race {
    async fn run(mut self) {
        let cancel = self.out.cancel_flag().clone();
        let mut patience = self.inner.clock.sleep(self.inner.patience);
        let mut is_patient = !is_guess(&self.job) && self.inner.here.can_help();
        loop {
            let turn = tokio::select! {
                biased;
                () = cancel.cancelled() => Turn::Cancelled,
                event = next(&mut self.server) => Turn::Server(event),
                event = next(&mut self.model) => Turn::Model(event),
                model = made(&mut self.making) => Turn::Made(model),
                () = &mut patience, if is_patient => Turn::OutOfPatience,
            };
            match turn {
                Turn::Cancelled => return self.cancelled().await,
                Turn::OutOfPatience => {
                    is_patient = false;
                    let inner = self.inner.clone();
                    self.making = Some(async move { inner.model().await }.boxed());
                }
                Turn::Made(model) => {
                    self.making = None;
                    self.model = model.map(|model| model.generate(self.job.clone()));
                }
                Turn::Server(Some(started @ Event::Started(_))) => self.started(started),
                Turn::Server(Some(Event::Finished { reason: Finish::Failed(why), .. })) => {
                    return self.failed(why).await;
                }
                Turn::Server(Some(Event::Finished { reason: Finish::Withheld { reason, sentence }, .. })) => {
                    return self.withheld(&reason, sentence).await;
                }
                Turn::Server(None) => {
                    return self.failed("the server's stream ended without an answer".to_owned()).await;
                }
                Turn::Server(Some(event)) => return self.server_writes(event).await,
                Turn::Model(Some(event @ Event::Delta { .. })) => return self.model_writes(event).await,
                // It wrote nothing, or cannot: what the server comes to is all there will be.
                Turn::Model(Some(Event::Finished { .. } | Event::Done(_)) | None) => self.model = None,
                Turn::Model(Some(started)) => self.held_here = Some(started),
            }
        }
    }

    /// The server has the request.
    fn started(&mut self, started: Event) {
        let bytes = match &started {
            Event::Started(prompt) => prompt.sent.as_ref().map(|sent| sent.bytes),
            _ => None,
        };
        self.count(bytes);
        self.held = Some(started);
    }

    /// Where the server does not say, all of the prompt counts: that is more than left.
    fn count(&mut self, bytes: Option<u64>) {
        if self.counted.is_none() {
            let bytes = bytes.unwrap_or(self.admitted.prompt.bytes() as u64);
            self.counted = Some(bytes);
            self.inner.count(&self.admitted, 1, bytes);
        }
    }

    /// What its last event says that may have left in all: more than was counted for another candidate, nothing where the
    /// job never came to be sent. Without that event all of it may have left.
    fn settle(&mut self, last: Option<&Event>) {
        match (last, self.counted) {
            (Some(Event::Done(report)), Some(counted)) => {
                if let Some(more @ 1..) = report.sent_bytes.checked_sub(counted) {
                    self.inner.count(&self.admitted, 0, more);
                }
            }
            (Some(Event::Done(report)), None) if report.sent_bytes == 0 => {}
            (Some(Event::Done(report)), None) => self.count(Some(report.sent_bytes)),
            (_, None) => self.count(None),
            (_, Some(_)) => {}
        }
    }

    async fn server_writes(mut self, event: Event) {
        self.model = None;
        let is_answer = !matches!(event, Event::Finished { reason: Finish::Cancelled | Finish::Superseded, .. });
        if is_answer {
            self.count(None);
            self.inner.health().answered();
            self.inner.refresh();
        } else {
            self.undecided();
        }
        if let Some(started) = self.held.take() {
            self.out.send(started);
        }
        if matches!(event, Event::Done(_)) {
            self.settle(Some(&event));
            return self.out.send(event);
        }
        self.out.send(event);
        if let Some(server) = self.server.take() {
            let last = forward(server, &self.out, None).await;
            self.settle(last.as_ref());
        }
    }

    /// Before its first word.
    async fn failed(mut self, why: String) {
        // A connection that was refused took nothing; one that broke, and a server that refused, may have taken all.
        let last = last_of(self.server.take()).await;
        self.settle(last.as_ref());
        self.inner.health().failed(self.inner.clock.now(), why.clone());
        self.inner.refresh();
        match self.model.take() {
            Some(model) => {
                self.held_here.take().into_iter().for_each(|started| self.out.send(explained(started, Some(&why))));
                forward(model, &self.out, Some(&why)).await;
            }
            None if is_guess(&self.job) => self.out.finish(nobody(&why)),
            None => write_here(&self.inner, self.job, &self.out, &why).await,
        }
    }

    /// It decided itself not to send this one, which says nothing of how it is.
    async fn withheld(mut self, reason: &str, sentence: String) {
        let last = last_of(self.server.take()).await;
        self.settle(last.as_ref());
        self.undecided();
        self.inner.withhold(reason, &sentence);
        match self.model.take() {
            Some(model) => {
                let held = self.held_here.take();
                held.into_iter().for_each(|started| self.out.send(explained(started, Some(&sentence))));
                forward(model, &self.out, Some(&sentence)).await;
            }
            None => write_here(&self.inner, self.job, &self.out, &sentence).await,
        }
    }

    async fn model_writes(mut self, event: Event) {
        // It may have taken the request, whatever it says.
        self.count(None);
        let why = format!("{} does not answer within {} ms", self.inner.site.host, self.inner.patience.as_millis());
        if let Some(server) = self.server.take() {
            server.cancel();
            self.inner.health().failed(self.inner.clock.now(), why.clone());
            self.inner.refresh();
        }
        self.held_here.take().into_iter().for_each(|started| self.out.send(explained(started, Some(&why))));
        self.out.send(event);
        if let Some(model) = self.model.take() {
            forward(model, &self.out, Some(&why)).await;
        }
    }

    async fn cancelled(mut self) {
        self.undecided();
        let server = self.server.take().inspect(Generation::cancel);
        let last = match (server, self.held.take()) {
            (Some(server), Some(started)) => {
                self.out.send(started);
                forward(server, &self.out, None).await
            }
            (server, _) => {
                self.out.finish(Finish::Cancelled);
                last_of(server).await
            }
        };
        self.settle(last.as_ref());
    }

    fn undecided(&self) {
        self.inner.health().undecided();
    }
}

/// The last event of a stream that nobody reads any more, if it comes soon.
async fn last_of(stream: Option<Generation>) -> Option<Event> {
    let mut stream = stream?;
    let reading = async {
        loop {
            if let last @ Event::Done(_) = stream.next().await? {
                return Some(last);
            }
        }
    };
    tokio::time::timeout(REPORT_PATIENCE, reading).await.unwrap_or_default()
}

/// The model here, when it is made; otherwise it waits for ever.
async fn made(making: &mut Option<BoxFuture<'static, Option<Arc<dyn Engine>>>>) -> Option<Arc<dyn Engine>> {
    match making {
        Some(making) => making.await,
        None => std::future::pending().await,
    }
}

/// The next event of a stream, if there is one; otherwise it waits for ever.
async fn next(stream: &mut Option<Generation>) -> Option<Event> {
    match stream {
        Some(stream) => stream.next().await,
        None => std::future::pending().await,
    }
}
