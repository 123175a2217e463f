//! A server that answers, fails, says nothing, dies and comes back, and what the user gets each time. The test is the clock,
//! and both engines do what it says.

mod counts;

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::engine::{Event, FimPrompt, GenerationSender, PromptBudget, PromptReport, Report, Sent, Snippet, Task};

/// Time passes when the test says so.
#[derive(Default)]
struct ByHand {
    now: Mutex<Duration>,
    sleepers: Mutex<Vec<(Duration, tokio::sync::oneshot::Sender<()>)>>,
}

impl ByHand {
    fn pass(&self, length: Duration) {
        let mut now = self.now.lock().unwrap();
        *now += length;
        let mut sleepers = self.sleepers.lock().unwrap();
        let (due, rest): (Vec<_>, Vec<_>) = sleepers.drain(..).partition(|(at, _)| *at <= *now);
        *sleepers = rest;
        for (_, wake) in due {
            // Some do not wait any more.
            let _ = wake.send(());
        }
    }
}

impl Clock for ByHand {
    fn now(&self) -> Duration {
        *self.now.lock().unwrap()
    }

    fn sleep(&self, length: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let (wake, woken) = tokio::sync::oneshot::channel();
        self.sleepers.lock().unwrap().push((self.now() + length, wake));
        Box::pin(async move {
            let _ = woken.await;
        })
    }
}

/// Does what the test says.
struct Puppet {
    jobs: Mutex<Vec<(Job, GenerationSender)>>,
    status: watch::Sender<EngineStatus>,
}

impl Puppet {
    fn new(name: &str) -> Arc<Self> {
        let status = watch::Sender::new(EngineStatus::new(name, EngineState::Ready));
        Arc::new(Self { jobs: Mutex::default(), status })
    }

    fn asked(&self) -> usize {
        self.jobs.lock().unwrap().len()
    }

    /// The newest job's end.
    fn job(&self) -> GenerationSender {
        self.jobs.lock().unwrap().last().unwrap().1.clone()
    }

    fn prompt(&self) -> FimPrompt {
        self.jobs.lock().unwrap().last().unwrap().0.prompt.clone()
    }

    fn say(&self, state: EngineState) {
        self.status.send_modify(|status| status.state = state);
    }
}

impl Engine for Puppet {
    fn generate(&self, job: Job) -> Generation {
        let (sender, stream) = generation();
        self.jobs.lock().unwrap().push((job, sender));
        stream
    }

    fn status(&self) -> watch::Receiver<EngineStatus> {
        self.status.subscribe()
    }
}

/// Lets out all but one word.
#[derive(Default)]
struct Censor {
    sent: Mutex<u64>,
}

impl Guard for Censor {
    fn admit(&self, mut job: Job) -> Result<Job, Kept> {
        if job.prompt.prefix.contains("hunter2") {
            return Err(Kept { reason: "secret", sentence: "a secret is in it".to_owned() });
        }
        job.prompt.snippets.retain(|snippet| snippet.path != "private.rs");
        Ok(job)
    }

    fn sent(&self, _job: &Job, _requests: u64, bytes: u64) {
        *self.sent.lock().unwrap() += bytes;
    }
}

struct Stage {
    fallback: Fallback,
    server: Arc<Puppet>,
    here: Arc<Puppet>,
    clock: Arc<ByHand>,
    made: Arc<AtomicUsize>,
}

fn stage() -> Stage {
    stage_with(true, None)
}

fn stage_with(has_model: bool, guard: Option<Arc<dyn Guard>>) -> Stage {
    let (server, here) = (Puppet::new("server"), Puppet::new("here"));
    let (clock, made) = (Arc::<ByHand>::default(), Arc::<AtomicUsize>::default());
    let make: Maker = Box::new({
        let (here, made) = (here.clone(), made.clone());
        move || {
            made.fetch_add(1, Ordering::Relaxed);
            Some(here.clone() as Arc<dyn Engine>)
        }
    });
    let site = ServerSite { host: "gpu.example:8080".to_owned(), is_on_this_machine: false };
    let parts = FallbackParts {
        site,
        server: server.clone(),
        here: has_model.then_some(make),
        guard,
        patience: PATIENCE,
        clock: clock.clone(),
    };
    let fallback = Fallback::new(parts, &Handle::current());
    Stage { fallback, server, here, clock, made }
}

fn job(prefix: &str) -> Job {
    Job {
        lane: 1,
        urgency: Urgency::Awaited,
        task: Task::Write,
        prompt: FimPrompt { path: "a.rs".into(), prefix: prefix.into(), ..FimPrompt::default() },
        budget: PromptBudget { prefix: 100, suffix: 100, snippets: 100 },
        max_tokens: 10,
        max_lines: 1,
        candidates: 1,
        draft: None,
        explain: false,
        corpus: None,
    }
}

