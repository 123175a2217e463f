//! Doubles of the servers that people run models with, written from their vendors' documents (each file says which), and failing in
//! every way that a test asks for. They share no code with what they test.

// Several test programs take this room in, and none of them uses all of it.
#![allow(dead_code)]

mod http;
#[path = "servers/llama.rs"]
mod llama;
#[path = "servers/ollama.rs"]
mod ollama;
#[path = "servers/openai.rs"]
mod openai;
#[path = "servers/tabby.rs"]
mod tabby;
mod tls;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use http::Request;
#[allow(unused_imports)]
pub use tls::{Authority, Certificate};

/// Whose double it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    LlamaServer,
    Ollama,
    Vllm,
    LmStudio,
    /// A gateway with completions and chat that knows `suffix`.
    OpenAi,
    /// Chat alone.
    Chat,
    Mistral,
    DeepSeek,
    Tabby,
}

/// What a double is made of.
#[derive(Clone)]
pub struct Setup {
    pub kind: Kind,
    pub model: String,
    pub key: Option<String>,
    pub tls: Option<tokio_rustls::TlsAcceptor>,
    /// 0 takes any.
    pub port: u16,
    /// What the model writes, by what stands before the cursor's mark in the prompt, however that came.
    pub writes: Arc<dyn Fn(&str) -> String + Send + Sync>,
    /// Before each token.
    pub pace: Duration,
    pub slots: u32,
    /// llama-server: the model has the tokens for `/infill`.
    pub infill: bool,
    /// Ollama: the template has a suffix.
    pub insert: bool,
    /// The server tells probabilities, and these as the tokens that were less likely.
    pub scores: bool,
    pub others: [&'static str; 2],
    /// llama-server: still loading.
    pub loading: bool,
}

impl Setup {
    pub fn new(kind: Kind) -> Self {
        let model = match kind {
            Kind::Mistral => "codestral-latest",
            Kind::DeepSeek => "deepseek-v4-flash",
            Kind::Tabby => "StarCoder-1B",
            _ => "qwen2.5-coder:1.5b",
        };
        Self {
            kind,
            model: model.to_owned(),
            key: None,
            tls: None,
            port: 0,
            writes: Arc::new(|_| "b".to_owned()),
            pace: Duration::ZERO,
            slots: 2,
            infill: true,
            insert: true,
            scores: true,
            others: ["other", "third"],
            loading: false,
        }
    }

    pub fn writing(kind: Kind, text: &str) -> Self {
        let text = text.to_owned();
        Self { writes: Arc::new(move |_| text.clone()), ..Self::new(kind) }
    }
}

/// What goes wrong with one request for a text.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// Nothing is said until the client goes.
    Silence,
    /// The same after so many pieces of the stream.
    Hang(usize),
    /// The connection is dropped after so many.
    Cut(usize),
    /// Pieces without end.
    Endless,
    Refuse {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
    },
    /// These bytes as the body of a stream with status 200.
    Raw(Vec<u8>),
    /// A piece in the middle, after so many of the right ones.
    Middle(usize, String),
}

impl Fault {
    pub fn refuse(status: u16, body: &str) -> Self {
        Self::Refuse { status, headers: Vec::new(), body: body.to_owned() }
    }
}

/// What a double saw.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub connections: usize,
    pub requests: Vec<Request>,
    /// Texts whose connection was closed before their end.
    pub aborted: usize,
    /// Texts that were sent to their end.
    pub finished: usize,
    /// Texts that are being written.
    pub running: usize,
    pub most_running: usize,
}

impl Record {
    /// Requests for a text.
    pub fn asked(&self) -> Vec<&Request> {
        self.requests.iter().filter(|request| is_question(request)).collect()
    }

    /// The newest of them as JSON.
    pub fn last(&self) -> serde_json::Value {
        self.asked().last().and_then(|request| request.json()).unwrap_or_default()
    }
}

