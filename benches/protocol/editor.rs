//! An editor that notes when answers arrive.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use tandem::config::{Environment, Loader, Settings};
use tandem::engine::{
    Engine, EngineState, EngineStatus, Event, Finish, Generation, Job, PromptReport, Report, TokenScore, generation,
};
use tandem::lsp::{ServeOptions, serve};
use tandem::session::Session;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, watch};

#[path = "../../tests/e2e/support/pipe.rs"]
mod pipe;

use pipe::{Frames, frame};

/// Writes the same line to everybody, sure of itself.
pub struct Sure {
    line: &'static str,
    status: watch::Sender<EngineStatus>,
}

impl Sure {
    pub fn new(line: &'static str) -> Arc<Self> {
        Arc::new(Self { line, status: watch::Sender::new(EngineStatus::new("fake", EngineState::Ready)) })
    }
}

impl Engine for Sure {
    fn generate(&self, _job: Job) -> Generation {
        let (sender, stream) = generation();
        sender.send(Event::Started(PromptReport::default()));
        let tokens = vec![TokenScore { logprob: -0.01, bytes: self.line.len() as u32, entropy: None }];
        sender.send(Event::Delta { candidate: 0, text: self.line.to_owned(), tokens });
        sender.send(Event::Finished { candidate: 0, reason: Finish::EndOfText });
        sender.send(Event::Done(Report::default()));
        stream
    }

    fn status(&self) -> watch::Receiver<EngineStatus> {
        self.status.subscribe()
    }
}

pub struct Editor {
    writer: Box<dyn AsyncWrite + Unpin + Send>,
    arrived: mpsc::UnboundedReceiver<(Value, Instant)>,
    early: HashMap<i64, (Value, Instant)>,
    next_id: i64,
}

impl Editor {
    /// An editor of a server in this process.
    pub async fn in_process(engine: Arc<dyn Engine>) -> Self {
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        let (input, output) = tokio::io::split(theirs);
        let nowhere = std::env::temp_dir().join("tandem-bench-has-no-settings");
        let environment = Environment::of(&[("XDG_CONFIG_HOME", &nowhere.to_string_lossy())]);
        let loader = Loader::new(environment, json!({ "completion.eagerness": "high" }));
        let options = ServeOptions { loader, ..ServeOptions::default() };
        tokio::spawn(serve(input, output, Session::new(Settings::default(), Some(engine)), options));
        let (reader, writer) = tokio::io::split(ours);
        let mut editor = Self::new(reader, writer);
        editor.initialize().await;
        editor
    }

    pub fn new(
        reader: impl AsyncRead + Unpin + Send + 'static,
        writer: impl AsyncWrite + Unpin + Send + 'static,
    ) -> Self {
        let (sender, arrived) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut frames = Frames::new(reader);
            while let Some(message) = frames.next().await {
                if message.get("method").is_none() && sender.send((message, Instant::now())).is_err() {
                    return;
                }
            }
        });
        Self { writer: Box::new(writer), arrived, early: HashMap::new(), next_id: 1 }
    }

    pub async fn initialize(&mut self) {
        let capabilities = json!({
            "general": { "positionEncodings": ["utf-8"] },
            "textDocument": { "inlineCompletion": {} },
        });
        let params = json!({ "processId": null, "rootUri": null, "capabilities": capabilities });
        let id = self.send("initialize", params).await;
        self.answer(id).await;
        self.notify("initialized", json!({})).await;
    }

    pub async fn notify(&mut self, method: &str, params: Value) {
        self.write(json!({ "jsonrpc": "2.0", "method": method, "params": params })).await;
    }

    pub async fn send(&mut self, method: &str, params: Value) -> i64 {
        let id = self.next_id;
        self.next_id += 1;
        self.write(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).await;
        id
    }

    async fn write(&mut self, message: Value) {
        self.writer.write_all(&frame(&message)).await.expect("the server reads");
        self.writer.flush().await.expect("the server reads");
    }

    /// The response to a request and when it came.
    pub async fn answer(&mut self, id: i64) -> (Value, Instant) {
        loop {
            if let Some(found) = self.early.remove(&id) {
                return found;
            }
            let (message, at) = self.arrived.recv().await.expect("the server goes on");
            if let Some(id) = message["id"].as_i64() {
                self.early.insert(id, (message, at));
            }
        }
    }

    pub async fn open(&mut self, uri: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": "rust", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document })).await;
    }

    /// Types at a place.
    pub async fn insert(&mut self, uri: &str, version: i32, line: u32, character: u32, text: &str) {
        let place = json!({ "line": line, "character": character });
        let change = json!({ "range": { "start": place, "end": place }, "text": text });
        let document = json!({ "uri": uri, "version": version });
        self.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": [change] })).await;
    }

    pub async fn ask(&mut self, uri: &str, line: u32, character: u32) -> i64 {
        let params = json!({
            "textDocument": { "uri": uri },
            "position": { "line": line, "character": character },
            "context": { "triggerKind": 2 },
        });
        self.send("textDocument/inlineCompletion", params).await
    }

    pub async fn cancel(&mut self, id: i64) {
        self.notify("$/cancelRequest", json!({ "id": id })).await;
    }
}
