//! What a server that is not there costs, and what it costs to look at what is typed before it is sent.
//!
//! `cargo bench --no-default-features --features cloud --bench fallback`
//! Servers that are dead, silent, or die at one place or another, on this machine's loopback; behind each a model in this process
//! that answers at once, so that what is told is the way there. Then the guard before a server on another machine, on prompts of
//! about 2,000 tokens of our own sources, in a trusted folder on disk.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tandem::config::Settings;
use tandem::engine::fake::FakeEngine;
use tandem::engine::fallback::{Fallback, FallbackParts, Guard, PATIENCE, ServerSite, SystemClock};
use tandem::engine::http::{HttpConfig, HttpEngine, NoKeys, ServerKind};
use tandem::engine::{
    Engine, EngineState, Event, FimPrompt, Finish, Job, Origin, PromptBudget, Snippet, Task, Urgency,
};
use tandem::gate::audit::AuditLog;
use tandem::gate::typing::{TypingGuard, TypingParts, TypingRules};
use tandem::privacy::secrets::Scanner;
use tandem::privacy::{Fingerprint, Trust};
use tokio::runtime::Handle;

const ROUNDS: usize = 15;
const SCANS: usize = 200;

/// What the server does with the next request for text.
#[derive(Clone, Copy)]
enum Way {
    Answers,
    IsSilent,
    BreaksBefore,
    BreaksAfter,
}

struct Server {
    address: SocketAddr,
    way: Arc<AtomicU8>,
    /// Open connections of the silent.
    held: Arc<Mutex<Vec<TcpStream>>>,
}

impl Server {
    /// OpenAI's completions, as far as is asked for.
    fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (way, held) = (Arc::<AtomicU8>::default(), Arc::<Mutex<Vec<TcpStream>>>::default());
        let (its_way, its_held) = (way.clone(), held.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (way, held) = (its_way.clone(), its_held.clone());
                std::thread::spawn(move || drop(serve(stream, &way, &held)));
            }
        });
        Ok(Self { address, way, held })
    }

    fn does(&self, way: Way) {
        self.way.store(way as u8, Ordering::SeqCst);
    }
}

fn serve(mut stream: TcpStream, way: &AtomicU8, held: &Mutex<Vec<TcpStream>>) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut piece = [0; 16 << 10];
    let head = loop {
        let read = stream.read(&mut piece)?;
        request.extend_from_slice(&piece[..read]);
        if let Some(at) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if read == 0 {
            return Ok(());
        }
    };
    let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse::<usize>().ok());
    while request.len() < head + length.unwrap_or(0) {
        let read = stream.read(&mut piece)?;
        request.extend_from_slice(&piece[..read]);
    }
    if text.starts_with("get ") {
        let body = r#"{"object":"list","data":[{"id":"qwen2.5-coder-1.5b","object":"model","max_model_len":8192}]}"#;
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        return stream.write_all((head + body).as_bytes());
    }
    let begin = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    let word = b"data: {\"choices\":[{\"index\":0,\"text\":\"from the server\",\"finish_reason\":null}]}\n\n";
    match way.load(Ordering::SeqCst) {
        way if way == Way::IsSilent as u8 => held.lock().unwrap_or_else(PoisonError::into_inner).push(stream),
        way if way == Way::BreaksBefore as u8 => {}
        way if way == Way::BreaksAfter as u8 => stream.write_all(&[&begin[..], word].concat())?,
        _ => {
            let end =
                b"data: {\"choices\":[{\"index\":0,\"text\":\"\",\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
            stream.write_all(&[&begin[..], word, end].concat())?;
        }
    }
    Ok(())
}

fn engine(address: SocketAddr) -> Arc<HttpEngine> {
    let mut config = HttpConfig::new(ServerKind::OpenAi, &format!("http://{address}"));
    config.self_test = false;
    Arc::new(HttpEngine::new(config, Arc::new(NoKeys), &Handle::current()))
}

fn with_model_behind(server: Arc<HttpEngine>) -> Fallback {
    let parts = FallbackParts {
        site: ServerSite { host: "127.0.0.1".to_owned(), is_on_this_machine: true },
        server,
        here: Some(Box::new(|| Some(Arc::new(FakeEngine::new(|_| "from here".to_owned())) as Arc<dyn Engine>))),
        guard: None,
        patience: PATIENCE,
        clock: Arc::new(SystemClock::default()),
    };
    Fallback::new(parts, &Handle::current())
}

async fn until_ready(engine: &dyn Engine) {
    let mut status = engine.status();
    let _ = status.wait_for(|status| status.state == EngineState::Ready).await;
}

/// Time to the first word, all text, and the end.
async fn ask(engine: &dyn Engine) -> (Duration, String, Option<Finish>) {
    let begun = Instant::now();
    let mut stream = engine.generate(job(FimPrompt { prefix: "fn main() {".into(), ..FimPrompt::default() }));
    let (mut first, mut text, mut end) = (None, String::new(), None);
    while let Some(event) = stream.next().await {
        match event {
            Event::Delta { text: more, .. } => {
                first.get_or_insert_with(|| begun.elapsed());
                text.push_str(&more);
            }
            Event::Finished { reason, .. } => end = Some(reason),
            Event::Started(_) | Event::Done(_) => {}
        }
    }
    (first.unwrap_or_else(|| begun.elapsed()), text, end)
}

fn job(prompt: FimPrompt) -> Job {
    Job {
        lane: 1,
        urgency: Urgency::Awaited,
        task: Task::Write,
        prompt,
        budget: PromptBudget { prefix: 1500, suffix: 500, snippets: 1000 },
        max_tokens: 32,
        max_lines: 1,
        candidates: 1,
        draft: None,
        explain: false,
        corpus: None,
    }
}

