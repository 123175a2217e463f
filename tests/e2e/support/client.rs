//! An editor in a test: sends what the test says, answers what servers ask, keeps what it was told.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use tandem::config::{Environment, Loader, Settings};
use tandem::engine::chat::ChatEngine;
use tandem::engine::fake::FakeEngine;
use tandem::engine::{Engine, Job};
use tandem::lsp::{EngineFactory, ServeOptions, serve};
use tandem::session::Session;
use tandem::session::questions::{Answerer, Pipeline};
use tokio::io::{AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};
use tokio::task::JoinHandle;

use super::HANG;
use super::pipe::{Frames, frame};

pub const URI: &str = "file:///proj/a.rs";

/// A client that shows ghost text and counts in UTF-8.
pub fn inline_capabilities() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-8", "utf-16"] },
        "textDocument": { "inlineCompletion": { "dynamicRegistration": false } },
    })
}

/// A client that has only a completion menu.
pub fn menu_capabilities() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-8", "utf-16"] },
        "textDocument": { "completion": { "completionItem": { "documentationFormat": ["markdown"] } } },
    })
}

pub fn range(start: (u32, u32), end: (u32, u32)) -> Value {
    let position = |(line, character): (u32, u32)| json!({ "line": line, "character": character });
    json!({ "start": position(start), "end": position(end) })
}

/// What a server is started with.
pub struct Setup {
    engine: Option<Arc<dyn Engine>>,
    pub options: ServeOptions,
    pipe_bytes: usize,
    state: Option<PathBuf>,
    user: Value,
    variables: Vec<(String, String)>,
    with_pipeline: bool,
    with_engines: bool,
    chat: Option<Arc<dyn ChatEngine>>,
}

impl Setup {
    /// An engine that writes what `script` returns.
    pub fn script(script: impl Fn(&Job) -> String + Send + Sync + 'static) -> Self {
        Self::engine(Arc::new(FakeEngine::new(script)))
    }

    pub fn engine(engine: Arc<dyn Engine>) -> Self {
        Self { engine: Some(engine), ..Self::lookup() }
    }

    /// No model.
    pub fn lookup() -> Self {
        Self {
            engine: None,
            options: ServeOptions::default(),
            pipe_bytes: 64 << 10,
            state: None,
            user: json!({}),
            variables: Vec::new(),
            with_pipeline: false,
            with_engines: false,
            chat: None,
        }
    }

    /// Somebody who answers questions; what cannot be shown goes to files in `state`.
    pub fn answered_by(mut self, answerer: Arc<dyn Answerer>, state: &Path) -> Self {
        self.options.answerer = Some(answerer);
        self.state = Some(state.to_owned());
        self
    }

    /// Questions are answered by all that is behind them in a real server; what it keeps goes to `state`.
    pub fn answered_for_real(mut self, state: &Path) -> Self {
        self.with_pipeline = true;
        self.state = Some(state.to_owned());
        self
    }

    /// The engine is what the settings ask for, as `tandem serve` makes it.
    pub fn engines_for_real(mut self) -> Self {
        self.with_engines = true;
        self
    }

    /// A model on this machine that holds conversations.
    pub fn with_chat(mut self, chat: Arc<dyn ChatEngine>) -> Self {
        self.chat = Some(chat);
        self
    }

    /// The user's environment.
    pub fn variables(mut self, variables: Vec<(String, String)>) -> Self {
        self.variables = variables;
        self
    }

    /// What the user has set beside the editor.
    pub fn user(mut self, settings: Value) -> Self {
        self.user = settings;
        self
    }

    /// Leaves the choice of the engine to the settings, as `tandem serve` does.
    pub fn factory(mut self, factory: EngineFactory) -> Self {
        self.options.make_engine = Some(factory);
        self
    }

    /// Bytes that the pipe holds in each direction.
    pub fn pipe(mut self, bytes: usize) -> Self {
        self.pipe_bytes = bytes;
        self
    }

    /// A server that nobody has said anything to. Reads no setting and no variable of this machine, and stores no index.
    pub fn start(mut self) -> Client {
        let nowhere = std::env::temp_dir().join("tandem-tests-have-no-settings");
        let state = self.state.take().unwrap_or_else(|| nowhere.clone());
        let directories = [("XDG_CONFIG_HOME", nowhere), ("XDG_STATE_HOME", state)];
        let directories = directories.map(|(name, path)| (name, path.to_string_lossy().into_owned()));
        let own = self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let all: Vec<(&str, &str)> = directories.iter().map(|(name, path)| (*name, path.as_str())).chain(own).collect();
        let environment = Environment::of(&all);
        let mut settings = json!({ "completion.eagerness": "high", "index.persist": false });
        settings.as_object_mut().expect("settings").extend(self.user.as_object().cloned().unwrap_or_default());
        self.options.loader = Loader::new(environment, settings);
        if self.with_engines {
            self.options.make_engine = Some(tandem::cli::engines::factory(&self.options.loader));
        }
        if self.with_pipeline {
            let chat = self.chat.take();
            self.options.answerer =
                Some(Arc::new(Pipeline::new(&self.options.loader, Arc::new(move |_| chat.clone()))));
        }
        let (ours, theirs) = tokio::io::duplex(self.pipe_bytes);
        let (input, output) = tokio::io::split(theirs);
        let session = Session::new(Settings::default(), self.engine);
        let server = tokio::spawn(serve(input, output, session, self.options));
        Client::new(ours, server)
    }

