//! `textDocument/inlineCompletion`: ghost text.

use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::Result;

use super::execute_command::accepted;
use crate::complete::{Outcome, Reason, Suggestion};
use crate::lsp::convert;
use crate::lsp::server::Server;
use crate::text::{Document, Position, PositionEncoding};

/// Nothing to show is an empty list, which takes old ghost text off the screen; a stale request is null, which leaves
/// the screen to the request that came after it. Both are silent in every client, errors are not.
pub async fn handle(
    server: &Server,
    params: lsp::InlineCompletionParams,
) -> Result<Option<lsp::InlineCompletionResponse>> {
    let place = params.text_document_position_params;
    let document = place.text_document.uri.as_str();
    let trigger = convert::trigger(&params.context.trigger_kind);
    let position = convert::position(place.position);
    let Some(snapshot) = server.session.document(document) else {
        // Asked all the same, so that there is an account of it.
        server.session.complete(document, position, trigger).await;
        return Ok(Some(response(Vec::new())));
    };
    let frame = Frame::new(&snapshot, position, server.features().encoding, params.context.selected_completion_info);
    let work = server.session.complete(document, position, trigger);
    // From here on in a task of its own: what the pipeline computes does not hold up the protocol.
    tokio::task::yield_now().await;
    match work.await {
        Outcome::Show(suggestions) => {
            let fitting = frame.fitting(suggestions);
            if fitting.is_empty() {
                server.session.withhold(&snapshot, position, Reason::NotSelected);
            }
            let number = server.session.shown(&snapshot, position, trigger, &fitting);
            Ok(Some(response(frame.items(&fitting, number))))
        }
        Outcome::Nothing(Reason::Stale | Reason::Cancelled) => Ok(None),
        Outcome::Nothing(_) => {
            server.session.shown(&snapshot, position, trigger, &[]);
            Ok(Some(response(Vec::new())))
        }
    }
}

fn response(items: Vec<lsp::InlineCompletionItem>) -> lsp::InlineCompletionResponse {
    lsp::InlineCompletionResponse::InlineCompletionList(lsp::InlineCompletionList { items })
}

/// Where the answer goes: always a range on the cursor's line. VS Code shows nothing without one, Neovim draws at the
/// wrong place.
struct Frame {
    range: lsp::Range,
    /// What already stands between the range's start and the cursor.
    typed: String,
    /// What the client's completion menu would put into the range; the answer must go on from there.
    selected: Option<String>,
}

impl Frame {
    fn new(
        snapshot: &Document,
        position: Position,
        encoding: PositionEncoding,
        selected: Option<lsp::SelectedCompletionInfo>,
    ) -> Self {
        let cursor = convert::to_lsp(convert::clamp(snapshot, position, encoding));
        let Some(selected) = selected else {
            return Self { range: lsp::Range { start: cursor, end: cursor }, typed: String::new(), selected: None };
        };
        let start = snapshot.byte_at(convert::position(selected.range.start), encoding);
        let end = snapshot.byte_at(position, encoding);
        Self { range: selected.range, typed: snapshot.slice(start.min(end)..end), selected: Some(selected.text) }
    }

    /// Those that go on from what the menu would put there.
    fn fitting(&self, mut suggestions: Vec<Suggestion>) -> Vec<Suggestion> {
        if let Some(selected) = self.selected.as_deref() {
            suggestions.retain(|suggestion| {
                let text = self.text(suggestion);
                text.len() > selected.len() && text.starts_with(selected)
            });
        }
        suggestions
    }

    /// `number`: by which the client tells that it accepted one.
    fn items(&self, suggestions: &[Suggestion], number: Option<u64>) -> Vec<lsp::InlineCompletionItem> {
        let item = |(at, suggestion)| lsp::InlineCompletionItem {
            insert_text: lsp::InsertText::String(self.text(suggestion)),
            filter_text: None,
            range: Some(self.range),
            command: number.map(|number| accepted(number, at)),
        };
        suggestions.iter().enumerate().map(item).collect()
    }

    fn text(&self, suggestion: &Suggestion) -> String {
        format!("{}{}", self.typed, suggestion.text)
    }
}
