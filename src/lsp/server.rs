//! The methods that Tandem answers, one line each. What they do stands in `handlers`.

use std::sync::{Arc, OnceLock};

use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::{ClientSocket, LanguageServer, LspService};

use super::asking::trust::Refusals;
use super::capabilities::ClientFeatures;
use super::client::ClientHandle;
use super::convert::DidChangeParams;
use super::ext;
use super::handlers;
use super::settings::EditorSettings;
use super::sheet::{Desk, Sheets};
use crate::session::Session;

/// What handlers see: the session, the client, and what was agreed on with it.
pub struct Server {
    pub session: Arc<Session>,
    pub client: ClientHandle,
    pub settings: Arc<EditorSettings>,
    /// Cancelled when the server is to end without the client's word.
    pub stop: CancellationToken,
    /// The texts of virtual documents.
    pub sheets: Arc<Sheets>,
    refusals: Arc<Refusals>,
    features: OnceLock<ClientFeatures>,
}

impl Server {
    pub fn new(
        session: Arc<Session>,
        client: ClientHandle,
        settings: Arc<EditorSettings>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            session,
            client,
            settings,
            stop,
            sheets: Arc::default(),
            refusals: Arc::default(),
            features: OnceLock::new(),
        }
    }

    /// What the client can do; a client that can nothing, before `initialize`.
    pub fn features(&self) -> ClientFeatures {
        self.features.get().cloned().unwrap_or_default()
    }

    /// Once, in `initialize`.
    pub fn set_features(&self, features: ClientFeatures) {
        if self.features.set(features).is_err() {
            tracing::error!("initialized twice");
        }
    }

    /// What is needed to show documents.
    pub fn desk(&self) -> Desk {
        Desk {
            session: self.session.clone(),
            client: self.client.clone(),
            features: self.features(),
            sheets: self.sheets.clone(),
            trust: self.settings.trust(),
            refusals: self.refusals.clone(),
            settings: self.settings.clone(),
            directory: self.settings.answers_directory(),
        }
    }

    /// Runs until it is done or the server ends.
    pub fn in_background(&self, work: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(self.stop.clone().run_until_cancelled_owned(work));
    }

    /// An error where the user did not ask for definitions and references from the index: nothing of it was announced.
    fn navigates(&self) -> Result<()> {
        let index = &self.session.settings().index;
        if index.enabled && index.navigation { Ok(()) } else { Err(Error::method_not_found()) }
    }

    /// Methods that are not here are answered with "method not found", so nothing is announced by accident.
    pub fn service(server: impl FnOnce(tower_lsp::Client) -> Self) -> (LspService<Self>, ClientSocket) {
        LspService::build_with_lifecycle_methods(server)
            .custom_method("workspace/didChangeConfiguration", Self::did_change_configuration)
            .custom_method("textDocument/didOpen", Self::did_open)
            .custom_method("textDocument/didChange", Self::did_change)
            .custom_method("textDocument/didClose", Self::did_close)
            .custom_method("textDocument/inlineCompletion", Self::inline_completion)
            .custom_method("textDocument/completion", Self::completion)
            .custom_method("completionItem/resolve", Self::completion_resolve)
            .custom_method("workspace/didChangeWatchedFiles", Self::did_change_watched_files)
            .custom_method("workspace/executeCommand", Self::execute_command)
            .custom_method("workspace/symbol", Self::workspace_symbol)
            .custom_method("textDocument/documentSymbol", Self::document_symbol)
            .custom_method("textDocument/definition", Self::definition)
            .custom_method("textDocument/references", Self::references)
            .custom_method("textDocument/codeAction", Self::code_action)
            .custom_method("workspace/textDocumentContent", Self::text_document_content)
            .custom_method("window/workDoneProgress/cancel", Self::progress_cancel)
            .custom_method(ext::NEXT_EDIT, Self::next_edit)
            .custom_method(ext::STATUS, Self::status)
            .custom_method(ext::DOCUMENT_TEXT, Self::document_text)
            .custom_method(ext::WHY, Self::why)
            .custom_method(ext::BUDGET, Self::budget)
            .custom_method(ext::WORKSPACE_TRUST, Self::workspace_trust)
            .finish()
    }

    async fn did_change_configuration(&self, params: lsp::DidChangeConfigurationParams) {
        handlers::did_change_configuration::handle(self, params);
    }

    async fn did_open(&self, params: lsp::DidOpenTextDocumentParams) {
        handlers::did_open::handle(self, params);
    }

    async fn did_change(&self, params: Value) {
        let document = params.pointer("/textDocument/uri").and_then(Value::as_str).map(str::to_owned);
        match serde_json::from_value::<DidChangeParams>(params) {
            Ok(params) => handlers::did_change::handle(self, params),
            Err(_) => handlers::did_change::lose(self, document.as_deref()),
        }
    }

    async fn did_close(&self, params: lsp::DidCloseTextDocumentParams) {
        handlers::did_close::handle(self, params);
    }

    async fn inline_completion(
        &self,
        params: lsp::InlineCompletionParams,
    ) -> Result<Option<lsp::InlineCompletionResponse>> {
        handlers::inline_completion::handle(self, params).await
    }

    async fn completion(&self, params: lsp::CompletionParams) -> Result<Option<lsp::CompletionResponse>> {
        handlers::completion::handle(self, params).await
    }

    async fn completion_resolve(&self, item: lsp::CompletionItem) -> Result<lsp::CompletionItem> {
        handlers::completion_resolve::handle(item)
    }

    async fn did_change_watched_files(&self, params: lsp::DidChangeWatchedFilesParams) {
        handlers::did_change_watched_files::handle(self, params);
    }

    async fn execute_command(&self, params: lsp::ExecuteCommandParams) -> Result<Option<Value>> {
        if params.command == handlers::next_edit::COMMAND {
            return handlers::next_edit::command(self, &params).await;
        }
        handlers::execute_command::handle(self, &params)
    }

    async fn workspace_symbol(
        &self,
        params: lsp::WorkspaceSymbolParams,
    ) -> Result<Option<Vec<lsp::SymbolInformation>>> {
        handlers::workspace_symbol::handle(self, params).await
    }

    async fn document_symbol(&self, params: lsp::DocumentSymbolParams) -> Result<Option<Vec<lsp::DocumentSymbol>>> {
        self.navigates()?;
        handlers::document_symbol::handle(self, params).await
    }

    async fn definition(&self, params: lsp::DefinitionParams) -> Result<Option<Vec<lsp::Location>>> {
        self.navigates()?;
        handlers::definition::handle(self, params).await
    }

    async fn references(&self, params: lsp::ReferenceParams) -> Result<Option<Vec<lsp::Location>>> {
        self.navigates()?;
        handlers::references::handle(self, params).await
    }

    async fn code_action(&self, params: lsp::CodeActionParams) -> Result<Option<Vec<Value>>> {
        handlers::code_action::handle(self, params).await
    }

    async fn text_document_content(
        &self,
        params: lsp::TextDocumentContentParams,
    ) -> Result<lsp::TextDocumentContentResult> {
        handlers::text_document_content::handle(self, &params)
    }

    async fn progress_cancel(&self, params: lsp::WorkDoneProgressCancelParams) {
        handlers::progress_cancel::handle(self, &params);
    }

    async fn next_edit(&self, params: ext::NextEditParams) -> Result<Option<ext::NextEdit>> {
        handlers::next_edit::handle(self, params).await
    }

    async fn status(&self) -> Result<ext::Status> {
        handlers::status::handle(self)
    }

    async fn document_text(&self, params: ext::DocumentParams) -> Result<Option<ext::DocumentText>> {
        handlers::document_text::handle(self, params)
    }

    async fn why(&self, params: ext::PositionParams) -> Result<Option<ext::Why>> {
        handlers::why::handle(self, params)
    }

    async fn budget(&self) -> Result<ext::BudgetState> {
        handlers::budget::handle(self).await
    }

    async fn workspace_trust(&self, params: ext::WorkspaceTrust) {
        handlers::workspace_trust::handle(self, &params);
    }
}

impl LanguageServer for Server {
    async fn initialize(&self, params: lsp::InitializeParams) -> Result<lsp::InitializeResult> {
        handlers::initialize::handle(self, params)
    }

    async fn initialized(&self, _: lsp::InitializedParams) {
        handlers::initialized::handle(self);
    }

    async fn shutdown(&self) -> Result<()> {
        handlers::shutdown::handle(self).await;
        Ok(())
    }
}