    /// A server that is initialized for `capabilities`.
    pub async fn initialized(self, capabilities: Value) -> Client {
        let mut client = self.start();
        client.initialize(capabilities).await;
        client
    }
}

pub struct Client {
    writer: WriteHalf<DuplexStream>,
    frames: Frames<ReadHalf<DuplexStream>>,
    server: JoinHandle<anyhow::Result<i32>>,
    next_id: i64,
    /// Ids of requests that were sent and not answered.
    open_requests: HashSet<String>,
    responses: HashMap<String, Value>,
    /// Notifications and requests of the server, in order.
    told: Vec<Value>,
    /// What `workspace/configuration` answers; null sections otherwise.
    pub section: Value,
    /// Whether requests of the server are answered at all.
    pub answers: bool,
    pub initialized: Value,
    /// What the user chooses when asked, one after the other; nothing when there is no more.
    pub choices: VecDeque<&'static str>,
    /// What `tandem/consent` is answered with, one after the other: a result, or an error of this code. Null when there is no
    /// more.
    pub consents: VecDeque<Result<Value, i64>>,
    /// Texts of documents that the server has edited, by their URIs.
    pub edited: HashMap<String, String>,
    /// Whether edits of the server are made.
    pub makes_edits: bool,
}

impl Client {
    fn new(pipe: DuplexStream, server: JoinHandle<anyhow::Result<i32>>) -> Self {
        let (reader, writer) = tokio::io::split(pipe);
        Self {
            writer,
            frames: Frames::new(reader),
            server,
            next_id: 1,
            open_requests: HashSet::new(),
            responses: HashMap::new(),
            told: Vec::new(),
            section: Value::Null,
            answers: true,
            initialized: Value::Null,
            choices: VecDeque::new(),
            consents: VecDeque::new(),
            edited: HashMap::new(),
            makes_edits: true,
        }
    }

    // ---- Sending.

    pub async fn raw(&mut self, bytes: &[u8]) {
        let written = tokio::time::timeout(HANG, self.writer.write_all(bytes)).await;
        written.expect("the server reads").expect("the server is there");
    }

