//! What the server says to the client, one method a message.
//!
//! Nothing here waits: notifications are queued, requests run in tasks of their own and give up after a while. An editor
//! that never answers costs a task, not a handler.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};
use tower_lsp::Client;
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc;

use super::ext;
use super::outbox::{Outbox, Weight};

/// How long a client may take to answer. Answers come within milliseconds or, from a client at a modal dialog, never.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a user may think about a question of ours.
const USER_PATIENCE: Duration = Duration::from_secs(600);

#[derive(Clone)]
pub struct ClientHandle {
    client: Client,
    outbox: Outbox,
}

/// How urgent a message to the user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
    Info,
}

impl ClientHandle {
    pub fn new(client: Client, outbox: Outbox) -> Self {
        Self { client, outbox }
    }

    pub fn status(&self, status: &ext::Status) {
        self.outbox.notify(ext::STATUS, status, Weight::Inform);
    }

    /// Shows a sentence to the user.
    pub fn show(&self, severity: Severity, message: &str) {
        let kind = match severity {
            Severity::Error => lsp::MessageType::Error,
            Severity::Warning => lsp::MessageType::Warning,
            Severity::Info => lsp::MessageType::Info,
        };
        let params = lsp::ShowMessageParams { kind, message: format!("Tandem: {message}") };
        self.outbox.notify("window/showMessage", &params, Weight::Keep);
    }

    /// Asks for the settings of section `tandem`; `then` gets them, or None when there was no answer.
    pub fn ask_for_settings(&self, then: impl FnOnce(Option<Value>) + Send + 'static) {
        let item = lsp::ConfigurationItem { scope_uri: None, section: Some("tandem".to_owned()) };
        let params = lsp::ConfigurationParams { items: vec![item] };
        let client = self.clone();
        tokio::spawn(async move {
            let answer = client.ask::<lsp::ConfigurationRequest>(params).await;
            then(answer.and_then(|answers| answers.into_iter().next()));
        });
    }

    /// Asks to be told of changed settings, for clients that do so only on request.
    pub fn register_for_settings(&self) {
        let registration = lsp::Registration {
            id: "tandem-settings".to_owned(),
            method: "workspace/didChangeConfiguration".to_owned(),
            register_options: Some(json!({ "section": "tandem" })),
        };
        let params = lsp::RegistrationParams { registrations: vec![registration] };
        let client = self.clone();
        tokio::spawn(async move { client.ask::<lsp::RegistrationRequest>(params).await });
    }

    /// Asks to be told of changed files, all of them: which ones matter, the ignore rules say.
    pub fn register_for_files(&self) {
        let registration = lsp::Registration {
            id: "tandem-files".to_owned(),
            method: "workspace/didChangeWatchedFiles".to_owned(),
            register_options: Some(json!({ "watchers": [{ "globPattern": "**/*" }] })),
        };
        let params = lsp::RegistrationParams { registrations: vec![registration] };
        let client = self.clone();
        tokio::spawn(async move { client.ask::<lsp::RegistrationRequest>(params).await });
    }

    /// Shows a place of a document to the user.
    pub fn show_document(&self, uri: lsp::Uri, range: lsp::Range) {
        let params = lsp::ShowDocumentParams { uri, external: None, take_focus: Some(true), selection: Some(range) };
        let client = self.clone();
        tokio::spawn(async move { client.ask::<lsp::ShowDocumentRequest>(params).await });
    }

    /// Lets the user choose one of these. None when nothing was chosen, or the client cannot ask.
    pub async fn choose(&self, message: &str, choices: &[&str]) -> Option<String> {
        let item = |title: &&str| lsp::MessageActionItem::new((*title).to_owned(), HashMap::new());
        let params = lsp::ShowMessageRequestParams {
            kind: lsp::MessageType::Info,
            message: format!("Tandem: {message}"),
            actions: Some(choices.iter().map(item).collect()),
        };
        let answer = self.ask_within::<lsp::ShowMessageRequest>(USER_PATIENCE, params).await;
        answer.flatten().map(|item| item.title)
    }

    /// Tells of something that happened to a question.
    pub fn answer(&self, answer: &ext::Answer) {
        let weight = match answer.event {
            ext::Event::Progress { .. } => Weight::Inform,
            _ => Weight::Keep,
        };
        self.outbox.notify(ext::ANSWER, answer, weight);
    }

