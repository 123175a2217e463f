//! `textDocument/completion`, for editors without inline completion: the suggestion as an item of the menu.

use serde_json::json;
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::Result;

use super::completion_resolve::documentation;
use super::execute_command::accepted;
use crate::complete::{Outcome, Patience, Reason, Source, Suggestion, Trigger};
use crate::lsp::capabilities::ClientFeatures;
use crate::lsp::convert;
use crate::lsp::server::Server;
use crate::text::{Document, PositionEncoding};

/// Longest word in bytes that is looked for left of the cursor. Beyond it nothing is a word that a menu could filter by.
const MAX_WORD_BYTES: usize = 128;

/// Longest label in characters; menus cut longer ones anywhere.
const MAX_LABEL_CHARS: usize = 60;

/// Null to a client that has ghost text: it was not announced, and who asks all the same would show everything twice.
pub async fn handle(server: &Server, params: lsp::CompletionParams) -> Result<Option<lsp::CompletionResponse>> {
    if server.features().inline_completion {
        return Ok(None);
    }
    let place = params.text_document_position_params;
    let document = place.text_document.uri.as_str();
    let position = convert::position(place.position);
    let Some(snapshot) = server.session.document(document) else {
        // Asked all the same, so that there is an account of it.
        server.session.complete_within(document, position, Trigger::Automatic, Patience::MENU).await;
        return Ok(None);
    };
    let features = server.features();
    let typed = Typed::at(&snapshot, position, features.encoding);
    let trigger = trigger(params.context.as_ref(), &typed.word);
    let work = server.session.complete_within(document, position, trigger, Patience::MENU);
    // From here on in a task of its own: what the pipeline computes does not hold up the protocol.
    tokio::task::yield_now().await;
    let suggestions = match work.await {
        Outcome::Show(suggestions) => suggestions,
        Outcome::Nothing(reason) => {
            if !matches!(reason, Reason::Stale | Reason::Cancelled) {
                server.session.shown(&snapshot, position, trigger, &[]);
            }
            return Ok(None);
        }
    };
    let number = server.session.shown(&snapshot, position, trigger, &suggestions);
    let language = snapshot.language_id();
    let items = suggestions
        .iter()
        .enumerate()
        .map(|(rank, suggestion)| lsp::CompletionItem {
            command: number.map(|number| accepted(number, rank)),
            ..typed.item(rank, suggestion, language, &features)
        })
        .collect();
    // Asked again on each key, because a suggestion belongs to one place.
    Ok(Some(lsp::CompletionResponse::CompletionList(lsp::CompletionList {
        is_incomplete: true,
        items,
        ..Default::default()
    })))
}

/// Helix says "invoked" for a typed letter as well as for its key; without a word left of the cursor it was the key.
fn trigger(context: Option<&lsp::CompletionContext>, word: &str) -> Trigger {
    match context.map(|context| &context.trigger_kind) {
        Some(lsp::CompletionTriggerKind::Invoked) if word.is_empty() => Trigger::Invoked,
        _ => Trigger::Automatic,
    }
}

/// The word left of the cursor. Menus filter by it, so items replace it by itself and what follows.
struct Typed {
    word: String,
    range: lsp::Range,
}

impl Typed {
    fn at(snapshot: &Document, position: crate::text::Position, encoding: PositionEncoding) -> Self {
        let cursor = snapshot.byte_at(position, encoding);
        let line = snapshot.line_range(cursor);
        let left = snapshot.slice(line.start.max(cursor.saturating_sub(MAX_WORD_BYTES))..cursor);
        let is_word = |character: char| character.is_alphanumeric() || character == '_';
        let word = left.rsplit(|character| !is_word(character)).next().unwrap_or_default().to_owned();
        let position = |byte| convert::to_lsp(snapshot.position_at(byte, encoding));
        let range = lsp::Range { start: position(cursor - word.len()), end: position(cursor) };
        Self { word, range }
    }

    fn item(
        &self,
        rank: usize,
        suggestion: &Suggestion,
        language: &str,
        features: &ClientFeatures,
    ) -> lsp::CompletionItem {
        let text = format!("{}{}", self.word, suggestion.text);
        let first_line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let label: String = first_line.trim().chars().take(MAX_LABEL_CHARS).collect();
        let detail = match suggestion.source {
            Source::Lookup => "Tandem: copied from your code",
            Source::Model => "Tandem: written by the model",
            Source::Both => "Tandem: model and lookup agree",
        };
        lsp::CompletionItem {
            label,
            kind: Some(lsp::CompletionItemKind::Snippet),
            detail: Some(detail.to_owned()),
            documentation: (!features.resolves_documentation)
                .then(|| documentation(&text, language, features.markdown)),
            preselect: Some(rank == 0),
            sort_text: Some(format!("{rank:04}")),
            // The text itself, so that the list does not empty while the user types along.
            filter_text: Some(first_line.to_owned()),
            insert_text_format: Some(lsp::InsertTextFormat::PlainText),
            data: Some(json!({ "language": language, "markdown": features.markdown })),
            text_edit: Some(lsp::CompletionItemTextEdit::TextEdit(lsp::TextEdit { range: self.range, new_text: text })),
            ..Default::default()
        }
    }
}