fn report(what: &str, mut times: Vec<Duration>, said: &str) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
    println!("| {what} | {:.2} | {:.2} | {:.2} | {said} |", at(50), at(95), at(100));
}

async fn servers() -> std::io::Result<()> {
    println!("| server | p50 ms | p95 ms | most ms | what came |\n|---|---:|---:|---:|---|");
    let said = |(_, text, end): &(Duration, String, Option<Finish>)| format!("{text:?}, {end:?}");
    let one = |what: &str, answers: Vec<(Duration, String, Option<Finish>)>| {
        let last = answers.last().map(said).unwrap_or_default();
        report(what, answers.into_iter().map(|answer| answer.0).collect(), &last);
    };
    let server = Server::start()?;
    let direct = engine(server.address);
    until_ready(direct.as_ref()).await;
    let (mut alone, mut behind) = (Vec::new(), Vec::new());
    let fallback = with_model_behind(direct.clone());
    for _ in 0..ROUNDS * 10 {
        alone.push(ask(direct.as_ref()).await);
        behind.push(ask(&fallback).await);
    }
    one("answers, without a fallback", alone);
    one("answers, with one", behind);
    for (what, way) in [
        ("accepts and never answers", Way::IsSilent),
        ("dies before its first word", Way::BreaksBefore),
        ("dies behind its first word", Way::BreaksAfter),
    ] {
        let mut answers = Vec::new();
        for _ in 0..ROUNDS {
            // A new one each time: the second failure in a row is not waited for.
            let fallback = with_model_behind(engine(server.address));
            server.does(Way::Answers);
            until_ready(&fallback).await;
            ask(&fallback).await;
            server.does(way);
            answers.push(ask(&fallback).await);
            server.held.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        one(what, answers);
    }
    // Nobody listens there, and somebody does who never says a word: from the engine's very start on.
    let dead = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let silent = TcpListener::bind("127.0.0.1:0")?;
    for (what, address) in
        [("nobody listens, from the start", dead), ("accepts and says nothing, from the start", silent.local_addr()?)]
    {
        let mut answers = Vec::new();
        for _ in 0..ROUNDS {
            answers.push(ask(&with_model_behind(engine(address))).await);
        }
        one(what, answers);
    }
    let fallback = with_model_behind(engine(dead));
    let mut answers = Vec::new();
    for _ in 0..ROUNDS {
        answers.push(ask(&fallback).await);
    }
    one("known to be down", answers.split_off(2));
    Ok(())
}

/// Prompts of about 8 kB from our own sources: 6 kB before the cursor, 1 kB behind it, and two snippets.
fn prompts(folder: &Path) -> std::io::Result<Vec<FimPrompt>> {
    let origin = Arc::new(Origin { folder: Some(folder.to_owned()), others: Vec::new() });
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/gate"))? {
        let path = entry?.path();
        if path.is_file() {
            texts.push(std::fs::read_to_string(path)?);
        }
    }
    let whole: Vec<char> = texts.concat().chars().collect();
    let cut = |from: usize, length: usize| whole.iter().cycle().skip(from).take(length).collect::<String>();
    Ok((0..SCANS)
        .map(|number| {
            let at = number * 997 % whole.len();
            let snippet = |of: usize| Snippet { path: format!("src/s{of}.rs"), text: cut(at + of * 20_000, 600) };
            FimPrompt {
                repository: Some("work".to_owned()),
                path: "src/a.rs".to_owned(),
                snippets: vec![snippet(1), snippet(2)],
                prefix: cut(at, 6_000).into(),
                suffix: cut(at + 6_000, 1_000).into(),
                offset: 6_000,
                origin: origin.clone(),
            }
        })
        .collect())
}

fn guard() -> std::io::Result<()> {
    let place = tempfile::tempdir()?;
    let (folder, state) = (place.path().join("work"), place.path().join("state"));
    std::fs::create_dir_all(folder.join("src"))?;
    std::fs::write(folder.join("src/a.rs"), "")?;
    std::fs::write(folder.join(".gitignore"), "target\n")?;
    let trust = Trust::new(&state);
    trust.grant(&folder, &Fingerprint::of(&folder))?;
    let guard = TypingGuard::new(TypingParts {
        host: "gpu.example".to_owned(),
        session: "bench".to_owned(),
        rules: TypingRules::of(&Settings::default()),
        trust,
        audit: Arc::new(AuditLog::new(state.join("audit.jsonl"), 365)),
        clock: Arc::new(SystemTime::now),
    });
    println!("\n| before a request leaves | p50 ms | p95 ms | most ms | |\n|---|---:|---:|---:|---|");
    let (mut scans, mut all, mut kept) = (Vec::new(), Vec::new(), 0);
    let prompts = prompts(&folder)?;
    let bytes = prompts.iter().map(FimPrompt::bytes).sum::<usize>() / prompts.len();
    // The rules are read once a process.
    let _ = Scanner::shared();
    for prompt in prompts {
        let texts: Vec<&str> = [&*prompt.prefix, &*prompt.suffix]
            .into_iter()
            .chain(prompt.snippets.iter().map(|one| one.text.as_str()))
            .collect();
        let begun = Instant::now();
        std::hint::black_box(Scanner::shared().find_in(&texts));
        scans.push(begun.elapsed());
        let begun = Instant::now();
        kept += usize::from(guard.admit(job(prompt)).is_err());
        all.push(begun.elapsed());
    }
    report("one scan of the prompt", scans, &format!("{bytes} bytes"));
    report("trust, ignore files, links, all scans, the log", all, &format!("{kept} of {SCANS} kept"));
    Ok(())
}

fn main() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(servers())?;
    runtime.shutdown_background();
    guard()
}