fn is_question(request: &Request) -> bool {
    let paths = [
        "/infill",
        "/completion",
        "/api/generate",
        "/v1/completions",
        "/v1/chat/completions",
        "/v1/fim/completions",
        "/beta/completions",
    ];
    paths.contains(&request.path.as_str())
}

/// An answer before anything went wrong with it.
pub enum Reply {
    Whole {
        status: u16,
        body: String,
    },
    /// Pieces of a stream; `kind` is its content type.
    Stream {
        kind: &'static str,
        pieces: Vec<String>,
    },
}

impl Reply {
    pub fn json(value: serde_json::Value) -> Self {
        Self::Whole { status: 200, body: value.to_string() }
    }

    pub fn error(status: u16, value: serde_json::Value) -> Self {
        Self::Whole { status, body: value.to_string() }
    }
}

/// The double; it ends with it.
pub struct Server {
    pub address: SocketAddr,
    state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

struct State {
    setup: Mutex<Setup>,
    faults: Mutex<VecDeque<Fault>>,
    record: Mutex<Record>,
    changed: watch::Sender<()>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Server {
    pub async fn start(kind: Kind) -> Self {
        Self::with(Setup::new(kind)).await
    }

    pub async fn with(setup: Setup) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", setup.port)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State {
            setup: Mutex::new(setup),
            faults: Mutex::default(),
            record: Mutex::default(),
            changed: watch::Sender::new(()),
        });
        let task = tokio::spawn(listen(listener, state.clone()));
        Self { address, state, task }
    }

    pub fn url(&self) -> String {
        let is_tls = lock(&self.state.setup).tls.is_some();
        if is_tls { format!("https://localhost:{}", self.address.port()) } else { format!("http://{}", self.address) }
    }

    pub fn order(&self, fault: Fault) {
        lock(&self.state.faults).push_back(fault);
    }

    pub fn change(&self, change: impl FnOnce(&mut Setup)) {
        change(&mut lock(&self.state.setup));
    }

    pub fn record(&self) -> Record {
        lock(&self.state.record).clone()
    }

    /// Waits until the record looks like this. Tests bound the time, if at all, from outside.
    pub async fn until(&self, looks_so: impl Fn(&Record) -> bool) -> Record {
        let mut changes = self.state.changed.subscribe();
        loop {
            let record = self.record();
            if looks_so(&record) || changes.changed().await.is_err() {
                return record;
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl State {
    fn note(&self, change: impl FnOnce(&mut Record)) {
        change(&mut lock(&self.record));
        self.changed.send_replace(());
    }
}

async fn listen(listener: TcpListener, state: Arc<State>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        state.note(|record| record.connections += 1);
        drop(stream.set_nodelay(true));
        let (state, tls) = (state.clone(), lock(&state.setup).tls.clone());
        connections.spawn(async move {
            match tls {
                None => drop(converse(&state, stream).await),
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        drop(converse(&state, stream).await);
                    }
                }
            }
        });
    }
}

async fn converse(state: &State, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    let mut buffer = Vec::new();
    while let Some(request) = http::read(&mut stream, &mut buffer, |_| ()).await? {
        state.note(|record| record.requests.push(request.clone()));
        let is_question = is_question(&request);
        let fault = if is_question { lock(&state.faults).pop_front() } else { None };
        let setup = lock(&state.setup).clone();
        let reply = answer(&setup, &request, lock(&state.record).running);
        if is_question {
            state.note(|record| {
                record.running += 1;
                record.most_running = record.most_running.max(record.running);
            });
        }
        let is_whole = send(&setup, &mut stream, reply, fault).await;
        if is_question {
            state.note(|record| {
                record.running -= 1;
                match is_whole {
                    Ok(true) => record.finished += 1,
                    _ => record.aborted += 1,
                }
            });
        }
        if !is_whole? {
            return stream.shutdown().await;
        }
    }
    Ok(())
}

