//! What the server says to the client, one method a message.
//!
//! Nothing here waits: notifications are queued, requests run in tasks of their own and give up after a while. An editor
//! that never answers costs a task, not a handler.

use std::time::Duration;

use serde_json::{Value, json};
use tower_lsp::Client;
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc;

use super::ext;
use super::outbox::{Outbox, Weight};

/// How long a client may take to answer. Answers come within milliseconds or, from a client at a modal dialog, never.
const PATIENCE: Duration = Duration::from_secs(10);

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

    /// Starts a progress of our own. None when the client will not show it. Waits for the client, so only for tasks.
    pub async fn begin_progress(&self, token: String, title: &str) -> Option<Progress> {
        let token = lsp::ProgressToken::String(token);
        let params = lsp::WorkDoneProgressCreateParams { token: token.clone() };
        self.ask::<lsp::WorkDoneProgressCreateRequest>(params).await?;
        let progress = Progress { client: self.clone(), token };
        let begin = json!({ "kind": "begin", "title": title, "cancellable": false, "percentage": 0 });
        progress.send(begin, Weight::Keep);
        Some(progress)
    }

    async fn ask<R: lsp::Request>(&self, params: R::Params) -> Option<R::Result> {
        let answer: Result<jsonrpc::Result<R::Result>, _> =
            tokio::time::timeout(PATIENCE, self.client.send_request::<R>(params)).await;
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

    pub fn end(self, message: &str) {
        self.send(json!({ "kind": "end", "message": message }), Weight::Keep);
    }

    fn send(&self, value: Value, weight: Weight) {
        let params = lsp::ProgressParams { token: self.token.clone(), value };
        self.client.outbox.notify("$/progress", &params, weight);
    }
}
