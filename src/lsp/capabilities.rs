//! What the client can do, and what the server therefore announces.

use tower_lsp::gen_lsp_types as lsp;

use super::handlers::execute_command::commands;
use super::handlers::question_actions::{CHANGE_KIND, QUESTION_KIND};
use super::sheet;
use crate::config::Settings;
use crate::text::PositionEncoding;

/// Characters after which Helix asks at once instead of after two letters and 250 ms: those that begin an expression, an
/// argument, a member, a block or a string. A line break cannot trigger there.
const TRIGGER_CHARACTERS: [&str; 13] = [" ", "(", "[", "{", "<", ".", ":", ",", "=", "/", "\"", "'", "#"];

/// The few facts about a client that the server acts on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientFeatures {
    pub encoding: PositionEncoding,
    /// Shows inline completions (ghost text); otherwise suggestions go into its completion menu.
    pub inline_completion: bool,
    /// Fetches the documentation of a completion item when it is selected.
    pub resolves_documentation: bool,
    pub markdown: bool,
    /// Lets the server begin a progress.
    pub progress: bool,
    /// Answers `workspace/configuration`.
    pub configuration: bool,
    /// Wants `workspace/didChangeConfiguration` to be registered.
    pub registers_configuration: bool,
    /// Tells of changed files when it is asked to.
    pub watches_files: bool,
    /// Opens a document at a place when it is asked to.
    pub shows_documents: bool,
    /// Takes edits of documents with the version that they are of.
    pub versions_edits: bool,
    /// Shows edits to the user before it makes them, where the server asks for it.
    pub annotates_changes: bool,
    /// Takes code actions with an edit; older ones take commands alone.
    pub code_actions: bool,
    /// Makes edits that the server asks for.
    pub applies_edits: bool,
    /// Shows documents whose text is the server's (LSP 3.18).
    pub virtual_documents: bool,
    /// Has a command of its own that asks the user for the words of a question.
    pub prompts: bool,
    /// Shows answers by itself, as it is told of them.
    pub answers: bool,
    /// Asks its user for consent by itself.
    pub consents: bool,
}

impl ClientFeatures {
    pub fn of(client: &lsp::ClientCapabilities) -> Self {
        let document = client.text_document.as_ref();
        let workspace = client.workspace.as_ref();
        let item = document.and_then(|document| document.completion.as_ref()?.completion_item.as_ref());
        let resolves = item.and_then(|item| item.resolve_support.as_ref());
        let formats = item.and_then(|item| item.documentation_format.as_ref());
        let edit = workspace.and_then(|workspace| workspace.workspace_edit.as_ref());
        let window = client.window.as_ref();
        let change = workspace.and_then(|workspace| workspace.did_change_configuration.as_ref());
        Self {
            encoding: encoding(client.general.as_ref().and_then(|general| general.position_encodings.as_deref())),
            // lsp-mode 10 announces it by a null; what `tandem setup emacs` writes makes it say so in this way, too.
            inline_completion: document.is_some_and(|document| document.inline_completion.is_some())
                || experimental_flag(client, "tandemInlineCompletion"),
            resolves_documentation: resolves
                .is_some_and(|resolves| resolves.properties.iter().any(|property| property == "documentation")),
            // Helix does not say, and renders it.
            markdown: formats.is_none_or(|formats| formats.contains(&lsp::MarkupKind::Markdown)),
            progress: client.window.as_ref().and_then(|window| window.work_done_progress) == Some(true),
            configuration: workspace.and_then(|workspace| workspace.configuration) == Some(true),
            watches_files: workspace
                .and_then(|workspace| workspace.did_change_watched_files.as_ref()?.dynamic_registration)
                == Some(true),
            shows_documents: window.and_then(|window| window.show_document).is_some_and(|show| show.support),
            versions_edits: edit.and_then(|edit| edit.document_changes) == Some(true),
            annotates_changes: edit.is_some_and(|edit| edit.change_annotation_support.is_some()),
            code_actions: document.is_some_and(|document| {
                document.code_action.as_ref().is_some_and(|action| action.code_action_literal_support.is_some())
            }),
            applies_edits: workspace.and_then(|workspace| workspace.apply_edit) == Some(true),
            virtual_documents: workspace.is_some_and(|workspace| workspace.text_document_content.is_some()),
            prompts: experimental_flag(client, "tandemPrompt"),
            answers: experimental_flag(client, "tandemAnswers"),
            consents: experimental_flag(client, "tandemConsent"),
            registers_configuration: change.and_then(|change| change.dynamic_registration) == Some(true),
        }
    }