/// Everybody else does what there is to do.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for round in 0..100_000 {
        if holds() {
            return;
        }
        // Some of it is done on threads beside this one.
        if round % 100 == 99 {
            std::thread::sleep(Duration::from_millis(5));
        }
        tokio::task::yield_now().await;
    }
    panic!("never: {what}");
}

fn write(out: &GenerationSender, text: &str) {
    out.send(Event::Delta { candidate: 0, text: text.to_owned(), tokens: Vec::new() });
}

fn answer(out: &GenerationSender, text: &str) {
    out.send(Event::Started(PromptReport::default()));
    write(out, text);
    out.finish(Finish::EndOfText);
}

/// Text and ending of a stream, which has exactly one of each end.
async fn read(mut stream: Generation) -> (String, Finish) {
    let (mut text, mut reasons, mut ends) = (String::new(), Vec::new(), 0);
    while let Some(event) = stream.next().await {
        assert_eq!(ends, 0, "nothing comes behind the end");
        match event {
            Event::Started(_) => {}
            Event::Delta { text: more, .. } => text.push_str(&more),
            Event::Finished { reason, .. } => reasons.push(reason),
            Event::Done(Report { .. }) => ends += 1,
        }
    }
    assert_eq!((reasons.len(), ends), (1, 1), "{reasons:?}");
    (text, reasons.remove(0))
}

impl Stage {
    async fn ask(&self, prefix: &str) -> Generation {
        let (before, before_here) = (self.server.asked(), self.here.asked());
        let stream = self.fallback.generate(job(prefix));
        until("somebody is asked", || self.server.asked() > before || self.here.asked() > before_here).await;
        stream
    }

    /// A request that the server answers.
    async fn served(&self) -> (String, Finish) {
        let stream = self.ask("x").await;
        answer(&self.server.job(), "from the server");
        read(stream).await
    }

    async fn refused(&self) -> (String, Finish) {
        let (stream, before) = (self.ask("x").await, self.here.asked());
        self.server.job().finish(Finish::Failed("connection reset".to_owned()));
        until("the model here is asked", || self.here.asked() > before).await;
        answer(&self.here.job(), "from here");
        read(stream).await
    }

    fn told(&self) -> ServerStatus {
        self.fallback.status().borrow().server.clone().unwrap()
    }
}

fn from_here() -> (String, Finish) {
    ("from here".to_owned(), Finish::EndOfText)
}

#[tokio::test]
async fn a_server_that_answers_is_the_only_one_who_is_asked() {
    let stage = stage();
    assert_eq!(stage.served().await, ("from the server".to_owned(), Finish::EndOfText));
    assert_eq!((stage.here.asked(), stage.made.load(Ordering::Relaxed)), (0, 0));
    let told = stage.told();
    assert_eq!((told.writer, told.down, told.requests), (Writer::Server, None, 1));
}

#[tokio::test]
async fn nobody_waits_for_a_server_that_says_it_is_down() {
    let stage = stage();
    stage.server.say(EngineState::Failed { reason: "nothing listens there".to_owned() });
    until("it is known", || stage.told().down.is_some()).await;
    let status = stage.fallback.status().borrow().clone();
    assert_eq!(status.state, EngineState::Idle, "who asks makes the model here");
    let stream = stage.ask("x").await;
    assert_eq!((stage.server.asked(), stage.here.asked()), (0, 1));
    answer(&stage.here.job(), "from here");
    assert_eq!(read(stream).await, from_here());
    let told = stage.told();
    assert_eq!((told.writer, told.down.as_deref(), told.requests), (Writer::Here, Some("nothing listens there"), 0));
    assert_eq!(stage.fallback.status().borrow().engine, "here");
    stage.server.say(EngineState::Ready);
    until("it is back", || stage.told().down.is_none()).await;
    assert_eq!(stage.served().await.0, "from the server");
}

#[tokio::test]
async fn what_fails_before_its_first_word_is_written_here() {
    let stage = stage();
    assert_eq!(stage.refused().await, from_here());
}

#[tokio::test]
async fn what_broke_behind_its_first_word_ends_there() {
    let stage = stage();
    let stream = stage.ask("x").await;
    let server = stage.server.job();
    write(&server, "half of ");
    server.finish(Finish::Failed("connection reset".to_owned()));
    assert_eq!(read(stream).await, ("half of ".to_owned(), Finish::Failed("connection reset".to_owned())));
    assert_eq!(stage.here.asked(), 0);
}

#[tokio::test]
async fn a_stream_that_is_dropped_without_an_end_is_a_failure() {
    let stage = stage();
    let stream = stage.ask("x").await;
    stage.server.jobs.lock().unwrap().clear();
    until("the model here is asked", || stage.here.asked() == 1).await;
    answer(&stage.here.job(), "from here");
    assert_eq!(read(stream).await, from_here());
}

