//! What an engine over HTTP costs beside its server: the same bytes sent by hand over a kept connection and by the engine, turn about.
//!
//!     cargo bench --bench http [-- doubles|real]
//!
//! Against doubles of every kind, which answer at once, and against a real llama-server where `TANDEM_TEST_LLAMA_SERVER` names one (as
//! for `make test-servers`). Prints medians and 95th percentiles in µs; `more` is the median of what each job took longer than the request
//! by hand just before it, and CPU what this process computed for one of them, which other work on the machine does not change. A double
//! is in this process, too.

#[path = "../tests/doubles/servers.rs"]
mod doubles;

use std::sync::Arc;
use std::time::{Duration, Instant};

use doubles::{Fault, Kind, Request, Server, Setup};
use tandem::engine::http::{HttpConfig, HttpEngine, NoKeys, ServerKind};
use tandem::engine::{Engine, Event, FimPrompt, Job, PromptBudget, Task, Urgency};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Handle;

const ROUNDS: usize = 200;

const KINDS: [(Kind, ServerKind); 8] = [
    (Kind::LlamaServer, ServerKind::LlamaServer),
    (Kind::Ollama, ServerKind::Ollama),
    (Kind::Vllm, ServerKind::Vllm),
    (Kind::LmStudio, ServerKind::LmStudio),
    (Kind::OpenAi, ServerKind::OpenAi),
    (Kind::Mistral, ServerKind::Mistral),
    (Kind::Tabby, ServerKind::Tabby),
    (Kind::Chat, ServerKind::OpenAiChat),
];

#[tokio::main]
async fn main() {
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    println!(
        "{:<30} {:>8} {:>8} {:>8} {:>8} {:>6} {:>9} {:>9} {:>8} {:>8}",
        "µs", "raw p50", "p95", "own p50", "p95", "more", "TTFT raw", "TTFT own", "CPU raw", "CPU own"
    );
    if only != "real" {
        for (double, kind) in KINDS {
            let server = Server::with(Setup::writing(double, "b + c;")).await;
            let engine = ready(kind, &server.url()).await;
            written(&engine, 0).await;
            let request = server.record().asked().last().copied().cloned().expect("a request");
            compare(&format!("{double:?} (double)"), &engine, &server.address.to_string(), &request).await;
        }
        cancels().await;
    }
    if only != "doubles"
        && let Ok(url) = std::env::var("TANDEM_TEST_LLAMA_SERVER")
    {
        real(&url, ServerKind::LlamaServer, "llama-server /completion").await;
        real(&url, ServerKind::OpenAi, "llama-server /v1/completions").await;
        if let Ok(unnamed) = std::env::var("TANDEM_TEST_LLAMA_SERVER_UNNAMED") {
            real(&unnamed, ServerKind::LlamaServer, "llama-server /infill").await;
        }
    }
}

/// The bytes for a real server are those that its double got under the same name.
async fn real(url: &str, kind: ServerKind, title: &str) {
    let mut setup = Setup::new(if kind == ServerKind::OpenAi { Kind::OpenAi } else { Kind::LlamaServer });
    setup.model = if title.contains("infill") { "model" } else { "starter-fim" }.to_owned();
    let double = Server::with(setup).await;
    written(&ready(kind, &double.url()).await, 0).await;
    let request = double.record().asked().last().copied().cloned().expect("a request");
    let engine = ready(kind, url).await;
    compare(title, &engine, url.trim_start_matches("http://"), &request).await;
    // A job that is dropped in the middle, and how long the next one waits for its first token because of that.
    let mut after = Vec::new();
    for _ in 0..30 {
        let mut long = job(0);
        (long.max_tokens, long.max_lines) = (500, 500);
        let mut generation = engine.generate(long);
        while let Some(event) = generation.next().await {
            if matches!(event, Event::Delta { .. } | Event::Done(_)) {
                break;
            }
        }
        drop(generation);
        after.push(written(&engine, 0).await.0);
    }
    println!("{title}: first token after a cancel: p50 {} µs", percentile(&mut after, 50));
}

async fn ready(kind: ServerKind, url: &str) -> HttpEngine {
    let mut config = HttpConfig::new(kind, url);
    config.self_test = false;
    let engine = HttpEngine::new(config, Arc::new(NoKeys), &Handle::current());
    engine.status().wait_for(tandem::engine::EngineStatus::is_ready).await.expect("a server");
    engine
}

/// About 3 KiB around the cursor; `typed` letters stand before it.
fn job(typed: usize) -> Job {
    let lines: String = (0..80).map(|number| format!("    let value_{number} = compute({number});\n")).collect();
    let letters: String = "abcdefghijklmnop".chars().cycle().take(typed % 16).collect();
    Job {
        lane: 1,
        urgency: Urgency::Awaited,
        task: Task::Write,
        prompt: FimPrompt {
            path: "src/sample.rs".to_owned(),
            prefix: format!("fn main() {{\n{lines}    let total = {letters}").into(),
            suffix: "\n    println!(\"{total}\");\n}\n".into(),
            ..FimPrompt::default()
        },
        budget: PromptBudget { prefix: 1536, suffix: 512, snippets: 1024 },
        max_tokens: 8,
        max_lines: 4,
        candidates: 1,
        draft: None,
        explain: false,
        corpus: None,
    }
}