    /// Asks whether a request may be sent, for clients that ask their user by themselves. None when there is no answer.
    pub async fn consent(&self, params: &ext::ConsentParams) -> Option<Value> {
        let params = serde_json::to_value(params).inspect_err(|error| tracing::error!(%error, "no JSON")).ok()?;
        self.ask_within::<ext::Consent>(USER_PATIENCE, params).await
    }

    /// Opens a document, beside what the user looks at where the client can do that. Whether it did.
    pub async fn open_document(&self, uri: lsp::Uri) -> bool {
        let params = lsp::ShowDocumentParams { uri, external: None, take_focus: Some(false), selection: None };
        self.ask::<lsp::ShowDocumentRequest>(params).await.is_some_and(|result| result.success)
    }

    /// Inserts text into a document, open or not. Whether the client did.
    pub async fn insert(&self, label: &str, uri: &lsp::Uri, at: lsp::Position, text: String) -> bool {
        let edit = lsp::TextEdit::new(lsp::Range { start: at, end: at }, text);
        let edit = lsp::WorkspaceEdit { changes: Some([(uri.clone(), vec![edit])].into()), ..Default::default() };
        let params = lsp::ApplyWorkspaceEditParams::new(Some(label.to_owned()), edit, None);
        self.ask::<lsp::ApplyWorkspaceEditRequest>(params).await.is_some_and(|result| result.applied)
    }

    /// Says that the text of a virtual document is another one now. Whether the client heard.
    pub async fn refresh_content(&self, uri: &lsp::Uri) -> bool {
        let params = lsp::TextDocumentContentRefreshParams::new(uri.clone());
        self.ask::<lsp::TextDocumentContentRefreshRequest>(params).await.is_some()
    }

    /// Starts a progress that the user can cancel; see `begin_progress`.
    pub async fn begin_cancellable(&self, token: String, title: &str) -> Option<Progress> {
        let progress = self.create_progress(token).await?;
        progress.send(json!({ "kind": "begin", "title": title, "cancellable": true }), Weight::Keep);
        Some(progress)
    }

    /// Starts a progress of our own. None when the client will not show it. Waits for the client, so only for tasks.
    pub async fn begin_progress(&self, token: String, title: &str) -> Option<Progress> {
        let progress = self.create_progress(token).await?;
        let begin = json!({ "kind": "begin", "title": title, "cancellable": false, "percentage": 0 });
        progress.send(begin, Weight::Keep);
        Some(progress)
    }

    async fn create_progress(&self, token: String) -> Option<Progress> {
        let token = lsp::ProgressToken::String(token);
        let params = lsp::WorkDoneProgressCreateParams { token: token.clone() };
        self.ask::<lsp::WorkDoneProgressCreateRequest>(params).await?;
        Some(Progress { client: self.clone(), token })
    }

    async fn ask<R: lsp::Request>(&self, params: R::Params) -> Option<R::Result> {
        self.ask_within::<R>(PATIENCE, params).await
    }

    async fn ask_within<R: lsp::Request>(&self, patience: Duration, params: R::Params) -> Option<R::Result> {
        let answer: Result<jsonrpc::Result<R::Result>, _> =
            tokio::time::timeout(patience, self.client.send_request::<R>(params)).await;
        match answer {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(error)) => {
                tracing::info!(method = ?R::METHOD, %error, "the client refused");
                None
            }
            Err(_) => {
                tracing::info!(method = ?R::METHOD, "the client does not answer");
                None
            }
        }
    }
}

/// A progress that the client shows.
pub struct Progress {
    client: ClientHandle,
    token: lsp::ProgressToken,
}

impl Progress {
    /// `percentage` is 0 to 100 and must not fall.
    pub fn report(&self, percentage: u32, message: &str) {
        let report = json!({ "kind": "report", "percentage": percentage, "message": message });
        self.send(report, Weight::Inform);
    }

    /// A line about what goes on, where nobody knows how far it is.
    pub fn say(&self, message: &str) {
        self.send(json!({ "kind": "report", "message": message }), Weight::Inform);
    }

    pub fn end(self, message: &str) {
        self.send(json!({ "kind": "end", "message": message }), Weight::Keep);
    }

    fn send(&self, value: Value, weight: Weight) {
        let params = lsp::ProgressParams { token: self.token.clone(), value };
        self.client.outbox.notify("$/progress", &params, weight);
    }
}