#[tokio::test]
async fn silence_is_waited_for_so_long_and_the_first_word_wins() {
    let stage = stage();
    // The model here begins, and is first.
    let stream = stage.ask("x").await;
    stage.clock.pass(PATIENCE - Duration::from_millis(1));
    tokio::task::yield_now().await;
    assert_eq!(stage.here.asked(), 0);
    stage.clock.pass(Duration::from_millis(1));
    until("the model here begins", || stage.here.asked() == 1).await;
    let silent = stage.server.job();
    assert!(!silent.is_cancelled(), "the server may still be first");
    answer(&stage.here.job(), "from here");
    assert_eq!(read(stream).await, from_here());
    assert!(silent.is_cancelled());

    // The model here begins, and the server is first.
    let stream = stage.ask("x").await;
    stage.clock.pass(PATIENCE);
    until("the model here begins", || stage.here.asked() == 2).await;
    answer(&stage.server.job(), "from the server");
    assert_eq!(read(stream).await.0, "from the server");
    assert!(stage.here.job().is_cancelled());
    assert_eq!(stage.told().down, None);
}

#[tokio::test]
async fn a_model_here_that_has_nothing_leaves_it_to_the_server() {
    let stage = stage();
    let stream = stage.ask("x").await;
    stage.clock.pass(PATIENCE);
    until("the model here begins", || stage.here.asked() == 1).await;
    stage.here.job().finish(Finish::Failed("no memory".to_owned()));
    tokio::task::yield_now().await;
    answer(&stage.server.job(), "late");
    assert_eq!(read(stream).await.0, "late");
}

#[tokio::test]
async fn two_failures_in_a_row_are_a_server_that_is_left_alone_for_a_while() {
    let stage = stage();
    stage.refused().await;
    stage.refused().await;
    assert_eq!(stage.told().down.as_deref(), Some("connection reset"));
    let stream = stage.ask("x").await;
    assert_eq!(stage.server.asked(), 2, "at once, without the server");
    answer(&stage.here.job(), "from here");
    read(stream).await;
    stage.clock.pass(Duration::from_secs(2));
    assert_eq!(stage.served().await.0, "from the server");
    assert_eq!(stage.told().writer, Writer::Server);
}

#[tokio::test]
async fn a_server_that_loads_longer_than_anybody_waits_is_as_good_as_down() {
    let stage = stage();
    stage.server.say(EngineState::Loading { progress: 0.1 });
    until("it is known", || stage.fallback.status().borrow().state == EngineState::Loading { progress: 0.1 }).await;
    assert_eq!(stage.told().down, None);
    stage.clock.pass(PATIENCE);
    until("it is down", || stage.told().writer == Writer::Here).await;
    stage.server.say(EngineState::Ready);
    until("it is back", || stage.told().writer == Writer::Server).await;
}

#[tokio::test]
async fn the_model_here_is_made_once_and_put_away_when_the_server_is_back_for_a_while() {
    let stage = stage();
    stage.refused().await;
    stage.refused().await;
    stage.clock.pass(KEPT);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(Arc::strong_count(&stage.here) > 2, "the server is still down");
    // Long ago, but the server is back for a moment only.
    let stream = stage.ask("x").await;
    answer(&stage.server.job(), "back");
    read(stream).await;
    stage.clock.pass(LOOK);
    until("it is put away", || Arc::strong_count(&stage.here) == 2).await;
    assert_eq!(stage.made.load(Ordering::Relaxed), 1);
    stage.refused().await;
    assert_eq!(stage.made.load(Ordering::Relaxed), 2, "and made again");
    stage.clock.pass(LOOK);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(Arc::strong_count(&stage.here) > 2, "it was of use a minute ago");
}

#[tokio::test]
async fn what_may_not_be_sent_is_written_here_and_counted() {
    let censor = Arc::<Censor>::default();
    let stage = stage_with(true, Some(censor.clone()));
    let stream = stage.ask("let password = \"hunter2").await;
    assert_eq!((stage.server.asked(), stage.here.asked()), (0, 1));
    answer(&stage.here.job(), "from here");
    assert_eq!(read(stream).await, from_here());
    let told = stage.told();
    assert_eq!((told.writer, told.kept.as_deref()), (Writer::Server, Some("a secret is in it")));
    assert_eq!((told.withheld["secret"], told.requests, told.bytes), (1, 0, 0));

    let mut with_snippets = job("x");
    let snippet = |path: &str| Snippet { path: path.to_owned(), text: "y".to_owned() };
    with_snippets.prompt.snippets = vec![snippet("private.rs"), snippet("public.rs")];
    let stream = stage.fallback.generate(with_snippets);
    until("the server is asked", || stage.server.asked() == 1).await;
    assert_eq!(stage.server.prompt().snippets, [snippet("public.rs")]);
    let out = stage.server.job();
    let sent = Some(Sent { host: "gpu.example:8080".to_owned(), bytes: 321 });
    out.send(Event::Started(PromptReport { sent, ..PromptReport::default() }));
    write(&out, "from the server");
    out.send(Event::Finished { candidate: 0, reason: Finish::EndOfText });
    out.send(Event::Done(Report { sent_bytes: 400, ..Report::default() }));
    read(stream).await;
    let told = stage.told();
    assert_eq!((told.requests, told.bytes, told.kept), (1, 400, None), "a second candidate was asked for");
    assert_eq!(*censor.sent.lock().unwrap(), 400);
}