    pub async fn notify(&mut self, method: &str, params: Value) {
        self.raw(&frame(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))).await;
    }

    /// Sends a request and returns its id.
    pub async fn send(&mut self, method: &str, params: Value) -> Value {
        let id = json!(self.next_id);
        self.next_id += 1;
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.open_requests.insert(id.to_string());
        self.raw(&frame(&message)).await;
        id
    }

    /// Announces that bytes sent raw hold a request of this id.
    pub fn expects(&mut self, id: &Value) {
        self.open_requests.insert(id.to_string());
    }

    /// Sends a request and returns its whole response.
    pub async fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params).await;
        self.response(&id).await
    }

    /// The result of a request that must succeed.
    pub async fn result(&mut self, method: &str, params: Value) -> Value {
        let response = self.request(method, params).await;
        response.get("result").unwrap_or_else(|| panic!("{method}: {response}")).clone()
    }

    pub async fn cancel(&mut self, id: &Value) {
        self.notify("$/cancelRequest", json!({ "id": id })).await;
    }

    // ---- Receiving.

    /// The response to a request. There is exactly one: a second is a failure wherever it turns up.
    pub async fn response(&mut self, id: &Value) -> Value {
        loop {
            if let Some(response) = self.responses.remove(&id.to_string()) {
                return response;
            }
            self.receive().await;
        }
    }

    /// The first notification or request of the server that fits and was not taken before.
    pub async fn told(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            if let Some(index) = self.told.iter().position(&fits) {
                return self.told.remove(index);
            }
            self.receive().await;
        }
    }

    pub async fn told_method(&mut self, method: &str) -> Value {
        self.told(|message| message["method"] == method).await
    }

    /// What arrived so far, without waiting.
    pub fn arrived(&self, method: &str) -> usize {
        self.told.iter().filter(|message| message["method"] == method).count()
    }

    async fn receive(&mut self) {
        let next = tokio::time::timeout(HANG, self.frames.next()).await.expect("the server says something");
        let message = next.expect("the server goes on");
        match (message.get("method"), message.get("id")) {
            (Some(_), id) => {
                if let Some(id) = id.filter(|_| self.answers) {
                    let mut response = json!({ "jsonrpc": "2.0", "id": id });
                    match self.reply(&message) {
                        Ok(result) => response["result"] = result,
                        Err(code) => response["error"] = json!({ "code": code, "message": "no" }),
                    }
                    self.raw(&frame(&response)).await;
                }
                self.told.push(message);
            }
            (None, Some(id)) => {
                let known = id.is_null() || self.open_requests.remove(&id.to_string());
                assert!(known, "a response that nobody waits for: {message}");
                self.responses.insert(id.to_string(), message);
            }
            (None, None) => panic!("neither request nor response: {message}"),
        }
    }

    /// What a real client answers to a request of the server.
    fn reply(&mut self, message: &Value) -> Result<Value, i64> {
        Ok(match message["method"].as_str() {
            Some("tandem/consent") => return self.consents.pop_front().unwrap_or(Ok(Value::Null)),
            Some("workspace/configuration") => json!([self.section]),
            Some("window/showDocument") => json!({ "success": true }),
            Some("window/showMessageRequest") => {
                let choice = self.choices.pop_front();
                choice.map_or(Value::Null, |title| json!({ "title": title }))
            }
            Some("workspace/applyEdit") => {
                if self.makes_edits {
                    self.make_edits(&message["params"]["edit"]["changes"]);
                }
                json!({ "applied": self.makes_edits })
            }
            _ => Value::Null,
        })
    }

    /// Insertions at the end of what was inserted before, which are all that the server makes by itself.
    fn make_edits(&mut self, changes: &Value) {
        for (uri, edits) in changes.as_object().expect("changes") {
            let text = self.edited.entry(uri.clone()).or_default();
            for edit in edits.as_array().expect("edits") {
                let last = text.rsplit('\n').next().expect("a line");
                let end = json!({ "line": text.matches('\n').count(), "character": last.len() });
                assert_eq!((&edit["range"]["start"], &edit["range"]["end"]), (&end, &end), "at the end of {text:?}");
                text.push_str(edit["newText"].as_str().expect("a text"));
            }
        }
    }

    // ---- The steps of an editor.

    pub async fn initialize(&mut self, capabilities: Value) {
        let params = json!({
            "processId": null,
            "rootUri": null,
            "capabilities": capabilities,
            "workspaceFolders": [{ "uri": "file:///proj", "name": "proj" }],
        });
        self.initialized = self.result("initialize", params).await;
        self.notify("initialized", json!({})).await;
    }

    /// As Rust, unless the name says Python.
    pub async fn open(&mut self, uri: &str, text: &str) {
        let language = if uri.ends_with(".py") { "python" } else { "rust" };
        let document = json!({ "uri": uri, "languageId": language, "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document })).await;
    }

    pub async fn change(&mut self, uri: &str, version: i32, range: Value, text: &str) {
        let document = json!({ "uri": uri, "version": version });
        let change = json!({ "range": range, "text": text });
        self.notify("textDocument/didChange", json!({ "textDocument": document, "contentChanges": [change] })).await;
    }

    /// What the server believes the document holds.
    pub async fn text(&mut self, uri: &str) -> Value {
        self.result("tandem/documentText", json!({ "textDocument": { "uri": uri } })).await
    }

    /// Sends a request for ghost text; returns its id.
    pub async fn ask(&mut self, uri: &str, line: u32, character: u32) -> Value {
        let params = json!({
            "textDocument": { "uri": uri },
            "position": { "line": line, "character": character },
            "context": { "triggerKind": 2 },
        });
        self.send("textDocument/inlineCompletion", params).await
    }

    /// The ghost texts at a place; none when the request was overtaken by a change of settings.
    pub async fn ghosts(&mut self, uri: &str, line: u32, character: u32) -> Vec<String> {
        let id = self.ask(uri, line, character).await;
        let response = self.response(&id).await;
        assert!(response.get("error").is_none(), "{response}");
        let items = response["result"]["items"].as_array();
        items.into_iter().flatten().map(|item| item["insertText"].as_str().expect("a text").to_owned()).collect()
    }

    // ---- The end.

    /// Says `shutdown` and `exit`; returns the exit code.
    pub async fn leave(mut self) -> i32 {
        assert!(self.result("shutdown", Value::Null).await.is_null());
        self.notify("exit", Value::Null).await;
        self.ending().await.0
    }

    /// Waits for the end of the server, its input still open: the exit code, and all that was not taken before.
    pub async fn ending(mut self) -> (i32, Vec<Value>) {
        let mut left: Vec<Value> = self.told.drain(..).chain(self.responses.drain().map(|(_, value)| value)).collect();
        let guard = "the server closes its output";
        while let Some(message) = tokio::time::timeout(HANG, self.frames.next()).await.expect(guard) {
            left.push(message);
        }
        let code = tokio::time::timeout(HANG, self.server).await.expect("the server ends");
        (code.expect("no panic").expect("no error"), left)
    }

    /// Closes the client's writing end.
    pub async fn close_input(&mut self) {
        self.writer.shutdown().await.expect("a pipe");
    }
}