/// First text and end of a job of the engine.
async fn written(engine: &HttpEngine, typed: usize) -> (Duration, Duration) {
    let since = Instant::now();
    let mut first = None;
    let mut generation = engine.generate(job(typed));
    while let Some(event) = generation.next().await {
        if matches!(event, Event::Delta { .. }) {
            first.get_or_insert_with(|| since.elapsed());
        }
    }
    (first.unwrap_or_default(), since.elapsed())
}

/// The same by hand: one write, then reads until the body ends.
async fn by_hand(stream: &mut TcpStream, request: &[u8]) -> std::io::Result<(Duration, Duration)> {
    let since = Instant::now();
    stream.write_all(request).await?;
    let (mut first, mut buffer) = (None, Vec::with_capacity(16 << 10));
    loop {
        if stream.read_buf(&mut buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        if buffer.len() > head + 4 {
            first.get_or_insert_with(|| since.elapsed());
        }
        let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
        let is_over = match text
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.lines().next()?.trim().parse::<usize>().ok())
        {
            Some(length) => buffer.len() >= head + 4 + length,
            None => buffer.get(head + 4..).is_some_and(|body| body.ends_with(b"0\r\n\r\n")),
        };
        if is_over {
            return Ok((first.unwrap_or_default(), since.elapsed()));
        }
    }
}

async fn compare(title: &str, engine: &HttpEngine, address: &str, request: &Request) {
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        request.path,
        request.body.len()
    );
    let bytes = [head.as_bytes(), &request.body].concat();
    let mut stream = TcpStream::connect(address).await.expect("a server");
    drop(stream.set_nodelay(true));
    let (mut raw, mut own, mut raw_first, mut own_first) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut more, mut raw_cpu, mut own_cpu) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS + 10 {
        let before = cpu_time();
        let by_hand = match by_hand(&mut stream, &bytes).await {
            Ok(times) => times,
            // llama-server closes a connection after a hundred requests.
            Err(_) => {
                stream = TcpStream::connect(address).await.expect("a server");
                continue;
            }
        };
        let between = cpu_time();
        let by_engine = written(engine, 0).await;
        if round >= 10 {
            more.push(by_engine.1.as_micros() as i128 - by_hand.1.as_micros() as i128);
            raw_cpu.push(between.saturating_sub(before));
            own_cpu.push(cpu_time().saturating_sub(between));
            raw_first.push(by_hand.0);
            raw.push(by_hand.1);
            own_first.push(by_engine.0);
            own.push(by_engine.1);
        }
    }
    println!(
        "{title:<30} {:>8} {:>8} {:>8} {:>8} {:>6} {:>9} {:>9} {:>8} {:>8}",
        percentile(&mut raw, 50),
        percentile(&mut raw, 95),
        percentile(&mut own, 50),
        percentile(&mut own, 95),
        median(&mut more),
        percentile(&mut raw_first, 50),
        percentile(&mut own_first, 50),
        percentile(&mut raw_cpu, 50),
        percentile(&mut own_cpu, 50)
    );
}

/// From letting go of a job to the server's knowing of it.
async fn cancels() {
    let server = Server::with(Setup::writing(Kind::LlamaServer, "b + c;")).await;
    let engine = ready(ServerKind::LlamaServer, &server.url()).await;
    let mut times = Vec::new();
    for round in 0..100 {
        server.order(Fault::Hang(1));
        let mut generation = engine.generate(job(round));
        while let Some(event) = generation.next().await {
            if matches!(event, Event::Delta { .. }) {
                break;
            }
        }
        let since = Instant::now();
        drop(generation);
        server.until(|record| record.aborted == round + 1).await;
        times.push(since.elapsed());
    }
    println!(
        "cancel to closed connection: p50 {} µs, p95 {} µs",
        percentile(&mut times, 50),
        percentile(&mut times, 95)
    );
}

/// User and system time of this process.
#[cfg(unix)]
fn cpu_time() -> Duration {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the call writes at most one rusage into the place it is given, and all zeros are a valid one.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    let time = |time: libc::timeval| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1000);
    time(usage.ru_utime) + time(usage.ru_stime)
}

#[cfg(not(unix))]
fn cpu_time() -> Duration {
    Duration::ZERO
}

fn median(differences: &mut [i128]) -> i128 {
    differences.sort_unstable();
    differences.get(differences.len() / 2).copied().unwrap_or_default()
}

fn percentile(times: &mut [Duration], percent: usize) -> u128 {
    times.sort_unstable();
    times.get((times.len() * percent / 100).min(times.len().saturating_sub(1))).map_or(0, Duration::as_micros)
}