#[tokio::test]
async fn without_a_model_here_what_may_not_be_sent_is_not_sent_all_the_same() {
    let stage = stage_with(false, Some(Arc::<Censor>::default()));
    let (text, reason) = read(stage.fallback.generate(job("hunter2"))).await;
    assert_eq!((text.as_str(), reason), ("", Finish::Failed("a secret is in it".to_owned())));
    assert_eq!(stage.server.asked(), 0);
    // And a server that failed is asked again and again: there is nobody else.
    for round in 1..5 {
        let stream = stage.ask("x").await;
        stage.server.job().finish(Finish::Failed("reset".to_owned()));
        assert_eq!(read(stream).await.1, Finish::Failed("reset".to_owned()), "{round}");
        assert_eq!(stage.server.asked(), round);
    }
    assert_eq!(stage.told().writer, Writer::Nobody);
}

#[tokio::test]
async fn a_cancel_reaches_whoever_writes_and_says_nothing_of_the_server() {
    let stage = stage();
    for _ in 0..5 {
        let stream = stage.ask("x").await;
        let out = stage.server.job();
        stream.cancel();
        assert_eq!(read(stream).await.1, Finish::Cancelled);
        assert!(out.is_cancelled());
    }
    assert_eq!(stage.told().down, None);
    let stream = stage.ask("x").await;
    let out = stage.server.job();
    write(&out, "some ");
    tokio::task::yield_now().await;
    stream.cancel();
    until("the server hears of it", || out.is_cancelled()).await;
    out.finish(Finish::Cancelled);
    assert_eq!(read(stream).await, ("some ".to_owned(), Finish::Cancelled));
    // Dropped without a word.
    drop(stage.ask("x").await);
    until("the server hears of it", || stage.server.job().is_cancelled()).await;
}

#[tokio::test]
async fn no_model_is_made_for_a_guess_and_none_is_written_twice() {
    let stage = stage();
    let guess = || Job { urgency: Urgency::Background, ..job("x") };
    let stream = stage.fallback.generate(guess());
    until("the server is asked", || stage.server.asked() == 1).await;
    stage.clock.pass(PATIENCE);
    stage.server.job().finish(Finish::Failed("reset".to_owned()));
    assert_eq!(read(stream).await.1, Finish::Failed("reset".to_owned()));
    stage.server.say(EngineState::Failed { reason: "refused".to_owned() });
    until("it is down", || stage.told().down.is_some()).await;
    let prefill = Job { task: Task::Prefill, ..guess() };
    for guess in [guess(), prefill] {
        assert_eq!(read(stage.fallback.generate(guess)).await.1, Finish::Superseded);
    }
    assert_eq!((stage.here.asked(), stage.made.load(Ordering::Relaxed)), (0, 0));
}

#[tokio::test]
async fn each_change_is_told_once() {
    let stage = stage();
    let mut told = stage.fallback.status();
    let mut seen: Vec<(Writer, EngineState)> = Vec::new();
    let mut note = |seen: &mut Vec<(Writer, EngineState)>| {
        let status = told.borrow_and_update().clone();
        seen.push((status.server.unwrap().writer, status.state));
        seen.dedup();
    };
    note(&mut seen);
    for _ in 0..3 {
        stage.served().await;
        note(&mut seen);
    }
    for _ in 0..3 {
        let stream = stage.ask("x").await;
        if stage.server.asked() > stage.here.asked() + 3 {
            stage.server.job().finish(Finish::Failed("reset".to_owned()));
            let asked = stage.here.asked();
            until("the model here is asked", || stage.here.asked() > asked).await;
        }
        answer(&stage.here.job(), "from here");
        read(stream).await;
        note(&mut seen);
    }
    stage.server.say(EngineState::Ready);
    stage.clock.pass(Duration::from_secs(2));
    stage.served().await;
    note(&mut seen);
    let ready = EngineState::Ready;
    assert_eq!(seen, [(Writer::Server, ready.clone()), (Writer::Here, ready.clone()), (Writer::Server, ready)]);
}