fn answer(setup: &Setup, request: &Request, running: usize) -> Reply {
    if let Some(key) = &setup.key
        && request.header("authorization") != Some(&format!("Bearer {key}"))
    {
        let said = request.header("authorization").unwrap_or_default();
        return Reply::error(
            401,
            serde_json::json!({ "error": { "message": format!("Invalid API key: {said}"), "code": 401 } }),
        );
    }
    match setup.kind {
        Kind::LlamaServer => llama::answer(setup, request, running),
        Kind::Ollama => ollama::answer(setup, request),
        Kind::Tabby => tabby::answer(setup, request),
        _ => openai::answer(setup, request),
    }
}

/// Whether it was sent to its end.
async fn send(
    setup: &Setup,
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    reply: Reply,
    fault: Option<Fault>,
) -> io::Result<bool> {
    let json = |kind: &str| vec![("content-type".to_owned(), kind.to_owned())];
    let (kind, mut pieces) = match (reply, &fault) {
        (_, Some(Fault::Silence)) => {
            gone(stream).await;
            return Ok(false);
        }
        (_, Some(Fault::Refuse { status, headers, body })) => {
            let head = [json("application/json"), headers.clone()].concat();
            stream.write_all(&http::whole(*status, &head, body.as_bytes())).await?;
            return Ok(true);
        }
        (_, Some(Fault::Raw(bytes))) => {
            stream.write_all(&http::chunked_head(200, &json("text/event-stream"))).await?;
            stream.write_all(&[http::chunk(bytes), http::LAST_CHUNK.to_vec()].concat()).await?;
            return Ok(true);
        }
        (Reply::Whole { status, body }, _) => {
            tokio::select! {
                () = gone(stream) => return Ok(false),
                () = tokio::time::sleep(setup.pace) => {}
            }
            stream.write_all(&http::whole(status, &json("application/json"), body.as_bytes())).await?;
            return Ok(true);
        }
        (Reply::Stream { kind, pieces }, _) => (kind, pieces),
    };
    stream.write_all(&http::chunked_head(200, &json(kind))).await?;
    let mut hang_at = usize::MAX;
    match fault {
        Some(Fault::Hang(after)) => hang_at = after,
        Some(Fault::Middle(after, piece)) => pieces.insert(after.min(pieces.len()), piece),
        Some(Fault::Cut(after)) => {
            for piece in pieces.iter().take(after) {
                stream.write_all(&http::chunk(piece.as_bytes())).await?;
            }
            return Ok(false);
        }
        Some(Fault::Endless) => {
            let first = pieces.first().cloned().unwrap_or_default();
            loop {
                stream.write_all(&http::chunk(first.as_bytes())).await?;
                tokio::task::yield_now().await;
            }
        }
        _ => {}
    }
    for (number, piece) in pieces.iter().enumerate() {
        if number == hang_at {
            gone(stream).await;
            return Ok(false);
        }
        if !setup.pace.is_zero() {
            tokio::select! {
                () = gone(stream) => return Ok(false),
                () = tokio::time::sleep(setup.pace) => {}
            }
        }
        if stream.write_all(&http::chunk(piece.as_bytes())).await.is_err() {
            return Ok(false);
        }
    }
    if hang_at == pieces.len() {
        gone(stream).await;
        return Ok(false);
    }
    stream.write_all(http::LAST_CHUNK).await?;
    stream.flush().await?;
    Ok(true)
}

/// Resolves when the client closes. It sends nothing while it waits for an answer.
async fn gone(stream: &mut (impl AsyncRead + Unpin)) {
    let mut byte = [0];
    let _ = stream.read(&mut byte).await;
}

/// A text as a model writes it: words with the blank before them, and single marks.
pub fn tokens(text: &str) -> Vec<&str> {
    let mut rest = text;
    std::iter::from_fn(|| {
        let (token, after) = rest.split_at(first_token(rest)?);
        rest = after;
        Some(token)
    })
    .collect()
}

/// The length of the first one; None at the end.
pub fn first_token(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    let head = usize::from(first == ' ');
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let body = text[head..].find(|character| !is_word(character)).map_or(text.len(), |at| head + at);
    Some(body.max(first.len_utf8()))
}
