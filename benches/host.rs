//! What the engine host costs: a request through a real host process against the same engine in this process.
//!
//! `cargo bench --no-default-features --bench host`. The engine is a scripted one that answers at once, so what is
//! measured is everything but decoding. With the feature `llama` the starter model follows, in this process and in its
//! host, with the time inside llama.cpp's decode calls taken off. Times are in microseconds.
//!
//! `cargo bench --bench host -- windows` measures several windows on one host instead, and `-- sleeps` what a sleep gives
//! back and costs, and `-- busy` how threads follow a machine that others use; all with llama.cpp and a model of a hundred megabytes that is made first.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use tandem::engine::fake::FakeEngine;
use tandem::engine::host::{
    Answer, HostArgs, HostConfig, HostEngine, HostIdentity, HostPaths, Request, encode, run_host,
};
use tandem::engine::{Engine, Event, FimPrompt, Generation, Job, PromptBudget, Task, TokenScore, Urgency};

#[cfg(feature = "llama")]
#[path = "host/busy.rs"]
mod busy;
#[cfg(feature = "llama")]
#[path = "host/sleeps.rs"]
mod sleeps;
#[cfg(feature = "llama")]
#[path = "../tests/support/synth.rs"]
mod synth;
#[cfg(feature = "llama")]
#[path = "host/windows.rs"]
mod windows;

const PROMPT_BYTES: usize = 10 << 10;
const ROUNDS: usize = 2000;

#[derive(Parser)]
struct EngineProgram {
    _subcommand: String,
    #[command(flatten)]
    host: HostArgs,
    #[arg(long, default_value_t = 0)]
    pace_ms: u64,
}

fn main() {
    #[cfg(feature = "llama")]
    match std::env::args().nth(1).as_deref() {
        Some("windows") => return windows::measure(),
        Some("window") => return windows::window(),
        Some("sleeps") => return sleeps::measure(),
        Some("busy") => return busy::measure(),
        Some("busied") => return busy::busied(),
        Some("sleeper") => return sleeps::sleeper(),
        _ => {}
    }
    if std::env::args().nth(1).as_deref() == Some("engine") {
        let program = EngineProgram::parse();
        let engine: Arc<dyn Engine> = Arc::new(scripted().with_pace(Duration::from_millis(program.pace_ms)));
        run_host(&program.host, || Ok(move |_| engine.clone())).expect("the host works");
        return;
    }
    codecs();
    let bench = Bench::new(&[]);
    for tokens in [1, 16, 64] {
        bench.round_trip(tokens);
    }
    Bench::new(&["--pace-ms", "1"]).cancels();
    bench.clients();
    #[cfg(feature = "llama")]
    bench.outside_decode();
}

/// Writes as many characters, a token each, as the job allows.
fn scripted() -> FakeEngine {
    FakeEngine::new(|job| "x".repeat(job.max_tokens as usize))
}

fn job(lane: u64, max_tokens: u32) -> Job {
    let line = "    let total = items.iter().map(|item| item.price * item.count).sum();\n";
    job_of(&line.repeat(PROMPT_BYTES / line.len()), lane, max_tokens)
}

fn job_of(text: &str, lane: u64, max_tokens: u32) -> Job {
    let (prefix, suffix) = text.split_at(text.len() * 3 / 4);
    Job {
        lane,
        urgency: Urgency::Awaited,
        task: Task::Write,
        prompt: FimPrompt {
            path: "src/orders.rs".into(),
            prefix: prefix.into(),
            suffix: suffix.into(),
            ..FimPrompt::default()
        },
        budget: PromptBudget { prefix: 1536, suffix: 512, snippets: 0 },
        max_tokens,
        max_lines: 1,
        candidates: 1,
        draft: None,
        explain: false,
        corpus: None,
    }
}

struct Bench {
    config: HostConfig,
    runtime: tokio::runtime::Runtime,
    _directory: tempfile::TempDir,
}