    /// An answer is shown as soon as it begins. Where there is no ghost text there is no second view either: Helix shows a
    /// document in place of the one that the user works in, so the user is asked first.
    pub fn shows_beside(&self) -> bool {
        self.shows_documents && self.inline_completion
    }

    /// Inline completion or completion, never both: an editor with both would show each suggestion twice. Static, because
    /// Neovim ignores dynamic registration of inline completion.
    /// Definitions and references from the index only where the user wants them; a language server's are better.
    /// `counts`: it is worth telling what was accepted. `asks`: questions can be asked. Clients run only commands that are
    /// announced.
    pub fn server_capabilities(&self, settings: &Settings, counts: bool, asks: bool) -> lsp::ServerCapabilities {
        let index = &settings.index;
        let sync = lsp::TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(lsp::TextDocumentSyncKind::Incremental),
            ..Default::default()
        };
        let completion = lsp::CompletionOptions {
            trigger_characters: Some(TRIGGER_CHARACTERS.map(str::to_owned).to_vec()),
            resolve_provider: Some(self.resolves_documentation),
            ..Default::default()
        };
        let navigates = index.enabled && index.navigation;
        let follows = index.enabled && settings.completion.next_edit;
        let commands = lsp::ExecuteCommandOptions { commands: commands(counts, follows, asks), ..Default::default() };
        let actions =
            lsp::CodeActionOptions { code_action_kinds: Some(action_kinds(follows, asks)), ..Default::default() };
        lsp::ServerCapabilities {
            position_encoding: Some(match self.encoding {
                PositionEncoding::Utf8 => lsp::PositionEncodingKind::UTF8,
                PositionEncoding::Utf16 => lsp::PositionEncodingKind::UTF16,
                PositionEncoding::Utf32 => lsp::PositionEncodingKind::UTF32,
            }),
            text_document_sync: Some(lsp::TextDocumentSync::Options(sync)),
            inline_completion_provider: self.inline_completion.then_some(lsp::InlineCompletionProvider::Bool(true)),
            workspace_symbol_provider: index.enabled.then_some(lsp::WorkspaceSymbolProvider::Bool(true)),
            document_symbol_provider: navigates.then_some(lsp::DocumentSymbolProvider::Bool(true)),
            definition_provider: navigates.then_some(lsp::DefinitionProvider::Bool(true)),
            references_provider: navigates.then_some(lsp::ReferencesProvider::Bool(true)),
            execute_command_provider: Some(commands),
            code_action_provider: ((follows || asks) && self.code_actions)
                .then_some(lsp::CodeActionProvider::CodeActionOptions(actions)),
            workspace: (asks && self.virtual_documents).then(virtual_documents),
            completion_provider: (!self.inline_completion).then_some(completion),
            ..Default::default()
        }
    }
}

fn experimental_flag(client: &lsp::ClientCapabilities, name: &str) -> bool {
    client.experimental.as_ref().is_some_and(|experimental| experimental[name] == true)
}

fn action_kinds(follows: bool, asks: bool) -> Vec<lsp::CodeActionKind> {
    let stale = follows.then_some(lsp::CodeActionKind::QuickFix);
    let questions = [QUESTION_KIND, CHANGE_KIND].map(|kind| lsp::CodeActionKind::from(kind.to_owned()));
    stale.into_iter().chain(questions.into_iter().filter(|_| asks)).collect()
}

fn virtual_documents() -> lsp::WorkspaceOptions {
    let schemes = vec![sheet::SCHEME.to_owned()];
    let content = lsp::TextDocumentContentOptions::new(schemes).into();
    lsp::WorkspaceOptions { text_document_content: Some(content), ..Default::default() }
}

/// UTF-8 where it is offered, because ropes and parsers count bytes; else the protocol's default.
fn encoding(offered: Option<&[lsp::PositionEncodingKind]>) -> PositionEncoding {
    let offers = |kind| offered.is_some_and(|offered| offered.contains(&kind));
    if offers(lsp::PositionEncodingKind::UTF8) {
        PositionEncoding::Utf8
    } else if offers(lsp::PositionEncodingKind::UTF32) && !offers(lsp::PositionEncodingKind::UTF16) {
        PositionEncoding::Utf32
    } else {
        PositionEncoding::Utf16
    }
}