impl Bench {
    fn new(arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("tempdir");
        let below = |name: &str| directory.path().join(name);
        let config = HostConfig {
            paths: HostPaths { runtime_dir: below("run"), state_dir: below("state"), cache_dir: below("cache") },
            program: std::env::current_exe().expect("a path"),
            arguments: std::iter::once(&"engine").chain(arguments).map(Into::into).collect(),
            identity: HostIdentity { binary: "0.0.0+bench".into(), model: "scripted".into() },
            idle: Duration::from_millis(500),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        Self { config, runtime: runtime.expect("a runtime"), _directory: directory }
    }

    fn connected(&self) -> HostEngine {
        connect(&self.config, &self.runtime)
    }

    /// In turns, so that a busy machine is unfair to both alike. The caller is a task of the runtime, as in the server.
    fn round_trip(&self, tokens: u32) {
        let (near, far) = (Arc::new(scripted()), Arc::new(self.connected()));
        let job = job(1, tokens);
        let times = self.runtime.block_on(self.runtime.spawn(async move {
            let mut times = [Vec::new(), Vec::new()];
            for _ in 0..ROUNDS {
                for (engine, times) in [near.clone() as Arc<dyn Engine>, far.clone()].iter().zip(&mut times) {
                    let job = job.clone();
                    let start = Instant::now();
                    assert_eq!(deltas(engine.generate(job)).await, tokens);
                    times.push(start.elapsed());
                }
            }
            times
        }));
        let [near, far] = times.expect("no panic");
        let (near, far) = (Quantiles::of(near), Quantiles::of(far));
        println!(
            "{PROMPT_BYTES} byte prompt, {tokens:2} tokens: in-process p50 {:4.0} p99 {:4.0}; host p50 {:4.0} p99 {:4.0}; \
             overhead p50 {:4.0} p99 {:4.0} us",
            near.p50,
            near.p99,
            far.p50,
            far.p99,
            far.p50 - near.p50,
            far.p99 - near.p99
        );
    }

    /// From a cancel to the last event of a job that would go on for minutes, at a token per ms.
    fn cancels(&self) {
        let engine = self.connected();
        let times = self.runtime.block_on(async {
            let mut times = Vec::new();
            for _ in 0..200 {
                let mut running = engine.generate(job(1, 100_000));
                assert!(matches!(running.next().await, Some(Event::Started(_))));
                let start = Instant::now();
                running.cancel();
                while running.next().await.is_some() {}
                times.push(start.elapsed());
            }
            times
        });
        let times = Quantiles::of(times);
        println!("cancel to last event, at 1000 us a token: p50 {:.0} p99 {:.0} us", times.p50, times.p99);
    }

    /// Time of a request outside llama.cpp, with a prompt that the KV cache knows, in turns.
    #[cfg(feature = "llama")]
    fn outside_decode(&self) {
        use tandem::engine::llama::{LlamaEngine, ModelConfig};

        let mut settings = tandem::config::Settings::default();
        settings.engine.threads = 1;
        let paths = self.config.paths.clone();
        let model = ModelConfig::new(&settings.engine, &settings.completion, paths.cache_dir.clone());
        let config = HostConfig::new(paths, env!("CARGO_BIN_EXE_tandem").into(), &settings).expect("a configuration");
        let engines: [Arc<dyn Engine>; 2] =
            [Arc::new(LlamaEngine::start(model)), Arc::new(connect(&config, &self.runtime))];
        self.runtime.block_on(async {
            let mut near = engines[0].status();
            near.wait_for(|status| status.is_ready()).await.expect("ready");
        });
        let times = self.runtime.block_on(self.runtime.spawn(async move {
            let mut times = [Vec::new(), Vec::new()];
            for round in 0..220 {
                for (engine, times) in engines.iter().zip(&mut times) {
                    let start = Instant::now();
                    let mut stream = engine.generate(job(1, 16));
                    while let Some(event) = stream.next().await {
                        if let (Event::Done(report), 20..) = (event, round) {
                            times.push(start.elapsed().saturating_sub(Duration::from_micros(report.compute_us)));
                        }
                    }
                }
            }
            times
        }));
        let [near, far] = times.expect("no panic").map(Quantiles::of);
        println!(
            "starter model, {PROMPT_BYTES} byte prompt, up to 16 tokens, outside decode: \
             in-process p50 {:.0} p99 {:.0}; host p50 {:.0} p99 {:.0} us",
            near.p50, near.p99, far.p50, far.p99
        );
    }

    /// A greedy client keeps 32 requests open; a modest one asks one at a time.
    fn clients(&self) {
        let (greedy, modest) = (self.connected(), self.connected());
        let alone = self.runtime.block_on(async {
            let mut times = Vec::new();
            for _ in 0..500 {
                let start = Instant::now();
                deltas(modest.generate(job(1, 16))).await;
                times.push(start.elapsed());
            }
            times
        });
        let (beside, greedy_done) = self.runtime.block_on(async {
            let end = Instant::now() + Duration::from_secs(2);
            let flood = futures_util::future::join_all((0..32).map(|lane| {
                let greedy = &greedy;
                async move {
                    let mut done = 0_usize;
                    while Instant::now() < end {
                        deltas(greedy.generate(job(lane, 16))).await;
                        done += 1;
                    }
                    done
                }
            }));
            let ask = async {
                let mut times = Vec::new();
                while Instant::now() < end {
                    let start = Instant::now();
                    deltas(modest.generate(job(1, 16))).await;
                    times.push(start.elapsed());
                }
                times
            };
            let (done, times) = tokio::join!(flood, ask);
            (times, done.into_iter().sum::<usize>())
        });
        let answered = beside.len();
        let (alone, beside) = (Quantiles::of(alone), Quantiles::of(beside));
        println!(
            "one client with 1 request open beside one with 32, 2 s: {answered} and {greedy_done} answered; \
             the modest one waits p50 {:.0} p99 {:.0} us (alone p50 {:.0} p99 {:.0})",
            beside.p50, beside.p99, alone.p50, alone.p99
        );
    }
}

fn connect(config: &HostConfig, runtime: &tokio::runtime::Runtime) -> HostEngine {
    let engine = HostEngine::new(config.clone(), runtime.handle());
    engine.connect();
    let mut status = engine.status();
    runtime.block_on(async { status.wait_for(|status| status.is_ready()).await.map(drop) }).expect("ready");
    engine
}

async fn deltas(mut stream: Generation) -> u32 {
    let mut count = 0;
    while let Some(event) = stream.next().await {
        match event {
            Event::Delta { .. } => count += 1,
            Event::Finished { reason: tandem::engine::Finish::Failed(sentence), .. } => panic!("{sentence}"),
            _ => {}
        }
    }
    count
}

/// Encoding and decoding of a request and of an event, postcard against JSON.
fn codecs() {
    let request = Request::Generate { job: 1, what: job(1, 16) };
    let score = TokenScore { logprob: -0.73, bytes: 6, entropy: None };
    let event = Event::Delta { candidate: 0, text: "\n    let".into(), tokens: vec![score] };
    let answer = Answer::Event { job: 1, event };
    let binary = [encode(&request).expect("encodes"), encode(&answer).expect("encodes")];
    let json = [serde_json::to_vec(&request).expect("encodes"), serde_json::to_vec(&answer).expect("encodes")];
    let times = [
        [time(|| encode(&request)), time(|| encode(&answer))],
        [time(|| serde_json::to_vec(&request)), time(|| serde_json::to_vec(&answer))],
        [
            time(|| postcard::from_bytes::<Request>(&binary[0][4..])),
            time(|| postcard::from_bytes::<Answer>(&binary[1][4..])),
        ],
        [time(|| serde_json::from_slice::<Request>(&json[0])), time(|| serde_json::from_slice::<Answer>(&json[1]))],
    ];
    for (kind, what) in ["request", "event"].into_iter().enumerate() {
        println!(
            "{what}: postcard {} bytes, encode {:.2} decode {:.2} us; JSON {} bytes, encode {:.2} decode {:.2} us",
            binary[kind].len(),
            times[0][kind],
            times[2][kind],
            json[kind].len(),
            times[1][kind],
            times[3][kind]
        );
    }
}

/// Median of 200 samples of 20 calls, in microseconds a call.
fn time<T>(call: impl Fn() -> T) -> f64 {
    let sample = |_| {
        let start = Instant::now();
        (0..20).for_each(|_| drop(std::hint::black_box(call())));
        start.elapsed()
    };
    Quantiles::of((0..200).map(sample).collect()).p50 / 20.0
}

struct Quantiles {
    p50: f64,
    p99: f64,
}

impl Quantiles {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_nanos() as f64 / 1000.0;
        Self { p50: at(0.5), p99: at(0.99) }
    }
}
